import { isDeepStrictEqual } from 'node:util';
import { TransportException } from '../exceptions/transport.js';
import { Cancellation } from '../http/cancellation.js';
import { Flights } from '../http/flights.js';
import { copyHeaders } from '../http/headers.js';
import { type Exchange, SAFE_METHODS, type WireConfig, type WireResponse } from '../http/wire.js';
import { answerFrom } from './answers.js';
import type { CacheContext } from './context.js';
import type { Signpost } from './entry.js';
import { Fetcher, isErrorTo, isForgivable, type Job } from './fetcher.js';
import { Marks, ownerScope, scopesOf, urlScope } from './invalidation.js';
import { Keys, ownerOf } from './key.js';
import { type CacheableRequest, describeRequest } from './request.js';
import { SafeShelf } from './safe-shelf.js';
import { Secret } from './secret.js';
import type { CacheSize, Shelf } from './store.js';
import { valuesOf } from './vary.js';
import { type Held, Vault } from './vault.js';

/** What is the same only if it is the same object. */
const AGENTS = ['httpAgent', 'httpsAgent', 'lookup'] as const;

/** An HTTP cache by RFC 9111, private to each of its users. */
export class HttpCache {
  readonly #context: CacheContext;
  readonly #shelf: SafeShelf;
  readonly #keys: Keys;
  readonly #vault: Vault;
  readonly #marks: Marks;
  readonly #fetcher: Fetcher;
  readonly #flights = new Flights<WireResponse, WireConfig>(isSameWay);
  readonly #closing = new Cancellation();

  private constructor(shelf: SafeShelf, secret: Secret, context: CacheContext) {
    this.#context = context;
    this.#shelf = shelf;
    this.#keys = new Keys(secret);
    this.#vault = new Vault(shelf, context.expiresAfter);
    this.#marks = new Marks(shelf);
    this.#fetcher = new Fetcher(context, this.#vault, this.#keys);
  }

  static async open(store: Shelf, context: CacheContext): Promise<HttpCache> {
    const shelf = new SafeShelf(store, context.logger);
    return new HttpCache(shelf, await Secret.open(store, shelf), context);
  }

  /** Answers a request from the cache, or by the network. */
  exchange(config: WireConfig, next: Exchange): Promise<WireResponse> {
    const request = describeRequest(config);
    if (request !== undefined) return this.#read(request, config, next);
    return SAFE_METHODS.has(config.method.toUpperCase()) ? next(config) : this.#write(config, next);
  }

  /** Forgets the answer that a request would get. */
  async delete(config: WireConfig): Promise<boolean> {
    this.#flights.seal();
    this.#vault.outdate();
    const { key } = this.#nameOf(config);
    const held = await this.#find(key, config);
    const wasThere = await this.#vault.delete(key);
    return held === undefined || held.key === key ? wasThere : this.#vault.delete(held.key);
  }

  async clear(): Promise<void> {
    this.#flights.seal();
    await this.#vault.clear();
  }

  async size(): Promise<CacheSize> {
    await this.#vault.flush();
    return this.#shelf.size();
  }

  /** Ends what goes on in the background, and waits until all is written. */
  async close(): Promise<void> {
    this.#closing.abort(new Error('the session was closed'));
    await this.#vault.flush();
    await this.#shelf.close();
  }

