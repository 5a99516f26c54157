import { hash } from 'node:crypto';
import type { HttpResponse } from '../http/request.js';
import { LONGEST_KEPT } from './policy.js';
import type { TieredStore } from './tiered-store.js';

const KNOWN_FOR = 1000; // ms: then another process may have written a newer one
const KNOWN = 10_000; // scopes

/**
 * Times of invalidation, by scope: the responses to one URL, or those of one owner. Setting one takes the same time
 * however many responses it concerns. They are in the store, so that other processes know them.
 */
export class Invalidations {
  readonly #store: TieredStore;
  readonly #known = new Map<string, { readonly at: number; readonly readAt: number }>();

  constructor(store: TieredStore) {
    this.#store = store;
  }

  /** The latest invalidation in any of the scopes, in milliseconds since the epoch; 0 for none. */
  async latest(scopes: readonly string[], now: number): Promise<number> {
    let latest = 0;
    for (const scope of scopes) {
      const known = this.#known.get(scope);
      const isKnown = known !== undefined && Math.abs(now - known.readAt) <= KNOWN_FOR;
      latest = Math.max(latest, isKnown ? known.at : await this.#read(scope));
    }
    return latest;
  }

  /** Invalidates all responses that were requested until now. */
  add(scopes: readonly string[]): void {
    const at = Date.now();
    for (const scope of scopes) {
      this.#remember(scope, at);
      // It concerns no response that is kept for longer.
      this.#store.put({ kind: 'invalidation', key: keyOf(scope), at, expires: at + LONGEST_KEPT });
    }
  }

  async #read(scope: string): Promise<number> {
    const entry = await this.#store.get(keyOf(scope));
    return this.#remember(scope, entry?.kind === 'invalidation' ? entry.at : 0);
  }

  #remember(scope: string, at: number): number {
    if (this.#known.size > KNOWN) this.#known.clear();
    const latest = Math.max(at, this.#known.get(scope)?.at ?? 0);
    this.#known.set(scope, { at: latest, readAt: Date.now() });
    return latest;
  }
}

const keyOf = (scope: string): string => `i${hash('sha256', scope)}`;

/** The scope of the responses of one owner. */
export const ownerScope = (owner: string): string => `owner ${owner}`;

/** The scope of the responses to one URL, for all users. */
export const urlScope = (url: string): string => `url ${url.split('#', 1)[0]}`;

/** The scopes that a successful write to a URL invalidates: the URL, and those of its origin that the response names. */
export function scopesOf({ headers }: HttpResponse, url: string): string[] {
  const named = [headers['location'], headers['content-location']]
    .filter((value) => typeof value === 'string' && URL.canParse(value, url))
    .map((value) => new URL(value as string, url))
    .filter(({ origin }) => origin === new URL(url).origin);
  return [url, ...named.map(({ href }) => href)].map(urlScope);
}
