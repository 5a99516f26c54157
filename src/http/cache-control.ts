import type { HeaderFields } from './request.js';

/** The directives of a `Cache-Control` header, by their names in lower case; `''` for those without a value. */
export type Directives = ReadonlyMap<string, string>;

const NONE: Directives = new Map();
const WITH_SECONDS = /^(?:max-age|min-fresh|max-stale|stale-while-revalidate|stale-if-error)$/;
const WITHOUT_VALUE = /^(?:no-cache|no-store|public|private)$/;
/** A directive and its value, which is a token or a quoted string; the string may contain commas. */
const DIRECTIVE = /([^\s,;="]+)\s*(?:=\s*(?:"((?:[^"\\]|\\.)*)"?|([^,"]*)))?[^,]*/g;

/**
 * Parses `Cache-Control` (RFC 9111, section 5.2): names in any case, values quoted or not. Of two values of one directive
 * the smaller counts, and one that is not a number is zero.
 */
export function parseDirectives(header: unknown): Directives {
  if (header === undefined || header === '') return NONE;
  const directives = new Map<string, string>();
  for (const [, name = '', quoted, token] of String(header).matchAll(DIRECTIVE)) {
    const key = name.toLowerCase();
    const value = (quoted ?? token ?? '').trim();
    directives.set(key, WITH_SECONDS.test(key) ? smaller(directives.get(key), key, value) : value);
  }
  return directives;
}

/** The directives of a request; `Pragma` counts where there are none (RFC 9111, section 5.4). */
export function requestDirectives(headers: HeaderFields): Directives {
  const directives = parseDirectives(headers['cache-control']);
  const isNoCache = directives.size === 0 && /no-cache/i.test(String(headers['pragma'] ?? ''));
  return isNoCache ? new Map([['no-cache', '']]) : directives;
}

/** Whether a request asks for a response of the server by its headers. */
export function wantsServer(headers: HeaderFields): boolean {
  const directives = requestDirectives(headers);
  return directives.has('no-cache') || directives.has('no-store') || directives.get('max-age') === '0';
}

/** Formats the directives that http-cache-semantics knows, without values that it could take for further directives. */
export function formatDirectives(directives: Directives): string {
  return [...directives]
    .filter(([name]) => WITH_SECONDS.test(name) || WITHOUT_VALUE.test(name))
    .map(([name, value]) => (value === '' || WITHOUT_VALUE.test(name) ? name : `${name}=${value}`))
    .join(', ');
}

function smaller(before: string | undefined, name: string, value: string): string {
  // `max-stale` without a value has no limit.
  if (name === 'max-stale' && value === '') return before ?? '';
  const seconds = /^\d+$/.test(value) ? Math.min(Number(value), 2 ** 31) : 0;
  return String(before === undefined || before === '' ? seconds : Math.min(Number(before), seconds));
}
