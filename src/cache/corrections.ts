import { parseHttpDate } from '../util/http-date.js';
import { type Directives, formatDirectives, parseDirectives, secondsOf } from './directives.js';
import type { Entry } from './entry.js';

/** What is known of an answer before its body is: all that the engine decides by. */
export type Facts = Pick<Entry, 'status' | 'headers' | 'requestedAt' | 'receivedAt' | 'expiresAfter'>;

/** The headers of a request or an answer as the policy engine should see them, and what it should not see. */
export interface Corrected {
  readonly status: number;
  readonly headers: Record<string, string>;
  readonly directives: Directives;
  /** Whether it may never be reused without asking, once it is stale. */
  readonly mustRevalidate: boolean;
  readonly isImmutable: boolean;
}

/** Reused without a word from the server for a tenth of their age, but for no longer than this, in milliseconds. */
const LONGEST_HEURISTIC = 24 * 3600_000;
const EXPIRED = new Date(0).toUTCString();
/** The errors that the engine takes for no answer, and answers with what it has. Whether to is decided elsewhere. */
const FORGIVEN: ReadonlySet<number> = new Set([500, 502, 503, 504]);
/** A status that the engine does not know, so that it keeps nothing. */
const UNKNOWN = 599;
/** Which statuses other than errors a cache has to know something of; the others are like 200. */
const WITH_A_MEANING: ReadonlySet<number> = new Set([206, 304]);

/**
 * Mends what http-cache-semantics reads otherwise than RFC 9111.
 *
 * | the engine                                              | what it is given                               |
 * | ------------------------------------------------------- | ---------------------------------------------- |
 * | compares directive names in lower case only             | lower case                                     |
 * | splits `Cache-Control` at commas within quotes          | unquoted values                                |
 * | lets the last of two values win                         | the smaller one                                |
 * | never reuses an answer with `must-revalidate`           | none; its staleness is ended here instead      |
 * | reads dates as `Date.parse` does, which takes `0`       | dates that are HTTP dates, or the epoch        |
 * | reads `Age: 7200x` as 7200, and forgets the time it took | RFC 9111, section 4.2.3                        |
 * | knows some statuses only                                | 200 for those that need no special treatment   |
 * | takes what it has in place of some errors               | an error that it does not know                 |
 * | lets `no-store` win over `must-understand`              | no `no-store`, where the status is understood  |
 *
 * `Vary` and `Set-Cookie` are left out: they are not its business here.
 */
export function correctResponse(facts: Facts, expiresAfter?: number): Corrected {
  const fields = new Map(facts.headers);
  if (expiresAfter !== undefined) fields.set('cache-control', 'public');
  const directives = new Map(parseDirectives(fields.get('cache-control')));
  const mustRevalidate = ['must-revalidate', 'no-cache'].some((name) => directives.has(name));
  const isImmutable = directives.has('immutable');
  const forgiving = mustRevalidate ? ['stale-while-revalidate', 'stale-if-error'] : [];
  if (directives.has('must-understand')) forgiving.push('no-store');
  for (const name of ['must-revalidate', 'immutable', ...forgiving]) directives.delete(name);

  const headers: Record<string, string> = {};
  const copy = (name: string): void => {
    const value = fields.get(name);
    if (value !== undefined) headers[name] = value;
  };
  for (const name of ['etag', 'last-modified']) copy(name);
  if (directives.size > 0) headers['cache-control'] = formatDirectives(directives);
  else if (!fields.has('cache-control')) headers['pragma'] = String(fields.get('pragma') ?? '').toLowerCase();
  setTimes(headers, fields, facts, expiresAfter);
  return {
    status: statusFor(facts.status, headers, directives),
    headers,
    directives,
    mustRevalidate,
    isImmutable,
  };
}

/** The directives of a request; `Pragma` counts where there are none (RFC 9111, section 5.4). */
export function requestDirectives(cacheControl: unknown, pragma: unknown): Directives {
  const directives = parseDirectives(cacheControl);
  const isAsking = directives.size === 0 && /no-cache/i.test(String(pragma ?? ''));
  return isAsking ? new Map([['no-cache', '']]) : directives;
}

/**
 * The directives of a request as the engine should see them.
 *
 * @param held - what there is to be used; its own word goes before that of the request
 */
export function correctRequest(directives: Directives, held: Held | undefined, now: number): Directives {
  const corrected = new Map(directives);
  const { isMarked = false, mustRevalidate = false, isImmutable = false, freshUntil = 0 } = held ?? {};
  if (mustRevalidate || isMarked) corrected.delete('max-stale');
  if (isMarked) corrected.set('no-cache', '');
  if (secondsOf(corrected, 'max-age') !== 0) return corrected;
  // A reload need not ask for what never changes (RFC 8246). To the engine 0 is younger than this very millisecond.
  corrected.delete('max-age');
  if (!isImmutable || now >= freshUntil) corrected.set('no-cache', '');
  return corrected;
}

/** What counts of an answer that is held. */
interface Held {
  readonly isMarked: boolean;
  readonly mustRevalidate: boolean;
  readonly isImmutable: boolean;
  readonly freshUntil: number;
}

/** For how much of its age an answer is reused that does not say how long it may be. */
export function heuristicOf({ headers }: Pick<Corrected, 'headers'>): number {
  const age = Date.parse(headers['date'] ?? '') - Date.parse(headers['last-modified'] ?? '');
  return age > 0 ? Math.min(0.1, LONGEST_HEURISTIC / age) : 0.1;
}

/** How old an answer was when it came, in seconds (RFC 9111, section 4.2.3). */
function initialAge({ headers, requestedAt, receivedAt }: Facts): number {
  const fields = new Map(headers);
  const [, age = '0'] = /^\s*(\d+)\s*(?:[,;]|$)/.exec(fields.get('age') ?? '') ?? [];
  const date = parseHttpDate(fields.get('date') ?? '');
  const apparent = date === undefined ? 0 : Math.floor(Math.max(0, receivedAt - date) / 1000);
  const delay = Math.floor(Math.max(0, receivedAt - requestedAt) / 1000);
  return Math.max(apparent, Number(age) + delay);
}

function setTimes(
  headers: Record<string, string>,
  fields: ReadonlyMap<string, string>,
  facts: Facts,
  expiresAfter: number | undefined,
): void {
  const date = parseHttpDate(fields.get('date') ?? '') ?? facts.receivedAt;
  headers['date'] = new Date(date).toISOString();
  headers['age'] = String(initialAge(facts));
  if (expiresAfter !== undefined) {
    // By our own clock, to the millisecond, whatever the server's says.
    headers['date'] = new Date(facts.receivedAt).toISOString();
    headers['expires'] = new Date(facts.receivedAt + expiresAfter).toISOString();
    headers['age'] = '0';
  } else if (fields.has('expires')) {
    const expires = parseHttpDate(fields.get('expires') ?? '');
    headers['expires'] = expires === undefined ? EXPIRED : new Date(expires).toISOString();
  }
  const modified = parseHttpDate(fields.get('last-modified') ?? '');
  if (headers['last-modified'] !== undefined && modified === undefined) delete headers['last-modified'];
}

function statusFor(status: number, headers: Record<string, string>, directives: Directives): number {
  const isExplicit =
    ['max-age', 'public'].some((name) => directives.has(name)) || headers['expires'] !== undefined;
  if (isExplicit && !directives.has('must-understand') && !WITH_A_MEANING.has(status)) return 200;
  return FORGIVEN.has(status) ? UNKNOWN : status;
}
