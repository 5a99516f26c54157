import { User } from '../auth/user.js';
import type { UserLike } from '../auth/user-like.js';
import type { CacheContext } from '../cache/context.js';
import { toMilliseconds } from '../cache/expires-after.js';
import { SessionCache } from '../cache/session-cache.js';
import { createLogger, type Logger } from '../config/logger.js';
import { SettingsReader } from '../config/settings.js';
import { copyOptions } from '../config/validation.js';
import { InvalidInvocation } from '../exceptions/base.js';
import { type ResponseExceptionClass, STATUS_EXCEPTIONS } from '../exceptions/status.js';
import { coveredBy, parsePrefix } from '../http/url.js';
import { inspectAsString } from '../util/inspect.js';
import type { Engine } from './engine.js';
import { checkSessionOptions, MAX_CACHE_SIZE, type SessionOptions } from './options.js';
import { PreparedRequest } from './prepared-request.js';
import { checkRequestConfig, type RequestConfig, type SessionResponse } from './request-config.js';

/**
 * A connection to the database that authenticates itself.
 *
 * ```ts
 * import { Session } from 'itkdb';
 *
 * const session = new Session(); // access codes from the environment or from .env
 * const { data } = await session.get('getComponent', { data: { component: '20USBML1234567' } });
 * await session.close();
 * ```
 *
 * It wraps an axios instance. Before a request leaves, its URL is joined to `prefixUrl` and, if it lies under it, the
 * user is asked for a fresh bearer. An answer whose status stands for a failure is thrown as the exception in
 * {@link Session.STATUS_EXCEPTIONS}.
 */
export class Session {
  /** Which exception stands for which status. */
  static readonly STATUS_EXCEPTIONS: Readonly<Record<number, ResponseExceptionClass>> = STATUS_EXCEPTIONS;
  /** The statuses that the database answers with when a command went well. */
  static readonly SUCCESS_STATUSES: ReadonlySet<number> = new Set([200, 201]);

  readonly #options: Readonly<SessionOptions>;
  readonly #prefix: URL;
  readonly #user: UserLike;
  readonly #logger: Logger;
  readonly #cache: SessionCache<string | URL | RequestConfig>;
  #engine: Engine | undefined;
  #starting: Promise<Engine> | undefined;
  #isClosed = false;

  static {
    inspectAsString(this);
  }

