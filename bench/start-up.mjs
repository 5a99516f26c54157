/**
 * What a fresh process costs: until the package is imported, and until it has its first response.
 *
 *   node bench/start-up.mjs
 *
 * The first response is 2 kB of JSON over loopback, with a user that has a token already. The times include the start of
 * Node itself, which is measured too and subtracted for the column "without Node".
 */

import { execFileSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { formatSpread, interleave, printTable, spread } from './harness.mjs';
import { startServer } from './server.mjs';

const PROCESSES = 5;

const server = await startServer({ bytes: 2000 });
// The session's cache is created in the working directory.
const cwd = await mkdtemp(join(tmpdir(), 'itkdb-bench-'));

const prefixUrl = JSON.stringify(server.url);
const check = "if (data.text.length < 1900) throw new Error('not the response'); process.exit();";
const [axios, itkdb, testing] = ['axios', 'itkdb', 'itkdb/testing'].map((name) =>
  JSON.stringify(import.meta.resolve(name)),
);
const SCRIPTS = {
  nothing: '',
  'import axios': `import ${axios}`,
  'import itkdb': `import ${itkdb}`,
  'import itkdb/testing': `import ${testing}`,
  'first response: axios': `
    import axios from ${axios};
    const client = axios.create({ baseURL: ${prefixUrl}, headers: { Authorization: 'Bearer token' } });
    const { data } = await client.get('getComponent', { data: { component: 'x' } });
    ${check}`,
  'first response: itkdb': `
    import { Session } from ${itkdb};
    const user = { authenticate: () => true, bearer: 'token' };
    const session = new Session({ user, prefixUrl: ${prefixUrl} });
    const { data } = await session.get('getComponent', { data: { component: 'x' } });
    ${check}`,
};

const contenders = Object.fromEntries(
  Object.entries(SCRIPTS).map(([name, source]) => [name, () => start(source)]),
);
const samples = await interleave(contenders, { rounds: 9 });
server.stop();
await rm(cwd, { recursive: true, force: true });
printTable(
  `Start-up: ${PROCESSES} processes a round`,
  ['script', 'ms a process', 'times axios', 'without Node'],
  Object.keys(SCRIPTS).map((name) => [name, formatSpread(spread(wallOf(name))), ...ratios(name)]),
);

/**
 * The two ratios to the script that does the same with axios, with and without the start of Node.
 *
 * @param {string} name
 */
function ratios(name) {
  if (name === 'nothing') return ['', ''];
  const other = name.startsWith('import') ? 'import axios' : 'first response: axios';
  const [ours, theirs, nothing] = [wallOf(name), wallOf(other), wallOf('nothing')];
  return [
    ours.map((wall, round) => wall / theirs[round]),
    ours.map((wall, round) => (wall - nothing[round]) / (theirs[round] - nothing[round])),
  ].map((values) => formatSpread(spread(values)));
}

/**
 * Milliseconds a process, for each round.
 *
 * @param {string} name
 */
function wallOf(name) {
  return samples[name].map(({ wall }) => wall / PROCESSES);
}

/** @param {string} source */
function start(source) {
  for (let index = 0; index < PROCESSES; index += 1)
    execFileSync(process.execPath, ['--input-type=module', '--eval', source], { cwd });
}
