/**
 * What a session costs beside axios, and beside Node's own HTTP client.
 *
 *   node --expose-gc bench/session.mjs
 *
 * All contenders read 2 kB of JSON with a JSON body and the same token, over as many kept-alive connections as there are
 * concurrent requests, and parse the response. Each request has a body of its own, and the server's count is checked: a
 * session that answers from its cache, or lets requests share one response, is an error. `itkdb` has the default options: its
 * cache is on, its directory is empty, and no response says how long it may be stored, as those of the database.
 */

import { mkdtemp, rm } from 'node:fs/promises';
import http from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import axios from 'axios';
import { Session } from 'itkdb';
import { formatSpread, interleave, printTable, ratio, repeat, spread } from './harness.mjs';
import { startServer } from './server.mjs';

const REQUESTS = 2000;
const TOKEN = 'token';

const server = await startServer({ bytes: 2000 });
const rows = [];
let lastBody = 0;
for (const concurrency of [1, 32]) rows.push(...(await compare(concurrency)));
server.stop();
printTable(
  `Session overhead: ${REQUESTS} reads of 2 kB a round`,
  ['concurrent', 'client', 'µs a read', 'times axios', 'times node:http'],
  rows,
);

/** @param {number} concurrency */
async function compare(concurrency) {
  const directory = await mkdtemp(join(tmpdir(), 'itkdb-bench-'));
  // The default cache is a directory in the working directory.
  process.chdir(directory);
  const agents = [0, 1].map(() => new http.Agent({ keepAlive: true, maxSockets: concurrency }));
  const client = axios.create({
    baseURL: server.url,
    httpAgent: agents[0],
    headers: { Authorization: `Bearer ${TOKEN}` },
  });
  const user = { authenticate: () => true, bearer: TOKEN };
  const options = { user, prefixUrl: server.url, maxConcurrency: concurrency };
  const uncached = new Session({ ...options, cache: false });
  const session = new Session(options);
  const samples = await interleave(
    {
      'itkdb, cache: false': () => counted(concurrency, (data) => uncached.get('getComponent', { data })),
      itkdb: () => counted(concurrency, (data) => session.get('getComponent', { data })),
      axios: () => counted(concurrency, (data) => client.get('getComponent', { data })),
      'node:http': () => counted(concurrency, (data) => read(agents[1], data)),
    },
    { rounds: 9, warmup: 2 },
  );
  await uncached.close();
  await session.close();
  for (const agent of agents) agent.destroy();
  process.chdir('/');
  await rm(directory, { recursive: true, force: true });
  return Object.keys(samples).map((name) => [
    String(concurrency),
    name,
    formatSpread(spread(samples[name].map(({ wall }) => (wall * 1000) / REQUESTS))),
    formatSpread(ratio(samples, name, 'axios')),
    formatSpread(ratio(samples, name, 'node:http')),
  ]);
}

/**
 * Sends the requests of one round. Returns the milliseconds that they took.
 *
 * @param {number} concurrency
 * @param {(data: { component: string }) => Promise<unknown>} send
 * @returns {Promise<number>}
 * @throws {Error} where the server did not receive every one of them
 */
async function counted(concurrency, send) {
  const before = await server.count();
  const start = performance.now();
  await repeat(REQUESTS, concurrency, () => {
    lastBody += 1;
    return send({ component: `20USBML${lastBody}` });
  });
  const elapsed = performance.now() - start;
  const received = (await server.count()) - before;
  if (received !== REQUESTS) throw new Error(`${REQUESTS} requests were made, but ${received} received`);
  return elapsed;
}

/**
 * @param {http.Agent} agent
 * @param {{ component: string }} data
 */
function read(agent, data) {
  const body = JSON.stringify(data);
  const headers = {
    Authorization: `Bearer ${TOKEN}`,
    'Content-Type': 'application/json',
    'Content-Length': Buffer.byteLength(body),
  };
  return new Promise((resolve, reject) => {
    const request = http.request(
      `${server.url}getComponent`,
      { method: 'GET', agent, headers },
      (response) => {
        const chunks = [];
        response.on('data', (chunk) => chunks.push(chunk));
        response.on('end', () => resolve(JSON.parse(Buffer.concat(chunks).toString())));
        response.on('error', reject);
      },
    );
    request.on('error', reject).end(body);
  });
}
