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
