import { decode, type Entry, encode, type Signpost, sizeOf } from './entry.js';
import { extension } from './expires-after.js';
import { Memory } from './memory.js';
import { assess, type Lifetimes, LONGEST_KEPT } from './policy.js';
import type { SafeShelf } from './safe-shelf.js';
import { Writer } from './writer.js';

/** An entry at hand, what follows from it, and its headers as they are shown. */
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
    const found = stored?.kind === 'answer' ? this.#toHeld(stored) : stored;
    if (found !== undefined) {
      this.#memory.set(key, found);
      return found;
    }
    this.#shelf.warn('the store holds an entry that is broken, or of somebody else');
    await this.#shelf.remove(key);
    return undefined;
  }

  /** @param body - where it is not the entry's own: in parts, as it is too long to be held in memory */
  put(entry: Entry, lifetimes: Lifetimes, body?: readonly Buffer[]): Held {
    const held = toHeld(entry, lifetimes);
    if (body === undefined) this.#memory.set(entry.key, held);
    else this.#memory.delete(entry.key);
    this.#writer.write(entry.key, encode(entry, body), held.keepUntil);
    return held;
  }

  /** Puts up a signpost, unless it stands there already. */
  point(signpost: Signpost): void {
    const found = this.#memory.get(signpost.key);
    if (found?.kind === 'vary' && found.names.join() === signpost.names.join()) return;
    this.#memory.set(signpost.key, signpost);
    this.#writer.write(signpost.key, encode(signpost), Date.now() + LONGEST_KEPT);
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

  #toHeld(entry: Entry): Held | undefined {
    const lifetimes = assess(entry, this.#limit);
    return lifetimes && toHeld(entry, lifetimes);
  }
}

function toHeld(entry: Entry, lifetimes: Lifetimes): Held {
  const { expiresAfter, headers, receivedAt } = entry;
  const fields = Object.fromEntries(headers);
  if (expiresAfter !== undefined) Object.assign(fields, extension(expiresAfter, receivedAt));
  return { ...entry, ...lifetimes, fields };
}
