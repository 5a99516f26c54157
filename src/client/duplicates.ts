import type { TestRun, TestRunValue } from '../commands/shapes.js';
import { BOOLEAN, checkValue } from '../config/check-options.js';
import { DuplicateTestRuns, InvalidInvocation } from '../exceptions/base.js';
import { stringify } from '../http/body/strict-json.js';
import { isRecord } from '../util/guards.js';
import type { Client } from './client.js';
import { commandOf } from './command-facts.js';
import { readListedBy } from './components/read-component.js';
import { showIds } from './identifiers.js';
import type { CallOptions, PostOptions } from './options.js';

/** A test run as it is uploaded. */
type Upload = Readonly<Record<string, unknown>>;

/** What the check sends its requests through. */
type Reader = Pick<Client, 'get' | 'list' | 'testRuns'>;

/** The options of an upload that its check has too. */
type ReadOptions = Pick<CallOptions, 'auth' | 'cache' | 'headers' | 'proxy' | 'retry' | 'signal' | 'timeout'>;

const COMMAND = 'uploadTestRunResults';
/** The data types whose values are files: they are sent after the upload. */
const FILES: readonly string[] = ['image', 'file'];

/**
 * Refuses an upload where the database has the same test run already.
 *
 * @throws InvalidInvocation where there is nothing to compare, or the command is another one
 * @throws DuplicateTestRuns where the database has it
 */
export async function refuseDuplicates(
  client: Reader,
  url: string,
  input: unknown,
  options: PostOptions,
): Promise<void> {
  const subject = `client.post('${url}')`;
  if (options.allowDuplicate === undefined) return;
  checkValue(subject, 'allowDuplicate', options.allowDuplicate, BOOLEAN);
  if (options.allowDuplicate) return;
  if (commandOf(url) !== COMMAND)
    throw new InvalidInvocation(`${subject}: \`allowDuplicate: false\` is for ${COMMAND} alone`);
  // What is compared is what will be sent; the caller's object stays as it is.
  const run: unknown = isRecord(input) ? JSON.parse(stringify(input)) : undefined;
  if (!isRecord(run) || typeof run['component'] !== 'string' || typeof run['testType'] !== 'string')
    throw new InvalidInvocation(
      `${subject}: \`allowDuplicate: false\` needs the test run as the second argument, with \`component\` and \`testType\``,
    );
  const { auth, headers, proxy, retry, signal, timeout } = options;
  const given = Object.entries({ auth, headers, proxy, retry, signal, timeout });
  const reading = Object.fromEntries(given.filter(([, value]) => value !== undefined)) as ReadOptions;
  // A stored response may be older than the last upload.
  const ids = await findDuplicates(client, run, { ...reading, cache: 'reload' });
  if (ids.length === 0) return;
  throw new DuplicateTestRuns(
    `Duplicate test runs: the database already has this test run of ${run['component']}: ${showIds(ids)}\nNothing was uploaded. Without \`allowDuplicate: false\` it is uploaded once more.`,
    { ids },
  );
}

/** Returns the ids of the ready test runs that have the same contents as one that is to be uploaded. */
async function findDuplicates(client: Reader, run: Upload, options: ReadOptions): Promise<string[]> {
  const { component, testType, stage } = run;
  const filterMap = {
    ...(await readListedBy(client, component as string, options)),
    testType: [testType as string],
    state: ['ready'],
    ...(typeof stage === 'string' && { stage: [stage] }),
  };
  const ids: string[] = [];
  for await (const { id } of client.list('listTestRunsByComponent', { filterMap }, options)) ids.push(id);
  const duplicates: string[] = [];
  for await (const stored of client.testRuns.getMany(ids, { ...options, errors: 'stop' }))
    if (isDuplicate(stored, run)) duplicates.push(stored.id);
  return duplicates;
}

/** Whether a test run has the contents of one that is to be uploaded; number, date and place may be others. */
export function isDuplicate(stored: TestRun, run: Upload): boolean {
  const { comments, defects, properties, results } = run;
  return (
    isTrue(stored.passed) === isTrue(run['passed']) &&
    isTrue(stored.problems) === isTrue(run['problems']) &&
    hasSameValues(stored.properties, properties) &&
    hasSameValues(stored.results, results) &&
    isSame((stored.defects ?? []).map(toDefect), toList(defects).map(toDefect)) &&
    isSame((stored.comments ?? []).map(toComment), toList(comments).map(toComment))
  );
}

function isTrue(value: unknown): boolean {
  return value === true || value === 'true';
}

function toList(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function toDefect(defect: unknown): unknown {
  if (!isRecord(defect)) return defect;
  const { name, description, properties } = defect;
  return { name, description, properties };
}

function toComment(comment: unknown): unknown {
  return isRecord(comment) ? comment['comment'] : comment;
}

/** Whether stored values are those of an object of values by code. */
function hasSameValues(list: readonly TestRunValue[] | null, sent: unknown): boolean {
  const files = new Set(
    (list ?? []).filter(({ dataType }) => FILES.includes(dataType)).map(({ code }) => code),
  );
  const stored = (list ?? []).map(({ code, value }) => [code, value] as const);
  const comparable = (entries: readonly (readonly [string, unknown])[]): object =>
    Object.fromEntries(entries.filter(([code]) => !files.has(code)));
  return isSame(comparable(stored), comparable(Object.entries(isRecord(sent) ? sent : {})));
}

/**
 * Whether two values are the same to the database: what is not set may be null, empty or missing, and a number or a
 * boolean may be sent as text.
 */
function isSame(stored: unknown, sent: unknown): boolean {
  if (isNothing(stored) || isNothing(sent)) return isNothing(stored) && isNothing(sent);
  if (Array.isArray(stored) && Array.isArray(sent))
    return stored.length === sent.length && stored.every((item, index) => isSame(item, sent[index]));
  if (isRecord(stored) && isRecord(sent)) {
    const keys = new Set([...Object.keys(stored), ...Object.keys(sent)]);
    return [...keys].every((key) => isSame(stored[key], sent[key]));
  }
  return stored === sent || isTextOf(stored, sent) || isTextOf(sent, stored);
}

/** Whether a value is not set: the database stores an empty list, and an object with nothing in it, as null. */
function isNothing(value: unknown): boolean {
  if (value === undefined || value === null) return true;
  if (Array.isArray(value)) return value.length === 0;
  return isRecord(value) && Object.values(value).every(isNothing);
}

function isTextOf(text: unknown, value: unknown): boolean {
  if (typeof text !== 'string' || text.trim() === '') return false;
  if (typeof value === 'boolean') return text.trim().toLowerCase() === String(value);
  return typeof value === 'number' && Number(text) === value;
}
