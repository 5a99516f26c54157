import { setImmediate } from 'node:timers/promises';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { Session } from '../../src/index.js';
import { CacheWorld, numbered, numberIn } from '../helpers/cache-world.js';
import { MockUser } from '../helpers/mock-user.js';
import { json, type Respond } from '../helpers/origin.js';

afterEach(() => {
  vi.useRealTimers();
});

const fresh = (): Respond => numbered({ 'Cache-Control': 'max-age=3600' });
const user = (identity: string): MockUser =>
  Object.assign(new MockUser(`bearer-of-${identity}`), { identity });

async function cached(session: Session, url: string): Promise<boolean> {
  return (await session.get(url)).fromCache;
}

/** A read that is sent in the millisecond of a write may have been before it, so it is not used again. */
async function nextMillisecond(): Promise<void> {
  const now = Date.now();
  while (Date.now() === now) await setImmediate();
}

describe('a write to the database', () => {
  it.each(['post', 'put', 'patch', 'delete'] as const)(
    'by %s invalidates the stored responses of the user',
    async (verb) => {
      await using world = await CacheWorld.start(fresh());
      const session = world.session({ user: user('a') });
      await session.get<unknown>('getComponent');
      const writer: Record<typeof verb, (url: string, data: object) => Promise<unknown>> = session;
      await writer[verb]('setComponentStage', {});
      await nextMillisecond();
      expect(await cached(session, 'getComponent')).toBe(false);
      expect(await cached(session, 'getComponent')).toBe(true);
    },
  );

  it('is noticed by other sessions of the user: at once by a new one, within a second by a running one', async () => {
    await using world = await CacheWorld.start(fresh());
    const [first, second] = [world.session({ user: user('a') }), world.session({ user: user('a') })];
    await first.get<unknown>('getComponent');
    await first.cache.size();
    expect(await cached(second, 'getComponent')).toBe(true);
    await first.post<unknown>('setComponentStage', {});
    await expect.poll(() => cached(second, 'getComponent'), { interval: 100 }).toBe(false);
    await second.cache.size();
    expect(await cached(world.session({ user: user('a') }), 'getComponent')).toBe(true);
  });

  it('invalidates also if the clock was set back before', async () => {
    await using world = await CacheWorld.start(fresh());
    const session = world.session();
    await session.get<unknown>('getComponent');
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() - 60_000 });
    await session.post<unknown>('setComponentStage', {});
    vi.setSystemTime(Date.now() + 5);
    expect(await cached(session, 'getComponent')).toBe(false);
    vi.setSystemTime(Date.now() + 5);
    expect(await cached(session, 'getComponent')).toBe(true);
  });

  it('does not invalidate the stored responses of other users', async () => {
    await using world = await CacheWorld.start(fresh());
    const [a, b] = [world.session({ user: user('a') }), world.session({ user: user('b') })];
    await b.get<unknown>('getComponent');
    await a.post<unknown>('setComponentStage', {});
    expect(await cached(b, 'getComponent')).toBe(true);
  });

  it.each([
    ['a 400 invalidates nothing', 400, true],
    ['a 500 invalidates', 500, false],
  ])('that is answered with %s', async (_, status, expected) => {
    await using world = await CacheWorld.start((request, response) => {
      response.setHeader('Cache-Control', 'max-age=3600');
      json(response, {}, request.method === 'POST' ? status : 200);
    });
    const session = world.session();
    await session.get<unknown>('getComponent');
    await expect(session.post<unknown>('setComponentStage', {})).rejects.toThrow();
    expect(await cached(session, 'getComponent')).toBe(expected);
  });

  it('whose response is lost invalidates', async () => {
    await using world = await CacheWorld.start((request, response) => {
      response.setHeader('Cache-Control', 'max-age=3600');
      if (request.method === 'POST') response.destroy();
      else json(response, {});
    });
    const session = world.session();
    await session.get<unknown>('getComponent');
    await expect(session.post<unknown>('setComponentStage', {})).rejects.toThrow();
    expect(await cached(session, 'getComponent')).toBe(false);
  });

  it('that is refused when it is retried invalidates, as the first attempt may have been done', async () => {
    let posts = 0;
    await using world = await CacheWorld.start((request, response) => {
      response.setHeader('Cache-Control', 'max-age=3600');
      if (request.method === 'GET') json(response, {});
      else if (posts++ === 0) response.destroy();
      else json(response, {}, 409);
    });
    const session = world.session();
    await session.get<unknown>('getComponent');
    const retry = { idempotent: true, baseDelay: 1 };
    await expect(session.post<unknown>('setComponentStage', {}, { retry })).rejects.toThrow('409');
    expect(await cached(session, 'getComponent')).toBe(false);
  });

  it('that never reached the server invalidates nothing', async () => {
    await using world = await CacheWorld.start(fresh());
    const session = world.session();
    await session.get<unknown>('getComponent');
    const signal = AbortSignal.abort();
    await expect(session.post<unknown>('setComponentStage', {}, { signal })).rejects.toThrow();
    const other = world.session({ prefixUrl: 'http://127.0.0.1:1/' });
    await expect(other.post<unknown>('setComponentStage', {})).rejects.toThrow();
    expect(await cached(session, 'getComponent')).toBe(true);
  });

  it('with `invalidateOnWrite: false` invalidates only its own URL', async () => {
    await using world = await CacheWorld.start(fresh());
    const session = world.session({ invalidateOnWrite: false });
    await session.get<unknown>('getComponent');
    await session.get('x');
    await session.post('x', {});
    expect(await cached(session, 'getComponent')).toBe(true);
    expect(await cached(session, 'x')).toBe(false);
  });
});

