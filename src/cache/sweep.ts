import { lstatSync, lutimesSync } from 'node:fs';
import { setImmediate as turn } from 'node:timers/promises';
import type { Files } from './files.js';

const ORPHANED = 3600_000; // ms: a file that was being written this long ago was left by a crash
const UNDER_WAY = 600_000; // ms: longer than a request takes
const BATCH = 64; // files between which the rest of the process gets its turn

type Found = { readonly name: string; readonly size: number; readonly usedAt: number };

/** Lists the entries that have not expired. No file is opened. */
export async function listEntries(files: Files, onExpired?: (name: string) => unknown): Promise<Found[]> {
  const now = Date.now();
  const found: Found[] = [];
  await forEach(files.names(), (name) => {
    const { size, atimeMs, mtimeMs, ctimeMs } = lstatSync(files.pathOf(name));
    const isTemporary = name.endsWith('.tmp');
    if (isTemporary ? ctimeMs < now - ORPHANED : mtimeMs <= now) onExpired?.(name);
    else if (!isTemporary) found.push({ name, size, usedAt: atimeMs });
  });
  return found;
}

/**
 * Removes expired entries and what a crash left behind, and evicts the least recently used entries where all of them
 * take too many bytes.
 *
 * @param limit - the bytes that all entries may take
 */
export async function sweep(files: Files, limit: number): Promise<void> {
  const found = await listEntries(files, (name) => files.delete(name));
  const isInvalidation = ({ name }: Found): boolean => name.startsWith('i');
  const entries = found.filter((file) => !isInvalidation(file)).sort((a, b) => a.usedAt - b.usedAt);
  let bytes = found.reduce((sum, { size }) => sum + size, 0);
  // More than needed, or the next entry would make another sweep due.
  const target = bytes <= limit ? bytes : limit * 0.9;
  let kept = entries.length;
  await forEach(entries, ({ name, size }) => {
    if (bytes <= target) return;
    files.delete(name);
    bytes -= size;
    kept -= 1;
  });
  // An invalidation concerns responses from before it, of which a request that is under way may bring one more.
  const isOver = ({ usedAt }: Found): boolean => kept === 0 && usedAt < Date.now() - UNDER_WAY;
  const ended = found.filter((file) => isInvalidation(file) && isOver(file));
  await forEach(ended, ({ name }) => files.delete(name));
}

/** Writes down when entries were used: those that are used from memory must not be evicted either. */
export async function saveUses(files: Files, used: Map<string, number>): Promise<void> {
  const uses = [...used];
  used.clear();
  await forEach(uses, ([key, at]) => {
    const path = files.pathOf(key);
    lutimesSync(path, at / 1000, lstatSync(path).mtimeMs / 1000);
  });
}

/** An item that fails was removed by another process. */
async function forEach<T>(items: readonly T[], act: (item: T) => void): Promise<void> {
  for (const [index, item] of items.entries()) {
    if (index % BATCH === BATCH - 1) await turn();
    try {
      act(item);
    } catch {}
  }
}
