import type { Agent as HttpAgent } from 'node:http';
import type { Agent as HttpsAgent } from 'node:https';
import type { LookupFunction } from 'node:net';
import type { Readable } from 'node:stream';
import type {
  AxiosBasicCredentials,
  AxiosHeaders,
  AxiosProgressEvent,
  AxiosProxyConfig,
  AxiosRequestConfig,
  AxiosResponse,
  FormSerializerOptions,
} from '../http/axios.js';
import type { ResponseType } from '../http/body/response-body.js';
import type { CacheMode } from '../http/request.js';
import type { RetryOptions } from '../http/retry-policy.js';

/** The functions that read the body of a response in place of the session: axios's `transformResponse`. */
export type Transforms = AxiosRequestConfig['transformResponse'];

/**
 * Options of one request. The names are those of axios, where axios has the option.
 *
 * @typeParam R - the `responseType`, which TypeScript infers
 * @typeParam X - the `transformResponse`, which TypeScript infers
 */
export interface RequestConfig<R extends ResponseType = ResponseType, X extends Transforms = Transforms> {
  /** Relative to the session's `prefixUrl`, or absolute. */
  url?: string | URL | undefined;
  /** The method, in upper or lower case. @defaultValue `'GET'` */
  method?: AxiosRequestConfig['method'] | undefined;
  /** The body: an object or a list is sent as JSON, with a GET too: this is how a command gets its input. */
  data?: unknown;
  /** The query of the URL: an object, in which a list repeats its name, and undefined and null are left out; a list of pairs; `URLSearchParams`; or text. */
  params?: unknown;
  /** How `params` are written: axios's options for that, or a function. */
  paramsSerializer?: AxiosRequestConfig['paramsSerializer'] | undefined;
  /** Header fields. They replace those of the session with the same name. @defaultValue those of the session */
  headers?: AxiosRequestConfig['headers'] | undefined;
  /** Credentials of the caller's own, in place of the session's token; `false` sends none. @defaultValue the token, to URLs under `prefixUrl` */
  auth?: AxiosBasicCredentials | false | undefined;
  /** Idle timeout in milliseconds, including sign-in; 0 disables it. @defaultValue that of the session */
  timeout?: number | undefined;
  /** Aborts the request, its wait for sign-in and for retries too: it ends in `Aborted`. */
  signal?: AxiosRequestConfig['signal'] | undefined;
  /** When a failed request is retried; `false` for never. What is left out is that of the session. @defaultValue that of the session */
  retry?: RetryOptions | false | undefined;
  /**
   * `false` neither reads nor writes the cache, `'reload'` only writes it, `'only-if-cached'` asks no server (504 where
   * nothing is stored), `'force-cache'` uses what is stored, however old. @defaultValue the rules of HTTP caching
   */
  cache?: CacheMode | undefined;
  /**
   * What `data` of the response is: `'json'` for parsed JSON, `'text'` for a string, `'arraybuffer'` for a `Buffer`,
   * `'stream'` for a `Readable`. @defaultValue by `Content-Type`: parsed JSON, text or a `Buffer`
   */
  responseType?: R | undefined;
  /** Which statuses are no exception; null for all. @defaultValue those below 400 but 302; of a write none from 300 on but 303 */
  validateStatus?: ((status: number) => boolean) | null | undefined;
  /** Redirects to follow; 0 for none. @defaultValue that of the session */
  maxRedirects?: number | undefined;
  /** The longest response body in bytes, decoded; -1 for no limit. @defaultValue that of the session; none for a stream */
  maxContentLength?: number | undefined;
  /** The longest request body in bytes; -1 for no limit. @defaultValue `-1` */
  maxBodyLength?: number | undefined;
  /** Whether content codings such as gzip are undone. @defaultValue `true` */
  decompress?: boolean | undefined;
  /** How an object is written as a form, where `Content-Type` is that of a form: axios's options for that. */
  formSerializer?: FormSerializerOptions | undefined;
  /** Writes the body in place of the session: given `data` and the headers, returns what is sent. */
  transformRequest?: AxiosRequestConfig['transformRequest'] | undefined;
  /** Reads the body in place of the session: given text or bytes, returns `data`. */
  transformResponse?: X | undefined;
  /** Called while the body is sent, at most three times a second, and at its end. */
  onUploadProgress?: ((event: AxiosProgressEvent) => void) | undefined;
  /** Called while the response body arrives, at most three times a second, and at its end. */
  onDownloadProgress?: ((event: AxiosProgressEvent) => void) | undefined;
  /** A proxy for this request: its URL or parts, or `false` for none. @defaultValue that of the session */
  proxy?: string | AxiosProxyConfig | false | undefined;
  /** The agent for `http:` URLs; `false` for none. @defaultValue that of the session */
  httpAgent?: HttpAgent | false | undefined;
  /** The agent for `https:` URLs; `false` for none. @defaultValue that of the session */
  httpsAgent?: HttpsAgent | false | undefined;
  /** Resolves host names, as the option of that name of `node:net`. */
  lookup?: LookupFunction | undefined;
  /** The version of the Internet Protocol: 4 or 6; 0 for either. @defaultValue `0` */
  family?: 0 | 4 | 6 | undefined;
}

/**
 * The type of the `data` of a response: what `responseType` makes of it, or else `T`. `T` also where there is a
 * `transformResponse`, and where the caller has named a type: `session.get<T>(…)`.
 *
 * @typeParam T - what the caller says
 * @typeParam R - the `responseType`
 * @typeParam X - the `transformResponse`
 */
export type DataOf<T, R, X> = undefined extends X
  ? [R] extends ['arraybuffer']
    ? Buffer
    : [R] extends ['stream']
      ? Readable
      : [R] extends ['text']
        ? string
        : T
  : T;

/** An axios response. Its `config` and `request` are copies without credentials, and so is `set-cookie`. */
export interface SessionResponse<T = unknown> extends AxiosResponse<T> {
  /** The body: what `responseType`, or else its `Content-Type`, says; `''` where it is empty and neither bytes nor a stream. */
  data: T;
  /** The status, such as 200. */
  status: number;
  /** The reason phrase, such as `OK`; `''` where the server sent none. */
  statusText: string;
  /** The header fields. Of each cookie only the name is left. */
  headers: AxiosHeaders;
  /** The request: a copy of its method, URL and header fields, without credentials. */
  config: AxiosResponse['config'];
  /** The method and the URL of the request, without credentials; after redirects, those of the last one. */
  // biome-ignore lint/suspicious/noExplicitAny: its type is that of axios
  request?: any;
  /** Whether the response came from the cache. */
  fromCache: boolean;
}
