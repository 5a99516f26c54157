import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  BadJSON,
  InvalidInvocation,
  type RequestConfig,
  ServerError,
  Session,
  type SessionOptions,
} from '../../src/index.js';
import { CacheWorld, numbered, numberIn } from '../helpers/cache-world.js';
import { failure } from '../helpers/failure.js';
import { json } from '../helpers/origin.js';

const HOUR = 3600_000;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.UTC(2026, 0, 1) });
});

afterEach(() => {
  vi.useRealTimers();
});

function pass(milliseconds: number): void {
  vi.setSystemTime(Date.now() + milliseconds);
}

const at = (offset: number): string => new Date(Date.now() + offset).toUTCString();

/** Whether the second of two requests, some time after the first, is answered by the cache. */
async function isReused(
  headers: Record<string, string>,
  {
    after = 0,
    request = {},
    options = {},
  }: { after?: number; request?: RequestConfig; options?: SessionOptions } = {},
): Promise<boolean> {
  await using world = await CacheWorld.start(numbered(headers));
  const session = world.session(options);
  await session.get('x');
  pass(after);
  const { fromCache } = await session.get('x', request);
  expect(world.count).toBe(fromCache ? 1 : 2);
  return fromCache;
}

describe('an answer', () => {
  it.each<[string, () => Record<string, string>]>([
    ['max-age', () => ({ 'Cache-Control': 'max-age=3600' })],
    ['MAX-AGE', () => ({ 'Cache-Control': 'MAX-AGE=3600' })],
    ['a quoted max-age', () => ({ 'Cache-Control': 'ext="a, no-store", max-age="3600"' })],
    ['private, max-age', () => ({ 'Cache-Control': 'private, max-age=3600' })],
    ['must-revalidate', () => ({ 'Cache-Control': 'must-revalidate, max-age=3600' })],
    ['Expires', () => ({ Expires: at(HOUR) })],
    ['s-maxage, which is for others', () => ({ 'Cache-Control': 's-maxage=1, max-age=3600' })],
    ['max-age before Expires', () => ({ 'Cache-Control': 'max-age=3600', Expires: at(-HOUR) })],
    ['Last-Modified', () => ({ 'Last-Modified': at(-100 * HOUR) })],
    ['must-understand', () => ({ 'Cache-Control': 'must-understand, no-store, max-age=3600' })],
    ['Age', () => ({ 'Cache-Control': 'max-age=3600', Age: '10' })],
    ['no Date', () => ({ 'Cache-Control': 'max-age=3600', Date: 'nonsense' })],
  ])('with %s is used as long as it is fresh', async (_, headers) => {
    await expect(isReused(headers(), { after: HOUR / 2 })).resolves.toBe(true);
    await expect(isReused(headers(), { after: 40 * HOUR })).resolves.toBe(false);
  });

  it.each<[string, () => Record<string, string>]>([
    ['nothing', () => ({})],
    ['no-store', () => ({ 'Cache-Control': 'max-age=3600, no-store' })],
    ['No-Store', () => ({ 'Cache-Control': 'max-age=3600, No-Store' })],
    ['no-cache', () => ({ 'Cache-Control': 'max-age=3600, no-cache' })],
    ['Pragma: no-cache', () => ({ Pragma: 'no-cache', Expires: at(HOUR) })],
    ['two max-age', () => ({ 'Cache-Control': 'max-age=3600, max-age=0' })],
    ['max-age that is no number', () => ({ 'Cache-Control': 'max-age=1h' })],
    ['Expires that is no date', () => ({ Expires: '0' })],
    ['Expires in another form of date', () => ({ Expires: '2030-01-01T00:00:00Z' })],
    ['an Age that is used up', () => ({ 'Cache-Control': 'max-age=3600', Age: '3600' })],
    ['a Date that is long ago', () => ({ 'Cache-Control': 'max-age=3600', Date: at(-2 * HOUR) })],
    ['Vary: *', () => ({ 'Cache-Control': 'max-age=3600', Vary: '*' })],
    ['immutable alone', () => ({ 'Cache-Control': 'immutable' })],
    ['only an ETag', () => ({ ETag: '"a"' })],
  ])('with %s is not used without asking', async (_, headers) => {
    await expect(isReused(headers(), { after: 1000 })).resolves.toBe(false);
  });

  it('without a lifetime of its own is used for no more than a day', async () => {
    const headers = { 'Last-Modified': at(-10_000 * HOUR) };
    await expect(isReused(headers, { after: 23 * HOUR })).resolves.toBe(true);
    await expect(isReused(headers, { after: 25 * HOUR })).resolves.toBe(false);
  });

  it('is the same from the cache, but for its Age', async () => {
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

  it('that is a part, or an error, is not kept', async () => {
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

  it('that is an error is kept for those to whom it is none, if it says for how long', async () => {
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

  it('whose JSON is broken is not kept, also where somebody else took it as text', async () => {
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

  it('that broke off is not kept', async () => {
    await using world = await CacheWorld.start((_, response) => {
      response.writeHead(200, { 'Cache-Control': 'max-age=3600', 'Content-Length': '100' });
      response.write('half of it', () => response.destroy());
    });
    const session = world.session();
    await expect(session.get('x')).rejects.toThrow(/broke off/);
    await expect(session.get('x')).rejects.toThrow(/broke off/);
    expect(world.count).toBe(2);
  });

  it('is one for each set of the request headers that it varies by', async () => {
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
    ['max-age that is over', { headers: { 'Cache-Control': 'max-age=60' } }, false],
    ['max-age that is not over', { headers: { 'Cache-Control': 'max-age=7200' } }, true],
    ['min-fresh that is too long', { headers: { 'Cache-Control': 'min-fresh=3000' } }, false],
    ['Pragma: no-cache', { headers: { Pragma: 'no-cache' } }, false],
    ['a range', { headers: { Range: 'bytes=0-1' } }, false],
    ['a condition', { headers: { 'If-None-Match': '"a"' } }, false],
    ['cache: false', { cache: false }, false],
    ['cache: reload', { cache: 'reload' }, false],
    ['cache: only-if-cached', { cache: 'only-if-cached' }, true],
    ['cache: force-cache', { cache: 'force-cache' }, true],
    ['decompress: false', { decompress: false }, false],
  ])('with %s decides for itself', async (_, request, expected) => {
    await expect(isReused({ 'Cache-Control': 'max-age=3600' }, { after: HOUR / 2, request })).resolves.toBe(
      expected,
    );
  });

  it.each<[string, string, RequestConfig, boolean]>([
    ['max-stale', '', { headers: { 'Cache-Control': 'max-stale' } }, true],
    ['max-stale that is too short', '', { headers: { 'Cache-Control': 'max-stale=60' } }, false],
    [
      'max-stale against must-revalidate',
      ', must-revalidate',
      { headers: { 'Cache-Control': 'max-stale' } },
      false,
    ],
    ['cache: force-cache', '', { cache: 'force-cache' }, true],
    ['max-age=0 against immutable', ', immutable', { headers: { 'Cache-Control': 'max-age=0' } }, false],
  ])('with %s takes a stale answer, or does not', async (_, directive, request, expected) => {
    const headers = { 'Cache-Control': `max-age=60${directive}`, ETag: '"a"' };
    await expect(isReused(headers, { after: 300_000, request })).resolves.toBe(expected);
  });

  it('for a reload does not ask for what never changes', async () => {
    const headers = { 'Cache-Control': 'max-age=3600, immutable' };
    const request = { headers: { 'Cache-Control': 'max-age=0' } };
    await expect(isReused(headers, { after: 1000, request })).resolves.toBe(true);
  });

  it('that only the cache may answer is answered 504 where it cannot', async () => {
    await using world = await CacheWorld.start(numbered());
    for (const session of [world.session(), world.session({ cache: false })]) {
      const error = await failure(session.get('x', { cache: 'only-if-cached' }), ServerError);
      expect(error.message).toMatch(/504.*The cache holds no answer/s);
    }
    expect(world.count).toBe(0);
  });

  it('that reloads puts the new answer in place of the old one', async () => {
    await using world = await CacheWorld.start(numbered({ 'Cache-Control': 'max-age=3600' }));
    const session = world.session();
    await session.get('x');
    await session.get('x', { cache: 'reload' });
    expect(numberIn(await session.get('x'))).toBe(2);
  });

  it('with no-store leaves nothing behind', async () => {
    await using world = await CacheWorld.start(numbered({ 'Cache-Control': 'max-age=3600' }));
    const session = world.session();
    await session.get('x', { headers: { 'Cache-Control': 'no-store' } });
    await expect(session.get('x')).resolves.toMatchObject({ fromCache: false });
  });

  it('is refused where it wants something of the cache that there is not', async () => {
    await using world = await CacheWorld.start(numbered());
    const error = await failure(world.session().get('x', { cache: 'always' as never }), InvalidInvocation);
    expect(error.message).toBe("`cache` must be false, 'reload', 'only-if-cached' or 'force-cache'");
  });
});

describe('a stale answer', () => {
  it.each([
    ['an ETag', { ETag: '"a"' }, 'if-none-match', '"a"'],
    ['a Last-Modified', { 'Last-Modified': 'Thu, 01 Jan 2026 00:00:00 GMT' }, 'if-modified-since', undefined],
  ])(
    'with %s is used again when the server says that it is still right',
    async (_, validator, name, value) => {
      await using world = await CacheWorld.start((request, response) => {
        response.setHeader('Date', new Date().toUTCString());
        response.setHeader('Cache-Control', 'max-age=60');
        if (request.headers[name] !== undefined) {
          response.writeHead(304, { 'X-New': 'yes', 'Cache-Control': 'max-age=7200' }).end();
        } else {
          for (const [field, text] of Object.entries(validator)) response.setHeader(field, text);
          json(response, { number: 1 });
        }
      });
      const first = world.session();
      await first.get('x');
      pass(61_000);
      const renewed = await first.get('x');
      expect(renewed).toMatchObject({ status: 200, data: { number: 1 }, fromCache: true });
      expect(renewed.headers).toMatchObject({ 'x-new': 'yes', 'content-type': 'application/json', age: '0' });
      if (value !== undefined) expect(world.origin.requests[1]?.headers[name]).toBe(value);
      await first.close();
      pass(HOUR);
      await expect(world.session().get('x')).resolves.toMatchObject({ data: { number: 1 }, fromCache: true });
      expect(world.count).toBe(2);
    },
  );

  it('is replaced by another one', async () => {
    await using world = await CacheWorld.start(numbered({ 'Cache-Control': 'max-age=60', ETag: '"a"' }));
    const session = world.session();
    await session.get('x');
    pass(61_000);
    expect(numberIn(await session.get('x'))).toBe(2);
    expect(numberIn(await session.get('x'))).toBe(2);
  });

  it.each([
    [404, false],
    [503, true],
  ])('is forgotten where the answer is %i: that is not so of every error', async (status, expected) => {
    let fails = false;
    await using world = await CacheWorld.start((request, response) => {
      response.setHeader('Cache-Control', 'max-age=60');
      response.setHeader('ETag', '"a"');
      if (fails) json(response, {}, status);
      else if (request.headers['if-none-match'] !== undefined) response.writeHead(304).end();
      else json(response, {});
    });
    const session = world.session();
    await session.get('x');
    pass(61_000);
    fails = true;
    await expect(session.get('x')).rejects.toThrow();
    fails = false;
    await expect(session.get('x')).resolves.toMatchObject({ fromCache: expected });
  });
});

describe('expiresAfter', () => {
  it('lets every answer of the database live so long, also where it said no-store', async () => {
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

  it.each([
    [
      { weeks: 1, days: 1, hours: 1, minutes: 1, seconds: 1, milliseconds: 1, microseconds: 1000 },
      '8 days, 1:01:01.002000',
    ],
    [{ hours: 0.5 }, '0:30:00'],
    [{ days: 1, hours: -1 }, '23:00:00'],
    [{ days: 2 }, '2 days, 0:00:00'],
  ])('adds up %j to %s', async (expiresAfter, text) => {
    await using world = await CacheWorld.start(numbered());
    const { headers } = await world.session({ expiresAfter }).get('x');
    expect(headers['warning']).toBe(`110 - Automatically cached for ${text}. Response might be stale`);
  });

  it('counts to the millisecond', async () => {
    const options = { expiresAfter: { milliseconds: 500 } };
    await expect(isReused({}, { after: 499, options })).resolves.toBe(true);
    await expect(isReused({}, { after: 501, options })).resolves.toBe(false);
  });

  it.each([{}, { days: 0 }, { days: -1 }, { days: 1, hours: -24 }, { weeks: 1e9 }])(
    'cannot be %j',
    (expiresAfter) => {
      const open = (): unknown => new Session({ expiresAfter });
      expect(open).toThrow(InvalidInvocation);
      expect(open).toThrow(/^new Session: `expiresAfter` must be longer than nothing/);
    },
  );

  it.each([{ days: Number.NaN }, { days: Infinity }, { day: 1 }, { days: '1' }])(
    'cannot be %o',
    (expiresAfter) => {
      expect(() => new Session({ expiresAfter: expiresAfter as never })).toThrow(/expiresAfter.*day/);
    },
  );

  it('is only for GETs, for statuses that may be kept, and for the database', async () => {
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

  it('of the session that asks counts too, where it is shorter or is not there', async () => {
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

  it('of another session is no lifetime of what the server says is unchanged', async () => {
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

  it('is nothing where there is no cache', async () => {
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
