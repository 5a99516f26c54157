import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import * as fs from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { build } from 'esbuild';
import { describe, expect, it, vi } from 'vitest';
import { DirectoryStore } from '../../src/cache/directory-store.js';
import { decode } from '../../src/cache/entry.js';
import { Files } from '../../src/cache/files.js';
import { sweep } from '../../src/cache/sweep.js';
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

  it('killed 200 times while they write leave only whole entries and temporary files that are swept', {
    timeout: 180_000,
  }, async () => {
    const directory = await fs.mkdtemp(join(tmpdir(), 'itkdb-crash-'));
    const writer = join(await fs.mkdtemp(join(tmpdir(), 'itkdb-writer-')), 'writer.mjs');
    try {
      await build({
        ...{ entryPoints: [fixture('cache-writer.mjs')], outfile: writer },
        ...{ bundle: true, platform: 'node', format: 'esm' },
        // For the CommonJS packages in the bundle.
        banner: {
          js: "const require = process.getBuiltinModule('node:module').createRequire(import.meta.url);",
        },
      });
      let kills = 0;
      const killSome = async (): Promise<void> => {
        while (kills++ < 200) await killWhileWriting(writer, directory);
      };
      await Promise.all([killSome(), killSome(), killSome(), killSome()]);
      const store = new DirectoryStore(directory, FULL);
      const outcomes = [];
      for (let name = 0; name < 8; name++) outcomes.push(await outcomeOf(store, String(name).repeat(64)));
      expect(outcomes.filter((outcome) => outcome !== 'whole' && outcome !== 'miss')).toEqual([]);
      expect(outcomes).toContain('whole');
      await store.close();
      await expectOrphansSwept(directory);
    } finally {
      await fs.rm(directory, { recursive: true });
      await fs.rm(dirname(writer), { recursive: true });
    }
  });
});

async function killWhileWriting(script: string, directory: string): Promise<void> {
  const writer: ChildProcess = spawn(process.execPath, [script, directory], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(writer, 'exit');
  await Promise.race([once(writer.stdout as NodeJS.ReadableStream, 'data'), ended]);
  expect(writer.exitCode).toBeNull();
  await sleep(Math.random() * 20);
  writer.kill('SIGKILL');
  await ended;
}

async function outcomeOf(store: DirectoryStore, name: string): Promise<string> {
  const bytes = await store.read(name);
  if (bytes === undefined) return 'miss';
  const entry = decode(bytes, name);
  if (entry?.kind !== 'response') return 'broken';
  const isWhole =
    entry.headers['x-length'] === String(entry.body.length) &&
    entry.body.every((byte) => byte === entry.body[0]);
  return isWhole ? 'whole' : 'mixed';
}

async function expectOrphansSwept(directory: string): Promise<void> {
  const files = new Files(directory, FULL);
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 2 * 3600_000 });
  await sweep(files, FULL);
  vi.useRealTimers();
  expect(files.names().filter((name) => name.endsWith('.tmp'))).toEqual([]);
}
