import type { Socket } from 'node:net';
import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { Aborted, Session } from '../../src/index.js';
import { failure } from '../helpers/failure.js';
import { MockUser } from '../helpers/mock-user.js';
import { Origin, type SeenRequest } from '../helpers/origin.js';

const LARGE = Buffer.alloc(1024 * 1024 + 1, 'x');

const newSession = (origin: Origin): Session =>
  new Session({ user: new MockUser(), prefixUrl: origin.url, retry: false, cache: false });

describe('a PUT with a body of more than 1 MiB', () => {
  it('asks whether the server wants the body, and sends it when the server says so', async () => {
    await using origin = await Origin.start();
    await using session = newSession(origin);
    for (const data of [LARGE, new Blob([LARGE])]) await session.put('file', data);
    for (const { headers, body } of origin.requests) {
      expect(headers.expect).toBe('100-continue');
      expect(body).toHaveLength(LARGE.length);
    }
    expect(origin.requests).toHaveLength(2);
  });

  it('sends the body after a while to a server that does not say whether it wants it', async () => {
    await using origin = await Origin.start();
    let length = 0;
    origin.onExpect((request, response) => {
      request.on('data', (chunk: Buffer) => {
        length += chunk.length;
      });
      request.on('end', () => response.end('silent'));
    });
    await using session = newSession(origin);
    expect((await session.put('file', LARGE)).data).toBe('silent');
    expect(length).toBe(LARGE.length);
  });

  it('sends no body to a server that answers at once, and can be sent again', async () => {
    await using origin = await Origin.start((_, response) => response.end('done'));
    let length = 0;
    origin.onExpect((request, response) => {
      request.on('data', (chunk: Buffer) => {
        length += chunk.length;
      });
      response.writeHead(503, { connection: 'close' }).end();
    });
    await using session = newSession(origin);
    const put = session.put('file', new Blob([LARGE]), { validateStatus: null });
    expect((await put).status).toBe(503);
    expect(length).toBe(0);
  });

  it('is sent again without the question, where the server answers that with 417', async () => {
    await using origin = await Origin.start();
    const asked: (string | undefined)[] = [];
    origin.onExpect(({ headers }, response) => {
      asked.push(headers.expect);
      response.writeHead(417).end('no');
    });
    await using session = newSession(origin);
    for (const data of [LARGE, new Blob([LARGE])]) expect((await session.put('file', data)).status).toBe(200);
    expect(asked).toEqual(['100-continue', '100-continue']);
    expect(origin.requests.map(({ headers, body }) => [headers.expect, body.length])).toEqual([
      [undefined, LARGE.length],
      [undefined, LARGE.length],
    ]);
  });

  it('leaves no connection open where the server answers early', async () => {
    await using origin = await Origin.start();
    const sockets = new Set<Socket>();
    origin.onExpect(({ socket }, response) => {
      sockets.add(socket);
      response.writeHead(413).end('too large');
    });
    await using session = newSession(origin);
    const put = (): Promise<unknown> => session.put('file', new Blob([LARGE]), { validateStatus: null });
    await Promise.all(Array.from({ length: 50 }, put));
    expect(sockets.size).toBe(50);
    await expect.poll(() => [...sockets].filter(({ destroyed }) => !destroyed)).toEqual([]);
  });

  it('ends when it is aborted before the server has said whether it wants the body', async () => {
    await using origin = await Origin.start();
    const controller = new AbortController();
    origin.onExpect(() => controller.abort());
    await using session = newSession(origin);
    await failure(session.put('file', LARGE, { signal: controller.signal }), Aborted);
  });
});

it.each<[string, (session: Session) => Promise<unknown>]>([
  ['a PUT with a body of 1 MiB', (session) => session.put('file', LARGE.subarray(1))],
  ['a PUT with a body of unknown length', (session) => session.put('file', Readable.from([LARGE]))],
  ['a POST', (session) => session.post('file', LARGE)],
])('%s does not ask', async (_, send) => {
  await using origin = await Origin.start();
  await using session = newSession(origin);
  await send(session);
  const [request] = origin.requests as [SeenRequest];
  expect(request.headers.expect).toBeUndefined();
});
