import { Cancellation } from './cancellation.js';
import { type Limits, withLimits } from './limits.js';

/** Who waits, for what, and how it is to be done. */
export interface Passenger<Way> extends Limits {
  readonly way: Way;
}

interface Flight<T, Way> {
  readonly way: Way;
  readonly answer: Promise<T>;
  readonly cancellation: Cancellation;
  waiting: number;
  isOver: boolean;
}

/** Work that is under way, such as requests, so that whoever asks for the same in the same way can wait for its outcome. */
export class Flights<T, Way = undefined> {
  readonly #flights = new Map<string, Flight<T, Way>[]>();
  readonly #isSame: (one: Way, other: Way) => boolean;

  /** @param isSame - whether two ways to do the same come to the same; looked at where there are two, and not before */
  constructor(isSame: (one: Way, other: Way) => boolean = () => true) {
    this.#isSame = isSame;
  }

  /**
   * Waits for work that is under way, or starts it. Whoever gives up does so alone: the work itself is only ended when
   * nobody waits for it any more.
   *
   * @throws Aborted where the signal fires, and what `start` throws
   */
  async join(
    key: string,
    { way, ...limits }: Passenger<Way>,
    start: (cancellation: Cancellation) => Promise<T>,
  ): Promise<T> {
    const flight = this.#find(key, way) ?? this.#start(key, way, start);
    flight.waiting += 1;
    try {
      return await withLimits(flight.answer, limits);
    } finally {
      flight.waiting -= 1;
      if (flight.waiting === 0 && !flight.isOver) this.#end(key, flight, limits.signal?.reason);
    }
  }

  /** Ends all work that is under way. */
  end(reason: unknown): void {
    for (const [key, flights] of this.#flights)
      for (const flight of [...flights]) this.#end(key, flight, reason);
  }

  has(key: string, way: Way): boolean {
    return this.#find(key, way) !== undefined;
  }

  /** Lets nobody join those that are under way: what they bring may be older than what has just been written. */
  seal(): void {
    this.#flights.clear();
  }

  #find(key: string, way: Way): Flight<T, Way> | undefined {
    return this.#flights.get(key)?.find((flight) => this.#isSame(flight.way, way));
  }

  #start(key: string, way: Way, start: (cancellation: Cancellation) => Promise<T>): Flight<T, Way> {
    const cancellation = new Cancellation();
    const answer = start(cancellation).finally(() => {
      flight.isOver = true;
      this.#forget(key, flight);
    });
    const flight: Flight<T, Way> = { way, answer, cancellation, waiting: 0, isOver: false };
    this.#flights.set(key, [...(this.#flights.get(key) ?? []), flight]);
    return flight;
  }

  #end(key: string, flight: Flight<T, Way>, reason: unknown): void {
    this.#forget(key, flight);
    flight.answer.catch(() => {});
    flight.cancellation.abort(reason);
  }

  #forget(key: string, flight: Flight<T, Way>): void {
    const others = this.#flights.get(key)?.filter((other) => other !== flight) ?? [];
    if (others.length > 0) this.#flights.set(key, others);
    else this.#flights.delete(key);
  }
}
