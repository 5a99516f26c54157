import { finished, type Readable, Transform } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';
import axios, { type AxiosResponse, type AxiosResponseHeaders, type InternalAxiosRequestConfig } from 'axios';
import { InvalidInvocation } from '../exceptions/base.js';
import type { Exchanged } from '../redaction/exchange.js';
import { isReadable } from '../util/guards.js';
import { checkStream } from './body/body.js';
import type { Abortable } from './cancellation.js';
import type { Outcome, RetryBudget } from './retry-budget.js';
import { ACCEPT_ENCODING, decodeContent, decodeStream, tooLarge } from './transport/content-coding.js';
import { toTransportException } from './transport/errors.js';
import { SilenceWatch } from './transport/idle-timeout.js';

/** Sends one request and returns whatever answer comes, with the body as bytes (`Buffer`) or as a stream. */
export type Exchange = (config: WireConfig) => Promise<WireResponse>;

/** A request in axios's own terms, with an absolute URL and a serialised body. */
export interface WireConfig extends InternalAxiosRequestConfig {
  url: string;
  method: string;
  /** Gives it up. */
  signal?: Abortable;
  /** The bearer that the session put into the `Authorization` header; undefined where the header is not its own. */
  bearer?: string | undefined;
  /** The user whose bearer that is. */
  bearerOf?: object | undefined;
  /** When the bearer was known to be good, by `performance.now()`. */
  bearerAsOf?: number;
  /** The URL that the bearer was put in for. */
  bearerUrl?: string;
  /** The answer that redirected to this request. */
  redirectedBy?: Exchanged;
  /** The caller's `validateStatus`: whether an answer with this status is no exception. */
  accepts?: ((status: number) => boolean) | undefined;
  /** What the request says about the cache, over what the session does. */
  cache?: CacheMode | undefined;
  /** The tries that are left; undefined where it is tried once. */
  retries?: RetryBudget | undefined;
  /** Which outcomes are not tried again, as something else stands in for them. */
  forgives?: ((outcome: Outcome) => boolean) | undefined;
}

/** What one request may say about the cache. */
export type CacheMode = false | 'reload' | 'only-if-cached' | 'force-cache';

/** The methods that change nothing (RFC 9110, section 9.2.1). */
export const SAFE_METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS']);

/** An answer together with the request as it was sent, which is that of the last hop. */
export interface WireResponse extends AxiosResponse {
  headers: AxiosResponseHeaders;
  config: WireConfig;
  /** Whether the answer, or its body, came from the cache. */
  fromCache?: boolean;
  /** Whether the bytes of the body are somebody else's too, so that nobody may change them. */
  isShared?: boolean;
  /** Makes the cache forget the answer, whose body turned out to be broken. */
  retract?: () => Promise<unknown>;
}

/**
 * One request over the network, by axios's `http` adapter: no redirect is followed, no status is an error, and
 * whatever goes wrong is a typed exception.
 */
export const sendOverWire: Exchange = async (config) => {
  const watch = new SilenceWatch(config.timeout ?? 0);
  const translate = (error: unknown): Error => toTransportException(watch.error ?? error, config);
  const isStream = config.responseType === 'stream';
  const limit = config.maxContentLength ?? -1;
  config.headers.set('Accept-Encoding', ACCEPT_ENCODING, false);
  if (!SAFE_METHODS.has(config.method.toUpperCase())) await news();
  try {
    if (isReadable(config.data)) takeStream(config.data);
    const response = (await axios.getAdapter('http')({
      ...config,
      responseType: isStream ? 'stream' : 'arraybuffer',
      decompress: false,
      maxContentLength: isStream ? -1 : limit,
      validateStatus: null,
      maxRedirects: 0,
      timeout: 0,
      transport: watch,
    })) as WireResponse;
    const { headers, data } = response;
    const hasBody = config.method.toUpperCase() !== 'HEAD' && ![204, 304].includes(response.status);
    const decompresses = config.decompress !== false && hasBody;
    if (isStream) response.data = guard(decompresses ? decodeStream(data, headers) : data, limit, translate);
    else if (decompresses) response.data = await decodeContent(data, headers, limit);
    return response;
  } catch (error) {
    throw translate(error);
  }
};

/**
 * Waits until what has come meanwhile has been read. A kept socket may have been closed while the program was busy, and a
 * write over it would fail, and not be repeated. The first turn ends this round of the event loop, the second one a whole.
 */
async function news(): Promise<void> {
  await turn();
  await turn();
}

/** Those that have been sent: what is prepared could be sent again. */
const TAKEN = new WeakSet<Readable>();

/** Looks at a body once more: of what became of it while the request waited axios would not hear, and wait for ever. */
function takeStream(body: Readable): void {
  checkStream(body);
  if (TAKEN.has(body)) throw new InvalidInvocation('`data` is a stream that has been sent; make a new one');
  TAKEN.add(body);
}

/** Drops a body that nobody will read. */
export function discard(body: unknown): void {
  if (isReadable(body)) body.on('error', () => {}).destroy();
}

/** Whether it is sent with the session's bearer; whoever prepares a request may put another one into the header. */
export function carriesBearer({ bearer, headers }: WireConfig): boolean {
  return bearer !== undefined && headers.get('Authorization') === `Bearer ${bearer}`;
}

/** Passes a streamed body on, so that its reader too sees typed exceptions. */
function guard(source: Readable, limit: number, translate: (error: unknown) => Error): Readable {
  let length = 0;
  const guarded = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      length += chunk.length;
      if (limit >= 0 && length > limit) done(translate(tooLarge(limit)));
      else done(null, chunk);
    },
  });
  finished(source, { writable: false }, (error) => {
    if (error) guarded.destroy(translate(error));
  });
  guarded.once('close', () => source.destroy());
  return source.pipe(guarded);
}
