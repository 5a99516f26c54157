import { finished, type Readable } from 'node:stream';
import { Authorization } from '../auth/authorization.js';
import type { UserLike } from '../auth/user-like.js';
import { SessionCache } from '../cache/session-cache.js';
import { toMilliseconds } from '../config/duration.js';
import { callBack, type Logger } from '../config/logger.js';
import { InvalidInvocation } from '../exceptions/base.js';
import { BadJSON } from '../exceptions/response.js';
import { type ResponseExceptionClass, STATUS_EXCEPTIONS } from '../exceptions/status.js';
import { copyException, TransportException } from '../exceptions/transport.js';
import { Attempts } from '../http/attempts.js';
import { Axios, type AxiosResponse, type InternalAxiosRequestConfig } from '../http/axios.js';
import { discardUnsent } from '../http/body/request-body.js';
import { coalesce } from '../http/interceptors/coalesce.js';
import { isPersonal } from '../http/own-credentials.js';
import type { HttpRequest, HttpResponse, RequestContext, RequestOptions, Send } from '../http/request.js';
import { resolveRetry } from '../http/retry-policy.js';
import { Connections } from '../http/transport/connections.js';
import { ACCEPT_ENCODING } from '../http/transport/content-coding.js';
import { toTransportException } from '../http/transport/errors.js';
import { createTransport } from '../http/transport/send.js';
import { joinUrl } from '../http/url.js';
import { isReadable } from '../util/guards.js';
import { inspectAsString } from '../util/inspect.js';
import { rememberLast } from '../util/memoize.js';
import { VERSION } from '../util/version.js';
import { refuseAssignments } from './assignments.js';
import { checkRequest } from './check-request.js';
import {
  type ResolvedSessionOptions,
  resolveOptions,
  SESSION_OPTION_NAMES,
  type SessionOptions,
} from './options.js';
import { type Message, toHttpRequest, toMessage } from './outgoing.js';
import { PendingRequests } from './pending-requests.js';
import { createPipeline } from './pipeline.js';
import { type Preparation, PreparedRequest } from './prepared-request.js';
import type { RequestConfig, SessionResponse } from './request-options.js';
import { isAccepted, type ReadOptions, showSuperseded, toException, toSessionResponse } from './response.js';

/** The options of a request that become its message, or belong to the call and to none of the steps below. */
const PARTS_OF_MESSAGE: ReadonlySet<string> = new Set([
  'method',
  'url',
  'data',
  'params',
  'headers',
  'auth',
  'signal',
]);

const NO_HEADERS: Readonly<Record<string, string>> = Object.freeze({});

/** Header fields of every request, unless the options say otherwise. */
const HEADERS = { accept: '*/*', 'accept-encoding': ACCEPT_ENCODING, 'user-agent': `itkdb/${VERSION}` };

/**
 * A connection to the database that signs in by itself.
 *
 * ```ts
 * import { Session } from 'itkdb';
 *
 * const session = new Session(); // access codes from the environment or from .env
 * const { data } = await session.get('getComponent', { data: { component: '20USBML1234567' } });
 * await session.close();
 * ```
 *
 * It wraps an axios instance. Its request interceptor joins the URL to `prefixUrl` and asks the user for a fresh token, its
 * adapter sends the request through the pipeline, and its response interceptor makes an exception of a status that
 * stands for a failure, as {@link Session.STATUS_EXCEPTIONS} says.
 */
export class Session {
  /** Which exception stands for which status. */
  static readonly STATUS_EXCEPTIONS: Readonly<Record<number, ResponseExceptionClass>> = STATUS_EXCEPTIONS;
  /** The statuses that the database answers with when a command went well. */
  static readonly SUCCESS_STATUSES: ReadonlySet<number> = new Set([200, 201]);

  readonly #options: ResolvedSessionOptions;
  readonly #defaults: RequestOptions;
  readonly #headers: Readonly<Record<string, string>>;
  readonly #publicHeaders: Readonly<Record<string, string>>;
  readonly #logger: Logger;
  readonly #authorization: Authorization;
  readonly #connections: Connections;
  readonly #cache: SessionCache<string | URL | RequestConfig>;
  readonly #pipeline: Send;
  readonly #axios: Axios;
  readonly #join: (url: string) => string;
  readonly #pending = new PendingRequests();
  #lastResponse: SessionResponse | undefined;
  #isClosed = false;

  static {
    inspectAsString(this);
    refuseAssignments(this.prototype, SESSION_OPTION_NAMES);
  }

