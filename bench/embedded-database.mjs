/**
 * What the embedded database costs: the start with 3,000 and with 100,000 components, `getComponent` with 100,000
 * components compared with 1,000, and `restore()` after 100 writes.
 *
 *   node --expose-gc bench/embedded-database.mjs
 */

import { Session } from 'itkdb';
import { startPdb } from 'itkdb/testing';
import { formatSpread, interleave, printTable, ratio, repeat, spread } from './harness.mjs';

const READS = 300;
const WRITES = 100;
const user = { authenticate: () => true, bearer: 'token' };

const starts = Object.fromEntries(
  [3000, 100_000].map((components) => [String(components), () => millisecondsToStart(components)]),
);
const started = await interleave(starts, { rounds: 3 });
globalThis.gc?.();
const before = process.memoryUsage().rss;
const pdbs = { small: await openDatabase(1000), large: await openDatabase(100_000) };
globalThis.gc?.();
const megabytes = Math.round((process.memoryUsage().rss - before) / 1e6);
printTable(
  'Embedded database: start',
  ['components', 'ms'],
  Object.keys(starts).map((name) => [name, formatSpread(spread(started[name].map(({ wall }) => wall)))]),
);
console.log(`101,000 components take ${megabytes} MB.`);

const samples = await interleave(
  {
    'getComponent, 1,000 components': () => millisecondsToRead(pdbs.small),
    'getComponent, 100,000 components': () => millisecondsToRead(pdbs.large),
    'restore after 100 writes, 1,000 components': () => millisecondsToRestore(pdbs.small),
    'restore after 100 writes, 100,000 components': () => millisecondsToRestore(pdbs.large),
  },
  { rounds: 5 },
);
printTable(
  'Embedded database: 100,000 components compared with 1,000',
  ['what', 'ms', 'ratio'],
  ['getComponent', 'restore after 100 writes'].flatMap((what) =>
    ['1,000', '100,000'].map((count) => {
      const name = `${what}, ${count} components`;
      const walls = samples[name].map(({ wall }) => wall);
      return [
        name,
        formatSpread(spread(walls)),
        formatSpread(ratio(samples, name, `${what}, 1,000 components`)),
      ];
    }),
  ),
);
for (const { pdb, session } of Object.values(pdbs)) await Promise.all([session.close(), pdb.close()]);

/** @param {number} components */
async function millisecondsToStart(components) {
  const start = performance.now();
  const pdb = await startPdb({ components });
  const time = performance.now() - start;
  await pdb.close();
  return time;
}

/** @param {number} components */
async function openDatabase(components) {
  const pdb = await startPdb({ components, bearers: ['token'], keptRequests: 10 });
  return { pdb, session: new Session({ user, prefixUrl: pdb.apiUrl, cache: false }) };
}

/** @param {Awaited<ReturnType<typeof openDatabase>>} database */
async function millisecondsToRead({ pdb, session }) {
  const { components } = pdb.dataset;
  const read = (index) => {
    const { serialNumber } = components[(index * 7919) % components.length];
    return session.get('getComponent', { data: { component: serialNumber } });
  };
  const start = performance.now();
  await repeat(READS, 1, read);
  return (performance.now() - start) / READS;
}

/** @param {Awaited<ReturnType<typeof openDatabase>>} database */
async function millisecondsToRestore({ pdb, session }) {
  const { components } = pdb.dataset;
  const snapshot = pdb.snapshot();
  await repeat(WRITES, 1, (index) =>
    session.post('createComponentComment', { component: components[index].code, comments: ['x'] }),
  );
  const start = performance.now();
  pdb.restore(snapshot);
  return performance.now() - start;
}
