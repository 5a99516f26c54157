import type { ServerResponse } from 'node:http';
import { describe, expect, it } from 'vitest';
import { InvalidInvocation, type RequestConfig, ServerError } from '../../src/index.js';
import { fakeClock, pass } from '../helpers/cache-clock.js';
import { CacheWorld, numbered, startHeld } from '../helpers/cache-world.js';
import { failure } from '../helpers/failure.js';
import { json } from '../helpers/origin.js';

const FRESH = { 'Cache-Control': 'max-age=3600' };
const ANY_STATUS = { validateStatus: null };

describe('a response with a status that is never stored', () => {
  it.each([206, 407, 428, 429, 431, 511])(
    '%i is requested again, although it has a max-age',
    async (status) => {
      await using world = await CacheWorld.start((_, response) => {
        response.setHeader('Cache-Control', 'max-age=3600');
        json(response, {}, status);
      });
      const session = world.session();
      for (const count of [1, 2]) {
        expect((await session.get('x', ANY_STATUS)).fromCache).toBe(false);
        expect(world.count).toBe(count);
      }
    },
  );

  it('401: the request with a new token reaches the server', async () => {
    let token = 'first-token';
    const user = {
      identity: 'a',
      get bearer() {
        return token;
      },
      authenticate: () => true,
      invalidate: () => {
        token = 'second-token';
      },
    };
    await using world = await CacheWorld.start((request, response) => {
      response.setHeader('Cache-Control', 'max-age=3600');
      json(response, {}, request.headers.authorization === 'Bearer second-token' ? 200 : 401);
    });
    const session = world.session({ user });
    expect((await session.get('x', ANY_STATUS)).status).toBe(200);
    expect(world.count).toBe(2);
  });
});

describe('only-if-cached', () => {
  it.each<[string, RequestConfig]>([
    ['as an option', { cache: 'only-if-cached' }],
    ['as a header', { headers: { 'Cache-Control': 'only-if-cached' } }],
    ['and no-cache', { headers: { 'Cache-Control': 'no-cache, only-if-cached' } }],
    ['of a stream', { cache: 'only-if-cached', responseType: 'stream' }],
    ['with credentials of its own', { cache: 'only-if-cached', auth: { username: 'u', password: 'p' } }],
    ['with an API key', { headers: { 'Cache-Control': 'only-if-cached', 'X-Api-Key': 'k' } }],
    ['for a part', { cache: 'only-if-cached', headers: { Range: 'bytes=0-1' } }],
    ['with a condition', { cache: 'only-if-cached', headers: { 'If-None-Match': '"a"' } }],
    ['without decompression', { cache: 'only-if-cached', decompress: false }],
    ['by OPTIONS', { cache: 'only-if-cached', method: 'OPTIONS' }],
    ['with retries', { cache: 'only-if-cached', retry: { baseDelay: 1 } }],
  ])('%s is a 504, and nothing is sent', async (_, config) => {
    await using world = await CacheWorld.start(numbered());
    for (const session of [world.session(), world.session({ cache: false })]) {
      const error = await failure(session.request({ method: 'GET', url: 'x', ...config }), ServerError);
      expect(error.status).toBe(504);
      expect(error.summary).toContain('not in the cache, nothing was sent');
    }
    expect(world.count).toBe(0);
  });

  it('is a 504 for a stale response, which is not revalidated', async () => {
    await using world = await CacheWorld.start(numbered({ 'Cache-Control': 'max-age=0', ETag: '"a"' }));
    const session = world.session();
    await session.get('x');
    await failure(session.get('x', { cache: 'only-if-cached' }), ServerError);
    expect(world.count).toBe(1);
  });

  it.each<RequestConfig>([{ cache: 'only-if-cached' }, { headers: { 'Cache-Control': 'only-if-cached' } }])(
    'of a write is an InvalidInvocation: %j',
    async (config) => {
      await using world = await CacheWorld.start(numbered());
      for (const session of [world.session(), world.session({ cache: false })])
        await failure(session.post('x', {}, config), InvalidInvocation);
      expect(world.count).toBe(0);
    },
  );
});

describe('a 304', () => {
  fakeClock();

  it.each([
    ['another strong ETag', { ETag: '"b"' }],
    ['another weak ETag', { ETag: 'W/"b"' }],
    ['another Last-Modified', { 'Last-Modified': 'Thu, 01 Jan 2026 00:00:00 GMT' }],
  ])(
    'with %s does not match the stored response, so the request is sent without a condition',
    async (_, validator) => {
      await using world = await CacheWorld.start((request, response) => {
        response.setHeader('Cache-Control', 'max-age=60');
        if (request.headers['if-none-match'] !== undefined) response.writeHead(304, validator).end();
        else json(response.setHeader('ETag', '"a"'), { number: world.count });
      });
      const session = world.session();
      await session.get('x');
      pass(61_000);
      const { fromCache, data } = await session.get('x');
      expect([fromCache, data]).toEqual([false, { number: 3 }]);
      expect(world.origin.requests[2]?.headers['if-none-match']).toBeUndefined();
    },
  );

  it('to a request with no-store does not update the stored response', async () => {
    await using world = await CacheWorld.start((request, response) => {
      const is304 = request.headers['if-none-match'] !== undefined;
      response.setHeader('Cache-Control', is304 ? 'max-age=7200' : 'max-age=60').setHeader('ETag', '"a"');
      if (is304) response.writeHead(304, { 'X-New': 'yes' }).end();
      else json(response, {});
    });
    const session = world.session();
    await session.get('x');
    pass(61_000);
    const passed = await session.get('x', { headers: { 'Cache-Control': 'no-store' } });
    expect(passed).toMatchObject({ fromCache: true, headers: { 'x-new': 'yes' } });
    expect(
      (await session.get('x', { cache: 'only-if-cached' }).catch(() => undefined))?.fromCache,
    ).toBeUndefined();
    expect((await session.get('x', { cache: 'force-cache' })).headers['x-new']).toBeUndefined();
  });
});

