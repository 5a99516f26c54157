import { InvalidInvocation } from '../../exceptions/base.js';
import { offAbort, onAbort } from '../../util/abort.js';
import type { Interceptor } from '../request.js';
import { requestInput } from '../response-input.js';
import { toTransportException } from '../transport/errors.js';
import { originOf } from '../url.js';

/**
 * How many requests may be under way to one server at a time. The others wait, first in first out.
 *
 * Each session has one of its own, unless `maxConcurrency` gives several sessions the same object: a web tool that makes
 * one session for each visitor still sends the database no more than that many requests at a time.
 *
 * ```ts
 * import { ConcurrencyLimit, Session, UserBearer } from 'itkdb';
 *
 * const maxConcurrency = new ConcurrencyLimit(16);
 * const sessionOf = (bearer: string) => new Session({ user: new UserBearer({ bearer }), maxConcurrency });
 * ```
 */
export class ConcurrencyLimit {
  /** The number of requests to one server at a time. */
  readonly max: number;
  readonly #servers = new Map<string, Slots>();

  /** @throws InvalidInvocation where the number is not a whole number of at least 1, or Infinity */
  constructor(max: number) {
    if (max !== Infinity && !(Number.isInteger(max) && max >= 1))
      throw new InvalidInvocation(
        'new ConcurrencyLimit: must be given a whole number, at least 1, or Infinity',
      );
    this.max = max;
  }

  /**
   * @internal
   * Takes a slot, or waits for one.
   *
   * @returns undefined where there was a free slot
   * @throws the signal's reason, when it is aborted
   */
  enter(origin: string, signal: AbortSignal): Promise<void> | undefined {
    let slots = this.#servers.get(origin);
    if (slots === undefined) {
      slots = new Slots();
      this.#servers.set(origin, slots);
    }
    if (slots.active >= this.max) return slots.wait(signal);
    slots.active += 1;
    return undefined;
  }

  /** @internal Gives a slot back: to the request that has waited longest, if there is one. */
  leave(origin: string): void {
    const slots = this.#servers.get(origin) as Slots;
    if (!slots.startNext()) slots.active -= 1;
  }
}

/** The slots of one server. */
class Slots {
  active = 0;
  readonly #waiting = new Set<() => void>();
  // One iterator as long as requests wait: each new one would pass over all that have left the set.
  #queue = this.#waiting.values();

  wait(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const start = (): void => {
        offAbort(signal, leave);
        resolve();
      };
      const leave = (): void => {
        this.#waiting.delete(start);
        reject(signal.reason);
      };
      if (signal.aborted) return leave();
      onAbort(signal, leave);
      this.#waiting.add(start);
    });
  }

  /** @returns whether a request was waiting */
  startNext(): boolean {
    if (this.#waiting.size === 0) return false;
    let first = this.#queue.next();
    if (first.done) {
      this.#queue = this.#waiting.values();
      first = this.#queue.next();
    }
    const start = first.value as () => void;
    this.#waiting.delete(start);
    start();
    return true;
  }
}

/**
 * Holds requests back so that no server has more of them at a time than the limit allows. The slot is free again when
 * the response is there: for a streamed one, when its head is, because nobody knows when the caller reads the rest.
 */
export function concurrency(limit: ConcurrencyLimit): Interceptor {
  return async (request, context, next) => {
    const origin = originOf(request.url);
    const waiting = limit.enter(origin, context.signal);
    if (waiting !== undefined) {
      await waiting.catch((reason: unknown) => {
        throw toTransportException(reason, {
          ...requestInput(request, context.token),
          signal: context.signal,
          neverReached: true,
        });
      });
    }
    try {
      return await next(request, context);
    } finally {
      limit.leave(origin);
    }
  };
}
