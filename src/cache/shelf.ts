import { stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { Keyv } from 'keyv';
import { InvalidInvocation } from '../exceptions/base.js';
import { Timeout } from '../exceptions/transport.js';
import { withLimits } from '../http/limits.js';
import { ignore } from '../util/files.js';
import { isFunction } from '../util/guards.js';
import { FileStore } from './file-store.js';
import { type CacheSize, type CacheStore, isGone, type Shelf } from './store.js';
import { Sweeper } from './sweep.js';

/** How long somebody else's store may take for one operation, in milliseconds: a miss is better than a hang. */
const PATIENCE = 2000;
/** How long a store that took longer is left alone, in milliseconds. */
const PAUSE = 30_000;
/** How long a directory that is not there is not looked for again, in milliseconds. */
const ABSENCE = 1000;

/** Without serialisation Keyv passes bytes on as they are; its types do not know that. */
const AS_IT_IS = { serialize: undefined, deserialize: undefined } as object;

interface Opened {
  readonly keyv: Keyv;
  readonly store: FileStore;
  readonly sweeper: Sweeper;
}

/** A directory, by Keyv over a {@link FileStore}. It is made when the first entry is written, not before. */
export class DirectoryShelf implements Shelf {
  readonly directory: string;
  readonly #limit: number;
  #opened: Promise<Opened> | undefined;
  #absentAt = -Infinity;

  /** @param limit - how many bytes the entries may take */
  constructor(directory: string, limit: number) {
    this.directory = resolve(directory);
    this.#limit = limit;
  }

  get isAbsent(): boolean {
    return this.#opened === undefined && performance.now() - this.#absentAt < ABSENCE;
  }

  async exists(): Promise<boolean> {
    this.#absentAt = -Infinity;
    return (await this.#existing()) !== undefined;
  }

  async read(key: string): Promise<Buffer | undefined> {
    const opened = await this.#existing();
    const value: Buffer | undefined = await opened?.keyv.get(key);
    if (value !== undefined) opened?.sweeper.used(opened.store.pathOf(key));
    return value;
  }

  async write(key: string, parts: readonly Buffer[], expires: number | undefined): Promise<void> {
    const { sweeper } = await this.#writing(async (opened) => {
      await opened.keyv.set(key, parts, toTtl(expires));
      return opened;
    });
    sweeper.wrote(parts.reduce((sum, { length }) => sum + length, 0));
  }

  async create(key: string, parts: readonly Buffer[]): Promise<void> {
    await this.#writing(({ store }) => store.add(key, parts));
  }

  async remove(key: string): Promise<boolean> {
    return (await (await this.#existing())?.keyv.delete(key)) ?? false;
  }

  async clear(): Promise<void> {
    const opened = await this.#existing();
    await opened?.keyv.clear().catch(ignore('ENOENT'));
  }

  async size(): Promise<CacheSize> {
    const opened = await this.#existing();
    return (await opened?.sweeper.measure().catch(ignore('ENOENT'))) ?? { entries: 0, bytes: 0 };
  }

  async close(): Promise<void> {
    await this.#opened?.then(
      ({ sweeper }) => sweeper.close(),
      () => {},
    );
  }

  async #existing(): Promise<Opened | undefined> {
    if (this.#opened !== undefined) return this.#opened;
    if (this.isAbsent) return undefined;
    try {
      await stat(join(this.directory, 'v1'));
      return await this.#open();
    } catch (error) {
      this.#absentAt = performance.now();
      if (!/^ENO(?:ENT|TDIR)$/.test(String((error as NodeJS.ErrnoException).code))) throw error;
      return undefined;
    }
  }

  /** Writes; a directory that was removed since it was opened is opened anew the next time. */
  async #writing<T>(write: (opened: Opened) => Promise<T>): Promise<T> {
    const opening = this.#open();
    const opened = await opening;
    try {
      return await write(opened);
    } catch (error) {
      if (isGone(error) && this.#opened === opening) this.#opened = undefined;
      throw error;
    }
  }

  #open(): Promise<Opened> {
    this.#opened ??= this.#createStore().catch((error) => {
      this.#opened = undefined;
      throw error;
    });
    return this.#opened;
  }

  async #createStore(): Promise<Opened> {
    const store = await FileStore.open(this.directory, this.#limit);
    const keyv = new Keyv({
      store,
      useKeyPrefix: false,
      throwOnErrors: true,
      emitErrors: false,
      ...AS_IT_IS,
    });
    return { keyv, store, sweeper: new Sweeper(store, this.#limit) };
  }
}

/** A Keyv of the caller's own, or one over a storage adapter. Values are text, which every adapter can keep. */
export class KeyvShelf implements Shelf {
  readonly isAbsent = false;
  readonly #keyv: Keyv;
  #pausedUntil = 0;

  constructor(store: CacheStore) {
    // Of whatever version and copy of the package it is.
    const isKeyv = typeof (store as Partial<Keyv>).getRaw === 'function';
    this.#keyv = isKeyv ? (store as Keyv) : new Keyv({ store, namespace: 'itkdb', emitErrors: false });
  }

  async exists(): Promise<boolean> {
    return true;
  }

  async read(key: string): Promise<Buffer | undefined> {
    // Unlike `get`, this does not swallow the errors of the store.
    const raw = await this.#within(() => this.#keyv.getRaw(key));
    return typeof raw?.value === 'string' ? Buffer.from(raw.value, 'base64') : undefined;
  }

  async write(key: string, parts: readonly Buffer[], expires: number | undefined): Promise<void> {
    const value = Buffer.concat(parts).toString('base64');
    const isKept = await this.#within(() => this.#keyv.set(key, value, toTtl(expires)));
    if (isKept === false) throw new Error('the store did not take an entry');
  }

  async create(key: string, parts: readonly Buffer[]): Promise<void> {
    if ((await this.read(key)) === undefined) await this.write(key, parts, undefined);
  }

  async remove(key: string): Promise<boolean> {
    return Boolean(await this.#within(() => this.#keyv.delete(key)));
  }

  async clear(): Promise<void> {
    await this.#within(() => this.#keyv.clear());
  }

  async size(): Promise<CacheSize> {
    const { iterator } = this.#keyv;
    if (!isFunction(iterator))
      throw new InvalidInvocation('`cache`: the store has no `iterator`, so it cannot be counted');
    let entries = 0;
    const items = (iterator.call(this.#keyv, undefined) as AsyncIterable<[string]>)[Symbol.asyncIterator]();
    for (;;) {
      const { done, value } = await withLimits(items.next(), { what: 'the store', timeout: PATIENCE });
      if (done) return { entries, bytes: undefined };
      if (isEntry(value[0])) entries += 1;
    }
  }

  // It is not ours to close.
  async close(): Promise<void> {}

  async #within<T>(operation: () => Promise<T>): Promise<T> {
    if (performance.now() < this.#pausedUntil) throw new Error('the store was too slow just now');
    try {
      return await withLimits(operation(), { what: 'the store', timeout: PATIENCE });
    } catch (error) {
      if (error instanceof Timeout) this.#pausedUntil = performance.now() + PAUSE;
      throw error;
    }
  }
}

function isEntry(key: string): boolean {
  return /^[0-9a-f]{64}$/.test(key);
}

function toTtl(expires: number | undefined): number | undefined {
  return expires === undefined ? undefined : Math.max(1, Math.ceil(expires - Date.now()));
}
