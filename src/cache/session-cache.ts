import { resolve } from 'node:path';
import type { HttpRequest, Interceptor, Token } from '../http/request.js';
import { messageOf } from '../util/errors.js';
import { sendUnlessOnlyIfCached } from './bypass.js';
import type { CacheContext, HttpCache } from './http-cache.js';
import type { CacheSize, CacheStore, Store } from './store.js';

/** Makes a request ready to be sent. */
type Prepare<Request> = (request: Request) => Promise<{ request: HttpRequest; token: Token | undefined }>;

/** The cache of a session. Nothing of it is loaded or opened before a request needs it. */
export class SessionCache<Request> {
  readonly #option: boolean | string | CacheStore;
  readonly #context: CacheContext;
  readonly #prepare: Prepare<Request>;
  #opening: Promise<HttpCache | undefined> | undefined;
  #opened: HttpCache | undefined;

  /** @internal */
  constructor(option: boolean | string | CacheStore, context: CacheContext, prepare: Prepare<Request>) {
    this.#option = option;
    this.#context = context;
    this.#prepare = prepare;
  }

  /** Removes every stored response, for all users. Other processes may still have some in memory. */
  async clear(): Promise<void> {
    await (await this.#open())?.clear();
  }

  /** Removes the stored response to a request, which is not sent. Returns whether there was one. */
  async delete(request: Request): Promise<boolean> {
    const prepared = await this.#prepare(request);
    return (await (await this.#open())?.delete(prepared.request, prepared.token)) ?? false;
  }

  /**
   * Counts the stored responses, and the bytes that they take.
   *
   * @throws InvalidInvocation where a `Keyv` or its storage adapter has no `iterator`
   * @throws ITkDBException where the store cannot be read, or takes too long
   */
  async size(): Promise<CacheSize> {
    return (await (await this.#open())?.store.size()) ?? { entries: 0, bytes: 0 };
  }

  /** @internal The step of the pipeline. */
  readonly intercept: Interceptor = async (request, context, next) => {
    const send = sendUnlessOnlyIfCached(request, context.options, next);
    const cache = await this.#open();
    return cache === undefined ? send(request, context) : cache.intercept(request, context, send);
  };

  /** @internal Writes what has arrived before it returns: what is under way is about to be aborted. */
  beforeClose(): void {
    this.#opened?.store.writeNow();
  }

  /** @internal */
  async close(): Promise<void> {
    await (await this.#opening)?.close();
  }

  #open(): Promise<HttpCache | undefined> {
    this.#opening ??= this.#load();
    return this.#opening;
  }

  /** Opens the cache. Where that fails it is off: no request fails for the sake of the cache. */
  async #load(): Promise<HttpCache | undefined> {
    const option = this.#option === true ? '.webcache' : this.#option;
    if (option === false) return undefined;
    try {
      const { HttpCache } = await import('./http-cache.js');
      this.#opened = new HttpCache(await openStore(option, this.#context.maxSize), this.#context);
    } catch (error) {
      this.#context.logger.warn(`The cache is off: ${messageOf(error)}`);
    }
    return this.#opened;
  }
}

async function openStore(option: string | CacheStore, maxSize: number): Promise<Store> {
  if (typeof option !== 'string') return new (await import('./keyv-store.js')).KeyvStore(option);
  return new (await import('./directory-store.js')).DirectoryStore(resolve(option), maxSize);
}
