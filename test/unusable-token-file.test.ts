import { execFileSync } from 'node:child_process';
import { chmod, mkdir, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { startPdb } from '../src/testing/index.js';
import { startDatabase } from './helpers/database.js';
import { tokenFile } from './helpers/token-file.js';

const { pdb } = await startDatabase({
  components: 10,
  users: [
    {
      accessCode1: 'codes-of-one-1',
      accessCode2: 'codes-of-one-2',
      name: 'Alex Example',
      identity: '1-1-1',
      institution: 'CERN',
    },
    {
      accessCode1: 'of-another-1',
      accessCode2: 'of-another-2',
      name: 'Bo Other',
      identity: '9-9-1',
      institution: 'CERN',
    },
  ],
});
const { folder, saveAuth, logger, newUser, signIn } = tokenFile(pdb);

/** The one warning that there should be, and that a new token was asked for. */
function expectAfresh(warning: string | RegExp): void {
  expect(logger.at('warn')).toEqual([expect.stringMatching(warning)]);
  expect(logger.at('warn')[0]).toMatch(/Creating a new one\.$/);
  expect(pdb.count('grantToken')).toBe(1);
}

describe('a file that cannot be used is a warning, and a new token', () => {
  it('where the token has expired', async () => {
    await signIn();
    pdb.reset();
    await signIn({ authExpiryThreshold: 9000 });
    expectAfresh(`^warn: Saved user session is expired in ${saveAuth}`);
  });

  it('where the token expired long ago', async () => {
    pdb.identity.clockOffset = -100_000;
    await signIn({ jwtOptions: { clockTolerance: 200_000 } });
    pdb.identity.clockOffset = 0;
    pdb.reset();
    await signIn();
    expectAfresh(`^warn: Saved user session is expired in ${saveAuth}`);
  });

  it('where it belongs to other access codes', async () => {
    const [, other] = pdb.identity.users;
    await signIn({ accessCode1: other?.accessCode1, accessCode2: other?.accessCode2 });
    pdb.reset();
    expect((await signIn()).name).toBe('Alex Example');
    expectAfresh(/belongs to other access codes, another audience or another identity service/);
  });

  it.each([
    ['second access code', { accessCode2: 'of-another-2' }],
    ['audience', { audience: 'https://other.example' }],
  ])('where it belongs to another %s', async (_, options) => {
    await signIn();
    await newUser(options)
      .authenticate()
      .catch(() => {});
    expect(logger.at('warn')).toEqual([expect.stringContaining('it belongs to other access codes')]);
  });

  it('where it belongs to another identity service', async () => {
    await using elsewhere = await startPdb({ components: 1, users: pdb.identity.users });
    await signIn({ prefixUrl: elsewhere.authUrl });
    await signIn();
    expectAfresh(/belongs to other access codes/);
  });

  it('where its token was signed by somebody else', async () => {
    await signIn();
    const content = JSON.parse(await readFile(saveAuth, 'utf8'));
    await writeFile(
      saveAuth,
      JSON.stringify({ ...content, idToken: await pdb.issueToken({ foreignKey: true }) }),
    );
    pdb.reset();
    await signIn();
    expectAfresh(/no key of the identity service made the signature/);
  });

  it.each<[string, string | Buffer]>([
    ['is empty', ''],
    ['is text', 'fake'],
    ['is cut off', '{"format":"itkdb-tokens-1","salt":"'],
    ['is other JSON', '[]'],
    ['is null', 'null'],
    ['lacks fields', '{"format":"itkdb-tokens-1"}'],
    [
      'is of another format',
      '{"format":"itkdb-tokens-2","salt":"a","digest":"b","idToken":"c","accessToken":"d"}',
    ],
    [
      'has a digest that is none',
      '{"format":"itkdb-tokens-1","salt":"a","digest":"b","idToken":"c","accessToken":"d"}',
    ],
    ['has a polluted prototype', '{"__proto__":{"format":"itkdb-tokens-1"}}'],
    ['is a Python pickle', Buffer.from('8004958f000000000000008c0a', 'hex')],
    ['is nested deeply', '['.repeat(100_000)],
    ['is large', 'x'.repeat(1_000_000)],
  ])('where it %s', async (_, content) => {
    await writeFile(saveAuth, content);
    expect((await signIn()).name).toBe('Alex Example');
    expectAfresh(`^warn: Unable to load user session from ${saveAuth}`);
    expect(JSON.parse(await readFile(saveAuth, 'utf8')).format).toBe('itkdb-tokens-1');
  });

  it('and what is not ours is kept beside it, once', async () => {
    await writeFile(saveAuth, 'my only measurement');
    await signIn();
    expect(await readFile(`${saveAuth}.bak`, 'utf8')).toBe('my only measurement');
    await writeFile(saveAuth, 'another one');
    await signIn();
    expect(await readFile(saveAuth, 'utf8')).toBe('another one');
    expect(await readFile(`${saveAuth}.bak`, 'utf8')).toBe('my only measurement');
    expect(logger.at('warn').at(-1)).toContain(`Unable to save user session to ${saveAuth}: EEXIST`);
  });

  it('where it is larger than 256 KiB, even if the tokens in it are good', async () => {
    await signIn();
    await writeFile(saveAuth, `${await readFile(saveAuth, 'utf8')}${' '.repeat(256 * 1024)}`);
    pdb.reset();
    await signIn();
    expect(logger.at('warn')[0]).toContain(`Unable to load user session from ${saveAuth}`);
    expect(pdb.count('grantToken')).toBe(1);
  });

  it('where it is the start of a token file, which is not kept beside the new one', async () => {
    await writeFile(saveAuth, '{\n  "format": "itk');
    await signIn();
    expectAfresh(`^warn: Unable to load user session from ${saveAuth}`);
    expect(await readdir(folder)).toEqual(['auth.json']);
  });

  it.skipIf(process.platform === 'win32')('where it is a named pipe that nobody writes to', async () => {
    execFileSync('mkfifo', [saveAuth]);
    await signIn();
    expect(logger.at('warn')).toEqual([
      expect.stringMatching(/Unable to load .* it is not a token file/),
      expect.stringMatching(/Unable to save .* it is no file/),
    ]);
    expect((await stat(saveAuth)).isFIFO()).toBe(true);
  });
});

describe('a file that cannot be written is a warning', () => {
  it.each([
    [
      'it is a folder',
      async () => {
        await mkdir(saveAuth);
        return saveAuth;
      },
    ],
    [
      'its folder is a file',
      async () => {
        await writeFile(join(folder, 'file'), '');
        return join(folder, 'file', 'auth.json');
      },
    ],
    [
      'it is a link that leads in circles',
      async () => {
        await symlink('loop', join(folder, 'loop'));
        return join(folder, 'loop', 'auth.json');
      },
    ],
  ])('where %s', async (_, make) => {
    const path = await make();
    const user = newUser({ saveAuth: path });
    await expect(user.authenticate()).resolves.toBe(true);
    expect(logger.at('warn').at(-1)).toContain(`warn: Unable to save user session to ${path}: `);
    expect((await readdir(folder)).filter((name) => name.endsWith('.tmp'))).toEqual([]);
  });

  it.skipIf(process.getuid?.() === 0)('where the folder is read-only', async () => {
    await chmod(folder, 0o500);
    await expect(newUser().authenticate()).resolves.toBe(true);
    expect(logger.at('warn')).toEqual([expect.stringContaining('Unable to save user session')]);
    await chmod(folder, 0o700);
  });
});
