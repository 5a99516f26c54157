import { FILLED_STRING, FUNCTION, wholeNumber } from '../../config/check-options.js';
import {
  IncompleteWrite,
  InvalidInvocation,
  type ITkDBException,
  isException,
} from '../../exceptions/base.js';
import { BadRequest } from '../../exceptions/response.js';
import { isFilledString, isRecord } from '../../util/guards.js';
import { asList } from '../../util/lists.js';
import { similarNames, suggest } from '../../util/similar.js';
import { showIds } from '../identifiers.js';
import { type Progress, progressTeller } from '../requests/progress.js';
import type { Components } from '../resources/components.js';
import type { ResourceContext } from '../resources/resource.js';
import { checkWrite, reload, type WriteOptions } from '../writes/checks.js';
import type { WriteContext } from './definitions.js';
import { Journal, leftOpen, rowKeys } from './journal.js';
import {
  checkRegistration,
  differences,
  INPUT_KEYS,
  type Key,
  listByKey,
  type Registered,
  type RegisterInput,
  sendRegistration,
  suggestColumn,
} from './registration.js';
import { checkRows, isFatal, runRows } from './row-jobs.js';

/** Options of `components.registerMany`. */
export interface RegisterManyOptions extends WriteOptions {
  /**
   * The code of a property with another value in each row, such as `LOCALNAME`. A row without a serial number is
   * recognised by it. @defaultValue none
   */
  key?: string | undefined;
  /**
   * The path of a file that keeps what became of each row. It is required where rows have neither a serial number nor a
   * key, so that they are not registered twice. One process at a time can use it. @defaultValue none
   */
  journal?: string | undefined;
  /** The number of rows that are registered at the same time, at least 1. @defaultValue `1` */
  concurrency?: number | undefined;
  /** Called after each row. @defaultValue none */
  onProgress?: ((progress: Progress) => void) | undefined;
}

/** What became of a row. */
export type RegisteredRow = {
  /** The number of the row, from 1. In a file, the line with the names of the columns is not counted. */
  readonly row: number;
  /**
   * `'registered'` now. `'exists'`: it was registered before, with the same values. `'conflict'`: a component with the same
   * serial number or key has other values. `'failed'`: it is not registered, as it has a problem, or the database refused it.
   * `'unknown'`: it was sent, and it is not known whether it is registered.
   */
  readonly status: 'registered' | 'exists' | 'conflict' | 'failed' | 'unknown';
  /** The id of the component. */
  readonly id?: string | undefined;
  /** The serial number of the component. */
  readonly serialNumber?: string | null | undefined;
  /** Why it is not registered, in one line. */
  readonly reason?: string | undefined;
  /** The exception, where there was one. */
  readonly error?: ITkDBException | undefined;
};

/** What became of all rows. */
export interface RegisterReport {
  /** In the order of the rows. */
  readonly rows: readonly RegisteredRow[];
  /** The number of rows that were registered now. */
  readonly registered: number;
  /** The number of rows that were registered before. */
  readonly exists: number;
  /** The number of rows whose serial number or key belongs to a component with other values. */
  readonly conflict: number;
  /** The number of rows that are not registered. */
  readonly failed: number;
  /** The number of rows of which it is not known whether they are registered. */
  readonly unknown: number;
}

/** A row: the keys of the input of `registerComponent`, as a table has them. An empty text stands for no value. */
export type RegisterRow = Readonly<Record<string, unknown>>;

/** What the rows are registered with. */
export interface RegisterManyContext extends WriteContext {
  readonly components: Pick<Components, 'getMany'>;
  readonly logger: ResourceContext['logger'];
  readonly isPlan: boolean;
}

/** A row after the checks. */
interface Row {
  readonly number: number;
  readonly input: RegisterInput;
  readonly key: Key | undefined;
  readonly problems: string[];
}

type Existing = Registered & { readonly id: string };
type Outcome = Omit<RegisteredRow, 'row'>;

