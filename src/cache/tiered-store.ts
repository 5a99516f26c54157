import { setImmediate as turn } from 'node:timers/promises';
import type { Logger } from '../config/logger.js';
import { ITkDBException, isException } from '../exceptions/base.js';
import { withLimits } from '../http/limits.js';
import { messageOf } from '../util/errors.js';
import { decode, type Entry, encode, sizeOf } from './entry.js';
import type { CacheSize, Store } from './store.js';

const MEMORY = 64 * 1024 * 1024; // bytes that entries may take in memory
const BACKLOG = 64 * 1024 * 1024; // bytes that may wait to be written; more are not written
const PARALLEL = 4; // entries that are written at a time
const PAUSE = 50; // ms: writing slows requests down, so it starts when nothing new has come for this long
const LATEST = 1000; // ms: it starts after this long in any case, so that a crash loses no more
const CLOSING = 5000; // ms: how long closing waits until all is written

/**
 * A store with memory in front: the entries in use, and those that wait to be written. What was put is there at once, and
 * written after the requests that brought it. An error of the store is a miss and, the first time, a warning.
 */
export class TieredStore {
  readonly #store: Store;
  readonly #logger: Logger;
  /** Least recently used first: a map lists its keys in the order in which they were set. */
  readonly #memory = new Map<string, Entry>();
  #memoryBytes = 0;
  readonly #waiting = new Map<string, Entry>();
  readonly #writing = new Map<string, Entry>();
  readonly #warnings = new Set<string>();
  #hasResponses = false;
  /** Incremented when an entry is changed: what was read before that is not taken into memory. */
  #version = 0;
  #backlog = 0;
  #timer: NodeJS.Timeout | undefined;
  #waitingSince = 0;
  #batch: Promise<unknown> | undefined;
  #draining: Promise<void> | undefined;

  constructor(store: Store, logger: Logger) {
    this.#store = store;
    this.#logger = logger;
  }

