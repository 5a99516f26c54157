import * as fs from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { CacheStore, Session } from '../../src/index.js';
import { CacheWorld, numbered } from '../helpers/cache-world.js';
import { json, type Respond } from '../helpers/origin.js';

const DAY = 86_400_000;
const fresh = (): Respond => numbered({ 'Cache-Control': 'max-age=3600' });

afterEach(() => {
  vi.useRealTimers();
});

async function cached(session: Session, url: string): Promise<boolean> {
  return (await session.get(url)).fromCache;
}

/** Two names of one directory that is not there yet: what sessions of one process know of each other goes by the name. */
async function twoNames(world: CacheWorld): Promise<[string, string]> {
  await fs.mkdir(join(world.directory, 'a'));
  await fs.symlink('a', join(world.directory, 'b'));
  return [join(world.directory, 'a', 'cache'), join(world.directory, 'b', 'cache')];
}

describe('two sessions with a directory that does not exist yet', () => {
  it('store responses that a third session can read', async () => {
    await using world = await CacheWorld.start(fresh());
    const [first, second] = [world.session(), world.session()];
    await Promise.all([first.get('x'), second.get('y')]);
    await Promise.all([first.close(), second.close()]);
    const third = world.session();
    expect([await cached(third, 'x'), await cached(third, 'y')]).toEqual([true, true]);
  });

  it("see each other's writes", async () => {
    await using world = await CacheWorld.start(fresh());
    const [first, second] = (await twoNames(world)).map((cache) => world.session({ cache })) as [
      Session,
      Session,
    ];
    await Promise.all([first.get('x'), second.get('y')]);
    await Promise.all([first.cache.size(), second.cache.size()]);
    await second.post<unknown>('setComponentStage', {});
    await expect.poll(() => cached(first, 'x'), { interval: 100 }).toBe(false);
  });
});

describe('a store that fails for some time', () => {
  it('keeps its entries', async () => {
    await using world = await CacheWorld.start(fresh());
    const map = new Map<string, string>();
    let isDown = false;
    const cache: CacheStore = {
      get: (key) => {
        if (isDown) throw new Error('down');
        return map.get(key);
      },
      set: (key, value) => map.set(key, value as string),
      delete: (key) => map.delete(key),
      clear: () => map.clear(),
    };
    const first = world.session({ cache });
    await first.get('x');
    await first.close();
    isDown = true;
    const second = world.session({ cache });
    await second.get('y');
    await second.close();
    isDown = false;
    expect(await cached(world.session({ cache }), 'x')).toBe(true);
  });
});

describe('a cache directory that is removed', () => {
  it('is empty', async () => {
    await using world = await CacheWorld.start(fresh());
    const session = world.session();
    await session.get('x');
    await session.cache.size();
    await fs.rm(world.directory, { recursive: true });
    expect(await session.cache.size()).toEqual({ entries: 0, bytes: 0 });
    await session.cache.clear();
  });

  it('is created again by a running session, and used by new ones', async () => {
    await using world = await CacheWorld.start(fresh());
    const session = world.session();
    await session.get('x');
    await session.cache.size();
    await fs.rm(world.directory, { recursive: true });
    await session.get('y');
    await session.close();
    expect(await cached(world.session(), 'y')).toBe(true);
  });

  it('and created again by another session is shared with it', async () => {
    await using world = await CacheWorld.start(fresh());
    const first = world.session();
    await first.get('x');
    await first.cache.size();
    await fs.rm(world.directory, { recursive: true });
    const second = world.session();
    await second.get('y');
    await second.cache.size();
    await sleep(1100);
    await first.get('z');
    await first.cache.size();
    expect(await cached(first, 'y')).toBe(true);
    await second.post<unknown>('setComponentStage', {});
    await expect.poll(() => cached(first, 'x'), { interval: 100 }).toBe(false);
  });
});

describe('the invalidation by a write', () => {
  it('creates no directory if no response is stored', async () => {
    await using world = await CacheWorld.start(fresh());
    const cache = join(world.directory, 'cache');
    const session = world.session({ cache });
    await session.post<unknown>('setComponentStage', {});
    await session.close();
    await expect(fs.stat(cache)).rejects.toThrow(/ENOENT/);
  });

  it('applies to responses that wait to be written', async () => {
    await using world = await CacheWorld.start(fresh());
    const session = world.session();
    await session.get('x');
    await session.post<unknown>('setComponentStage', {});
    await session.close();
    expect(await cached(world.session(), 'x')).toBe(false);
  });

  it('applies to a response that was requested before the write and arrived after it', async () => {
    let answer = (): void => {};
    await using world = await CacheWorld.start((request, response) => {
      response.setHeader('Cache-Control', 'max-age=3600');
      if (request.method === 'POST') json(response, {});
      else answer = () => json(response, {});
    });
    const session = world.session();
    const reading = session.get('x');
    await expect.poll(() => world.count).toBe(1);
    await sleep(2);
    await session.post<unknown>('setComponentStage', {});
    answer();
    await reading;
    await session.close();
    const next = world.session();
    const again = next.get('x');
    await expect.poll(() => world.count).toBe(3);
    answer();
    expect((await again).fromCache).toBe(false);
  });

  it('has a lifetime in a store of the caller', async () => {
    await using world = await CacheWorld.start(fresh());
    const lifetimes: (number | undefined)[] = [];
    const cache: CacheStore = {
      get: () => undefined,
      set: (_, __, lifetime) => lifetimes.push(lifetime),
      delete: () => true,
      clear: () => {},
    };
    const session = world.session({ cache });
    await session.cache.size().catch(() => {});
    lifetimes.length = 0;
    await session.post<unknown>('setComponentStage', {});
    await session.close();
    expect(lifetimes.filter((lifetime) => lifetime !== undefined && lifetime > 364 * DAY)).toHaveLength(2);
  });
});
