/**
 * Measures contenders side by side and compares them by ratios.
 *
 * Absolute times depend on the machine and on what else it does. So contenders take turns within each
 * round, and a ratio is formed between two measurements of the same round: what slows the machine for a
 * while slows both. The median over the rounds is the figure, the smallest and largest are its spread.
 */

import { writeFileSync } from 'node:fs';

/**
 * @typedef {object} Sample one measurement of one contender
 * @property {number} wall elapsed milliseconds, or the number that the contender returned itself
 * @property {number} cpu milliseconds of processor time of this process, all threads
 */

/** @typedef {Record<string, Sample[]>} Samples one list for each contender, one entry for each round */

/** @typedef {{ median: number, min: number, max: number }} Spread */

/**
 * Runs every contender once a round, in an order that changes from round to round.
 *
 * @param {Record<string, () => unknown>} contenders what to measure; one that resolves to a number has measured
 *   something itself (bytes, milliseconds of a child process), and that number counts instead of the elapsed time
 * @param {{ rounds?: number, warmup?: number }} [options] counted rounds (7) and rounds thrown away before them (1)
 * @returns {Promise<Samples>}
 */
export async function interleave(contenders, { rounds = 7, warmup = 1 } = {}) {
  const names = Object.keys(contenders);
  /** @type {Samples} */
  const samples = Object.fromEntries(names.map((name) => [name, []]));
  for (let round = -warmup; round < rounds; round += 1) {
    for (const name of rotate(names, round + warmup)) {
      const sample = await measure(contenders[name]);
      if (round >= 0) samples[name].push(sample);
    }
  }
  return samples;
}

/**
 * Measures one call.
 *
 * @param {() => unknown} run
 * @returns {Promise<Sample>}
 */
export async function measure(run) {
  // With `node --expose-gc` nobody pays for the garbage of the one before.
  globalThis.gc?.();
  const cpuBefore = process.cpuUsage();
  const before = performance.now();
  const own = await run();
  const wall = performance.now() - before;
  const { user, system } = process.cpuUsage(cpuBefore);
  return { wall: typeof own === 'number' ? own : wall, cpu: (user + system) / 1000 };
}

/**
 * Compares two contenders round by round: how many times `of` is `to`.
 *
 * @param {Samples} samples
 * @param {string} of
 * @param {string} to
 * @param {'wall' | 'cpu'} [metric]
 * @returns {Spread}
 */
export function ratio(samples, of, to, metric = 'wall') {
  return spread(samples[of].map((sample, round) => sample[metric] / samples[to][round][metric]));
}

/**
 * Reduces numbers to their median, smallest and largest.
 *
 * @param {number[]} values at least one
 * @returns {Spread}
 */
export function spread(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  const median = (sorted[Math.ceil(middle) - 1] + sorted[Math.floor(middle)]) / 2;
  return { median, min: sorted[0], max: sorted[sorted.length - 1] };
}

/**
 * Writes a spread as `2.31 (2.10–2.55)`.
 *
 * @param {Spread} value
 * @returns {string}
 */
export function formatSpread({ median, min, max }) {
  return `${short(median)} (${short(min)}–${short(max)})`;
}

/**
 * Prints a table: first column to the left, the others to the right.
 *
 * @param {string} title
 * @param {string[]} head
 * @param {string[][]} rows
 */
export function printTable(title, head, rows) {
  const widths = head.map((cell, column) => Math.max(cell.length, ...rows.map((row) => row[column].length)));
  const line = (/** @type {string[]} */ row) =>
    row
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[0]) : cell.padStart(widths[column])))
      .join('  ');
  print(
    `\n${title}\n\n${[line(head), widths.map((width) => '-'.repeat(width)).join('  '), ...rows.map(line)].join('\n')}`,
  );
}

/**
 * Prints one line on standard output, at once: a long run shows how far it is, also through a pipe.
 *
 * @param {string} text
 */
export function print(text) {
  writeFileSync(1, `${text}\n`);
}

/**
 * Runs `task` `total` times, at most `concurrency` of them at the same time.
 *
 * @param {number} total
 * @param {number} concurrency
 * @param {(index: number) => Promise<unknown>} task
 */
export async function repeat(total, concurrency, task) {
  let next = 0;
  const worker = async () => {
    while (next < total) await task(next++);
  };
  await Promise.all(Array.from({ length: Math.min(concurrency, total) }, worker));
}

/** @param {number} value */
function short(value) {
  if (value >= 100) return value.toFixed(0);
  return value >= 10 ? value.toFixed(1) : value.toFixed(2);
}

/**
 * @template T
 * @param {T[]} list
 * @param {number} by
 */
function rotate(list, by) {
  const start = by % list.length;
  return [...list.slice(start), ...list.slice(0, start)];
}
