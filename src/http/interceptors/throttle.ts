import { sleep } from '../../util/sleep.js';
import { withLimits } from '../limits.js';
import type { HttpRequest, Interceptor, RequestContext } from '../request.js';
import { requestInput } from '../response-input.js';
import { parseRetryAfter } from '../retry-after.js';
import { originOf } from '../url.js';

/** The statuses by which a server asks for a pause (RFC 6585, section 4; RFC 9110, section 15.6.4). */
const BUSY: ReadonlySet<number> = new Set([429, 503]);
/** The longest pause, in milliseconds. */
const LONGEST_PAUSE = 60_000;

/** Spaces the requests to one server: one after the other is started, retries included. */
class Throttle {
  readonly #minInterval: number;
  #notBefore = 0;
  #waiting = 0;
  #lastStart: Promise<void> = Promise.resolve();

  constructor(minInterval: number) {
    this.#minInterval = minInterval;
  }

  /** Starts no request for the given number of milliseconds. */
  pause(delay: number): void {
    this.#notBefore = Math.max(this.#notBefore, performance.now() + delay);
  }

  /** Starts a request, if it need not wait. */
  tryStart(): boolean {
    if (this.#waiting > 0 || performance.now() < this.#notBefore) return false;
    if (this.#minInterval > 0) this.pause(this.#minInterval);
    return true;
  }

  /**
   * Waits until a request may start; then it has started.
   *
   * @throws Aborted
   */
  start(request: HttpRequest, { signal, token }: RequestContext): Promise<void> {
    this.#waiting += 1;
    const start = this.#lastStart.then(() => this.#wait(signal));
    // The next request waits until this one has started or was aborted.
    this.#lastStart = start
      .catch(() => {})
      .finally(() => {
        this.#waiting -= 1;
      });
    return withLimits(start, { request: requestInput(request, token), signal, neverReached: true });
  }

  async #wait(signal: AbortSignal): Promise<void> {
    for (;;) {
      signal.throwIfAborted();
      const delay = this.#notBefore - performance.now();
      if (delay <= 0) break;
      await sleep(delay, signal);
    }
    this.pause(this.#minInterval);
  }
}

/**
 * Keeps a minimum interval between the starts of two requests to one server, and a pause that a server asked for.
 *
 * @param minInterval - in milliseconds
 */
export function throttle(minInterval: number): Interceptor {
  const servers = new Map<string, Throttle>();
  return async (request, context, next) => {
    const origin = originOf(request.url);
    let server = servers.get(origin);
    if (server === undefined) {
      server = new Throttle(minInterval);
      servers.set(origin, server);
    }
    if (!server.tryStart()) await server.start(request, context);
    const response = await next(request, context);
    if (BUSY.has(response.status)) {
      server.pause(Math.min(parseRetryAfter(response.headers) ?? 0, LONGEST_PAUSE));
    }
    return response;
  };
}
