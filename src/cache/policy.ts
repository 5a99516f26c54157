import CachePolicy from 'http-cache-semantics';
import { formatDuration } from '../config/duration.js';
import { type Directives, formatDirectives, parseDirectives } from '../http/cache-control.js';
import { parseHttpDate } from '../util/http-date.js';
import type { ResponseEntry, StoredFields } from './entry.js';

/** What of a response decides how it may be used. */
export type Facts = Pick<ResponseEntry, 'status' | 'headers' | 'requestedAt' | 'receivedAt' | 'expiresAfter'>;

/** Until when a response may be used, and how; times are in milliseconds since the epoch. */
export interface Lifetimes {
  readonly freshUntil: number;
  /** While it is revalidated in the background, and in place of an error (RFC 5861). */
  readonly staleWhileRevalidateUntil: number;
  readonly staleIfErrorUntil: number;
  /** When it may be removed. */
  readonly expires: number;
  /** When its age was zero. */
  readonly bornAt: number;
  /** Whether it must not be used when it is stale, whatever a request says. */
  readonly mustRevalidate: boolean;
  /** Whether a reload need not revalidate it while it is fresh (RFC 8246). */
  readonly isImmutable: boolean;
}

/** A response as http-cache-semantics should see it. */
interface Corrected extends Pick<Lifetimes, 'mustRevalidate' | 'isImmutable'> {
  readonly status: number;
  readonly headers: Record<string, string>;
  readonly directives: Directives;
}

/** The cache of one user, in which `immutable` alone is not a lifetime. */
export const PRIVATE_CACHE = { shared: false, immutableMinTimeToLive: 0 } as const;
/** All that tells requests apart is in the key. */
export const ANY_REQUEST = { method: 'GET', headers: {} } as const;

const DAY = 24 * 3600_000;
const KEPT_STALE = 30 * DAY; // for a response that can be revalidated
/** How long any response, and any invalidation, is kept. */
export const LONGEST_KEPT: number = 365 * DAY;
const LONGEST_HEURISTIC = DAY; // RFC 9111, section 4.2.2
const LONG_AGO = new Date(0).toUTCString();
const DECIDING = ['cache-control', 'expires', 'etag', 'last-modified'];
/** Parts; answers to conditions; those that are about a token; those that RFC 6585 forbids to store. */
const NEVER_STORED: ReadonlySet<number> = new Set([206, 304, 401, 407, 428, 429, 431, 511]);
/** Those that are cacheable by default, less the errors (RFC 9110, section 15.1): `expiresAfter` applies to them. */
export const EXTENSIBLE: ReadonlySet<number> = new Set([200, 203, 204, 300, 301, 308]);
/** Errors in place of which a stale response may be used (RFC 5861, section 4). That is not decided by http-cache-semantics. */
export const SERVER_ERRORS: ReadonlySet<number> = new Set([500, 502, 503, 504]);
const UNKNOWN = 599; // a status that http-cache-semantics does not store

/** Whether header fields say anything about caching. Without such a field a response is neither fresh nor revalidated. */
export const decidesCaching = (headers: object): boolean => DECIDING.some((name) => name in headers);

/** Header fields as they are shown: with `expiresAfter`, its own in place of the server's about caching. */
export function shownFields<Fields extends object>(fields: Fields, facts: Facts): Fields {
  const { expiresAfter, receivedAt } = facts;
  if (expiresAfter === undefined) return fields;
  const expires = new Date(receivedAt + expiresAfter).toUTCString();
  const warning = `110 - Automatically cached for ${formatDuration(expiresAfter)}. Response might be stale`;
  return { ...fields, expires, 'cache-control': 'public', warning };
}

/**
 * Computes how long a response may be used; undefined where it must not be stored.
 *
 * @param limit - the `expiresAfter` of this session in milliseconds: a response has that of its own, but no longer one
 */
export function assess(facts: Facts, limit: number | undefined): Lifetimes | undefined {
  if (facts.expiresAfter === undefined && !decidesCaching(facts.headers)) return undefined;
  const { corrected, policy } = policyOf(facts, limit);
  if (NEVER_STORED.has(facts.status) || !policy.storable()) return undefined;
  const { directives, headers, mustRevalidate, isImmutable } = corrected;
  const bornAt = facts.receivedAt - Number(headers['age']) * 1000;
  const freshUntil = bornAt + policy.maxAge() * 1000;
  const until = (name: string): number => freshUntil + Number(directives.get(name) ?? 0) * 1000;
  const staleWhileRevalidateUntil = until('stale-while-revalidate');
  const staleIfErrorUntil = until('stale-if-error');
  const canRevalidate = headers['etag'] !== undefined || headers['last-modified'] !== undefined;
  const usable = Math.max(freshUntil, staleWhileRevalidateUntil, staleIfErrorUntil);
  const expires = Math.min(usable + (canRevalidate ? KEPT_STALE : 0), facts.receivedAt + LONGEST_KEPT);
  const times = { freshUntil, staleWhileRevalidateUntil, staleIfErrorUntil, expires, bornAt };
  return { ...times, mustRevalidate, isImmutable };
}

