/**
 * A server for benchmarks, in a process of its own so that its work does not count as the client's.
 *
 *   const server = await startServer({ bytes: 2000, delay: 0 });
 *   const requests = await server.count();
 */

import { fork } from 'node:child_process';
import { createServer } from 'node:http';
import { fileURLToPath } from 'node:url';

const FILE = fileURLToPath(import.meta.url);

/**
 * @typedef {object} ServerOptions
 * @property {number} bytes length of each response body, which is JSON
 * @property {number} [delay] milliseconds from a request to its response (0)
 */

/**
 * @typedef {object} RunningServer
 * @property {string} url
 * @property {() => Promise<number>} count the number of requests so far
 * @property {() => void} stop
 */

/**
 * Starts a server that sends the same response to every request.
 *
 * @param {ServerOptions} options
 * @returns {Promise<RunningServer>}
 */
export async function startServer(options) {
  const child = fork(FILE, [JSON.stringify(options)]);
  const port = await new Promise((resolve, reject) => {
    child.once('message', resolve);
    child.once('exit', reject);
  });
  const count = () =>
    new Promise((resolve) => {
      child.once('message', resolve);
      child.send('count');
    });
  return { url: `http://127.0.0.1:${port}/`, count, stop: () => child.kill() };
}

/** @param {ServerOptions} options */
function serve({ bytes, delay = 0 }) {
  const frame = JSON.stringify({ text: '' });
  const body = Buffer.from(JSON.stringify({ text: 'x'.repeat(bytes - frame.length) }));
  const headers = { 'Content-Type': 'application/json; charset=UTF-8', 'Content-Length': body.length };
  // Without this, it would outlive a benchmark that failed.
  process.once('disconnect', () => process.exit());
  let requests = 0;
  process.on('message', () => process.send?.(requests));
  const server = createServer((request, response) => {
    requests += 1;
    const answer = () => response.writeHead(200, headers).end(body);
    request.resume().on('end', () => (delay > 0 ? setTimeout(answer, delay) : answer()));
  });
  // A contender's idle connections stay open while the others are measured.
  server.keepAliveTimeout = 3_600_000;
  server.listen({ port: 0, host: '127.0.0.1', backlog: 4096 }, () => process.send?.(server.address().port));
}

if (process.send !== undefined && process.argv[1] === FILE) serve(JSON.parse(process.argv[2]));
