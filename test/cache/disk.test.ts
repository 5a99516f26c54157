import { type ChildProcess, execFile, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import * as fs from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it, vi } from 'vitest';
import { decode, encode } from '../../src/cache/entry.js';
import { FileStore } from '../../src/cache/file-store.js';
import { DirectoryShelf } from '../../src/cache/shelf.js';
import { Sweeper } from '../../src/cache/sweep.js';
import { CacheWorld, numbered, numberIn } from '../helpers/cache-world.js';
import { keepLogs } from '../helpers/logs.js';
import { json } from '../helpers/origin.js';

const run = promisify(execFile);
const fixture = (name: string): string => fileURLToPath(new URL(`../fixtures/${name}`, import.meta.url));
const FRESH = { 'Cache-Control': 'max-age=3600' };
const FULL = 512 * 1024 * 1024;

async function entriesIn(directory: string): Promise<string[]> {
  const folder = join(directory, 'v1');
  const names = (await fs.readdir(folder)).filter((name) => /^[0-9a-f]{64}$/.test(name));
  const files = await Promise.all(
    names.map(async (name) => [name, await fs.readFile(join(folder, name), 'latin1')]),
  );
  return files.filter(([, text]) => text?.includes('"kind"')).map(([name = '']) => join(folder, name));
}

/** A directory with one entry in it, and the entry's file. */
async function withOneEntry() {
  const world = await CacheWorld.start(numbered(FRESH));
  const session = world.session();
  await session.get('x');
  await session.close();
  const [file = ''] = await entriesIn(world.directory);
  return { world, file };
}

interface Read {
  readonly answers: readonly { readonly fromCache: boolean; readonly data: unknown }[];
  readonly warnings: readonly string[];
}

async function readInProcess(
  options: object,
  wrap: (command: string[]) => string[] = (command) => command,
): Promise<Read> {
  const [command = '', ...args] = wrap([
    process.execPath,
    fixture('cache-reader.mjs'),
    JSON.stringify(options),
  ]);
  const { stdout, stderr } = await run(command, args, { maxBuffer: 1e8 });
  expect(stderr).toBe('');
  return JSON.parse(stdout);
}

describe('the directory', () => {
  it('is made when the first answer is kept, readable for nobody else, and not for git', async () => {
    await using world = await CacheWorld.start((request, response) => {
      if (request.url === '/kept') response.setHeader('Cache-Control', 'max-age=60');
      json(response, {});
    });
    const cache = join(world.directory, 'a', 'b');
    const session = world.session({ cache });
    await session.get('passed');
    await session.cache.size();
    await expect(fs.stat(join(world.directory, 'a'))).rejects.toThrow(/ENOENT/);
    await session.get('kept');
    await session.cache.size();
    const modes: Record<string, number> = {};
    for (const name of [
      '.',
      '.gitignore',
      'v1',
      ...(await fs.readdir(join(cache, 'v1'))).map((name) => join('v1', name)),
    ]) {
      modes[name] = (await fs.stat(join(cache, name))).mode & 0o777;
    }
    const { '.': top, v1, ...files } = modes;
    expect([top, v1]).toEqual([0o700, 0o700]);
    expect(new Set(Object.values(files))).toEqual(new Set([0o600]));
    expect(Object.keys(files).length).toBeGreaterThan(2);
    expect(await fs.readFile(join(cache, '.gitignore'), 'utf8')).toBe('*\n');
  });

  it('is .webcache where the process was when it was first used', async () => {
    await using world = await CacheWorld.start(numbered(FRESH));
    const session = world.session({ cache: true });
    vi.spyOn(process, 'cwd').mockReturnValue(world.directory);
    await session.get('x');
    await session.cache.size();
    expect(await entriesIn(join(world.directory, '.webcache'))).toHaveLength(1);
  });

  it('that held something else already is left as it was', async () => {
    await using world = await CacheWorld.start(numbered(FRESH));
    await fs.writeFile(join(world.directory, 'mine.txt'), 'mine');
    await fs.chmod(world.directory, 0o755);
    const session = world.session();
    await session.get('x');
    await session.cache.size();
    await session.cache.clear();
    await session.close();
    expect((await fs.readdir(world.directory)).sort()).toEqual(['mine.txt', 'v1']);
    expect((await fs.stat(world.directory)).mode & 0o777).toBe(0o755);
    expect(await fs.readFile(join(world.directory, 'v1', '.gitignore'), 'utf8')).toBe('*\n');
  });

  it.each([
    [
      'is below a file',
      async (directory: string) => {
        await fs.writeFile(join(directory, 'file'), '');
        return join(directory, 'file', 'cache');
      },
    ],
    ['cannot be made', async () => '/proc/itkdb-cache'],
    [
      'cannot be written',
      async (directory: string) => {
        const cache = join(directory, 'cache');
        await fs.mkdir(join(cache, 'v1'), { recursive: true });
        await fs.chmod(cache, 0o500);
        await fs.writeFile(join(cache, 'v1', '.lastExpire'), 'x');
        return cache;
      },
    ],
  ])('that %s costs a warning at most', async (_, prepare) => {
    await using world = await CacheWorld.start(numbered(FRESH));
    const cache = await prepare(world.directory);
    const logger = keepLogs();
    const session = world.session({ cache, logger });
    for (const url of ['x', 'y', 'z']) expect(await session.get(url)).toMatchObject({ status: 200 });
    await session.post('x', {});
    await session.close();
    expect(logger.at('warn').length).toBeLessThanOrEqual(1);
  });

  it('on a full disk costs one warning, and leaves nothing half', async () => {
    const body = 'x'.repeat(200_000);
    await using world = await CacheWorld.start((_, response) => {
      response.setHeader('Cache-Control', 'max-age=3600');
      response.setHeader('Content-Type', 'text/plain');
      response.end(body);
    });
    // No file of more than 64 kB can be written.
    const limited = (command: string[]): string[] => [
      'bash',
      '-c',
      'ulimit -f 64; exec "$@"',
      'bash',
      ...command,
    ];
    const options = { prefixUrl: world.origin.url, cache: world.directory, urls: ['x', 'y', 'z'] };
    const { answers, warnings } = await readInProcess(options, limited);
    expect(answers).toEqual(options.urls.map(() => ({ fromCache: false, data: body.length })));
    expect(warnings).toEqual([expect.stringMatching(/^Cache: the store cannot be written: .*said once\.$/)]);
    const names = await fs.readdir(join(world.directory, 'v1'));
    expect(names.filter((name) => name.endsWith('.tmp'))).toEqual([]);
    expect(await entriesIn(world.directory)).toEqual([]);
  });
});

