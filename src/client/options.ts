import {
  ANYTHING,
  BOOLEAN,
  both,
  type Check,
  checkOptions,
  FILLED_STRING,
  FUNCTION,
  must,
  NO_TILDE,
  type OptionsExpected,
  type OptionTable,
  reading,
  wholeNumber,
} from '../config/check-options.js';
import { InvalidInvocation } from '../exceptions/base.js';
import { REQUEST_OPTIONS } from '../session/check-request.js';
import type { SessionOptions } from '../session/options.js';
import type { RequestConfig } from '../session/request-options.js';
import type { Progress } from './requests/progress.js';
import type { Warning } from './warnings.js';

/** Whether the files of attachments go to EOS, the storage of large files at CERN. */
export type EosChoice = 'auto' | boolean;

/** Options of a `Client`: those of a `Session`, and what is done with warnings and with files. */
export interface ClientOptions extends SessionOptions {
  /**
   * Which files `attachments.add` sends to EOS: with `'auto'` images, files of ROOT, and those of more than 64,000 bytes; with
   * `true` all, with `false` none. Links and the files of batches never go there. @defaultValue `'auto'`
   */
  readonly eos?: EosChoice | undefined;
  /**
   * Called with each warning of the server about a request that went well. The log has them too. Without this function and
   * without a log, a line on stderr tells of them, if stderr is a terminal and `quiet` is not true. @defaultValue none
   */
  readonly onWarning?: ((warning: Warning) => void) | undefined;
}

/** Options of one call of a `Client`: those of a request, without what decides how the response is read. */
export interface CallOptions
  extends Omit<RequestConfig, 'method' | 'responseType' | 'transformResponse' | 'url'> {
  /** The input of a command; the same as `data`, by the name of the Python package. */
  json?: unknown;
  /** Whether the server is asked even where a stored response would do; what it answers is stored. @defaultValue `false` */
  fresh?: boolean | undefined;
}

/** Options of a method that reads: those of each request that it sends. */
export interface ReadOptions extends Omit<CallOptions, 'data' | 'json'> {}

/** Options of one `post`. */
export interface PostOptions extends Omit<CallOptions, 'data' | 'json'> {
  /**
   * Of `uploadTestRunResults`: whether a test run is uploaded that the database has already. With `false` the ready test
   * runs of the same component and test type are compared first, and `DuplicateTestRuns` is thrown where one has the same
   * results, properties, defects, comments, `passed` and `problems`. @defaultValue `true`
   */
  allowDuplicate?: boolean | undefined;
}

/** Options of one list. */
export interface ListOptions extends Omit<CallOptions, 'data' | 'json'> {
  /** The number of items at most. @defaultValue all */
  limit?: number | undefined;
  /** The number of items of a page, at least 1. @defaultValue `100`; `50` for the output type `full` */
  pageSize?: number | undefined;
  /** What happens where the list changed while it was read: a warning, or the exception `ListChanged`. @defaultValue `'warn'` */
  onChange?: 'warn' | 'throw' | undefined;
  /** Called after each page. @defaultValue none */
  onProgress?: ((progress: Progress) => void) | undefined;
}

/** Options of one `get`: where the command is a list, those of a list too. */
export interface GetOptions extends CallOptions, Omit<ListOptions, keyof CallOptions> {
  /**
   * Of a command that gives a file: the folder in which its temporary file is made. Then nothing of it is kept in memory.
   * @defaultValue the system's folder for temporary files, for files of more than 1 MiB
   */
  directory?: string | undefined;
}

/** The options of a list that a request does not have. */
export type ListOnly = Pick<ListOptions, 'limit' | 'pageSize' | 'onChange' | 'onProgress'>;

/** The options of a call, taken apart. */
export interface CheckedCall {
  /** What the session gets. */
  readonly config: RequestConfig;
  readonly list: ListOnly;
  /** Where the temporary file of a file is made. */
  readonly directory: string | undefined;
}

/** What the option `eos` must be. */
export const EOS: Check = must(
  (value) => value === 'auto' || typeof value === 'boolean',
  "'auto', true or false",
);

/** Options of a request that are not for the caller of a client to set. */
const FIXED = ['method', 'responseType', 'transformResponse', 'url'];