  /** Whether there is no response, as far as that is known without a lookup. */
  get isEmpty(): boolean {
    if (this.#hasResponses) return false;
    try {
      return this.#store.isEmpty;
    } catch (error) {
      this.#warn('read', error);
      return true;
    }
  }

  /** Returns the entry in memory. */
  peek(key: string): Entry | undefined {
    const entry = this.#memory.get(key);
    if (entry === undefined || !this.#memory.delete(key)) return undefined;
    this.#memory.set(key, entry);
    this.#store.used?.(key);
    return entry;
  }

  get(key: string): Promise<Entry | undefined> | Entry | undefined {
    return this.peek(key) ?? this.#waiting.get(key) ?? this.#writing.get(key) ?? this.#read(key);
  }

  put(entry: Entry): void {
    const { key, kind } = entry;
    const size = sizeOf(entry);
    this.#forget(key);
    this.#remember(entry);
    if (this.#backlog + size > BACKLOG && this.#backlog > 0) {
      this.#say('the store is slower than the responses arrive, so some are not written');
      // What was written before is older.
      return void this.#attempt('changed', false, () => this.#store.delete(key));
    }
    this.#backlog += size;
    this.#waiting.set(key, entry);
    this.#hasResponses ||= kind === 'response';
    this.#schedule();
  }

  /** @returns whether there was such an entry */
  async delete(key: string): Promise<boolean> {
    const isKnown = this.#waiting.has(key) || this.#memory.has(key);
    this.#forget(key);
    if (this.#writing.has(key)) await this.#batch;
    const isRemoved = await this.#attempt('changed', false, () => this.#store.delete(key));
    this.#version += 1;
    return isRemoved || isKnown;
  }

  /** @throws ITkDBException: the caller wants to know that the store is empty */
  async clear(): Promise<void> {
    for (const key of [...this.#waiting.keys(), ...this.#memory.keys()]) this.#forget(key);
    await this.#batch;
    await this.#store.clear().catch(typed('cleared'));
    this.#version += 1;
  }

  /** @throws ITkDBException */
  async size(): Promise<CacheSize> {
    await this.#flush();
    return this.#store.size().catch(typed('counted'));
  }

  /** Writes what waits before it returns, where the store can do that: the process may be about to end. */
  writeNow(): void {
    const end = performance.now() + CLOSING;
    // An older entry that is being written comes first: it would take the place of a newer one.
    for (const [key, entry] of this.isEmpty ? [] : new Map([...this.#waiting, ...this.#writing])) {
      if (this.#store.writeNow === undefined || performance.now() > end) return;
      try {
        this.#store.writeNow(key, encode(entry), entry.expires);
      } catch (error) {
        this.#warn('written', error);
      }
      if (!this.#writing.has(key)) this.#unqueue(key);
    }
  }

  async close(): Promise<void> {
    this.writeNow();
    await this.#flush();
    await this.#attempt('swept', undefined, async () => this.#store.close?.());
  }

  async #read(key: string): Promise<Entry | undefined> {
    const version = this.#version;
    const bytes = await this.#attempt('read', undefined, () => this.#store.read(key));
    if (bytes === undefined) return undefined;
    const entry = decode(bytes, key);
    if (entry !== undefined && version === this.#version) this.#remember(entry);
    if (entry !== undefined) return entry;
    this.#say('the store holds an entry that is damaged, or that another program wrote');
    await this.#attempt('changed', false, () => this.#store.delete(key));
    return undefined;
  }

  /** Takes an entry into memory. Other processes write invalidations, too: those are read from the store. */
  #remember(entry: Entry): void {
    const size = sizeOf(entry);
    if (entry.kind === 'invalidation' || size > MEMORY / 8) return;
    this.#evict(entry.key);
    this.#memory.set(entry.key, entry);
    this.#memoryBytes += size;
    for (const oldest of this.#memory.keys()) {
      if (this.#memoryBytes <= MEMORY) return;
      this.#evict(oldest);
    }
  }

  #evict(key: string): void {
    const entry = this.#memory.get(key);
    if (entry !== undefined) this.#memoryBytes -= sizeOf(entry);
    this.#memory.delete(key);
  }

  #forget(key: string): void {
    this.#evict(key);
    this.#unqueue(key);
    this.#version += 1;
  }

  #unqueue(key: string): void {
    const entry = this.#waiting.get(key);
    if (entry !== undefined) this.#backlog -= sizeOf(entry);
    this.#waiting.delete(key);
  }

  #schedule(): void {
    const now = performance.now();
    if (this.#timer === undefined) this.#waitingSince = now;
    else if (now - this.#waitingSince < LATEST - PAUSE) this.#timer.refresh();
    this.#timer ??= setTimeout(() => void this.#writeAll(), PAUSE);
  }

  #writeAll(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#draining ??= this.#drain().finally(() => {
      this.#draining = undefined;
    });
    return this.#draining;
  }

  /** Writes batch by batch, so that two entries of one key are not written at the same time. */
  async #drain(): Promise<void> {
    // In an empty store there is nothing that an invalidation concerns: it waits for the first response.
    while (this.#waiting.size > 0 && !this.isEmpty) {
      const writes: Promise<void>[] = [];
      for (const [key, entry] of this.#waiting) {
        this.#unqueue(key);
        this.#writing.set(key, entry);
        const write = (): Promise<void> => this.#store.write(key, encode(entry), entry.expires);
        writes.push(this.#attempt('written', undefined, write));
        if (writes.length === PARALLEL) break;
      }
      this.#batch = Promise.all(writes);
      await this.#batch;
      this.#writing.clear();
      // A directory is written synchronously; the requests under way go on in between.
      await turn();
    }
  }

  /** Waits until all is written, but not for ever. */
  async #flush(): Promise<void> {
    // What was put meanwhile is written by the second one.
    const written = this.#writeAll().then(() => this.#writeAll());
    await withLimits(written, { what: 'writing', timeout: CLOSING }).catch(() =>
      this.#say(`not all responses were written within ${CLOSING / 1000} seconds, so some may be lost`),
    );
  }

  async #attempt<T>(what: string, otherwise: T, operation: () => Promise<T>): Promise<T> {
    try {
      return await operation();
    } catch (error) {
      this.#warn(what, error);
      return otherwise;
    }
  }

  #warn(what: string, error: unknown): void {
    this.#say(`the store cannot be ${what}: ${messageOf(error)}. Requests go on without it`, 'store');
  }

  #say(problem: string, kind: string = problem): void {
    if (!this.#warnings.has(kind)) this.#logger.warn(`Cache: ${problem}. This is said once.`);
    this.#warnings.add(kind);
  }
}

/** Makes an exception of this package of an error of the store. */
function typed(what: string): (error: unknown) => never {
  return (error) => {
    if (isException(error)) throw error;
    throw new ITkDBException(`the store of the cache cannot be ${what}: ${messageOf(error)}`, {
      cause: error,
    });
  };
}
