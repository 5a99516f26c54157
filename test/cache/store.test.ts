import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import KeyvRedis from '@keyv/redis';
import { Keyv } from 'keyv';
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { DirectoryStore } from '../../src/cache/directory-store.js';
import type { Entry } from '../../src/cache/entry.js';
import { KeyvStore } from '../../src/cache/keyv-store.js';
import type { CacheStore, Store } from '../../src/cache/store.js';
import { TieredStore } from '../../src/cache/tiered-store.js';
import { keepLogs } from '../helpers/logs.js';
import { hasRedis, Redis } from '../helpers/redis.js';

interface Opened extends AsyncDisposable {
  readonly store: Store;
}

interface Kind {
  readonly name: string;
  readonly open: () => Promise<Opened>;
  readonly skip?: boolean;
}

async function inDirectory(): Promise<Opened> {
  const directory = await mkdtemp(join(tmpdir(), 'itkdb-store-'));
  const store = new DirectoryStore(directory, 512 * 1024 * 1024);
  return {
    store,
    async [Symbol.asyncDispose]() {
      await store.close();
      await rm(directory, { recursive: true });
    },
  };
}

async function inRedis(): Promise<Opened> {
  const redis = await Redis.start();
  const adapter = new KeyvRedis({ socket: { path: redis.socket, tls: false } });
  return {
    store: new KeyvStore(adapter as unknown as CacheStore),
    async [Symbol.asyncDispose]() {
      await adapter.disconnect();
      await redis[Symbol.asyncDispose]();
    },
  };
}

const inMemory = async (store: CacheStore): Promise<Opened> => ({
  store: new KeyvStore(store),
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
  let store: Store;

  beforeEach(async () => {
    opened = await open();
    store = opened.store;
  });

  afterEach(() => opened[Symbol.asyncDispose]());

  it('read() returns the written bytes in one Buffer', async () => {
    const bytes = randomBytes(100_000);
    await store.write(NAME, [bytes.subarray(0, 10), bytes.subarray(10)], soon());
    expect((await store.read(NAME))?.equals(bytes)).toBe(true);
  });

  it.each([0, 1, 16 * 1024 - 70, 16 * 1024, 64 * 1024, 5_000_000])('stores %i bytes', async (length) => {
    const bytes = randomBytes(length);
    await store.write(NAME, [bytes], soon());
    expect((await store.read(NAME))?.equals(bytes)).toBe(true);
  });

  it('read() of an unknown name is undefined, and delete() is false', async () => {
    expect(await store.read(NAME)).toBeUndefined();
    expect(await store.delete(NAME)).toBe(false);
  });

  it('the last write under a name counts', async () => {
    for (const value of ['long, and first', 'short']) await store.write(NAME, [Buffer.from(value)], soon());
    expect(String(await store.read(NAME))).toBe('short');
  });

  it('several writes at the same time leave one whole value', async () => {
    const values = Array.from({ length: 20 }, (_, index) => Buffer.alloc(50_000, index));
    await Promise.all(values.map((value) => store.write(NAME, [value], soon())));
    const value = await store.read(NAME);
    expect(values.some((candidate) => value?.equals(candidate))).toBe(true);
  });

  it('read() of an expired entry is undefined', async () => {
    await store.write(NAME, [Buffer.from('1')], Date.now() + 150);
    expect(String(await store.read(NAME))).toBe('1');
    await sleep(200);
    expect(await store.read(NAME)).toBeUndefined();
  });

  it('delete() removes one entry, clear() removes all, size() counts only responses', async () => {
    const names = ['1', '2', '3'].map((digit) => digit.repeat(64));
    const others = [`v${NAME}`, `i${NAME}`];
    for (const name of [...names, ...others]) await store.write(name, [Buffer.from('x')], soon());
    expect((await store.size()).entries).toBe(3);
    expect(await store.delete(names[0] as string)).toBe(true);
    expect(await store.read(names[0] as string)).toBeUndefined();
    expect((await store.size()).entries).toBe(2);
    await store.clear();
    expect((await store.size()).entries).toBe(0);
    for (const name of others) expect(await store.read(name)).toBeUndefined();
  });
});

describe('an entry that waits to be written', () => {
  const storeThat = (write: Store['write']): Store => ({
    isEmpty: false,
    read: async () => undefined,
    write,
    used: () => {},
    delete: async () => false,
    clear: async () => {},
    size: async () => ({ entries: 0, bytes: 0 }),
    close: async () => {},
  });
  const entry = (key: string, body: Buffer): Entry => ({
    ...{ kind: 'response', key, status: 200, statusText: 'OK', headers: {}, body },
    ...{ requestedAt: 1, receivedAt: 1, expires: soon() },
  });

  it('is dropped with a warning if more than 64 MiB wait', async () => {
    const logger = keepLogs();
    const written: string[] = [];
    const tiered = new TieredStore(
      storeThat(async (key) => void written.push(key)),
      logger,
    );
    const body = Buffer.alloc(30 * 1024 * 1024);
    for (const key of ['a', 'b', 'c', 'd']) tiered.put(entry(key, body));
    await tiered.close();
    expect(written).toEqual(['a', 'b']);
    expect(logger.lines).toEqual([expect.stringMatching(/^warn: Cache: .*not written/)]);
  });

  it('is lost with a warning if close() has waited five seconds for the store', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    onTestFinished(() => void vi.useRealTimers());
    const logger = keepLogs();
    const tiered = new TieredStore(
      storeThat(() => new Promise(() => {})),
      logger,
    );
    tiered.put(entry('a', Buffer.from('x')));
    const closed = tiered.close();
    await vi.advanceTimersByTimeAsync(4999);
    expect(logger.lines).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    await closed;
    expect(logger.lines).toEqual([expect.stringMatching(/^warn: Cache: .*within 5 seconds/)]);
  });

  it('is not replaced by an older entry that was being written at the same time', async () => {
    const values = new Map<string, Buffer>();
    const put = (key: string, parts: readonly Buffer[]): void => void values.set(key, Buffer.concat(parts));
    const slow = storeThat(async (key, parts) => {
      await sleep(50);
      put(key, parts);
    });
    const tiered = new TieredStore({ ...slow, writeNow: put }, keepLogs());
    tiered.put(entry('a', Buffer.from('old')));
    const written = tiered.size();
    tiered.put(entry('a', Buffer.from('new')));
    tiered.writeNow();
    expect(values.get('a')?.toString()).toMatch(/old$/);
    await written;
    await tiered.close();
    expect(values.get('a')?.toString()).toMatch(/new$/);
  });

  it('is read from memory, where the least recently used entry is evicted first', async () => {
    const tiered = new TieredStore(
      storeThat(async () => {}),
      keepLogs(),
    );
    const body = Buffer.alloc(7 * 1024 * 1024);
    for (const key of 'abcdefghi') {
      tiered.put(entry(key, body));
      await tiered.size();
      tiered.peek('a');
    }
    tiered.put(entry('j', body));
    expect([...'abcdefghij'].filter((key) => tiered.peek(key) === undefined)).toEqual(['b']);
    await tiered.close();
  });
});
