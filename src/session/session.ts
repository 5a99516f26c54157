import { finished } from 'node:stream';
import { Authorization } from '../auth/authorization.js';
import type { UserLike } from '../auth/user-like.js';
import { SessionCache } from '../cache/session-cache.js';
import type {
  CommandInput,
  CommandName,
  CommandOutput,
  Commands,
  CommandWithoutInput,
  FlatCommandInput,
  FlatCommandName,
  FlatCommandOutput,
  WithOutputType,
} from '../commands/commands.js';
import { InvalidInvocation } from '../exceptions/base.js';
import { BadJSON } from '../exceptions/response.js';
import { type ResponseExceptionClass, STATUS_EXCEPTIONS } from '../exceptions/status.js';
import { copyException, TransportException } from '../exceptions/transport.js';
import { Attempts } from '../http/attempts.js';
import { Axios, type AxiosResponse, type InternalAxiosRequestConfig } from '../http/axios.js';
import { discardUnsent } from '../http/body/request-body.js';
import type { ResponseType } from '../http/body/response-body.js';
import { logCached } from '../http/interceptors/log.js';
import type { HttpRequest, HttpResponse, RequestContext, Send, Token } from '../http/request.js';
import { requestInput } from '../http/response-input.js';
import { Connections } from '../http/transport/connections.js';
import { toTransportException } from '../http/transport/errors.js';
import { createTransport } from '../http/transport/send.js';
import { joinUrl } from '../http/url.js';
import { isReadable } from '../util/guards.js';
import { inspectAsString } from '../util/inspect.js';
import { rememberLast } from '../util/memoize.js';
import { refuseAssignments } from './assignments.js';
import { type Call, CallHandle, type NewCall, type Outcome } from './call.js';
import { checkRequest, checkSendOptions } from './check-request.js';
import {
  type ResolvedSessionOptions,
  resolveOptions,
  SESSION_OPTION_NAMES,
  type SessionOptions,
} from './options.js';
import { type Message, toHttpRequest, toMessage, withQuery } from './outgoing.js';
import { type PendingRequest, PendingRequests } from './pending-requests.js';
import { createPipeline } from './pipeline.js';
import { type Preparation, PreparedRequest } from './prepared-request.js';
import { RequestDefaults } from './request-defaults.js';
import type { DataOf, RequestConfig, SessionResponse, Transforms } from './request-options.js';
import { isAccepted, readBody, showSuccess, showSuperseded, toException } from './response.js';

/**
 * A client of the database that signs in by itself.
 *
 * ```ts
 * import { Session } from 'itkdb';
 *
 * const session = new Session(); // access codes from the environment or from .env
 * const { data } = await session.get('getComponent', { data: { component: '20USBML1234567' } });
 * await session.close();
 * ```
 *
 * It wraps an axios instance. Its request interceptor asks the user for a fresh token, its adapter sends the request
 * through the pipeline, and its response interceptor throws an exception if {@link Session.STATUS_EXCEPTIONS} has one for
 * the status.
 */
export class Session {
  /** The exception for each status that is a failure. */
  static readonly STATUS_EXCEPTIONS: Readonly<Record<number, ResponseExceptionClass>> = STATUS_EXCEPTIONS;
  /** The statuses with which the database answers a command that succeeded. */
  static readonly SUCCESS_STATUSES: ReadonlySet<number> = new Set([200, 201]);

  readonly #options: ResolvedSessionOptions;
  readonly #defaults: RequestDefaults;
  readonly #authorization: Authorization;
  readonly #connections: Connections;
  readonly #cache: SessionCache<string | URL | RequestConfig>;
  readonly #pipeline: Send;
  readonly #axios: Axios;
  readonly #join: (url: string) => string;
  readonly #pending = new PendingRequests();
  #lastResponse: SessionResponse | undefined;

  static {
    inspectAsString(this);
    refuseAssignments(this.prototype, SESSION_OPTION_NAMES);
  }

