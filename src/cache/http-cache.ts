import type { Logger } from '../config/logger.js';
import { Aborted, TransportException } from '../exceptions/transport.js';
import { isPage } from '../http/body/response-body.js';
import { type Directives, formatDirectives, requestDirectives } from '../http/cache-control.js';
import { endJoining } from '../http/interceptors/coalesce.js';
import type { HttpRequest, HttpResponse, Interceptor, RequestContext, Send, Token } from '../http/request.js';
import { SAFE_METHODS } from '../http/request.js';
import { requestInput } from '../http/response-input.js';
import { tooLarge } from '../http/transport/content-coding.js';
import { toTransportException } from '../http/transport/errors.js';
import { isBypassed, isOnlyIfCached } from './bypass.js';
import { holdsCredential } from './credentials.js';
import type { ResponseEntry, StoredFields } from './entry.js';
import { partOf, storedFields, updatedFields, validates } from './fields.js';
import { Invalidations, ownerScope, scopesOf, urlScope } from './invalidation.js';
import { primaryKey, secondaryKey, variesBy, varyKey } from './key.js';
import type { Facts, Lifetimes } from './policy.js';
import { assess, decidesCaching, EXTENSIBLE, policyFor, SERVER_ERRORS, shownFields } from './policy.js';
import type { Store } from './store.js';
import { TieredStore } from './tiered-store.js';

/** What a cache has to know of its session. */
export interface CacheContext {
  readonly logger: Logger;
  /** The option of that name, in milliseconds. */
  readonly expiresAfter: number | undefined;
  /** The bytes that all stored responses may take. */
  readonly maxSize: number;
  /** Whether a write invalidates the responses of its user. */
  readonly invalidateOnWrite: boolean;
  /** Whether a URL is one of the database. */
  readonly covers: (url: string) => boolean;
}

/** A request that the cache may answer. */
interface Read {
  readonly request: HttpRequest;
  readonly context: RequestContext;
  readonly next: Send;
  /** Who the response is for; `''` for everybody. */
  readonly owner: string;
  readonly directives: Directives;
  /** Computed when it is needed: with an empty store it is not. */
  readonly key: string;
  /** Set when its response must not be stored any more. */
  isForgotten: boolean;
}

/** A stored response, how long it may be used, and its header fields as they are shown. */
type Stored = ResponseEntry & Lifetimes & { readonly fields: StoredFields };

type Received = { readonly response: HttpResponse; readonly facts: Facts };

/** An HTTP cache (RFC 9111), private to each owner of responses. */
export class HttpCache {
  readonly store: TieredStore;
  readonly #context: CacheContext;
  readonly #invalidations: Invalidations;
  readonly #assessed = new WeakMap<ResponseEntry, Stored>();
  /** The reads that were sent, and the keys of those that are revalidated in the background. */
  readonly #sent = new Set<Read>();
  readonly #revalidating = new Set<string>();
  readonly #closing = new AbortController();

  constructor(store: Store, context: CacheContext) {
    this.#context = context;
    this.store = new TieredStore(store, context.logger);
    this.#invalidations = new Invalidations(this.store);
  }

  /** Answers a request from stored responses, or sends it. */
  readonly intercept: Interceptor = (request, context, next) => {
    if (!SAFE_METHODS.has(request.method)) return this.#write(request, context, next);
    if (isBypassed(request, context.options)) return next(request, context);
    return this.#read(toRead(request, context, next));
  };

