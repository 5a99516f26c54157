/**
 * The files and functions of the package that one warm request runs.
 *
 *   npm run bench:trace             how many
 *   npm run bench:trace -- --list   and which ones
 *
 * V8's precise coverage counts the calls of each function during the last of several equal requests.
 */

import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { Session as Inspector } from 'node:inspector/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { print, printTable } from './harness.mjs';

// Compiled file by file, which the package is not.
const DIST = new URL('../node_modules/.cache/trace/', import.meta.url).href;
/** @type {typeof import('itkdb')} */
const { Session } = await import(`${DIST}index.js`);

const WARM_UP = 5;

/** @typedef {{ file: string, line: number, name: string, calls: number }} Traced one function that ran */

const inspector = new Inspector();
inspector.connect();
await inspector.post('Profiler.enable');
await inspector.post('Profiler.startPreciseCoverage', { callCount: true, detailed: false });
await inspector.post('Debugger.enable');

const server = createServer(respond).listen(0, '127.0.0.1');
await once(server, 'listening');
const prefixUrl = `http://127.0.0.1:${server.address().port}/`;
const directory = await mkdtemp(join(tmpdir(), 'itkdb-bench-'));
// The default cache is a directory in the working directory.
process.chdir(directory);

/** The tokens that `/expired` was sent. */
const usedTokens = new Set();

/** Requests, each with the session that sends it. */
const REQUESTS = {
  'GET, cache: false': [{ cache: false }, 'getComponent'],
  'GET, default options': [{}, 'getComponent'],
  '401, new token, repeat': [{ cache: false }, 'expired'],
  '400, BadRequest': [{ cache: false }, 'refused'],
};

/** @type {Record<string, Traced[]>} */
const traces = {};
for (const [name, [options, url]] of Object.entries(REQUESTS)) traces[name] = await trace(options, url);

server.close();
process.chdir('/');
await rm(directory, { recursive: true, force: true });

if (process.argv.includes('--list')) for (const [name, traced] of Object.entries(traces)) list(name, traced);
printTable(
  'Files and functions of the package that run for one warm request',
  ['request', 'files', 'functions', 'calls'],
  Object.entries(traces).map(([name, traced]) =>
    [
      name,
      new Set(traced.map(({ file }) => file)).size,
      traced.length,
      traced.reduce((sum, { calls }) => sum + calls, 0),
    ].map(String),
  ),
);

/**
 * Sends a request until it is warm, and then once more, which is traced.
 *
 * @param {object} options
 * @param {string} url
 * @returns {Promise<Traced[]>}
 */
async function trace(options, url) {
  const session = new Session({ user: createUser(), prefixUrl, ...options });
  let component = 0;
  const send = async () => {
    component += 1;
    await session.get(url, { data: { component } }).catch(({ status }) => {
      if (status !== 400) throw new Error(`${url}: ${status}`);
    });
    await setImmediate();
  };
  for (let sent = 0; sent < WARM_UP; sent += 1) await send();
  await inspector.post('Profiler.takePreciseCoverage');
  await send();
  const { result } = await inspector.post('Profiler.takePreciseCoverage');
  await session.close();
  const ours = result.filter(({ url }) => url.startsWith(DIST));
  ours.sort((a, b) => (a.url < b.url ? -1 : 1));
  return (await Promise.all(ours.map(functionsOf))).flat();
}

/**
 * The functions of a script that were called.
 *
 * @param {import('node:inspector').Profiler.ScriptCoverage} script
 * @returns {Promise<Traced[]>}
 */
async function functionsOf({ scriptId, url, functions }) {
  const called = functions.filter(({ ranges }) => ranges[0].count > 0);
  if (called.length === 0) return [];
  const { scriptSource } = await inspector.post('Debugger.getScriptSource', { scriptId });
  return called.map(({ functionName, ranges: [{ startOffset, count }] }) => ({
    file: fileURLToPath(url).slice(fileURLToPath(DIST).length),
    line: scriptSource.slice(0, startOffset).split('\n').length,
    name: functionName || '(anonymous)',
    calls: count,
  }));
}

/**
 * Prints the functions of a request, by file.
 *
 * @param {string} name
 * @param {Traced[]} traced
 */
function list(name, traced) {
  print(`\n${name}`);
  let current;
  for (const { file, line, name, calls } of traced) {
    if (file !== current) print(`  ${file}`);
    current = file;
    print(`    ${String(line).padStart(4)}  ${name}${calls > 1 ? ` × ${calls}` : ''}`);
  }
}

/** Creates a user that has another token after its last one was refused. */
function createUser() {
  let tokens = 1;
  return {
    authenticate: () => true,
    get bearer() {
      return `token-${tokens}`;
    },
    invalidate() {
      tokens += 1;
    },
  };
}

/** Responds to `/refused` with 400, to `/expired` with 401 if the token was used there before, and else with 200. */
function respond(request, response) {
  const status = statusOf(request);
  const body = JSON.stringify(status === 200 ? { text: 'x'.repeat(2000) } : { uuAppErrorMap: {} });
  response.writeHead(status, { 'Content-Type': 'application/json', 'Content-Length': body.length });
  request.resume().on('end', () => response.end(body));
}

/** @param {import('node:http').IncomingMessage} request */
function statusOf({ url, headers: { authorization } }) {
  if (url === '/refused') return 400;
  if (url !== '/expired') return 200;
  if (usedTokens.has(authorization)) return 401;
  usedTokens.add(authorization);
  return 200;
}
