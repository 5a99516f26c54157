import * as fs from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { FileStore } from '../../src/cache/file-store.js';
import { DirectoryShelf } from '../../src/cache/shelf.js';
import { Sweeper } from '../../src/cache/sweep.js';
import { CacheWorld, entriesIn, numbered } from '../helpers/cache-world.js';

const FRESH = { 'Cache-Control': 'max-age=3600' };
const FULL = 512 * 1024 * 1024;

describe('a sweep', () => {
  const hour = 3600_000;

  async function openStore(limit: number) {
    const directory = await fs.mkdtemp(join(tmpdir(), 'itkdb-sweep-'));
    const store = await FileStore.open(directory);
    const sweeper = new Sweeper(store, limit);
    return { store, sweeper, [Symbol.asyncDispose]: () => fs.rm(directory, { recursive: true }) };
  }

  it('removes what has expired, and leaves what has not and what never does', async () => {
    await using world = await openStore(FULL);
    const { store, sweeper } = world;
    const value = Buffer.from('x');
    await store.set('old', { value, expires: Date.now() - 1000 });
    await store.set('new', { value, expires: Date.now() + hour });
    await store.set('always', { value });
    await sweeper.sweep();
    expect((await store.names()).length).toBe(2);
    expect(await sweeper.measure()).toMatchObject({ entries: 1 });
  });

  it('removes what was not used for longest where there is too much', async () => {
    await using world = await openStore(50_000);
    const { store, sweeper } = world;
    for (let index = 0; index < 10; index++) {
      await store.set(`${index}`, { value: Buffer.alloc(9950), expires: Date.now() + hour });
      await fs.utimes(store.pathOf(`${index}`), Date.now() / 1000 - 1000 + index, (Date.now() + hour) / 1000);
    }
    sweeper.used(store.pathOf('0'));
    await sweeper.sweep();
    const kept = [];
    for (let index = 0; index < 10; index++) if (await store.get(`${index}`)) kept.push(index);
    expect(kept).toEqual([0, 7, 8, 9]);
  });

  it('that is due is done by closing the session', async () => {
    await using world = await CacheWorld.start(numbered(FRESH));
    const store = await FileStore.open(world.directory);
    await store.set('old', { value: Buffer.from('x'), expires: Date.now() - 1000 });
    const session = world.session();
    await session.get('x');
    await session.close();
    await expect(fs.stat(store.pathOf('old'))).rejects.toThrow(/ENOENT/);
    expect(await entriesIn(world.directory)).toHaveLength(1);
  });

  it('knows what was used from what was read', async () => {
    await using world = await openStore(FULL);
    const { store } = world;
    const name = 'a'.repeat(64);
    const shelf = new DirectoryShelf(dirname(store.folder), FULL);
    await shelf.write(name, [Buffer.from('x')], Date.now() + hour);
    await fs.utimes(store.pathOf(name), 1000, (Date.now() + hour) / 1000);
    await shelf.read(name);
    await shelf.close();
    expect((await fs.stat(store.pathOf(name))).atimeMs).toBeGreaterThan(Date.now() - hour);
  });

  it('comes by itself when much was written, and keeps a session within its bound', async () => {
    await using world = await CacheWorld.start((_, response) => {
      response.setHeader('Cache-Control', 'max-age=3600');
      response.end('x'.repeat(10_000));
    });
    const session = world.session({ maxCacheSize: 100_000 });
    for (let index = 0; index < 100; index++) await session.get(`x${index}`);
    await vi.waitFor(async () => expect((await session.cache.size()).bytes).toBeLessThanOrEqual(100_000), {
      timeout: 3000,
    });
    expect((await session.cache.size()).entries).toBeGreaterThan(2);
  });
});
