import { finished } from 'node:stream';
import {
  Axios,
  AxiosHeaders,
  type AxiosRequestConfig,
  type AxiosResponse,
  type InternalAxiosRequestConfig,
  isAxiosError,
} from 'axios';
import { ITkDBException } from '../exceptions/base.js';
import { copyException, TransportException } from '../exceptions/transport.js';
import { serializeBody } from '../http/body/body.js';
import { copyHeaders } from '../http/headers.js';
import { toTransportException } from '../http/transport/errors.js';
import { joinUrl } from '../http/url.js';
import type { WireConfig } from '../http/wire.js';
import { rememberLast } from '../util/memoize.js';
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
  readonly answer: Answer;
}

type Answer = (config: DispatchConfig) => Promise<SessionResponse>;

/** Takes requests through an axios instance: its interceptor prepares them, its adapter gets them answered. */
export class Dispatcher {
  readonly #parts: DispatcherParts;
  readonly #blank: DispatchConfig;
  readonly #axios: Axios;
  readonly #join: (url: string) => string;
  readonly #inFlight = new InFlight();

  constructor(parts: DispatcherParts) {
    this.#parts = parts;
    const headers = new AxiosHeaders(parts.headers);
    this.#join = rememberLast((url) => joinUrl(parts.prefix, url).href);
    this.#blank = { ...BLANK, ...parts.defaults, headers } as DispatchConfig;
    // Not `axios.create`: what the program has put into axios's own defaults, a token say, is not for this server.
    this.#axios = new Axios({ adapter });
    this.#axios.interceptors.request.use(async (passenger) => {
      await parts.prepare((passenger as Passenger).trip.config);
      return passenger;
    });
  }

  /** Translates a request into the terms of the wire. */
  translate(request: RequestConfig): DispatchConfig {
    const { auth, headers, url, validateStatus } = request;
    const config: DispatchConfig = { ...this.#blank };
    Object.assign(config, request, NOT_FOR_THE_WIRE);
    config.url = String(url ?? '');
    config.headers = copyHeaders(this.#blank.headers, headers);
    config.target = () => targetOf(this.#join, request);
    config.authorize = auth === undefined;
    config.accepts = validateStatus === null ? () => true : validateStatus;
    if (auth) config.auth = { username: auth.username, password: auth.password ?? '' };
    if (request.responseType === 'stream') config.maxContentLength = request.maxContentLength ?? -1;
    return config;
  }

  /** Gets a request answered. */
  dispatch<T>(config: DispatchConfig, signal: RequestConfig['signal']): Promise<SessionResponse<T>> {
    return this.#run(config, signal, this.#parts.answer) as Promise<SessionResponse<T>>;
  }

  /** Makes a request ready, and goes no further. */
  async prepare(config: DispatchConfig, signal: RequestConfig['signal']): Promise<DispatchConfig> {
    await this.#run(config, signal, async () => ({}) as SessionResponse);
    return config;
  }

  /** Does something else for a request, which ends with the session too. */
  async follow(config: DispatchConfig, act: (config: DispatchConfig) => Promise<void>): Promise<void> {
    const { cancellation, leave } = this.#inFlight.enter(undefined);
    config.signal = cancellation;
    try {
      await act(config);
    } catch (error) {
      throw withCallers(error);
    } finally {
      leave();
    }
  }

  /** Ends all requests that are under way, and any that comes later. */
  close(): void {
    this.#inFlight.abort(new Error('the session was closed; is an `await` missing before that?'));
  }

  async #run(
    config: DispatchConfig,
    callers: RequestConfig['signal'],
    answer: Answer,
  ): Promise<SessionResponse> {
    const { cancellation, leave } = this.#inFlight.enter(callers as AbortSignal | undefined);
    config.signal = cancellation;
    const trip = new Trip(config, answer);
    try {
      cancellation.throwIfAborted();
      await this.#axios.request({ url: config.url, method: config.method, trip } as AxiosRequestConfig);
      const response = (await trip.outcome) as SessionResponse;
      response.duration = trip.duration;
      return response;
    } catch (error) {
      if (!cancellation.aborted && !isAxiosError(error)) throw withCallers(error);
      const neverReached = trip.outcome === undefined;
      throw withCallers(toTransportException(error, { ...config, url: absoluteUrl(config), neverReached }));
    } finally {
      // That of the server, whatever the caller's own functions have made of it.
      if (config.stream !== undefined) finished(config.stream, leave);
      else leave();
    }
  }
}

/** Looked after before the wire, where axios's adapter would do it once more. */
const NOT_FOR_THE_WIRE = Object.freeze({
  auth: undefined,
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
  data: undefined,
  transformRequest: undefined,
  transformResponse: undefined,
  responseType: undefined,
  signal: undefined,
  target: undefined,
  isSerialized: false,
  authorize: false,
  accepts: undefined,
  cache: undefined,
  retry: undefined,
  policy: undefined,
  retries: undefined,
  stream: undefined,
  bearer: undefined,
  bearerOf: undefined,
  bearerAsOf: 0,
  bearerUrl: undefined,
});

/**
 * A request on its way through axios, and what stands for its answer on the way back. As it is no plain object, axios
 * takes it along as it is; all else that it knows of a request it copies, checks and normalises, and more than once.
 */
class Trip {
  readonly config: DispatchConfig;
  readonly answer: Answer;
  outcome: Promise<SessionResponse> | undefined;
  // What axios expects of an answer.
  readonly headers = NO_HEADERS;
  data: undefined;
  duration = 0;

  constructor(config: DispatchConfig, answer: Answer) {
    this.config = config;
    this.answer = answer;
  }
}

const NO_HEADERS = new AxiosHeaders();

type Passenger = InternalAxiosRequestConfig & { readonly trip: Trip };

/** From here on the request is ours again. Its failure too: axios would change what an exception shows of its answer. */
const adapter = async (passenger: InternalAxiosRequestConfig): Promise<AxiosResponse> => {
  const { trip } = passenger as Passenger;
  const { answer, config } = trip;
  if (!config.isSerialized) config.data = serialize(config);
  config.isSerialized = true;
  trip.outcome = answer(config);
  await trip.outcome.catch(() => {});
  return trip as unknown as AxiosResponse;
};

/** The body to be sent: as the caller's own functions make it, or else by its type. */
function serialize(config: DispatchConfig): unknown {
  const { transformRequest, data, headers } = config;
  if (transformRequest === undefined) return serializeBody.call(config, data, headers);
  return [transformRequest].flat().reduce((body, transform) => transform.call(config, body, headers), data);
}

/** Those that name who asked already. */
const SHOWN = new WeakSet<Error>();

/** Adds who asked: what failed far below has no room for that in its stack. */
function withCallers(thrown: unknown): unknown {
  if (!(thrown instanceof ITkDBException)) return thrown;
  // Others may be given it too, and they are not those who asked here.
  const error = thrown instanceof TransportException ? copyException(thrown) : thrown;
  const here = { stack: '' };
  Error.captureStackTrace(here, withCallers);
  const { stack } = error;
  // The program may have its own idea of a stack.
  if (typeof stack !== 'string' || typeof here.stack !== 'string' || SHOWN.has(error)) return error;
  SHOWN.add(error);
  const callers = here.stack.split('\n').slice(1);
  const value = [stack, ...callers.filter((line) => !stack.includes(line))].join('\n');
  // One of the caller's own may be frozen.
  Reflect.defineProperty(error, 'stack', { value, writable: true, configurable: true });
  return error;
}

function absoluteUrl({ target, url }: DispatchConfig): string {
  try {
    return target?.() ?? url;
  } catch {
    return url;
  }
}