  /** Removes the response that a request would be answered with, and returns whether there was one. */
  async delete(request: HttpRequest, token: Token | undefined): Promise<boolean> {
    endJoining(request.url);
    const key = primaryKey(request, ownerOf(request, token));
    for (const read of this.#sent) if (read.key === key) read.isForgotten = true;
    const vary = await this.store.get(varyKey(key));
    const keys = vary?.kind === 'vary' ? [key, secondaryKey(key, vary.names, request.headers)] : [key];
    return (await Promise.all(keys.map((each) => this.store.delete(each)))).includes(true);
  }

  async clear(): Promise<void> {
    endJoining();
    for (const read of this.#sent) read.isForgotten = true;
    await this.store.clear();
  }

  async close(): Promise<void> {
    this.#closing.abort(new Error('the session was closed'));
    await this.store.close();
  }

  async #read(read: Read): Promise<HttpResponse> {
    const { request, context, next, owner, directives } = read;
    const { range } = request.headers;
    const mode = context.options.cache;
    const stored = mode === 'reload' || this.store.isEmpty ? undefined : await this.#lookup(read);
    if (stored === undefined) return range ? next(request, context) : this.#track(read, this.#fetch(read));
    const now = Date.now();
    const invalidatedAt = await this.#invalidations.latest([ownerScope(owner), urlScope(request.url)], now);
    // A time in the future says nothing: the clock was set back.
    const isInvalid = stored.requestedAt <= invalidatedAt || stored.requestedAt > now;
    const mayBeUsed = mode === undefined && directives.size === 0 && !isInvalid;
    const isFresh = mayBeUsed && now < stored.freshUntil;
    if (range) return (isFresh && partOf(this.#answer(read, stored), range)) || next(request, context);
    const isRevalidated = mayBeUsed && !isFresh && now < stored.staleWhileRevalidateUntil;
    if (isRevalidated) this.#revalidateInBackground(read, stored);
    if (isFresh || isRevalidated || mode === 'force-cache') return this.#answer(read, stored);
    return this.#track(read, this.#revalidate(read, stored, isInvalid));
  }

  /** Notes a read that is under way, so that its response can be forgotten. */
  #track(read: Read, response: Promise<HttpResponse>): Promise<HttpResponse> {
    this.#sent.add(read);
    return response.finally(() => this.#sent.delete(read));
  }

  /** Finds the stored response to a request, fresh or stale. */
  async #lookup({ key, request, context }: Read): Promise<Stored | undefined> {
    let entry = await this.store.get(key);
    if (entry === undefined) {
      const vary = await this.store.get(varyKey(key));
      if (vary?.kind !== 'vary') return undefined;
      entry = await this.store.get(secondaryKey(key, vary.names, request.headers));
    }
    if (entry?.kind !== 'response' || isErrorTo(context, entry.status)) return undefined;
    const known = this.#assessed.get(entry);
    const lifetimes = known ?? assess(entry, this.#context.expiresAfter);
    if (known !== undefined || lifetimes === undefined) return known;
    const stored = { ...entry, ...lifetimes, fields: shownFields(entry.headers, entry) };
    this.#assessed.set(entry, stored);
    return stored;
  }

  /** Sends a request, and stores the response. */
  async #fetch(read: Read): Promise<HttpResponse> {
    return this.#receive(read, await this.#send(read, read.context));
  }

  /** Sends a request with the validators of a stored response, unless its directives allow that response as it is. */
  async #revalidate(read: Read, stored: Stored, isInvalid: boolean): Promise<HttpResponse> {
    const { request, context, directives } = read;
    const isStaleAllowed = Date.now() < stored.staleIfErrorUntil && !isOnlyIfCached(request, context.options);
    const mayReplaceError = isStaleAllowed && !isInvalid;
    // A request whose error may be replaced by the stored response has one attempt.
    const sendContext = mayReplaceError ? { ...context, attempts: undefined } : context;
    const revalidation = await import('./revalidation.js').catch(() => undefined);
    if (revalidation === undefined) return this.#fetch(read);
    const cacheControl = formatDirectives(correctDirectives(directives, stored, isInvalid));
    const received: Received[] = [];
    try {
      const policy = policyFor(stored, this.#context.expiresAfter);
      const decision = await revalidation.decide(cacheControl, policy, async (validators) => {
        received[0] = await this.#send(read, sendContext, stored, validators);
        return received[0].facts;
      });
      const [last] = received;
      if (last === undefined) return this.#answer(read, stored);
      const isReplaced = mayReplaceError && SERVER_ERRORS.has(last.response.status);
      if (decision === 'new' && !isReplaced) return this.#receive(read, last, stored);
      context.supersede(last.response);
      if (isReplaced) return this.#answer(read, stored);
      if (!validates(last.facts.headers, stored.headers)) return this.#fetch(read);
      return this.#update(read, stored, last);
    } catch (error) {
      if (!mayReplaceError || !(error instanceof TransportException) || error instanceof Aborted) throw error;
      return this.#answer(read, stored);
    }
  }

  #revalidateInBackground({ request, context, next }: Read, stored: Stored): void {
    const { key } = stored;
    if (this.#revalidating.has(key)) return;
    this.#revalidating.add(key);
    const options = { ...context.options, onDownloadProgress: undefined, onUploadProgress: undefined };
    const ofNoCall = { options, signal: this.#closing.signal, attempts: undefined, supersede: () => {} };
    const read = toRead(request, { ...context, ...ofNoCall }, next);
    void this.#track(read, this.#revalidate(read, stored, false))
      .catch(() => {})
      .finally(() => this.#revalidating.delete(key));
  }

  async #send(read: Read, context: RequestContext, stored?: Stored, validators?: object): Promise<Received> {
    const { request, next } = read;
    const calledAt = Date.now();
    const response = await next({ ...request, headers: { ...request.headers, ...validators } }, context);
    const { sentAt = calledAt, status } = response;
    const receivedAt = Date.now();
    const expiresAfter = this.#expiresAfterFor(request, response, stored);
    const decides = stored !== undefined || expiresAfter !== undefined || decidesCaching(response.headers);
    const headers = decides ? storedFields(response.headers, receivedAt) : {};
    return { response, facts: { status, headers, requestedAt: sentAt, receivedAt, expiresAfter } };
  }

  #expiresAfterFor(request: HttpRequest, response: HttpResponse, stored?: Stored): number | undefined {
    const { expiresAfter, covers } = this.#context;
    if (expiresAfter === undefined || request.method !== 'GET' || isPage(response)) return undefined;
    const status = response.status === 304 && stored !== undefined ? stored.status : response.status;
    return EXTENSIBLE.has(status) && covers(request.url) ? expiresAfter : undefined;
  }

  /** Answers with the response of the server, which is stored if it may be. */
  async #receive(read: Read, received: Received, stored?: Stored): Promise<HttpResponse> {
    const { response, facts } = received;
    const { request, context } = read;
    const shown = { ...response, headers: shownFields(response.headers, facts) };
    if (this.#put(read, received, response.body as Buffer)) {
      const headers = { date: facts.headers['date'] as string, ...shown.headers };
      return { ...shown, headers, isShared: true, retract: () => this.delete(request, context.token) };
    }
    const isNews = response.status < 400 || [404, 410].includes(response.status);
    const isReload = context.options.cache === 'reload';
    if (isNews && (stored !== undefined || isReload)) await this.store.delete(stored?.key ?? read.key);
    return shown;
  }

  /** Answers with a stored response and the header fields of a 304. */
  async #update(read: Read, stored: Stored, { response, facts: update }: Received): Promise<HttpResponse> {
    const { status, statusText, body } = stored;
    const facts = { ...update, status, headers: updatedFields(stored.headers, update.headers) };
    const isPut = this.#put(read, { response: { ...response, statusText }, facts }, body);
    if (!isPut && !read.directives.has('no-store')) await this.store.delete(stored.key);
    const lifetimes = assess(facts, this.#context.expiresAfter) ?? { ...stored, bornAt: facts.receivedAt };
    return this.#answer(read, { ...stored, ...lifetimes, fields: shownFields(facts.headers, facts) });
  }

  /** Stores a response, or the update of one. Returns whether it, or a newer one, is stored. */
  #put(read: Read, { response, facts }: Received, body: Buffer): boolean {
    const { request, context, owner, directives } = read;
    const lifetimes = assess(facts, this.#context.expiresAfter);
    if (lifetimes === undefined || lifetimes.expires <= facts.receivedAt) return false;
    if (directives.has('no-store') || read.isForgotten || isErrorTo(context, facts.status)) return false;
    const hasCookies = response.request.headers['cookie'] !== undefined;
    // Cookies of the session are in no key. The token may have become that of another user while the request waited.
    if ((hasCookies && owner === '') || ownerOf(response.request, response.token) !== owner) return false;
    const names = variesBy(facts.headers, hasCookies);
    if (names === undefined) return false;
    const key = names.length === 0 ? read.key : secondaryKey(read.key, names, request.headers);
    if (this.#isPut(key, facts, body)) return true;
    if (holdsCredential(facts.headers, body, response)) return false;
    const { expires } = lifetimes;
    this.store.put({ kind: 'response', key, expires, ...facts, statusText: response.statusText, body });
    if (names.length === 0) return true;
    const vary = varyKey(read.key);
    const longest = Math.max(expires, this.store.peek(vary)?.expires ?? 0);
    // A response that does not vary would be found first.
    void this.store.delete(read.key);
    this.store.put({ kind: 'vary', key: vary, names, expires: longest });
    return true;
  }

  /** Whether a response is stored already: another caller shared it, or a newer one came first. */
  #isPut(key: string, { requestedAt }: Facts, body: Buffer): boolean {
    const entry = this.store.peek(key);
    if (entry?.kind !== 'response' || entry.requestedAt > Date.now()) return false;
    return entry.requestedAt > requestedAt || (entry.requestedAt === requestedAt && entry.body === body);
  }

  /** @throws ResponseTooLarge */
  #answer({ request, context }: Read, { status, statusText, body, fields, bornAt }: Stored): HttpResponse {
    const limit = context.options.maxContentLength;
    if (limit >= 0 && body.length > limit)
      throw toTransportException(tooLarge(limit), requestInput(request, context.token));
    const age = Math.max(0, Math.floor((Date.now() - bornAt) / 1000));
    const headers = { ...fields, age: String(age) };
    const retract = (): Promise<boolean> => this.delete(request, context.token);
    return { status, statusText, headers, body, request, fromCache: true, isShared: true, retract };
  }

