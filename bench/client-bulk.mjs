/**
 * 2,000 components at 80 ms a request: one by one, and with `getMany`.
 *
 *   node bench/client-bulk.mjs
 *
 * One by one takes nearly three minutes for all; so that way reads 5 % each round. Compared are the milliseconds for one
 * component.
 */

import { startDatabase } from './client-database.mjs';
import { formatSpread, interleave, printTable, ratio, spread } from './harness.mjs';

const COMPONENTS = 2000;
const PART = 100;

const { client, picked, stop } = await startDatabase(
  { components: 3000, latency: 80 },
  { components: COMPONENTS },
);
const samples = await interleave(
  {
    'one by one': () =>
      millisecondsEach(PART, async () => {
        for (const component of picked.components.slice(0, PART))
          await client.get('getComponent', { data: { component } });
        return PART;
      }),
    getMany: () =>
      millisecondsEach(COMPONENTS, async () => {
        const { items } = await client.components.getMany(picked.components);
        return items.length;
      }),
  },
  { rounds: 5, warmup: 1 },
);
await stop();
const rows = Object.keys(samples).map((name) => [
  name,
  formatSpread(spread(samples[name].map(({ wall }) => wall))),
  formatSpread(spread(samples[name].map(({ wall }) => (wall * COMPONENTS) / 1000))),
  formatSpread(ratio(samples, 'one by one', name)),
]);
printTable(
  `Client: ${COMPONENTS} components, of which one by one reads ${PART} a round; 80 ms a request`,
  ['how', 'ms a component', `s for ${COMPONENTS}`, 'times faster'],
  rows,
);

/**
 * @param {number} count
 * @param {() => Promise<number>} read resolves to the number of what was read
 */
async function millisecondsEach(count, read) {
  const start = performance.now();
  const got = await read();
  if (got !== count) throw new Error(`${got} were read in place of ${count}`);
  return (performance.now() - start) / count;
}
