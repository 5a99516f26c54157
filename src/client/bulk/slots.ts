import type { RequestWindow } from '../requests/request-window.js';

/** Runs as many tasks at a time as a window allows; the others wait. */
export class Slots {
  readonly #window: RequestWindow;
  readonly #waiting: (() => void)[] = [];
  #running = 0;

  constructor(window: RequestWindow) {
    this.#window = window;
  }

  /** Whether a task would start at once. */
  get isFree(): boolean {
    return this.#running < this.#window.size;
  }

  async run<T>(task: () => Promise<T>): Promise<T> {
    if (this.isFree) this.#running += 1;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    try {
      return await task();
    } finally {
      this.#running -= 1;
      while (this.#waiting.length > 0 && this.#running < this.#window.size) {
        this.#running += 1;
        this.#waiting.shift()?.();
      }
    }
  }
}