  /** Sends a write, and invalidates what it may have changed (RFC 9111, section 4.4). */
  async #write(request: HttpRequest, context: RequestContext, next: Send): Promise<HttpResponse> {
    const { invalidateOnWrite, covers } = this.#context;
    const isCommand = invalidateOnWrite && covers(request.url);
    const owners = (...tokens: (Token | undefined)[]): string[] =>
      isCommand ? tokens.map((token) => ownerScope(ownerOf(request, token))) : [];
    try {
      const response = await next(request, context);
      const { status, token, attempts = context.attempts } = response;
      const scopes = owners(context.token, token);
      if (status < 400) this.#invalidations.add([...scopes, ...scopesOf(response, request.url)]);
      // One that failed may have had an effect. One that was refused has had none, unless it had been sent before.
      else if (status >= 500 || attempts?.hasRepeated) this.#invalidations.add(scopes);
      return response;
    } catch (error) {
      const hadNoEffect = error instanceof TransportException && error.neverReached;
      if (!hadNoEffect) this.#invalidations.add(owners(context.token));
      throw error;
    }
  }
}

function toRead(request: HttpRequest, context: RequestContext, next: Send): Read {
  const owner = ownerOf(request, context.token);
  let key: string | undefined;
  return {
    ...{ request, context, next, owner, directives: requestDirectives(request.headers), isForgotten: false },
    get key() {
      key ??= primaryKey(request, owner);
      return key;
    },
  };
}

function ownerOf({ usesToken }: HttpRequest, token: Token | undefined): string {
  return usesToken ? (token?.owner ?? 'unknown') : '';
}

/** Whether a status is an exception to the caller: such a response is neither stored nor used. */
function isErrorTo({ options }: RequestContext, status: number): boolean {
  try {
    return status >= 400 && !options.validateStatus?.(status);
  } catch {
    // The caller is told when it is given the response; others may wait for it, too.
    return true;
  }
}

/** The directives of a request as cacheable-request should see them: what the stored response says goes before them. */
function correctDirectives(directives: Directives, stored: Stored, isInvalid: boolean): Directives {
  const corrected = new Map(directives);
  if (stored.mustRevalidate || isInvalid) corrected.delete('max-stale');
  if (isInvalid) corrected.set('no-cache', '');
  if (corrected.get('max-age') !== '0') return corrected;
  // A reload need not revalidate what never changes (RFC 8246). And 0 is not younger than this very millisecond.
  corrected.delete('max-age');
  if (!stored.isImmutable || Date.now() >= stored.freshUntil) corrected.set('no-cache', '');
  return corrected;
}
