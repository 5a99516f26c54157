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
  /** The body. An object or a list is sent as JSON, also with a GET: this is how a command gets its input. */
  data?: unknown;
  /**
   * The query of the URL: an object, a list of pairs, `URLSearchParams`, or text. In an object, a list repeats the name, and
   * undefined and null are left out.
   */
  params?: unknown;
  /** How `params` become text: options of axios, or a function. */
  paramsSerializer?: AxiosRequestConfig['paramsSerializer'] | undefined;
  /** Header fields. They replace fields of the session with the same name. @defaultValue as the session */
  headers?: AxiosRequestConfig['headers'] | undefined;
  /** User name and password to send instead of the token; `false` sends neither. @defaultValue the token, to URLs under `prefixUrl` */
  auth?: AxiosBasicCredentials | false | undefined;
  /** Idle timeout in milliseconds, including sign-in; 0 disables it. @defaultValue as the session */
  timeout?: number | undefined;
  /** Aborts the request, also while it waits for sign-in or for a retry. It is then rejected with `Aborted`. */
  signal?: AxiosRequestConfig['signal'] | undefined;
  /** When a failed request is retried; `false` for never. It overrides single options of the session's `retry`. @defaultValue as the session */
  retry?: RetryOptions | false | undefined;
  /**
   * How the request uses the cache. `false`: not at all. `'reload'`: the request is sent, and the response is stored.
   * `'only-if-cached'`: nothing is sent; if there is no stored response, the result is a 504. `'force-cache'`: a stored
   * response is used, however old it is. @defaultValue the rules of HTTP caching
   */
  cache?: CacheMode | undefined;
  /**
   * The type of `data` of the response: `'json'` for parsed JSON, `'text'` for a string, `'arraybuffer'` for a `Buffer`,
   * `'stream'` for a `Readable`. @defaultValue by the `Content-Type`: parsed JSON, text or a `Buffer`
   */
  responseType?: R | undefined;
  /**
   * Returns whether a status is a success; other statuses are exceptions. null: each status is a success. @defaultValue for a
   * read, each status below 400 except 302; for a write, each status below 300, and 303
   */
  validateStatus?: ((status: number) => boolean) | null | undefined;
  /** The largest number of redirects; 0 for none. @defaultValue as the session */
  maxRedirects?: number | undefined;
  /** The largest response body, in bytes after decompression; -1 for no limit. @defaultValue as the session; no limit for a stream */
  maxContentLength?: number | undefined;
  /** The largest request body, in bytes; -1 for no limit. @defaultValue `-1` */
  maxBodyLength?: number | undefined;
  /** Whether a response body with a content coding such as gzip is decompressed. @defaultValue `true` */
  decompress?: boolean | undefined;
  /** How an object is written as a form, if the `Content-Type` is that of a form: options of axios. */
  formSerializer?: FormSerializerOptions | undefined;
  /** Returns the body to send. The arguments are `data` and the headers, which it may change. */
  transformRequest?: AxiosRequestConfig['transformRequest'] | undefined;
  /** Returns `data` of the response. The argument is the body as text or bytes. */
  transformResponse?: X | undefined;
  /** Called while the body is sent, at most three times a second, and at the end. */
  onUploadProgress?: ((event: AxiosProgressEvent) => void) | undefined;
  /** Called while the response body arrives, at most three times a second, and at the end. */
  onDownloadProgress?: ((event: AxiosProgressEvent) => void) | undefined;
  /** The proxy for this request: its URL or its parts; `false` for none. @defaultValue as the session */
  proxy?: string | AxiosProxyConfig | false | undefined;
  /** The agent for `http:` URLs; `false` for none. @defaultValue as the session */
  httpAgent?: HttpAgent | false | undefined;
  /** The agent for `https:` URLs; `false` for none. @defaultValue as the session */
  httpsAgent?: HttpsAgent | false | undefined;
  /** Resolves host names, as the option `lookup` of `node:net`. */
  lookup?: LookupFunction | undefined;
  /** The version of the Internet Protocol: 4 or 6; 0 for either. @defaultValue `0` */
  family?: 0 | 4 | 6 | undefined;
}

/**
 * The type of `data` of a response. `responseType` decides it. It is `T` without `responseType`, with a
 * `transformResponse`, and if the caller names a type: `session.get<T>(…)`.
 *
 * @typeParam T - the type that the caller names
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

/** An axios response. `config`, `request` and the header field `set-cookie` are copies without credentials. */
export interface SessionResponse<T = unknown> extends AxiosResponse<T> {
  /**
   * The body. `responseType` decides its type; without it, the `Content-Type` does. An empty body is `''`, unless it is bytes
   * or a stream.
   */
  data: T;
  /** The status, such as 200. */
  status: number;
  /** The reason phrase, such as `OK`; `''` if the server sent none. */
  statusText: string;
  /** The header fields. `set-cookie` has only the names of the cookies. */
  headers: AxiosHeaders;
  /** The request: a copy of its method, URL and header fields, without credentials. */
  config: AxiosResponse['config'];
  /** The method and the URL of the request, without credentials. After redirects, those of the last request. */
  // biome-ignore lint/suspicious/noExplicitAny: its type is that of axios
  request?: any;
  /** Whether the response came from the cache. */
  fromCache: boolean;
}
