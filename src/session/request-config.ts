import type { AxiosBasicCredentials, AxiosRequestConfig, AxiosResponse } from 'axios';
import { InvalidInvocation } from '../exceptions/base.js';
import { type RetryOptions, retrySchema } from '../http/retry-policy.js';
import type { WireConfig } from '../http/wire.js';
import { check, lazyZod, noSuchOption } from '../validation.js';

/** The options of axios that a session passes on. */
type AxiosOption =
  | 'data'
  | 'decompress'
  | 'family'
  | 'formSerializer'
  | 'headers'
  | 'httpAgent'
  | 'httpsAgent'
  | 'lookup'
  | 'maxBodyLength'
  | 'maxContentLength'
  | 'maxRedirects'
  | 'method'
  | 'onDownloadProgress'
  | 'onUploadProgress'
  | 'params'
  | 'paramsSerializer'
  | 'proxy'
  | 'responseType'
  | 'signal'
  | 'timeout'
  | 'transformRequest'
  | 'transformResponse'
  | 'validateStatus';

type AxiosOptions = { [Name in AxiosOption]?: AxiosRequestConfig<unknown>[Name] | undefined };

/**
 * One request: axios's own options, less those that only a browser has and those that would go round the session.
 *
 * - `data` of a GET is sent as its JSON body, which is how the database is asked.
 * - `timeout` is in milliseconds of silence; 0 is without end.
 * - `maxRedirects: 0` follows none.
 * - `responseType` is by the answer's `Content-Type` where it is not given.
 */
export interface RequestConfig extends AxiosOptions {
  /** Relative to the session's `prefixUrl`, or absolute. */
  url?: string | URL | undefined;
  /** Credentials of the caller's own, in place of the session's token; `false` sends none. */
  auth?: AxiosBasicCredentials | false | undefined;
  /** When it is tried again if it fails, over the session's own `retry`; `false` for never. */
  retry?: RetryOptions | false | undefined;
}

/** An axios response. Its `config` and `request` are copies without credentials, and so is `set-cookie`. */
export interface SessionResponse<T = unknown> extends AxiosResponse<T> {
  /** Whether the answer came from the cache. */
  fromCache: boolean;
}

/** What a session hands to axios: the caller's config, and what the session has to know on the way back. */
export interface DispatchConfig extends AxiosRequestConfig {
  /** Whether the session's token may be added. */
  authorize: boolean;
  /** The caller's `validateStatus`: whether an answer with this status is no exception. */
  accepts?: (status: number) => boolean;
  /** Works out the absolute URL; not there where URL, headers and body are final. */
  target?: (() => URL) | undefined;
  retry?: RequestConfig['retry'];
}

/** The same inside axios's interceptors and adapter. */
export type DispatchedConfig = WireConfig & DispatchConfig;

const KNOWN: Readonly<Record<keyof RequestConfig, true>> = {
  auth: true,
  data: true,
  decompress: true,
  family: true,
  formSerializer: true,
  headers: true,
  httpAgent: true,
  httpsAgent: true,
  lookup: true,
  maxBodyLength: true,
  maxContentLength: true,
  maxRedirects: true,
  method: true,
  onDownloadProgress: true,
  onUploadProgress: true,
  params: true,
  paramsSerializer: true,
  proxy: true,
  responseType: true,
  retry: true,
  signal: true,
  timeout: true,
  transformRequest: true,
  transformResponse: true,
  url: true,
  validateStatus: true,
};

/** What people reach for who come from elsewhere. */
const HINTS: Readonly<Record<string, string>> = {
  adapter: 'start a server with itkdb/testing instead',
  allow_redirects: 'it is `maxRedirects: 0` here',
  allowAbsoluteUrls: 'absolute URLs are allowed, and only those under `prefixUrl` get the token',
  baseURL: 'it is `prefixUrl`, an option of the session',
  body: 'it is `data` here',
  cancelToken: 'it is `signal` here',
  component: 'the input of a command goes into `data`',
  filterMap: 'the input of a command goes into `data`',
  files: 'pass a FormData as `data`',
  json: 'pass the body as `data`',
  socketPath: 'pass an `httpAgent`',
  stream: "it is `responseType: 'stream'` here",
  verify: 'pass an `httpsAgent` with its `ca`, or set NODE_EXTRA_CA_CERTS',
};

const NUMBERS = [
  ['timeout', 0],
  ['maxRedirects', 0],
  ['maxContentLength', -1],
  ['maxBodyLength', -1],
] as const;
const RESPONSE_TYPES: readonly unknown[] = [undefined, 'arraybuffer', 'json', 'stream', 'text'];

/**
 * Checks the options of a request. By hand, not with zod, because it runs before every request.
 *
 * @throws InvalidInvocation that names the option
 */
export function checkRequestConfig(config: RequestConfig): void {
  if (typeof config !== 'object' || config === null)
    throw new InvalidInvocation('a request must be an object');
  for (const name of Object.keys(config)) {
    if (Object.hasOwn(KNOWN, name)) continue;
    throw new InvalidInvocation(`a request: ${noSuchOption(name, Object.keys(KNOWN), HINTS)}`);
  }
  for (const [name, least] of NUMBERS) {
    const value: unknown = config[name];
    if (value === undefined || (typeof value === 'number' && value >= least)) continue;
    throw new InvalidInvocation(`\`${name}\` must be a number, at least ${least}`);
  }
  const { auth, method, responseType, retry, signal, url } = config;
  if (retry !== undefined) check('a request', lazyZod().object({ retry: retrySchema() }), { retry });
  if (
    auth !== undefined &&
    auth !== false &&
    typeof (auth as { username?: unknown } | null)?.username !== 'string'
  ) {
    throw new InvalidInvocation('`auth` must be { username, password }, or false for none');
  }
  if (method !== undefined && (typeof method !== 'string' || !/^[A-Z]+$/i.test(method))) {
    throw new InvalidInvocation("`method` must be the name of a method, such as 'GET'");
  }
  if (!RESPONSE_TYPES.includes(responseType)) {
    throw new InvalidInvocation("`responseType` must be 'json', 'text', 'arraybuffer' or 'stream'");
  }
  if (signal !== undefined && typeof signal?.addEventListener !== 'function') {
    throw new InvalidInvocation('`signal` must be an AbortSignal');
  }
  if (url !== undefined && url !== null && typeof url !== 'string' && !(url instanceof URL)) {
    throw new InvalidInvocation('`url` must be a string or a URL');
  }
}
