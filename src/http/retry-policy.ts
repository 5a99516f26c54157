import {
  BOOLEAN,
  type Check,
  listOf,
  numberOf,
  type OptionsExpected,
  optionsOf,
  orFalse,
  wholeNumber,
} from '../config/check-options.js';

/** When a failed request is retried. */
export interface RetryOptions {
  /** The number of attempts, the first one included. @defaultValue `4` */
  readonly tries?: number | undefined;
  /** Total time of all attempts and of the waits between them, in milliseconds. @defaultValue `120000` */
  readonly within?: number | undefined;
  /** The longest wait before the second attempt, in milliseconds; it doubles with each further one. @defaultValue `500` */
  readonly baseDelay?: number | undefined;
  /** The longest wait that doubling leads to, in milliseconds. @defaultValue `20000` */
  readonly maxDelay?: number | undefined;
  /** The longest `Retry-After` that is waited for, in milliseconds; a longer one ends the attempts. @defaultValue `60000` */
  readonly maxRetryAfter?: number | undefined;
  /** The statuses that a retry may change. @defaultValue 408, 429, 500, 502, 503, 504 */
  readonly statuses?: readonly number[] | undefined;
  /** Whether a request that timed out is retried. @defaultValue `true` */
  readonly timeouts?: boolean | undefined;
  /**
   * Whether the request can be done twice without harm. Otherwise a write (POST, PUT, PATCH, DELETE) is retried only if
   * it never reached the server. @defaultValue `false`
   */
  readonly idempotent?: boolean | undefined;
}

/** That a request will be retried. */
export interface Retry {
  /** The number of attempts that have failed. */
  readonly failedTries: number;
  /** Why the last attempt failed, such as `503 Service Unavailable`. */
  readonly reason: string;
  /** The wait before the next attempt, in milliseconds. */
  readonly delay: number;
}

/** A {@link Retry}, and of which request. */
export interface RetryEvent extends Retry {
  /** The method of the request, in upper case. */
  readonly method: string;
  /** The URL of the request, without credentials. */
  readonly url: string;
}

/** {@link RetryOptions} with defaults. */
export type RetryPolicy = { readonly [Name in keyof RetryOptions]-?: NonNullable<RetryOptions[Name]> };

/** The statuses that a retry may change. */
export const RETRIED_STATUSES: readonly number[] = Object.freeze([408, 429, 500, 502, 503, 504]);

const DEFAULTS: RetryPolicy = Object.freeze({
  tries: 4,
  within: 120_000,
  baseDelay: 500,
  maxDelay: 20_000,
  maxRetryAfter: 60_000,
  statuses: RETRIED_STATUSES,
  timeouts: true,
  idempotent: false,
});

const RETRY_OPTIONS: OptionsExpected = {
  expectation: 'false, or an object such as { tries: 4 }',
  table: {
    tries: wholeNumber('a whole number, at least 1', 1),
    within: numberOf('milliseconds'),
    baseDelay: numberOf('milliseconds'),
    maxDelay: numberOf('milliseconds'),
    maxRetryAfter: numberOf('milliseconds'),
    statuses: listOf(wholeNumber('a status of a failure', 400, 599), 'a list of statuses'),
    timeouts: BOOLEAN,
    idempotent: BOOLEAN,
  } satisfies Record<keyof RetryOptions, Check>,
};

/** What the option `retry` must be. */
export const RETRY: Check = orFalse(optionsOf(RETRY_OPTIONS));

/**
 * Lays options over each other, the later ones on top.
 *
 * @param layers - those of the session and those of the request; `false` takes back the layers before it
 * @returns undefined for one attempt
 */
export function resolveRetry(
  ...layers: readonly (RetryOptions | false | undefined)[]
): RetryPolicy | undefined {
  let policy: RetryPolicy | undefined = DEFAULTS;
  for (const layer of layers) {
    if (layer === false) policy = undefined;
    else if (layer !== undefined) policy = { ...(policy ?? DEFAULTS), ...definedOf(layer) };
  }
  return policy;
}

function definedOf(options: RetryOptions): Partial<RetryPolicy> {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}
