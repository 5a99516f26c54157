/**
 * What the start of the command line costs: `itkdb --help` against a Node.js that does nothing.
 *
 *   npm run build && node bench/cli-start.mjs
 *
 * The limit is 1.3 times the time of `node -e 0`, plus 60 ms. The help is written to a pipe.
 */

import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { formatSpread, interleave, print, printTable, ratio, spread } from './harness.mjs';

const PROCESSES = 5;
const FACTOR = 1.3;
const OFFSET = 60;

const main = fileURLToPath(new URL('../dist/cli/main.js', import.meta.url));
const samples = await interleave(
  {
    'node -e 0': () => start(['-e', '0']),
    'itkdb --help': () => start([main, '--help'], 'Usage: itkdb'),
    'itkdb tree --help': () => start([main, 'tree', '--help'], 'Usage: itkdb tree'),
  },
  { rounds: 15 },
);

printTable(
  `Start of the command line: ${PROCESSES} processes a round`,
  ['command', 'ms a process', 'times node -e 0', 'ms more'],
  Object.keys(samples).map((name) => [
    name,
    formatSpread(timesOf(name)),
    formatSpread(ratio(samples, name, 'node -e 0')),
    differenceOf(name),
  ]),
);

const limit = FACTOR * timesOf('node -e 0').median + OFFSET;
const { median } = timesOf('itkdb --help');
print(
  `\nitkdb --help: ${median.toFixed(0)} ms, limit ${limit.toFixed(0)} ms: ${median <= limit ? 'within' : 'above'}`,
);

/** @param {string} name */
function timesOf(name) {
  return spread(samples[name].map(({ wall }) => wall / PROCESSES));
}

/** @param {string} name */
function differenceOf(name) {
  const nothing = samples['node -e 0'];
  const { median } = spread(samples[name].map(({ wall }, round) => (wall - nothing[round].wall) / PROCESSES));
  return median.toFixed(1);
}

/**
 * @param {string[]} args
 * @param {string} [expected] what the process must print
 */
function start(args, expected = '') {
  for (let index = 0; index < PROCESSES; index += 1) {
    const printed = execFileSync(process.execPath, args, { encoding: 'utf8' });
    if (!printed.startsWith(expected)) throw new Error(`not ${expected}, but ${printed}`);
  }
}
