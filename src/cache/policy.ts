import CachePolicy from 'http-cache-semantics';
import { type Corrected, correctResponse, type Facts, heuristicOf } from './corrections.js';
import { secondsOf } from './directives.js';

/** What the policy engine is told about this cache: that it is one person's, and that `immutable` alone is no lifetime. */
export const PRIVATE_CACHE = { shared: false, immutableMinTimeToLive: 0 } as const;

/** Until when an answer can be used and for what; each in milliseconds since the epoch. */
export interface Lifetimes {
  /** As it is. */
  readonly freshUntil: number;
  /** As it is, while a newer one is fetched. */
  readonly staleWhileRevalidateUntil: number;
  /** In place of an error. */
  readonly staleIfErrorUntil: number;
  /** At all. */
  readonly keepUntil: number;
  /** When its age was zero. */
  readonly bornAt: number;
  /** Whether it may never be used once it is stale, whatever a request says. */
  readonly mustRevalidate: boolean;
  /** Whether a reload need not ask for it as long as it is fresh. */
  readonly isImmutable: boolean;
}

/** The engine knows the request only by its directives: all else is in the key. */
export const ANY_REQUEST = { method: 'GET', headers: {} } as const;

const DAY = 24 * 3600_000;
/** How long an answer that can be revalidated is kept after it has become stale. */
const KEPT_STALE = 30 * DAY;
/** How long any is kept; the marks of `invalidation.ts` have to live longer. */
export const LONGEST_KEPT: number = 365 * DAY;

/** Makes the engine's policy for a stored answer, as the engine would write it down. */
export function policyFor(facts: Facts, expiresAfter?: number): CachePolicy.CachePolicyObject {
  const corrected = correctResponse(facts, expiresAfter);
  const policy = new CachePolicy(ANY_REQUEST, corrected, optionsFor(corrected));
  return { ...policy.toObject(), t: facts.receivedAt };
}

function optionsFor(corrected: Corrected): CachePolicy.Options {
  return { ...PRIVATE_CACHE, cacheHeuristic: heuristicOf(corrected) };
}

const TELLING: ReadonlySet<string> = new Set(['cache-control', 'expires', 'etag', 'last-modified']);

/** Whether a header field says how long an answer can be used. Without any it is for no time at all: the database's are such. */
export function isTelling(name: string): boolean {
  return TELLING.has(name);
}

/** Works out how long an answer can be used; undefined where it may not be kept at all. */
export function assess(facts: Facts, limit: number | undefined): Lifetimes | undefined {
  const expiresAfter = expiresAfterOf(facts, limit);
  if (expiresAfter === undefined && !facts.headers.some(([name]) => isTelling(name))) return undefined;
  const corrected = correctResponse(facts, expiresAfter);
  const policy = new CachePolicy(ANY_REQUEST, corrected, optionsFor(corrected));
  if (!policy.storable()) return undefined;
  const { directives, headers, mustRevalidate, isImmutable } = corrected;
  const bornAt = facts.receivedAt - Number(headers['age']) * 1000;
  const freshUntil = bornAt + policy.maxAge() * 1000;
  const until = (name: string): number => freshUntil + (secondsOf(directives, name) ?? 0) * 1000;
  const staleWhileRevalidateUntil = until('stale-while-revalidate');
  const staleIfErrorUntil = until('stale-if-error');
  const longest = Math.max(freshUntil, staleWhileRevalidateUntil, staleIfErrorUntil);
  const canRevalidate = headers['etag'] !== undefined || headers['last-modified'] !== undefined;
  const keepUntil = Math.min(longest + (canRevalidate ? KEPT_STALE : 0), facts.receivedAt + LONGEST_KEPT);
  const untils = { freshUntil, staleWhileRevalidateUntil, staleIfErrorUntil, keepUntil };
  return { ...untils, bornAt, mustRevalidate, isImmutable };
}

/** How long `expiresAfter` lets an answer live: as long as when it came, but no longer than it would now. */
export function expiresAfterOf({ expiresAfter }: Facts, limit: number | undefined): number | undefined {
  return expiresAfter === undefined ? undefined : Math.min(expiresAfter, limit ?? 0);
}
