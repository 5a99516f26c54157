// A job for the night: saves every component of an institution, with its tests, as one line of JSON each.
// The database may be down for a minute: reads are tried again. The script may break off: when it is
// started again, what it has read today comes from the cache.
//
//   node nightly.mjs CERN > components.jsonl
import { isITkDBException, Session } from 'itkdb';

const session = new Session({
  saveAuth: '.auth',
  expiresAfter: { hours: 12 },
  retry: { tries: 8, within: 15 * 60_000, maxDelay: 60_000 },
  onRetry: ({ url, reason, delay }) =>
    console.error(`${url}: ${reason}; again in ${Math.ceil(delay / 1000)} s`),
});
const filterMap = { project: ['S', 'P'], currentLocation: process.argv[2] ?? 'CERN' };
const { data } = await session.get('listComponents', {
  data: { filterMap, pageInfo: { pageSize: 100_000 } },
});
const counts = { network: 0, cache: 0, failed: 0 };
await Promise.all(data.itemList.map(({ id }) => save(id)));
console.error(`${data.itemList.length} components:`, counts);
await session.close();
process.exitCode = counts.failed > 0 ? 1 : 0;

/** One component that cannot be read is no reason to lose the night. */
async function save(component) {
  try {
    const { data, fromCache } = await session.get('getComponent', { data: { component } });
    console.log(JSON.stringify(data));
    counts[fromCache ? 'cache' : 'network'] += 1;
  } catch (error) {
    if (!isITkDBException(error)) throw error;
    counts.failed += 1;
    console.error(`${component}: ${error.summary}`);
  }
}
