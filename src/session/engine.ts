import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import type { AxiosHeaders, AxiosResponseTransformer } from 'axios';
import { Authorization } from '../auth/authorization.js';
import type { UserLike } from '../auth/user-like.js';
import { DEFAULT_TIMEOUT } from '../auth/user-options.js';
import { callBack } from '../config/call-back.js';
import type { Logger } from '../config/logger.js';
import { exceptionFor, isFailure } from '../exceptions/status.js';
import { decodeBody, decodeText, isPage, readFailedBody } from '../http/body/body.js';
import { copyHeaders } from '../http/headers.js';
import { MAX_REDIRECTS } from '../http/interceptors/redirect.js';
import { RetryBudget } from '../http/retry-budget.js';
import { resolveRetry } from '../http/retry-policy.js';
import { ACCEPT_ENCODING } from '../http/transport/content-coding.js';
import { discard, type Exchange, type WireResponse } from '../http/wire.js';
import { isReadable } from '../util/guards.js';
import { VERSION } from '../util/version.js';
import { Dispatcher } from './dispatcher.js';
import { MAX_CONTENT_LENGTH, type SessionOptions } from './options.js';
import { createPipeline, type PipelineParts } from './pipeline.js';
import type { DispatchConfig, RequestConfig, SessionResponse } from './request-config.js';
import { showExchange, showFailure, showReceived } from './shown-exchange.js';

/** What an {@link Engine} needs of its session. */
export interface EngineParts {
  readonly options: SessionOptions;
  readonly prefix: URL;
  readonly user: UserLike;
  readonly logger: Logger;
  readonly cache: PipelineParts['cache'];
}

/** What every request is sent with, unless the options say otherwise. */
const HEADERS = { Accept: '*/*', 'Accept-Encoding': ACCEPT_ENCODING, 'User-Agent': `itkdb/${VERSION}` };
const PROGRESS = ['onDownloadProgress', 'onUploadProgress'] as const;
const NO_TRANSFORMERS: AxiosResponseTransformer[] = [];

/** What is behind a session: it is loaded by the first request, for most of the package is here or below. */
export class Engine {
  readonly #options: SessionOptions;
  readonly #logger: Logger;
  readonly #authorization: Authorization;
  readonly #exchange: Exchange;
  readonly #dispatcher: Dispatcher;
  readonly #agents: (HttpAgent | HttpsAgent)[] = [];
  #lastResponse: (() => SessionResponse) | undefined;

