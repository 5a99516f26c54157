import { spawnSync } from 'node:child_process';
import {
  chmod,
  lstat,
  lutimes,
  mkdir,
  readdir,
  readFile,
  stat,
  symlink,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { Session } from '../src/index.js';
import { startDatabase } from './helpers/database.js';
import { tokenFile } from './helpers/token-file.js';

const { pdb } = await startDatabase({ components: 10 });
const { folder, saveAuth, logger, newUser, signIn } = tokenFile(pdb);

describe('tokens in a file', () => {
  it('serve the next process, verified again', async () => {
    const first = await signIn();
    pdb.reset();
    const second = await signIn();
    expect(second.bearer).toBe(first.bearer);
    expect(second.accessToken).toBe(first.accessToken);
    expect(second.name).toBe(first.name);
    expect(pdb.requests.map(({ command }) => command)).toEqual(['listKeys']);
    expect(logger.at('warn')).toEqual([]);
  });

  it('serve a session that is given only the file', async () => {
    await signIn();
    pdb.reset();
    for (const [name, value] of Object.entries(pdb.env)) process.env[name] = value;
    try {
      await using session = new Session({ saveAuth });
      await session.get('listProjects');
      expect(pdb.count('grantToken')).toBe(0);
    } finally {
      for (const name of Object.keys(pdb.env)) delete process.env[name];
    }
  });

  it('are in a folder that is made for them', async () => {
    const path = join(folder, 'mine', 'tokens', 'auth.json');
    await signIn({ saveAuth: path });
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect((await stat(join(folder, 'mine'))).mode & 0o777).toBe(0o700);
  });

  it('are small JSON without the access codes', async () => {
    const user = await signIn();
    const text = await readFile(saveAuth, 'utf8');
    expect(JSON.parse(text)).toEqual({
      format: 'itkdb-tokens-1',
      salt: expect.any(String),
      digest: expect.any(String),
      idToken: user.bearer,
      accessToken: user.accessToken,
    });
    expect(text).not.toContain(pdb.user.accessCode1);
    expect(text).not.toContain(pdb.user.accessCode2);
  });

  it.each([0o666, 0o600, 0o400])(
    'are for their owner only, also where the file had the mode %o',
    async (mode) => {
      await writeFile(saveAuth, 'former content', { mode });
      await chmod(saveAuth, mode);
      await signIn();
      expect((await stat(saveAuth)).mode & 0o777).toBe(0o600);
      expect(JSON.parse(await readFile(saveAuth, 'utf8')).format).toBe('itkdb-tokens-1');
    },
  );

  it('are for their owner only once they are read', async () => {
    await signIn();
    await chmod(saveAuth, 0o666);
    pdb.reset();
    await signIn();
    expect(pdb.count('grantToken')).toBe(0);
    expect((await stat(saveAuth)).mode & 0o777).toBe(0o600);
  });

  it('go into the file that a link leads to', async () => {
    const target = join(folder, 'target.json');
    await writeFile(target, '');
    await symlink(target, saveAuth);
    await signIn();
    expect((await lstat(saveAuth)).isSymbolicLink()).toBe(true);
    expect(JSON.parse(await readFile(target, 'utf8')).format).toBe('itkdb-tokens-1');
  });

  it('do not wait for a logger that returns something', async () => {
    const chatty = Object.fromEntries(
      ['debug', 'info', 'warn', 'error'].map((level) => [level, () => chatty]),
    );
    await writeFile(saveAuth, '{}');
    const user = await signIn({ logger: chatty as never });
    expect([user.bearer !== '', user.isExpired()]).toEqual([true, false]);
  });

  it('that are refused while they are being saved are renewed for all that wait', async () => {
    const user = newUser();
    const first = user.token();
    await expect.poll(() => user.isAuthenticated(), { interval: 1 }).toBe(true);
    const refused = user.bearer;
    user.invalidate(refused);
    const tokens = await Promise.all([first, user.token(), user.token()]);
    expect(user.bearer).not.toBe(refused);
    expect(tokens).toEqual([user.bearer, user.bearer, user.bearer]);
    expect(pdb.count('grantToken')).toBe(2);
  });

  it('leave nothing else in the folder', async () => {
    await signIn();
    expect(await readdir(folder)).toEqual(['auth.json']);
  });

  it('are replaced when they are renewed', async () => {
    const user = await signIn({ authExpiryThreshold: 9999 });
    const before = await readFile(saveAuth, 'utf8');
    await user.authenticate();
    // Nothing about the file: its token is the one that has just expired.
    expect(logger.at('warn')).toEqual(['warn: User session is expired. Creating a new one.']);
    expect(await readFile(saveAuth, 'utf8')).not.toBe(before);
    expect(JSON.parse(await readFile(saveAuth, 'utf8')).idToken).toBe(user.bearer);
  });

  it('that another process has renewed meanwhile save a grant', async () => {
    const slow = await signIn();
    slow.invalidate(slow.bearer);
    const other = await signIn({ authExpiryThreshold: 7300 });
    pdb.reset();
    await slow.authenticate();
    expect(slow.bearer).toBe(other.bearer);
    expect(pdb.count('grantToken')).toBe(0);
  });

  it('that the database refused are not used again', async () => {
    const user = await signIn();
    const refused = user.bearer;
    user.invalidate(refused);
    await user.authenticate();
    expect(user.bearer).not.toBe(refused);
  });
});

describe('temporary files of processes that were killed', () => {
  const dead = (): number => spawnSync(process.execPath, ['--version']).pid;
  const leave = async (pid: number | string, minutes: number, name = `.itkdb-${pid}-0123456789ab.tmp`) => {
    const time = new Date(Date.now() - minutes * 60_000);
    await writeFile(join(folder, name), 'tokens');
    await utimes(join(folder, name), time, time);
  };

  it.each<[string, () => Promise<void>]>([
    ['older than an hour', () => leave(process.pid, 61)],
    ['of a process that has ended', () => leave(dead(), 2)],
  ])('are removed by the next save: %s', async (_, make) => {
    await make();
    await signIn();
    expect(await readdir(folder)).toEqual(['auth.json']);
  });

  it.each<[string, () => Promise<void>]>([
    ['of a running process', () => leave(process.pid, 59)],
    ['of a process of another computer, perhaps', () => leave(dead(), 0)],
    ['of another program', () => leave('', 600, '.itkdb-x-0123456789ab.tmp')],
    ['with a name that starts like ours', () => leave('', 600, '.itkdb-1-0123456789ab.tmp.txt')],
  ])('are left where they are %s', async (_, make) => {
    await make();
    await signIn();
    expect(await readdir(folder)).toHaveLength(2);
  });

  it('are left where they are of a process of another person', async () => {
    vi.spyOn(process, 'kill').mockImplementation(() => {
      throw Object.assign(new Error('not permitted'), { code: 'EPERM' });
    });
    await leave(1, 2);
    await signIn();
    expect(await readdir(folder)).toHaveLength(2);
  });

  it('are left where they are links or folders', async () => {
    await mkdir(join(folder, '.itkdb-1-0123456789ab.tmp'));
    await symlink('nowhere', join(folder, '.itkdb-1-0123456789ac.tmp'));
    const longAgo = new Date(Date.now() - 61 * 60_000);
    for (const name of await readdir(folder)) await lutimes(join(folder, name), longAgo, longAgo);
    await signIn();
    expect(await readdir(folder)).toHaveLength(3);
    expect(logger.at('warn')).toEqual([]);
  });
});

describe('two users of one file', () => {
  it('never leave it in pieces', async () => {
    const users = Array.from({ length: 8 }, () => newUser({ authExpiryThreshold: 9999 }));
    let isWriting = true;
    const reading = (async () => {
      let reads = 0;
      while (isWriting) {
        const text = await readFile(saveAuth, 'utf8').catch(() => undefined);
        if (text === undefined) continue;
        expect(JSON.parse(text).format).toBe('itkdb-tokens-1');
        reads += 1;
      }
      return reads;
    })();
    for (let round = 0; round < 5; round++) await Promise.all(users.map((user) => user.authenticate()));
    isWriting = false;
    expect(await reading).toBeGreaterThan(0);
    expect(await readdir(folder)).toEqual(['auth.json']);
  });
});