  /** @throws InvalidInvocation if an option or a setting is wrong */
  constructor(options: SessionOptions = {}) {
    this.#options = resolveOptions(options);
    const { prefix, user } = this.#options;
    this.#defaults = new RequestDefaults(this.#options);
    this.#join = rememberLast((url) => joinUrl(prefix, url).href);
    this.#authorization = new Authorization(user, prefix);
    this.#connections = new Connections(this.#options);
    this.#cache = this.#createCache();
    this.#pipeline = createPipeline({
      ...this.#options,
      authorization: this.#authorization,
      cache: this.#cache.intercept,
      transport: createTransport(this.#connections),
    });
    // Not `axios.create`: the program may have put a token for another server into `axios.defaults`.
    this.#axios = new Axios({ adapter: this.#adapt });
    this.#axios.interceptors.request.use(this.#prepare);
    this.#axios.interceptors.response.use(this.#conclude);
  }

  /** The URL that relative URLs are joined to. It ends with a slash. */
  get prefixUrl(): string {
    return this.#options.prefix.href;
  }

  /** The user that the requests are made for. */
  get user(): UserLike {
    return this.#options.user;
  }

  /** The stored responses. */
  get cache(): Pick<SessionCache<string | URL | RequestConfig>, 'clear' | 'delete' | 'size'> {
    return this.#cache;
  }

  /** The last response, also if it was a failure; undefined before the first. */
  get lastResponse(): SessionResponse | undefined {
    return this.#lastResponse;
  }

  /**
   * Sends a GET request. `data` is the input of a command: it is sent as the JSON body of the GET. See
   * {@link Session.request} for the exceptions.
   */
  get<
    T = unknown,
    U extends string = string,
    R extends ResponseType = ResponseType,
    X extends Transforms = Transforms,
  >(
    url: URL | (U extends keyof Commands ? never : U),
    config?: RequestConfig<R, X>,
  ): Promise<SessionResponse<DataOf<T, R, X>>>;
  /** Sends a command that needs no input. */
  get<
    K extends CommandWithoutInput<'GET'>,
    R extends ResponseType = ResponseType,
    X extends Transforms = Transforms,
  >(
    command: K,
    config?: RequestConfig<R, X> & { data?: CommandInput<K> },
  ): Promise<SessionResponse<DataOf<CommandOutput<K>, R, X>>>;
  /** Sends a command with the older form of its input, without `filterMap`. */
  get<
    K extends FlatCommandName & CommandName<'GET'>,
    R extends ResponseType = ResponseType,
    X extends Transforms = Transforms,
  >(
    command: K,
    config: RequestConfig<R, X> & { data: FlatCommandInput<K> },
  ): Promise<SessionResponse<DataOf<FlatCommandOutput<K>, R, X>>>;
  /** Sends a command that reads. */
  get<
    K extends CommandName<'GET'>,
    O = undefined,
    R extends ResponseType = ResponseType,
    X extends Transforms = Transforms,
  >(
    command: K,
    config: RequestConfig<R, X> & { data: CommandInput<K> & WithOutputType<K, O> },
  ): Promise<SessionResponse<DataOf<CommandOutput<K, O>, R, X>>>;
  get<T>(url: string | URL, config?: RequestConfig): Promise<SessionResponse<T>> {
    return this.#request(config ?? {}, { method: 'GET', url });
  }

  /** Sends a HEAD request. The response has header fields and no body. See {@link Session.request} for the exceptions. */
  head<T = unknown, R extends ResponseType = ResponseType, X extends Transforms = Transforms>(
    url: string | URL,
    config?: RequestConfig<R, X>,
  ): Promise<SessionResponse<DataOf<T, R, X>>> {
    return this.#request(config ?? {}, { method: 'HEAD', url });
  }

  /** Sends an OPTIONS request. See {@link Session.request} for the exceptions. */
  options<T = unknown, R extends ResponseType = ResponseType, X extends Transforms = Transforms>(
    url: string | URL,
    config?: RequestConfig<R, X>,
  ): Promise<SessionResponse<DataOf<T, R, X>>> {
    return this.#request(config ?? {}, { method: 'OPTIONS', url });
  }

  /** Sends a DELETE request. See {@link Session.request} for the exceptions. */
  delete<T = unknown, R extends ResponseType = ResponseType, X extends Transforms = Transforms>(
    url: string | URL,
    config?: RequestConfig<R, X>,
  ): Promise<SessionResponse<DataOf<T, R, X>>> {
    return this.#request(config ?? {}, { method: 'DELETE', url });
  }

  /** Sends a POST request with `data` as its JSON body. See {@link Session.request} for the exceptions. */
  post<
    T = unknown,
    U extends string = string,
    R extends ResponseType = ResponseType,
    X extends Transforms = Transforms,
  >(
    url: URL | (U extends CommandName<'POST'> ? never : U),
    data?: unknown,
    config?: RequestConfig<R, X>,
  ): Promise<SessionResponse<DataOf<T, R, X>>>;
  /** Sends a command that writes, with its input. */
  post<
    K extends CommandName<'POST'>,
    R extends ResponseType = ResponseType,
    X extends Transforms = Transforms,
  >(
    command: K,
    data: CommandInput<K>,
    config?: RequestConfig<R, X>,
  ): Promise<SessionResponse<DataOf<CommandOutput<K>, R, X>>>;
  post<T>(url: string | URL, data?: unknown, config?: RequestConfig): Promise<SessionResponse<T>> {
    return this.#request(config ?? {}, { method: 'POST', url, data });
  }

  /** Sends a PUT request with `data` as its JSON body. See {@link Session.request} for the exceptions. */
  put<T = unknown, R extends ResponseType = ResponseType, X extends Transforms = Transforms>(
    url: string | URL,
    data?: unknown,
    config?: RequestConfig<R, X>,
  ): Promise<SessionResponse<DataOf<T, R, X>>> {
    return this.#request(config ?? {}, { method: 'PUT', url, data });
  }

  /** Sends a PATCH request with `data` as its JSON body. See {@link Session.request} for the exceptions. */
  patch<T = unknown, R extends ResponseType = ResponseType, X extends Transforms = Transforms>(
    url: string | URL,
    data?: unknown,
    config?: RequestConfig<R, X>,
  ): Promise<SessionResponse<DataOf<T, R, X>>> {
    return this.#request(config ?? {}, { method: 'PATCH', url, data });
  }

  /**
   * Sends a request. `get`, `post` and the other methods call this one.
   *
   * @throws InvalidInvocation if an option of the request is wrong
   * @throws ResponseException if the status of the response is a failure
   * @throws TransportException if no complete response arrived
   */
  request<T = unknown, R extends ResponseType = ResponseType, X extends Transforms = Transforms>(
    config: RequestConfig<R, X>,
  ): Promise<SessionResponse<DataOf<T, R, X>>>;
  /** The same, with the method and the URL first. */
  request<T = unknown, R extends ResponseType = ResponseType, X extends Transforms = Transforms>(
    method: string,
    url: string | URL,
    config?: RequestConfig<R, X>,
  ): Promise<SessionResponse<DataOf<T, R, X>>>;
  request<T>(
    methodOrConfig: string | RequestConfig,
    url?: string | URL,
    config?: RequestConfig,
  ): Promise<SessionResponse<T>> {
    if (typeof methodOrConfig !== 'string') return this.#request(methodOrConfig);
    return this.#request(config ?? {}, { method: methodOrConfig, url });
  }

  /**
   * Prepares a request without sending it: joins its URL, serialises its body, and adds the token.
   *
   * @throws InvalidInvocation if an option of the request is wrong; and what `user.authenticate()` throws
   */
  async prepareRequest(config: RequestConfig): Promise<PreparedRequest> {
    return new PreparedRequest(await this.#toPreparation(config));
  }

  /** Sends a prepared request as it is. See {@link Session.request} for the exceptions. */
  async send<T = unknown>(
    request: PreparedRequest,
    options: { signal?: AbortSignal } = {},
  ): Promise<SessionResponse<T>> {
    const { signal } = checkSendOptions(options);
    const preparation = PreparedRequest.preparationOf(request, this.#authorization.covers);
    const {
      request: { method, url, headers, body },
      options: requestOptions,
      read,
    } = preparation;
    const message = { method, url, headers, data: body };
    return this.#call({ message, options: requestOptions, read, signal, preparation });
  }

  /** Puts the user's current token into a prepared request, if its URL is under `prefixUrl`. Throws what `user.authenticate()` throws. */
  async authorize(request: PreparedRequest): Promise<PreparedRequest> {
    const preparation = PreparedRequest.preparationOf(request, this.#authorization.covers);
    if (!this.#authorization.covers(preparation.request.url)) return request;
    const { signal, end } = this.#pending.start(undefined);
    try {
      const context = { signal, options: preparation.options, supersede: () => {} };
      PreparedRequest.authorize(request, await this.#authorization.obtain(request, context));
      return request;
    } finally {
      end();
    }
  }

  /**
   * Returns the identity and the name of the user. Signs in if needed.
   *
   * @returns the identity, such as `1234-567-1`, and the full name, `''` if there is none
   * @throws InvalidInvocation if the user has no identity; and what `user.authenticate()` throws
   */
  async whoAmI(): Promise<{ identity: string; name: string }> {
    const { signal, end } = this.#pending.start(undefined);
    try {
      await this.user.authenticate({ signal, apiUrl: this.prefixUrl });
    } finally {
      end();
    }
    const { identity = '', name = '' } = this.user;
    if (identity === '')
      throw new InvalidInvocation('the user has no identity: only a User with access codes is known by name');
    return { identity, name };
  }

  /** Rejects pending requests with `Aborted`, and closes the connections. The session cannot be used again. */
  async close(): Promise<void> {
    this.#cache.beforeClose();
    this.#pending.close(new Error('the session was closed; is an `await` missing before that?'));
    this.#connections.close();
    if (this.#options.ownsUser) this.user.close?.();
    await this.#cache.close();
  }

  /** Closes the session at the end of a block: `await using session = new Session()`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** Returns what a template string shows. */
  toString(): string {
    return `Session(prefixUrl=${this.prefixUrl})`;
  }

  /** Returns what `JSON.stringify` shows. */
  toJSON(): { prefixUrl: string } {
    return { prefixUrl: this.prefixUrl };
  }

  async #request<T>(config: RequestConfig, more?: RequestConfig): Promise<SessionResponse<T>> {
    return this.#call(this.#toCall(config, more));
  }

  /** Prepares a request as if it were sent: checks it and gets the token. */
  async #toPreparation(config: RequestConfig): Promise<Preparation> {
    const call = this.#toCall(config);
    const { message, options, read } = call;
    const { signal, end } = this.#start(call);
    try {
      const token = await this.#obtainToken(call, { signal, options, supersede: () => {} });
      return { request: toHttpRequest(message, token !== undefined), options, token, read };
    } catch (error) {
      discardUnsent(message.data);
      throw error;
    } finally {
      end();
    }
  }

  /** Checks a request, and copies it: later changes of the caller have no effect. */
  #toCall(config: RequestConfig, fromMethod?: RequestConfig): NewCall {
    const checked = checkRequest(config, fromMethod);
    const { auth, responseType, signal, transformResponse } = checked;
    return {
      message: this.#toMessage(checked),
      options: this.#defaults.options(checked),
      read: { responseType, transformResponse },
      hasOwnAuth: auth !== undefined,
      signal: signal as AbortSignal | undefined,
    };
  }

  #toMessage(checked: RequestConfig): Message {
    try {
      const url = this.#join(withQuery(checked));
      return toMessage(checked, url, this.#defaults.headers(this.#authorization.covers(url)));
    } catch (error) {
      discardUnsent(checked.data);
      throw error;
    }
  }

  /** Returns the token for a request; undefined if it is sent without a token. */
  #obtainToken(call: NewCall, context: RequestContext): Promise<Token> | undefined {
    const { method, url } = call.message;
    const { signal } = context;
    if (signal.aborted) {
      // With headers and body, so that their secrets are found in the reason.
      const input = requestInput(toHttpRequest(call.message, false));
      throw toTransportException(signal.reason, { ...input, signal, neverReached: true });
    }
    if (call.hasOwnAuth || !this.#authorization.covers(url)) return undefined;
    return this.#authorization.obtain({ method, url }, context);
  }

  #start({ message, signal }: NewCall): PendingRequest {
    try {
      return this.#pending.start(signal);
    } catch (error) {
      discardUnsent(message.data);
      throw error;
    }
  }

  /** Sends a call through axios. */
  async #call<T>(newCall: NewCall): Promise<SessionResponse<T>> {
    const { message, options, preparation } = newCall;
    const { signal, end } = this.#start(newCall);
    const context: RequestContext = {
      signal,
      hasCallerSignal: newCall.signal !== undefined,
      options,
      token: preparation?.token,
      attempts: options.retry && new Attempts(options.retry),
      supersede: this.#supersede,
    };
    const call: Call = { ...newCall, context };
    const { method, url, data } = message;
    try {
      return await this.#axios.request({ method, url, data, call: new CallHandle(call) } as object);
    } catch (error) {
      discardUnsent(data);
      throw ofThisCaller(error);
    } finally {
      if (call.stream === undefined) end();
      else finished(call.stream, end);
    }
  }

  /** axios's request interceptor: sets the headers, and asks the user for a fresh token. */
  readonly #prepare = async (config: InternalAxiosRequestConfig): Promise<InternalAxiosRequestConfig> => {
    const call = CallHandle.callOf(config);
    const { method, headers } = call.message;
    // axios has changed it to lower case. With `post` in lower case, it would declare a body without a type to be a form.
    config.method = method;
    // Not passed in the config, nor with the `set` of axios: both take more time than everything else that axios does.
    Object.assign(config.headers, headers);
    if (call.preparation !== undefined) return config;
    const token = await this.#obtainToken(call, call.context);
    if (token !== undefined) call.context = { ...call.context, token };
    return config;
  };

  /** axios's adapter: sends the request through the pipeline. */
  readonly #adapt = async (config: InternalAxiosRequestConfig): Promise<AxiosResponse<Outcome>> => {
    const call = CallHandle.callOf(config);
    const { context, preparation } = call;
    const usesToken = preparation?.request.usesToken ?? context.token !== undefined;
    call.request = toHttpRequest(config, usesToken);
    const outcome = await this.#pipeline(call.request, context).then(
      (response) => ({ response }),
      (error: unknown) => ({ error }),
    );
    return { status: 0, statusText: '', headers: {}, data: outcome, config };
  };

  /** axios's response interceptor: turns the outcome of the pipeline into an exception or the caller's response. */
  readonly #conclude = async ({
    config,
    data: outcome,
    duration = 0,
  }: AxiosResponse<Outcome> & { duration?: number }): Promise<AxiosResponse> => {
    const call = CallHandle.callOf(config);
    if ('error' in outcome) throw outcome.error;
    const { response } = outcome;
    call.stream = isReadable(response.body) ? response.body : undefined;
    try {
      const shown = await this.#toResponse(response, call);
      shown.duration = duration;
      return shown;
    } catch (error) {
      call.stream?.on('error', () => {}).destroy();
      throw error;
    }
  };

  async #toResponse(response: HttpResponse, call: Call): Promise<SessionResponse> {
    const { context, read, request } = call;
    const { fromCache } = response;
    if (fromCache) logCached(this.#options.logger, response);
    if (!isAccepted(response, context.options)) throw await this.#toException(response, context);
    const shown = showSuccess(response);
    this.#lastResponse = shown;
    try {
      return readBody(shown, response, read, this.#authorization.covers(response.request.url));
    } catch (error) {
      if (!(error instanceof BadJSON)) throw error;
      // A body that cannot be read must not come from the cache again.
      await response.retract?.();
      if (!fromCache) throw error;
      // Another caller stored the response without reading it as JSON, so the request is sent.
      return this.#toResponse(await this.#pipeline(request as HttpRequest, context), call);
    }
  }

  async #toException(response: HttpResponse, context: RequestContext): Promise<Error> {
    const { exception, shown } = await toException(response, {
      ...this.#authorization.explain(response),
      // If the request was shared with other callers, the attempts of the first one.
      tries: (response.attempts ?? context.attempts)?.summary,
    });
    this.#lastResponse = shown;
    return exception;
  }

  readonly #supersede = (response: HttpResponse): void => {
    this.#lastResponse = showSuperseded(response);
    if (isReadable(response.body)) response.body.on('error', () => {}).destroy();
  };

  #createCache(): SessionCache<string | URL | RequestConfig> {
    const { cache, expiresAfter, invalidateOnWrite, logger, maxCacheSize } = this.#options;
    const { covers } = this.#authorization;
    const context = { logger, expiresAfter, maxSize: maxCacheSize, invalidateOnWrite, covers };
    return new SessionCache(cache, context, (request) => {
      const isUrl = typeof request === 'string' || request instanceof URL;
      return this.#toPreparation(isUrl ? { url: request } : request);
    });
  }
}

const stacks = new WeakMap<Error, string | undefined>();

/** Several callers may get the same exception, and axios adds each of them to its stack. This keeps only the first. */
function ofThisCaller(error: unknown): unknown {
  if (error instanceof TransportException) return copyException(error);
  if (!(error instanceof Error)) return error;
  if (!stacks.has(error)) stacks.set(error, error.stack);
  else Reflect.set(error, 'stack', stacks.get(error));
  return error;
}
