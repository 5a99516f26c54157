import CachePolicy from 'http-cache-semantics';
import { correctResponse, type Facts, heuristicOf, initialAge } from './corrections.js';
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
  const options = { ...PRIVATE_CACHE, cacheHeuristic: heuristicOf(corrected) };
  return { ...new CachePolicy(ANY_REQUEST, corrected, options).toObject(), t: facts.receivedAt };
}

/** Works out how long an answer can be used. */
export function lifetimesOf(facts: Facts, limit: number | undefined): Lifetimes {
  const expiresAfter = expiresAfterOf(facts, limit);
  const { directives, headers, mustRevalidate, isImmutable } = correctResponse(facts, expiresAfter);
  const policy = CachePolicy.fromObject(policyFor(facts, expiresAfter));
  const bornAt = facts.receivedAt - Number(headers['age'] ?? initialAge(facts)) * 1000;
  const freshUntil = bornAt + policy.maxAge() * 1000;
  const until = (name: string): number => freshUntil + (secondsOf(directives, name) ?? 0) * 1000;
  const staleWhileRevalidateUntil = until('stale-while-revalidate');
  const staleIfErrorUntil = until('stale-if-error');
  const canRevalidate = facts.headers.some(([name]) => name === 'etag' || name === 'last-modified');
  const longest = Math.max(freshUntil, staleWhileRevalidateUntil, staleIfErrorUntil);
  const keepUntil = Math.min(longest + (canRevalidate ? KEPT_STALE : 0), facts.receivedAt + LONGEST_KEPT);
  return {
    freshUntil,
    staleWhileRevalidateUntil,
    staleIfErrorUntil,
    keepUntil,
    bornAt,
    mustRevalidate,
    isImmutable,
  };
}

/** How long `expiresAfter` lets an answer live: as long as when it came, but no longer than it would now. */
export function expiresAfterOf({ expiresAfter }: Facts, limit: number | undefined): number | undefined {
  return expiresAfter === undefined ? undefined : Math.min(expiresAfter, limit ?? 0);
}

/** Whether an answer may be kept. */
export function isStorable(facts: Facts, limit: number | undefined): boolean {
  return CachePolicy.fromObject(policyFor(facts, expiresAfterOf(facts, limit))).storable();
}
