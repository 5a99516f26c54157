import { AxiosHeaders } from 'axios';
import { Redirect } from '../../exceptions/response.js';
import { TooManyRedirects } from '../../exceptions/transport.js';
import { redactorFor } from '../../redaction/exchange.js';
import { isReadable } from '../../util/guards.js';
import { copyHeaders } from '../headers.js';
import { joinUrl } from '../url.js';
import { discard, type Exchange, SAFE_METHODS, type WireConfig, type WireResponse } from '../wire.js';

/** How many redirects are followed unless a request says otherwise. */
export const MAX_REDIRECTS = 30;

const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);
/** All that another origin is told; whatever else a caller set may be a credential. */
const FIT_FOR_STRANGERS = ['Accept', 'Accept-Encoding', 'Accept-Language', 'Range', 'User-Agent'];

/**
 * Follows redirects by RFC 9110, section 15.4, with what the database needs: a GET keeps its body within the origin.
 *
 * | the target is                   | Authorization         | cookies            | body | other headers |
 * | ------------------------------- | --------------------- | ------------------ | ---- | ------------- |
 * | of the same origin, authorized  | kept                  | those for that URL | kept | kept          |
 * | of the same origin, elsewhere   | the caller's own kept | those for that URL | kept | kept          |
 * | of another origin               | dropped for good      | those for that URL | none | a few         |
 *
 * A body that a rewritten method no longer needs (POST to GET) goes in every case. What cannot be followed safely, a
 * write to another origin or a body that can be read only once, is a {@link Redirect}.
 *
 * @param mayAuthorize - whether the session's bearer may be sent to a URL
 */
export function withRedirects(mayAuthorize: (url: string) => boolean, next: Exchange): Exchange {
  return async (config) => {
    const limit = config.maxRedirects ?? MAX_REDIRECTS;
    for (let hops = 0; ; hops++) {
      const response = await next(config);
      const location = locationOf(response);
      if (location === undefined || limit === 0) return response;
      discard(response.data);
      if (hops >= limit) {
        const url = redactorFor(response).text(config.url);
        const request = { method: config.method.toUpperCase(), url };
        throw new TooManyRedirects(
          `${request.method} ${request.url} failed: more than ${limit} redirects`,
          request,
        );
      }
      config = nextHop(config, response, location, mayAuthorize);
    }
  };
}

function locationOf(response: WireResponse): string | undefined {
  const location: unknown = response.headers['location'];
  if (!REDIRECTS.has(response.status) || typeof location !== 'string') return undefined;
  // node:http reads header bytes as Latin-1, but servers write UTF-8.
  return Buffer.from(location, 'latin1').toString('utf8');
}

function nextHop(
  config: WireConfig,
  response: WireResponse,
  location: string,
  mayAuthorize: (url: string) => boolean,
): WireConfig {
  const refuse = (reason: string): Redirect =>
    new Redirect({ ...response, data: undefined }, `Redirect to ${location} was not followed: ${reason}`);
  const from = new URL(config.url);
  const to = resolveLocation(from, location);
  if (to === undefined) throw refuse('it is no http(s) URL');

  const method = methodAfter(response.status, config.method.toUpperCase());
  const sameOrigin = to.origin === from.origin;
  if (!sameOrigin && !SAFE_METHODS.has(method)) throw refuse(`a ${method} is not sent to another origin`);
  const keepsBody = sameOrigin && method === config.method.toUpperCase();
  if (keepsBody && isReadable(config.data)) throw refuse('its body is a stream, which cannot be sent twice');

  const headers = sameOrigin ? copyHeaders(config.headers) : pick(config.headers, FIT_FOR_STRANGERS);
  if (!keepsBody) headers.delete(['Content-Type', 'Content-Length', 'Content-Encoding', 'Transfer-Encoding']);
  const redirectedBy = { headers: response.headers, config: response.config };
  const hop: WireConfig = { ...config, url: to.href, method, headers, redirectedBy };
  if (!keepsBody) delete hop.data;
  if (!sameOrigin) delete hop.auth;
  if (hop.bearer !== undefined && !(sameOrigin && mayAuthorize(to.href))) {
    headers.delete('Authorization');
    delete hop.bearer;
  }
  return hop;
}

function resolveLocation(from: URL, location: string): URL | undefined {
  try {
    const to = joinUrl(from, location);
    // No server has to tell us whom to log in as.
    to.username = '';
    to.password = '';
    return to;
  } catch {
    return undefined;
  }
}

/** 303 asks for a GET; 301 and 302 of a POST are treated so by every client there is. */
function methodAfter(status: number, method: string): string {
  if (status === 303 && method !== 'HEAD') return 'GET';
  return (status === 301 || status === 302) && method === 'POST' ? 'GET' : method;
}

function pick(headers: AxiosHeaders, names: readonly string[]): AxiosHeaders {
  const picked = new AxiosHeaders();
  for (const name of names) if (headers.has(name)) picked.set(name, headers.get(name) as string);
  return picked;
}
