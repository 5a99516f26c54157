/**
 * A list of 100 pages at 80 ms a request: page by page, as a loop with `await` reads it, and with `client.list`.
 *
 *   node bench/client-list.mjs [items in each page]
 */

import { startDatabase } from './client-database.mjs';
import { formatSpread, interleave, printTable, ratio, spread } from './harness.mjs';

const PAGES = 100;
// Small pages: the embedded database is slower than the client, and shares the processor with it.
const PAGE_SIZE = Number(process.argv[2] ?? 20);
const TOTAL = PAGES * PAGE_SIZE;

const { client, stop } = await startDatabase({ components: TOTAL, latency: 80 });
const samples = await interleave(
  {
    'page by page': async () => {
      let count = 0;
      for (let pageIndex = 0; pageIndex < PAGES; pageIndex += 1) {
        const pageInfo = { pageIndex, pageSize: PAGE_SIZE };
        const { data } = await client.session.get('listComponents', { data: { filterMap: {}, pageInfo } });
        count += data.itemList.length;
      }
      check(count);
    },
    'client.list': async () => {
      let count = 0;
      const options = { pageSize: PAGE_SIZE, limit: TOTAL };
      for await (const _ of client.list('listComponents', { filterMap: {} }, options)) count += 1;
      check(count);
    },
  },
  { rounds: 5, warmup: 1 },
);
await stop();
printTable(
  `Client: a list of ${PAGES} pages with ${PAGE_SIZE} components each; 80 ms a request`,
  ['how', 's', 'times faster'],
  Object.keys(samples).map((name) => [
    name,
    formatSpread(spread(samples[name].map(({ wall }) => wall / 1000))),
    formatSpread(ratio(samples, 'page by page', name)),
  ]),
);

/** @param {number} count */
function check(count) {
  if (count !== TOTAL) throw new Error(`${count} were read in place of ${TOTAL}`);
}