describe('a write to another server', () => {
  it('does not invalidate responses of other origins', async () => {
    await using other = await CacheWorld.start(fresh());
    const target = `${other.origin.url}x`;
    await using world = await CacheWorld.start((_, response) =>
      response.writeHead(201, { Location: target, 'Content-Location': target }).end(),
    );
    await using elsewhere = await CacheWorld.start(numbered());
    const session = world.session({ prefixUrl: elsewhere.origin.url });
    await session.get(target);
    await session.post(`${world.origin.url}y`, {});
    expect(await cached(session, target)).toBe(true);
  });

  it('invalidates its own URL, and the URLs of the same origin in Location and Content-Location', async () => {
    await using world = await CacheWorld.start((request, response) => {
      response.setHeader('Cache-Control', 'max-age=3600');
      if (request.method === 'POST') {
        response.setHeader('Content-Location', '/content');
        response.writeHead(201, { Location: 'location' }).end();
      } else json(response, {});
    });
    await using elsewhere = await CacheWorld.start(numbered());
    const session = world.session({ prefixUrl: elsewhere.origin.url });
    const url = (path: string): string => world.origin.url + path;
    for (const path of ['target', 'location', 'content', 'other'])
      await session.get(url(path), { data: { a: 1 } });
    await session.post(url('target'), {});
    const reused = async (path: string) => (await session.get(url(path), { data: { a: 1 } })).fromCache;
    expect(await reused('target')).toBe(false);
    expect(await reused('location')).toBe(false);
    expect(await reused('content')).toBe(false);
    expect(await reused('other')).toBe(true);
  });
});

describe('session.cache', () => {
  it('deletes one stored response or all of them, and counts them', async () => {
    await using world = await CacheWorld.start(fresh());
    const session = world.session();
    expect(await session.cache.size()).toEqual({ entries: 0, bytes: 0 });
    for (const component of ['a', 'b']) await session.get('getComponent', { data: { component } });
    expect(await session.cache.size()).toEqual({ entries: 2, bytes: expect.any(Number) });
    const request = { url: 'getComponent', data: { component: 'a' } };
    expect(await session.cache.delete(request)).toBe(true);
    expect(await session.cache.delete(request)).toBe(false);
    expect(await session.cache.delete('getComponent')).toBe(false);
    expect(numberIn(await session.get('getComponent', { data: { component: 'b' } }))).toBe(2);
    expect(numberIn(await session.get('getComponent', { data: { component: 'a' } }))).toBe(3);
    await session.cache.clear();
    expect(await session.cache.size()).toEqual({ entries: 0, bytes: 0 });
    expect(numberIn(await session.get('getComponent', { data: { component: 'b' } }))).toBe(4);
    await session.close();
    const next = world.session();
    expect(numberIn(await next.get('getComponent', { data: { component: 'b' } }))).toBe(4);
  });

  it('delete() removes the variant that the request would get', async () => {
    await using world = await CacheWorld.start(numbered({ 'Cache-Control': 'max-age=3600', Vary: 'Accept' }));
    const session = world.session();
    const [csv, xml] = ['text/csv', 'text/xml'].map((Accept) => ({ url: 'x', headers: { Accept } }));
    await session.get('x', csv);
    await session.get('x', xml);
    expect(await session.cache.delete(csv as object)).toBe(true);
    expect(numberIn(await session.get('x', csv))).toBe(3);
    expect(numberIn(await session.get('x', csv))).toBe(3);
  });

  it('delete() removes a response that varies by a default header', async () => {
    await using world = await CacheWorld.start(
      numbered({ 'Cache-Control': 'max-age=3600', Vary: 'Accept-Encoding' }),
    );
    const session = world.session();
    await session.get('x');
    await session.cache.size();
    const other = world.session();
    expect(await other.cache.delete('x')).toBe(true);
    expect((await other.cache.size()).entries).toBe(0);
  });

  it('is empty with `cache: false`', async () => {
    await using world = await CacheWorld.start(fresh());
    const { cache } = world.session({ cache: false });
    await cache.clear();
    expect(await cache.delete('x')).toBe(false);
    expect(await cache.size()).toEqual({ entries: 0, bytes: 0 });
  });
});
