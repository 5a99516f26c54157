/** The directives of a `Cache-Control` header, by their names in lower case; `''` for those without a value. */
export type Directives = ReadonlyMap<string, string>;

const NONE: Directives = new Map();
/** Those whose value is a number of seconds. */
const SECONDS = /^(?:max-age|min-fresh|max-stale|stale-while-revalidate|stale-if-error)$/;
/** Those whose value, if there is one, makes no difference. */
const BARE = /^(?:no-cache|no-store|public|private)$/;
/** A directive, and its value as a token or as a quoted string, which may hold commas. */
const DIRECTIVE = /([^\s,;="]+)\s*(?:=\s*(?:"((?:[^"\\]|\\.)*)"?|([^,"]*)))?[^,]*/g;

/**
 * Reads `Cache-Control` (RFC 9111, section 5.2): names in any case, values quoted or not. Of two values of one directive
 * the smaller counts, and one that is no number is zero.
 */
export function parseDirectives(header: unknown): Directives {
  if (header === undefined || header === null || header === '') return NONE;
  const directives = new Map<string, string>();
  for (const [, name = '', quoted, token] of String(header).matchAll(DIRECTIVE)) {
    const key = name.toLowerCase();
    const value = (quoted ?? token ?? '').trim();
    directives.set(key, SECONDS.test(key) ? smaller(directives.get(key), key, value) : value);
  }
  return directives;
}

/** Writes the directives that the engine knows, without values that could be taken for further ones. */
export function formatDirectives(directives: Directives): string {
  const known = [...directives].filter(([name]) => SECONDS.test(name) || BARE.test(name));
  return known
    .map(([name, value]) => (value === '' || BARE.test(name) ? name : `${name}=${value}`))
    .join(', ');
}

/** The number of seconds that a directive names; undefined where there is none. */
export function secondsOf(directives: Directives, name: string): number | undefined {
  const value = directives.get(name);
  return value === undefined ? undefined : Number(value);
}

function smaller(before: string | undefined, name: string, value: string): string {
  // `max-stale` without a value is without a limit.
  if (name === 'max-stale' && value === '') return before ?? '';
  const seconds = /^\d+$/.test(value) ? Math.min(Number(value), 2 ** 31) : 0;
  return String(before === undefined || before === '' ? seconds : Math.min(Number(before), seconds));
}
