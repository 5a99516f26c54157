import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import KeyvRedis from '@keyv/redis';
import { Keyv } from 'keyv';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { SafeShelf } from '../../src/cache/safe-shelf.js';
import { DirectoryShelf, KeyvShelf } from '../../src/cache/shelf.js';
import type { CacheStore, Shelf } from '../../src/cache/store.js';
import { type Write, Writer } from '../../src/cache/writer.js';
import { keepLogs } from '../helpers/logs.js';
import { hasRedis, Redis } from '../helpers/redis.js';

interface Opened extends AsyncDisposable {
  readonly shelf: Shelf;
}

interface Kind {
  readonly name: string;
  readonly open: () => Promise<Opened>;
  readonly skip?: boolean;
}

async function inDirectory(): Promise<Opened> {
  const directory = await mkdtemp(join(tmpdir(), 'itkdb-store-'));
  const shelf = new DirectoryShelf(directory, 512 * 1024 * 1024);
  return {
    shelf,
    async [Symbol.asyncDispose]() {
      await shelf.close();
      await rm(directory, { recursive: true });
    },
  };
}

async function inRedis(): Promise<Opened> {
  const redis = await Redis.start();
  const adapter = new KeyvRedis({ socket: { path: redis.socket, tls: false } });
  return {
    shelf: new KeyvShelf(adapter as unknown as CacheStore),
    async [Symbol.asyncDispose]() {
      await adapter.disconnect();
      await redis[Symbol.asyncDispose]();
    },
  };
}

const inMemory = async (store: CacheStore): Promise<Opened> => ({
  shelf: new KeyvShelf(store),
  async [Symbol.asyncDispose]() {},
});

const KINDS: readonly Kind[] = [
  { name: 'a directory', open: inDirectory },
  { name: "keyv's own memory", open: () => inMemory(new Keyv() as unknown as CacheStore) },
  { name: 'a Map', open: () => inMemory(new Map()) },
  {
    name: hasRedis ? 'Redis' : 'Redis (skipped: there is no redis-server here)',
    open: inRedis,
    skip: !hasRedis,
  },
];
const NAME = 'a'.repeat(64);
const soon = (): number => Date.now() + 60_000;

describe.each(KINDS.filter(({ skip }) => !skip))('$name', ({ open }) => {
  let opened: Opened;
  let shelf: Shelf;

  beforeEach(async () => {
    opened = await open();
    shelf = opened.shelf;
  });

  afterEach(() => opened[Symbol.asyncDispose]());

  it('gives back the bytes that it was given, in one piece', async () => {
    const bytes = randomBytes(100_000);
    await shelf.write(NAME, [bytes.subarray(0, 10), bytes.subarray(10)], soon());
    expect((await shelf.read(NAME))?.equals(bytes)).toBe(true);
  });

  it.each([0, 1, 16 * 1024 - 70, 16 * 1024, 64 * 1024, 5_000_000])('keeps %i bytes', async (length) => {
    const bytes = randomBytes(length);
    await shelf.write(NAME, [bytes], soon());
    expect((await shelf.read(NAME))?.equals(bytes)).toBe(true);
  });

  it('has nothing under a name that was never written, and can delete it', async () => {
    expect(await shelf.read(NAME)).toBeUndefined();
    expect(await shelf.remove(NAME)).toBe(false);
  });

  it.each(['x'.repeat(1000), '../../etc/passwd', 'a\nb', 'ü €', '__proto__', ''])(
    'takes %j for a name',
    async (name) => {
      await shelf.write(`n${name}`, [Buffer.from('1')], soon());
      await shelf.write(`m${name}`, [Buffer.from('2')], soon());
      expect(String(await shelf.read(`n${name}`))).toBe('1');
    },
  );

  it('keeps the last of what was written under a name', async () => {
    for (const value of ['long, and first', 'short']) await shelf.write(NAME, [Buffer.from(value)], soon());
    expect(String(await shelf.read(NAME))).toBe('short');
  });

  it('keeps one whole value where several are written at the same time', async () => {
    const values = Array.from({ length: 20 }, (_, index) => Buffer.alloc(50_000, index));
    await Promise.all(values.map((value) => shelf.write(NAME, [value], soon())));
    const value = await shelf.read(NAME);
    expect(values.some((candidate) => value?.equals(candidate))).toBe(true);
  });

  it('forgets what has expired, and never what does not expire', async () => {
    await shelf.write(NAME, [Buffer.from('1')], Date.now() + 150);
    await shelf.write('record:b', [Buffer.from('2')], undefined);
    expect(String(await shelf.read(NAME))).toBe('1');
    await sleep(200);
    expect(await shelf.read(NAME)).toBeUndefined();
    expect(String(await shelf.read('record:b'))).toBe('2');
  });

  it('deletes one, and all, and counts the entries but not the records', async () => {
    const names = ['1', '2', '3'].map((digit) => digit.repeat(64));
    for (const name of [...names, 'record:x'])
      await shelf.write(name, [Buffer.from('x')], name.startsWith('r') ? undefined : soon());
    expect((await shelf.size()).entries).toBe(3);
    expect(await shelf.remove(names[0] as string)).toBe(true);
    expect(await shelf.read(names[0] as string)).toBeUndefined();
    expect((await shelf.size()).entries).toBe(2);
    await shelf.clear();
    expect((await shelf.size()).entries).toBe(0);
    expect(await shelf.read('record:x')).toBeUndefined();
  });
});

describe('what waits to be written', () => {
  const shelfThat = (write: Shelf['write']): Shelf => ({
    isAbsent: false,
    exists: async () => true,
    read: async () => undefined,
    create: async () => {},
    write,
    remove: async () => false,
    clear: async () => {},
    size: async () => ({ entries: 0, bytes: 0 }),
    close: async () => {},
  });

  it('is dropped with a warning where it is too much', async () => {
    const logger = keepLogs();
    const written: string[] = [];
    const shelf = shelfThat(async (key) => void written.push(key));
    const writer = new Writer(new SafeShelf(shelf, logger));
    const encode = vi.fn(() => [Buffer.alloc(10)]);
    const write: Write = { size: 30 * 1024 * 1024, expires: soon(), encode };
    for (const key of ['a', 'b', 'c', 'd']) writer.write(key, write);
    expect(encode).not.toHaveBeenCalled();
    await writer.flush();
    expect(written).toEqual(['a', 'b']);
    expect(logger.lines).toEqual([expect.stringMatching(/^warn: Cache: .*not written/)]);
  });

  it('is given up with a warning where closing takes too long', { timeout: 10_000 }, async () => {
    const logger = keepLogs();
    const writer = new Writer(
      new SafeShelf(
        shelfThat(() => new Promise(() => {})),
        logger,
      ),
    );
    writer.write('a', { size: 1, expires: soon(), encode: () => [Buffer.from('x')] });
    await writer.flush();
    expect(logger.lines).toEqual([expect.stringMatching(/^warn: Cache: .*within 5 seconds/)]);
  });
});
