import type { Keyv } from 'keyv';
import { Files } from './files.js';
import { type CacheSize, isResponseKey, type Store } from './store.js';
import { listEntries, saveUses, sweep } from './sweep.js';

const EMPTY_FOR = 1000; // ms: how long a directory that holds nothing is not looked at again
const SWEEP_INTERVAL = 600_000; // ms

/** A directory, by Keyv and keyv-file over {@link Files}. It is made when the first entry is written. */
export class DirectoryStore implements Store {
  readonly #files: Files;
  readonly #limit: number;
  readonly #used = new Map<string, number>();
  #keyv: Promise<Keyv> | undefined;
  #hasResponses = false;
  #lookedAt = -Infinity;
  #written = 0;
  #sweeping: Promise<void> | undefined;

  /** @param limit - the bytes that all entries may take */
  constructor(directory: string, limit: number) {
    this.#files = new Files(directory, limit);
    this.#limit = limit;
  }

  get isEmpty(): boolean {
    if (this.#hasResponses) return false;
    if (performance.now() - this.#lookedAt < EMPTY_FOR) return true;
    this.#lookedAt = performance.now();
    this.#hasResponses = this.#files.names().some(isResponseKey);
    return !this.#hasResponses;
  }

  async read(key: string): Promise<Buffer | undefined> {
    if (!this.#files.exists()) return undefined;
    const bytes = await (await this.#open()).get<Buffer>(key);
    if (bytes !== undefined) this.used(key);
    return bytes;
  }

  async write(key: string, parts: readonly Buffer[], expires: number): Promise<void> {
    this.#files.create();
    await (await this.#open()).set(key, parts, Math.max(1, Math.ceil(expires - Date.now())));
    this.#wrote(parts);
  }

  writeNow(key: string, parts: readonly Buffer[], expires: number): void {
    this.#files.create();
    this.#files.write(key, parts, expires);
    this.#wrote(parts);
  }

  used(key: string): void {
    this.#used.set(key, Date.now());
  }

  async delete(key: string): Promise<boolean> {
    return this.#files.exists() && (await this.#open()).delete(key);
  }

  async clear(): Promise<void> {
    if (this.#files.exists()) await (await this.#open()).clear();
  }

  async size(): Promise<CacheSize> {
    const responses = (await listEntries(this.#files)).filter(({ name }) => isResponseKey(name));
    return { entries: responses.length, bytes: responses.reduce((sum, { size }) => sum + size, 0) };
  }

  /** Sweeps a directory that was written to, unless another process has done so within the interval. */
  async close(): Promise<void> {
    await this.#sweeping;
    if (this.#written > 0 && this.#files.exists() && this.#files.touch('.swept', SWEEP_INTERVAL))
      await this.#sweep();
    await saveUses(this.#files, this.#used);
  }

  /** Loads Keyv and keyv-file, which a directory without entries does not need. */
  #open(): Promise<Keyv> {
    this.#keyv ??= import('./keyv-file-store.js').then(({ openKeyvFile }) => openKeyvFile(this.#files));
    return this.#keyv;
  }

  /** Sweeps in the background when much was written. */
  #wrote(parts: readonly Buffer[]): void {
    this.#hasResponses = true;
    this.#written += parts.reduce((sum, { length }) => sum + length, 0);
    if (this.#written < this.#limit / 16) return;
    this.#sweeping ??= this.#sweep()
      .catch(() => {})
      .finally(() => {
        this.#sweeping = undefined;
      });
  }

  async #sweep(): Promise<void> {
    this.#written = 0;
    await saveUses(this.#files, this.#used);
    await sweep(this.#files, this.#limit);
  }
}