  async #read(request: CacheableRequest, config: WireConfig, next: Exchange): Promise<WireResponse> {
    const { owner, key } = this.#nameOf(config);
    const { generation } = this.#vault;
    const now = Date.now();
    const looks = request.mode !== 'reload';
    const atHand = looks ? this.#peek(key, config) : undefined;
    const held = atHand ?? (looks && !this.#vault.lacks(key) ? await this.#find(key, config) : undefined);
    const scopes = [ownerScope(owner), urlScope(config.url)];
    const isMarked =
      held !== undefined &&
      isMarkedBy(this.#marks.peek(scopes, now) ?? (await this.#marks.latest(scopes, now)), held);
    if (held !== undefined && this.#mayUse(request, held, isMarked, now))
      return answerFrom(held, config, now);
    const mayForgive = held !== undefined && !isMarked && now < held.staleIfErrorUntil;
    const forgives = mayForgive ? isForgivable : undefined;
    const { signal } = config;
    const job: Job = { config, signal, next, request, owner, key, held, isMarked, forgives, generation };
    if (held !== undefined && request.isPlain && !isMarked && now < held.staleWhileRevalidateUntil) {
      this.#refreshInBackground(job);
      return answerFrom(held, config, now);
    }
    return this.#refresh(job);
  }

  /** Who asks, and the name of what he asks for. */
  #nameOf(config: WireConfig): { owner: string; key: string } {
    const owner = ownerOf(config, this.#context.identity);
    return { owner, key: this.#keys.of(config, owner) };
  }

  /** What is held for a request in memory. */
  #peek(key: string, config: WireConfig): Held | undefined {
    const found = this.#vault.peek(key);
    return usable(found?.kind === 'vary' ? this.#vault.peek(this.#variantOf(found, config)) : found, config);
  }

  async #find(key: string, config: WireConfig): Promise<Held | undefined> {
    const found = await this.#vault.get(key);
    return usable(
      found?.kind === 'vary' ? await this.#vault.get(this.#variantOf(found, config)) : found,
      config,
    );
  }

  #variantOf({ key, names }: Signpost, { headers }: WireConfig): string {
    return this.#keys.variant(key, valuesOf(names, headers));
  }

  #mayUse({ mode, isPlain }: CacheableRequest, held: Held, isMarked: boolean, now: number): boolean {
    return mode === 'force-cache' || (isPlain && !isMarked && now < held.freshUntil);
  }

  #refresh(job: Job): Promise<WireResponse> {
    const { config, request } = job;
    const isAlone =
      !request.isPlain || config.responseType === 'stream' || config.onDownloadProgress !== undefined;
    return isAlone ? this.#fetcher.fetch(job) : this.#fetchTogether(job);
  }

  async #fetchTogether(job: Job): Promise<WireResponse> {
    const { config, key, signal } = job;
    const response = await this.#flights.join(key, { request: config, signal, way: config }, (shared) =>
      this.#fetcher.fetch({ ...job, signal: shared }),
    );
    return { ...response, headers: copyHeaders(response.headers), isShared: true };
  }

  /** Fetches an answer anew that the caller does not wait for. */
  #refreshInBackground(job: Job): void {
    const { responseType: _, onDownloadProgress: _down, onUploadProgress: _up, ...config } = job.config;
    if (this.#flights.has(job.key, config)) return;
    void this.#fetchTogether({ ...job, config, signal: this.#closing }).catch(() => {});
  }

  async #write(config: WireConfig, next: Exchange): Promise<WireResponse> {
    const { invalidateOnWrite, covers, identity } = this.#context;
    const isCommand = invalidateOnWrite && covers(config.url);
    const owners = new Set<string>();
    const addOwner = (sent: WireConfig): void => {
      if (isCommand) owners.add(ownerScope(ownerOf(sent, identity)));
    };
    addOwner(config);
    try {
      const response = await next(config);
      const { status } = response;
      // Who it was may be known only by now.
      addOwner(config);
      addOwner(response.config);
      // A failed command may have done something; one that was refused has not.
      if (status < 400) await this.#mark([...owners, ...scopesOf(response, config)]);
      else if (status >= 500 || config.retries?.hasRepeated) await this.#mark([...owners]);
      return response;
    } catch (error) {
      addOwner(config);
      if (!(error instanceof TransportException && error.neverReached)) await this.#mark([...owners]);
      throw error;
    }
  }

  async #mark(scopes: readonly string[]): Promise<void> {
    this.#flights.seal();
    await this.#marks.set(scopes);
  }
}

function usable(found: Held | Signpost | undefined, config: WireConfig): Held | undefined {
  return found?.kind === 'answer' && !isErrorTo(config, found.status) ? found : undefined;
}

/** Whether an answer has to be asked for anew. One from the future is: the clock was stepped back, and says nothing. */
function isMarkedBy(mark: number, { requestedAt }: Held): boolean {
  return requestedAt <= mark || requestedAt > Date.now();
}

/** Whether two requests for the same can have the same answer: they ask in the same way, and have the same limits. */
function isSameWay(one: WireConfig, other: WireConfig): boolean {
  return isDeepStrictEqual(wayOf(one), wayOf(other)) && AGENTS.every((name) => one[name] === other[name]);
}

function wayOf(config: WireConfig): unknown[] {
  const { headers, timeout, maxBodyLength, maxContentLength, retries, family, proxy } = config;
  const { Authorization: _, ...others } = headers.toJSON();
  return [others, timeout, maxBodyLength, maxContentLength, retries?.policy, family, proxy];
}
