import type { SessionResponse } from '../../session/request-options.js';
import type { Warning } from '../warnings.js';
import { ItemReader, toArray } from './item-reader.js';
import type { Listing } from './listing.js';
import type { Page } from './page.js';
import { PageReader } from './page-reader.js';

/**
 * A list that is asked for when it is used: `await` gives its first {@link Page}, `for await` its items, page by page.
 * Each iteration sends the requests again.
 *
 * ```ts
 * for await (const component of client.list('listComponents', { filterMap })) …
 * const { total } = await client.list('listComponents', { filterMap });
 * ```
 */
export class PagePromise<T> extends Promise<Page<T>> implements AsyncIterable<T> {
  /** `then` and `finally` give ordinary promises. */
  static override get [Symbol.species](): PromiseConstructor {
    return Promise;
  }

  readonly #listing: Listing<T>;
  #first: Promise<Page<T>> | undefined;

  /** @internal */
  constructor(listing: Listing<T>) {
    super(() => {});
    this.#listing = listing;
  }

  /** The requests of the list. @internal */
  get listing(): Listing<T> {
    return this.#listing;
  }

  // biome-ignore lint/suspicious/noThenProperty: a promise has one; nothing is sent before it is called
  override then<Result = Page<T>, Failure = never>(
    onFulfilled?: ((page: Page<T>) => Result | PromiseLike<Result>) | null,
    onRejected?: ((reason: unknown) => Failure | PromiseLike<Failure>) | null,
  ): Promise<Result | Failure> {
    this.#first ??= this.#readFirst();
    return this.#first.then(onFulfilled, onRejected);
  }

  /** The first page beside the response that it was read from, and the warnings of the server. */
  async withResponse(): Promise<{ data: Page<T>; response: SessionResponse; warnings: readonly Warning[] }> {
    const data = await this;
    return { data, response: data.response, warnings: data.warnings };
  }

  /** Iterates over the pages. */
  pages(): AsyncIterableIterator<Page<T>> {
    return new PageReader(this.#listing);
  }

  /** Iterates over the items. */
  [Symbol.asyncIterator](): AsyncIterableIterator<T> {
    return new ItemReader(this.pages());
  }

  /**
   * Collects the items.
   *
   * @throws what `client.get` throws; the exception has the items so far in `items`
   */
  toArray(): Promise<T[]> {
    return toArray(this);
  }

  async #readFirst(): Promise<Page<T>> {
    const reader = new PageReader(this.#listing, { ahead: 0 });
    const { value } = await reader.next();
    return value as Page<T>;
  }
}
