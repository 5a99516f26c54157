import { MANY } from '../requests/too-heavy.js';

/** The requests beyond one for each id that a chunk may take, retries not counted. */
const SPARE = 2;
/** How many times smaller the first group is after one that failed. Most of the ids are good, so it grows fast again. */
const SHRINK = 32;

/**
 * Decides how many ids of a chunk are asked for at once: all of them, until something fails.
 *
 * After a failure that does not name its reason first a small group is asked for, then twice as many after each success.
 * Each success of a group saves requests, each failure costs one, and where none is to spare the ids are asked for one
 * by one. So a chunk of n ids takes at most n + 2 requests.
 */
export class GroupSize {
  #limit: number;
  #size: number;
  #spare = SPARE;

  /** @param limit - the most ids that the server can answer at once, as far as that is known */
  constructor(limit: number) {
    this.#limit = limit;
    this.#size = limit;
  }

  /** The most ids that the server can answer at once. */
  get limit(): number {
    return this.#limit;
  }

  /** The number of ids to ask for. */
  get next(): number {
    return this.#spare > 0 ? Math.min(this.#size, this.#limit) : 1;
  }

  /** Counts a group that was read. */
  worked(length: number): void {
    this.#spare += length - 1;
    this.#size = length * 2;
  }

  /** Counts a group that failed, where it is known which of its ids are the reason. */
  named(culprits: number, length: number): void {
    this.#spare += culprits - 1;
    if (length === 1) this.#size = 2;
  }

  /** Counts a group that failed for an unknown reason, perhaps because it was too large. */
  failed(length: number, isTooLarge: boolean): void {
    this.#spare -= 1;
    this.#size = Math.ceil(length / SHRINK);
    if (isTooLarge) this.#limit = Math.floor(length / 2);
  }
}

/** Remembers how many ids the server can answer at once, where that are less than a whole chunk. */
export class ChunkSizes {
  #limit: number = Number.POSITIVE_INFINITY;
  /** The number of chunks that were read with this limit since one was too heavy. */
  #good = 0;

  /** The most ids of one request. */
  get limit(): number {
    return this.#limit;
  }

  /** Counts a chunk that was read with at most so many ids in a request. */
  worked(limit: number): void {
    if (limit >= this.#limit) {
      this.#good += 1;
      return;
    }
    if (this.#good < MANY) this.#limit = limit;
    this.#good = 0;
  }
}