  constructor({ options, prefix, user, logger, cache }: EngineParts) {
    this.#options = options;
    this.#logger = logger;
    this.#authorization = new Authorization(user, prefix);
    this.#exchange = createPipeline({
      options,
      logger,
      authorization: this.#authorization,
      cache,
      onResponse: (response) => {
        this.#lastResponse = () => showReceived(response);
      },
    });
    this.#dispatcher = this.#createDispatcher(prefix);
  }

  /** The last answer received, be it a failure; undefined before the first. */
  get lastResponse(): SessionResponse | undefined {
    return this.#lastResponse?.();
  }

  /** Sends a request, whose options have been checked. */
  request<T>(request: RequestConfig): Promise<SessionResponse<T>> {
    return this.#dispatcher.dispatch(this.#dispatcher.translate(request), request.signal);
  }

  /** Makes a request ready, and goes no further. */
  prepare(request: RequestConfig): Promise<DispatchConfig> {
    return this.#dispatcher.prepare(this.#dispatcher.translate(request), request.signal);
  }

  /** Sends what {@link Engine.prepare} made, as it is. */
  send<T>(config: DispatchConfig, signal: RequestConfig['signal']): Promise<SessionResponse<T>> {
    // On its way headers are added, which are not those of the next time.
    return this.#dispatcher.dispatch({ ...config, headers: copyHeaders(config.headers) }, signal);
  }

  /** Puts the user's bearer of this moment into a prepared request. */
  authorize(config: DispatchConfig): Promise<void> {
    return this.#dispatcher.follow(config, (followed) => this.#authorization.authorize(followed));
  }

  /** Ends all requests that are under way, and any that comes later. */
  close(): void {
    this.#dispatcher.close();
    for (const agent of this.#agents) agent.destroy();
  }

  #createDispatcher(prefix: URL): Dispatcher {
    const { headers, httpAgent, httpsAgent, maxContentLength, maxRedirects, timeout } = this.#options;
    return new Dispatcher({
      prefix,
      headers: { ...HEADERS, ...headers },
      defaults: {
        httpAgent: httpAgent ?? this.#keep(new HttpAgent({ keepAlive: true })),
        httpsAgent: httpsAgent ?? this.#keep(new HttpsAgent({ keepAlive: true })),
        maxContentLength: maxContentLength ?? MAX_CONTENT_LENGTH,
        maxRedirects: maxRedirects ?? MAX_REDIRECTS,
        timeout: timeout ?? DEFAULT_TIMEOUT,
      },
      prepare: (config) => this.#prepare(config),
      answer: (config) => this.#answer(config),
    });
  }

  #keep<Agent extends HttpAgent | HttpsAgent>(agent: Agent): Agent {
    this.#agents.push(agent);
    return agent;
  }

  /** What the request interceptor does. */
  async #prepare(config: DispatchConfig): Promise<void> {
    config.policy = resolveRetry(this.#options.retry, config.retry);
    if (config.target === undefined) return;
    config.url = config.target();
    config.target = undefined;
    for (const name of PROGRESS) {
      const tell = config[name];
      if (tell) config[name] = (event) => callBack(this.#logger, name, () => tell(event));
    }
    await this.#authorization.authorize(config);
  }

  /** What the adapter does: exchanges a prepared request for an answer, or an exception. */
  async #answer(config: DispatchConfig): Promise<SessionResponse> {
    this.#authorization.check(config);
    config.signal?.throwIfAborted();
    config.retries = config.policy && new RetryBudget(config.policy);
    config.bearerAsOf = performance.now();
    const response = await this.#exchange(config);
    if (response.fromCache) {
      const request = `${config.method.toUpperCase()} ${config.url}`;
      this.#logger.debug(`Response: ${response.status} (from the cache) ${request}`);
    }
    config.stream = isReadable(response.data) ? response.data : undefined;
    try {
      return await this.#conclude(response, config);
    } catch (error) {
      discard(config.stream);
      throw error;
    }
  }

  /** What a caller gets of an answer: its data, or an exception. */
  async #conclude(response: WireResponse, config: DispatchConfig): Promise<SessionResponse> {
    const { status } = response;
    if (config.accepts === undefined ? isFailure(status) : !config.accepts(status))
      throw await this.#failure(response, config);
    const shown = showExchange(response, undefined);
    this.#lastResponse = () => shown;
    const decoded = await decode(response, config, this.#typeOf(response, config));
    const data = response.isShared && Buffer.isBuffer(decoded) ? Buffer.from(decoded) : decoded;
    shown.data = data;
    for (const transform of transformersOf(config))
      shown.data = transform.call(config, shown.data, shown.headers as AxiosHeaders, status);
    return shown;
  }

  /** What a body is read as. A command that went well is not answered with a page. */
  #typeOf(response: WireResponse, { responseType, url }: DispatchConfig): DispatchConfig['responseType'] {
    const isUnexpected = responseType === undefined && response.status < 300 && isPage(response);
    return isUnexpected && this.#authorization.covers(url) ? 'json' : responseType;
  }

  async #failure(response: WireResponse, { retries }: DispatchConfig): Promise<Error> {
    const failed = { ...response, data: await readFailedBody(response) };
    const preamble = this.#authorization.explain(failed);
    // Of tries that were shared with others, those of whoever began.
    const tries = (response.config.retries ?? retries)?.summary;
    const exception = exceptionFor(failed, { preamble, tries });
    const shown = showFailure(failed, exception.response);
    this.#lastResponse = () => shown;
    return exception;
  }
}

async function decode(
  response: WireResponse,
  config: DispatchConfig,
  responseType: DispatchConfig['responseType'],
): Promise<unknown> {
  const isTransformed = transformersOf(config).length > 0;
  try {
    return isTransformed ? decodeText(response, config.responseType) : decodeBody(response, responseType);
  } catch (error) {
    // An exception is never kept.
    await response.retract?.();
    throw error;
  }
}

function transformersOf({ transformResponse }: DispatchConfig): AxiosResponseTransformer[] {
  return transformResponse === undefined ? NO_TRANSFORMERS : [transformResponse].flat();
}
