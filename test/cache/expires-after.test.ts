import { describe, expect, it } from 'vitest';
import { InvalidInvocation, Session } from '../../src/index.js';
import { at, fakeClock, HOUR, isReused, pass } from '../helpers/cache-clock.js';
import { CacheWorld, numbered, numberIn } from '../helpers/cache-world.js';
import { json } from '../helpers/origin.js';

fakeClock();

describe('expiresAfter', () => {
  it('overrides the headers of a response of the database, no-store included', async () => {
    for (const headers of [
      {},
      { 'Cache-Control': 'no-store' },
      { 'Cache-Control': 'max-age=1', Expires: '0' },
    ]) {
      await using world = await CacheWorld.start(numbered(headers));
      const options = { expiresAfter: { days: 1 } };
      const session = world.session(options);
      const response = await session.get('x');
      await session.close();
      expect(response.headers).toMatchObject({
        'cache-control': 'public',
        expires: at(24 * HOUR),
        warning: '110 - Automatically cached for 1 day, 0:00:00. Response might be stale',
      });
      pass(23 * HOUR);
      await expect(world.session(options).get('x')).resolves.toMatchObject({ fromCache: true });
      pass(HOUR);
      await expect(world.session(options).get('x')).resolves.toMatchObject({ fromCache: false });
    }
  });

  it('does not apply to an HTML page, such as that of a gateway', async () => {
    await using world = await CacheWorld.start((_, response) => {
      response.writeHead(200, { 'Content-Type': 'text/html; charset=utf-8' }).end('<h1>Maintenance</h1>');
    });
    const session = world.session({ expiresAfter: { days: 1 } });
    const first = await session.get('x', { responseType: 'text' });
    expect(first.headers['warning']).toBeUndefined();
    expect((await session.get('x', { responseType: 'text' })).fromCache).toBe(false);
  });

  it.each([
    [
      { weeks: 1, days: 1, hours: 1, minutes: 1, seconds: 1, milliseconds: 1, microseconds: 1000 },
      '8 days, 1:01:01.002000',
    ],
    [{ hours: 0.5 }, '0:30:00'],
    [{ days: 1, hours: -1 }, '23:00:00'],
    [{ days: 2 }, '2 days, 0:00:00'],
  ])('%j is %s', async (expiresAfter, text) => {
    await using world = await CacheWorld.start(numbered());
    const { headers } = await world.session({ expiresAfter }).get('x');
    expect(headers['warning']).toBe(`110 - Automatically cached for ${text}. Response might be stale`);
  });

  it('is exact to the millisecond', async () => {
    const options = { expiresAfter: { milliseconds: 500 } };
    await expect(isReused({}, { after: 499, options })).resolves.toBe(true);
    await expect(isReused({}, { after: 501, options })).resolves.toBe(false);
  });

  it.each([{}, { days: 0 }, { days: -1 }, { days: 1, hours: -24 }, { weeks: 1e9 }])(
    '%j is an InvalidInvocation',
    (expiresAfter) => {
      const open = (): unknown => new Session({ expiresAfter });
      expect(open).toThrow(InvalidInvocation);
      expect(open).toThrow(/^new Session: `expiresAfter` must be longer than nothing/);
    },
  );

  it.each([{ days: Number.NaN }, { days: Infinity }, { day: 1 }, { days: '1' }])(
    '%o is an InvalidInvocation',
    (expiresAfter) => {
      expect(() => new Session({ expiresAfter: expiresAfter as never })).toThrow(/expiresAfter.*day/);
    },
  );

  it('applies only to successful GET requests under prefixUrl', async () => {
    await using world = await CacheWorld.start((request, response) =>
      json(response, {}, request.url === '/missing' ? 404 : 200),
    );
    await using other = await CacheWorld.start(numbered());
    const session = world.session({ expiresAfter: { days: 1 } });
    const answers = [
      await session.head('x'),
      await session.post('x', {}),
      await session.get('missing', { validateStatus: null }),
      await session.get(other.origin.url),
    ];
    expect(answers.map(({ headers }) => headers['warning'])).toEqual([
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
  });

  it('of the session that reads also applies if it is shorter or not set', async () => {
    await using world = await CacheWorld.start(numbered());
    const first = world.session({ expiresAfter: { days: 7 } });
    await first.get('x');
    await first.close();
    pass(2 * HOUR);
    await expect(world.session({ expiresAfter: { days: 1 } }).get('x')).resolves.toMatchObject({
      fromCache: true,
    });
    await expect(world.session({ expiresAfter: { hours: 1 } }).get('x')).resolves.toMatchObject({
      fromCache: false,
    });
    await expect(world.session().get('x')).resolves.toMatchObject({ fromCache: false });
  });

  it('of another session is not the lifetime of a response that was revalidated', async () => {
    await using world = await CacheWorld.start((request, response) => {
      response.setHeader('ETag', '"1"');
      if (request.headers['if-none-match'] !== undefined) response.writeHead(304).end();
      else json(response.setHeader('Cache-Control', 'no-store'), {});
    });
    const first = world.session({ expiresAfter: { days: 1 } });
    await first.get('x');
    await first.close();
    const second = world.session();
    const { fromCache, headers } = await second.get('x');
    expect(fromCache).toBe(true);
    expect(headers['cache-control']).toBe('no-store');
    expect(headers['warning']).toBe(undefined);
    expect((await second.get('x')).fromCache).toBe(false);
    expect(world.count).toBe(3);
  });

  it('has no effect with `cache: false`', async () => {
    await using world = await CacheWorld.start(numbered());
    const session = world.session({ cache: false, expiresAfter: { days: 1 } });
    for (const number of [1, 2]) {
      const response = await session.get('x');
      expect([numberIn(response), response.fromCache, response.headers['warning']]).toEqual([
        number,
        false,
        undefined,
      ]);
    }
  });
});
