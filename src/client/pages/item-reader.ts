import { isException } from '../../exceptions/base.js';
import type { Page } from './page.js';

/** Reads the items of a list once, in order. After an exception `next()` goes on where it was. */
export class ItemReader<T> implements AsyncIterableIterator<T> {
  readonly #pages: AsyncIterableIterator<Page<T>>;
  #items: readonly T[] = [];
  #index = 0;
  /** The end of the call of `next()` before: calls wait for each other. */
  #turn: Promise<unknown> = Promise.resolve();

  constructor(pages: AsyncIterableIterator<Page<T>>) {
    this.#pages = pages;
  }

  next(): Promise<IteratorResult<T, undefined>> {
    const result = this.#turn.then(() => this.#next());
    this.#turn = result.catch(() => {});
    return result;
  }

  /** Ends the reading: requests under way are aborted. */
  async return(): Promise<IteratorReturnResult<undefined>> {
    this.#items = [];
    await this.#pages.return?.();
    return { done: true, value: undefined };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async #next(): Promise<IteratorResult<T, undefined>> {
    while (this.#index >= this.#items.length) {
      const { done, value } = await this.#pages.next();
      if (done) return { done: true, value: undefined };
      this.#items = (value as Page<T>).data;
      this.#index = 0;
    }
    const value = this.#items[this.#index] as T;
    this.#index += 1;
    return { done: false, value };
  }
}

/** Collects items. An exception carries those so far in `items`. */
export async function toArray<T>(source: AsyncIterable<T>): Promise<T[]> {
  const items: T[] = [];
  try {
    for await (const item of source) items.push(item);
    return items;
  } catch (error) {
    throw withItems(error, items);
  }
}

/** Adds to an exception the items that were read before. Not enumerable, so that thousands are not printed with it. */
export function withItems(error: unknown, items: readonly unknown[]): unknown {
  if (isException(error)) Object.defineProperty(error, 'items', { value: items, configurable: true });
  return error;
}
