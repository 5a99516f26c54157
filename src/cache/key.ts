import { hash } from 'node:crypto';
import type { HeaderFields, HttpRequest } from '../http/request.js';
import { canonicalJson } from '../util/canonical-json.js';

/** A response varies by these for another user, and the primary key contains the user. */
const OF_THE_USER = /^(?:authorization|cookie)$/;
/** Languages, codings and character sets are the same in any case. */
const IN_ANY_CASE = /^accept-(?:language|encoding|charset)$/;

/**
 * The primary key (RFC 9111, section 2) of a request: a digest of its method, URL and body, and of the owner.
 *
 * @param owner - who the response is for: a user's identity or a digest of a token; `''` for everybody
 */
export function primaryKey({ method, url, headers, body }: HttpRequest, owner: string): string {
  const isBytes = Buffer.isBuffer(body);
  const content = isBytes ? { base64: body.toString('base64') } : canonicalJson(String(body ?? ''));
  const [resource] = url.split('#', 1);
  const parts = ['response', method, resource, headers['content-type'], content, owner];
  return hash('sha256', JSON.stringify(parts));
}

/** The key of the entry that names what the responses under a primary key vary by. */
export const varyKey = (primary: string): string => `v${primary}`;

/** The key of one of several responses that vary by request header fields (RFC 9111, section 4.1). */
export function secondaryKey(primary: string, names: readonly string[], headers: HeaderFields): string {
  const values = names.map((name) => {
    const text = headers[name] && String(headers[name]).trim().replace(/\s+/g, ' ').replace(/ ?, ?/g, ',');
    return IN_ANY_CASE.test(name) ? text?.toLowerCase() : text;
  });
  return hash('sha256', JSON.stringify(['variant', primary, names, values]));
}

/**
 * The request header fields that a response varies by (RFC 9110, section 12.5.5), sorted; undefined where it cannot be
 * said which other request it is for.
 *
 * @param sentCookies - whether the request was sent with cookies of the session, which are in no key
 */
export function variesBy(headers: HeaderFields, sentCookies: boolean): string[] | undefined {
  const field = String(headers['vary'] ?? '').toLowerCase();
  const names = new Set(field.split(',').map((name) => name.trim()));
  names.delete('');
  if (names.has('*') || (names.has('cookie') && sentCookies)) return undefined;
  return [...names].filter((name) => !OF_THE_USER.test(name)).sort();
}
