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
import { type Message, toHttpRequest, toMessage } from './outgoing.js';
import { type PendingRequest, PendingRequests } from './pending-requests.js';
import { createPipeline } from './pipeline.js';
import { type Preparation, PreparedRequest } from './prepared-request.js';
import { RequestDefaults } from './request-defaults.js';
import type { DataOf, RequestConfig, SessionResponse, Transforms } from './request-options.js';
import { isAccepted, readBody, showSuccess, showSuperseded, toException } from './response.js';

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

  /** @throws InvalidInvocation where an option or a setting is wrong */
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
    // Not `axios.create`: what the program has put into axios's own defaults, a token say, is not for this server.
    this.#axios = new Axios({ adapter: this.#adapt });
    this.#axios.interceptors.request.use(this.#prepare);
    this.#axios.interceptors.response.use(this.#conclude);
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

  /** Sends a GET request. The input of a command goes into `data`, which is sent as the JSON body of the GET. See {@link Session.request} for what it throws. */
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

  /** Sends a HEAD request, which is answered with the headers alone. See {@link Session.request} for what it throws. */
  head<T = unknown, R extends ResponseType = ResponseType, X extends Transforms = Transforms>(
    url: string | URL,
    config?: RequestConfig<R, X>,
  ): Promise<SessionResponse<DataOf<T, R, X>>> {
    return this.#request(config ?? {}, { method: 'HEAD', url });
  }

  /** Sends an OPTIONS request. See {@link Session.request} for what it throws. */
  options<T = unknown, R extends ResponseType = ResponseType, X extends Transforms = Transforms>(
    url: string | URL,
    config?: RequestConfig<R, X>,
  ): Promise<SessionResponse<DataOf<T, R, X>>> {
    return this.#request(config ?? {}, { method: 'OPTIONS', url });
  }

  /** Sends a DELETE request. See {@link Session.request} for what it throws. */
  delete<T = unknown, R extends ResponseType = ResponseType, X extends Transforms = Transforms>(
    url: string | URL,
    config?: RequestConfig<R, X>,
  ): Promise<SessionResponse<DataOf<T, R, X>>> {
    return this.#request(config ?? {}, { method: 'DELETE', url });
  }

  /** Sends a POST request with `data` as its JSON body. See {@link Session.request} for what it throws. */
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

  /** Sends a PUT request with `data` as its JSON body. See {@link Session.request} for what it throws. */
  put<T = unknown, R extends ResponseType = ResponseType, X extends Transforms = Transforms>(
    url: string | URL,
    data?: unknown,
    config?: RequestConfig<R, X>,
  ): Promise<SessionResponse<DataOf<T, R, X>>> {
    return this.#request(config ?? {}, { method: 'PUT', url, data });
  }

  /** Sends a PATCH request with `data` as its JSON body. See {@link Session.request} for what it throws. */
  patch<T = unknown, R extends ResponseType = ResponseType, X extends Transforms = Transforms>(
    url: string | URL,
    data?: unknown,
    config?: RequestConfig<R, X>,
  ): Promise<SessionResponse<DataOf<T, R, X>>> {
    return this.#request(config ?? {}, { method: 'PATCH', url, data });
  }

  /**
   * Sends a request. Every other verb is short for this.
   *
   * @throws InvalidInvocation where the request is wrong
   * @throws ResponseException where the response's status stands for a failure
   * @throws TransportException where no whole response came
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

  /** Puts the user's token of this moment into a prepared request, if it is under the prefix. */
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
   * Returns who the session's requests are made for, and signs in if needed.
   *
   * @returns the identity, such as `1234-567-1`, and the full name, `''` where the user has none
   * @throws InvalidInvocation where the user has no identity, and what `user.authenticate()` throws
   */
  async whoAmI(): Promise<{ identity: string; name: string }> {
    const { signal, end } = this.#pending.start(undefined);
    try {
      await this.user.authenticate({ signal });
    } finally {
      end();
    }
    const { identity = '', name = '' } = this.user;
    if (identity === '')
      throw new InvalidInvocation('the user has no identity: only a User with access codes is known by name');
    return { identity, name };
  }

  /** Ends what is under way with `Aborted`, and closes the connections. The session cannot be used again. */
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

  /** Does for a request what is done before it is sent, and no more. */
  async #toPreparation(config: RequestConfig): Promise<Preparation> {
    const call = this.#toCall(config);
    const { message, options, read } = call;
    const { signal, end } = this.#start(call);
    try {
      const url = this.#join(message.url);
      const token = await this.#obtainToken(call, url, { signal, options, supersede: () => {} });
      return { request: toHttpRequest({ ...message, url }, token !== undefined), options, token, read };
    } catch (error) {
      discardUnsent(message.data);
      throw error;
    } finally {
      end();
    }
  }

  /** Checks a request, and takes it as it is now. */
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
      const url = this.#join(String(checked.url ?? ''));
      return toMessage(checked, this.#defaults.headers(this.#authorization.covers(url)));
    } catch (error) {
      discardUnsent(checked.data);
      throw error;
    }
  }

  /** The token for a request; undefined where it is sent without. */
  #obtainToken(call: NewCall, url: string, context: RequestContext): Promise<Token> | undefined {
    const { method } = call.message;
    const { signal } = context;
    if (signal.aborted)
      throw toTransportException(signal.reason, { method, url, signal, neverReached: true });
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

  /** Takes a call through axios. */
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

  /** axios's request interceptor: sets the headers, joins the URL to the prefix, and asks the user for a fresh token. */
  readonly #prepare = async (config: InternalAxiosRequestConfig): Promise<InternalAxiosRequestConfig> => {
    const call = CallHandle.callOf(config);
    const { method, url, headers } = call.message;
    // In upper case again: axios would call the body of a `post` without a type a form.
    config.method = method;
    config.url = this.#join(url);
    // The headers are not given to axios with the rest, nor by its `set`: either costs more than all else that it does.
    Object.assign(config.headers, headers);
    if (call.preparation !== undefined) return config;
    const token = await this.#obtainToken(call, config.url, call.context);
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

  /** axios's response interceptor: makes an exception or the caller's response of what the pipeline came to. */
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
      // A body that cannot be read must not be answered from the cache again.
      await response.retract?.();
      if (!fromCache) throw error;
      // Another caller stored the response without reading it as JSON, so the server is asked.
      return this.#toResponse(await this.#pipeline(request as HttpRequest, context), call);
    }
  }

  async #toException(response: HttpResponse, context: RequestContext): Promise<Error> {
    const { exception, shown } = await toException(response, {
      ...this.#authorization.explain(response),
      // Of attempts that were shared with other callers, those of the first.
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

/** Several callers may be given one exception, and axios adds each of them to its stack: here only the first. */
function ofThisCaller(error: unknown): unknown {
  if (error instanceof TransportException) return copyException(error);
  if (!(error instanceof Error)) return error;
  if (!stacks.has(error)) stacks.set(error, error.stack);
  else Reflect.set(error, 'stack', stacks.get(error));
  return error;
}
