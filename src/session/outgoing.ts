import { InvalidInvocation } from '../exceptions/base.js';
import { Axios, AxiosHeaders, type InternalAxiosRequestConfig } from '../http/axios.js';
import { serializeBody } from '../http/body/request-body.js';
import { isReserved, reservedHeader } from '../http/option-checks.js';
import type { HttpRequest, RequestBody } from '../http/request.js';
import { messageOf } from '../util/errors.js';
import type { RequestConfig } from './request-options.js';

/** What of a request goes over the network. */
export interface Message {
  /** In upper case. */
  readonly method: string;
  /** Absolute, with its query. */
  readonly url: string;
  /** Names in lower case. A field that is `false` is not sent. */
  readonly headers: Readonly<Record<string, unknown>>;
  readonly data: RequestBody | undefined;
}

type Headers = Record<string, string | string[] | false>;

/** Only writes queries; a list repeats its name, and everything that is not a letter or digit is encoded as a form would. */
const QUERY_WRITER = new Axios({ paramsSerializer: { indexes: null, encode: encodeForQuery } });

/**
 * Makes the message of a request as it is at the time of the call: what the caller changes later makes no difference.
 *
 * @param config - checked
 * @param url - absolute, with its query
 * @param defaults - header fields of the session, names in lower case
 * @throws InvalidInvocation where the body cannot be written
 */
export function toMessage(
  config: RequestConfig,
  url: string,
  defaults: Readonly<Record<string, string>>,
): Message {
  const { auth, data, formSerializer, method = 'GET', transformRequest } = config;
  const headers: Headers = { ...defaults, ...lowerCase(config.headers) };
  if (auth) headers['authorization'] = basic(auth.username, auth.password ?? '');
  const body = transformRequest === undefined ? data : transformed(config, headers);
  const callersType = headers['content-type'];
  const contentType = typeof callersType === 'string' ? callersType : undefined;
  const serialized = serializeBody(body, contentType, formSerializer);
  const type = serialized.isForced ? serialized.contentType : (contentType ?? serialized.contentType);
  if (type !== undefined) headers['content-type'] = type;
  return { method: method.toUpperCase(), url, headers, data: serialized.body };
}

/** The request that goes through the pipeline, of what axios made of the message. */
export function toHttpRequest(
  config: { method?: string; url?: string; headers: object; data?: unknown },
  usesToken: boolean,
): HttpRequest {
  const { method = 'GET', url = '', headers, data } = config;
  return {
    method,
    url,
    headers: toHeaderFields(headers),
    body: data as RequestBody | undefined,
    usesToken,
  };
}

/** Header fields of any container, without those that are not sent. */
export function toHeaderFields(headers: object): HttpRequest['headers'] {
  const fields: Record<string, string | readonly string[]> = {};
  for (const [name, value] of Object.entries(headers as Headers)) {
    if (value === undefined || value === null || value === false) continue;
    fields[name.toLowerCase()] = Array.isArray(value) ? value.map(String) : String(value);
  }
  return fields;
}

/**
 * Refuses header fields that the session determines itself. The option `headers` was checked before; functions of the
 * caller and prepared requests can set them too.
 *
 * @throws InvalidInvocation that names the header
 */
export function refuseReserved(fields: HttpRequest['headers']): void {
  const name = Object.keys(fields).find(isReserved);
  if (name !== undefined) throw new InvalidInvocation(reservedHeader(name));
}

function lowerCase(headers: object | undefined): Headers {
  const fields: Headers = {};
  for (const [name, value] of Object.entries(headers ?? {})) {
    // undefined and null leave the header to the session.
    if (value !== undefined && value !== null) fields[name.toLowerCase()] = value as string;
  }
  return fields;
}

function basic(username: string, password: string): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
}

/** The body as the caller's own functions write it. They see no token, and may change the headers. */
function transformed(config: RequestConfig, headers: Headers): unknown {
  const shown = new AxiosHeaders(headers as never);
  const { method, url, data } = config;
  const transforms = [config.transformRequest ?? []].flat();
  const context = { method, url: String(url ?? ''), headers: shown, data } as InternalAxiosRequestConfig;
  const body: unknown = transforms.reduce(
    (written, transform) => transform.call(context, written, shown),
    data as unknown,
  );
  if (context.url !== String(url ?? ''))
    throw new InvalidInvocation('`transformRequest` must not change the URL of a request');
  const fields = toHeaderFields(shown);
  refuseReserved(fields);
  for (const name of Object.keys(headers)) delete headers[name];
  Object.assign(headers, fields);
  return body;
}

/** What the text of a Promise becomes in a query. */
const A_PROMISE = /(?:\[|%5B)object(?:\+|%20| )Promise(?:\]|%5D)/;

/**
 * Returns the URL with `params` added to its query, before the fragment.
 *
 * @throws InvalidInvocation where `params` cannot be written as a query
 */
export function withQuery({ url, params, paramsSerializer }: RequestConfig): string {
  const text = String(url ?? '');
  const query = toQuery(params, paramsSerializer);
  if (query === '') return text;
  const [, target = '', fragment = ''] = /^([^#]*)(.*)$/s.exec(text) ?? [];
  if (!target.includes('?')) return `${target}?${query}${fragment}`;
  return `${target}${target.endsWith('?') ? '' : '&'}${query}${fragment}`;
}

/** Text is a query already; a list has pairs of a name and a value, so a name can come twice. */
function toQuery(params: unknown, paramsSerializer: RequestConfig['paramsSerializer']): string {
  if (params === undefined || params === null) return '';
  if (typeof params === 'string') return params.replaceAll('#', '%23');
  const write = (part: unknown): string => serializeParams(part, paramsSerializer);
  if (params instanceof Promise || params instanceof Map || params instanceof Set)
    throw new InvalidInvocation('`params` must be an object, a list of pairs, text or URLSearchParams');
  if (!Array.isArray(params)) return write(params);
  if (!params.every(isPair))
    throw new InvalidInvocation('a list of `params` must have pairs: [[name, value], …]');
  return params
    .map(([name, value]) => write({ [name]: value }))
    .filter((part) => part !== '')
    .join('&');
}

function isPair(value: unknown): value is [name: string, value: unknown] {
  return Array.isArray(value) && value.length === 2 && typeof value[0] === 'string';
}

function serializeParams(params: unknown, paramsSerializer: RequestConfig['paramsSerializer']): string {
  try {
    const uri = QUERY_WRITER.getUri({ url: '', params, ...(paramsSerializer && { paramsSerializer }) });
    if (A_PROMISE.test(uri)) throw new Error('they are a Promise');
    return uri.replace(/^\?/, '');
  } catch (error) {
    throw new InvalidInvocation(`\`params\` cannot be written as a query: ${messageOf(error)}`);
  }
}

function encodeForQuery(text: string): string {
  return encodeURIComponent(text)
    .replace(/[!'()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`)
    .replaceAll('%20', '+');
}
