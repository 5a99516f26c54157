import { describe, expect, it } from 'vitest';
import { Forbidden, InvalidInvocation, NotFound, Session } from '../../src/index.js';
import { startDatabase } from '../helpers/database.js';
import { failure } from '../helpers/failure.js';
import { Origin } from '../helpers/origin.js';
import { stopClock } from '../helpers/stopped-clock.js';
import { withOrigin } from '../helpers/with-origin.js';

const { pdb, newSession } = await startDatabase({ components: 10 });

describe('the bearer', () => {
  it('is asked for before every request under the prefix', async () => {
    stopClock();
    await using world = await withOrigin();
    await world.session.get('a');
    await world.session.get(`${world.origin.url}b`);
    await world.session.post('c');
    expect(world.user.authentications).toBe(3);
    for (const { headers } of world.origin.requests)
      expect(headers.authorization).toBe(`Bearer ${world.user.bearer}`);
  });

  it('is neither asked for nor sent elsewhere', async () => {
    await using world = await withOrigin();
    await using elsewhere = await Origin.start();
    const { port } = new URL(world.origin.url);
    await world.session.get(elsewhere.url);
    await world.session.get(`http://user:pass@127.0.0.1:${port}/x`);
    await world.session.get(`http://localhost:${port}/x`).catch(() => {});
    expect(world.user.authentications).toBe(0);
    expect(elsewhere.requests[0]?.headers.authorization).toBeUndefined();
    expect(world.origin.requests[0]?.headers.authorization).toBe(`Basic ${btoa('user:pass')}`);
  });

  it('is not sent above the path of the prefix', async () => {
    await using world = await withOrigin();
    await using session = new Session({ user: world.user, prefixUrl: `${world.origin.url}api/v1` });
    for (const url of ['x', '../x', '/x', '/api/v10/x', 'a/..%2f..%2fx']) await session.get(url);
    expect(
      world.origin.requests.map(({ url, headers }) => [url, headers.authorization !== undefined]),
    ).toEqual([
      ['/api/v1/x', true],
      ['/api/x', false],
      ['/x', false],
      ['/api/v10/x', false],
      ['/api/v1/a/..%2f..%2fx', false],
    ]);
  });

  it('gives way to the credentials of a caller without a password', async () => {
    await using world = await withOrigin((request, response) =>
      request.url === '/404'
        ? response.writeHead(404).end()
        : response.setHeader('Cache-Control', 'max-age=9').end(),
    );
    const auth = { username: 'u' } as { username: string; password: string };
    const { config } = await world.session.get('x', { auth });
    expect(config.url).toBe(`${world.origin.url}x`);
    await failure(world.session.get('404', { auth }), NotFound);
    expect(world.origin.requests[0]?.headers.authorization).toBe(`Basic ${btoa('u:')}`);
  });

  it('gives way to the credentials of the caller, or to none', async () => {
    await using world = await withOrigin();
    await world.session.get('x', { auth: { username: 'u', password: 'p' } });
    await world.session.get('x', { auth: false });
    await world.session.get('x', { auth: false, headers: { Authorization: 'Bearer of-the-caller' } });
    expect(world.user.authentications).toBe(0);
    expect(world.origin.requests.map(({ headers }) => headers.authorization)).toEqual([
      `Basic ${btoa('u:p')}`,
      undefined,
      'Bearer of-the-caller',
    ]);
  });

  it('takes the place of a header of the caller', async () => {
    await using world = await withOrigin();
    await world.session.get('x', { headers: { authorization: 'Bearer of-the-caller' } });
    expect(world.origin.requests[0]?.headers.authorization).toBe(`Bearer ${world.user.bearer}`);
  });

  it.each(['', 'two words', 'line\r\nX-Injected: 1', 'ünïcode', undefined, 5])(
    'that is %j is refused',
    async (bearer) => {
      await using world = await withOrigin();
      const user = { authenticate: () => true, bearer: bearer as string };
      await using session = new Session({ user, prefixUrl: world.origin.url });
      const exception = await failure(session.get('x'), InvalidInvocation);
      expect(exception.message).toMatch(/^the user's `bearer` must be a token of printable characters/);
      expect(world.origin.requests).toEqual([]);
    },
  );

  it('that cannot be had fails the request with the reason of the user, before anything is sent', async () => {
    await using world = await withOrigin();
    const reason = new Error('no bearer today');
    for (const authenticate of [
      () => Promise.reject(reason),
      () => {
        throw reason;
      },
    ]) {
      await using session = new Session({ user: { authenticate, bearer: '' }, prefixUrl: world.origin.url });
      await expect(session.get('x')).rejects.toBe(reason);
    }
    expect(world.origin.requests).toEqual([]);
  });
});

describe('a 401 for a token that seemed good', () => {
  it('is answered by one more authentication and one more try', async () => {
    await using session = newSession();
    await session.get('listProjects');
    pdb.identity.revokeTokens();
    await expect(session.get('listProjects', { data: { pageInfo: { pageSize: 1 } } })).resolves.toMatchObject(
      { status: 200 },
    );
    expect(pdb.requests.map(({ command }) => command).slice(3)).toEqual([
      'listProjects',
      'grantToken',
      'listProjects',
    ]);
    expect(pdb.requests.at(-1)?.body).toBe(pdb.requests.at(-3)?.body);
  });

  it('is Forbidden the second time', async () => {
    await using session = newSession();
    pdb.fault({ on: 'listProjects', status: 401, times: 2 });
    await failure(session.get('listProjects'), Forbidden);
    expect(pdb.count('listProjects')).toBe(2);
    expect(pdb.count('grantToken')).toBe(2);
  });

  it('costs one grant for a hundred requests at once', async () => {
    await using session = newSession();
    await session.get('listProjects');
    pdb.identity.revokeTokens();
    pdb.reset();
    await Promise.all(Array.from({ length: 100 }, () => session.get('listProjects')));
    expect(pdb.count('grantToken')).toBe(1);
    // Those that had to wait for their turn were sent with the new token.
    expect(pdb.count('listProjects')).toBeLessThan(200);
  });

  it('sends a write again, for it was refused, with the same body', async () => {
    stopClock();
    let answers = 0;
    await using world = await withOrigin((_, response) =>
      response.writeHead(++answers === 1 ? 401 : 200).end(),
    );
    const form = new FormData();
    form.set('title', 'x');
    await world.session.post('x', form);
    expect(world.origin.requests.map(({ body }) => body.replace(/axios-.*/g, ''))).toHaveLength(2);
    expect(world.origin.requests[1]?.body).toContain('name="title"');
    expect(world.user.authentications).toBe(2);
  });

  it('does not repeat what cannot be sent twice, nor what had no token', async () => {
    await using world = await withOrigin((_, response) => response.writeHead(401).end());
    const { Readable } = await import('node:stream');
    await failure(world.session.post('x', Readable.from(['a', 'b'])), Forbidden);
    await failure(world.session.get('x', { auth: false }), Forbidden);
    expect(world.origin.requests).toHaveLength(2);
  });
});
