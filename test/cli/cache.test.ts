import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { Session, User } from '../../src/index.js';
import { startCli } from '../helpers/cli.js';
import { itOnTerminal, runInTerminal } from '../helpers/terminal.js';

const cli = await startCli();
const { pdb } = cli;

/** Puts two responses into the cache of the command line. */
async function fill(): Promise<void> {
  const user = new User(pdb.userOptions);
  const cache = join(cli.cache, 'itkdb');
  await using session = new Session({ user, prefixUrl: pdb.apiUrl, cache, expiresAfter: { hours: 1 } });
  await session.get('listProjects');
  await session.get('listInstitutions');
}

it('cache size and clear work without a sign-in, and create nothing', async () => {
  for (const what of ['size', 'clear']) {
    const { code, stdout, stderr } = await cli.run(['cache', what], { anonymous: true });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(JSON.parse(stdout)).toEqual({ entries: 0, bytes: 0, folder: join(cli.cache, 'itkdb') });
  }
  await expect(readdir(cli.cache)).rejects.toThrow('ENOENT');
  expect(await readdir(cli.home)).toEqual([]);
  expect(pdb.requests).toEqual([]);
});

it('cache size counts what is stored, and cache clear removes it', async () => {
  await fill();
  const size = JSON.parse((await cli.run(['cache', 'size'])).stdout);
  expect(size).toEqual({ entries: 2, bytes: expect.any(Number), folder: join(cli.cache, 'itkdb') });
  expect(size.bytes).toBeGreaterThan(100);
  expect(JSON.parse((await cli.run(['cache', 'clear'])).stdout)).toEqual(size);
  expect(JSON.parse((await cli.run(['cache', 'size', '--json=entries'])).stdout)).toEqual({ entries: 0 });
});

it('cache says why it cannot be read', async () => {
  await mkdir(join(cli.cache, 'itkdb'), { recursive: true });
  await writeFile(join(cli.cache, 'itkdb', 'v1'), '');
  const { code, stderr } = await cli.run(['cache', 'clear']);
  expect(code).toBe(1);
  expect(stderr).toMatch(/^itkdb: the cache cannot be read: .*\nIts folder is .*itkdb\n$/);
});

it.each([[['cache']], [['cache', 'empty']]])('%s is refused with exit code 2', async (words) => {
  const { code, stderr } = await cli.run(words);
  expect({ code, lines: stderr.split('\n').length }).toEqual({ code: 2, lines: 3 });
});

itOnTerminal('cache speaks in human units on a terminal', async () => {
  const folder = join(cli.cache, 'itkdb');
  await fill();
  const size = await runInTerminal(cli, ['cache', 'size'], { columns: 200 });
  expect(size.screen).toMatch(/^2 responses, \d+ (?:bytes|kB) in /);
  expect(size.screen).toContain(folder);
  const { screen } = await runInTerminal(cli, ['cache', 'clear'], { columns: 200 });
  expect(screen).toMatch(/^Removed 2 responses, \d+ (?:bytes|kB) from /);
  const { screen: empty } = await runInTerminal(cli, ['cache', 'size'], { columns: 200 });
  expect(empty).toBe(`The cache is empty: ${folder}\n`);
});