  /** @throws InvalidInvocation where an option or a setting is wrong */
  constructor(options: SessionOptions = {}) {
    this.#options = resolveOptions(options);
    const { prefix, user, headers, logger, maxConcurrency, minInterval, onRetry } = this.#options;
    this.#defaults = defaultsOf(this.#options);
    this.#headers = { ...HEADERS, ...lowerCaseNames(headers) };
    this.#publicHeaders = withoutSecrets(this.#headers);
    this.#logger = logger;
    this.#join = rememberLast((url) => joinUrl(prefix, url).href);
    this.#authorization = new Authorization(user, prefix);
    this.#connections = new Connections(this.#options);
    this.#cache = this.#createCache();
    this.#pipeline = createPipeline({
      authorization: this.#authorization,
      cache: this.#cache.intercept,
      coalesce: coalesce(),
      transport: createTransport(this.#connections),
      ...{ maxConcurrency, minInterval, logger, onRetry },
    });
    // Not `axios.create`: what the program has put into axios's own defaults, a token say, is not for this server.
    this.#axios = new Axios({ adapter: (config) => this.#adapt(config) });
    this.#axios.interceptors.request.use((config) => this.#prepare(config));
    this.#axios.interceptors.response.use((response) => this.#conclude(response));
  }

  /** The base of relative URLs, with a slash at its end. */
  get prefixUrl(): string {
    return this.#options.prefix.href;
  }

  /** The user that requests are made for. */
  get user(): UserLike {
    return this.#options.user;
  }

  /** The stored responses. */
  get cache(): Pick<SessionCache<string | URL | RequestConfig>, 'clear' | 'delete' | 'size'> {
    return this.#cache;
  }

  /** The last response received, that of a failure included; undefined before the first. */
  get lastResponse(): SessionResponse | undefined {
    return this.#lastResponse;
  }

  /** Reads. The input of a command goes into `data`, which is sent as the JSON body of the GET. See {@link Session.request} for what it throws. */
  get<T = unknown>(url: string | URL, config?: RequestConfig): Promise<SessionResponse<T>> {
    return this.#request(config ?? {}, { method: 'GET', url });
  }

  /** Reads the headers alone. See {@link Session.request} for what it throws. */
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
   * @throws ResponseException where the response's status stands for a failure
   * @throws TransportException where no whole response came
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
   * Makes a request ready to be sent, without sending it: joins its URL, serialises its body, and adds the token.
   *
   * @throws InvalidInvocation where the request is wrong, and what `user.authenticate()` throws
   */
  async prepareRequest(config: RequestConfig): Promise<PreparedRequest> {
    return new PreparedRequest(await this.#toPreparation(config));
  }

  /** Sends a prepared request as it is. */
  async send<T = unknown>(
    request: PreparedRequest,
    options: { signal?: AbortSignal } = {},
  ): Promise<SessionResponse<T>> {
    const signal = checkRequest(options).signal as AbortSignal | undefined;
    const preparation = PreparedRequest.preparationOf(request, this.#authorization.covers);
    const { context, read } = preparation;
    const { method, url, body } = preparation.request;
    const headers = { 'content-type': false, ...preparation.request.headers };
    const message = { method, url, headers, data: body };
    return this.#call({ message, options: context.options, read, signal, preparation });
  }

  /** Puts the user's token of this moment into a prepared request, if it is under the prefix. */
  async authorize(request: PreparedRequest): Promise<PreparedRequest> {
    const preparation = PreparedRequest.preparationOf(request, this.#authorization.covers);
    if (!this.#authorization.covers(preparation.request.url)) return request;
    const { signal, end } = this.#start(undefined);
    try {
      const context = { ...preparation.context, signal };
      PreparedRequest.authorize(request, await this.#authorization.obtain(request, context));
      return request;
    } finally {
      end();
    }
  }

  /** Ends what is under way with `Aborted`, and closes the connections. The session cannot be used again. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#cache.beforeClose();
    this.#pending.abort(new Error('the session was closed; is an `await` missing before that?'));
    this.#connections.close();
    if (this.#options.ownsUser) this.user.close?.();
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

  async #request<T>(config: RequestConfig, more?: RequestConfig): Promise<SessionResponse<T>> {
    return this.#call(this.#toCall(config, more));
  }

  async #toPreparation(config: RequestConfig): Promise<Preparation> {
    return (await this.#call({ ...this.#toCall(config), isPreparation: true })) as unknown as Preparation;
  }

  /** Checks a request, and takes it as it is now. */
  #toCall(config: RequestConfig, more?: RequestConfig): NewCall {
    const checked = checkRequest(config, more);
    const { auth, responseType, signal, transformResponse, validateStatus } = checked;
    return {
      message: toMessage(checked, this.#headers),
      options: this.#requestOptions(checked),
      read: { responseType, transformResponse, validateStatus },
      hasOwnAuth: auth !== undefined,
      signal: signal as AbortSignal | undefined,
    };
  }

  /** The options of a request over those of the session, which most requests have as they are. */
  #requestOptions(config: RequestConfig): RequestOptions {
    if (Object.keys(config).every((name) => PARTS_OF_MESSAGE.has(name))) return this.#defaults;
    const session = this.#defaults;
    const isStream = config.responseType === 'stream';
    return Object.freeze({
      timeout: config.timeout ?? session.timeout,
      maxContentLength: config.maxContentLength ?? (isStream ? -1 : session.maxContentLength),
      maxBodyLength: config.maxBodyLength ?? -1,
      maxRedirects: config.maxRedirects ?? session.maxRedirects,
      decompress: config.decompress ?? true,
      isStream,
      cache: config.cache,
      retry: config.retry === undefined ? session.retry : resolveRetry(session.retry ?? false, config.retry),
      validateStatus: config.validateStatus === null ? () => true : config.validateStatus,
      httpAgent: config.httpAgent ?? session.httpAgent,
      httpsAgent: config.httpsAgent ?? session.httpsAgent,
      lookup: config.lookup,
      family: config.family,
      proxy: config.proxy ?? session.proxy,
      onUploadProgress: this.#guarded('onUploadProgress', config.onUploadProgress),
      onDownloadProgress: this.#guarded('onDownloadProgress', config.onDownloadProgress),
    });
  }

  /** A function of the caller that is told of something: if it fails, that is a warning and no more. */
  #guarded<Event>(name: string, tell: ((event: Event) => void) | undefined): typeof tell {
    return tell && ((event) => callBack(this.#logger, name, () => tell(event)));
  }

  #start(callers: AbortSignal | undefined): ReturnType<PendingRequests['start']> {
    if (this.#isClosed) throw new InvalidInvocation('the session is closed');
    return this.#pending.start(callers);
  }

  /** Takes a call through axios. */
  async #call<T>(call: NewCall): Promise<SessionResponse<T>> {
    const { signal, end } = this.#start(call.signal);
    const { options, preparation } = call;
    const context: RequestContext = {
      signal,
      options,
      token: preparation?.context.token,
      attempts: options.retry && new Attempts(options.retry),
      supersede: (response) => this.#supersede(response),
    };
    const handle = new CallHandle({ ...call, context, stream: undefined });
    const { method, url, data } = call.message;
    try {
      return await this.#axios.request({ method, url, data, call: handle } as object);
    } catch (error) {
      discardUnsent(data);
      throw ofThisCaller(error);
    } finally {
      const { stream } = CallHandle.callOf({ call: handle });
      if (stream === undefined) end();
      else finished(stream, end);
    }
  }

  /** axios's request interceptor: sets the headers, joins the URL to the prefix, and asks the user for a fresh token. */
  async #prepare(config: InternalAxiosRequestConfig): Promise<InternalAxiosRequestConfig> {
    const call = CallHandle.callOf(config);
    // Not given to axios with the rest, and not by its `set`: either costs more than all else that it does.
    Object.assign(config.headers, call.message.headers);
    if (call.preparation !== undefined) {
      call.usesToken = call.preparation.request.usesToken;
      return config;
    }
    config.url = this.#join(config.url ?? '');
    const { method, url } = config;
    const { signal } = call.context;
    if (signal.aborted)
      throw toTransportException(signal.reason, { method, url, signal, neverReached: true });
    call.usesToken = !call.hasOwnAuth && this.#authorization.covers(url);
    if (call.usesToken) {
      const token = await this.#authorization.obtain({ method, url }, call.context);
      call.context = { ...call.context, token };
    }
    return config;
  }

  /** axios's adapter: sends the request through the pipeline. It never fails: axios would change what it failed with. */
  async #adapt(config: InternalAxiosRequestConfig): Promise<AxiosResponse> {
    const call = CallHandle.callOf(config);
    const request = toHttpRequest(config, this.#headersFor(call, config.url ?? ''), call.usesToken ?? false);
    call.request = request;
    if (call.isPreparation) call.outcome = { prepared: { request, context: call.context, read: call.read } };
    else
      call.outcome = await this.#pipeline(request, call.context).then(
        (response) => ({ response }),
        (error: unknown) => ({ error }),
      );
    return { status: 0, statusText: '', headers: {}, data: undefined, config };
  }

  /** Those that the session adds. Of a prepared request they are final, and another server is told no secrets. */
  #headersFor({ preparation }: Call, url: string): Readonly<Record<string, string>> {
    if (preparation !== undefined) return NO_HEADERS;
    return this.#authorization.covers(url) ? this.#headers : this.#publicHeaders;
  }

  /** axios's response interceptor: makes an exception or the caller's response of what the pipeline returned. */
  async #conclude({ config, duration }: AxiosResponse & { duration?: number }): Promise<AxiosResponse> {
    const call = CallHandle.callOf(config);
    const outcome = call.outcome as Outcome;
    if ('prepared' in outcome) return outcome.prepared as unknown as AxiosResponse;
    if ('error' in outcome) throw outcome.error;
    const { response } = outcome;
    call.stream = isReadable(response.body) ? response.body : undefined;
    try {
      return Object.assign(await this.#toResponse(response, call), { duration: duration ?? 0 });
    } catch (error) {
      call.stream?.on('error', () => {}).destroy();
      throw error;
    }
  }

  async #toResponse(response: HttpResponse, call: Call): Promise<SessionResponse> {
    const { context, read } = call;
    const { request, status, fromCache = false } = response;
    if (fromCache)
      this.#logger.debug(`Response: ${status} (from the cache) ${request.method} ${request.url}`);
    if (!isAccepted(response, read)) {
      const { exception, shown } = await toException(response, {
        preamble: this.#authorization.explain(response),
        // Of attempts that were shared with other callers, those of the first.
        tries: (response.attempts ?? context.attempts)?.summary,
      });
      this.#lastResponse = shown;
      throw exception;
    }
    const options: ReadOptions = {
      ...read,
      isCommand: this.#authorization.covers(request.url),
      onReceived: (shown) => {
        this.#lastResponse = shown;
      },
    };
    try {
      return await toSessionResponse(response, options);
    } catch (error) {
      // Another caller stored the response without reading it as JSON. It was removed, so the server is asked.
      if (!(fromCache && error instanceof BadJSON)) throw error;
      return this.#toResponse(await this.#pipeline(call.request as HttpRequest, context), call);
    }
  }

  #supersede(response: HttpResponse): void {
    this.#lastResponse = showSuperseded(response);
    if (isReadable(response.body)) response.body.on('error', () => {}).destroy();
  }

  #createCache(): SessionCache<string | URL | RequestConfig> {
    const { cache, expiresAfter, invalidateOnWrite, maxCacheSize } = this.#options;
    const context = {
      logger: this.#logger,
      expiresAfter: toMilliseconds(expiresAfter),
      maxSize: maxCacheSize,
      invalidateOnWrite,
      covers: this.#authorization.covers,
    };
    return new SessionCache(cache, context, (request) => {
      const isUrl = typeof request === 'string' || request instanceof URL;
      return this.#toPreparation(isUrl ? { url: request } : request);
    });
  }
}

