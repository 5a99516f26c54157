import * as fs from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { DirectoryStore } from '../../src/cache/directory-store.js';
import { Files } from '../../src/cache/files.js';
import { sweep } from '../../src/cache/sweep.js';
import { CacheWorld, entriesIn, numbered, numberIn } from '../helpers/cache-world.js';

const FRESH = { 'Cache-Control': 'max-age=3600' };
const FULL = 512 * 1024 * 1024;
const HOUR = 3600_000;
const keyOf = (digit: number, kind = ''): string => kind + String(digit).repeat(64);

afterEach(() => {
  vi.useRealTimers();
});

async function openFiles() {
  const directory = await fs.mkdtemp(join(tmpdir(), 'itkdb-sweep-'));
  const files = new Files(directory, FULL);
  files.create();
  return { directory, files, [Symbol.asyncDispose]: () => fs.rm(directory, { recursive: true }) };
}

describe('a sweep', () => {
  it('removes expired entries, and no others', async () => {
    await using opened = await openFiles();
    const { files } = opened;
    files.write(keyOf(1), [Buffer.from('x')], Date.now() - 1000);
    files.write(keyOf(2), [Buffer.from('x')], Date.now() + HOUR);
    await sweep(files, FULL);
    expect(files.names()).toEqual([keyOf(2)]);
  });

  it('evicts the least recently used entries if they exceed maxCacheSize', async () => {
    await using opened = await openFiles();
    const { directory, files } = opened;
    for (let index = 0; index < 10; index++) {
      files.write(keyOf(index), [Buffer.alloc(9950)], Date.now() + HOUR);
      await fs.utimes(
        files.pathOf(keyOf(index)),
        Date.now() / 1000 - 1000 + index,
        (Date.now() + HOUR) / 1000,
      );
    }
    const store = new DirectoryStore(directory, FULL);
    store.used(keyOf(0));
    await store.close();
    await sweep(files, 50_000);
    expect(files.names().sort()).toEqual([0, 7, 8, 9].map((digit) => keyOf(digit)));
  });

  it('keeps invalidations as long as there is a response from before them', async () => {
    await using opened = await openFiles();
    const { files } = opened;
    files.write(keyOf(1), [Buffer.from('x')], Date.now() + 2 * HOUR);
    files.write(keyOf(2, 'i'), [Buffer.from('x')], Date.now() + 100 * HOUR);
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + HOUR });
    await sweep(files, FULL);
    expect(files.names()).toHaveLength(2);
    vi.setSystemTime(Date.now() + 2 * HOUR);
    await sweep(files, FULL);
    expect(files.names()).toEqual([]);
  });

  it('removes the list of variants when all variants have expired', async () => {
    await using world = await CacheWorld.start(numbered({ ...FRESH, Vary: 'Accept' }));
    const session = world.session();
    for (const Accept of ['text/csv', 'text/xml']) await session.get('x', { headers: { Accept } });
    await session.post('y', {});
    expect((await session.cache.size()).entries).toBe(2);
    await session.close();
    const files = new Files(world.directory, FULL);
    expect(files.names().length).toBeGreaterThan(3);
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 2 * HOUR });
    await sweep(files, FULL);
    expect(files.names()).toEqual([]);
  });

  it('runs in session.close() after a write, at most every ten minutes', async () => {
    await using world = await CacheWorld.start(numbered(FRESH));
    const files = new Files(world.directory, FULL);
    files.create();
    const old = (digit: number) => files.write(keyOf(digit), [Buffer.from('x')], Date.now() - 1000);
    const use = async (url: string): Promise<void> => {
      const session = world.session();
      await session.get(url);
      await session.close();
    };
    old(1);
    await use('x');
    expect(await entriesIn(world.directory)).toHaveLength(1);
    old(2);
    await use('y');
    expect(await entriesIn(world.directory)).toHaveLength(3);
  });

  it('counts a hit in memory as a use', async () => {
    await using world = await CacheWorld.start(numbered(FRESH));
    const session = world.session();
    await session.get('x');
    await session.cache.size();
    const [file = ''] = await entriesIn(world.directory);
    await fs.utimes(file, 1000, (Date.now() + HOUR) / 1000);
    expect((await session.get('x')).fromCache).toBe(true);
    await session.close();
    expect((await fs.stat(file)).atimeMs).toBeGreaterThan(Date.now() - HOUR);
  });

  it('runs by itself after many writes, and keeps the directory within maxCacheSize', async () => {
    await using world = await CacheWorld.start((_, response) => {
      response.setHeader('Cache-Control', 'max-age=3600');
      response.end('x'.repeat(10_000));
    });
    const session = world.session({ maxCacheSize: 100_000 });
    for (let index = 0; index < 100; index++) await session.get(`x${index}`);
    await expect.poll(async () => (await session.cache.size()).bytes).toBeLessThanOrEqual(100_000);
    expect((await session.cache.size()).entries).toBeGreaterThan(2);
  });
});

describe('a directory without responses', () => {
  it('is looked at again within a second or so, and then has the responses of other sessions', async () => {
    await using world = await CacheWorld.start(numbered(FRESH));
    const [first, second] = [world.session(), world.session()];
    await second.get('other');
    await first.get('x');
    await first.close();
    const stored = (): Promise<unknown> =>
      second.get('x', { cache: 'only-if-cached' }).then(numberIn, () => undefined);
    await expect.poll(stored).toBe(2);
  });
});
