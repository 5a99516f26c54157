/**
 * A bulk read over a network with a round trip of 80 ms: one by one, as a loop with `await` does it, and all at once,
 * of which the session lets through as many as it does by default.
 *
 *   node bench/bulk.mjs
 */

import { Session } from 'itkdb';
import { formatSpread, interleave, printTable, ratio, repeat, spread } from './harness.mjs';
import { startServer } from './server.mjs';

const COMPONENTS = 2000;
// One by one takes 2 to 3 minutes a round; so each round reads a part, in the same proportion for both.
const PART = 1 / 20;
const ROUNDS = 5;

const server = await startServer({ bytes: 2000, delay: 80 });
const user = { authenticate: () => true, bearer: 'token' };
const session = new Session({ user, prefixUrl: server.url, cache: false });
const read = (index) => session.get('getComponent', { data: { component: `20USBML${1_000_000 + index}` } });

const samples = await interleave(
  {
    'one by one': () => repeat(COMPONENTS * PART, 1, read),
    'all at once': () => repeat(COMPONENTS * PART, Infinity, read),
  },
  { rounds: ROUNDS },
);
await session.close();
server.stop();
const rows = Object.keys(samples).map((name) => [
  name,
  formatSpread(spread(samples[name].map(({ wall }) => wall / PART / 1000))),
  formatSpread(ratio(samples, 'one by one', name)),
]);
printTable(`Bulk read: ${COMPONENTS} components, 80 ms each`, ['how', 's', 'times faster'], rows);
