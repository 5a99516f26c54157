import type * as zod from 'zod';
import { lazyZod, optionsSchema } from '../config/validation.js';

/** When a request that failed is tried again. */
export interface RetryOptions {
  /** How often a request is tried, the first time included. @defaultValue `4` */
  readonly tries?: number | undefined;
  /** How long all tries and the waits between them may take, in milliseconds. @defaultValue `120000` */
  readonly within?: number | undefined;
  /** The longest wait before the second try, in milliseconds; it doubles with each further try. @defaultValue `500` */
  readonly baseDelay?: number | undefined;
  /** What it doubles up to, in milliseconds. @defaultValue `20000` */
  readonly maxDelay?: number | undefined;
  /** The longest `Retry-After` that is waited for, in milliseconds; a longer one ends the tries. @defaultValue `60000` */
  readonly maxRetryAfter?: number | undefined;
  /** The statuses that may be other ones next time. @defaultValue 408, 429, 500, 502, 503, 504 */
  readonly statuses?: readonly number[] | undefined;
  /**
   * Whether doing it twice does no harm. Without that a write (POST, PUT, PATCH, DELETE) is only repeated where it
   * never reached the server. @defaultValue `false`
   */
  readonly idempotent?: boolean | undefined;
}

/** That a request will be tried again. */
export interface Retry {
  /** How many tries have failed. */
  readonly failedTries: number;
  /** Why the last one failed, such as `503 Service Unavailable`. */
  readonly reason: string;
  /** How long is waited before the next one, in milliseconds. */
  readonly delay: number;
}

/** A {@link Retry}, and of which request. */
export interface RetryEvent extends Retry {
  readonly method: string;
  /** Without credentials. */
  readonly url: string;
}

export type RetryPolicy = { readonly [Name in keyof RetryOptions]-?: NonNullable<RetryOptions[Name]> };

const DEFAULTS: RetryPolicy = Object.freeze({
  tries: 4,
  within: 120_000,
  baseDelay: 500,
  maxDelay: 20_000,
  maxRetryAfter: 60_000,
  statuses: [408, 429, 500, 502, 503, 504],
  idempotent: false,
});

/** What the option `retry` must be. */
export function retrySchema(): zod.ZodType {
  const z = lazyZod();
  const milliseconds = z.number('a number of milliseconds').min(0, 'a number of milliseconds, at least 0');
  const shape = {
    tries: z.int('a whole number').min(1, 'a whole number, at least 1'),
    within: milliseconds,
    baseDelay: milliseconds,
    maxDelay: milliseconds,
    maxRetryAfter: milliseconds,
    statuses: z.array(
      z.int('a status').min(400, 'a status of a failure').max(599, 'a status'),
      'a list of statuses',
    ),
    idempotent: z.boolean('true or false'),
  };
  const expectation = 'false, or an object such as { tries: 4 }';
  const optional = Object.fromEntries(Object.entries(shape).map(([name, type]) => [name, type.optional()]));
  // Not a union with `false`: of a wrong member it would only say that no alternative fits.
  return z.preprocess(
    (value) => (value === false ? undefined : value),
    optionsSchema(optional, expectation).optional(),
  );
}

/**
 * Puts options over each other, the later ones on top; undefined for none at all.
 *
 * @param layers - those of the session and those of the request; `false` takes back what came before
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
