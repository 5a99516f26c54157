import { Readable } from 'node:stream';
import { InvalidInvocation } from '../exceptions/base.js';
import { requestDirectives } from '../http/cache-control.js';
import { hasOwnCredentials } from '../http/own-credentials.js';
import { type HttpRequest, type RequestOptions, SAFE_METHODS, type Send } from '../http/request.js';

/** A request with such a field comes from a cache of the caller's own. */
const CONDITION = /^if-(?:range|match|none-match|modified-since|unmodified-since)$/;

/** Whether a safe request is sent without a lookup, and its response is not stored. */
export function isBypassed(request: HttpRequest, options: RequestOptions): boolean {
  const { method, headers, body } = request;
  if (options.cache === false || options.isStream || !options.decompress) return true;
  if (method !== 'GET' && method !== 'HEAD') return true;
  if (body !== undefined && typeof body !== 'string' && !Buffer.isBuffer(body)) return true;
  return Object.keys(headers).some((name) => CONDITION.test(name)) || hasOwnCredentials(request, options);
}

/** Whether a request wants a stored response, or else none (RFC 9111, section 5.2.1.7). */
export function isOnlyIfCached({ headers }: HttpRequest, { cache }: RequestOptions): boolean {
  return cache === 'only-if-cached' || requestDirectives(headers).has('only-if-cached');
}

/**
 * What sends a request that the cache does not answer: `next`, but for one with `only-if-cached` a 504. So that request
 * reaches no server, whatever else it says.
 *
 * @throws InvalidInvocation where it is a write
 */
export function sendUnlessOnlyIfCached(request: HttpRequest, options: RequestOptions, next: Send): Send {
  if (!isOnlyIfCached(request, options)) return next;
  if (!SAFE_METHODS.has(request.method))
    throw new InvalidInvocation(
      `a ${request.method} is not answered from the cache: leave out \`only-if-cached\``,
    );
  const text = Buffer.from('not in the cache, nothing was sent');
  const headers = { 'content-type': 'text/plain' };
  const body = options.isStream ? Readable.from([text]) : text;
  return async () => ({ status: 504, statusText: 'Gateway Timeout', headers, body, request });
}
