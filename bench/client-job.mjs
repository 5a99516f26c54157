/**
 * A job that users reported: 1,170 components and their 14,759 test runs. The real database takes 1.3 s for one of them,
 * and about 45 ms for each item of a bulk read. Here all times are divided by 100.
 *
 *   node bench/client-job.mjs
 *
 * How many requests the real database serves at once is not known, so it is done with 2, 4 and 16. One by one is measured
 * on 5 % and multiplied. The components of the embedded database have fewer test runs: those of others make up for it.
 */

import { startDatabase } from './client-database.mjs';
import { formatSpread, interleave, printTable, progress, ratio, spread } from './harness.mjs';

const COMPONENTS = 1170;
const TEST_RUNS = 14_759;
const SHARE = 20;

const rows = [];
for (const parallel of [2, 4, 16]) {
  progress(`${parallel} served at once`);
  const { client, picked, mostOpen, stop } = await startDatabase(
    { components: 20_000, latency: { perRequest: 13, perItem: 0.45, parallel } },
    { components: COMPONENTS, testRuns: TEST_RUNS },
  );
  let open = 0;
  const samples = await interleave(
    {
      'one by one': async () => {
        const start = performance.now();
        for (const component of picked.components.slice(0, COMPONENTS / SHARE))
          await client.get('getComponent', { data: { component } });
        for (const testRun of picked.testRuns.slice(0, TEST_RUNS / SHARE))
          await client.get('getTestRun', { data: { testRun } });
        return (performance.now() - start) * SHARE;
      },
      'in bulk': async () => {
        await mostOpen();
        const { items } = await client.components.getMany(picked.components);
        const ids = items.flatMap(({ tests }) => tests ?? []).flatMap(({ testRuns }) => testRuns);
        let count = 0;
        const all = [...new Set([...ids.map(({ id }) => id), ...picked.testRuns])].slice(0, TEST_RUNS);
        for await (const _ of client.testRuns.getMany(all)) count += 1;
        if (items.length !== COMPONENTS || count !== TEST_RUNS)
          throw new Error(`${items.length} and ${count} were read`);
        open = Math.max(open, await mostOpen());
      },
    },
    { rounds: 3, warmup: 0 },
  );
  await stop();
  rows.push([
    String(parallel),
    ...['one by one', 'in bulk'].map((name) =>
      formatSpread(spread(samples[name].map(({ wall }) => wall / 1000))),
    ),
    formatSpread(ratio(samples, 'one by one', 'in bulk')),
    String(open),
  ]);
}
printTable(
  `Client: ${COMPONENTS} components and ${TEST_RUNS} test runs; 13 ms a request, 0.45 ms an item in bulk`,
  ['served at once', 's one by one', 's in bulk', 'times faster', 'most connections'],
  rows,
);