describe('the age of a response', () => {
  it('counts from its arrival if it has no Date', async () => {
    await using world = await CacheWorld.start((_, response) => {
      response.sendDate = false;
      json(response.setHeader('Cache-Control', 'max-age=3600'), {});
    });
    const session = world.session();
    const first = await session.get('x');
    expect(Math.abs(Date.parse(String(first.headers['date'])) - Date.now())).toBeLessThan(5000);
    await session.close();
    const second = await world.session().get('x');
    expect(second).toMatchObject({ fromCache: true, headers: { date: first.headers['date'] } });
  });

  it('does not include the time in the queue and between attempts', async () => {
    await using world = await CacheWorld.start((_, response) => {
      response.setHeader('Cache-Control', 'max-age=3600');
      json(response, {}, world.count === 1 ? 503 : 200);
    });
    const session = world.session({ retry: { tries: 2, baseDelay: 0 }, minInterval: 1500 });
    await session.get('x');
    expect((await session.get('x')).headers['age']).toBe('0');
  });
});

describe('session.cache.delete()', () => {
  it('does not affect other requests under way', async () => {
    const { world, held, arrived } = await startHeld(FRESH);
    await using _ = world;
    const session = world.session();
    const reads = [session.get('x'), session.get('y')];
    await arrived(2);
    await session.cache.delete('x');
    for (const response of held) json(response as ServerResponse, {});
    await Promise.all(reads);
    expect((await session.get('y')).fromCache).toBe(true);
    expect(await session.cache.size()).toMatchObject({ entries: 1 });
  });
});

describe('a response with a credential in it', () => {
  it.each([
    '{"token":"oPaQue0123456789"}',
    '{"a":{"access_token" : "oPaQue0123456789"}}',
    '{"password":12345678}',
    '{"tokens":["oPaQue0123456789"]}',
    String.raw`{"text":"{\"refreshToken\":\"oPaQue0123456789\"}"}`,
    'access_token=oPaQue0123456789&expires_in=60',
    '<answer><token>oPaQue0123456789</token></answer>',
    '{"accessCode1":"oPaQue"}',
  ])('is not stored: %s', async (body) => {
    await using world = await CacheWorld.start((_, response) => response.end(body));
    const session = world.session({ expiresAfter: { days: 1 } });
    for (const count of [1, 2]) {
      await session.get('x');
      expect(world.count).toBe(count);
    }
    expect((await session.cache.size()).entries).toBe(0);
  });

  it.each(['{"token":null,"hasPassword":true,"tokenCount":2}', '{"name":"the token of a sensor: none"}'])(
    'is stored where it only seems so: %s',
    async (body) => {
      await using world = await CacheWorld.start((_, response) => response.end(body));
      const session = world.session({ expiresAfter: { days: 1 } });
      await session.get('x');
      expect((await session.get('x')).fromCache).toBe(true);
    },
  );
});

describe('a request with Range', () => {
  const body = '0123456789';
  const start = () =>
    CacheWorld.start((_, response) => response.writeHead(200, { ...FRESH, 'Content-Length': 10 }).end(body));

  it.each([
    ['bytes=0-1', '01', 'bytes 0-1/10'],
    ['bytes=8-', '89', 'bytes 8-9/10'],
    ['bytes=8-100', '89', 'bytes 8-9/10'],
    ['bytes=-3', '789', 'bytes 7-9/10'],
  ])('%s gets its part of a stored complete response', async (range, part, contentRange) => {
    await using world = await start();
    const session = world.session();
    await session.get('x');
    const headers = { Range: range };
    const response = await session.get('x', { headers, responseType: 'text' });
    expect(response).toMatchObject({ status: 206, data: part, fromCache: true });
    expect(response.headers).toMatchObject({
      'content-range': contentRange,
      'content-length': String(part.length),
    });
    expect(world.count).toBe(1);
  });

  it.each([
    ['of several parts', { Range: 'bytes=0-1,3-4' }],
    ['beyond the end', { Range: 'bytes=10-' }],
    ['in another unit', { Range: 'lines=0-1' }],
    ['with a condition', { Range: 'bytes=0-1', 'If-Range': '"a"' }],
    ['with no-cache', { Range: 'bytes=0-1', 'Cache-Control': 'no-cache' }],
  ])('%s is sent, and the response is not stored', async (_, headers) => {
    await using world = await start();
    const session = world.session();
    await session.get('x');
    for (const count of [2, 3]) {
      expect((await session.get('x', { headers })).fromCache).toBe(false);
      expect(world.count).toBe(count);
    }
  });

  it('is sent if the stored body may have had a content coding', async () => {
    await using world = await CacheWorld.start((_, response) => {
      response.writeHead(200, FRESH);
      response.write('01234');
      response.end('56789');
    });
    const session = world.session();
    await session.get('x');
    expect((await session.get('x', { headers: { Range: 'bytes=0-1' } })).fromCache).toBe(false);
  });
});

it('a response with invalid JSON that was stored as text is requested again by a caller who reads JSON', async () => {
  let count = 0;
  await using world = await CacheWorld.start((_, response) =>
    response
      .writeHead(200, { ...FRESH, 'Content-Type': 'application/json' })
      .end(++count === 1 ? 'not JSON' : '{"a":1}'),
  );
  const session = world.session();
  expect((await session.get('x', { responseType: 'text' })).data).toBe('not JSON');
  expect((await session.get('x')).data).toEqual({ a: 1 });
  expect((await session.get('x')).fromCache).toBe(true);
  expect(count).toBe(2);
});
