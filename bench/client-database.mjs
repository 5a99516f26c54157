/**
 * The embedded database in a process of its own, so that neither its work nor its memory counts as the client's.
 *
 *   const database = await startDatabase({ components: 3000, latency: 80 }, { components: 2000 });
 */

import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { Client, User } from 'itkdb';
import { startPdb } from 'itkdb/testing';

const FILE = fileURLToPath(import.meta.url);

/**
 * @typedef {object} Picked
 * @property {string[]} components serial numbers, of the components with the most test runs first
 * @property {string[]} testRuns ids of the test runs of these components, and of others until there are enough
 */

/**
 * @typedef {object} RunningDatabase
 * @property {import('itkdb').Client} client a client of it, without cache
 * @property {Picked} picked
 * @property {() => Promise<number>} mostOpen the most requests that were open at the same time since the last call
 * @property {() => Promise<void>} stop
 */

/**
 * Starts a database.
 *
 * @param {import('itkdb/testing').PdbOptions} options
 * @param {{ components?: number, testRuns?: number }} [wanted] how many serial numbers and ids are picked
 * @returns {Promise<RunningDatabase>}
 */
export async function startDatabase(options, wanted = {}) {
  const child = fork(FILE, [JSON.stringify(options), JSON.stringify(wanted)]);
  const { userOptions, apiUrl, picked } = await new Promise((resolve, reject) => {
    child.once('message', resolve);
    child.once('exit', reject);
  });
  const client = new Client({ user: new User(userOptions), prefixUrl: apiUrl, cache: false });
  // The sign-in does not count.
  await client.whoAmI();
  const mostOpen = () =>
    new Promise((resolve) => {
      child.once('message', resolve);
      child.send('mostOpen');
    });
  const stop = async () => {
    await client.close();
    child.kill();
  };
  return { client, picked, mostOpen, stop };
}

/**
 * @param {import('itkdb/testing').PdbOptions} options
 * @param {{ components?: number, testRuns?: number }} wanted
 */
async function serve(options, wanted) {
  // Without this, it would outlive a benchmark that failed.
  process.once('disconnect', () => process.exit());
  const pdb = await startPdb({ ...options, keepRunning: true, keptRequests: 100 });
  const { components: count = 0, testRuns: runCount = 0 } = wanted;
  const sorted = [...pdb.dataset.components].sort((a, b) => b.testRuns.length - a.testRuns.length);
  const runs = runCount > 0 ? sorted.flatMap(({ testRuns }) => testRuns) : [];
  const picked = {
    components: sorted.slice(0, count).map(({ serialNumber }) => serialNumber),
    testRuns: runs.slice(0, runCount).map(({ id }) => id),
  };
  let most = 0;
  // A client has no more connections than requests that were open at once.
  setInterval(() => {
    most = Math.max(most, pdb.openConnections);
  }, 1);
  process.on('message', () => {
    process.send?.(most);
    most = 0;
  });
  process.send?.({ userOptions: pdb.userOptions, apiUrl: pdb.apiUrl, picked });
}

if (process.send !== undefined && process.argv[1] === FILE)
  await serve(JSON.parse(process.argv[2]), JSON.parse(process.argv[3]));
