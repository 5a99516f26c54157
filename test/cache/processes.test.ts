import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import * as fs from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it, vi } from 'vitest';
import { decode } from '../../src/cache/entry.js';
import { FileStore } from '../../src/cache/file-store.js';
import { DirectoryShelf } from '../../src/cache/shelf.js';
import { Sweeper } from '../../src/cache/sweep.js';
import { fixture, readInProcess } from '../helpers/cache-process.js';
import { CacheWorld } from '../helpers/cache-world.js';
import { json } from '../helpers/origin.js';

const FULL = 512 * 1024 * 1024;

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
