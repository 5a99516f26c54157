// A nightly job: writes every component at an institution, with its tests, as one line of JSON.
// If the database is down for some minutes, reads are retried. If the script is interrupted, start it again:
// the components that it has read before come from the cache.
//
//   node nightly.mjs CERN > components.jsonl
import { isITkDBException, Session } from 'itkdb';

const session = new Session({
  saveAuth: '.auth',
  expiresAfter: { hours: 12 },
  retry: { tries: 8, within: 15 * 60_000, maxDelay: 60_000 },
  onRetry: ({ url, reason, delay }) =>
    console.error(`${url}: ${reason}; retry in ${Math.ceil(delay / 1000)} s`),
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

/** If one component cannot be read, the job goes on with the others. */
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
