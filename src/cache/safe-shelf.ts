import type { Logger } from '../config/logger.js';
import { ITkDBException } from '../exceptions/base.js';
import { messageOf } from '../util/errors.js';
import { type CacheSize, isGone, type Shelf } from './store.js';

/** How long what was done before a write is not done again, in milliseconds. */
const PREPARED = 1000;
/** How many notes wait for a first entry. */
const NOTES = 1000;

/** A shelf whose every failure is a miss and, the first time, a warning: no request fails for the sake of a cache. */
export class SafeShelf implements Omit<Shelf, 'create'> {
  readonly #shelf: Shelf;
  readonly #logger: Logger;
  #before: (() => Promise<void>) | undefined;
  #prepared: Promise<void> | undefined;
  #preparedAt = -Infinity;
  #hasEntries = false;
  #noted: Promise<void> | undefined;
  readonly #notes = new Map<string, () => Promise<void>>();
  #warned = false;
  readonly #said = new Set<string>();

  constructor(shelf: Shelf, logger: Logger) {
    this.#shelf = shelf;
    this.#logger = logger;
  }

  get isAbsent(): boolean {
    return this.#shelf.isAbsent;
  }

  exists(): Promise<boolean> {
    return this.#attempt('read', false, () => this.#shelf.exists());
  }

  read(key: string): Promise<Buffer | undefined> {
    return this.#attempt('read', undefined, () => this.#shelf.read(key));
  }

  /** @param act - what is done before the first write, and again before one that comes later; it may throw */
  beforeWrites(act: () => Promise<void>): void {
    this.#before = act;
  }

  /** Says that there is an entry to be written, and makes the shelf ready for it. */
  expect(): void {
    if (this.#hasEntries) return;
    this.#hasEntries = true;
    this.#noted = this.prepare().then(() => this.#writeNotes());
  }

  /** Writes a record about entries: where there are none yet, as soon as there is one. */
  async note(key: string, parts: readonly Buffer[], expires: number): Promise<void> {
    const write = (): Promise<void> => this.write(key, parts, expires);
    if (this.#hasEntries || (await this.exists())) return write();
    if (this.#notes.size >= NOTES) this.#notes.delete(this.#notes.keys().next().value as string);
    this.#notes.set(key, write);
    // An entry may have come while the shelf was looked at.
    if (this.#hasEntries) await this.#writeNotes();
  }

  /** Makes the shelf ready for a write. */
  async prepare(): Promise<void> {
    await this.#attempt('written', undefined, () => this.#write(async () => {}));
  }

  async write(key: string, parts: readonly Buffer[], expires: number | undefined): Promise<void> {
    await this.#attempt('written', undefined, () =>
      this.#write(() => this.#shelf.write(key, parts, expires)),
    );
  }

  remove(key: string): Promise<boolean> {
    return this.#attempt('changed', false, () => this.#shelf.remove(key));
  }

  /** @throws ITkDBException: whoever clears a cache wants to know that it is clear */
  async clear(): Promise<void> {
    await typed('cleared', () => this.#shelf.clear());
    this.#prepared = undefined;
  }

  /** @throws ITkDBException */
  size(): Promise<CacheSize> {
    return typed('counted', () => this.#shelf.size());
  }

  async close(): Promise<void> {
    await this.#noted;
    await this.#prepared?.catch(() => {});
    await this.#shelf.close();
  }

  /** Says what is lost, once. */
  say(problem: string): void {
    if (this.#said.has(problem)) return;
    this.#said.add(problem);
    this.#logger.warn(`Cache: ${problem}. This is said once.`);
  }

  /** Says what is wrong with the store, once. */
  warn(problem: string): void {
    if (this.#warned) return;
    this.#warned = true;
    this.#logger.warn(`Cache: ${problem}. Requests go on without it; this is said once.`);
  }

  async #writeNotes(): Promise<void> {
    const notes = [...this.#notes.values()];
    this.#notes.clear();
    await Promise.all(notes.map((write) => write()));
  }

  /** Writes, once more if everything was removed meanwhile. */
  async #write(act: () => Promise<void>): Promise<void> {
    const write = async (): Promise<void> => {
      await this.#ready();
      await act();
    };
    await write().catch((error) => {
      if (!isGone(error)) throw error;
      this.#prepared = undefined;
      return write();
    });
  }

  #ready(): Promise<void> | undefined {
    if (this.#prepared !== undefined && performance.now() - this.#preparedAt < PREPARED)
      return this.#prepared;
    this.#preparedAt = performance.now();
    const prepared = this.#before?.();
    this.#prepared = prepared;
    prepared?.catch(() => {
      if (this.#prepared === prepared) this.#prepared = undefined;
    });
    return prepared;
  }

  async #attempt<T>(what: string, otherwise: T, operation: () => Promise<T>): Promise<T> {
    try {
      return await operation();
    } catch (error) {
      this.warn(`the store cannot be ${what}: ${messageOf(error)}`);
      return otherwise;
    }
  }
}

async function typed<T>(what: string, operation: () => Promise<T>): Promise<T> {
  try {
    return await operation();
  } catch (error) {
    if (error instanceof ITkDBException) throw error;
    throw new ITkDBException(`the store of the cache cannot be ${what}: ${messageOf(error)}`, {
      cause: error,
    });
  }
}
