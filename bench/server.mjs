/**
 * A server for benchmarks, in a process of its own so that its work does not count as the client's.
 *
 *   const server = await startServer({ bytes: 2000, delay: 0 });
 */

import { fork } from 'node:child_process';
import { createServer } from 'node:http';
import { fileURLToPath } from 'node:url';

const FILE = fileURLToPath(import.meta.url);

/**
 * @typedef {object} ServerOptions
 * @property {number} bytes length of each answer, which is JSON
 * @property {number} [delay] milliseconds from a request to its answer (0)
 */

/**
 * Starts a server that answers everything alike.
 *
 * @param {ServerOptions} options
 * @returns {Promise<{ url: string, stop: () => void }>}
 */
export async function startServer(options) {
  const child = fork(FILE, [JSON.stringify(options)]);
  const port = await new Promise((resolve, reject) => {
    child.once('message', resolve);
    child.once('exit', reject);
  });
  return { url: `http://127.0.0.1:${port}/`, stop: () => child.kill() };
}

/** @param {ServerOptions} options */
function serve({ bytes, delay = 0 }) {
  const frame = JSON.stringify({ text: '' });
  const body = Buffer.from(JSON.stringify({ text: 'x'.repeat(bytes - frame.length) }));
  const headers = { 'Content-Type': 'application/json; charset=UTF-8', 'Content-Length': body.length };
  const server = createServer((request, response) => {
    const answer = () => response.writeHead(200, headers).end(body);
    request.resume().on('end', () => (delay > 0 ? setTimeout(answer, delay) : answer()));
  });
  server.listen({ port: 0, host: '127.0.0.1', backlog: 4096 }, () => process.send?.(server.address().port));
}

if (process.send !== undefined && process.argv[1] === FILE) serve(JSON.parse(process.argv[2]));
