import { execFileSync } from 'node:child_process';
import {
  chmod,
  lstat,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Session, User, type UserOptions } from '../src/index.js';
import { type EmbeddedPdb, startPdb } from '../src/testing/index.js';
import { keepLogs } from './helpers/logs.js';

let pdb: EmbeddedPdb;
let folder: string;
let saveAuth: string;
let logger: ReturnType<typeof keepLogs>;

beforeAll(async () => {
  const second = {
    accessCode1: 'of-another-1',
    accessCode2: 'of-another-2',
    name: 'Bo Other',
    identity: '9-9-1',
    institution: 'CERN',
  };
  const first = {
    accessCode1: 'codes-of-one-1',
    accessCode2: 'codes-of-one-2',
    name: 'Alex Example',
    identity: '1-1-1',
    institution: 'CERN',
  };
  pdb = await startPdb({ components: 10, users: [first, second] });
});

afterAll(() => pdb.close());

beforeEach(async () => {
  pdb.reset();
  pdb.identity.tokenLifetime = 7200;
  pdb.identity.clockOffset = 0;
  folder = await mkdtemp(join(tmpdir(), 'itkdb-tokens-'));
  saveAuth = join(folder, 'auth.json');
  logger = keepLogs();
});

afterEach(() => rm(folder, { recursive: true }));

const newUser = (options: UserOptions = {}): User =>
  new User({ ...pdb.userOptions, saveAuth, logger, ...options });

async function signIn(options?: UserOptions): Promise<User> {
  const user = newUser(options);
  await user.authenticate();
  return user;
}

/** The one warning that there should be, and that a new token was asked for. */
function expectAfresh(warning: string | RegExp): void {
  expect(logger.at('warn')).toEqual([expect.stringMatching(warning)]);
  expect(logger.at('warn')[0]).toMatch(/Creating a new one\.$/);
  expect(pdb.count('grantToken')).toBe(1);
}

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
    const first = user.authenticate();
    await expect.poll(() => user.isAuthenticated(), { interval: 1 }).toBe(true);
    const refused = user.bearer;
    user.invalidate(refused);
    await Promise.all([first, user.authenticate(), user.authenticate()]);
    expect(user.bearer).not.toBe('');
    expect(user.bearer).not.toBe(refused);
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
    ['the folder does not exist', async () => join(folder, 'missing', 'auth.json')],
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
