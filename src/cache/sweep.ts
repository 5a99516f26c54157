import { lstat, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type FileStore, isRecord, NEVER, removeFile } from './file-store.js';

/** Files looked at at a time; the rest of the process has to do something too. */
const AT_A_TIME = 8;
/** What was being written and is older than this, will not be finished. In milliseconds. */
const ORPHANED = 3600_000;
/** How long after one sweep the next may be due, in milliseconds. */
const INTERVAL = 600_000;
/** How long a sweep may hold up the closing of a session, in milliseconds. */
const PATIENCE = 2000;

interface Found {
  readonly path: string;
  readonly size: number;
  readonly usedAt: number;
}

/**
 * Removes what has expired, what a crash left behind and, where there is more than there may be, what was not used for
 * longest. A file's mtime is when it expires, its atime when it was last used; nothing is opened.
 */
export class Sweeper {
  readonly #store: FileStore;
  readonly #limit: number;
  readonly #used = new Map<string, number>();
  #written = 0;
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> | undefined;
  #checkedAt = -Infinity;
  #closed = false;

  /** @param limit - how many bytes the entries may take */
  constructor(store: FileStore, limit: number) {
    this.#store = store;
    this.#limit = limit;
  }

  /** Notes that an entry was used. */
  used(path: string): void {
    this.#used.set(path, Date.now());
  }

  /** Notes that so many bytes were written. In the end that makes a sweep due, but never within the request. */
  wrote(bytes: number): void {
    this.#written += bytes;
    const isMuch = this.#isMuch;
    if (this.#closed || this.#timer !== undefined || this.#running !== undefined) return;
    if (!isMuch && performance.now() - this.#checkedAt < INTERVAL) return;
    this.#timer = setTimeout(
      () => {
        this.#timer = undefined;
        this.#begin();
      },
      isMuch ? 0 : 1000,
    ).unref();
  }

  /** Does the sweep that is due or under way, or as much of it as can be done soon, and writes down what was used. */
  async close(): Promise<void> {
    if (this.#timer !== undefined) {
      clearTimeout(this.#timer);
      this.#timer = undefined;
      this.#begin();
    }
    const patience = setTimeout(() => {
      this.#closed = true;
    }, PATIENCE);
    await this.#running;
    clearTimeout(patience);
    this.#closed = true;
    await this.#noteUses();
  }

  /** Counts the entries that can still be used. */
  async measure(): Promise<{ entries: number; bytes: number }> {
    const found: Found[] = [];
    await this.#look(Date.now(), (file) => found.push(file));
    return { entries: found.length, bytes: total(found) };
  }

  /** Sweeps now. */
  async sweep(): Promise<void> {
    this.#written = 0;
    await this.#noteUses();
    const kept: Found[] = [];
    await this.#look(Date.now(), (file) => kept.push(file), removeFile);
    let bytes = total(kept);
    if (bytes <= this.#limit) return;
    const oldestFirst = kept.sort((a, b) => a.usedAt - b.usedAt);
    await inTurns(oldestFirst, async ({ path, size }) => {
      // A little more than needed, or the next entry would make another sweep due.
      if (this.#closed || bytes <= this.#limit * 0.9) return;
      bytes -= size;
      await removeFile(path);
    });
  }

  get #isMuch(): boolean {
    return this.#written > this.#limit / 16;
  }

  #begin(): void {
    this.#running = this.#sweepIfDue(this.#isMuch)
      .catch(() => {})
      .finally(() => {
        this.#running = undefined;
      });
  }

  /** Sweeps, unless another process has just done so. */
  async #sweepIfDue(isMuch: boolean): Promise<void> {
    this.#checkedAt = performance.now();
    const note = join(this.#store.folder, '.swept');
    const sweptAt = await stat(note).then(
      ({ mtimeMs }) => mtimeMs,
      () => 0,
    );
    if (!isMuch && Math.abs(Date.now() - sweptAt) < INTERVAL) return;
    await writeFile(note, '', { mode: 0o600 });
    await this.sweep();
  }

  async #look(now: number, found: (file: Found) => void, over?: (path: string) => unknown): Promise<void> {
    await inTurns(await this.#store.names(), async (name) => {
      if (this.#closed && over !== undefined) return;
      const path = join(this.#store.folder, name);
      const { size, atimeMs, mtimeMs, ctimeMs } = await lstat(path);
      // The secret, which all entries depend on.
      if (mtimeMs === NEVER) return;
      const isTemporary = name.endsWith('.tmp');
      if (isTemporary ? ctimeMs < now - ORPHANED : mtimeMs <= now) await over?.(path);
      else if (!isTemporary && !isRecord(name)) found({ path, size, usedAt: atimeMs });
    });
  }

  async #noteUses(): Promise<void> {
    const used = [...this.#used];
    this.#used.clear();
    await inTurns(used, async ([path, at]) => {
      const { mtimeMs } = await lstat(path);
      await utimes(path, at / 1000, mtimeMs / 1000);
    });
  }
}

function total(files: readonly Found[]): number {
  return files.reduce((sum, { size }) => sum + size, 0);
}

/** Does something with each item, a few at a time; what fails has been removed by somebody else. */
async function inTurns<T>(items: readonly T[], act: (item: T) => Promise<void>): Promise<void> {
  const queue = items.values();
  const work = async (): Promise<void> => {
    for (const item of queue) await act(item).catch(() => {});
  };
  await Promise.all(Array.from({ length: AT_A_TIME }, work));
}
