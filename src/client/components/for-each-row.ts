import { checkOptions, FILLED_STRING, FUNCTION, must, wholeNumber } from '../../config/check-options.js';
import {
  IncompleteWrite,
  InvalidInvocation,
  ITkDBException,
  isException,
  PartFailed,
} from '../../exceptions/base.js';
import { Aborted } from '../../exceptions/transport.js';
import { redactText } from '../../redaction/redact-text.js';
import { messageOf } from '../../util/errors.js';
import { isFunction } from '../../util/guards.js';
import { type Progress, progressTeller } from '../requests/progress.js';
import type { ResourceContext } from '../resources/resource.js';
import { Journal, leftOpen, rowKeys } from './journal.js';
import { checkRows, isFatal, runRows } from './row-jobs.js';

/** Options of `components.forEachRow`. */
export interface ForEachRowOptions {
  /** The number of rows that are worked on at the same time, at least 1. @defaultValue `1` */
  concurrency?: number | undefined;
  /**
   * The path of a file that keeps which rows are done. With the same file, the next call leaves these rows out. A row that
   * was being worked on when the process ended is `unknown` then, and is not repeated. One process at a time can use the
   * file: a file `….lock` beside it says that it is in use. @defaultValue none
   */
  journal?: string | undefined;
  /** Called after each row. @defaultValue none */
  onProgress?: ((progress: Progress) => void) | undefined;
  /**
   * What happens where a row fails. `'throw'`: all others are done, then there is one exception, `PartFailed`. `'collect'`:
   * no exception; the report says which and why. `'stop'`: the first exception ends the work. @defaultValue `'throw'`
   */
  errors?: 'throw' | 'collect' | 'stop' | undefined;
  /** Ends the work before the next row, with `Aborted`. Give it to the requests in the function too. */
  signal?: AbortSignal | undefined;
}

/** What became of a row. */
export type RowResult<T> = {
  /** The number of the row, from 1. */
  readonly row: number;
  /** `'skipped'`: the journal says that it was done before. */
  readonly status: 'done' | 'skipped' | 'failed' | 'unknown';
  /** What the function returned. */
  readonly value?: T | undefined;
  /** Why it failed, or why its status is not known. */
  readonly error?: ITkDBException | undefined;
};

/** What became of all rows. */
export interface RowsReport<T> {
  /** In the order of the rows. */
  readonly rows: readonly RowResult<T>[];
  /** The number of rows that are done. */
  readonly done: number;
  /** The number of rows that were done before, as the journal says. */
  readonly skipped: number;
  /** The number of rows that failed. */
  readonly failed: number;
  /** The number of rows of which it is not known whether they were done. */
  readonly unknown: number;
}

/** Works on one row. Its number is counted from 1. */
export type RowFunction<Row, T> = (row: Row, number: number) => T | Promise<T>;

const SUBJECT = 'client.components.forEachRow';

const OPTIONS = {
  expectation: "given an object of options, such as { journal: 'stages.journal' }",
  table: {
    concurrency: wholeNumber('a whole number, at least 1', 1),
    journal: FILLED_STRING,
    onProgress: FUNCTION,
    errors: must(
      (value) => value === 'throw' || value === 'collect' || value === 'stop',
      "'throw', 'collect' or 'stop'",
    ),
    signal: must((value) => value instanceof AbortSignal, 'an AbortSignal'),
  },
};

/** See `components.forEachRow`. */
export async function forEachRow<Row, T>(
  { logger, isPlan = false }: Pick<ResourceContext, 'logger' | 'isPlan'>,
  given: Iterable<Row>,
  fn: RowFunction<Row, T>,
  options: ForEachRowOptions,
): Promise<RowsReport<T>> {
  const rows = checkRows(SUBJECT, given);
  if (!isFunction(fn)) throw new InvalidInvocation(`${SUBJECT}: the second argument must be a function`);
  const {
    concurrency = 1,
    journal: path,
    onProgress,
    errors = 'throw',
    signal,
  } = checkOptions(SUBJECT, options, OPTIONS);
  const keys = path === undefined ? [] : rowKeys(SUBJECT, rows);
  const journal = path === undefined ? undefined : await Journal.open(SUBJECT, path, isPlan);
  const results: RowResult<T>[] = [];
  const run = async (index: number): Promise<boolean> => {
    if (signal?.aborted) throw new Aborted(`${SUBJECT}: aborted`, { cause: signal.reason });
    const result = await workOnRow(rows[index] as Row, index + 1, fn, journal, keys[index] ?? '');
    results[index] = result;
    const { error } = result;
    if (error !== undefined && (errors === 'stop' || isFatal(error))) throw error;
    return error !== undefined;
  };
  try {
    await runRows({ count: rows.length, concurrency, run, onProgress: progressTeller(onProgress, logger) });
  } finally {
    await journal?.close();
  }
  const report = toReport(results);
  if (errors === 'throw') refuseFailures(report);
  return report;
}

async function workOnRow<Row, T>(
  row: Row,
  number: number,
  fn: RowFunction<Row, T>,
  journal: Journal | undefined,
  key: string,
): Promise<RowResult<T>> {
  const before = journal?.get(key);
  if (before?.status === 'done') return { row: number, status: 'skipped' };
  if (before?.status === 'started' || before?.status === 'unknown')
    return {
      row: number,
      status: 'unknown',
      error: leftOpen(SUBJECT, journal as Journal, number, before.line),
    };
  await journal?.write({ key, row: number, status: 'started' });
  const result = await call(row, number, fn);
  const { status, error } = result;
  await journal?.write({ key, row: number, status, ...(error && { reason: redactText(error.summary) }) });
  return result;
}

async function call<Row, T>(row: Row, number: number, fn: RowFunction<Row, T>): Promise<RowResult<T>> {
  try {
    return { row: number, status: 'done', value: await fn(row, number) };
  } catch (thrown) {
    const error = isException(thrown) ? thrown : new ITkDBException(messageOf(thrown), { cause: thrown });
    const isUnknown = error instanceof IncompleteWrite && error.outcome === 'unknown';
    return { row: number, status: isUnknown ? 'unknown' : 'failed', error };
  }
}

function toReport<T>(rows: readonly RowResult<T>[]): RowsReport<T> {
  const count = (wanted: RowResult<T>['status']): number =>
    rows.filter(({ status }) => status === wanted).length;
  return {
    rows,
    done: count('done'),
    skipped: count('skipped'),
    failed: count('failed'),
    unknown: count('unknown'),
  };
}

function refuseFailures<T>({ rows }: RowsReport<T>): void {
  const failed = rows.flatMap(({ row, error }) => (error === undefined ? [] : [{ id: `row ${row}`, error }]));
  const [first] = failed;
  if (first === undefined) return;
  const items = rows.flatMap(({ status, value }) => (status === 'done' ? [value] : []));
  throw new PartFailed(
    `${SUBJECT}: ${failed.length} of ${rows.length} rows failed: ${first.id}: ${first.error.summary}\nThe field \`failed\` of this exception says which, and why.`,
    { items, failed },
  );
}
