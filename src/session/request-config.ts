import { METHODS } from 'node:http';
import type { Readable } from 'node:stream';
import axios, {
  type AxiosBasicCredentials,
  AxiosHeaders,
  type AxiosRequestConfig,
  type AxiosResponse,
} from 'axios';
import { check, lazyZod, noSuchOption } from '../config/validation.js';
import { InvalidInvocation } from '../exceptions/base.js';
import { isFormType, JsonBody } from '../http/body/strict-json.js';
import type { Cancellation } from '../http/cancellation.js';
import { copyHeaders } from '../http/headers.js';
import { type RetryOptions, type RetryPolicy, retrySchema } from '../http/retry-policy.js';
import type { CacheMode, WireConfig } from '../http/wire.js';
import { messageOf } from '../util/errors.js';
import { isFunction, isObject, isPlainObject, isReadable } from '../util/guards.js';

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
  /**
   * `false` neither reads nor writes the cache, `'reload'` only writes it, `'only-if-cached'` asks nobody else (and is
   * answered 504 where there is nothing), `'force-cache'` takes what is there, however old.
   */
  cache?: CacheMode | undefined;
  /** When it is tried again if it fails, over the session's own `retry`; `false` for never. */
  retry?: RetryOptions | false | undefined;
}

/** An axios response. Its `config` and `request` are copies without credentials, and so is `set-cookie`. */
export interface SessionResponse<T = unknown> extends AxiosResponse<T> {
  /** Whether the answer came from the cache. */
  fromCache: boolean;
}

/** A request on its way to the wire, and what the session has to know of it. */
export interface DispatchConfig extends WireConfig {
  signal?: Cancellation;
  /** Whether the session's token may be added. */
  authorize: boolean;
  /** Works out the absolute URL; not there where URL and headers are final. */
  target?: (() => string) | undefined;
  /** Whether `data` is the body as it is sent. */
  isSerialized: boolean;
  retry?: RequestConfig['retry'];
  /** What is still to come of the answer. */
  stream?: Readable | undefined;
  /** What `retry` comes to, with that of the session. */
  policy?: RetryPolicy | undefined;
}

/**
 * Works out the absolute URL of a request: a list in `params` repeats its name, undefined and null are left out.
 *
 * @param join - to the prefix
 */
export function targetOf(
  join: (url: string) => string,
  { url, params, paramsSerializer }: RequestConfig,
): string {
  const target = join(String(url ?? ''));
  if (params === undefined || params === null) return target;
  try {
    const options = { url: target, params, paramsSerializer: paramsSerializer ?? { indexes: null } };
    return new URL(axios.getUri(options)).href;
  } catch (error) {
    throw new InvalidInvocation(`\`params\` cannot be written as a query: ${messageOf(error)}`);
  }
}

/** What {@link SessionOptions.headers} and the `headers` of a request must be. */
export const HEADERS_EXPECTED =
  'an object of header fields: names without spaces, values of one line in Latin-1';

