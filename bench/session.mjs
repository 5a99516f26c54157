/**
 * What a session costs on top of the HTTP client that it wraps, and on top of Node's own.
 *
 *   node --expose-gc bench/session.mjs
 *
 * All contenders ask for the same 2 kB of JSON with the same JSON body and the same bearer, over as many kept-alive
 * connections as there are requests at a time, and parse the answer. With its cache the session looks for each answer there
 * first, and finds none: the server says of none how long it may be kept, as the database does.
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
const DATA = { component: '20USBML1234567' };

const directory = await mkdtemp(join(tmpdir(), 'itkdb-bench-'));
const server = await startServer({ bytes: 2000 });
let next = 0;
const rows = [];
for (const concurrency of [1, 32]) rows.push(...(await compare(concurrency)));
server.stop();
await rm(directory, { recursive: true, force: true });
printTable(
  `Session overhead: ${REQUESTS} reads of 2 kB a round`,
  ['at a time', 'client', 'µs a read', 'times axios', 'times node:http'],
  rows,
);

/** @param {number} concurrency */
async function compare(concurrency) {
  const agents = [0, 1].map(() => new http.Agent({ keepAlive: true, maxSockets: concurrency }));
  const client = axios.create({
    baseURL: server.url,
    httpAgent: agents[0],
    headers: { Authorization: 'Bearer token' },
  });
  const user = { authenticate: () => true, bearer: 'token' };
  const options = { user, prefixUrl: server.url, maxConcurrency: concurrency };
  const session = new Session({ ...options, cache: false });
  const caching = new Session({ ...options, cache: directory });
  const samples = await interleave(
    {
      itkdb: () => repeat(REQUESTS, concurrency, () => session.get('getComponent', { data: DATA })),
      'itkdb, cache on': () =>
        repeat(REQUESTS, concurrency, () =>
          caching.get('getComponent', { data: { component: `${next++}` } }),
        ),
      axios: () => repeat(REQUESTS, concurrency, () => client.get('getComponent', { data: DATA })),
      'node:http': () => repeat(REQUESTS, concurrency, () => read(agents[1])),
    },
    { rounds: 9, warmup: 2 },
  );
  await session.close();
  await caching.close();
  for (const agent of agents) agent.destroy();
  return Object.keys(samples).map((name) => [
    String(concurrency),
    name,
    formatSpread(spread(samples[name].map(({ wall }) => (wall * 1000) / REQUESTS))),
    formatSpread(ratio(samples, name, 'axios')),
    formatSpread(ratio(samples, name, 'node:http')),
  ]);
}

/** @param {http.Agent} agent */
function read(agent) {
  const body = JSON.stringify(DATA);
  const headers = {
    Authorization: 'Bearer token',
    'Content-Type': 'application/json',
    'Content-Length': Buffer.byteLength(body),
  };
  return new Promise((resolve, reject) => {
    const request = http.request(
      `${server.url}getComponent`,
      { method: 'GET', headers, agent },
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
