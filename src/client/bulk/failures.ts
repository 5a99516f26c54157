import { type ITkDBException, isException } from '../../exceptions/base.js';
import { ResponseException } from '../../exceptions/response.js';
import { isObject } from '../../util/guards.js';
import { deservesSecondTry, isTooHeavy } from '../requests/too-heavy.js';

/**
 * What a failed request for several ids means.
 *
 * - `fatal`: every other request would fail too.
 * - `heavy`: it was perhaps too much at once.
 * - `refused`: one of the ids is perhaps the reason.
 * - `unreachable`: it has nothing to do with the ids. The next request may be answered.
 */
export type FailureKind = 'fatal' | 'heavy' | 'refused' | 'unreachable';

const FATAL: ReadonlySet<string> = new Set([
  'ERR_ABORTED',
  'ERR_AUTHENTICATION_FAILED',
  'ERR_FORBIDDEN',
  'ERR_INVALID_ID_TOKEN',
  'ERR_INVALID_INVOCATION',
]);

const TOO_LARGE: ReadonlySet<string> = new Set(['ERR_TOO_LARGE', 'ERR_RESPONSE_TOO_LARGE']);

/** After so many failures in a row the server counts as unreachable. */
const GIVE_UP = 4;

/** The reasons with which the server says that there is no such component or test run. */
const DOES_NOT_EXIST = /(?:component|testRun)\w*(?:DoesNotExist|DaoGetFailed|NotFound)$/i;

/** The statuses of what stands before the database: it says in another way that there is no such component. */
const NOT_THE_IDS: ReadonlySet<number> = new Set([404, 408, 429]);

/** Returns what a failure means. */
export function failureKindOf(error: unknown): FailureKind {
  if (!isException(error)) return 'fatal';
  if (isTooHeavy(error) || TOO_LARGE.has(error.code)) return 'heavy';
  if (saysMissing(error)) return 'refused';
  if (FATAL.has(error.code)) return 'fatal';
  return error instanceof ResponseException && !NOT_THE_IDS.has(error.status) && error.code !== 'ERR_REDIRECT'
    ? 'refused'
    : 'unreachable';
}

/** Whether the server says that something does not exist. */
export function saysMissing(error: ITkDBException): boolean {
  return (
    error instanceof ResponseException && Object.keys(error.appErrors).some((key) => DOES_NOT_EXIST.test(key))
  );
}

/** Returns those of the ids that a refusal names. None where it names all: then it repeats the question. */
export function namedIn(error: unknown, ids: readonly string[]): string[] {
  if (!(error instanceof ResponseException)) return [];
  const texts = new Set<string>();
  for (const { paramMap } of Object.values(error.appErrors)) collectTexts(paramMap, texts);
  const named = ids.filter((id) => texts.has(id.toLowerCase()));
  return named.length < ids.length ? named : [];
}

function collectTexts(value: unknown, texts: Set<string>): void {
  if (typeof value === 'string') texts.add(value.toLowerCase());
  else if (isObject(value)) for (const item of Object.values(value)) collectTexts(item, texts);
}

/** Notices that the server cannot be reached: then the other requests need not be sent. */
export class Outage {
  #failures = 0;
  #last: ITkDBException | undefined;

  /** Why the server cannot be reached; undefined as long as it perhaps can. */
  get error(): ITkDBException | undefined {
    return this.#failures >= GIVE_UP ? this.#last : undefined;
  }

  /** Counts a request that was answered. */
  answered(): void {
    this.#failures = 0;
  }

  /** Counts a request for so many ids that failed. A single id that is too heavy also says that the server is not well. */
  failed(error: ITkDBException, kind: FailureKind, ids: number): void {
    if (kind === 'refused') this.answered();
    else if (kind === 'unreachable' || (ids === 1 && !deservesSecondTry(error))) {
      this.#failures += 1;
      this.#last = error;
    }
  }
}
