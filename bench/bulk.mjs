/**
 * A bulk read over a network with a round trip of 80 ms: one by one, as a loop with `await` does it, and all at once,
 * of which the session lets through as many as it does by default.
 *
 *   node bench/bulk.mjs
 *
 * One by one takes nearly three minutes for all; so that way reads a part of them each round. Compared are the
 * milliseconds for one component.
 */

import { Session } from 'itkdb';
import { formatSpread, interleave, printTable, ratio, repeat, spread } from './harness.mjs';
import { startServer } from './server.mjs';

const COMPONENTS = 2000;
const PART = 100;

const server = await startServer({ bytes: 2000, delay: 80 });
const user = { authenticate: () => true, bearer: 'token' };
const session = new Session({ user, prefixUrl: server.url, cache: false });
const read = (index) => session.get('getComponent', { data: { component: `20USBML${1_000_000 + index}` } });

const samples = await interleave(
  {
    'one by one': () => millisecondsEach(PART, 1),
    'all at once': () => millisecondsEach(COMPONENTS, Infinity),
  },
  { rounds: 5, warmup: 0 },
);
await session.close();
server.stop();
const rows = Object.keys(samples).map((name) => [
  name,
  formatSpread(spread(samples[name].map(({ wall }) => wall))),
  formatSpread(spread(samples[name].map(({ wall }) => (wall * COMPONENTS) / 1000))),
  formatSpread(ratio(samples, 'one by one', name)),
]);
printTable(
  `Bulk read: ${COMPONENTS} components, of which one by one reads ${PART} a round; 80 ms each`,
  ['how', 'ms a component', `s for ${COMPONENTS}`, 'times faster'],
  rows,
);

/**
 * @param {number} count
 * @param {number} concurrency
 */
async function millisecondsEach(count, concurrency) {
  const start = performance.now();
  await repeat(count, concurrency, read);
  return (performance.now() - start) / count;
}
