import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import KeyvRedis from '@keyv/redis';
import { Keyv } from 'keyv';
import { KeyvFile } from 'keyv-file';
import { describe, expect, it } from 'vitest';
import type { CacheStore } from '../../src/cache/store.js';
import { InvalidInvocation, Timeout } from '../../src/index.js';
import { CacheWorld, numbered, numberIn } from '../helpers/cache-world.js';
import { keepLogs } from '../helpers/logs.js';
import { hasRedis, Redis } from '../helpers/redis.js';

describe('a session with a store of the caller', () => {
  it.each<[string, () => CacheStore]>([
    ['a Keyv', () => new Keyv() as unknown as CacheStore],
    ['a Map', () => new Map()],
  ])('shares its responses with other sessions: %s', async (_, create) => {
    await using world = await CacheWorld.start(numbered({ 'Cache-Control': 'max-age=60' }));
    const cache = create();
    const first = world.session({ cache });
    await first.get('x');
    await first.close();
    await expect(world.session({ cache }).get('x')).resolves.toMatchObject({ fromCache: true });
  });

  it.runIf(hasRedis)(
    'shares its responses with other sessions: Redis; and works without it when it stops',
    async () => {
      await using world = await CacheWorld.start(numbered({ 'Cache-Control': 'max-age=60' }));
      const redis = await Redis.start();
      const adapter = new KeyvRedis({
        socket: { path: redis.socket, tls: false, reconnectStrategy: false },
      });
      const cache = adapter as unknown as CacheStore;
      const first = world.session({ cache });
      await first.get('x');
      await first.close();
      const logger = keepLogs();
      const second = world.session({ cache, logger });
      expect(await second.get('x')).toMatchObject({ fromCache: true });
      await redis[Symbol.asyncDispose]();
      expect(numberIn(await second.get('y'))).toBe(2);
      expect(numberIn(await second.get('z'))).toBe(3);
      expect(logger.at('warn')).toHaveLength(1);
    },
  );

  it('can use keyv-file directly', async () => {
    await using world = await CacheWorld.start(numbered({ 'Cache-Control': 'max-age=60' }));
    const cache = new KeyvFile({
      filename: join(world.directory, 'file'),
      separatedFile: true,
    }) as unknown as CacheStore;
    const first = world.session({ cache });
    await first.get('x');
    await first.close();
    await expect(world.session({ cache }).get('x')).resolves.toMatchObject({ fromCache: true });
  });

  it.each<[string, Partial<Record<keyof CacheStore, () => unknown>>]>([
    [
      'throws',
      {
        get: () => {
          throw new Error('broken');
        },
        set: () => {
          throw new Error('broken');
        },
      },
    ],
    [
      'rejects',
      {
        get: async () => {
          throw new Error('broken');
        },
        set: async () => {
          throw new Error('broken');
        },
      },
    ],
    [
      'throws values that are not errors',
      {
        get: () => {
          throw undefined;
        },
        set: () => {
          throw null;
        },
      },
    ],
    ['contains other values', { get: () => ({ value: { body: 'x' } }), set: () => true }],
    [
      'contains values that are not entries',
      { get: () => JSON.stringify({ value: Buffer.from('nonsense').toString('base64') }), set: () => true },
    ],
    ['never responds', { get: () => new Promise(() => {}), set: () => new Promise(() => {}) }],
  ])('works without a store that %s, with at most one warning', { timeout: 30_000 }, async (_, broken) => {
    await using world = await CacheWorld.start(numbered({ 'Cache-Control': 'max-age=60' }));
    const logger = keepLogs();
    const cache = { get: () => undefined, set: () => true, delete: () => true, clear: () => {}, ...broken };
    const session = world.session({ cache, logger });
    for (const url of ['x', 'y', 'z']) await expect(session.get(url)).resolves.toMatchObject({ status: 200 });
    await session.close();
    expect(logger.at('warn').length).toBeLessThanOrEqual(1);
  });

  it('does not use a store for a while after it was too slow', { timeout: 30_000 }, async () => {
    await using world = await CacheWorld.start(numbered({ 'Cache-Control': 'max-age=60' }));
    let reads = 0;
    const get = (): Promise<undefined> => {
      reads += 1;
      return new Promise(() => {});
    };
    const cache = { get, set: () => true, delete: () => true, clear: () => {} };
    const session = world.session({ cache });
    await session.get('x');
    const before = reads;
    for (const url of ['y', 'z']) await session.get(url);
    expect(reads).toBe(before);
  });

  it('writes entries of one name one after the other', async () => {
    await using world = await CacheWorld.start(numbered({ 'Cache-Control': 'max-age=60' }));
    const values = new Map<string, unknown>();
    const written = new Set<string>();
    const set = async (key: string, value: unknown): Promise<boolean> => {
      const isFirst = !written.has(key);
      written.add(key);
      if (isFirst) await sleep(200);
      values.set(key, value);
      return true;
    };
    const get = (key: string): unknown => values.get(key);
    const cache = { get, set, delete: () => true, clear: () => {} };
    const session = world.session({ cache });
    await session.get('before');
    await sleep(500);
    await session.get('x');
    await sleep(100);
    await session.get('x', { cache: 'reload' });
    await session.close();
    await sleep(250);
    expect(numberIn(await world.session({ cache }).get('x'))).toBe(3);
  });

  it('has no cache if the store cannot be opened, with one warning', async () => {
    await using world = await CacheWorld.start(numbered({ 'Cache-Control': 'max-age=60' }));
    const cache = Object.defineProperty(new Map(), 'getRaw', {
      get: () => {
        throw new Error('broken');
      },
    });
    const logger = keepLogs();
    const session = world.session({ cache, logger });
    for (const number of [1, 2]) expect(numberIn(await session.get('x'))).toBe(number);
    expect(logger.at('warn')).toEqual(['warn: The cache is off: broken']);
    expect(await session.cache.size()).toEqual({ entries: 0, bytes: 0 });
  });
});

describe('session.cache.size()', () => {
  it('rejects if the store cannot be counted', async () => {
    await using world = await CacheWorld.start(numbered());
    const cache = { get: () => undefined, set: () => true, delete: () => true, clear: () => {} };
    await expect(world.session({ cache }).cache.size()).rejects.toThrow(InvalidInvocation);
  });

  it('does not wait for ever for a store that never responds', async () => {
    await using world = await CacheWorld.start(numbered());
    const cache = new Keyv();
    const iterator = async function* () {
      await new Promise(() => {});
      yield [];
    };
    Object.assign(cache, { iterator });
    const session = world.session({ cache: cache as unknown as CacheStore });
    await expect(session.cache.size()).rejects.toThrow(Timeout);
  });

  it('works after session.close()', async () => {
    await using world = await CacheWorld.start(numbered({ 'Cache-Control': 'max-age=60' }));
    const session = world.session();
    await session.get('x');
    await session.close();
    expect(await session.cache.size()).toMatchObject({ entries: 1 });
  });
});
