/**
 * Scores `Session` as a private cache with the public HTTP cache test suite, the one behind https://cache-tests.fyi.
 *
 *     HTTP_CACHE_TESTS=/path/of/cache-tests npm run conformance
 *
 * Exits with 1 where a response was reused that must not be, and where no test was run.
 */

import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { KINDS, score } from './score.mjs';
import { createSessionFetch } from './session-fetch.mjs';

/** Tests under way at a time: many of them wait for three seconds until a response is stale. */
const CONCURRENCY = 40;

const suite = findSuite();
const load = (/** @type {string} */ file) => import(pathToFileURL(join(suite, file)).href);
const server = await startServer();
const origin = `http://127.0.0.1:${/** @type {import('node:net').AddressInfo} */ (server.address()).port}`;
const directory = await mkdtemp(join(tmpdir(), 'itkdb-conformance-'));
const client = createSessionFetch(origin, directory);

const sets = (await load('tests/index.mjs')).default;
const { runTests, getResults } = await load('test-engine/client/runner.mjs');
// The suite calls the global `fetch`. Its requests that configure its own server are not for the client.
const plainFetch = globalThis.fetch;
globalThis.fetch = (/** @type {any} */ url, /** @type {any} */ init) =>
  /** @type {any} */ (
    new URL(url).pathname.startsWith('/test/') ? client.fetch(url, init) : plainFetch(url, init)
  );
// Older states of the suite were given the `fetch` that they call.
if (runTests.length >= 4) await runTests(sets, globalThis.fetch, true, origin, CONCURRENCY);
else await runTests(sets, true, origin, CONCURRENCY);

await client.close();
server.closeAllConnections();
server.close();
await rm(directory, { recursive: true, force: true });
process.exitCode = report() ? 0 : 1;

function findSuite() {
  const path = process.env['HTTP_CACHE_TESTS'];
  if (path && existsSync(join(path, 'tests', 'index.mjs')) && existsSync(join(path, 'test-engine'))) {
    return resolve(path);
  }
  print(
    `${path ? `There is no suite in ${path}.` : 'HTTP_CACHE_TESTS is not set.'} It must name a checkout of the suite:\n
  git clone https://github.com/http-tests/cache-tests.git
  HTTP_CACHE_TESTS=$PWD/cache-tests npm run conformance\n`,
  );
  process.exit(2);
}

/** The suite's own server listens on every interface; this one only on loopback. */
async function startServer() {
  const names = ['config', 'state', 'test'];
  const handlers = await Promise.all(names.map((name) => load(`test-engine/server/handle-${name}.mjs`)));
  const server = createServer((request, response) => {
    const [, name = '', ...segments] = new URL(request.url ?? '/', 'http://localhost').pathname.split('/');
    const handler = handlers[names.indexOf(name)];
    if (handler) handler.default(segments, request, response);
    else response.writeHead(404).end();
  });
  await new Promise((done) => server.listen(0, '127.0.0.1', () => done(undefined)));
  return server;
}

/** Prints the score; false where a response was reused that must not be, and where no test was run. */
function report() {
  const sums = score(
    sets.flatMap((/** @type {any} */ set) => set.tests),
    getResults(),
  );
  for (const [kind, name] of /** @type {['required' | 'optimal', string][]} */ (Object.entries(KINDS))) {
    const { passed, total, failures } = sums[kind];
    print(`\n${name}: ${passed} of ${total}`);
    for (const { id, reason } of failures) print(`  ${id.padEnd(46)} ${reason}`);
  }
  if (sums.required.total === 0 || sums.optimal.total === 0) {
    print('\nThe suite ran no test of a kind: its interface has changed.');
    return false;
  }
  const reused = sums.required.failures.filter((failure) => failure.isReuse).map(({ id }) => id);
  print(`\nreused what must not be reused: ${reused.join(', ') || 'never'}`);
  return reused.length === 0;
}

function print(/** @type {string} */ line) {
  process.stdout.write(`${line}\n`);
}
