import type { Agent as HttpAgent } from 'node:http';
import type { Agent as HttpsAgent } from 'node:https';
import type { LookupFunction } from 'node:net';
import type {
  AxiosBasicCredentials,
  AxiosHeaders,
  AxiosProgressEvent,
  AxiosProxyConfig,
  AxiosRequestConfig,
  AxiosResponse,
  FormSerializerOptions,
} from '../http/axios.js';
import type { CacheMode } from '../http/request.js';
import type { RetryOptions } from '../http/retry-policy.js';

/** Options of one request. The names are those of axios, where axios has the option. */
export interface RequestConfig {
  /** Relative to the session's `prefixUrl`, or absolute. */
  url?: string | URL | undefined;
  /** @defaultValue `'GET'` */
  method?: AxiosRequestConfig['method'] | undefined;
  /** The body; an object or a list is sent as JSON, with a GET too: this is how a command gets its input. */
  data?: unknown;
  /** The query of the URL: an object, in which a list repeats its name, and undefined and null are left out; a list of pairs; `URLSearchParams`; or text. */
  params?: unknown;
  /** How `params` are written: axios's options for that, or a function. */
  paramsSerializer?: AxiosRequestConfig['paramsSerializer'] | undefined;
  /** Header fields, over those of the session. */
  headers?: AxiosRequestConfig['headers'] | undefined;
  /** Credentials of the caller's own, in place of the session's token; `false` sends none. */
  auth?: AxiosBasicCredentials | false | undefined;
  /** Idle timeout in milliseconds, including sign-in; 0 disables it. @defaultValue that of the session */
  timeout?: number | undefined;
  /** Gives the request up. */
  signal?: AxiosRequestConfig['signal'] | undefined;
  /** When a failed request is retried, over the session's own `retry`; `false` for never. */
  retry?: RetryOptions | false | undefined;
  /**
   * `false` neither reads nor writes the cache, `'reload'` only writes it, `'only-if-cached'` asks no server (504 where
   * nothing is stored), `'force-cache'` uses what is stored, however old.
   */
  cache?: CacheMode | undefined;
  /** What `data` of the response is. @defaultValue by `Content-Type`: parsed JSON, text or a `Buffer` */
  responseType?: 'arraybuffer' | 'json' | 'stream' | 'text' | undefined;
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
  /** How an object is written as a form, where `Content-Type` is that of a form. */
  formSerializer?: FormSerializerOptions | undefined;
  /** Writes the body in place of the session: given `data` and the headers, returns what is sent. */
  transformRequest?: AxiosRequestConfig['transformRequest'] | undefined;
  /** Reads the body in place of the session: given text or bytes, returns `data`. */
  transformResponse?: AxiosRequestConfig['transformResponse'] | undefined;
  /** Called while the body is sent. */
  onUploadProgress?: ((event: AxiosProgressEvent) => void) | undefined;
  /** Called while the response body arrives. */
  onDownloadProgress?: ((event: AxiosProgressEvent) => void) | undefined;
  /** A proxy for this request: its URL or parts, or `false` for none. @defaultValue that of the session */
  proxy?: string | AxiosProxyConfig | false | undefined;
  /** For `http:` URLs. @defaultValue that of the session */
  httpAgent?: HttpAgent | false | undefined;
  /** For `https:` URLs. @defaultValue that of the session */
  httpsAgent?: HttpsAgent | false | undefined;
  /** Resolves host names, as the option of that name of `node:net`. */
  lookup?: LookupFunction | undefined;
  /** The version of the Internet Protocol: 4 or 6; 0 for either. @defaultValue `0` */
  family?: 0 | 4 | 6 | undefined;
}

/** An axios response. Its `config` and `request` are copies without credentials, and so is `set-cookie`. */
export interface SessionResponse<T = unknown> extends AxiosResponse<T> {
  headers: AxiosHeaders;
  /** Whether the response came from the cache. */
  fromCache: boolean;
}
