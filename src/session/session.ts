import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { finished } from 'node:stream';
import axios, {
  type AxiosAdapter,
  type AxiosInstance,
  type AxiosRequestConfig,
  type AxiosRequestTransformer,
  isAxiosError,
} from 'axios';
import { toMilliseconds } from '../cache/expires-after.js';
import { SessionCache } from '../cache/session-cache.js';
import { InvalidInvocation } from '../exceptions/base.js';
import {
  exceptionFor,
  isFailure,
  type ResponseExceptionClass,
  STATUS_EXCEPTIONS,
} from '../exceptions/status.js';
import { decodeBody, decodeText, readFailedBody, serializeBody } from '../http/body.js';
import { byOrigin } from '../http/by-origin.js';
import { CookieStore, withCookies } from '../http/cookies.js';
import { Limiter, withLimiter } from '../http/limiter.js';
import { Pacer, withPacer } from '../http/pacer.js';
import { MAX_REDIRECTS, withRedirects } from '../http/redirects.js';
import { withRetries } from '../http/retries.js';
import { RetryBudget, resolveRetry } from '../http/retry-policy.js';
import { toTransportException } from '../http/transport-errors.js';
import { type Exchange, isReadable, sendOverWire } from '../http/wire.js';
import { inspectAsString } from '../inspect.js';
import { createLogger, type Logger } from '../logger.js';
import { messageOf } from '../message-of.js';
import { SettingsReader } from '../settings.js';
import { joinUrl, parsePrefix } from '../url.js';
import { DEFAULT_TIMEOUT, User } from '../user/user.js';
import type { UserLike } from '../user/user-like.js';
import { copyOptions } from '../validation.js';
import { VERSION } from '../version.js';
import { Authorization } from './authorization.js';
import { InFlight } from './in-flight.js';
import {
  checkSessionOptions,
  MAX_CACHE_SIZE,
  MAX_CONCURRENCY,
  MAX_CONTENT_LENGTH,
  type SessionOptions,
} from './options.js';
import { PreparedRequest } from './prepared-request.js';
import {
  checkRequestConfig,
  type DispatchConfig,
  type DispatchedConfig,
  type RequestConfig,
  type SessionResponse,
} from './request-config.js';
import { showExchange, showFailure } from './shown-exchange.js';

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
  readonly #axios: AxiosInstance;
  readonly #authorization: Authorization;
  readonly #retry: SessionOptions['retry'];
  readonly #cache: SessionCache<string | URL | RequestConfig>;
  readonly #exchange: Exchange;
  readonly #inFlight = new InFlight();
  readonly #ours: { close?(): void; destroy?(): void }[] = [];
  #closed = false;
  #lastResponse: SessionResponse | undefined;

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
    this.#exchange = this.#createExchange(options);
    this.#axios = this.#createAxios(options);
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
    return this.#lastResponse;
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
    const adapter: AxiosAdapter = async (data) => ({
      data,
      config: data,
      status: 0,
      statusText: '',
      headers: {},
    });
    const checked = checkRequestConfig(config);
    const { data } = await this.#dispatch({ ...this.#toDispatch(checked), adapter }, checked.signal);
    return new PreparedRequest(data as DispatchedConfig);
  }

  /** Sends a prepared request as it is. */
  async send<T = unknown>(
    request: PreparedRequest,
    options: { signal?: AbortSignal } = {},
  ): Promise<SessionResponse<T>> {
    const { signal } = checkRequestConfig(options);
    const { adapter: _, ...config } = PreparedRequest.configOf(request);
    return this.#dispatch({ ...config, transformRequest: [] }, signal);
  }

  /** Puts the user's bearer of this moment into a prepared request, if it is under the prefix. */
  async authorize(request: PreparedRequest): Promise<PreparedRequest> {
    await this.#authorization.authorize(PreparedRequest.configOf(request));
    return request;
  }

  /** Ends what is under way with `Aborted`, and closes the sockets. The session cannot be used again. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#inFlight.abort(new Error('the session was closed; is an `await` missing before that?'));
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

  /** What one request goes through, from the outside in; each hop of a redirect starts again behind `withRedirects`. */
  #createExchange({ onRetry, maxConcurrency = MAX_CONCURRENCY, minInterval = 0 }: SessionOptions): Exchange {
    const limiterFor = byOrigin(() => new Limiter(maxConcurrency));
    const pacerFor = byOrigin(() => new Pacer(minInterval));
    const onBusy = (url: string, delay: number): void => pacerFor(url).holdOff(delay);
    const paced = withPacer(pacerFor, this.#authorization.withFreshBearer(sendOverWire));
    const tried = withRetries({ logger: this.#logger, onRetry, onBusy }, paced);
    const limited = withLimiter(limiterFor, tried);
    const cached = this.#cache.before(withCookies(new CookieStore(), limited));
    const followed = withRedirects(this.#authorization.covers, cached);
    return this.#authorization.withReauthentication(followed);
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

  #createAxios({ httpAgent, httpsAgent, ...options }: SessionOptions): AxiosInstance {
    const instance = axios.create({
      adapter: (config) => this.#adapt(config as DispatchedConfig),
      headers: { 'User-Agent': `itkdb/${VERSION}`, ...options.headers },
      httpAgent: httpAgent ?? this.#keep(new HttpAgent({ keepAlive: true })),
      httpsAgent: httpsAgent ?? this.#keep(new HttpsAgent({ keepAlive: true })),
      maxContentLength: options.maxContentLength ?? MAX_CONTENT_LENGTH,
      maxRedirects: options.maxRedirects ?? MAX_REDIRECTS,
      timeout: options.timeout ?? DEFAULT_TIMEOUT,
      transformResponse: [],
    });
    instance.interceptors.request.use(async (config) => {
      await this.#prepare(config as DispatchedConfig);
      return config;
    });
    return instance;
  }

  async #request<T>(config: RequestConfig, more?: RequestConfig): Promise<SessionResponse<T>> {
    const checked = checkRequestConfig(config, more);
    return this.#dispatch<T>(this.#toDispatch(checked), checked.signal);
  }

  /**
   * Translates a request into axios's terms. What may be large or hold itself goes in closures, because axios copies
   * every plain object in a config, however deep.
   */
  #toDispatch(config: RequestConfig): DispatchConfig {
    const { auth, url, params, paramsSerializer, data, transformRequest, validateStatus } = config;
    const serialize: AxiosRequestTransformer = function (_, headers) {
      return serializeBody.call(this, data, headers);
    };
    const dispatch: DispatchConfig = {
      ...(config as AxiosRequestConfig),
      url: String(url ?? ''),
      target: () => withParams(joinUrl(this.#prefix, url), params, paramsSerializer),
      transformRequest: transformRequest == null ? serialize : [() => data, ...[transformRequest].flat()],
      authorize: auth === undefined,
      ...(NOT_FOR_AXIOS as AxiosRequestConfig),
    };
    if (auth) dispatch.auth = { username: auth.username, password: auth.password };
    if (validateStatus !== undefined) dispatch.accepts = validateStatus ?? (() => true);
    if (config.responseType === 'stream') dispatch.maxContentLength ??= -1;
    return dispatch;
  }

  async #dispatch<T>(config: DispatchConfig, signal: RequestConfig['signal']): Promise<SessionResponse<T>> {
    if (this.#closed) throw new InvalidInvocation('the session is closed');
    const flight = this.#inFlight.enter(signal as AbortSignal | undefined);
    let data: unknown;
    try {
      const response = await this.#axios.request<T, SessionResponse<T>>({ ...config, signal: flight.signal });
      data = response.data;
      return response;
    } catch (error) {
      if (!flight.signal.aborted && !isAxiosError(error)) throw error;
      const request = { ...config, url: absoluteUrl(config), signal: flight.signal } as DispatchedConfig;
      throw toTransportException(error, request);
    } finally {
      if (isReadable(data)) finished(data, flight.leave);
      else flight.leave();
    }
  }

  /** What the request interceptor does. */
  async #prepare(config: DispatchedConfig): Promise<void> {
    if (config.target === undefined) return;
    config.url = config.target().href;
    config.target = undefined;
    await this.#authorization.authorize(config);
  }

  /** What the adapter does: exchanges a prepared request for an answer, or an exception. */
  async #adapt(config: DispatchedConfig): Promise<SessionResponse> {
    this.#logger.debug(`Request: ${config.method.toUpperCase()} ${config.url}`);
    const policy = resolveRetry(this.#retry, config.retry);
    config.retries = policy && new RetryBudget(policy);
    config.bearerAsOf = performance.now();
    const response = await this.#exchange(config);
    const { status, headers, data } = response;
    const length = Buffer.isBuffer(data) ? data.length : headers['content-length'];
    this.#logger.debug(`Response: ${status} (${length} bytes) ${config.method.toUpperCase()} ${config.url}`);
    if (config.accepts === undefined ? isFailure(status) : !config.accepts(status)) {
      const failed = { ...response, data: await readFailedBody(response) };
      const exception = exceptionFor(failed, {
        preamble: this.#authorization.explain(failed),
        tries: config.retries?.summary,
      });
      this.#lastResponse = showFailure(failed, exception);
      throw exception;
    }
    const shown = showExchange(response, undefined);
    this.#lastResponse = shown;
    const isTransformed = [config.transformResponse ?? []].flat().length > 0;
    const decoded = (isTransformed ? decodeText : decodeBody)(response, config.responseType);
    shown.data = response.isShared && Buffer.isBuffer(decoded) ? Buffer.from(decoded) : decoded;
    return shown;
  }

  #keep<Resource extends { close?(): void; destroy?(): void }>(resource: Resource): Resource {
    this.#ours.push(resource);
    return resource;
  }
}

/** What a session takes care of itself. Set rather than left out: that is faster by far for objects of this size. */
const NOT_FOR_AXIOS: unknown = {
  auth: undefined,
  data: undefined,
  params: undefined,
  paramsSerializer: undefined,
  validateStatus: undefined,
};

function absoluteUrl({ target, url }: DispatchConfig): string | undefined {
  try {
    return target?.().href ?? url;
  } catch {
    return url;
  }
}

/** Adds query parameters: a list repeats its name, undefined and null are left out. */
function withParams(url: URL, params: unknown, serializer: RequestConfig['paramsSerializer']): URL {
  if (params === undefined || params === null) return url;
  try {
    return new URL(
      axios.getUri({ url: url.href, params, paramsSerializer: serializer ?? { indexes: null } }),
    );
  } catch (error) {
    throw new InvalidInvocation(`\`params\` cannot be written as a query: ${messageOf(error)}`);
  }
}

function defaultUser(options: SessionOptions): User {
  const { saveAuth, authExpiryThreshold, timeout, logger, retry, onRetry } = options;
  return new User({ saveAuth, authExpiryThreshold, timeout, logger, retry, onRetry });
}
