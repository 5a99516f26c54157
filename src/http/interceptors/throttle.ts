import { sleep } from '../../util/sleep.js';
import type { Abortable } from '../cancellation.js';
import { withLimits } from '../limits.js';
import { parseRetryAfter } from '../retry-budget.js';
import type { Exchange, WireConfig } from '../wire.js';

/** The statuses by which a server asks to be left alone for a while (RFC 6585, section 4; RFC 9110, section 15.6.4). */
const BUSY: ReadonlySet<number> = new Set([429, 503]);
/** For how long it is left alone at the most, in milliseconds. */
const LONGEST_HOLD = 60_000;

/** Spaces out the requests to one server: one after the other gets its turn, further tries included. */
export class Pacer {
  readonly #minInterval: number;
  #notBefore = 0;
  #waiting = 0;
  #lastTurn: Promise<void> = Promise.resolve();

  /** @param minInterval - between the starts of two requests, in milliseconds */
  constructor(minInterval: number) {
    this.#minInterval = minInterval;
  }

  /** Lets nobody start for so many milliseconds. */
  holdOff(delay: number): void {
    this.#notBefore = Math.max(this.#notBefore, performance.now() + delay);
  }

  /** Whether a request may start at once; if so it has started. */
  tryStart(): boolean {
    if (this.#waiting > 0 || performance.now() < this.#notBefore) return false;
    this.holdOff(this.#minInterval);
    return true;
  }

  /**
   * Waits for the turn of a request; then it has started.
   *
   * @throws Aborted
   */
  start(config: WireConfig): Promise<void> {
    const { signal } = config;
    this.#waiting += 1;
    const turn = this.#lastTurn.then(() => this.#wait(signal));
    // Whoever comes next waits for this turn to be over, however it ends.
    this.#lastTurn = turn
      .catch(() => {})
      .finally(() => {
        this.#waiting -= 1;
      });
    return withLimits(turn, { request: config, signal });
  }

  async #wait(signal: Abortable | undefined): Promise<void> {
    for (;;) {
      signal?.throwIfAborted();
      const delay = this.#notBefore - performance.now();
      if (delay <= 0) break;
      await sleep(delay, signal);
    }
    this.holdOff(this.#minInterval);
  }
}

/**
 * Keeps the least time between the starts of two requests to one server, and leaves a server alone that asked for it.
 *
 * @param pacerFor - the pacer of a URL's server
 */
export function withPacer(pacerFor: (url: string) => Pacer, next: Exchange): Exchange {
  return async (config) => {
    const pacer = pacerFor(config.url);
    if (!pacer.tryStart()) await pacer.start(config);
    const response = await next(config);
    if (BUSY.has(response.status)) {
      pacer.holdOff(Math.min(parseRetryAfter(response.headers) ?? 0, LONGEST_HOLD));
    }
    return response;
  };
}
