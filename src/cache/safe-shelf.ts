import type { Logger } from '../logger.js';
import type { CacheSize, Shelf } from './store.js';

/** A shelf whose every failure is a miss and, the first time, a warning: no request fails for the sake of a cache. */
export class SafeShelf implements Omit<Shelf, 'write'> {
  readonly #shelf: Shelf;
  readonly #logger: Logger;
  #first: (() => Promise<void>) | undefined;
  #started: Promise<void> | undefined;
  #warned = false;

  constructor(shelf: Shelf, logger: Logger) {
    this.#shelf = shelf;
    this.#logger = logger;
  }

  read(key: string): Promise<Buffer | undefined> {
    return this.#attempt('read', undefined, () => this.#shelf.read(key));
  }

  /** Writes a record before anything else is written, but not before that. */
  writeFirst(key: string, parts: readonly Buffer[]): void {
    this.#started = undefined;
    this.#first = () => this.#shelf.write(key, parts, undefined);
  }

  async write(key: string, parts: readonly Buffer[], expires: number | undefined): Promise<void> {
    await this.#attempt('written', undefined, async () => {
      this.#started ??= this.#first?.().catch((error) => {
        this.#started = undefined;
        throw error;
      });
      await this.#started;
      await this.#shelf.write(key, parts, expires);
    });
  }

  remove(key: string): Promise<boolean> {
    return this.#attempt('changed', false, () => this.#shelf.remove(key));
  }

  /** @throws the shelf's error: whoever clears a cache wants to know that it is clear */
  clear(): Promise<void> {
    return this.#shelf.clear();
  }

  size(): Promise<CacheSize> {
    return this.#shelf.size();
  }

  async close(): Promise<void> {
    await this.#shelf.close();
  }

  /** Says what is wrong with the store, once. */
  warn(problem: string): void {
    if (this.#warned) return;
    this.#warned = true;
    this.#logger.warn(`Cache: ${problem}. Requests go on without it; this is said once.`);
  }

  async #attempt<T>(what: string, otherwise: T, operation: () => Promise<T>): Promise<T> {
    try {
      return await operation();
    } catch (error) {
      this.warn(`the store cannot be ${what}: ${(error as Error).message}`);
      return otherwise;
    }
  }
}
