import { createServer, type Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { InvalidResponse, Session, Timeout } from '../../src/index.js';
import { failure } from '../helpers/failure.js';
import { listen } from '../helpers/listen.js';
import { MockUser } from '../helpers/mock-user.js';
import { withOrigin } from '../helpers/with-origin.js';

/** A server that writes `first` in answer to a request, and `more` again and again. */
async function drip(first: string, more: string): Promise<AsyncDisposable & { readonly session: Session }> {
  const server = createServer((socket: Socket) => {
    socket.on('error', () => {});
    socket.once('data', () => {
      socket.write(first);
      const timer = setInterval(() => socket.write(more), 20);
      socket.once('close', () => clearInterval(timer));
    });
  });
  const { url, close } = await listen(server);
  const session = new Session({
    user: new MockUser(),
    prefixUrl: url,
    cache: false,
    retry: false,
    timeout: 300,
  });
  return {
    session,
    async [Symbol.asyncDispose]() {
      await session.close();
      await close();
    },
  };
}

describe('a response head that never ends is a Timeout', () => {
  it.each([
    ['with interim responses', '', 'HTTP/1.1 102 Processing\r\n\r\n'],
    ['with a header that comes byte by byte', 'HTTP/1.1 200 OK\r\nX: ', 'x'],
  ])('%s', async (_, first, more) => {
    await using world = await drip(first, more);
    const { message } = await failure(world.session.get('x'), Timeout);
    expect(message).toContain('the head of the response was not complete within 300 ms');
  });
});

it('an interim response (1xx) is skipped', async () => {
  await using world = await drip(
    'HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok',
    '',
  );
  await expect(world.session.get('x')).resolves.toMatchObject({ status: 200, data: 'ok' });
});

it.each(['042', '600', '999'])('the status %s is an InvalidResponse at once', async (status) => {
  await using world = await drip(`HTTP/1.1 ${status} Odd\r\nContent-Length: 100\r\n\r\n`, '');
  await failure(world.session.post('x', {}), InvalidResponse);
});

describe('the cookies of an origin', () => {
  it('are the 50 newest', async () => {
    let count = 0;
    await using world = await withOrigin((_, response) =>
      response.setHeader('Set-Cookie', `name${count++}=value`).end(),
    );
    for (let request = 0; request < 60; request++) await world.session.get('x');
    await world.session.get('last');
    const cookies = world.origin.requests.at(-1)?.headers.cookie?.split('; ') ?? [];
    expect(cookies).toHaveLength(50);
    expect(cookies).toContain('name59=value');
    expect(cookies).not.toContain('name9=value');
  });

  it('make a header of at most 8 KiB', async () => {
    let count = 0;
    await using world = await withOrigin((_, response) =>
      response.setHeader('Set-Cookie', `name${count++}=${'x'.repeat(1000)}`).end(),
    );
    for (let request = 0; request < 20; request++) await world.session.get('x');
    await world.session.get('last');
    const header = world.origin.requests.at(-1)?.headers.cookie ?? '';
    expect(header.length).toBeLessThanOrEqual(8 * 1024);
    expect(header.length).toBeGreaterThan(6 * 1024);
    expect(header).toContain('name19=');
  });
});
