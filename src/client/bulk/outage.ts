import type { ITkDBException } from '../../exceptions/base.js';

/** After so many failures in a row the server counts as unreachable. */
const GIVE_UP = 4;

/** Notices that the server cannot be reached: then the other requests need not be sent. */
export class Outage {
  #failures = 0;
  #last: ITkDBException | undefined;

  /** Why the server cannot be reached; undefined as long as it perhaps can. */
  get error(): ITkDBException | undefined {
    return this.#failures >= GIVE_UP ? this.#last : undefined;
  }

  /** Counts a request that failed although its ids are perhaps good. */
  failed(error: ITkDBException): void {
    this.#failures += 1;
    this.#last = error;
  }

  /** Counts a request that was answered. */
  answered(): void {
    this.#failures = 0;
  }
}
