import { toArray } from '../pages/item-reader.js';
import type { PagePromise } from '../pages/page-promise.js';
import type { Progress } from '../requests/progress.js';

/** Options of a {@link MergedList}. */
interface MergedListOptions {
  readonly limit: number | undefined;
  readonly onProgress: ((progress: Progress) => void) | undefined;
  /** Called at the end of an iteration that gave nothing. */
  readonly onEmpty: () => Promise<void>;
}

/**
 * Several lists in one, without the items that an earlier list has. It has no pages, and how many items it has is not
 * known before its end. Each iteration sends the requests again.
 */
export class MergedList<T extends { readonly id: string }> implements AsyncIterable<T> {
  readonly #lists: readonly PagePromise<T>[];
  readonly #options: MergedListOptions;

  /** @internal */
  constructor(lists: readonly PagePromise<T>[], options: MergedListOptions) {
    this.#lists = lists;
    this.#options = options;
  }

  /** Iterates over the items: those of the first list, and then those that only the next list has. */
  async *[Symbol.asyncIterator](): AsyncGenerator<T, void, undefined> {
    const { limit = Number.POSITIVE_INFINITY, onProgress, onEmpty } = this.#options;
    const seen = new Set<string>();
    for (const list of this.#lists) {
      for await (const page of list.pages()) {
        const items = page.data.filter(({ id }) => !seen.has(id)).slice(0, limit - seen.size);
        for (const { id } of items) seen.add(id);
        onProgress?.({ done: seen.size, total: undefined, failed: 0 });
        yield* items;
        if (seen.size >= limit) return;
      }
    }
    if (seen.size === 0) await onEmpty();
  }

  /**
   * Collects the items.
   *
   * @throws what `client.get` throws; the exception has the items so far in `items`
   */
  toArray(): Promise<T[]> {
    return toArray(this);
  }
}