/** The checks of the options that a list has and a request does not. */
export const LIST_TABLE: Readonly<Record<keyof ListOnly, Check>> = {
  limit: must(
    (value) => value === Infinity || (Number.isSafeInteger(value) && (value as number) >= 1),
    'a whole number, at least 1; for the number of items alone, use `total` of the first page',
  ),
  pageSize: wholeNumber('a whole number, at least 1', 1),
  onChange: must((value) => value === 'warn' || value === 'throw', "'warn' or 'throw'"),
  onProgress: FUNCTION,
};
/** The names of these options. */
export const LIST_ONLY: readonly (keyof ListOnly)[] = Object.keys(LIST_TABLE) as (keyof ListOnly)[];

/** What the options of a call are. */
const CALL_OPTIONS: OptionsExpected = {
  expectation: 'given an object of options, such as { data: { component } }',
  hints: {
    ...REQUEST_OPTIONS.hints,
    ...Object.fromEntries(FIXED.map((name) => [name, '`client.session` has it'])),
  },
  table: {
    data: ANYTHING,
    json: ANYTHING,
    fresh: BOOLEAN,
    ...LIST_TABLE,
    ...Object.fromEntries(Object.entries(REQUEST_OPTIONS.table).filter(([name]) => !FIXED.includes(name))),
    directory: both(FILLED_STRING, NO_TILDE),
  },
};

/**
 * Returns what the options are of a method that sends several requests: those of each request, and its own.
 *
 * @param example - options that are right, for the message
 * @param own - the checks of its own options
 */
export function optionsOfJob(example: string, own: OptionTable): OptionsExpected {
  const refused = ['data', 'json', 'directory', ...LIST_ONLY];
  const shared = Object.entries(CALL_OPTIONS.table).filter(([name]) => !refused.includes(name));
  return {
    ...CALL_OPTIONS,
    expectation: `given an object of options, such as ${example}`,
    own: Object.keys(own),
    table: { ...own, ...Object.fromEntries(shared) },
  };
}

/**
 * Checks the options of a method that sends several requests, before anything is sent.
 *
 * @param expected - see {@link optionsOfJob}
 */
export function checkJob<Options extends Pick<CallOptions, 'cache' | 'fresh' | 'signal'>>(
  subject: string,
  options: Options,
  expected: OptionsExpected,
): Options {
  const checked = checkOptions(subject, options, expected);
  checkShared(subject, checked);
  return checked;
}

/** Checks the options of a method that reads, and has no others. */
export function checkRead(subject: string, options: ReadOptions): ReadOptions {
  return checkJob(subject, options, optionsOfJob('{ timeout: 30_000 }', {}));
}

function checkShared(
  subject: string,
  { cache, fresh, signal }: Pick<CallOptions, 'cache' | 'fresh' | 'signal'>,
): void {
  // Before anything listens to it.
  if (signal !== undefined && !(signal instanceof AbortSignal))
    throw new InvalidInvocation(`${subject}: \`signal\` must be an AbortSignal`);
  if (fresh === true && cache !== undefined)
    throw new InvalidInvocation(`${subject}: \`fresh\` is \`cache: 'reload'\`; give only one of them`);
}

/** Takes apart and checks the options of a call. */
export function checkCall(subject: string, options: GetOptions): CheckedCall {
  if (options === null || typeof options !== 'object')
    throw new InvalidInvocation(`${subject}: the options must be an object, such as { data: { component } }`);
  const checked = checkOptions(
    subject,
    reading(subject, () => ({ ...options })),
    CALL_OPTIONS,
  );
  const { fresh, limit, pageSize, onChange, onProgress, json, directory, ...config } = checked;
  checkShared(subject, checked);
  const given = LIST_ONLY.filter((name) => checked[name] !== undefined);
  const list: ListOnly = Object.fromEntries(given.map((name) => [name, checked[name]]));
  if (json !== undefined) {
    if (config.data !== undefined)
      throw new InvalidInvocation(`${subject}: give \`data\` or \`json\`, not both`);
    config.data = json;
  }
  if (fresh === true) config.cache = 'reload';
  return { config, list, directory };
}
