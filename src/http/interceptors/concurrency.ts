import type { Abortable } from '../cancellation.js';
import { toTransportException } from '../transport/errors.js';
import type { Exchange } from '../wire.js';

/** Lets so many requests through at a time; the others wait in the order in which they came. */
export class Limiter {
  readonly #maxConcurrency: number;
  readonly #waiting = new Set<() => void>();
  // One iterator for as long as somebody waits: a new one would walk over the places of all who have gone.
  #queue = this.#waiting.values();
  #active = 0;

  constructor(maxConcurrency: number) {
    this.#maxConcurrency = maxConcurrency;
  }

  /** Whether a request may start at once; if so it has started, and has to {@link Limiter.leave}. */
  tryEnter(): boolean {
    const isFree = this.#active < this.#maxConcurrency;
    if (isFree) this.#active += 1;
    return isFree;
  }

  /**
   * Waits for a place; then the request has started, and has to {@link Limiter.leave}.
   *
   * @throws the signal's reason
   */
  enter(signal?: Abortable): Promise<void> {
    return new Promise((resolve, reject) => {
      const go = (): void => {
        signal?.removeEventListener('abort', onAbort);
        resolve();
      };
      const onAbort = (): void => {
        this.#waiting.delete(go);
        reject(signal?.reason);
      };
      if (signal?.aborted) return onAbort();
      signal?.addEventListener('abort', onAbort);
      if (this.tryEnter()) go();
      else this.#waiting.add(go);
    });
  }

  /** Gives the place to whoever has waited longest. */
  leave(): void {
    if (this.#waiting.size === 0) this.#active -= 1;
    else this.#takeFirst()();
  }

  #takeFirst(): () => void {
    let first = this.#queue.next();
    if (first.done) {
      this.#queue = this.#waiting.values();
      first = this.#queue.next();
    }
    const go = first.value as () => void;
    this.#waiting.delete(go);
    return go;
  }
}

/**
 * Holds requests back so that no server has more of them at a time than it is polite to send. The place of a request
 * is free again when its answer is there: of a streamed one, when its head is, because nobody knows when it is read.
 *
 * @param limiterFor - the limiter of a URL's server
 */
export function withLimiter(limiterFor: (url: string) => Limiter, next: Exchange): Exchange {
  return async (config) => {
    const limiter = limiterFor(config.url);
    if (!limiter.tryEnter()) {
      await limiter.enter(config.signal).catch((reason) => {
        throw toTransportException(reason, config);
      });
    }
    try {
      return await next(config);
    } finally {
      limiter.leave();
    }
  };
}