describe('a file', () => {
  const POLLUTED = '{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}';

  it.each<[string, (bytes: Buffer, file: string) => Promise<void>]>([
    ['empty', (_, file) => fs.writeFile(file, '')],
    ['cut off in its head', (bytes, file) => fs.writeFile(file, bytes.subarray(0, 100))],
    ['cut off in its body', (bytes, file) => fs.writeFile(file, bytes.subarray(0, -1))],
    ['longer than it was', (bytes, file) => fs.writeFile(file, Buffer.concat([bytes, Buffer.from('x')]))],
    ['changed in one bit', (bytes, file) => fs.writeFile(file, bytes.with(bytes.length - 3, 0x30) as Buffer)],
    ['random', (_, file) => fs.writeFile(file, Buffer.alloc(5000, 7))],
    ['JSON of somebody else', (_, file) => fs.writeFile(file, POLLUTED)],
    [
      'a hostile head',
      (bytes, file) => fs.writeFile(file, `${bytes.toString().split('\n')[0]}\n${POLLUTED}\n${POLLUTED}\n`),
    ],
    [
      'a folder',
      async (_, file) => {
        await fs.rm(file);
        await fs.mkdir(file);
      },
    ],
    [
      'a link to nowhere',
      async (_, file) => {
        await fs.rm(file);
        await fs.symlink('/nowhere', file);
      },
    ],
    [
      'a pipe that nobody writes to',
      async (_, file) => {
        await fs.rm(file);
        execFileSync('mkfifo', [file]);
      },
    ],
    [
      'a link to something endless',
      async (_, file) => {
        await fs.rm(file);
        await fs.symlink('/dev/zero', file);
      },
    ],
    ['gone', (_, file) => fs.rm(file)],
  ])('that is %s is a miss, and at most one warning', async (_, spoil) => {
    const { world, file } = await withOneEntry();
    await using __ = world;
    await spoil(await fs.readFile(file), file);
    const logger = keepLogs();
    const session = world.session({ logger });
    expect(numberIn(await session.get('x'))).toBe(2);
    await session.close();
    expect(logger.at('warn').length).toBeLessThanOrEqual(1);
    expect(({} as { polluted?: number }).polluted).toBeUndefined();
  });

  it('in the place of another is a miss', async () => {
    await using world = await CacheWorld.start(numbered(FRESH));
    const session = world.session();
    await session.get('x');
    await session.get('y');
    await session.close();
    const [first = '', second = ''] = await entriesIn(world.directory);
    await fs.copyFile(first, second);
    const next = world.session();
    expect([numberIn(await next.get('x')), numberIn(await next.get('y'))].sort()).not.toEqual([1, 1]);
    expect([numberIn(await next.get('x')), numberIn(await next.get('y'))].sort()).not.toEqual([2, 2]);
  });

  it("with a secret of another length makes no answer anybody's", async () => {
    const { world } = await withOneEntry();
    await using _ = world;
    for (const name of await fs.readdir(join(world.directory, 'v1'))) {
      const file = join(world.directory, 'v1', name);
      const text = await fs.readFile(file, 'latin1');
      if (text.includes('secret')) await fs.writeFile(file, `${text.slice(0, -10)}`, 'latin1');
    }
    expect(numberIn(await world.session().get('x'))).toBe(2);
  });

  it('that claims a header called __proto__ is no entry', () => {
    const entry = {
      kind: 'answer',
      key: 'k',
      status: 200,
      statusText: 'OK',
      requestedAt: 1,
      receivedAt: 1,
      body: Buffer.from('x'),
    } as const;
    const read = (headers: [string, string][]) => decode(Buffer.concat(encode({ ...entry, headers })), 'k');
    expect(read([['a', 'b']])).toMatchObject({ status: 200 });
    expect(read([['__proto__', 'b']])).toBeUndefined();
    expect(read([['a', 1 as never]])).toBeUndefined();
  });
});

