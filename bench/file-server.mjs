/**
 * A database and its EOS for benchmarks of files, in a process of its own. It keeps nothing: what it is sent is thrown away,
 * and what it sends is zeros.
 *
 *   const { url, stop } = await startFileServer(200_000_000);
 */

import { fork } from 'node:child_process';
import { createServer } from 'node:http';
import { fileURLToPath } from 'node:url';

const FILE = fileURLToPath(import.meta.url);
const ZEROS = Buffer.alloc(1024 * 1024);
const CODE = 'c0de'.repeat(8);

/**
 * Starts the server.
 *
 * @param {number} size of the file that it sends, in bytes
 * @returns {Promise<{ url: string, stop: () => void }>}
 */
export async function startFileServer(size) {
  const child = fork(FILE, [String(size)]);
  const port = await new Promise((resolve, reject) => {
    child.once('message', resolve);
    child.once('exit', reject);
  });
  return { url: `http://127.0.0.1:${port}/`, stop: () => child.kill() };
}

/** @param {number} size */
function serve(size) {
  // Without this, it would outlive a benchmark that failed.
  process.once('disconnect', () => process.exit());
  const server = createServer((request, response) => {
    const json = (/** @type {object} */ value, status = 200) =>
      response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(value));
    const command = new URL(request.url ?? '', 'http://localhost').pathname.slice(1);
    if (command === 'getComponentAttachment') return sendFile(response, size);
    request.resume().on('end', () => {
      if (request.method === 'PUT') return response.writeHead(201).end();
      if (command === 'getComponent') return json({ id: 'a'.repeat(24), attachments: null });
      const url = `http://127.0.0.1:${server.address().port}/eos/${CODE}`;
      return json({ code: CODE, url, token: 'zteos64:a-token' });
    });
  });
  server.requestTimeout = 0;
  server.listen(0, '127.0.0.1', () => process.send?.(server.address().port));
}

/**
 * @param {import('node:http').ServerResponse} response
 * @param {number} size
 */
function sendFile(response, size) {
  response.writeHead(200, {
    'Content-Type': 'application/octet-stream',
    'Content-Length': size,
    'Content-Disposition': 'inline; filename="zeros.dat"',
  });
  let left = size;
  const write = () => {
    while (left > 0) {
      const chunk = left < ZEROS.length ? ZEROS.subarray(0, left) : ZEROS;
      left -= chunk.length;
      if (!response.write(chunk)) return response.once('drain', write);
    }
    return response.end();
  };
  write();
}

if (process.send !== undefined && process.argv[1] === FILE) serve(Number(process.argv[2]));
