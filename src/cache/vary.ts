import type { AxiosHeaders } from 'axios';
import type { WireResponse } from '../http/wire.js';

/** By these an answer differs for another person, and the key knows that person already. */
const IN_THE_KEY: ReadonlySet<string> = new Set(['authorization', 'cookie']);

/** Languages, codings and character sets have names in any case. */
const IN_ANY_CASE = /^accept-(?:language|encoding|charset)$/;

/**
 * The request headers by which an answer differs (RFC 9110, section 12.5.5), sorted; undefined where it cannot be said
 * for which other request it would do.
 */
export function variesBy(response: WireResponse, sentCookies: boolean): readonly string[] | undefined {
  const field = String(response.headers['vary'] ?? '').toLowerCase();
  const names = new Set(field.split(',').map((name) => name.trim()));
  names.delete('');
  if (names.has('*') || (names.has('cookie') && sentCookies)) return undefined;
  return [...names].filter((name) => !IN_THE_KEY.has(name)).sort();
}

/** The values of those headers in a request, as far as they make a difference. Only ever stored as a digest. */
export function valuesOf(names: readonly string[], headers: AxiosHeaders): string[] {
  return names.map((name) => {
    const value: unknown = headers.get(name);
    if (value === undefined || value === null) return '';
    const text = `=${String(value).trim().replace(/\s+/g, ' ').replace(/ ?, ?/g, ',')}`;
    return IN_ANY_CASE.test(name) ? text.toLowerCase() : text;
  });
}