describe('several processes', () => {
  it('write and read the same entries at the same time', async () => {
    await using world = await CacheWorld.start((request, response) => {
      response.setHeader('Cache-Control', 'max-age=3600');
      json(response, { url: request.url, padding: 'x'.repeat(20_000) });
    });
    const urls = Array.from({ length: 100 }, (_, index) => `x${index}`);
    const options = { prefixUrl: world.origin.url, cache: world.directory, urls };
    await Promise.all([readInProcess(options), readInProcess(options)]);
    const before = world.count;
    const { answers, warnings } = await readInProcess(options);
    expect(answers.map(({ data }) => (data as { url: string }).url)).toEqual(urls.map((url) => `/${url}`));
    expect(answers.filter(({ fromCache }) => fromCache).length).toBe(100);
    expect(warnings).toEqual([]);
    expect(world.count).toBe(before);
  });

  it('killed 200 times while they write leave whole entries, and nothing that is not swept', {
    timeout: 60_000,
  }, async () => {
    const directory = await fs.mkdtemp(join(tmpdir(), 'itkdb-crash-'));
    try {
      let kills = 0;
      const killSome = async (): Promise<void> => {
        while (kills++ < 200) await killWhileWriting(directory);
      };
      await Promise.all([killSome(), killSome(), killSome(), killSome()]);
      const shelf = new DirectoryShelf(directory, FULL);
      const outcomes = [];
      for (let name = 0; name < 8; name++) outcomes.push(await outcomeOf(shelf, String(name).repeat(64)));
      expect(outcomes.filter((outcome) => outcome !== 'whole' && outcome !== 'miss')).toEqual([]);
      expect(outcomes).toContain('whole');
      await shelf.close();
      await expectOrphansSwept(directory);
    } finally {
      await fs.rm(directory, { recursive: true });
    }
  });
});

async function killWhileWriting(directory: string): Promise<void> {
  const writer: ChildProcess = spawn(process.execPath, [fixture('cache-writer.mjs'), directory], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(writer, 'exit');
  await Promise.race([once(writer.stdout as NodeJS.ReadableStream, 'data'), ended]);
  expect(writer.exitCode).toBeNull();
  await sleep(Math.random() * 20);
  writer.kill('SIGKILL');
  await ended;
}

async function outcomeOf(shelf: DirectoryShelf, name: string): Promise<string> {
  const bytes = await shelf.read(name);
  if (bytes === undefined) return 'miss';
  const entry = decode(bytes, name);
  if (entry?.kind !== 'answer') return 'broken';
  const isWhole =
    entry.headers[0]?.[1] === String(entry.body.length) && entry.body.every((byte) => byte === entry.body[0]);
  return isWhole ? 'whole' : 'mixed';
}

async function expectOrphansSwept(directory: string): Promise<void> {
  const store = await FileStore.open(directory);
  const left = async (): Promise<number> =>
    (await store.names()).filter((name) => name.endsWith('.tmp')).length;
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 2 * 3600_000 });
  await new Sweeper(store, FULL).sweep();
  vi.useRealTimers();
  expect(await left()).toBe(0);
}

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
