import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises';
import type { SafeShelf } from './safe-shelf.js';

/** How many bytes may wait to be written; what comes on top is not written. */
const BACKLOG = 64 * 1024 * 1024;
/** How many entries are written at a time. */
const AT_A_TIME = 4;
/** Writing begins when nothing new has come for so long, in milliseconds: making files slows down what goes on. */
const PAUSE = 50;
/** It begins after so long in any case, in milliseconds; a crash loses no more than this. */
const LATEST = 1000;
/** How long `flush` waits, in milliseconds. */
const PATIENCE = 5000;

/** What is to be written. */
export interface Write {
  /** Makes the bytes, when it is their turn. */
  readonly encode: () => readonly Buffer[];
  /** When they expire, in milliseconds since the epoch. */
  readonly expires: number;
  /** How much memory they take until then, in bytes. */
  readonly size: number;
}

/** Writes entries after the requests that brought them, in the order in which they came; the last of a name counts. */
export class Writer {
  readonly #shelf: SafeShelf;
  readonly #waiting = new Map<string, Write>();
  readonly #running = new Map<string, Promise<void>>();
  /** What waits and what is being written. */
  readonly #unwritten = new Map<string, Write>();
  #backlog = 0;
  #timer: NodeJS.Timeout | undefined;
  #waitingSince = 0;

  constructor(shelf: SafeShelf) {
    this.#shelf = shelf;
  }

  /** @returns whether there was room for it among what waits */
  write(key: string, write: Write): boolean {
    this.drop(key);
    this.#shelf.expect();
    if (this.#backlog + write.size > BACKLOG && this.#backlog > 0) {
      this.#shelf.say('the store is slower than the answers come, so some are not written');
      return false;
    }
    this.#backlog += write.size;
    this.#waiting.set(key, write);
    this.#unwritten.set(key, write);
    this.#schedule();
    return true;
  }

  /** What is not written yet under a name. */
  find(key: string): Write | undefined {
    return this.#unwritten.get(key);
  }

  /** Forgets what waits to be written under a name, and waits for what is being written. */
  async settle(key: string): Promise<void> {
    this.drop(key);
    await this.#running.get(key);
  }

  /** Forgets what waits to be written under a name. */
  drop(key: string): void {
    this.#backlog -= this.#waiting.get(key)?.size ?? 0;
    this.#waiting.delete(key);
    this.#unwritten.delete(key);
  }

  /** Forgets all that waits, and waits for what is being written. */
  async settleAll(): Promise<void> {
    for (const key of this.#unwritten.keys()) this.drop(key);
    await Promise.all(this.#running.values());
  }

  /** Waits until all is written, but not for ever. */
  async flush(): Promise<void> {
    this.#begin();
    const patience = new AbortController();
    const late = sleep(PATIENCE, 'late', { signal: patience.signal }).catch(() => 'over');
    let outcome: unknown;
    while (this.#running.size + this.#waiting.size > 0 && outcome !== 'late') {
      outcome = await Promise.race([late, Promise.all(this.#running.values()).then(() => turn())]);
    }
    patience.abort();
    if (outcome === 'late')
      this.#shelf.say(`not all answers were written within ${PATIENCE / 1000} seconds, so some may be lost`);
  }

  #schedule(): void {
    const now = performance.now();
    if (this.#timer === undefined) this.#waitingSince = now;
    else if (now - this.#waitingSince < LATEST - PAUSE) this.#timer.refresh();
    this.#timer ??= setTimeout(() => this.#begin(), PAUSE);
  }

  #begin(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#next();
  }

  #next(): void {
    for (const [key, write] of this.#waiting) {
      if (this.#running.size >= AT_A_TIME) return;
      // Two writes of one name could end the other way round.
      if (this.#running.has(key)) continue;
      this.#waiting.delete(key);
      const running = this.#shelf.write(key, write.encode(), write.expires).then(() => {
        this.#backlog -= write.size;
        this.#running.delete(key);
        if (this.#unwritten.get(key) === write) this.#unwritten.delete(key);
        // A short entry is written at once; others want to do something in between.
        setImmediate(() => this.#next());
      });
      this.#running.set(key, running);
    }
  }
}
