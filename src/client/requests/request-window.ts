/** What is heavy starts with so many requests at a time. */
const FIRST = 4;

/**
 * How many requests of one job are under way at a time.
 *
 * What is cheap for the server starts at the most that is allowed. What is heavy starts at 4, and is allowed twice as
 * many while that brings more items a second; after a timeout half as many.
 */
export class RequestWindow {
  readonly #most: number;
  #size: number;
  #best = 0;
  #completed = 0;
  #items = 0;
  #roundStart = performance.now();

  constructor(most: number, isHeavy: boolean) {
    this.#most = most;
    this.#size = isHeavy ? Math.min(FIRST, most) : most;
  }

  /** The number of requests that may be under way. */
  get size(): number {
    return this.#size;
  }

  /** Counts a request that was answered with this number of items. */
  succeeded(items: number): void {
    this.#completed += 1;
    this.#items += items;
    if (this.#completed < this.#size || this.#size === this.#most) return;
    const rate = this.#items / (performance.now() - this.#roundStart);
    if (rate > this.#best) {
      this.#best = rate;
      this.#size = Math.min(this.#size * 2, this.#most);
    }
    this.#startRound();
  }

  /** Counts a request that was too heavy for the server. */
  tooHeavy(): void {
    this.#size = Math.min(this.#most, Math.max(1, Math.floor(this.#size / 2)));
    this.#best = 0;
    this.#startRound();
  }

  #startRound(): void {
    this.#completed = 0;
    this.#items = 0;
    this.#roundStart = performance.now();
  }
}