const SUBJECT = 'client.components.registerMany';
const TABLE = {
  key: FILLED_STRING,
  journal: FILLED_STRING,
  concurrency: wholeNumber('a whole number, at least 1', 1),
  onProgress: FUNCTION,
};

/** See `components.registerMany`. */
export async function registerMany(
  context: RegisterManyContext,
  given: Iterable<RegisterRow>,
  options: RegisterManyOptions,
): Promise<RegisterReport> {
  const list = checkRows(SUBJECT, given);
  const {
    key,
    journal: path,
    concurrency = 1,
    onProgress,
    ...call
  } = checkWrite(SUBJECT, options, "{ key: 'LOCALNAME' }", TABLE);
  const rows: Row[] = [];
  for (const [index, row] of list.entries()) rows.push(await checkRow(context, row, index + 1, key, call));
  refuseTwins(rows);
  requireJournal(rows, path, key);
  const job = new RegisterJob(context, call, await readExisting(context, rows, call));
  const inputs = rows.map(({ input }) => input);
  const keys = path === undefined ? [] : rowKeys(SUBJECT, inputs);
  const journal = path === undefined ? undefined : await Journal.open(SUBJECT, path, context.isPlan);
  const outcomes: RegisteredRow[] = [];
  const run = async (index: number): Promise<boolean> => {
    const row = rows[index] as Row;
    const outcome = await job.register(row, journal, keys[index] ?? '');
    outcomes[index] = { row: row.number, ...outcome };
    if (isFatal(outcome.error)) throw outcome.error;
    return outcome.status !== 'registered' && outcome.status !== 'exists';
  };
  try {
    await runRows({
      count: rows.length,
      concurrency,
      run,
      onProgress: progressTeller(onProgress, context.logger),
    });
  } finally {
    await journal?.close();
  }
  return toReport(outcomes);
}

/** Registers rows, and recognises those that are registered already. */
class RegisterJob {
  readonly #context: RegisterManyContext;
  readonly #call: WriteOptions;
  /** By serial number: what is in the database, or why that is not known. */
  readonly #existing: ReadonlyMap<string, Existing | ITkDBException>;

  constructor(
    context: RegisterManyContext,
    call: WriteOptions,
    existing: ReadonlyMap<string, Existing | ITkDBException>,
  ) {
    this.#context = context;
    this.#call = call;
    this.#existing = existing;
  }

  async register(row: Row, journal: Journal | undefined, journalKey: string): Promise<Outcome> {
    if (row.problems.length > 0) {
      const reason = row.problems.join('; ');
      const error = new InvalidInvocation(`${SUBJECT}: row ${row.number}: ${reason}`);
      return { status: 'failed', reason, error };
    }
    const entry = (outcome: Omit<Outcome, 'status'> & { readonly status: string }) => {
      const { status, id, serialNumber, reason } = outcome;
      return { key: journalKey, row: row.number, status, id, serialNumber, reason };
    };
    let known: Outcome | undefined;
    try {
      known = nameOf(row) === undefined ? fromJournal(row, journal, journalKey) : await this.#find(row);
    } catch (error) {
      if (!isException(error)) throw error;
      return failure('failed', error);
    }
    if (known !== undefined) return known;
    // Where the journal cannot be written, the job ends.
    await journal?.write(entry({ status: 'started' }));
    const outcome = await this.#send(row);
    await journal?.write(entry(outcome));
    return outcome;
  }

  /** Looks for a row in the database. */
  async #find({ input, key }: Row): Promise<Outcome | undefined> {
    const { client } = this.#context;
    if (input.serialNumber !== undefined) {
      const existing = this.#existing.get(input.serialNumber.toUpperCase());
      if (isException(existing)) throw existing;
      return existing && compare(input, existing);
    }
    const [existing, ...others] = await listByKey(client, input, key as Key, this.#call);
    if (others.length > 0)
      return conflict(`${others.length + 1} components have the ${key?.code} ${String(key?.value)}`);
    return existing && compare(input, existing);
  }