/** Whether a value holds header fields that can be sent. */
export function isHeaders(value: unknown): boolean {
  const isText = (text: unknown): boolean =>
    !['object', 'function', 'symbol'].includes(typeof text) && /^[\t\x20-\x7e\x80-\xff]*$/.test(String(text));
  return (
    (isPlainObject(value) || value instanceof AxiosHeaders) &&
    Object.entries(value as object).every(
      ([name, field]) =>
        /^[\w!#$%&'*+.^`|~-]+$/.test(name) && name !== '__proto__' && [field ?? ''].flat().every(isText),
    )
  );
}

type Expectation = readonly [isRight: (value: unknown) => boolean, expectation: string];

const ANYTHING: Expectation = [() => true, ''];
const FUNCTION: Expectation = [isFunction, 'a function'];
const TRANSFORM: Expectation = [
  (value) => (Array.isArray(value) ? [...value] : [value]).every(isFunction),
  'a function, or a list of them',
];
const AGENT: Expectation = [(value) => value === false || isAgent(value), 'an agent'];
const atLeast = (least: number): Expectation => [
  (value) => typeof value === 'number' && value >= least,
  `a number, at least ${least}`,
];

/** What each option must be where it is given. */
const OPTIONS: Readonly<Record<keyof RequestConfig, Expectation>> = {
  auth: [isAuth, '{ username, password }, or false for none'],
  cache: [
    (value) => [false, 'reload', 'only-if-cached', 'force-cache'].includes(value as never),
    "false, 'reload', 'only-if-cached' or 'force-cache'",
  ],
  data: ANYTHING,
  decompress: [(value) => typeof value === 'boolean', 'true or false'],
  family: [(value) => [0, 4, 6].includes(value as number), '4 or 6'],
  formSerializer: [isFormSerializer, "axios's options for forms, such as { dots: true }"],
  headers: [isHeaders, HEADERS_EXPECTED],
  httpAgent: AGENT,
  httpsAgent: AGENT,
  lookup: FUNCTION,
  maxBodyLength: atLeast(-1),
  maxContentLength: atLeast(-1),
  maxRedirects: [(value) => Number.isInteger(value) && (value as number) >= 0, 'a whole number, at least 0'],
  method: [
    (value) =>
      typeof value === 'string' && METHODS.includes(value.toUpperCase()) && !/^connect$/i.test(value),
    "the name of a method: request('GET', url)",
  ],
  onDownloadProgress: FUNCTION,
  onUploadProgress: FUNCTION,
  params: ANYTHING,
  paramsSerializer: ANYTHING,
  proxy: [isProxy, '{ host, port }, or false for none'],
  responseType: [
    (value) => ['arraybuffer', 'json', 'stream', 'text'].includes(value as string),
    "'json', 'text', 'arraybuffer' or 'stream'",
  ],
  // zod knows more of it than whether it is right.
  retry: ANYTHING,
  signal: [isSignal, 'an AbortSignal'],
  timeout: atLeast(0),
  transformRequest: TRANSFORM,
  transformResponse: TRANSFORM,
  url: [
    (value) => value === null || typeof value === 'string' || (value instanceof URL && value.href !== ''),
    'a string or a URL; all options in one are for request()',
  ],
  validateStatus: [(value) => value === null || isFunction(value), 'a function, or null'],
};

/** What people reach for who come from elsewhere, of a session too. */
export const HINTS_FOR_BOTH: Readonly<Record<string, string>> = {
  retries: 'it is `retry: { tries: 4 }` here',
  verify: 'pass an `httpsAgent` with its `ca`, or set NODE_EXTRA_CA_CERTS',
};
const HINTS: Readonly<Record<string, string>> = {
  ...HINTS_FOR_BOTH,
  allow_duplicate: 'nothing looks for duplicates yet',
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
};

/**
 * Checks the options of a request. By hand, not with zod, because it runs before every request.
 *
 * @returns a copy, with `more` over it
 * @throws InvalidInvocation that names the option
 */
export function checkRequestConfig(config: RequestConfig, more: RequestConfig = {}): RequestConfig {
  if (!isObject(config))
    throw new InvalidInvocation(
      'the options of a request must be an object, such as { data: { component } }',
    );
  try {
    if ('data' in more) checkBody(config, more);
    const copy: Record<string, unknown> = {};
    const given: RequestConfig = { ...config, ...more };
    for (const [name, value] of Object.entries(given)) {
      checkOption(name, value);
      if (value !== undefined && name !== 'data') copy[name] = copyOf(value);
    }
    copy['data'] = bodyOf(given);
    return copy;
  } catch (error) {
    if (error instanceof InvalidInvocation) throw error;
    throw new InvalidInvocation(`a request: its options cannot be read: ${messageOf(error)}`);
  }
}

/** Whoever comes from elsewhere, or from `get`, writes `post(url, { data: body })`, which would be sent as it is. */
function checkBody({ data }: RequestConfig, { method, data: body }: RequestConfig): void {
  if (data === undefined && !isWrapped(body)) return;
  throw new InvalidInvocation(
    `the body is the second argument, with neither \`json\` nor \`data\` around it: ${method?.toLowerCase()}(url, body, options); one that is really such an object goes with request('${method}', url, { data: body })`,
  );
}

/** Whether a body looks like the options of a request with the body among them. */
function isWrapped(body: unknown): boolean {
  if (!isPlainObject(body)) return false;
  const names = Object.keys(body);
  const isWrapper = (name: string): boolean => name === 'json' || name === 'data';
  return names.some(isWrapper) && names.every((name) => isWrapper(name) || Object.hasOwn(OPTIONS, name));
}

/** What the caller does to an option later, makes no difference. */
function copyOf(value: unknown): unknown {
  if (value instanceof URL) return value.href;
  if (value instanceof URLSearchParams) return new URLSearchParams(value);
  if (value instanceof AxiosHeaders) return copyHeaders(value);
  return isPlainObject(value) ? { ...value } : value;
}

/** The body as it is now, if it is to be written as JSON. */
function bodyOf({ data, headers, transformRequest }: RequestConfig): unknown {
  // A stream may fail before anybody listens to it, and that would end the program.
  if (isReadable(data)) data.on('error', () => {});
  if (!isPlainObject(data) && !Array.isArray(data)) return data;
  return transformRequest || isForm(headers) ? data : new JsonBody(data);
}

function isForm(headers: RequestConfig['headers']): boolean {
  return Object.entries(headers ?? {}).some(
    ([name, value]) => /^content-type$/i.test(name) && isFormType(value),
  );
}

function checkOption(name: string, value: unknown): void {
  if (!Object.hasOwn(OPTIONS, name))
    throw new InvalidInvocation(`a request: ${noSuchOption(name, Object.keys(OPTIONS), HINTS)}`);
  if (value === undefined) return;
  const [isRight, expectation] = OPTIONS[name as keyof RequestConfig];
  if (!isRight(value)) throw new InvalidInvocation(`\`${name}\` must be ${expectation}`);
  if (name === 'retry') check('a request', lazyZod().object({ retry: retrySchema() }), { retry: value });
}

/** Whether a value is what `node:http` takes for an agent. */
export function isAgent(value: unknown): boolean {
  return isFunction((value as { addRequest?: unknown } | null)?.addRequest);
}

function isAuth(value: unknown): boolean {
  const { username, password = '' } = (value || {}) as { username?: unknown; password?: unknown };
  return value === false || (typeof username === 'string' && typeof password === 'string');
}

/** Flat, because axios copies what is in it, however deep. */
function isFormSerializer(value: unknown): boolean {
  return isPlainObject(value) && Object.values(value as object).every((item) => !isObject(item));
}

function isProxy(value: unknown): boolean {
  const { host, hostname = host, port = 0 } = (value || {}) as Record<string, unknown>;
  return value === false || (typeof hostname === 'string' && ['number', 'string'].includes(typeof port));
}

function isSignal(value: unknown): boolean {
  const { addEventListener, removeEventListener } = (value ?? {}) as Partial<AbortSignal>;
  return isFunction(addEventListener) && isFunction(removeEventListener);
}