/** A request before it is under way. */
interface NewCall {
  readonly message: Message;
  readonly options: RequestOptions;
  readonly read: Omit<ReadOptions, 'isCommand' | 'onReceived'>;
  /** Whether `auth` says what it is sent with, in place of the token. */
  readonly hasOwnAuth?: boolean;
  readonly signal?: AbortSignal | undefined;
  /** What a prepared request was prepared to: its URL and its token are final. */
  readonly preparation?: Preparation;
  /** Whether it is made ready, and not sent. */
  readonly isPreparation?: boolean;
}

/** A request under way: what belongs to it and not to its message. */
interface Call extends NewCall {
  context: RequestContext;
  usesToken?: boolean;
  request?: HttpRequest;
  outcome?: Outcome;
  /** The body that the caller has not read yet. */
  stream: Readable | undefined;
}

type Outcome =
  | { readonly response: HttpResponse }
  | { readonly error: unknown }
  | { readonly prepared: Preparation };

/** Names a call in its axios configuration, where the signal and the token must not stand. It shows nothing of the call. */
class CallHandle {
  readonly #call: Call;

  constructor(call: Call) {
    this.#call = call;
  }

  static callOf(config: object): Call {
    return (config as { readonly call: CallHandle }).call.#call;
  }
}

const stacks = new WeakMap<Error, string | undefined>();

/** Several callers may be given one exception, and axios adds each of them to its stack: here only the first. */
function ofThisCaller(error: unknown): unknown {
  if (error instanceof TransportException) return copyException(error);
  if (!(error instanceof Error)) return error;
  if (!stacks.has(error)) stacks.set(error, error.stack);
  else Reflect.set(error, 'stack', stacks.get(error));
  return error;
}

/** The options of a request that says nothing of them. */
function defaultsOf(session: ResolvedSessionOptions): RequestOptions {
  const { timeout, maxContentLength, maxRedirects, retry, httpAgent, httpsAgent, proxy } = session;
  return Object.freeze({
    ...{ timeout, maxContentLength, maxRedirects, retry, httpAgent, httpsAgent, proxy },
    maxBodyLength: -1,
    decompress: true,
    isStream: false,
    cache: undefined,
    validateStatus: undefined,
    lookup: undefined,
    family: undefined,
    onUploadProgress: undefined,
    onDownloadProgress: undefined,
  });
}

function withoutSecrets(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !isPersonal(name)));
}

function lowerCaseNames(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}
