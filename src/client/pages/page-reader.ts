import { isException } from '../../exceptions/base.js';
import { isObject } from '../../util/guards.js';
import { sleep } from '../../util/sleep.js';
import { RequestWindow } from '../requests/request-window.js';
import { deservesSecondTry, isTooHeavy, MANY, SECOND_TRY } from '../requests/too-heavy.js';
import type { Listing, PageAnswer, PageInfo } from './listing.js';
import { Page } from './page.js';
import { type Segment, segmentAt, split, toPageInfo } from './segments.js';

/** A page that was asked for: its answers, several where it was split. */
interface PendingPage<T> {
  readonly segment: Segment;
  readonly answers: Promise<readonly PageAnswer<T>[] | { readonly error: unknown }>;
}

/** How a {@link PageReader} reads. */
interface ReadOptions<T> {
  /** A page that is already in hand, with which to begin. */
  readonly first?: Page<T>;
  /** The most pages to ask for ahead. @defaultValue as many as may be under way */
  readonly ahead?: number;
}

/**
 * Reads the pages of a list once, in order, some of them ahead.
 *
 * An object and not a generator, which is finished once it throws: here `next()` asks again for the page that failed.
 */
export class PageReader<T> implements AsyncIterableIterator<Page<T>> {
  readonly #listing: Listing<T>;
  readonly #window: RequestWindow;
  #controller = new AbortController();
  /** In the order of their offsets. */
  readonly #pending: PendingPage<T>[] = [];
  readonly #seen = new Set<unknown>();
  /** A page that is in hand before anything is asked for. */
  #first: Page<T> | undefined;
  /** The offset at which the reading starts. */
  readonly #start: number;
  /** The offset of the next page to ask for; Infinity after the last one. */
  #offset: number;
  #pageSize: number;
  /** Whether the server has pages of its own size: then it may not know smaller ones either. */
  #hasOwnSize = false;
  /** Where the list ends, or the caller's limit; undefined before the first page. */
  #total: number | undefined;
  #hasChanged = false;
  #itemsRead = 0;
  /** The number of pages of the whole page size that were answered since one was too heavy. */
  #wholePages = 0;
  #isDone = false;
  /** The end of the call of `next()` before: calls wait for each other. */
  #turn: Promise<unknown> = Promise.resolve();

  constructor(listing: Listing<T>, { first, ahead = listing.maxInFlight }: ReadOptions<T> = {}) {
    this.#listing = listing;
    this.#window = new RequestWindow(ahead, listing.isHeavy);
    this.#first = first;
    this.#start = first?.offset ?? listing.start;
    this.#offset = this.#start;
    this.#pageSize = listing.fit(listing.pageSize);
  }

  next(): Promise<IteratorResult<Page<T>, undefined>> {
    const result = this.#turn.then(() => this.#next());
    this.#turn = result.catch(() => {});
    return result;
  }

  /** Ends the reading: requests under way are aborted. */
  async return(): Promise<IteratorReturnResult<undefined>> {
    this.#isDone = true;
    this.#stop();
    return { done: true, value: undefined };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  #stop(): void {
    this.#pending.length = 0;
    this.#controller.abort();
  }

  async #next(): Promise<IteratorResult<Page<T>, undefined>> {
    while (!this.#isDone) {
      const page = this.#takeFirst() ?? (await this.#readPage());
      // `return()` was called meanwhile.
      if (this.#isDone) break;
      if (page === undefined) {
        await this.return();
        this.#reportChange();
        break;
      }
      this.#askAhead();
      // A page of which everything was handed out before: the list changed, or the server does not know pages.
      if (page.data.length === 0 && this.#itemsRead > 0) continue;
      this.#itemsRead += page.data.length;
      this.#reportProgress();
      return { done: false, value: page };
    }
    return { done: true, value: undefined };
  }

  #takeFirst(): Page<T> | undefined {
    const page = this.#first;
    if (page === undefined) return undefined;
    this.#first = undefined;
    for (const item of page.data) this.#seen.add(idOf(item));
    this.#total = page.total;
    this.#pageSize = this.#listing.fit(page.pageSize);
    this.#offset = page.end;
    return page;
  }

  /** The offset at which reading ends. */
  get #end(): number {
    const { start, limit } = this.#listing;
    return Math.min(this.#total ?? Infinity, start + limit);
  }

  async #readPage(): Promise<Page<T> | undefined> {
    const pending = this.#pending[0] ?? this.#askNext();
    if (pending === undefined) return undefined;
    const answers = await pending.answers;
    if (this.#isDone) return undefined;
    if ('error' in answers) {
      // The page that failed, and those after it, are asked for again by the next call.
      this.#stop();
      this.#controller = new AbortController();
      this.#offset = pending.segment.offset;
      throw withPageInfo(answers.error, pending.segment);
    }
    this.#pending.shift();
    return this.#toPage(pending.segment, answers);
  }

