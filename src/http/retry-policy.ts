import type * as zod from 'zod';
import type { ITkDBException } from '../exceptions/base.js';
import { redactorFor } from '../exceptions/exchange.js';
import {
  ConnectionFailed,
  ConnectionRefused,
  ConnectionReset,
  HostNotFound,
  Timeout,
  TransportException,
} from '../exceptions/transport.js';
import { isReadable } from '../guards.js';
import { lazyZod, optionsSchema } from '../validation.js';
import { parseHttpDate } from './http-date.js';
import { SAFE_METHODS, type WireConfig, type WireResponse } from './wire.js';

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

const TRANSIENT: readonly (abstract new (...args: never[]) => ITkDBException)[] = [
  ConnectionFailed,
  ConnectionRefused,
  ConnectionReset,
  HostNotFound,
  Timeout,
];

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

/** What became of one try. */
export type Outcome = WireResponse | TransportException;

/** The tries of one request, redirects and a second authentication included. */
export class RetryBudget {
  readonly policy: RetryPolicy;
  readonly #failures: string[] = [];
  #retries = 0;
  #deadline: number | undefined;
  #why = '';

  constructor(policy: RetryPolicy) {
    this.policy = policy;
  }

  /** Starts the time at the first try; a later one may be silent for no longer than is left of it. */
  begin(config: WireConfig): WireConfig {
    this.#deadline ??= performance.now() + this.policy.within;
    if (this.#retries === 0 || !config.timeout) return config;
    return { ...config, timeout: Math.max(1, Math.min(config.timeout, this.#deadline - performance.now())) };
  }

  /** Notes what became of a try, and says when the next one is due; undefined for never. */
  retryAfter(outcome: Outcome, config: WireConfig): Retry | undefined {
    const reason = reasonOf(outcome);
    if (reason === undefined) return undefined;
    this.#failures.push(reason);
    if (!this.#isTransient(outcome) || !this.#mayRepeat(outcome, config)) return undefined;
    if (this.#retries + 1 >= this.policy.tries) return undefined;
    const delay = this.#delay(outcome);
    if (delay === undefined) return undefined;
    if (performance.now() + delay >= (this.#deadline ?? 0)) {
      this.#why = `, as ${seconds(this.policy.within)} would be over before the next`;
      return undefined;
    }
    this.#retries += 1;
    return { failedTries: this.#failures.length, reason, delay };
  }

  /** How many tries there were and why each failed, if there is more to say than that the only one failed. */
  get summary(): string | undefined {
    const failures = this.#failures;
    if (failures.length < 2 && this.#why === '') return undefined;
    const list = failures.map((reason, index) => `${index + 1}. ${reason}`);
    const tries = failures.length === 1 ? '1 try' : `${failures.length} tries`;
    return [`Gave up after ${tries}${this.#why}:`, ...list].join('\n');
  }

  /** Adds the {@link RetryBudget.summary} to an exception of the transport. */
  explain(exception: TransportException): TransportException {
    if (this.summary !== undefined) addToMessage(exception, this.summary);
    return exception;
  }

  #isTransient(outcome: Outcome): boolean {
    if (outcome instanceof TransportException) return TRANSIENT.some((type) => outcome instanceof type);
    return this.policy.statuses.includes(outcome.status);
  }

  #mayRepeat(outcome: Outcome, { method, data }: WireConfig): boolean {
    if (isReadable(data)) return false;
    if (this.policy.idempotent || SAFE_METHODS.has(method.toUpperCase())) return true;
    return outcome instanceof TransportException && outcome.neverReached;
  }

  /** Full jitter: whoever failed together does not come back together. */
  #delay(outcome: Outcome): number | undefined {
    const { baseDelay, maxDelay, maxRetryAfter } = this.policy;
    const backoff = Math.random() * Math.min(maxDelay, baseDelay * 2 ** this.#retries);
    const asked = outcome instanceof TransportException ? undefined : parseRetryAfter(outcome.headers);
    if (asked === undefined || asked <= maxRetryAfter) return (asked ?? 0) + backoff;
    this.#why = `, as the server asks to wait ${seconds(asked)}, longer than ${seconds(maxRetryAfter)}`;
    return undefined;
  }
}

/**
 * Reads `Retry-After` (RFC 9110, section 10.2.3), a number of seconds or a date.
 *
 * @returns milliseconds from now; undefined where there is none, or nonsense
 */
export function parseRetryAfter(headers: Readonly<Record<string, unknown>>): number | undefined {
  const value = String(headers['retry-after'] ?? '').trim();
  if (/^\d{1,10}$/.test(value)) return Number(value) * 1000;
  const date = parseHttpDate(value);
  if (date === undefined) return undefined;
  // By the server's clock, which is the one that it reckons with.
  return Math.max(0, date - (parseHttpDate(String(headers['date'] ?? '')) ?? Date.now()));
}

function reasonOf(outcome: Outcome): string | undefined {
  if (outcome instanceof TransportException)
    return (outcome.cause as Error | undefined)?.message ?? outcome.message;
  if (outcome.status < 400) return undefined;
  const { status, statusText } = outcome;
  return redactorFor(outcome).text(`${status} ${statusText}`.trim());
}

function addToMessage(error: Error, note: string): void {
  const { message, stack } = error;
  error.message = `${message}\n\n${note}`;
  if (stack !== undefined) error.stack = stack.replace(message, () => error.message);
}

function seconds(milliseconds: number): string {
  return `${Math.round(milliseconds / 100) / 10} s`;
}
