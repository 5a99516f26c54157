import { textOf } from './errors.js';
import { isFunction } from './guards.js';

/** Header fields as any of the shapes that axios, `node:http` and callers use. */
export type HeadersLike = object;

/** Lists the fields of any header container as `[lower-case name, value]`. */
export function headerEntries(headers: HeadersLike | undefined): [string, string | string[]][] {
  if (headers === undefined) return [];
  const plain = 'toJSON' in headers && isFunction(headers.toJSON) ? headers.toJSON() : headers;
  return Object.entries(plain as Record<string, unknown>)
    .filter(([, value]) => value !== undefined && value !== null && value !== false)
    .map(([name, value]) => [name.toLowerCase(), Array.isArray(value) ? value.map(textOf) : textOf(value)]);
}
