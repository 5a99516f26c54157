/**
 * The memory of a list of 100,000 items while it is iterated over.
 *
 *   node --expose-gc bench/client-memory.mjs
 *
 * The database is another process. After every 5,000 items the garbage is collected, and the heap and the memory outside of
 * it are compared with those before the list.
 */

import { startDatabase } from './client-database.mjs';
import { print } from './harness.mjs';

const ITEMS = 100_000;
const MEGABYTE = 1024 * 1024;

if (globalThis.gc === undefined) throw new Error('node must be started with --expose-gc');
const { client, stop } = await startDatabase({ components: ITEMS });
// What is loaded with the first list does not count.
await client.list('listComponents', { filterMap: {} }, { limit: 1000 }).toArray();
const before = megabytes();
let count = 0;
let most = 0;
for await (const _ of client.list('listComponents', { filterMap: {} }, { limit: ITEMS })) {
  count += 1;
  if (count % 5000 === 0) most = Math.max(most, megabytes() - before);
}
await stop();
if (count !== ITEMS) throw new Error(`${count} were read in place of ${ITEMS}`);
print(`Client: ${ITEMS} items of a list; heap and external memory grew by at most ${most.toFixed(1)} MB`);

function megabytes() {
  globalThis.gc?.();
  const { heapUsed, external } = process.memoryUsage();
  return (heapUsed + external) / MEGABYTE;
}
