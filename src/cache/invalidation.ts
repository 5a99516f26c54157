import { hash } from 'node:crypto';
import type { WireConfig, WireResponse } from '../http/wire.js';
import { LONGEST_KEPT } from './policy.js';
import type { SafeShelf } from './safe-shelf.js';
import { RECORD } from './store.js';

/** How long a mark is believed before it is read again, in milliseconds: another process may have moved it. */
const BELIEVED = 1000;
/** How many marks are known at a time. */
const KNOWN = 10_000;

interface Mark {
  readonly at: number;
  readonly readAt: number;
}

/**
 * Since when stored answers have to be asked for anew, by scope: those to one URL, or one user's. A mark is a time, so
 * that to set it takes the same however many answers it is about, and it is on the shelf, so that other processes see it.
 */
export class Marks {
  readonly #shelf: SafeShelf;
  readonly #known = new Map<string, Mark>();

  constructor(shelf: SafeShelf) {
    this.#shelf = shelf;
  }

  /** The latest of some marks, in milliseconds since the epoch, if it is known. */
  peek(scopes: readonly string[], now: number): number | undefined {
    let latest = 0;
    for (const scope of scopes) {
      const mark = this.#known.get(scope);
      if (mark === undefined || Math.abs(now - mark.readAt) > BELIEVED) return undefined;
      latest = Math.max(latest, mark.at);
    }
    return latest;
  }

  /** The latest of some marks, in milliseconds since the epoch; 0 for none. */
  async latest(scopes: readonly string[], now: number): Promise<number> {
    return (
      this.peek(scopes, now) ?? Math.max(...(await Promise.all(scopes.map((scope) => this.#read(scope)))))
    );
  }

  /** Marks all answers that were asked for until now. */
  async set(scopes: readonly string[]): Promise<void> {
    const at = Date.now();
    const bytes = [Buffer.from(String(at))];
    for (const scope of scopes) this.#remember(scope, at);
    // No entry from before it is kept for longer.
    await Promise.all(scopes.map((scope) => this.#shelf.note(nameOf(scope), bytes, at + LONGEST_KEPT)));
  }

  async #read(scope: string): Promise<number> {
    const bytes = await this.#shelf.read(nameOf(scope));
    const at = Number(bytes?.toString('latin1') ?? 0);
    return this.#remember(scope, Number.isFinite(at) ? at : Date.now());
  }

  #remember(scope: string, at: number): number {
    if (this.#known.size > KNOWN) this.#known.clear();
    const latest = Math.max(at, this.#known.get(scope)?.at ?? 0);
    this.#known.set(scope, { at: latest, readAt: Date.now() });
    return latest;
  }
}

/** Without the secret of the store: a mark has to be found also by those who do not have that yet. */
function nameOf(scope: string): string {
  return RECORD + hash('sha256', `mark ${scope}`);
}

/** The scope of one user's answers. */
export function ownerScope(owner: string): string {
  return `owner ${owner}`;
}

/** The scope of the answers to one URL, whoever asked and however. */
export function urlScope(url: string): string {
  return `url ${url.split('#', 1)[0]}`;
}

/** The scopes that a write which went well is about: its target, and what it names of the same origin (RFC 9111, section 4.4). */
export function scopesOf({ headers }: WireResponse, { url }: WireConfig): string[] {
  const { origin } = new URL(url);
  const named = ['location', 'content-location']
    .map((name) => headers[name])
    .filter((value) => typeof value === 'string' && URL.canParse(value, url))
    .map((value) => new URL(value as string, url))
    .filter((target) => target.origin === origin);
  return [url, ...named.map(({ href }) => href)].map(urlScope);
}
