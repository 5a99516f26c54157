import { decode, type Entry, encode, type Signpost, type Stored, sizeOf } from './entry.js';
import { Memory } from './memory.js';
import { type Lifetimes, LONGEST_KEPT, lifetimesOf } from './policy.js';
import type { SafeShelf } from './safe-shelf.js';
import { Writer } from './writer.js';

/** An entry at hand, what follows from it, and its headers as an object. */
export type Held = Entry & Lifetimes & { readonly fields: Readonly<Record<string, string>> };

/** How much is kept in memory in front of the store, in bytes. */
const MEMORY = 64 * 1024 * 1024;

/** Keeps entries: those in use in memory, all of them on a shelf. What was put is there at once, and written later. */
export class Vault {
  readonly #shelf: SafeShelf;
  readonly #writer: Writer;
  readonly #limit: number | undefined;
  readonly #memory = new Memory<Held | Signpost>(MEMORY, sizeOf);

  /** @param expiresAfter - of the session, in milliseconds */
  constructor(shelf: SafeShelf, expiresAfter: number | undefined) {
    this.#shelf = shelf;
    this.#writer = new Writer(shelf);
    this.#limit = expiresAfter;
  }

  /** What is in memory. */
  peek(key: string): Held | Signpost | undefined {
    return this.#memory.get(key);
  }

  async get(key: string): Promise<Held | Signpost | undefined> {
    const held = this.#memory.get(key);
    if (held !== undefined) return held;
    const bytes = await this.#shelf.read(key);
    if (bytes === undefined) return undefined;
    const stored = decode(bytes, key);
    if (stored !== undefined) return this.hold(stored);
    this.#shelf.warn('the store holds an entry that is broken, or of somebody else');
    await this.#shelf.remove(key);
    return undefined;
  }

  /** @param body - where it is not the entry's own: in parts, as it is too long to be held in memory */
  put(stored: Stored, body?: readonly Buffer[]): void {
    const held = this.hold(stored);
    if (body !== undefined) this.#memory.delete(stored.key);
    const expires = held.kind === 'answer' ? held.keepUntil : Date.now() + LONGEST_KEPT;
    this.#writer.write(stored.key, encode(stored, body), expires);
  }

  /** @returns whether there was one */
  async delete(key: string): Promise<boolean> {
    const wasHeld = this.#memory.get(key) !== undefined;
    this.#memory.delete(key);
    await this.#writer.settle(key);
    return (await this.#shelf.remove(key)) || wasHeld;
  }

  /** Forgets what is in memory or waits to be written. */
  async forget(): Promise<void> {
    this.#memory.clear();
    await this.#writer.settleAll();
  }

  /** Waits until all is written. */
  flush(): Promise<void> {
    return this.#writer.flush();
  }

  /** Keeps an entry in memory. */
  hold(stored: Entry): Held;
  hold(stored: Stored): Held | Signpost;
  hold(stored: Stored): Held | Signpost {
    const held =
      stored.kind === 'vary'
        ? stored
        : { ...stored, ...lifetimesOf(stored, this.#limit), fields: Object.fromEntries(stored.headers) };
    this.#memory.set(stored.key, held);
    return held;
  }
}
