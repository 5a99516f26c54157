import { InvalidInvocation } from '../exceptions/base.js';
import {
  Axios,
  AxiosHeaders,
  type AxiosRequestConfig,
  type InternalAxiosRequestConfig,
} from '../http/axios.js';
import { serializeBody } from '../http/body/request-body.js';
import { isReserved, reservedHeader } from '../http/option-checks.js';
import type { HttpRequest, RequestBody } from '../http/request.js';
import { messageOf } from '../util/errors.js';
import type { RequestConfig } from './request-options.js';

/** The part of an axios configuration that is the message: what goes over the network. */
export type Message = Pick<AxiosRequestConfig, 'method' | 'url' | 'headers' | 'data'>;

type Headers = Record<string, string | string[] | false>;

/** Only writes queries; a list repeats its name. */
const QUERIES = new Axios({ paramsSerializer: { indexes: null } });

/**
 * Makes the message of a request as it is at the time of the call: what the caller changes later makes no difference.
 *
 * @param config - checked
 * @param defaults - header fields of the session, names in lower case
 * @throws InvalidInvocation where the body or the query cannot be written
 */
export function toMessage(config: RequestConfig, defaults: Readonly<Record<string, string>>): Message {
  const { auth, data, formSerializer, method = 'GET', transformRequest } = config;
  let headers = lowerCase(config.headers);
  if (auth) headers['authorization'] = basic(auth.username, auth.password ?? '');
  let body = data;
  if (transformRequest !== undefined) {
    headers = { ...defaults, ...headers };
    body = transformed(config, headers);
  }
  const contentType = textOf(headers['content-type'] ?? defaults['content-type']);
  const serialized = serializeBody(body, contentType, formSerializer);
  const type = serialized.isForced ? serialized.contentType : (contentType ?? serialized.contentType);
  // axios would call the body of a write without a type a form, unless the header is `false`.
  headers['content-type'] = type ?? false;
  return { method: method.toUpperCase(), url: withQuery(config), headers, data: serialized.body };
}

/**
 * The request that goes through the pipeline, of what axios made of the message.
 *
 * @param defaults - header fields of the session, names in lower case; a header that is `false` takes one out
 */
export function toHttpRequest(
  config: InternalAxiosRequestConfig,
  defaults: Readonly<Record<string, string>>,
  usesToken: boolean,
): HttpRequest {
  const { method = 'GET', url = '', headers, data } = config;
  return {
    method: method.toUpperCase(),
    url,
    headers: toHeaderFields(headers, defaults),
    body: data as RequestBody | undefined,
    usesToken,
  };
}

/** Header fields of any container over others. A field that is `false` is not sent. */
export function toHeaderFields(
  headers: object,
  defaults: Readonly<Record<string, string>> = {},
): HttpRequest['headers'] {
  const fields: Record<string, string | readonly string[]> = { ...defaults };
  for (const [name, value] of Object.entries(headers as Headers)) {
    if (value === undefined || value === null) continue;
    if (value === false) delete fields[name.toLowerCase()];
    else fields[name.toLowerCase()] = Array.isArray(value) ? value.map(String) : String(value);
  }
  // Functions of the caller and prepared requests can set what `headers` may not.
  for (const name in fields) if (isReserved(name)) throw new InvalidInvocation(reservedHeader(name));
  return fields;
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
  for (const name of Object.keys(headers)) delete headers[name];
  Object.assign(headers, toHeaderFields(shown));
  return body;
}

function withQuery({ url, params, paramsSerializer }: RequestConfig): string {
  const text = String(url ?? '');
  if (params === undefined || params === null) return text;
  try {
    const uri = QUERIES.getUri({ url: text, params, ...(paramsSerializer && { paramsSerializer }) });
    if (uri.includes('[object%20Promise]') || uri.includes('[object Promise]'))
      throw new Error('they are a Promise');
    return uri;
  } catch (error) {
    throw new InvalidInvocation(`\`params\` cannot be written as a query: ${messageOf(error)}`);
  }
}

function textOf(value: string | string[] | false | undefined): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
