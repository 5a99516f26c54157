import { checkValue, FUNCTION, must, type OptionTable, wholeNumber } from '../../config/check-options.js';
import { InvalidInvocation } from '../../exceptions/base.js';
import { isObject } from '../../util/guards.js';
import { type CallOptions, checkJob, optionsOfJob } from '../options.js';
import type { Progress } from '../requests/progress.js';

/** Options of `getMany`: those of a request, which count for every request, and what is done about failures. */
export interface BulkOptions extends Omit<CallOptions, 'data' | 'json'> {
  /** The number of ids in one request, at least 1. @defaultValue `100` components, `50` test runs */
  chunkSize?: number | undefined;
  /**
   * What happens where some cannot be read. `'throw'`: all others are read, then there is one exception, `PartFailed`.
   * `'collect'`: no exception; `failed` says which and why. `'stop'`: the first exception ends the reading. @defaultValue `'throw'`
   */
  errors?: 'throw' | 'collect' | 'stop' | undefined;
  /** Called after each request that gave something. @defaultValue none */
  onProgress?: ((progress: Progress) => void) | undefined;
}

/** The options of a bulk read that a request does not have. */
export type BulkOnly = Pick<BulkOptions, 'chunkSize' | 'errors' | 'onProgress'>;

const TABLE: OptionTable = {
  chunkSize: wholeNumber('a whole number, at least 1', 1),
  errors: must(
    (value) => value === 'throw' || value === 'collect' || value === 'stop',
    "'throw', 'collect' or 'stop'",
  ),
  onProgress: FUNCTION,
};

const IDS = must(
  (ids) => Array.isArray(ids) && ids.every((id) => typeof id === 'string' && id !== ''),
  'a list of strings that are not empty, such as `items.map(({ id }) => id)`',
);

/** Checks the ids, and returns each of them once. */
export function checkIds(subject: string, ids: Iterable<string>): string[] {
  if (!isObject(ids) || !(Symbol.iterator in ids))
    throw new InvalidInvocation(
      `${subject}: \`ids\` must be a list of strings; \`await list.toArray()\` makes an array of a list`,
    );
  const list = [...ids];
  checkValue(subject, 'ids', list, IDS);
  return [...new Set(list)];
}

/**
 * Takes apart and checks the options.
 *
 * @param own - the checks of further options
 */
export function checkBulk<Options extends BulkOptions>(
  subject: string,
  options: Options,
  own: OptionTable = {},
): { readonly bulk: BulkOnly; readonly call: Omit<Options, keyof BulkOnly> } {
  const expected = optionsOfJob("{ errors: 'collect' }", { ...own, ...TABLE });
  const { chunkSize, errors, onProgress, ...call } = checkJob(subject, options, expected);
  return { bulk: { chunkSize, errors, onProgress }, call };
}
