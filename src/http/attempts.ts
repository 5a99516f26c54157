import { copyException, type TransportException } from '../exceptions/transport.js';
import type { Retry, RetryPolicy } from './retry-policy.js';

/** What is known of an attempt that failed. */
export interface FailedAttempt {
  /** Such as `503 Service Unavailable`. */
  readonly reason: string;
  /** Whether a further attempt may end otherwise. */
  readonly isTransient: boolean;
  /** Whether sending the request again is safe. */
  readonly mayRepeat: boolean;
  /** Whether the request may have reached the server. */
  readonly mayHaveArrived: boolean;
  /** What `Retry-After` asks for, in milliseconds. */
  readonly retryAfter: number | undefined;
}

/** Counts the attempts of one call, redirects and a second authentication included, and decides about further ones. */
export class Attempts {
  readonly policy: RetryPolicy;
  readonly #reasons: string[] = [];
  #retries = 0;
  #deadline: number | undefined;
  #why = '';
  #mayHaveArrived = false;
  #hasRepeated = false;

  constructor(policy: RetryPolicy) {
    this.policy = policy;
  }

  /**
   * Starts the time of `within` at the first attempt.
   *
   * @param timeout - the idle timeout of the request in milliseconds
   * @returns that of this attempt: a further one may be silent for no longer than is left of `within`
   */
  begin(timeout: number): number {
    this.#deadline ??= performance.now() + this.policy.within;
    if (this.#retries === 0 || timeout === 0) return timeout;
    return Math.max(1, Math.min(timeout, this.#deadline - performance.now()));
  }

  /** Notes that an attempt failed, and returns when the next one is due; undefined for never. */
  next({ reason, isTransient, mayRepeat, mayHaveArrived, retryAfter }: FailedAttempt): Retry | undefined {
    this.#mayHaveArrived ||= mayHaveArrived;
    this.#reasons.push(reason);
    if (!isTransient || !mayRepeat || this.#retries + 1 >= this.policy.tries) return undefined;
    const { maxRetryAfter, within } = this.policy;
    if (retryAfter !== undefined && retryAfter > maxRetryAfter) {
      this.#why = `, as the server asks to wait ${seconds(retryAfter)}, longer than ${seconds(maxRetryAfter)}`;
      return undefined;
    }
    const delay = (retryAfter ?? 0) + this.#backOff();
    if (performance.now() + delay >= (this.#deadline ?? 0)) {
      this.#why = `, as ${seconds(within)} would be over before the next`;
      return undefined;
    }
    this.#retries += 1;
    this.#hasRepeated = this.#mayHaveArrived;
    return { failedTries: this.#reasons.length, reason, delay };
  }

  /** How many attempts there were and why each failed, if there is more to say than that the only one failed. */
  get summary(): string | undefined {
    const reasons = this.#reasons;
    if (reasons.length < 2 && this.#why === '') return undefined;
    const list = reasons.map((reason, index) => `${index + 1}. ${reason}`);
    const tries = reasons.length === 1 ? '1 try' : `${reasons.length} tries`;
    return [`Gave up after ${tries}${this.#why}:`, ...list].join('\n');
  }

  /** Whether an attempt may have reached the server. */
  get mayHaveArrived(): boolean {
    return this.#mayHaveArrived;
  }

  /** Whether an attempt that may have reached the server was followed by another one. */
  get hasRepeated(): boolean {
    return this.#hasRepeated;
  }

  /** Makes an exception of the transport that speaks for all attempts, and not for the last alone. */
  explain(exception: TransportException): TransportException {
    // Other requests may be given the same one: that of a sign-in.
    const own = copyException(exception);
    if (this.summary !== undefined) addToMessage(own, this.summary);
    if (this.#mayHaveArrived) Object.assign(own, { neverReached: false });
    return own;
  }

  /** Full jitter: requests that failed together are not retried together. */
  #backOff(): number {
    const { baseDelay, maxDelay } = this.policy;
    return Math.random() * Math.min(maxDelay, baseDelay * 2 ** this.#retries);
  }
}

function addToMessage(error: Error, note: string): void {
  const { message, stack } = error;
  error.message = `${message}\n\n${note}`;
  if (stack !== undefined) error.stack = stack.replace(message, () => error.message);
}

function seconds(milliseconds: number): string {
  return `${Math.round(milliseconds / 100) / 10} s`;
}