  async #send({ input, key }: Row): Promise<Outcome> {
    try {
      const { id, serialNumber } = await sendRegistration(SUBJECT, this.#context, input, key, this.#call);
      return { status: 'registered', id, serialNumber };
    } catch (error) {
      if (!isException(error)) throw error;
      if (error instanceof IncompleteWrite) return failure('unknown', error);
      return (await this.#takenMeanwhile(input, error)) ?? failure('failed', error);
    }
  }

  /** Returns the outcome if another user registered the serial number after the row was checked; else undefined. */
  async #takenMeanwhile(
    { serialNumber, ...input }: RegisterInput,
    error: ITkDBException,
  ): Promise<Outcome | undefined> {
    if (serialNumber === undefined || !(error instanceof BadRequest)) return undefined;
    const { items } = await this.#context.components.getMany([serialNumber], {
      ...reload(this.#call),
      errors: 'collect',
    });
    return items[0] && compare({ ...input, serialNumber }, items[0]);
  }
}

/** Turns a row into an input, and checks it. */
async function checkRow(
  context: WriteContext,
  row: RegisterRow,
  number: number,
  keyCode: string | undefined,
  call: WriteOptions,
): Promise<Row> {
  if (!isRecord(row)) throw new InvalidInvocation(`${SUBJECT}: row ${number} must be an object`);
  const twice: string[] = [];
  const { input, problems } = await checkRegistration(context, toInput(row, twice), call, suggestColumn);
  const value =
    keyCode === undefined ? undefined : (input.properties as Record<string, unknown> | undefined)?.[keyCode];
  const key =
    keyCode === undefined || value === undefined || value === null ? undefined : { code: keyCode, value };
  return { number, input, key, problems: [...twice, ...problems, ...misspeltColumns(input)] };
}

/** Returns a problem for each column that is perhaps a misspelt key. Without this key, the properties cannot be checked. */
function misspeltColumns({ project, componentType, properties }: Partial<RegisterInput>): string[] {
  if (isFilledString(project) && isFilledString(componentType)) return [];
  const columns = Object.keys(properties ?? {}).filter(
    (column) => similarNames(column, INPUT_KEYS).length > 0,
  );
  return columns.map((column) => `there is no key ${column}${suggest(column, INPUT_KEYS)}`);
}

/** Adds a problem to each row that has the serial number or the key of another row: it is not known which one is right. */
function refuseTwins(rows: readonly Row[]): void {
  const groups = new Map<string, Row[]>();
  for (const row of rows) {
    const { serialNumber, project, componentType } = row.input;
    const { key } = row;
    const names = [
      isFilledString(serialNumber) && ['serial number', serialNumber.toUpperCase()],
      key && [key.code, key.value, project, componentType],
    ];
    for (const name of names) {
      if (!name) continue;
      const text = JSON.stringify(name);
      const group = groups.get(text);
      if (group === undefined) groups.set(text, [row]);
      else group.push(row);
    }
  }
  for (const [text, twins] of groups) {
    if (twins.length === 1) continue;
    const [title, value] = JSON.parse(text) as [string, unknown];
    const numbers = showIds(twins.map(({ number }) => String(number)));
    for (const { problems } of twins)
      problems.push(`rows ${numbers} have the same ${title}, ${String(value)}`);
  }
}

/**
 * Makes an input of a row. A column is a key of the input, `properties.CODE`, `batches.CODE`, or the code of a property.
 * An empty cell is left out.
 *
 * @param problems - gets a sentence for each property that has two columns
 */
function toInput(row: RegisterRow, problems: string[]): Record<string, unknown> {
  const input: Record<string, unknown> = {};
  const add = (group: 'properties' | 'batches', code: string, value: unknown): void => {
    input[group] ??= {};
    const members = input[group] as Record<string, unknown>;
    if (Object.hasOwn(members, code)) problems.push(`there are two values of ${code}`);
    members[code] = value;
  };
  for (const [column, value] of Object.entries(row)) {
    if (value === undefined || value === '') continue;
    const [, group, code] = /^(properties|batches)\.(.+)$/.exec(column) ?? [];
    if (group !== undefined && code !== undefined) add(group as 'properties' | 'batches', code, value);
    else if ((column === 'properties' || column === 'batches') && isRecord(value))
      for (const [name, item] of Object.entries(value)) add(column, name, item);
    else if (column === 'comments') input[column] = typeof value === 'string' ? [value] : value;
    else if (INPUT_KEYS.includes(column)) input[column] = value;
    else add('properties', column, value);
  }
  return input;
}

