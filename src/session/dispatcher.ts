import { finished } from 'node:stream';
import {
  Axios,
  type AxiosRequestConfig,
  type AxiosRequestTransformer,
  type InternalAxiosRequestConfig,
  isAxiosError,
} from 'axios';
import { InvalidInvocation } from '../exceptions/base.js';
import { isReadable } from '../guards.js';
import { serializeBody } from '../http/body.js';
import { toTransportException } from '../http/transport-errors.js';
import type { WireConfig } from '../http/wire.js';
import { InFlight } from './in-flight.js';
import { type DispatchConfig, type RequestConfig, type SessionResponse, targetOf } from './request-config.js';

/** What a {@link Dispatcher} needs of its session. */
export interface DispatcherParts {
  readonly prefix: URL;
  /** Header fields of every request. */
  readonly headers: Readonly<Record<string, string>>;
  /** What counts where a request does not say otherwise: agents and limits. */
  readonly defaults: Partial<WireConfig>;
  /** What the request interceptor does: puts the bearer in. */
  readonly prepare: (config: DispatchConfig) => Promise<void>;
  /** What the adapter does: exchanges a prepared request for an answer, or an exception. */
  readonly answer: (config: DispatchConfig) => Promise<SessionResponse>;
}

/**
 * Takes requests through an axios instance: its interceptor prepares them, it serialises their bodies, its adapter gets
 * them answered.
 */
export class Dispatcher {
  readonly #parts: DispatcherParts;
  readonly #blank: DispatchConfig;
  readonly #axios: Axios;
  readonly #inFlight = new InFlight();
  #closed = false;

  constructor(parts: DispatcherParts) {
    this.#parts = parts;
    this.#blank = { ...BLANK, ...parts.defaults } as DispatchConfig;
    // Not `axios.create`: what the program has put into axios's own defaults, a token say, is not for this server.
    this.#axios = new Axios({ headers: parts.headers as never, adapter: getAnswered(parts.answer) });
    this.#axios.interceptors.request.use(async (passenger) => {
      const { config } = (passenger as Passenger).trip;
      config.headers = passenger.headers;
      await parts.prepare(config);
      passenger.url = config.url;
      return passenger;
    });
  }

  /** Translates a request into the terms of the wire. */
  translate(request: RequestConfig): DispatchConfig {
    const { auth, url, data, transformRequest, validateStatus } = request;
    const serialize: AxiosRequestTransformer = function (_, headers) {
      return serializeBody.call(this, data, headers);
    };
    const config: DispatchConfig = { ...this.#blank };
    Object.assign(config, request, NOT_FOR_THE_WIRE);
    config.url = String(url ?? '');
    config.target = () => targetOf(this.#parts.prefix, request);
    config.transformRequest =
      transformRequest === undefined ? serialize : [() => data, ...[transformRequest].flat()];
    config.authorize = auth === undefined;
    config.accepts = validateStatus === null ? () => true : validateStatus;
    if (auth) config.auth = { username: auth.username, password: auth.password };
    if (request.responseType === 'stream') config.maxContentLength = request.maxContentLength ?? -1;
    return config;
  }

  /** Gets a request answered. */
  dispatch<T>(config: DispatchConfig, signal: RequestConfig['signal']): Promise<SessionResponse<T>> {
    return this.#run(config, signal, {}) as Promise<SessionResponse<T>>;
  }

  /** Makes a request ready, and goes no further. */
  async prepare(config: DispatchConfig, signal: RequestConfig['signal']): Promise<DispatchConfig> {
    await this.#run(config, signal, { adapter: getAnswered(async () => ({}) as SessionResponse) });
    return config;
  }

  /** Ends all requests that are under way. There will be no others. */
  close(): void {
    this.#closed = true;
    this.#inFlight.abort(new Error('the session was closed; is an `await` missing before that?'));
  }

  async #run(
    config: DispatchConfig,
    callers: RequestConfig['signal'],
    options: AxiosRequestConfig,
  ): Promise<SessionResponse> {
    if (this.#closed) throw new InvalidInvocation('the session is closed');
    const { signal, leave } = this.#inFlight.enter(callers as AbortSignal | undefined);
    config.signal = signal;
    let data: unknown;
    try {
      const response: SessionResponse = await this.#axios.request(board(config, options));
      data = response.data;
      return response;
    } catch (error) {
      if (!signal.aborted && !isAxiosError(error)) throw error;
      throw toTransportException(error, { ...config, url: absoluteUrl(config) });
    } finally {
      if (isReadable(data)) finished(data, leave);
      else leave();
    }
  }
}

/** Looked after before the wire, where axios's adapter would do it once more. */
const NOT_FOR_THE_WIRE = Object.freeze({
  auth: undefined,
  data: undefined,
  params: undefined,
  paramsSerializer: undefined,
  validateStatus: undefined,
});

/** All that a request may come to have: an object that keeps its shape is much faster to work with than one that grows. */
const BLANK = Object.freeze({
  ...NOT_FOR_THE_WIRE,
  url: '',
  method: 'GET',
  headers: undefined,
  transformRequest: undefined,
  transformResponse: undefined,
  responseType: undefined,
  signal: undefined,
  target: undefined,
  authorize: false,
  accepts: undefined,
  cache: undefined,
  retry: undefined,
  policy: undefined,
  retries: undefined,
  bearer: undefined,
  bearerAsOf: 0,
  bearerUrl: undefined,
});

/** A request on its way through axios. As it is no plain object, axios takes it along instead of copying it, however deep. */
class Trip {
  readonly config: DispatchConfig;

  constructor(config: DispatchConfig) {
    this.config = config;
  }
}

type Passenger = InternalAxiosRequestConfig & { readonly trip: Trip };

/** As little as axios needs to know: it looks at each option of each request several times. */
function board(config: DispatchConfig, options: AxiosRequestConfig): AxiosRequestConfig {
  const { headers, method, transformRequest, transformResponse, url } = config;
  const passenger = { ...options, method, url, transformRequest, trip: new Trip(config) };
  if (headers !== undefined) Object.assign(passenger, { headers });
  if (transformResponse !== undefined) Object.assign(passenger, { transformResponse });
  return passenger as AxiosRequestConfig;
}

/** The adapter: from here on the request is ours again. */
function getAnswered(answer: DispatcherParts['answer']) {
  return (passenger: InternalAxiosRequestConfig): Promise<SessionResponse> => {
    const { config } = (passenger as Passenger).trip;
    config.headers = passenger.headers;
    config.url = passenger.url ?? '';
    config.data = passenger.data;
    return answer(config);
  };
}

function absoluteUrl({ target, url }: DispatchConfig): string {
  try {
    return target?.().href ?? url;
  } catch {
    return url;
  }
}
