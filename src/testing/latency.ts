import { setTimeout as sleep } from 'node:timers/promises';
import { type Check, must, optionsOf, wholeNumber } from '../config/check-options.js';
import { isRecord } from '../util/guards.js';
import type { DtoIn } from './commands/command.js';

/** How long the embedded API takes for a command. All times are in milliseconds. */
export interface LatencyModel {
  /** The time that each request takes. @defaultValue `0` */
  readonly perRequest?: number | undefined;
  /** The time that each item of a list in the response takes in addition. @defaultValue `0` */
  readonly perItem?: number | undefined;
  /** The number of requests that are served at once; the others wait in a queue. That of the real database is not known. @defaultValue no limit */
  readonly parallel?: number | undefined;
  /** A page with more items than this, of `outputType: 'full'`, never arrives: the client has to give up. @defaultValue no limit */
  readonly stallAbove?: number | undefined;
}

/** The longest time of a timer, in milliseconds. */
const LONGEST = 2 ** 31 - 1;

/** Whether a value is a number of milliseconds that a timer can wait for. */
export function isDelay(value: unknown): boolean {
  return typeof value === 'number' && value >= 0 && value <= LONGEST;
}

export const MILLISECONDS_EXPECTED: string = `a number of milliseconds from 0 to ${LONGEST}`;

/** Checks a number of milliseconds. */
export const MILLISECONDS: Check = must(isDelay, MILLISECONDS_EXPECTED);

const MODEL: Check = optionsOf({
  expectation: 'a number of milliseconds, or an object such as { perRequest: 1300, perItem: 40 }',
  table: {
    perRequest: MILLISECONDS,
    perItem: MILLISECONDS,
    parallel: wholeNumber('a number of requests, at least 1', 1),
    stallAbove: wholeNumber('a number of items'),
  },
});

/** Checks the option `latency`. */
export const LATENCY: Check = (value, name, faults) =>
  typeof value === 'number' ? MILLISECONDS(value, name, faults) : MODEL(value, name, faults);

type Wait = (milliseconds: number, gone: AbortSignal) => Promise<void>;

const waitFor: Wait = (milliseconds, signal) => sleep(milliseconds, undefined, { ref: false, signal });

/** Makes commands take time. */
export class Latency {
  readonly #model: LatencyModel;
  readonly #wait: Wait;
  readonly #queue = new Set<() => void>();
  #served = 0;

  /** @param wait - resolves after a number of milliseconds */
  constructor(given: number | LatencyModel = {}, wait: Wait = waitFor) {
    this.#model = typeof given === 'number' ? { perRequest: given } : given;
    this.#wait = wait;
  }

  /**
   * Runs a command when there is a place for it, and resolves after the time that it takes. An error takes the time
   * of a request.
   *
   * @param gone - aborted when the client has closed the connection
   */
  async serve<T extends object>(run: () => Promise<T>, input: DtoIn, gone: AbortSignal): Promise<T> {
    await this.#enter(gone);
    try {
      const [outcome] = await Promise.allSettled([run()]);
      const isDone = outcome.status === 'fulfilled';
      await this.#take(isDone ? outcome.value : {}, input, gone);
      if (isDone) return outcome.value;
      throw outcome.reason;
    } finally {
      this.#leave();
    }
  }

  async #enter(gone: AbortSignal): Promise<void> {
    gone.throwIfAborted();
    if (this.#served < (this.#model.parallel ?? Number.POSITIVE_INFINITY)) {
      this.#served += 1;
      return;
    }
    await new Promise<void>((resolve, reject) => {
      this.#queue.add(resolve);
      gone.addEventListener('abort', () => {
        if (this.#queue.delete(resolve)) reject(gone.reason);
      });
    });
  }

  /** Gives the place to the first request in the queue. */
  #leave(): void {
    const [next] = this.#queue;
    if (next === undefined) {
      this.#served -= 1;
      return;
    }
    this.#queue.delete(next);
    next();
  }

  async #take(result: object, input: DtoIn, gone: AbortSignal): Promise<void> {
    const { perRequest = 0, perItem = 0, stallAbove = Number.POSITIVE_INFINITY } = this.#model;
    const items = countItems(result);
    const isFullPage = 'pageInfo' in result && input['outputType'] === 'full';
    if (isFullPage && items > stallAbove) await never(gone);
    const time = Math.min(perRequest + perItem * items, LONGEST);
    if (time > 0) await this.#wait(time, gone);
  }
}

/** Returns the number of items in the list of a response; 0 where there is no list. */
function countItems(result: object): number {
  if (!isRecord(result)) return 0;
  const list = result['itemList'] ?? result['pageItemList'];
  return Array.isArray(list) ? list.length : 0;
}

/** Rejects when the client has closed the connection. */
function never(gone: AbortSignal): Promise<never> {
  gone.throwIfAborted();
  return new Promise((_, reject) => {
    gone.addEventListener('abort', () => reject(gone.reason));
  });
}
