import {
  ANYTHING,
  BOOLEAN,
  checkOptions,
  FUNCTION,
  must,
  type OptionsExpected,
  reading,
  wholeNumber,
} from '../config/check-options.js';
import { InvalidInvocation } from '../exceptions/base.js';
import { REQUEST_OPTIONS } from '../session/check-request.js';
import type { SessionOptions } from '../session/options.js';
import type { RequestConfig } from '../session/request-options.js';
import type { Progress } from './pages/listing.js';
import type { Warning } from './warnings.js';

/** Options of a `Client`: those of a `Session`, and what is done with warnings. */
export interface ClientOptions extends SessionOptions {
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
export interface GetOptions extends CallOptions, Omit<ListOptions, keyof CallOptions> {}

/** The options of a list that a request does not have. */
export type ListOnly = Pick<ListOptions, 'limit' | 'pageSize' | 'onChange' | 'onProgress'>;

/** The options of a call, taken apart. */
export interface CheckedCall {
  /** What the session gets. */
  readonly config: RequestConfig;
  readonly list: ListOnly;
}

const POSITIVE = wholeNumber('a whole number, at least 1', 1);

/** Options of a request that are not for the caller of a client to set. */
const FIXED = ['method', 'responseType', 'transformResponse', 'url'];
const LIST_ONLY = ['limit', 'pageSize', 'onChange', 'onProgress'] as const;

/** What the options of a call are. */
export const CALL_OPTIONS: OptionsExpected = {
  expectation: 'given an object of options, such as { data: { component } }',
  hints: {
    ...REQUEST_OPTIONS.hints,
    ...Object.fromEntries(FIXED.map((name) => [name, '`client.session` has it'])),
  },
  table: {
    data: ANYTHING,
    json: ANYTHING,
    fresh: BOOLEAN,
    limit: must(
      (value) => value === Infinity || (Number.isSafeInteger(value) && (value as number) >= 1),
      'a whole number, at least 1; for the number of items alone, use `total` of the first page',
    ),
    pageSize: POSITIVE,
    onChange: must((value) => value === 'warn' || value === 'throw', "'warn' or 'throw'"),
    onProgress: FUNCTION,
    ...Object.fromEntries(Object.entries(REQUEST_OPTIONS.table).filter(([name]) => !FIXED.includes(name))),
  },
};

/** Checks a signal before anything listens to it. */
export function checkSignal(subject: string, signal: unknown): void {
  if (signal !== undefined && !(signal instanceof AbortSignal))
    throw new InvalidInvocation(`${subject}: \`signal\` must be an AbortSignal`);
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
  const { fresh, limit, pageSize, onChange, onProgress, json, ...config } = checked;
  checkSignal(subject, config.signal);
  const given = LIST_ONLY.filter((name) => checked[name] !== undefined);
  const list: ListOnly = Object.fromEntries(given.map((name) => [name, checked[name]]));
  if (json !== undefined) {
    if (config.data !== undefined)
      throw new InvalidInvocation(`${subject}: give \`data\` or \`json\`, not both`);
    config.data = json;
  }
  if (fresh === true) {
    if (config.cache !== undefined)
      throw new InvalidInvocation(`${subject}: \`fresh\` is \`cache: 'reload'\`; give only one of them`);
    config.cache = 'reload';
  }
  return { config, list };
}