/** The policy of a stored response, as http-cache-semantics would store it. */
export function policyFor(facts: Facts, limit: number | undefined): CachePolicy.CachePolicyObject {
  return { ...policyOf(facts, limit).policy.toObject(), t: facts.receivedAt };
}

function policyOf(facts: Facts, limit: number | undefined): { corrected: Corrected; policy: CachePolicy } {
  const corrected = correctResponse(facts, limit);
  return { corrected, policy: new CachePolicy(ANY_REQUEST, corrected, optionsFor(corrected)) };
}

/**
 * Corrects what http-cache-semantics reads otherwise than RFC 9111.
 *
 * | http-cache-semantics                                      | what it is given                              |
 * | --------------------------------------------------------- | --------------------------------------------- |
 * | compares names of directives in lower case only           | lower case                                    |
 * | splits `Cache-Control` at commas within quotes            | unquoted values                               |
 * | lets the last of two values win                           | the smaller one                               |
 * | never reuses a response with `must-revalidate`            | none: that is decided in `assess`             |
 * | reads dates as `Date.parse` does, which accepts `0`       | dates that are HTTP dates, or the epoch       |
 * | reads `Age: 7200x` as 7200, and ignores the response time | RFC 9111, section 4.2.3                       |
 * | knows some statuses only                                  | 200 for those that need no special treatment  |
 * | takes some errors for a failed revalidation               | an error that it does not know                |
 * | lets `no-store` win over `must-understand`                | no `no-store`, where the status is understood |
 */
export function correctResponse(facts: Facts, limit: number | undefined): Corrected {
  const expiresAfter = facts.expiresAfter && Math.min(facts.expiresAfter, limit ?? 0);
  const fields = expiresAfter === undefined ? facts.headers : { ...facts.headers, 'cache-control': 'public' };
  const directives = new Map(parseDirectives(fields['cache-control']));
  const mustRevalidate = directives.has('must-revalidate') || directives.has('no-cache');
  const isImmutable = directives.has('immutable');
  const ignored = ['must-revalidate', 'immutable'];
  if (mustRevalidate) ignored.push('stale-while-revalidate', 'stale-if-error');
  if (directives.has('must-understand')) ignored.push('no-store');
  for (const name of ignored) directives.delete(name);

  const headers = timesOf(fields, facts, expiresAfter);
  if (fields['etag'] !== undefined) headers['etag'] = fields['etag'];
  if (directives.size > 0) headers['cache-control'] = formatDirectives(directives);
  else if (fields['cache-control'] === undefined) headers['pragma'] = (fields['pragma'] ?? '').toLowerCase();
  const isExplicit =
    directives.has('max-age') || directives.has('public') || headers['expires'] !== undefined;
  const needsNoCare = isExplicit && !directives.has('must-understand') && facts.status !== 304;
  const status = needsNoCare ? 200 : SERVER_ERRORS.has(facts.status) ? UNKNOWN : facts.status;
  return { status, headers, directives, mustRevalidate, isImmutable };
}

/** The options of a policy: for which part of its age a response without a lifetime is fresh. */
export function optionsFor({ headers }: Pick<Corrected, 'headers'>): CachePolicy.Options {
  const age = Date.parse(headers['date'] ?? '') - Date.parse(headers['last-modified'] ?? '');
  return { ...PRIVATE_CACHE, cacheHeuristic: age > 0 ? Math.min(0.1, LONGEST_HEURISTIC / age) : 0.1 };
}

function timesOf(
  fields: StoredFields,
  facts: Facts,
  expiresAfter: number | undefined,
): Record<string, string> {
  const headers: Record<string, string> = {};
  const { 'last-modified': modified, expires } = fields;
  if (modified !== undefined && parseHttpDate(modified) !== undefined) headers['last-modified'] = modified;
  if (expiresAfter !== undefined) {
    // By the clock of this computer, to the millisecond, whatever the server's says.
    headers['expires'] = new Date(facts.receivedAt + expiresAfter).toISOString();
    return { ...headers, date: new Date(facts.receivedAt).toISOString(), age: '0' };
  }
  const expiry = parseHttpDate(expires ?? '');
  if (expires !== undefined) headers['expires'] = expiry ? new Date(expiry).toISOString() : LONG_AGO;
  const date = parseHttpDate(fields['date'] ?? '') ?? facts.receivedAt;
  return { ...headers, date: new Date(date).toISOString(), age: String(initialAge(facts, date)) };
}

/** The corrected initial age in seconds (RFC 9111, section 4.2.3). */
function initialAge({ headers, requestedAt, receivedAt }: Facts, date: number): number {
  const [, age = '0'] = /^\s*(\d+)\s*(?:[,;]|$)/.exec(headers['age'] ?? '') ?? [];
  const apparentAge = Math.floor(Math.max(0, receivedAt - date) / 1000);
  const responseDelay = Math.floor(Math.max(0, receivedAt - requestedAt) / 1000);
  return Math.max(apparentAge, Number(age) + responseDelay);
}
