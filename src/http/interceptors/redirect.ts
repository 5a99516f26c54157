import { Redirect } from '../../exceptions/response.js';
import { TooManyRedirects } from '../../exceptions/transport.js';
import { redactorFor } from '../../redaction/exchange.js';
import { isOneShot } from '../body/request-body.js';
import {
  type HeaderFields,
  type HttpRequest,
  type HttpResponse,
  type Interceptor,
  SAFE_METHODS,
} from '../request.js';
import { responseInput } from '../response-input.js';
import { joinUrl } from '../url.js';

const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);
/** The header fields that another origin is sent. Any other that the caller set may be a credential. */
const FOR_ANY_ORIGIN = ['accept', 'accept-encoding', 'accept-language', 'range', 'user-agent'];
/** What describes a body, and goes with it. */
const OF_THE_BODY = ['content-type', 'content-encoding', 'content-language', 'content-location'];

/**
 * Follows redirects by RFC 9110, section 15.4, with what the database needs: a GET keeps its body within the origin.
 *
 * | the target is                  | token and `Authorization` | cookies            | body | other headers |
 * | ------------------------------ | ------------------------- | ------------------ | ---- | ------------- |
 * | in the same origin, under the prefix | kept                | those for that URL | kept | kept          |
 * | in the same origin, elsewhere  | the caller's own kept     | those for that URL | kept | kept          |
 * | in another origin              | dropped for good          | those for that URL | none | a few         |
 *
 * A write is never reported as done unless it was: a POST that is answered 301 or 302, a write to another origin, and a
 * body that can be read only once are a {@link Redirect}. After a 303 the write was done, and its result is read by a GET.
 *
 * @param mayUseToken - whether the session's token may be sent to a URL
 */
export function redirect(mayUseToken: (url: string) => boolean): Interceptor {
  return async (request, context, next) => {
    const { maxRedirects } = context.options;
    for (let hops = 0; ; hops++) {
      const response = await next(request, context);
      const location = locationOf(response);
      if (location === undefined || maxRedirects === 0) return response;
      context.supersede(response);
      if (hops >= maxRedirects) throw tooManyRedirects(request, response, maxRedirects);
      request = nextRequest(request, response, location, mayUseToken);
    }
  };
}

function locationOf({ status, headers }: HttpResponse): string | undefined {
  const { location } = headers;
  // An empty one names no target: followed, it would be the same URL again.
  if (!REDIRECTS.has(status) || typeof location !== 'string' || location === '') return undefined;
  // node:http reads header bytes as Latin-1, but servers write UTF-8.
  return Buffer.from(location, 'latin1').toString('utf8');
}

function nextRequest(
  request: HttpRequest,
  response: HttpResponse,
  location: string,
  mayUseToken: (url: string) => boolean,
): HttpRequest {
  const { method } = request;
  const from = new URL(request.url);
  const to = resolveLocation(from, location);
  const refuse = (reason: string): Redirect =>
    new Redirect(responseInput(response, undefined), `Redirect to ${location} was not followed: ${reason}`);
  if (to === undefined) throw refuse('it is not an http(s) URL');
  const isSameOrigin = to.origin === from.origin;
  if (!isSameOrigin && !SAFE_METHODS.has(method)) throw refuse(`a ${method} is not sent to another origin`);
  if (method === 'POST' && (response.status === 301 || response.status === 302))
    throw refuse('a POST is not repeated elsewhere, and was not done here');

  const nextMethod = response.status === 303 && method !== 'HEAD' ? 'GET' : method;
  const keepsBody = isSameOrigin && nextMethod === method;
  if (keepsBody && isOneShot(request.body)) throw refuse('its body is a stream, which cannot be sent twice');
  return {
    method: nextMethod,
    url: to.href,
    headers: headersFor(request.headers, isSameOrigin, keepsBody),
    body: keepsBody ? request.body : undefined,
    usesToken: request.usesToken && isSameOrigin && mayUseToken(to.href),
    redirectedBy: response,
  };
}

function resolveLocation(from: URL, location: string): URL | undefined {
  try {
    const to = joinUrl(from, location);
    // A server does not choose the credentials of the next request. Those of the caller stay within their origin.
    const isSameOrigin = to.origin === from.origin;
    to.username = isSameOrigin ? from.username : '';
    to.password = isSameOrigin ? from.password : '';
    return to;
  } catch {
    return undefined;
  }
}

function headersFor(headers: HeaderFields, isSameOrigin: boolean, keepsBody: boolean): HeaderFields {
  const isKept = (name: string): boolean =>
    (isSameOrigin || FOR_ANY_ORIGIN.includes(name)) && (keepsBody || !OF_THE_BODY.includes(name));
  return Object.fromEntries(Object.entries(headers).filter(([name]) => isKept(name)));
}

function tooManyRedirects(request: HttpRequest, response: HttpResponse, limit: number): TooManyRedirects {
  const url = redactorFor(responseInput(response)).text(request.url);
  const { method } = request;
  return new TooManyRedirects(`${method} ${url} failed: more than ${limit} redirects`, { method, url });
}
