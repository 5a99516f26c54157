import { toTransportException } from './transport-errors.js';
import type { Exchange, WireConfig } from './wire.js';

/** How many requests may be under way to one server. */
export interface LimiterOptions {
  /** At a time. */
  readonly maxConcurrency: number;
  /** Between the starts of two, in milliseconds. */
  readonly minInterval: number;
}

/** Lets so many requests through at a time; the others wait in the order in which they came. */
export class Limiter {
  readonly #options: LimiterOptions;
  readonly #waiting = new Set<() => void>();
  // One iterator for as long as somebody waits: a new one would walk over the places of all who have gone.
  #queue = this.#waiting.values();
  #active = 0;
  #notBefore = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: LimiterOptions) {
    this.#options = options;
  }

  /** Whether a request may start at once; if so it has started, and has to {@link Limiter.leave}. */
  tryEnter(): boolean {
    const isFree = this.#waiting.size === 0 && this.#mayStart();
    if (isFree) this.#start();
    return isFree;
  }

  /**
   * Waits until a request may start; then it has started, and has to {@link Limiter.leave}.
   *
   * @throws the signal's reason
   */
  enter(signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const go = (): void => {
        signal?.removeEventListener('abort', onAbort);
        resolve();
      };
      const onAbort = (): void => {
        this.#waiting.delete(go);
        reject(signal?.reason);
      };
      this.#waiting.add(go);
      if (signal?.aborted) return onAbort();
      signal?.addEventListener('abort', onAbort, { once: true });
      this.#admit();
    });
  }

  leave(): void {
    this.#active -= 1;
    this.#admit();
  }

  /** Lets nobody in for so many milliseconds. */
  holdOff(delay: number): void {
    this.#notBefore = Math.max(this.#notBefore, performance.now() + delay);
  }

  #admit(): void {
    while (this.#waiting.size > 0 && this.#mayStart()) {
      const go = this.#takeFirst();
      this.#start();
      go();
    }
    const isHeldOff = this.#waiting.size > 0 && this.#active < this.#options.maxConcurrency;
    if (!isHeldOff || this.#timer !== undefined) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#admit();
    }, this.#notBefore - performance.now());
  }

  #takeFirst(): () => void {
    let first = this.#queue.next();
    if (first.done) {
      this.#queue = this.#waiting.values();
      first = this.#queue.next();
    }
    this.#waiting.delete(first.value as () => void);
    return first.value as () => void;
  }

  #mayStart(): boolean {
    return this.#active < this.#options.maxConcurrency && performance.now() >= this.#notBefore;
  }

  #start(): void {
    this.#active += 1;
    if (this.#options.minInterval > 0) this.holdOff(this.#options.minInterval);
  }
}

/** One {@link Limiter} for each server. */
export class Limiters {
  readonly #options: LimiterOptions;
  readonly #byOrigin = new Map<string, Limiter>();

  constructor(options: LimiterOptions) {
    this.#options = options;
  }

  for(url: string): Limiter {
    const { origin } = new URL(url);
    const limiter = this.#byOrigin.get(origin) ?? new Limiter(this.#options);
    this.#byOrigin.set(origin, limiter);
    return limiter;
  }
}

/**
 * Holds requests back so that no server has more of them at a time than it is polite to send. The place of a request
 * is free again when its answer is there: of a streamed one, when its head is, because nobody knows when it is read.
 *
 * @param refresh - renews what may have gone stale while a request waited, such as the bearer
 */
export function withLimiter(
  limiters: Limiters,
  refresh: (config: WireConfig) => Promise<WireConfig>,
  next: Exchange,
): Exchange {
  return async (config) => {
    const limiter = limiters.for(config.url);
    const waits = !limiter.tryEnter();
    if (waits) {
      await limiter.enter(config.signal as AbortSignal | undefined).catch((reason) => {
        throw toTransportException(reason, config);
      });
    }
    try {
      return await next(waits ? await refresh(config) : config);
    } finally {
      limiter.leave();
    }
  };
}
