import type { HeaderFields, HttpResponse } from '../http/request.js';
import type { StoredFields } from './entry.js';

/** About one connection or one exchange, and so not stored (RFC 9111, section 3.1); cookies and challenges are for one. */
const NOT_STORED: ReadonlySet<string> = new Set([
  ...['connection', 'keep-alive', 'proxy-connection', 'te', 'trailer', 'transfer-encoding', 'upgrade'],
  ...['proxy-authenticate', 'proxy-authentication-info', 'proxy-authorization', 'www-authenticate'],
  ...['set-cookie', 'set-cookie2', '__proto__'],
]);
/** They describe the body, which a 304 does not replace (RFC 9111, section 3.2). */
const OF_THE_BODY = ['content-encoding', 'content-length', 'content-range', 'content-type'];

/** The header fields of a response that are stored. `Date` is added where it is missing (RFC 9110, section 6.6.1). */
export function storedFields(headers: HeaderFields, receivedAt: number): StoredFields {
  const connection = String(headers['connection'] ?? '').toLowerCase();
  const named = new Set(connection.split(',').map((name) => name.trim()));
  const fields: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (!NOT_STORED.has(name) && !named.has(name)) fields[name] = [value].flat().join(', ');
  }
  fields['date'] ??= new Date(receivedAt).toUTCString();
  return fields;
}

/** The header fields of a stored response after a 304 (RFC 9111, section 3.2). */
export function updatedFields(stored: StoredFields, update: StoredFields): StoredFields {
  const { age: _, ...fields }: Record<string, string> = stored;
  for (const [name, value] of Object.entries(update)) if (!OF_THE_BODY.includes(name)) fields[name] = value;
  return fields;
}

/**
 * Whether a 304 is about the stored response (RFC 9111, section 4.3.4). One without a validator answers the validators
 * that it was asked with.
 */
export function validates(update: StoredFields, stored: StoredFields): boolean {
  const { etag, 'last-modified': modified } = update;
  if (etag !== undefined) {
    const isStrong = !etag.startsWith('W/');
    return isStrong ? etag === stored['etag'] : etag === stored['etag'] || etag.slice(2) === stored['etag'];
  }
  return modified === undefined || modified === stored['last-modified'];
}

/**
 * The part of a complete response that `Range` requests (RFC 9110, section 14.2); undefined where the server has to
 * answer. Without its length a body may have had a content coding, and then the server counts other bytes.
 */
export function partOf(response: HttpResponse, range: unknown): HttpResponse | undefined {
  const [, first, last] = /^bytes=(\d*)-(\d*)$/.exec(String(range)) ?? [];
  const { length } = response.body as Buffer;
  const isComplete = response.status === 200 && response.headers['content-length'] === String(length);
  const start = first ? Number(first) : Math.max(0, length - Number(last));
  const end = first && last ? Math.min(Number(last), length - 1) : length - 1;
  if (!isComplete || !(first || last) || start > end) return undefined;
  const body = (response.body as Buffer).subarray(start, end + 1);
  const contentRange = `bytes ${start}-${end}/${length}`;
  const fields = { 'content-length': String(body.length), 'content-range': contentRange };
  const headers = { ...response.headers, ...fields };
  return { ...response, status: 206, statusText: 'Partial Content', headers, body };
}
