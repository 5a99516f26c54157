import { describe, expect, it } from 'vitest';
import {
  BadJSON,
  InvalidInvocation,
  type RequestConfig,
  ResponseTooLarge,
  ServerError,
} from '../../src/index.js';
import { at, fakeClock, HOUR, isReused, pass } from '../helpers/cache-clock.js';
import { CacheWorld, numbered, numberIn } from '../helpers/cache-world.js';
import { failure } from '../helpers/failure.js';
import { json } from '../helpers/origin.js';

fakeClock();

describe('a stored response', () => {
  it.each<[string, () => Record<string, string>]>([
    ['max-age', () => ({ 'Cache-Control': 'max-age=3600' })],
    ['MAX-AGE', () => ({ 'Cache-Control': 'MAX-AGE=3600' })],
    ['a quoted max-age', () => ({ 'Cache-Control': 'ext="a, no-store", max-age="3600"' })],
    ['private, max-age', () => ({ 'Cache-Control': 'private, max-age=3600' })],
    ['must-revalidate', () => ({ 'Cache-Control': 'must-revalidate, max-age=3600' })],
    ['Expires', () => ({ Expires: at(HOUR) })],
    ['s-maxage, which is for shared caches', () => ({ 'Cache-Control': 's-maxage=1, max-age=3600' })],
    ['max-age before Expires', () => ({ 'Cache-Control': 'max-age=3600', Expires: at(-HOUR) })],
    ['Last-Modified', () => ({ 'Last-Modified': at(-100 * HOUR) })],
    ['must-understand', () => ({ 'Cache-Control': 'must-understand, no-store, max-age=3600' })],
    ['Age', () => ({ 'Cache-Control': 'max-age=3600', Age: '10' })],
    ['no Date', () => ({ 'Cache-Control': 'max-age=3600', Date: 'nonsense' })],
  ])('with %s is reused as long as it is fresh', async (_, headers) => {
    await expect(isReused(headers(), { after: HOUR / 2 })).resolves.toBe(true);
    await expect(isReused(headers(), { after: 40 * HOUR })).resolves.toBe(false);
  });

  it.each<[string, () => Record<string, string>]>([
    ['no Cache-Control', () => ({})],
    ['no-store', () => ({ 'Cache-Control': 'max-age=3600, no-store' })],
    ['No-Store', () => ({ 'Cache-Control': 'max-age=3600, No-Store' })],
    ['no-cache', () => ({ 'Cache-Control': 'max-age=3600, no-cache' })],
    ['Pragma: no-cache', () => ({ Pragma: 'no-cache', Expires: at(HOUR) })],
    ['two max-age', () => ({ 'Cache-Control': 'max-age=3600, max-age=0' })],
    ['a max-age that is not a number', () => ({ 'Cache-Control': 'max-age=1h' })],
    ['an Expires that is not a date', () => ({ Expires: '0' })],
    ['Expires in another form of date', () => ({ Expires: '2030-01-01T00:00:00Z' })],
    ['an Age as large as max-age', () => ({ 'Cache-Control': 'max-age=3600', Age: '3600' })],
    ['an old Date', () => ({ 'Cache-Control': 'max-age=3600', Date: at(-2 * HOUR) })],
    ['Vary: *', () => ({ 'Cache-Control': 'max-age=3600', Vary: '*' })],
    ['immutable alone', () => ({ 'Cache-Control': 'immutable' })],
    ['only an ETag', () => ({ ETag: '"a"' })],
  ])('with %s is not reused without a request to the server', async (_, headers) => {
    await expect(isReused(headers(), { after: 1000 })).resolves.toBe(false);
  });

  it('with only Last-Modified is reused for at most a day', async () => {
    const headers = { 'Last-Modified': at(-10_000 * HOUR) };
    await expect(isReused(headers, { after: 23 * HOUR })).resolves.toBe(true);
    await expect(isReused(headers, { after: 25 * HOUR })).resolves.toBe(false);
  });

  it('from the cache has the same headers, and an Age', async () => {
    await using world = await CacheWorld.start(numbered({ 'Cache-Control': 'max-age=3600', 'X-Mine': 'ü' }));
    const memory = world.session();
    const first = await memory.get('x');
    await memory.cache.size();
    pass(61_000);
    for (const session of [memory, world.session()]) {
      const second = await session.get('x');
      expect(second).toMatchObject({ status: 200, statusText: 'OK', data: first.data, fromCache: true });
      const { connection: _, 'keep-alive': __, 'transfer-encoding': ___, ...headers } = first.headers;
      expect({ ...second.headers }).toEqual({ ...headers, age: '61' });
      expect(session.lastResponse?.fromCache).toBe(true);
    }
  });

  it('has no header fields of the connection', async () => {
    await using world = await CacheWorld.start((_, response) => {
      const headers = { 'Cache-Control': 'max-age=60', Connection: 'x-hop', 'X-Hop': 'a', 'X-Kept': 'b' };
      response.writeHead(200, headers).end();
    });
    const session = world.session();
    await session.get('x');
    const { headers, fromCache } = await session.get('x');
    expect([fromCache, headers['x-hop'], headers['x-kept']]).toEqual([true, undefined, 'b']);
  });

  it('is ResponseTooLarge for a caller with a smaller maxContentLength', async () => {
    await using world = await CacheWorld.start((_, response) =>
      response.setHeader('Cache-Control', 'max-age=60').end('12345'),
    );
    const session = world.session();
    await session.get('x');
    await failure(session.get('x', { maxContentLength: 4 }), ResponseTooLarge);
    expect(await session.get('x', { maxContentLength: 5 })).toMatchObject({ fromCache: true, data: '12345' });
    expect(world.count).toBe(1);
  });

  it('with `Vary: Cookie` is not reused if the session sends cookies', async () => {
    await using world = await CacheWorld.start((request, response) => {
      response.setHeader('Set-Cookie', 'lang=de');
      response.writeHead(200, { 'Cache-Control': 'max-age=60', Vary: 'Cookie' }).end(request.headers.cookie);
    });
    const session = world.session();
    await session.get('first');
    for (let time = 0; time < 2; time++) await session.get('x');
    expect(world.count).toBe(3);
  });

  it('is not made of a response to `auth: false` with cookies of the session', async () => {
    await using world = await CacheWorld.start((_, response) => {
      response.setHeader('Set-Cookie', 'lang=de');
      response.writeHead(200, { 'Cache-Control': 'max-age=60' }).end('x');
    });
    const session = world.session();
    await session.get('first', { auth: false });
    for (let time = 0; time < 2; time++) await session.get('x', { auth: false });
    expect(world.count).toBe(3);
  });

  it('is not made of a 206 or of an exception', async () => {
    for (const status of [206, 400, 401, 403, 404, 410, 429, 500, 503]) {
      await using world = await CacheWorld.start((_, response) => {
        response.setHeader('Cache-Control', 'max-age=3600');
        json(response, {}, status);
      });
      const session = world.session();
      await session.get('x').catch(() => {});
      await session.get('x').catch(() => {});
      expect([status, world.count]).toEqual([status, status === 401 ? 4 : 2]);
    }
  });

  it('is made of a 404 that validateStatus accepts, if its headers say how long it is fresh', async () => {
    await using world = await CacheWorld.start((_, response) => {
      response.setHeader('Cache-Control', 'max-age=3600');
      json(response, {}, 404);
    });
    const session = world.session();
    await session.get('x', { validateStatus: null });
    await expect(session.get('x', { validateStatus: null })).resolves.toMatchObject({ fromCache: true });
    await expect(session.get('x')).rejects.toThrow(/404/);
    expect(world.count).toBe(2);
  });

  it('with invalid JSON is removed, also if another caller read it as text', async () => {
    let body = '{"a":';
    await using world = await CacheWorld.start((_, response) => {
      response.writeHead(200, { 'Content-Type': 'application/json' }).end(body);
    });
    const session = world.session({ expiresAfter: { days: 1 } });
    await session.get('y', { responseType: 'text' });
    await failure(session.get('x'), BadJSON);
    await failure(session.get('y'), BadJSON);
    body = '{"a":1}';
    expect((await session.get('x')).data).toEqual({ a: 1 });
    expect((await session.get('y')).data).toEqual({ a: 1 });
  });

  it('is not made of an incomplete response', async () => {
    await using world = await CacheWorld.start((_, response) => {
      response.writeHead(200, { 'Cache-Control': 'max-age=3600', 'Content-Length': '100' });
      response.write('half of it', () => response.destroy());
    });
    const session = world.session();
    await expect(session.get('x')).rejects.toThrow(/broke off/);
    await expect(session.get('x')).rejects.toThrow(/broke off/);
    expect(world.count).toBe(2);
  });

  it('with `Vary: Accept-Language` is reused whatever the case and spaces of the header', async () => {
    await using world = await CacheWorld.start(
      numbered({ 'Cache-Control': 'max-age=60', Vary: 'Accept-Language' }),
    );
    const session = world.session();
    await session.get('x', { headers: { 'Accept-Language': 'DE , en' } });
    const { fromCache } = await session.get('x', { headers: { 'Accept-Language': 'de,EN' } });
    expect(fromCache).toBe(true);
  });

  it('exists for each value of the request headers in Vary', async () => {
    await using world = await CacheWorld.start(
      numbered({ 'Cache-Control': 'max-age=3600', Vary: 'X-A, Accept' }),
    );
    const session = world.session();
    const get = async (value: string): Promise<number> =>
      numberIn(await session.get('x', { headers: { 'X-A': value } }));
    expect([await get('1'), await get('2'), await get('1'), await get('2')]).toEqual([1, 2, 1, 2]);
    await session.close();
    expect(numberIn(await world.session().get('x', { headers: { 'X-A': '2' } }))).toBe(2);
  });
});