  /** Asks for the page at the current offset, unless the list ends there. */
  #askNext(): PendingPage<T> | undefined {
    const { start, limit } = this.#listing;
    if (this.#offset >= this.#end) return undefined;
    const segment = segmentAt(this.#offset, this.#pageSize, this.#hasOwnSize ? Infinity : start + limit);
    this.#offset += segment.size;
    const answers = this.#ask(segment).catch((error: unknown) => ({ error }));
    const pending = { segment, answers };
    this.#pending.push(pending);
    return pending;
  }

  /** Asks for pages ahead, once the first one has told how long the list is. */
  #askAhead(): void {
    while (this.#pending.length < this.#window.size && this.#askNext() !== undefined);
  }

  /** Asks for a segment; in parts where the server cannot answer so much at once. */
  async #ask(segment: Segment, isSecondTry = false): Promise<readonly PageAnswer<T>[]> {
    const { signal } = this.#controller;
    // It was planned before the server failed at so many items.
    const known = this.#listing.fit(segment.size) < segment.size ? split(segment) : undefined;
    if (known !== undefined) return this.#askParts(known);
    try {
      const answer = await this.#listing.ask(segment, signal);
      this.#window.succeeded(answer.items.length);
      if (segment.size >= this.#pageSize) this.#wholePages += 1;
      return [answer];
    } catch (error) {
      const parts = this.#listing.canSplit && isTooHeavy(error) ? split(segment) : undefined;
      if (parts === undefined || signal.aborted) throw error;
      if (this.#listing.retries && deservesSecondTry(error) && !isSecondTry) {
        await sleep(SECOND_TRY, signal);
        return this.#ask(segment, true);
      }
      this.#window.tooHeavy();
      // One page that is too heavy after many good ones says nothing about the others.
      const isOutlier = this.#wholePages >= MANY;
      this.#wholePages = 0;
      return this.#askParts(parts, isOutlier ? undefined : segment.size);
    }
  }

  /**
   * Asks for parts one at a time: what was too heavy once would be so again with all its parts at once.
   *
   * @param tooHeavy - the size to remember as too heavy, once a part has been answered
   */
  async #askParts(parts: readonly Segment[], tooHeavy?: number): Promise<readonly PageAnswer<T>[]> {
    const answers: PageAnswer<T>[] = [];
    for (const part of parts) {
      const last = answers.at(-1);
      if (last !== undefined && part.offset >= (last.pageInfo?.total ?? this.#total ?? 0)) break;
      answers.push(...(await this.#ask(part)));
      if (tooHeavy !== undefined) this.#listing.rememberTooHeavy(tooHeavy);
      this.#pageSize = this.#listing.fit(this.#pageSize);
    }
    return answers;
  }

  #toPage(segment: Segment, answers: readonly PageAnswer<T>[]): Page<T> {
    const { pageInfo: told, response } = answers.at(-1) as PageAnswer<T>;
    const items = answers.flatMap((answer) => answer.items);
    const isFirst = this.#total === undefined;
    const total = told?.total ?? this.#total ?? segment.offset + items.length;
    if (!isFirst && total !== this.#total) this.#hasChanged = true;
    this.#total = total;
    const shown = isFirst && answers.length === 1 ? this.#follow(segment, told) : segment;
    const { start, limit } = this.#listing;
    return new Page<T>({
      listing: this.#listing,
      ...toPageInfo(shown),
      offset: segment.offset,
      end: isFirst && told === undefined ? Infinity : shown.offset + shown.size,
      total,
      data: items.slice(0, start + limit - segment.offset).filter(this.#isNew),
      warnings: answers.flatMap(({ warnings }) => warnings),
      response,
    });
  }

  /** Follows the server where it answers to the first page with one of its own, and returns which one that is. */
  #follow(segment: Segment, told: PageInfo | undefined): Segment {
    if (told === undefined || !isPage(told, segment)) {
      // The server does not know pages, or not this one: there is no other.
      this.#offset = Infinity;
      return segment;
    }
    if (told.pageSize === segment.size) return segment;
    this.#pageSize = told.pageSize;
    this.#hasOwnSize = true;
    this.#offset = segment.offset + told.pageSize;
    return { offset: segment.offset, size: told.pageSize };
  }

  readonly #isNew = (item: T): boolean => {
    const id = idOf(item);
    if (id === undefined) return true;
    if (this.#seen.has(id)) return false;
    this.#seen.add(id);
    return true;
  };

  #reportProgress(): void {
    this.#listing.onProgress?.({ done: this.#itemsRead, total: this.#expected, failed: 0 });
  }

  /** The number of items between the start and the end. */
  get #expected(): number {
    return Math.max(0, this.#end - this.#start);
  }

  /** Says that the list changed while it was read, as far as that can be known: the database has no snapshot. */
  #reportChange(): void {
    const expected = this.#expected;
    if (this.#itemsRead === expected && !this.#hasChanged) return;
    this.#listing.onChange(this.#itemsRead, expected);
  }
}

/** Whether a page starts where the segment does. */
function isPage({ pageIndex, pageSize }: PageInfo, { offset }: Segment): boolean {
  return pageSize > 0 && pageIndex * pageSize === offset;
}

function idOf(item: unknown): unknown {
  return isObject(item) ? (item as { id?: unknown }).id : undefined;
}

/** Adds to an exception which page it is about. */
function withPageInfo(error: unknown, segment: Segment): unknown {
  if (isException(error)) Object.assign(error, { pageInfo: toPageInfo(segment) });
  return error;
}
