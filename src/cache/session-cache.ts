import type { WireConfig } from '../http/wire.js';
import type { CacheContext } from './context.js';
import type { HttpCache } from './http-cache.js';
import type { CacheSize, CacheStore } from './store.js';

/** The directory that answers are kept in unless an option says otherwise. */
const DIRECTORY = '.webcache';

/** The cache of a session. Nothing of it is loaded, made or opened before a request needs it. */
export class SessionCache<Request> {
  readonly #store: boolean | string | CacheStore;
  readonly #context: CacheContext;
  readonly #prepare: (request: Request) => Promise<WireConfig>;
  #opening: Promise<HttpCache> | undefined;
  #opened: HttpCache | undefined;

  /**
   * @internal
   * @param store - the option `cache` of the session
   * @param prepare - makes a request ready to be sent
   */
  constructor(
    store: boolean | string | CacheStore,
    context: CacheContext,
    prepare: (request: Request) => Promise<WireConfig>,
  ) {
    this.#store = store;
    this.#context = context;
    this.#prepare = prepare;
  }

  /** Forgets every stored answer, whoever it is for. Other programs may still have some in memory. */
  async clear(): Promise<void> {
    await (await this.#open())?.clear();
  }

  /**
   * Forgets the stored answer to a request, which is not sent.
   *
   * @returns whether there was one
   */
  async delete(request: Request): Promise<boolean> {
    const config = await this.#prepare(request);
    return (await (await this.#open())?.delete(config)) ?? false;
  }

  /**
   * How many answers are stored, and how many bytes they take. Where the answers to one URL differ by request headers,
   * what says by which of them counts for one more.
   *
   * @throws InvalidInvocation where a `Keyv` or its storage adapter has no `iterator`
   * @throws ITkDBException where the store cannot be read, or takes too long
   */
  async size(): Promise<CacheSize> {
    return (await (await this.#open())?.size()) ?? { entries: 0, bytes: 0 };
  }

  /** @internal The cache itself; undefined where there is none. */
  open(): Promise<HttpCache | undefined> | HttpCache | undefined {
    return this.#opened ?? this.#open();
  }

  /** @internal */
  async close(): Promise<void> {
    await (await this.#opening)?.close();
  }

  #open(): Promise<HttpCache | undefined> {
    if (this.#store !== false)
      this.#opening ??= this.#load(this.#store).catch((error) => {
        this.#opening = undefined;
        throw error;
      });
    return this.#opening ?? Promise.resolve(undefined);
  }

  async #load(store: true | string | CacheStore): Promise<HttpCache> {
    const [{ HttpCache }, { DirectoryShelf, KeyvShelf }] = await Promise.all([
      import('./http-cache.js'),
      import('./shelf.js'),
    ]);
    const directory = store === true ? DIRECTORY : store;
    const shelf =
      typeof directory === 'string'
        ? new DirectoryShelf(directory, this.#context.maxSize)
        : new KeyvShelf(directory);
    this.#opened = await HttpCache.open(shelf, this.#context);
    return this.#opened;
  }
}
