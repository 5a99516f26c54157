import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import type { AxiosHeaders, AxiosResponseTransformer } from 'axios';
import { toMilliseconds } from '../cache/expires-after.js';
import { SessionCache } from '../cache/session-cache.js';
import {
  exceptionFor,
  isFailure,
  type ResponseExceptionClass,
  STATUS_EXCEPTIONS,
} from '../exceptions/status.js';
import { decodeBody, decodeText, readFailedBody } from '../http/body.js';
import { ACCEPT_ENCODING } from '../http/content-coding.js';
import { MAX_REDIRECTS } from '../http/redirects.js';
import { RetryBudget, resolveRetry } from '../http/retry-policy.js';
import type { Exchange, WireResponse } from '../http/wire.js';
import { inspectAsString } from '../inspect.js';
import { createLogger, type Logger } from '../logger.js';
import { SettingsReader } from '../settings.js';
import { parsePrefix } from '../url.js';
import { User } from '../user/user.js';
import type { UserLike } from '../user/user-like.js';
import { DEFAULT_TIMEOUT } from '../user/user-options.js';
import { copyOptions } from '../validation.js';
import { VERSION } from '../version.js';
import { Authorization } from './authorization.js';
import { Dispatcher } from './dispatcher.js';
import { checkSessionOptions, MAX_CACHE_SIZE, MAX_CONTENT_LENGTH, type SessionOptions } from './options.js';
import { createPipeline } from './pipeline.js';
import { PreparedRequest } from './prepared-request.js';
import {
  checkRequestConfig,
  type DispatchConfig,
  type RequestConfig,
  type SessionResponse,
} from './request-config.js';
import { showExchange, showFailure, showReceived } from './shown-exchange.js';

