import { METHODS } from 'node:http';
import {
  ANYTHING,
  BOOLEAN,
  type Check,
  checkOptions,
  FUNCTION,
  must,
  type OptionsExpected,
  orFalse,
  reading,
  wholeNumber,
} from '../config/check-options.js';
import { InvalidInvocation } from '../exceptions/base.js';
import { HEADERS, isAgent, PROXY } from '../http/option-checks.js';
import { RETRY } from '../http/retry-policy.js';
import { isFunction, isObject, isPlainObject } from '../util/guards.js';
import { HINTS_FOR_BOTH } from './options.js';
import type { RequestConfig } from './request-options.js';

/**
 * Checks the options of a request.
 *
 * @param more - what the method of the session says, over `config`
 * @returns a copy, without options that are undefined; `data` is the caller's
 * @throws InvalidInvocation that names the option
 */
export function checkRequest(config: RequestConfig, more: RequestConfig = {}): RequestConfig {
  if (!isObject(config))
    throw new InvalidInvocation(
      'the options of a request must be an object, such as { data: { component } }',
    );
  return reading('a request', () => {
    const given = { ...config, ...more };
    if ('data' in more) checkBody(config, more);
    return checkOptions('a request', given, REQUEST_OPTIONS);
  });
}

/** Checks the options of `session.send()`. */
export function checkSendOptions(options: { signal?: AbortSignal }): { readonly signal?: AbortSignal } {
  return checkOptions('send()', options, SEND_OPTIONS);
}

/** Users of other clients, or of `get`, write `post(url, { data: body })`, which would be sent as it is. */
function checkBody({ data }: RequestConfig, { method, url, data: body }: RequestConfig): void {
  if (data === undefined && !isWrapped(body)) return;
  const verb = method?.toLowerCase();
  // A URL may hold a token.
  const target = typeof url === 'string' && /^[A-Za-z]\w*$/.test(url) ? `'${url}'` : 'url';
  throw new InvalidInvocation(
    `${verb}(${target}): the second argument must be the body itself, with neither \`json\` nor \`data\` around it\nWrite ${verb}(${target}, ${exampleOf(data ?? body)}). If the body really is an object with the key \`data\` or \`json\`, write request('${method}', ${target}, { data: body }).`,
  );
}

/** Shows what to pass in place of a wrapped body: `{ component, stage }` for `{ data: { component: …, stage: … } }`. */
function exampleOf(wrapped: unknown): string {
  const { data, json } = isPlainObject(wrapped) ? wrapped : {};
  const body = data ?? json ?? wrapped;
  const keys = isPlainObject(body) ? Object.keys(body) : [];
  const isPlain = keys.length > 0 && keys.length <= 4 && keys.every((key) => /^[A-Za-z]\w{0,39}$/.test(key));
  return isPlain ? `{ ${keys.join(', ')} }` : 'body';
}

/** Whether a body looks like the options of a request that hold the body. */
function isWrapped(body: unknown): boolean {
  if (!isPlainObject(body)) return false;
  const names = Object.keys(body);
  const isWrapper = (name: string): boolean => name === 'json' || name === 'data';
  return (
    names.some(isWrapper) &&
    names.every((name) => isWrapper(name) || Object.hasOwn(REQUEST_OPTIONS.table, name))
  );
}

const URL_OF_REQUEST: Check = (value, name, faults) => {
  if (value === null || typeof value === 'string') return value;
  if (value instanceof URL && value.href !== '') return value.href;
  faults.push(`\`${name}\` must be a string or a URL; all options in one are for request()`);
  return value;
};

/** Copied, because the caller may change it before it is read. */
const PARAMS: Check = (value) => {
  if (value instanceof URLSearchParams) return new URLSearchParams(value);
  return isPlainObject(value) ? { ...value } : value;
};

const AUTH: Check = (value, name, faults) => {
  const { username, password = '' } = (value || {}) as { username?: unknown; password?: unknown };
  if (value === false) return value;
  if (typeof username !== 'string' || typeof password !== 'string')
    faults.push(`\`${name}\` must be { username, password }, or false for none`);
  return { username, password };
};

