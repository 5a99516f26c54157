/**
 * Compares the session's cache with others, in one process run: `npm run bench:cache`.
 *
 * Only ratios are printed: median, smallest and largest over the rounds. `BENCH_ROUNDS` sets how many there are.
 */

import { fork } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { formatSpread, interleave, printTable, progress, ratio } from '../harness.mjs';
import { Arena, CONCURRENCIES, SIZES } from './cases.mjs';
import { IN_MEMORY, LEAST, NO_CACHE, ON_DISK } from './contenders.mjs';
import { compareSets } from './sets.mjs';

/** @typedef {import('./contenders.mjs').Open} Open */

const DISK_HITS = 'Hits on disk: how many times as fast as';
const HOT_HITS = 'Hot hits: how many times as fast as';
const MISSES = 'Misses: time as a multiple of plain axios (smaller is better)';

/** Which tables are wanted; all of them, unless some are named. */
const chosen = process.argv.slice(2);
const rounds = Number(process.env['BENCH_ROUNDS'] ?? 7);
const directory = await mkdtemp(join(tmpdir(), 'itkdb-bench-'));
const server = fork(new URL('./server.mjs', import.meta.url));
const port = await new Promise((resolve) => server.once('message', resolve));
const arena = new Arena(server, `http://127.0.0.1:${port}`, directory);

try {
  for (const open of Object.values({ ...ON_DISK, ...IN_MEMORY })) await arena.checkIndependence(open);
  const wants = (/** @type {string} */ name) => chosen.length === 0 || chosen.includes(name);
  if (wants('diskHits'))
    await compare('diskHits', { ...ON_DISK, ...LEAST, ...NO_CACHE }, DISK_HITS, isFaster);
  if (wants('hotHits'))
    await compare('hotHits', { ...ON_DISK, ...IN_MEMORY, ...NO_CACHE }, HOT_HITS, isFaster);
  if (wants('misses'))
    await compare('misses', { ...ON_DISK, ...LEAST, ...IN_MEMORY, ...NO_CACHE }, MISSES, isSlower);
  if (wants('sets')) await compareSets(directory, rounds);
} finally {
  server.disconnect();
  await rm(directory, { recursive: true, force: true });
}

/**
 * Runs one kind of request in every size and concurrency, and prints a table.
 *
 * @param {'diskHits' | 'hotHits' | 'misses'} kind
 * @param {Record<string, Open>} contenders
 * @param {string} title
 * @param {(names: string[]) => Pair[]} pairsOf
 */
async function compare(kind, contenders, title, pairsOf) {
  const pairs = pairsOf(Object.keys(contenders));
  const rows = [];
  for (const size of SIZES) {
    for (const concurrency of CONCURRENCIES) {
      progress(`${kind}: ${size.label}, ${concurrency} at a time`);
      /** @type {Record<string, () => Promise<number>>} */
      const runs = {};
      for (const [name, open] of Object.entries(contenders)) {
        runs[name] = await arena[kind](open, size, concurrency);
      }
      const samples = await interleave(runs, { rounds });
      const cells = pairs.map(({ of, to }) => formatSpread(ratio(samples, of, to)));
      rows.push([`${size.label} × ${concurrency}`, ...cells]);
    }
  }
  printTable(title, ['case', ...pairs.map(({ head }) => head)], rows);
}

/** @typedef {{ head: string, of: string, to: string }} Pair a column: the time of one as a multiple of the other's */

/** Theirs over ours. @returns {Pair[]} */
function isFaster(/** @type {string[]} */ [ours = '', ...others]) {
  return others.map((name) => ({ head: name, of: name, to: ours }));
}

/** Each over plain axios, which is the last. @returns {Pair[]} */
function isSlower(/** @type {string[]} */ names) {
  return names.slice(0, -1).map((name) => ({ head: name, of: name, to: names.at(-1) ?? '' }));
}
