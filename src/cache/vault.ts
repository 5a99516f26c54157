import { AxiosHeaders, type AxiosResponseHeaders } from 'axios';
import { decode, type Entry, encode, type Signpost, sizeOf } from './entry.js';
import { extension } from './expires-after.js';
import { Memory } from './memory.js';
import { assess, type Lifetimes, LONGEST_KEPT } from './policy.js';
import type { SafeShelf } from './safe-shelf.js';
import { Writer } from './writer.js';

/** An entry at hand, what follows from it, and its headers as they are shown. */
export type Held = Entry & Lifetimes & { readonly fields: AxiosResponseHeaders };

type Found = Held | Signpost | undefined;

/** How much is kept in memory in front of the store, in bytes. */
const MEMORY = 64 * 1024 * 1024;

/** Keeps entries: those in use in memory, all of them on a shelf. What was put is there at once, and written later. */
export class Vault {
  readonly #shelf: SafeShelf;
  readonly #writer: Writer;
  readonly #limit: number | undefined;
  readonly #memory = new Memory<Held | Signpost>(MEMORY, sizeOf);
  /** Reads and removals under way. Whoever changes an entry takes it out, so that what was read before does not come back. */
  readonly #coming = new Map<string, Promise<Found>>();
  #clearing: Promise<void> | undefined;
  #generation = 0;

  /** @param expiresAfter - of the session, in milliseconds */
  constructor(shelf: SafeShelf, expiresAfter: number | undefined) {
    this.#shelf = shelf;
    this.#writer = new Writer(shelf);
    this.#limit = expiresAfter;
  }

  /** Moves on when entries are to be forgotten: answers that were asked for before must not be kept any more. */
  get generation(): number {
    return this.#generation;
  }

  /** What is in memory. */
  peek(key: string): Found {
    return this.#memory.get(key);
  }

  /** Whether there is nothing under a name, as far as that is known without a look at the shelf. */
  lacks(key: string): boolean {
    return this.#shelf.isAbsent && !this.#coming.has(key) && this.#writer.find(key) === undefined;
  }

  async get(key: string): Promise<Found> {
    return this.#memory.get(key) ?? this.#coming.get(key) ?? this.#await(key, this.#read(key));
  }

  /** @param body - where it is not the entry's own: in parts, as it is too long to be held in memory */
  put(held: Held, body?: readonly Buffer[]): void {
    if (body === undefined) this.#memory.set(held.key, held);
    else this.#memory.delete(held.key);
    this.#write(held, body, held.keepUntil);
  }

  /** Puts up a signpost, unless it stands there already. */
  point(signpost: Signpost): void {
    const found = this.#memory.get(signpost.key);
    if (found?.kind === 'vary' && found.names.join() === signpost.names.join()) return;
    this.#memory.set(signpost.key, signpost);
    this.#write(signpost, undefined, Date.now() + LONGEST_KEPT);
  }

  /** @returns whether there was one */
  async delete(key: string): Promise<boolean> {
    const wasHeld = (this.#memory.get(key) ?? this.#writer.find(key)) !== undefined;
    this.#memory.delete(key);
    const removal = this.#writer.settle(key).then(() => this.#shelf.remove(key));
    const nothing = removal.then(() => undefined);
    void this.#await(key, nothing);
    return (await removal) || wasHeld;
  }

  /** Has what was asked for until now not be kept. */
  outdate(): void {
    this.#generation += 1;
  }

  /** @throws the store's error */
  async clear(): Promise<void> {
    this.outdate();
    this.#memory.clear();
    this.#coming.clear();
    this.#clearing = this.#writer.settleAll().then(() => this.#shelf.clear());
    await this.#clearing;
  }

  /** Waits until all is written. */
  flush(): Promise<void> {
    return this.#writer.flush();
  }

  async #read(key: string): Promise<Found> {
    await this.#clearing?.catch(() => {});
    const unwritten = this.#writer.find(key);
    const bytes = unwritten === undefined ? await this.#shelf.read(key) : Buffer.concat(unwritten.encode());
    if (bytes === undefined) return undefined;
    const stored = decode(bytes, key);
    const found = stored?.kind === 'answer' ? this.#toHeld(stored) : stored;
    if (found !== undefined) return found;
    this.#shelf.warn('the store holds an entry that is broken, or of somebody else');
    await this.#shelf.remove(key);
    return undefined;
  }

  /** Takes what comes into memory, unless the entry was changed in the meantime: then that counts. */
  #await(key: string, found: Promise<Found>): Promise<Found> {
    const coming = found.then((value) => {
      if (this.#coming.get(key) !== coming) return this.get(key);
      this.#coming.delete(key);
      if (value !== undefined) this.#memory.set(key, value);
      return value;
    });
    this.#coming.set(key, coming);
    return coming;
  }

  #write(stored: Held | Signpost, body: readonly Buffer[] | undefined, expires: number): void {
    const { key } = stored;
    this.#coming.delete(key);
    const size = (body ?? []).reduce((sum, { length }) => sum + length, sizeOf(stored));
    // What was written before is older.
    if (!this.#writer.write(key, { size, expires, encode: () => encode(stored, body) }))
      void this.#shelf.remove(key);
  }

  #toHeld(entry: Entry): Held | undefined {
    const lifetimes = assess(entry, this.#limit);
    return lifetimes && toHeld(entry, lifetimes);
  }
}

/** Works out what follows from an entry. */
export function toHeld(entry: Entry, lifetimes: Lifetimes): Held {
  const { expiresAfter, headers, receivedAt } = entry;
  const fields = new AxiosHeaders(Object.fromEntries(headers)) as AxiosResponseHeaders;
  if (expiresAfter !== undefined) fields.set(extension(expiresAfter, receivedAt));
  return { ...entry, ...lifetimes, fields };
}
