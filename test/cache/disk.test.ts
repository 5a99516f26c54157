import { execFileSync } from 'node:child_process';
import * as fs from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { decode, encode } from '../../src/cache/entry.js';
import { Files } from '../../src/cache/files.js';
import { readInProcess } from '../helpers/cache-process.js';
import { CacheWorld, entriesIn, numbered, numberIn } from '../helpers/cache-world.js';
import { keepLogs } from '../helpers/logs.js';
import { json } from '../helpers/origin.js';

afterEach(() => {
  vi.restoreAllMocks();
});

const FRESH = { 'Cache-Control': 'max-age=3600' };

/** A directory with one entry in it, and the entry's file. */
async function withOneEntry() {
  const world = await CacheWorld.start(numbered(FRESH));
  const session = world.session();
  await session.get('x');
  await session.close();
  const [file = ''] = await entriesIn(world.directory);
  return { world, file };
}

describe('the cache directory', () => {
  it('is created when the first response is stored, with mode 0700 and ignored by git', async () => {
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
    expect(Object.keys(files)).toHaveLength(2);
    expect(await fs.readFile(join(cache, '.gitignore'), 'utf8')).toBe('*\n');
  });

  it('is .webcache in the working directory at the first request', async () => {
    await using world = await CacheWorld.start(numbered(FRESH));
    const session = world.session({ cache: true });
    vi.spyOn(process, 'cwd').mockReturnValue(world.directory);
    await session.get('x');
    await session.cache.size();
    expect(await entriesIn(join(world.directory, '.webcache'))).toHaveLength(1);
  });

  it('keeps other files that were in it', async () => {
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
    ['cannot be created', async () => '/proc/itkdb-cache'],
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
  ])('that %s causes at most one warning', async (_, prepare) => {
    await using world = await CacheWorld.start(numbered(FRESH));
    const cache = await prepare(world.directory);
    const logger = keepLogs();
    const session = world.session({ cache, logger });
    for (const url of ['x', 'y', 'z']) expect(await session.get(url)).toMatchObject({ status: 200 });
    await session.post('x', {});
    await session.close();
    expect(logger.at('warn').length).toBeLessThanOrEqual(1);
  });

  it('with a link in it: the target of the link is not changed', async () => {
    await using world = await CacheWorld.start(numbered(FRESH));
    const mine = join(world.directory, 'mine');
    await fs.mkdir(mine);
    await fs.chmod(mine, 0o755);
    await fs.symlink(mine, join(world.directory, 'v1'));
    const logger = keepLogs();
    const session = world.session({ logger });
    expect(await session.get('x')).toMatchObject({ status: 200 });
    await session.close();
    expect(logger.at('warn')).toEqual([expect.stringContaining('`v1` in its directory is not a directory')]);
    expect([(await fs.stat(mine)).mode & 0o777, await fs.readdir(mine)]).toEqual([0o755, []]);
  });

  it('on a full disk causes one warning and has no incomplete entry', async () => {
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

describe('the file of an entry', () => {
  const POLLUTED = '{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}';

  it.each<[string, (bytes: Buffer, file: string) => Promise<void>]>([
    ['empty', (_, file) => fs.writeFile(file, '')],
    ['cut off in its head', (bytes, file) => fs.writeFile(file, bytes.subarray(0, 100))],
    ['cut off in its body', (bytes, file) => fs.writeFile(file, bytes.subarray(0, -1))],
    ['longer than it was', (bytes, file) => fs.writeFile(file, Buffer.concat([bytes, Buffer.from('x')]))],
    ['changed in one bit', (bytes, file) => fs.writeFile(file, bytes.with(bytes.length - 3, 0x30) as Buffer)],
    ['random', (_, file) => fs.writeFile(file, Buffer.alloc(5000, 7))],
    ['JSON of another program', (_, file) => fs.writeFile(file, POLLUTED)],
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
      'a link to a whole entry',
      async (_, file) => {
        const elsewhere = join(file, '..', '..', 'elsewhere');
        await fs.rename(file, elsewhere);
        await fs.symlink(elsewhere, file);
      },
    ],
    [
      'a pipe without a writer',
      async (_, file) => {
        await fs.rm(file);
        execFileSync('mkfifo', [file]);
      },
    ],
    [
      'a link to /dev/zero',
      async (_, file) => {
        await fs.rm(file);
        await fs.symlink('/dev/zero', file);
      },
    ],
    ['removed', (_, file) => fs.rm(file)],
  ])('that is %s is a miss and causes at most one warning', async (_, spoil) => {
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

  it('with the name of another entry is a miss', async () => {
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

  it('with a header field __proto__ is a miss', () => {
    const times = { requestedAt: 1, receivedAt: 1, expires: 2 };
    const entry = { kind: 'response', key: 'k', status: 200, statusText: 'OK', ...times } as const;
    const read = (headers: Record<string, string>) =>
      decode(Buffer.concat(encode({ ...entry, headers, body: Buffer.from('x') })), 'k');
    expect(read({ a: 'b' })).toMatchObject({ status: 200 });
    expect(read(JSON.parse('{"__proto__":"b"}'))).toBeUndefined();
    expect(read({ a: 1 as never })).toBeUndefined();
  });

  it('that is larger than `maxCacheSize` is not read', async () => {
    await using world = await CacheWorld.start(numbered(FRESH));
    const files = new Files(world.directory, 100_000);
    files.create();
    files.write('k', [Buffer.alloc(70_000)], Date.now() + 1000);
    expect(files.read('k')?.bytes).toHaveLength(70_000);
    await fs.truncate(files.pathOf('k'), 100_001);
    expect(() => files.read('k')).toThrow('one of its files is something else');
  });

  it('that contains the entry of another key is a miss', () => {
    const entry = { kind: 'vary', key: 'k', names: ['accept'], expires: 1 } as const;
    const bytes = Buffer.concat(encode(entry));
    expect(decode(bytes, 'k')).toMatchObject(entry);
    expect(decode(bytes, 'another')).toBeUndefined();
  });

  it('of a response with an empty body is a hit', () => {
    const times = { requestedAt: 1, receivedAt: 1, expires: 2 };
    const entry = { kind: 'response', key: 'k', status: 204, statusText: '', headers: {}, ...times } as const;
    const bytes = Buffer.concat(encode({ ...entry, body: Buffer.alloc(0) }));
    expect(decode(bytes, 'k')).toMatchObject(entry);
  });
});

describe('a cache directory that other users can write to', () => {
  it.each<[string, (path: string) => Promise<void>]>([
    ['is writable by others', (path) => fs.chmod(path, 0o777)],
    ['is writable by its group', (path) => fs.chmod(path, 0o770)],
  ])('is not used if `v1` %s', async (_, change) => {
    const { world } = await withOneEntry();
    await using __ = world;
    await change(join(world.directory, 'v1'));
    const logger = keepLogs();
    const session = world.session({ logger });
    expect(numberIn(await session.get('x'))).toBe(2);
    expect(numberIn(await session.get('x'))).toBe(2);
    await session.close();
    expect(logger.at('warn')).toEqual([expect.stringContaining('`v1` in its directory can be changed by')]);
    expect(await entriesIn(world.directory)).toHaveLength(1);
  });

  it('does not use a file that others can write to', async () => {
    const { world, file } = await withOneEntry();
    await using __ = world;
    await fs.chmod(file, 0o666);
    const logger = keepLogs();
    const session = world.session({ logger });
    expect(numberIn(await session.get('x'))).toBe(2);
    expect(logger.at('warn')).toEqual([expect.stringContaining('one of its files can be changed by')]);
  });

  it.runIf(process.getuid?.() === 0)('does not use a file of another user', async () => {
    const { world, file } = await withOneEntry();
    await using __ = world;
    await fs.chown(file, 64_001, 64_001);
    const logger = keepLogs();
    expect(numberIn(await world.session({ logger }).get('x'))).toBe(2);
    expect(logger.at('warn')).toEqual([expect.stringContaining('belongs to another user')]);
  });

  it.each(['.swept', '.gitignore', '.lastExpire'])('does not follow a link named %s', async (name) => {
    await using world = await CacheWorld.start(numbered(FRESH));
    const precious = join(world.directory, 'precious');
    await fs.writeFile(precious, 'years of work');
    await fs.utimes(precious, 1, 1);
    const cache = join(world.directory, 'cache');
    await fs.mkdir(join(cache, 'v1'), { recursive: true, mode: 0o700 });
    await fs.chmod(join(cache, 'v1'), 0o700);
    await fs.symlink(precious, join(cache, 'v1', name));
    const session = world.session({ cache });
    await session.get('x');
    await session.close();
    expect(await fs.readFile(precious, 'utf8')).toBe('years of work');
    expect((await fs.stat(precious)).mtimeMs).toBe(1000);
  });

  it('does not wait for a pipe named .swept', async () => {
    const { world } = await withOneEntry();
    await using __ = world;
    const pipe = join(world.directory, 'v1', '.swept');
    await fs.rm(pipe);
    execFileSync('mkfifo', [pipe]);
    await fs.utimes(pipe, 1, 1);
    const session = world.session();
    await session.get('y');
    await session.close();
    expect((await fs.stat(pipe)).isFile()).toBe(true);
  });
});

it('the cache is off, with a warning, in a working directory that was removed', async () => {
  await using world = await CacheWorld.start(numbered(FRESH));
  const logger = keepLogs();
  const session = world.session({ cache: true, logger });
  vi.spyOn(process, 'cwd').mockImplementation(() => {
    throw Object.assign(new Error('ENOENT: uv_cwd'), { code: 'ENOENT' });
  });
  for (const number of [1, 2]) expect(numberIn(await session.get('x'))).toBe(number);
  await session.close();
  expect(logger.at('warn')).toEqual(['warn: The cache is off: ENOENT: uv_cwd']);
});