describe('a request', () => {
  it.each<[string, RequestConfig, boolean]>([
    ['no-cache', { headers: { 'Cache-Control': 'no-cache' } }, false],
    ['No-Cache', { headers: { 'Cache-Control': 'No-Cache' } }, false],
    ['max-age=0', { headers: { 'Cache-Control': 'max-age=0' } }, false],
    ['a max-age that is over', { headers: { 'Cache-Control': 'max-age=60' } }, false],
    ['a max-age that is not over', { headers: { 'Cache-Control': 'max-age=7200' } }, true],
    ['a min-fresh that is too long', { headers: { 'Cache-Control': 'min-fresh=3000' } }, false],
    ['Pragma: no-cache', { headers: { Pragma: 'no-cache' } }, false],
    ['a range', { headers: { Range: 'bytes=0-1' } }, false],
    ['a condition', { headers: { 'If-None-Match': '"a"' } }, false],
    ['cache: false', { cache: false }, false],
    ['cache: reload', { cache: 'reload' }, false],
    ['cache: only-if-cached', { cache: 'only-if-cached' }, true],
    ['cache: force-cache', { cache: 'force-cache' }, true],
    ['decompress: false', { decompress: false }, false],
  ])('with %s reuses a fresh response, or not', async (_, request, expected) => {
    await expect(isReused({ 'Cache-Control': 'max-age=3600' }, { after: HOUR / 2, request })).resolves.toBe(
      expected,
    );
  });

  it.each<[string, string, RequestConfig, boolean]>([
    ['max-stale', '', { headers: { 'Cache-Control': 'max-stale' } }, true],
    ['a max-stale that is too short', '', { headers: { 'Cache-Control': 'max-stale=60' } }, false],
    [
      'max-stale against must-revalidate',
      ', must-revalidate',
      { headers: { 'Cache-Control': 'max-stale' } },
      false,
    ],
    ['cache: force-cache', '', { cache: 'force-cache' }, true],
    ['max-age=0 against immutable', ', immutable', { headers: { 'Cache-Control': 'max-age=0' } }, false],
  ])('with %s reuses a stale response, or not', async (_, directive, request, expected) => {
    const headers = { 'Cache-Control': `max-age=60${directive}`, ETag: '"a"' };
    await expect(isReused(headers, { after: 300_000, request })).resolves.toBe(expected);
  });

  it('with max-age=0 reuses an immutable response', async () => {
    const headers = { 'Cache-Control': 'max-age=3600, immutable' };
    const request = { headers: { 'Cache-Control': 'max-age=0' } };
    await expect(isReused(headers, { after: 1000, request })).resolves.toBe(true);
  });

  it('with only-if-cached is a ServerError (504) if no response is stored', async () => {
    await using world = await CacheWorld.start(numbered());
    for (const session of [world.session(), world.session({ cache: false })]) {
      const error = await failure(session.get('x', { cache: 'only-if-cached' }), ServerError);
      expect(error.summary).toBe('x: not in the cache, nothing was sent (504)');
    }
    expect(world.count).toBe(0);
  });

  it('with `cache: reload` replaces the stored response', async () => {
    await using world = await CacheWorld.start(numbered({ 'Cache-Control': 'max-age=3600' }));
    const session = world.session();
    await session.get('x');
    await session.get('x', { cache: 'reload' });
    expect(numberIn(await session.get('x'))).toBe(2);
  });

  it('with no-store stores no response', async () => {
    await using world = await CacheWorld.start(numbered({ 'Cache-Control': 'max-age=3600' }));
    const session = world.session();
    await session.get('x', { headers: { 'Cache-Control': 'no-store' } });
    await expect(session.get('x')).resolves.toMatchObject({ fromCache: false });
  });

  it('with an unknown value of `cache` is an InvalidInvocation', async () => {
    await using world = await CacheWorld.start(numbered());
    const error = await failure(world.session().get('x', { cache: 'always' as never }), InvalidInvocation);
    expect(error.message).toContain("`cache` must be false, 'reload', 'only-if-cached' or 'force-cache'");
  });
});