/** What every request is sent with, unless the options say otherwise. */
const HEADERS = { Accept: '*/*', 'Accept-Encoding': ACCEPT_ENCODING, 'User-Agent': `itkdb/${VERSION}` };

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

  readonly #prefix: URL;
  readonly #user: UserLike;
  readonly #logger: Logger;
  readonly #authorization: Authorization;
  readonly #retry: SessionOptions['retry'];
  readonly #cache: SessionCache<string | URL | RequestConfig>;
  readonly #exchange: Exchange;
  readonly #dispatcher: Dispatcher;
  readonly #ours: { close?(): void; destroy?(): void }[] = [];
  #lastResponse: (() => SessionResponse) | undefined;

  static {
    inspectAsString(this);
  }

  /** @throws InvalidInvocation where an option or a setting is wrong */
  constructor(options: SessionOptions = {}) {
    options = copyOptions('new Session', options);
    checkSessionOptions(options);
    this.#logger = createLogger(options.logger);
    this.#prefix = parsePrefix(options.prefixUrl ?? new SettingsReader().get('ITKDB_API_URL'));
    this.#user = options.user ?? this.#keep(defaultUser(options));
    this.#authorization = new Authorization(this.#user, this.#prefix);
    this.#retry = options.retry;
    this.#cache = this.#createCache(options);
    this.#exchange = createPipeline({
      options,
      logger: this.#logger,
      authorization: this.#authorization,
      cache: this.#cache,
      onResponse: (response) => {
        this.#lastResponse = () => showReceived(response);
      },
    });
    this.#dispatcher = this.#createDispatcher(options);
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
    return this.#lastResponse?.();
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
    return new PreparedRequest(
      await this.#dispatcher.prepare(this.#dispatcher.translate(checked), checked.signal),
    );
  }

  /** Sends a prepared request as it is. */
  async send<T = unknown>(
    request: PreparedRequest,
    options: { signal?: AbortSignal } = {},
  ): Promise<SessionResponse<T>> {
    const { signal } = checkRequestConfig(options);
    const config = PreparedRequest.configOf(request);
    return this.#dispatcher.dispatch({ ...config }, signal);
  }

  /** Puts the user's bearer of this moment into a prepared request, if it is under the prefix. */
  async authorize(request: PreparedRequest): Promise<PreparedRequest> {
    await this.#authorization.authorize(PreparedRequest.configOf(request));
    return request;
  }

  /** Ends what is under way with `Aborted`, and closes the sockets. The session cannot be used again. */
  async close(): Promise<void> {
    this.#dispatcher.close();
    for (const resource of this.#ours.splice(0)) (resource.close ?? resource.destroy)?.call(resource);
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

  #createCache({
    cache = true,
    expiresAfter,
    invalidateOnWrite,
    maxCacheSize,
  }: SessionOptions): SessionCache<string | URL | RequestConfig> {
    const context = {
      logger: this.#logger,
      expiresAfter: toMilliseconds(expiresAfter),
      maxSize: maxCacheSize ?? MAX_CACHE_SIZE,
      invalidateOnWrite: invalidateOnWrite ?? true,
      covers: this.#authorization.covers,
      identity: () => this.#user.identity,
    };
    return new SessionCache(cache, context, async (request) => {
      const isUrl = typeof request === 'string' || request instanceof URL;
      return PreparedRequest.configOf(await this.prepareRequest(isUrl ? { url: request } : request));
    });
  }

  #createDispatcher({ httpAgent, httpsAgent, ...options }: SessionOptions): Dispatcher {
    return new Dispatcher({
      prefix: this.#prefix,
      headers: { ...HEADERS, ...options.headers },
      defaults: {
        httpAgent: httpAgent ?? this.#keep(new HttpAgent({ keepAlive: true })),
        httpsAgent: httpsAgent ?? this.#keep(new HttpsAgent({ keepAlive: true })),
        maxContentLength: options.maxContentLength ?? MAX_CONTENT_LENGTH,
        maxRedirects: options.maxRedirects ?? MAX_REDIRECTS,
        timeout: options.timeout ?? DEFAULT_TIMEOUT,
      },
      prepare: (config) => this.#prepare(config),
      answer: (config) => this.#answer(config),
    });
  }

  async #request<T>(config: RequestConfig, more?: RequestConfig): Promise<SessionResponse<T>> {
    const checked = checkRequestConfig(config, more);
    return this.#dispatcher.dispatch(this.#dispatcher.translate(checked), checked.signal);
  }

  /** What the request interceptor does. */
  async #prepare(config: DispatchConfig): Promise<void> {
    config.policy = resolveRetry(this.#retry, config.retry);
    if (config.target === undefined) return;
    config.url = config.target().href;
    config.target = undefined;
    await this.#authorization.authorize(config);
  }

  /** What the adapter does: exchanges a prepared request for an answer, or an exception. */
  async #answer(config: DispatchConfig): Promise<SessionResponse> {
    this.#authorization.check(config);
    config.signal?.throwIfAborted();
    config.retries = config.policy && new RetryBudget(config.policy);
    config.bearerAsOf = performance.now();
    const response = await this.#exchange(config);
    const { status } = response;
    if (response.fromCache) {
      this.#logger.debug(`Response: ${status} (from the cache) ${config.method.toUpperCase()} ${config.url}`);
    }
    if (config.accepts === undefined ? isFailure(status) : !config.accepts(status)) {
      const failed = { ...response, data: await readFailedBody(response) };
      const exception = exceptionFor(failed, {
        preamble: this.#authorization.explain(failed),
        tries: config.retries?.summary,
      });
      const shown = showFailure(failed, exception.response);
      this.#lastResponse = () => shown;
      throw exception;
    }
    const shown = showExchange(response, undefined);
    this.#lastResponse = () => shown;
    const decoded = await decode(response, config);
    const data = response.isShared && Buffer.isBuffer(decoded) ? Buffer.from(decoded) : decoded;
    shown.data = transformersOf(config).reduce(
      (value, transform) => transform.call(config, value, shown.headers as AxiosHeaders, status),
      data,
    );
    return shown;
  }

  #keep<Resource extends { close?(): void; destroy?(): void }>(resource: Resource): Resource {
    this.#ours.push(resource);
    return resource;
  }
}

async function decode(response: WireResponse, config: DispatchConfig): Promise<unknown> {
  const isTransformed = transformersOf(config).length > 0;
  try {
    return (isTransformed ? decodeText : decodeBody)(response, config.responseType);
  } catch (error) {
    // An exception is never kept.
    await response.retract?.();
    throw error;
  }
}

function transformersOf({ transformResponse }: DispatchConfig): AxiosResponseTransformer[] {
  return transformResponse === undefined ? NO_TRANSFORMERS : [transformResponse].flat();
}

const NO_TRANSFORMERS: AxiosResponseTransformer[] = [];

function defaultUser(options: SessionOptions): User {
  const { saveAuth, authExpiryThreshold, timeout, logger, retry, onRetry } = options;
  return new User({ saveAuth, authExpiryThreshold, timeout, logger, retry, onRetry });
}