/** @throws InvalidInvocation where rows could be registered twice */
function requireJournal(rows: readonly Row[], path: string | undefined, key: string | undefined): void {
  if (path !== undefined) return;
  const numbers = rows
    .filter((row) => row.problems.length === 0 && nameOf(row) === undefined)
    .map(({ number }) => number);
  if (numbers.length === 0) return;
  const shown = numbers.length > 5 ? `${numbers.slice(0, 5).join(', ')}, …` : numbers.join(', ');
  const lacking = key === undefined ? 'a serial number' : `a serial number and without a value of ${key}`;
  throw new InvalidInvocation(
    `${SUBJECT}: rows without ${lacking} are not recognised when this is run again (row ${shown})\nGive \`key\`, the code of a property with another value in each row, or \`journal\`, the path of a file that keeps what was done.`,
  );
}

/** Reads what the database has of the serial numbers. */
async function readExisting(
  { components }: RegisterManyContext,
  rows: readonly Row[],
  call: WriteOptions,
): Promise<Map<string, Existing | ITkDBException>> {
  const numbers = rows.flatMap(({ input, problems }) =>
    problems.length === 0 && input.serialNumber !== undefined ? [input.serialNumber] : [],
  );
  const existing = new Map<string, Existing | ITkDBException>();
  if (numbers.length === 0) return existing;
  const read = components.getMany(numbers, { ...reload(call), errors: 'collect' });
  for await (const { id, item, error } of read.outcomes()) {
    const found = error ?? (item && essenceOf(item));
    if (found !== undefined) existing.set(id.toUpperCase(), found as Existing | ITkDBException);
  }
  return existing;
}

/** Returns what a row is compared with. There may be thousands. */
function essenceOf({ id, serialNumber, state, properties, ...component }: Existing): Existing {
  const { project, subproject, componentType, type, institution } = component;
  return {
    ...{ id, serialNumber, state, project, subproject, componentType, type, institution },
    properties: asList(properties).map(({ code, value }) => ({ code, value })),
  };
}

/** What a row is recognised by in the database; undefined where it is not. */
function nameOf({ input, key }: Row): string | undefined {
  const { serialNumber, project, componentType } = input;
  if (isFilledString(serialNumber)) return serialNumber.toUpperCase();
  return key && JSON.stringify([project, componentType, key.value]);
}

/** What the journal says of a row that is not recognised in the database. */
function fromJournal(row: Row, journal: Journal | undefined, key: string): Outcome | undefined {
  const before = journal?.get(key);
  if (before?.status === 'registered') {
    const { id, serialNumber } = before as { id?: string; serialNumber?: string | null };
    return { status: 'exists', id, serialNumber };
  }
  if (before?.status !== 'started' && before?.status !== 'unknown') return undefined;
  return failure('unknown', leftOpen(SUBJECT, journal as Journal, row.number, before.line));
}

function compare(input: RegisterInput, existing: Existing): Outcome {
  const { id, serialNumber } = existing;
  const others = differences(input, existing);
  if (others.length === 0) return { status: 'exists', id, serialNumber };
  return { ...conflict(others.join('; ')), id, serialNumber };
}

function conflict(reason: string): Outcome {
  return { status: 'conflict', reason };
}

function failure(status: 'failed' | 'unknown', error: ITkDBException): Outcome {
  return { status, reason: error.summary, error };
}

function toReport(rows: readonly RegisteredRow[]): RegisterReport {
  const count = (wanted: RegisteredRow['status']): number =>
    rows.filter(({ status }) => status === wanted).length;
  return {
    rows,
    ...{ registered: count('registered'), exists: count('exists'), conflict: count('conflict') },
    ...{ failed: count('failed'), unknown: count('unknown') },
  };
}