  /** @throws InvalidInvocation where an option or a setting is wrong */
  constructor(options: SessionOptions = {}) {
    this.#options = copyOptions('new Session', options);
    checkSessionOptions(this.#options);
    // They are read when the engine is made, and what is checked is what is used.
    this.#options = { ...this.#options, headers: { ...this.#options.headers } };
    this.#logger = createLogger(this.#options.logger);
    this.#prefix = parsePrefix(this.#options.prefixUrl ?? new SettingsReader().get('ITKDB_API_URL'));
    this.#user = this.#options.user ?? defaultUser(this.#options);
    this.#cache = this.#createCache();
  }

  /** The base of relative URLs, with a slash at its end. */
  get prefixUrl(): string {
    return this.#prefix.href;
  }

  /** Who asks. */
  get user(): UserLike {
    return this.#user;
  }

  /** The stored answers. */
  get cache(): Pick<SessionCache<string | URL | RequestConfig>, 'clear' | 'delete' | 'size'> {
    return this.#cache;
  }

  /** The last answer received, be it a failure; undefined before the first. */
  get lastResponse(): SessionResponse | undefined {
    return this.#engine?.lastResponse;
  }

  /** Reads. The input of a command goes into `data`, which is sent as the JSON body of the GET. See {@link Session.request} for what it throws. */
  get<T = unknown>(url: string | URL, config?: RequestConfig): Promise<SessionResponse<T>> {
    return this.#request(config ?? {}, { method: 'GET', url });
  }

  /** Asks for the headers alone. See {@link Session.request} for what it throws. */
  head<T = unknown>(url: string | URL, config?: RequestConfig): Promise<SessionResponse<T>> {
    return this.#request(config ?? {}, { method: 'HEAD', url });
  }

  /** Asks what a URL can do. See {@link Session.request} for what it throws. */
  options<T = unknown>(url: string | URL, config?: RequestConfig): Promise<SessionResponse<T>> {
    return this.#request(config ?? {}, { method: 'OPTIONS', url });
  }

  /** Deletes. See {@link Session.request} for what it throws. */
  delete<T = unknown>(url: string | URL, config?: RequestConfig): Promise<SessionResponse<T>> {
    return this.#request(config ?? {}, { method: 'DELETE', url });
  }

  /** Writes: `data` is the body itself, sent as JSON. See {@link Session.request} for what it throws. */
  post<T = unknown>(url: string | URL, data?: unknown, config?: RequestConfig): Promise<SessionResponse<T>> {
    return this.#request(config ?? {}, { method: 'POST', url, data });
  }

  /** Replaces: `data` is the body itself, sent as JSON. See {@link Session.request} for what it throws. */
  put<T = unknown>(url: string | URL, data?: unknown, config?: RequestConfig): Promise<SessionResponse<T>> {
    return this.#request(config ?? {}, { method: 'PUT', url, data });
  }

  /** Changes: `data` is the body itself, sent as JSON. See {@link Session.request} for what it throws. */
  patch<T = unknown>(url: string | URL, data?: unknown, config?: RequestConfig): Promise<SessionResponse<T>> {
    return this.#request(config ?? {}, { method: 'PATCH', url, data });
  }

  /**
   * Sends a request. Every other verb is short for this.
   *
   * @throws InvalidInvocation where the request is wrong
   * @throws ResponseException where the answer's status stands for a failure
   * @throws TransportException where no whole answer came
   */
  request<T = unknown>(config: RequestConfig): Promise<SessionResponse<T>>;
  request<T = unknown>(
    method: string,
    url: string | URL,
    config?: RequestConfig,
  ): Promise<SessionResponse<T>>;
  request<T>(
    methodOrConfig: string | RequestConfig,
    url?: string | URL,
    config?: RequestConfig,
  ): Promise<SessionResponse<T>> {
    if (typeof methodOrConfig !== 'string') return this.#request(methodOrConfig);
    return this.#request(config ?? {}, { method: methodOrConfig, url });
  }

  /**
   * Makes a request ready to be sent, without sending it: joins its URL, serialises its body, and authorizes it.
   *
   * @throws InvalidInvocation where the request is wrong, and what `user.authenticate()` throws
   */
  async prepareRequest(config: RequestConfig): Promise<PreparedRequest> {
    const checked = checkRequestConfig(config);
    const engine = await this.#ready();
    return new PreparedRequest(await engine.prepare(checked));
  }

  /** Sends a prepared request as it is. */
  async send<T = unknown>(
    request: PreparedRequest,
    options: { signal?: AbortSignal } = {},
  ): Promise<SessionResponse<T>> {
    const { signal } = checkRequestConfig(options);
    const config = PreparedRequest.configOf(request);
    const engine = await this.#ready();
    return engine.send(config, signal);
  }

  /** Puts the user's bearer of this moment into a prepared request, if it is under the prefix. */
  async authorize(request: PreparedRequest): Promise<PreparedRequest> {
    const config = PreparedRequest.configOf(request);
    const engine = await this.#ready();
    await engine.authorize(config);
    return request;
  }

  /** Ends what is under way with `Aborted`, and closes the sockets. The session cannot be used again. */
  async close(): Promise<void> {
    this.#isClosed = true;
    // Those that wait for it too go first, to be ended like all others.
    const engine = this.#engine ?? (await this.#starting);
    engine?.close();
    if (this.#options.user === undefined) this.#user.close?.();
    await this.#cache.close();
  }

  /** Closes the session at the end of a block: `await using session = new Session()`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** What a template string shows. */
  toString(): string {
    return `Session(prefixUrl=${this.prefixUrl})`;
  }

  /** What `JSON.stringify` shows. */
  toJSON(): { prefixUrl: string } {
    return { prefixUrl: this.prefixUrl };
  }

  #createCache(): SessionCache<string | URL | RequestConfig> {
    const { cache = true, expiresAfter, invalidateOnWrite, maxCacheSize } = this.#options;
    const context: CacheContext = {
      logger: this.#logger,
      expiresAfter: toMilliseconds(expiresAfter),
      maxSize: maxCacheSize ?? MAX_CACHE_SIZE,
      invalidateOnWrite: invalidateOnWrite ?? true,
      covers: coveredBy(this.#prefix),
      identity: ({ bearerOf }) => (bearerOf === this.#user ? identityOf(this.#user) : undefined),
    };
    return new SessionCache(cache, context, async (request) => {
      const isUrl = typeof request === 'string' || request instanceof URL;
      return PreparedRequest.configOf(await this.prepareRequest(isUrl ? { url: request } : request));
    });
  }

  async #request<T>(config: RequestConfig, more?: RequestConfig): Promise<SessionResponse<T>> {
    const checked = checkRequestConfig(config, more);
    const engine = await this.#ready();
    return engine.request(checked);
  }

  /** The engine, which the first request loads: it is most of the package, and an import of that should cost little. */
  #ready(): Engine | Promise<Engine> {
    if (this.#isClosed) throw new InvalidInvocation('the session is closed');
    if (this.#engine !== undefined) return this.#engine;
    this.#starting ??= import('./engine.js').then(({ Engine }) => {
      this.#engine = new Engine({
        options: this.#options,
        prefix: this.#prefix,
        user: this.#user,
        logger: this.#logger,
        cache: this.#cache,
      });
      return this.#engine;
    });
    return this.#starting;
  }
}

function identityOf(user: UserLike): string | undefined {
  const { identity } = user as { readonly identity?: unknown };
  return typeof identity === 'string' ? identity : undefined;
}

function defaultUser(options: SessionOptions): User {
  const { saveAuth, authExpiryThreshold, timeout, logger, retry, onRetry } = options;
  return new User({ saveAuth, authExpiryThreshold, timeout, logger, retry, onRetry });
}
