import type { SessionResponse } from '../../session/request-options.js';
import type { Warning } from '../warnings.js';
import { ItemReader, toArray } from './item-reader.js';
import type { Listing } from './listing.js';
import { PageReader } from './page-reader.js';

/** The parts of a {@link Page}. */
export interface PageParts<T> {
  readonly listing: Listing<T>;
  readonly data: T[];
  readonly total: number;
  readonly pageIndex: number;
  readonly pageSize: number;
  /** The offset of its first item. */
  readonly offset: number;
  /** The offset of the next page; Infinity where there is none. */
  readonly end: number;
  readonly warnings: readonly Warning[];
  readonly response: SessionResponse;
}

/**
 * One page of a list. Iterated, it gives its own items and those of all later pages:
 *
 * ```ts
 * for await (const component of await client.get('listComponents', { data: { filterMap } })) …
 * ```
 */
export class Page<T> implements AsyncIterable<T> {
  /** The items of this page. */
  readonly data: T[];
  /** The number of items of the whole list, as the server says. */
  readonly total: number;
  /** The number of this page, from 0. */
  readonly pageIndex: number;
  /** The number of items of a full page. */
  readonly pageSize: number;
  /** The warnings of the server about this page. */
  readonly warnings: readonly Warning[];
  readonly #parts: PageParts<T>;

  /** @internal */
  constructor(parts: PageParts<T>) {
    this.#parts = parts;
    this.data = parts.data;
    this.total = parts.total;
    this.pageIndex = parts.pageIndex;
    this.pageSize = parts.pageSize;
    this.warnings = parts.warnings;
  }

  /** The response that the page was read from; the last one where the page was read in parts. */
  get response(): SessionResponse {
    return this.#parts.response;
  }

  /** The offset of the first item. @internal */
  get offset(): number {
    return this.#parts.offset;
  }

  /** The offset of the next page. @internal */
  get end(): number {
    return this.#parts.end;
  }

  /** Whether the list goes on after this page; a `limit` ends it too. */
  hasNextPage(): boolean {
    const { start, limit } = this.#parts.listing;
    return this.end < Math.min(this.total, start + limit);
  }

  /** Reads the next page; undefined after the last one. See `client.get` for what it throws. */
  async nextPage(): Promise<Page<T> | undefined> {
    const reader = new PageReader(this.#parts.listing, { first: this, ahead: 0 });
    try {
      await reader.next();
      const { value } = await reader.next();
      return value;
    } finally {
      await reader.return();
    }
  }

  /** Iterates over this page and all later ones. */
  pages(): AsyncIterableIterator<Page<T>> {
    return new PageReader(this.#parts.listing, { first: this });
  }

  /** Iterates over the items of this page and of all later ones. */
  [Symbol.asyncIterator](): AsyncIterableIterator<T> {
    return new ItemReader(this.pages());
  }

  /**
   * Collects the items of this page and of all later ones.
   *
   * @throws what `client.get` throws; the exception has the items so far in `items`
   */
  toArray(): Promise<T[]> {
    return toArray(this);
  }
}
