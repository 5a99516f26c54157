import { type Abortable, Cancellation } from './cancellation.js';
import { withLimits } from './limits.js';

interface Flight<T> {
  readonly answer: Promise<T>;
  readonly cancellation: Cancellation;
  waiting: number;
  isOver: boolean;
}

/** Work that is under way, such as requests, so that whoever asks for the same can wait for the same outcome. */
export class Flights<T> {
  readonly #flights = new Map<string, Flight<T>>();

  /**
   * Waits for work that is under way, or starts it. Whoever gives up does so alone: the work itself is only ended when
   * nobody waits for it any more.
   *
   * @param what - names it in the exception of whoever gives up
   * @throws Aborted where the signal fires, and what `start` throws
   */
  async join(
    key: string,
    { what, signal }: { readonly what: string; readonly signal: Abortable | undefined },
    start: (cancellation: Cancellation) => Promise<T>,
  ): Promise<T> {
    const flight = this.#flights.get(key) ?? this.#start(key, start);
    flight.waiting += 1;
    try {
      return await withLimits(flight.answer, { what, signal });
    } finally {
      flight.waiting -= 1;
      if (flight.waiting === 0 && !flight.isOver) this.#end(key, flight, signal?.reason);
    }
  }

  /** Ends all work that is under way. */
  end(reason: unknown): void {
    for (const [key, flight] of this.#flights) this.#end(key, flight, reason);
  }

  has(key: string): boolean {
    return this.#flights.has(key);
  }

  /** Lets nobody join those that are under way: what they bring may be older than what has just been written. */
  seal(): void {
    this.#flights.clear();
  }

  #start(key: string, start: (cancellation: Cancellation) => Promise<T>): Flight<T> {
    const cancellation = new Cancellation();
    const answer = start(cancellation).finally(() => {
      flight.isOver = true;
      this.#forget(key, flight);
    });
    const flight: Flight<T> = { answer, cancellation, waiting: 0, isOver: false };
    this.#flights.set(key, flight);
    return flight;
  }

  #end(key: string, flight: Flight<T>, reason: unknown): void {
    this.#forget(key, flight);
    flight.answer.catch(() => {});
    flight.cancellation.abort(reason);
  }

  #forget(key: string, flight: Flight<T>): void {
    if (this.#flights.get(key) === flight) this.#flights.delete(key);
  }
}
