/**
 * The server of the benchmark, a process of its own, so that the client's work alone is measured.
 * `/<bytes>/<anything>` is a JSON answer of about that size that may be reused for an hour.
 */

import { createServer } from 'node:http';

const bodies = new Map();
let asked = 0;

const server = createServer((request, response) => {
  asked += 1;
  const bytes = Number(request.url?.split('/')[1]);
  const body = bodies.get(bytes) ?? makeBody(bytes);
  bodies.set(bytes, body);
  response.writeHead(200, {
    'Content-Type': 'application/json',
    'Content-Length': body.length,
    'Cache-Control': 'max-age=3600',
    ETag: `"${bytes}"`,
  });
  response.end(body);
});

// No client is to find its idle socket closed while others take their turns.
server.keepAliveTimeout = 3_600_000;
server.listen(0, '127.0.0.1', () => {
  process.send?.(/** @type {import('node:net').AddressInfo} */ (server.address()).port);
});
process.on('message', () => process.send?.(asked));
// The parent holds the channel: when it has gone, so does this.
process.on('disconnect', () => process.exit());

/** A page of components, as the database lists them. */
function makeBody(/** @type {number} */ bytes) {
  /** @type {object[]} */
  const itemList = [];
  for (let length = 60; length < bytes; length += 232) {
    const index = itemList.length;
    itemList.push({
      id: index.toString(16).padStart(24, '0'),
      serialNumber: `20USBML${String(1_000_000 + index)}`,
      componentType: { code: 'MODULE', name: 'Module' },
      currentStage: { code: 'BONDED', name: 'Bonded', order: index % 9 },
      trashed: false,
      reworked: index % 7 === 0,
      properties: [0.125 * index, index % 3 === 0 ? null : 'R0'],
    });
  }
  return Buffer.from(JSON.stringify({ itemList, pageInfo: { pageIndex: 0, pageSize: itemList.length } }));
}
