import { afterEach, describe, expect, it, vi } from 'vitest';
import { ConnectionRefused, ServerError } from '../../src/index.js';
import { fakeClock, HOUR, pass } from '../helpers/cache-clock.js';
import { CacheWorld, numbered, numberIn } from '../helpers/cache-world.js';
import { json } from '../helpers/origin.js';

afterEach(() => {
  vi.useRealTimers();
});

describe('a stale response', () => {
  fakeClock();

  it.each([
    ['an ETag', { ETag: '"a"' }, 'if-none-match', '"a"'],
    ['a Last-Modified', { 'Last-Modified': 'Thu, 01 Jan 2026 00:00:00 GMT' }, 'if-modified-since', undefined],
  ])('with %s is reused after a 304', async (_, validator, name, value) => {
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
  });

  it('keeps its Content-Type and loses its Age after a 304', async () => {
    await using world = await CacheWorld.start((request, response) => {
      const headers = { 'Cache-Control': 'max-age=100', ETag: '"a"' };
      const is304 = request.headers['if-none-match'] !== undefined;
      if (is304) response.writeHead(304, { ...headers, 'Content-Type': 'text/plain' }).end();
      else response.writeHead(200, { ...headers, 'Content-Type': 'application/json', Age: '50' }).end('{}');
    });
    const session = world.session();
    await session.get('x');
    pass(51_000);
    const renewed = await session.get('x');
    expect(renewed).toMatchObject({ data: {}, headers: { age: '0', 'content-type': 'application/json' } });
    pass(60_000);
    expect((await session.get('x')).headers).toMatchObject({ age: '60' });
    expect(world.count).toBe(2);
  });

  it('gets the headers of a 304 without Cache-Control', async () => {
    await using world = await CacheWorld.start((request, response) => {
      if (request.headers['if-none-match'] !== undefined) response.writeHead(304, { 'X-New': 'yes' }).end();
      else json(response.setHeader('Cache-Control', 'max-age=60').setHeader('ETag', '"a"'), {});
    });
    const session = world.session();
    await session.get('x');
    pass(61_000);
    expect((await session.get('x')).headers['x-new']).toBe('yes');
  });

  it('is replaced by a new response', async () => {
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
  ])('is removed by a 404 and kept by a 503: %i', async (status, expected) => {
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

describe('stale-while-revalidate', () => {
  it('returns the stale response at once, and requests a new one', async () => {
    const headers = { 'Cache-Control': 'max-age=1, stale-while-revalidate=60' };
    await using world = await CacheWorld.start(numbered(headers));
    const session = world.session();
    await session.get('x');
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 5000 });
    const answers = await Promise.all([session.get('x'), session.get('x')]);
    expect(answers.map(numberIn)).toEqual([1, 1]);
    await expect.poll(() => world.count).toBe(2);
    await expect.poll(async () => numberIn(await session.get('x'))).toBe(2);
    expect(world.count).toBe(2);
  });

  it('does not call onDownloadProgress for the revalidation in the background', async () => {
    await using world = await CacheWorld.start(
      numbered({ 'Cache-Control': 'max-age=1, stale-while-revalidate=60' }),
    );
    const session = world.session();
    await session.get('x');
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 5000 });
    const onDownloadProgress = vi.fn();
    expect((await session.get('x', { onDownloadProgress })).fromCache).toBe(true);
    await expect.poll(async () => numberIn(await session.get('x'))).toBe(2);
    expect(onDownloadProgress).not.toHaveBeenCalled();
  });

  it('does not apply after its time, nor with must-revalidate', async () => {
    for (const [directives, after] of [
      ['max-age=1, stale-while-revalidate=2', 5000],
      ['max-age=1, stale-while-revalidate=60, must-revalidate', 5000],
    ] as const) {
      await using world = await CacheWorld.start(numbered({ 'Cache-Control': directives }));
      const session = world.session();
      await session.get('x');
      vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + after });
      expect(numberIn(await session.get('x'))).toBe(2);
      vi.useRealTimers();
    }
  });
});

describe('stale-if-error', () => {
  const DIRECTIVES = 'max-age=1, stale-if-error=60';

  it('does not apply to a response from before a write', async () => {
    let isDown = false;
    await using world = await CacheWorld.start((_, response) => {
      response.setHeader('Cache-Control', DIRECTIVES);
      json(response, {}, isDown ? 503 : 200);
    });
    const session = world.session();
    await session.get<unknown>('getComponent');
    await session.post<unknown>('setComponentStage', {});
    isDown = true;
    await expect(session.get<unknown>('getComponent')).rejects.toBeInstanceOf(ServerError);
  });

  it.each([500, 502, 503, 504])('returns the stale response instead of a %i', async (status) => {
    await using world = await CacheWorld.start((_, response) => {
      response.setHeader('Cache-Control', DIRECTIVES);
      json(response, {}, world.count === 1 ? 200 : status);
    });
    const session = world.session({ retry: {} });
    await session.get('x');
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 5000 });
    await expect(session.get('x')).resolves.toMatchObject({ status: 200, fromCache: true });
    expect(world.count).toBe(2);
    vi.setSystemTime(Date.now() + 120_000);
    await expect(session.get('x', { retry: false })).rejects.toThrow(ServerError);
  });

  it.each([408, 429])('does not apply to a %i, and there is one attempt', async (status) => {
    await using world = await CacheWorld.start((_, response) => {
      response.setHeader('Cache-Control', DIRECTIVES);
      json(response, {}, world.count === 1 ? 200 : status);
    });
    const session = world.session({ retry: { baseDelay: 1 } });
    await session.get('x');
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 5000 });
    await expect(session.get('x')).rejects.toThrow(String(status));
    expect(world.count).toBe(2);
  });

  it('returns the stale response if no server listens', async () => {
    await using world = await CacheWorld.start(numbered({ 'Cache-Control': DIRECTIVES }));
    const session = world.session();
    await session.get('x');
    await world.origin[Symbol.asyncDispose]();
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 5000 });
    await expect(session.get('x')).resolves.toMatchObject({ fromCache: true });
    await expect(session.get('y')).rejects.toThrow(ConnectionRefused);
  });

  it.each([401, 403, 404, 410, 429])('does not apply to a %i', async (status) => {
    await using world = await CacheWorld.start((_, response) => {
      response.setHeader('Cache-Control', DIRECTIVES);
      json(response, {}, world.count === 1 ? 200 : status);
    });
    const session = world.session();
    await session.get('x');
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 5000 });
    await expect(session.get('x')).rejects.toThrow(String(status));
  });

  it('does not apply with must-revalidate', async () => {
    await using world = await CacheWorld.start((_, response) => {
      response.setHeader('Cache-Control', `${DIRECTIVES}, must-revalidate`);
      json(response, {}, world.count === 1 ? 200 : 503);
    });
    const session = world.session();
    await session.get('x');
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 5000 });
    await expect(session.get('x')).rejects.toThrow(ServerError);
  });
});