/** Flat, because axios copies its members, however deep. */
const FORM_SERIALIZER: Check = (value, name, faults) => {
  const copy = isPlainObject(value) ? { ...value } : value;
  if (!isPlainObject(copy) || Object.values(copy).some(isObject))
    faults.push(`\`${name}\` must be axios's options for forms, such as { dots: true }`);
  return copy;
};

const TRANSFORM: Check = (value, name, faults) => {
  const transforms: unknown[] = Array.isArray(value) ? [...value] : [value];
  if (!transforms.every(isFunction)) faults.push(`\`${name}\` must be a function, or a list of them`);
  return Array.isArray(value) ? transforms : value;
};

const AGENT = orFalse(must(isAgent, 'an agent'));

/** Unlike that of a session, Infinity is accepted. */
function atLeast(least: number): Check {
  return must((value) => typeof value === 'number' && value >= least, `a number, at least ${least}`);
}

function oneOf(values: readonly unknown[], expectation: string): Check {
  return must((value) => values.includes(value), expectation);
}

function isMethod(value: unknown): boolean {
  return typeof value === 'string' && METHODS.includes(value.toUpperCase()) && !/^connect$/i.test(value);
}

function isSignal(value: unknown): boolean {
  const { addEventListener, removeEventListener } = (value ?? {}) as Partial<AbortSignal>;
  return isFunction(addEventListener) && isFunction(removeEventListener);
}

/** What the options of a request are. */
export const REQUEST_OPTIONS: OptionsExpected = {
  expectation: 'given an object of options, such as { data: { component } }',
  hints: {
    ...HINTS_FOR_BOTH,
    allow_duplicate: 'it is `allowDuplicate` of client.post',
    allowDuplicate: 'it is an option of client.post',
    adapter: 'start a server with itkdb/testing instead',
    allow_redirects: 'it is `maxRedirects: 0` here',
    allowAbsoluteUrls: 'absolute URLs are allowed, and only those under `prefixUrl` get the token',
    baseURL: 'it is `prefixUrl`, an option of the session',
    body: 'it is `data` here',
    ca: 'it is an option of the session',
    cancelToken: 'it is `signal` here',
    component: 'the input of a command goes into `data`',
    filterMap: 'the input of a command goes into `data`',
    files: 'pass a FormData as `data`',
    json: 'pass the body as `data`',
    socketPath: 'pass an `httpAgent`',
    stream: "it is `responseType: 'stream'` here",
  },
  table: {
    auth: AUTH,
    cache: oneOf(
      [false, 'reload', 'only-if-cached', 'force-cache'],
      "false, 'reload', 'only-if-cached' or 'force-cache'",
    ),
    data: ANYTHING,
    decompress: BOOLEAN,
    family: oneOf([0, 4, 6], '4 or 6'),
    formSerializer: FORM_SERIALIZER,
    headers: HEADERS,
    httpAgent: AGENT,
    httpsAgent: AGENT,
    lookup: FUNCTION,
    maxBodyLength: atLeast(-1),
    maxContentLength: atLeast(-1),
    maxRedirects: wholeNumber('a whole number, at least 0'),
    method: must(isMethod, "the name of a method: request('GET', url)"),
    onDownloadProgress: FUNCTION,
    onUploadProgress: FUNCTION,
    params: PARAMS,
    paramsSerializer: ANYTHING,
    proxy: PROXY,
    responseType: oneOf(
      ['arraybuffer', 'json', 'stream', 'text'],
      "'json', 'text', 'arraybuffer' or 'stream'",
    ),
    retry: RETRY,
    signal: must(isSignal, 'an AbortSignal'),
    timeout: atLeast(0),
    transformRequest: TRANSFORM,
    transformResponse: TRANSFORM,
    url: URL_OF_REQUEST,
    validateStatus: must((value) => value === null || isFunction(value), 'a function, or null'),
  } satisfies Record<keyof RequestConfig, Check>,
};

const SEND_OPTIONS: OptionsExpected = {
  expectation: 'given { signal }',
  table: { signal: REQUEST_OPTIONS.table['signal'] as Check },
};
