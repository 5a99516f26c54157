import type { ITkDBException } from '../exceptions/base.js';
import {
  ConnectionFailed,
  ConnectionRefused,
  ConnectionReset,
  copyException,
  HostNotFound,
  Timeout,
  TransportException,
} from '../exceptions/transport.js';
import { redactorFor } from '../redaction/exchange.js';
import { isReadable } from '../util/guards.js';
import { parseHttpDate } from '../util/http-date.js';
import type { Retry, RetryPolicy } from './retry-policy.js';
import { SAFE_METHODS, type WireConfig, type WireResponse } from './wire.js';

const TRANSIENT: readonly (abstract new (...args: never[]) => ITkDBException)[] = [
  ConnectionFailed,
  ConnectionRefused,
  ConnectionReset,
  HostNotFound,
  Timeout,
];

/** What became of one try. */
export type Outcome = WireResponse | TransportException;

/** The tries of one request, redirects and a second authentication included. */
export class RetryBudget {
  readonly policy: RetryPolicy;
  readonly #failures: string[] = [];
  #retries = 0;
  #deadline: number | undefined;
  #why = '';
  #mayHaveArrived = false;
  #hasRepeated = false;

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
    this.#mayHaveArrived ||= !(outcome instanceof TransportException && outcome.neverReached);
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
    this.#hasRepeated = this.#mayHaveArrived;
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

  /** Whether a try that may have arrived was not the last one. */
  get hasRepeated(): boolean {
    return this.#hasRepeated;
  }

  /** Makes an exception of the transport that speaks for all tries, and not for the last alone. */
  explain(exception: TransportException): TransportException {
    // That of a sign-in is for others too.
    const own = copyException(exception);
    if (this.summary !== undefined) addToMessage(own, this.summary);
    if (this.#mayHaveArrived) Object.assign(own, { neverReached: false });
    return own;
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
