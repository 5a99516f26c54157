import { Keyv } from 'keyv';
import { InvalidInvocation } from '../exceptions/base.js';
import { Timeout } from '../exceptions/transport.js';
import { withLimits } from '../http/limits.js';
import { isFunction } from '../util/guards.js';
import { type CacheSize, type CacheStore, isResponseKey, type Store } from './store.js';

const LONGEST = 2000; // ms of one operation: a miss is better than a long wait
const PAUSE = 30_000; // ms: how long a store that took longer is not used

/**
 * A Keyv of the caller's own, or one over the caller's storage adapter, which the caller closes. Values are text: every
 * adapter stores that.
 */
export class KeyvStore implements Store {
  readonly isEmpty = false;
  readonly #keyv: Keyv;
  #pausedUntil = 0;

  constructor(store: CacheStore) {
    // Whatever its version: a caller may have another copy of the package.
    const isKeyv = isFunction((store as Partial<Keyv>).getRaw);
    this.#keyv = isKeyv ? (store as Keyv) : new Keyv({ store, namespace: 'itkdb', emitErrors: false });
  }

  async read(key: string): Promise<Buffer | undefined> {
    // Unlike `get`, this does not hide the errors of the store.
    const raw = await this.#limited(() => this.#keyv.getRaw(key));
    return typeof raw?.value === 'string' ? Buffer.from(raw.value, 'base64') : undefined;
  }

  async write(key: string, parts: readonly Buffer[], expires: number): Promise<void> {
    const value = Buffer.concat(parts).toString('base64');
    const ttl = Math.max(1, Math.ceil(expires - Date.now()));
    const isStored = await this.#limited(() => this.#keyv.set(key, value, ttl));
    if (isStored === false) throw new Error('it did not take an entry');
  }

  async delete(key: string): Promise<boolean> {
    return Boolean(await this.#limited(() => this.#keyv.delete(key)));
  }

  async clear(): Promise<void> {
    await this.#limited(() => this.#keyv.clear());
  }

  async size(): Promise<CacheSize> {
    const { iterator } = this.#keyv;
    if (!isFunction(iterator))
      throw new InvalidInvocation('`cache`: the store has no `iterator`, so its entries cannot be counted');
    let entries = 0;
    const items = (iterator.call(this.#keyv, undefined) as AsyncIterable<[string]>)[Symbol.asyncIterator]();
    for (;;) {
      const { done, value } = await withLimits(items.next(), { what: 'the store', timeout: LONGEST });
      if (done) return { entries, bytes: undefined };
      if (isResponseKey(value[0])) entries += 1;
    }
  }

  async #limited<T>(operation: () => Promise<T>): Promise<T> {
    if (performance.now() < this.#pausedUntil) throw new Error('it was too slow a moment ago');
    try {
      return await withLimits(operation(), { what: 'the store', timeout: LONGEST });
    } catch (error) {
      if (error instanceof Timeout) this.#pausedUntil = performance.now() + PAUSE;
      throw error;
    }
  }
}
