import { existsSync } from 'node:fs';
import { chmod, mkdir, readdir, readFile, rename, stat, symlink, unlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { inspect } from 'node:util';
import { describe, expect, it, vi } from 'vitest';
import { readSignIn, removeSignIn, storeSignIn } from '../src/auth/stored-sign-in.js';
import {
  AuthenticationFailed,
  Client,
  Forbidden,
  InvalidInvocation,
  NotSignedIn,
  Session,
  User,
} from '../src/index.js';
import { startDatabase } from './helpers/database.js';
import { failure } from './helpers/failure.js';
import { keepLogs } from './helpers/logs.js';
import { json, Origin } from './helpers/origin.js';
import { withStoredSignIn } from './helpers/stored-sign-in.js';

const { pdb } = await startDatabase({ components: 10 });
const { folder, config, store } = withStoredSignIn(pdb);
const file = join(config, 'sign-in.json');
const renewedFile = join(config, 'renewed-token.json');
const codes = { accessCode1: pdb.user.accessCode1, accessCode2: pdb.user.accessCode2 };
const BERTA = { name: 'Berta Beispiel', uuidentity: '7654-321-1' };

const authorizationsAt = (origin: Origin): (string | undefined)[] =>
  origin.requests.map(({ headers }) => headers.authorization);

describe('new Client() without access codes', () => {
  it('uses the stored sign-in, and sends no access code', async () => {
    const { tokens } = await store();
    await using client = await disposable(new Client({ cache: false }));
    expect((await client.get('listProjects')).data).not.toHaveLength(0);
    expect(client.user).toMatchObject({ name: 'Alex Example', identity: '1234-567-1' });
    expect(client.user.bearer).toBe(tokens.idToken);
    expect(pdb.requests.map(({ command }) => command)).toEqual(['listKeys', 'listProjects']);
    expect(await client.session.whoAmI()).toEqual({ name: 'Alex Example', identity: '1234-567-1' });
  });

  it('reads the stored sign-in once for all calls that wait', async () => {
    await store();
    await using client = await disposable(new Client({ cache: false }));
    await Promise.all(
      Array.from({ length: 50 }, (_, n) => client.get('getComponent', { data: { component: nth(n) } })),
    );
    expect(pdb.count('listKeys')).toBe(1);
    expect(pdb.count('grantToken')).toBe(0);
  });

  it('verifies the token: one of somebody else is an InvalidIdToken', async () => {
    const idToken = await pdb.issueToken({ foreignKey: true });
    await store({ tokens: { idToken, accessToken: 'opaque' } });
    await expect(new User().authenticate()).rejects.toMatchObject({ code: 'ERR_INVALID_ID_TOKEN' });
  });

  it('and without a stored sign-in is NotSignedIn, which names both ways', async () => {
    const error = await failure(new User().authenticate(), NotSignedIn);
    expect(error).toBeInstanceOf(InvalidInvocation);
    expect(error.code).toBe('ERR_NOT_SIGNED_IN');
    expect(error.message).toBe(
      'you are not signed in: there are no access codes, and there is no stored sign-in\n' +
        `Run \`npx itkdb login\`. Or give accessCode1 and accessCode2 to new User, or set ITKDB_ACCESS_CODE1 and ITKDB_ACCESS_CODE2 in the environment or in ${join(process.cwd(), '.env')}.`,
    );
    expect(pdb.count()).toBe(0);
  });

  it('and without a home folder is NotSignedIn', async () => {
    vi.stubEnv('ITKDB_CONFIG_DIR', '');
    vi.stubEnv('XDG_CONFIG_HOME', '');
    vi.stubEnv('HOME', 'relative');
    await failure(new User().authenticate(), NotSignedIn);
  });
});

describe('access codes', () => {
  it.each(['options', 'environment', '.env'])(
    'from %s are used, and the stored sign-in is not even read',
    async (where) => {
      await mkdir(config, { recursive: true });
      // Reading it would be NotSignedIn.
      await writeFile(file, 'not a sign-in');
      const names = { ITKDB_ACCESS_CODE1: codes.accessCode1, ITKDB_ACCESS_CODE2: codes.accessCode2 };
      if (where === 'environment') for (const [name, value] of Object.entries(names)) vi.stubEnv(name, value);
      if (where === '.env')
        await writeFile(
          '.env',
          Object.entries(names)
            .map((pair) => pair.join('='))
            .join('\n'),
        );
      const user = new User(where === 'options' ? codes : {});
      await user.authenticate();
      expect(pdb.count('grantToken')).toBe(1);
      expect(await readdir(config)).toEqual(['sign-in.json']);
    },
  );

  it.each([{ accessCode1: '' }, { accessCode1: '', accessCode2: '' }, { accessCode2: ' ' }])(
    'that are empty, as %j, are an InvalidInvocation, whoever is signed in on this computer',
    async (options) => {
      await store({ codes });
      const error = await failure(new User(options).authenticate(), InvalidInvocation);
      expect(error.code).toBe('ERR_INVALID_INVOCATION');
      expect(error.message).toMatch(/^there is no accessCode/);
    },
  );

  it('of which one is missing are an InvalidInvocation, whoever is signed in on this computer', async () => {
    await store({ codes });
    vi.stubEnv('ITKDB_ACCESS_CODE2', codes.accessCode2);
    const error = await failure(new User().authenticate(), InvalidInvocation);
    expect(error.code).toBe('ERR_INVALID_INVOCATION');
    expect(error.summary).toMatch(/^there is no accessCode1 \(ITKDB_ACCESS_CODE1\): /);
  });
});

describe('a stored sign-in that has expired', () => {
  it('without access codes is NotSignedIn, which says whose it was and when, before anything is sent', async () => {
    await store({ expiresIn: -60 });
    const error = await failure(new User().authenticate(), NotSignedIn);
    expect(error.message).toMatch(
      /^the sign-in of Alex Example expired at \d{4}-\d\d-\d\d \d\d:\d\d:\d\d\nRun `npx itkdb login`, or set ITKDB_ACCESS_CODE1 and ITKDB_ACCESS_CODE2\.$/,
    );
    expect(pdb.count()).toBe(0);
  });

  it('is NotSignedIn too if fewer than `authExpiryThreshold` seconds are left', async () => {
    await store({ expiresIn: 100 });
    await new User({ authExpiryThreshold: 50 }).authenticate();
    const error = await failure(new User({ authExpiryThreshold: 200 }).authenticate(), NotSignedIn);
    expect(error.summary).toMatch(/^the sign-in of Alex Example expires at /);
  });

  it('in the middle of a program is replaced by that of another `login`', async () => {
    await store({ expiresIn: 20 });
    const user = new User({ authExpiryThreshold: 0 });
    await user.authenticate();
    const later = vi.spyOn(Date, 'now').mockReturnValue(Date.now() + 3600_000);
    await failure(user.authenticate(), NotSignedIn);
    const { tokens } = await store({ expiresIn: 3600 });
    expect(await user.token()).toBe(tokens.idToken);
    later.mockRestore();
  });

  it('in the middle of a program is not replaced by that of another person', async () => {
    await store({ expiresIn: 20 });
    const user = new User({ authExpiryThreshold: 0 });
    await user.authenticate();
    vi.spyOn(Date, 'now').mockReturnValue(Date.now() + 3600_000);
    const exp = Date.now() / 1000 + 7200;
    const idToken = await pdb.issueToken({ claims: { ...BERTA, exp, aud: undefined } });
    await store({ tokens: { idToken, accessToken: 'opaque' } });
    const error = await failure(user.authenticate(), NotSignedIn);
    expect(error.summary).toBe(
      'this program works for Alex Example, but the stored sign-in is now of Berta Beispiel',
    );
    expect(await new User().token()).toBe(idToken);
  });

  it('with access codes gets a new token, which the next process uses', async () => {
    const { tokens } = await store({ codes, expiresIn: -60 });
    const before = await readFile(file, 'utf8');
    const user = new User();
    await user.authenticate();
    expect(user.bearer).not.toBe(tokens.idToken);
    expect([user.accessCode1, user.accessCode2]).toEqual(['', '']);
    expect(await new User().token()).toBe(user.bearer);
    expect(pdb.count('grantToken')).toBe(1);
    expect(await readFile(file, 'utf8')).toBe(before);
    if (process.platform !== 'win32') expect((await stat(renewedFile)).mode & 0o777).toBe(0o600);
    expect((await readdir(config)).sort()).toEqual(['renewed-token.json', 'sign-in.json']);
  });

  it('with access codes that the identity service refuses is AuthenticationFailed', async () => {
    await store({ codes: { ...codes, accessCode2: 'changed meanwhile' }, expiresIn: -60 });
    const error = await failure(new User().authenticate(), AuthenticationFailed);
    expect(inspect(error, { showHidden: true, depth: 9 })).not.toMatch(
      /first-code-of-alex|changed meanwhile/,
    );
  });

  it('with access codes gets a new token if the stored one was renewed in a damaged file', async () => {
    await store({ codes, expiresIn: -60 });
    await writeFile(renewedFile, '{"format":');
    await new User().authenticate();
    expect(pdb.count('grantToken')).toBe(1);
  });

  it('does without the file of the new token if it cannot be written', async () => {
    await store({ codes, expiresIn: -60 });
    await mkdir(renewedFile);
    const logger = keepLogs();
    await expect(new User({ logger }).authenticate()).resolves.toBe(true);
    expect(logger.at('warn').join('\n')).toMatch(/Unable to save user session to .*: it is no file/);
  });
});

describe('a new token of stored access codes', () => {
  /** Holds the response with the new token back until something else has been done. */
  async function renewWhile(act: () => Promise<unknown>): Promise<void> {
    const user = new User();
    pdb.answer('grantToken', async () => {
      await act();
      const exp = Math.floor(Date.now() / 1000) + 7200;
      return { access_token: 'renewed', id_token: await pdb.issueToken({ claims: { exp, aud: undefined } }) };
    });
    await user.authenticate();
  }

  it('is not stored if somebody has signed out meanwhile', async () => {
    await store({ codes, expiresIn: -60 });
    await renewWhile(removeSignIn);
    expect(await readdir(config)).toEqual([]);
    await failure(new User().authenticate(), NotSignedIn);
  });

  it('does not replace the sign-in that somebody has stored meanwhile', async () => {
    await store({ codes, expiresIn: -60 });
    const idToken = await pdb.issueToken({ claims: { ...BERTA, aud: undefined } });
    await renewWhile(() => store({ codes: { ...codes }, tokens: { idToken, accessToken: 'of-berta' } }));
    const signIn = await readSignIn();
    expect(signIn?.tokens()).toEqual({ idToken, accessToken: 'of-berta' });
    expect(await readdir(config)).toEqual(['sign-in.json']);
    expect(await new User().token()).toBe(idToken);
  });

  it('does not replace the new token of the sign-in that somebody has stored meanwhile', async () => {
    await store({ codes, expiresIn: -60 });
    let renewed = '';
    await renewWhile(async () => {
      await store({ codes, expiresIn: -60 });
      renewed = await new User().token();
    });
    expect(await new User().token()).toBe(renewed);
  });

  it('does not stay if somebody signs out while it is stored', async () => {
    for (let round = 0; round < 40; round++) {
      const { tokens } = await store({ codes });
      const signIn = await readSignIn();
      const saving = signIn?.saveRenewed(tokens);
      // At another moment in each round.
      for (let step = 0; step < round; step++) await new Promise(setImmediate);
      await Promise.all([saving, removeSignIn()]);
      expect(await readdir(config)).toEqual([]);
    }
  });

  it('is not used with the sign-in of a later `login`', async () => {
    await store({ codes, expiresIn: -60 });
    await new User().authenticate();
    const renewed = await readFile(renewedFile);
    const { tokens } = await store({ codes });
    expect(existsSync(renewedFile)).toBe(false);
    await writeFile(renewedFile, renewed);
    expect(await new User().token()).toBe(tokens.idToken);
  });

  it('is requested no more once somebody has signed out', async () => {
    await store({ codes, expiresIn: 20 });
    const user = new User({ authExpiryThreshold: 0 });
    await user.authenticate();
    await removeSignIn();
    vi.spyOn(Date, 'now').mockReturnValue(Date.now() + 3600_000);
    await failure(user.authenticate(), NotSignedIn);
    expect(pdb.count('grantToken')).toBe(0);
  });
});

describe('a database or an identity service that the stored sign-in is not for', () => {
  it.each(['ITKDB_API_URL', 'ITKDB_SITE_URL', 'ITKDB_AUTH_URL'])(
    'in .env of the working directory as %s is sent nothing, and NotSignedIn names both and the file',
    async (name) => {
      vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
      await using foreign = await Origin.start((_, response) => json(response, {}));
      for (const withCodes of [undefined, codes]) {
        for (const expiresIn of [7200, -60]) {
          await store({ codes: withCodes, expiresIn });
          vi.stubEnv(name === 'ITKDB_AUTH_URL' ? name : 'ITKDB_API_URL', undefined);
          await writeFile('.env', `${name}=${foreign.url}\n`);
          await using client = await disposable(new Client({ cache: false }));
          const error = await failure(client.get('listProjects'), NotSignedIn);
          const [subject, own] =
            name === 'ITKDB_AUTH_URL' ? ['identity service', pdb.authUrl] : ['database', pdb.apiUrl];
          expect(error.summary).toBe(
            `the stored sign-in of Alex Example is for the ${subject} ${own}, but ${foreign.url} is in use`,
          );
          expect(error.message).toContain(
            `\nThat comes from ${name} in ${join(process.cwd(), '.env')}. If it is right, run \`npx itkdb login\` to sign in there. If not, remove it, and do not sign in there.`,
          );
        }
      }
      expect(foreign.requests).toEqual([]);
      expect(pdb.count()).toBe(0);
    },
  );

  it('as another audience is NotSignedIn', async () => {
    await store();
    vi.stubEnv('ITKDB_ACCESS_AUDIENCE', 'https://other.example');
    const error = await failure(new User().authenticate(), NotSignedIn);
    expect(error.message).toMatch(
      /is for the audience .*\nThat comes from ITKDB_ACCESS_AUDIENCE in the environment\./,
    );
  });

  it.each(['of its own', 'that is given'])(
    'as `prefixUrl` of a session with a user %s is sent nothing',
    async (which) => {
      await store({ codes });
      await using foreign = await Origin.start((_, response) => json(response, {}));
      const user = which === 'of its own' ? undefined : new User();
      await using session = await disposable(new Session({ prefixUrl: foreign.url, cache: false, user }));
      for (const call of [
        () => session.get('listProjects'),
        () => session.whoAmI(),
        () => session.prepareRequest({ url: 'listProjects' }),
      ]) {
        const error = await failure(call(), NotSignedIn);
        expect(error.message).toContain(
          'That comes from the option `prefixUrl` of the session, or `apiUrl` of the user.',
        );
      }
      expect(foreign.requests).toEqual([]);
    },
  );

  it('is not sent the token of a user that another session has signed in', async () => {
    await store();
    const user = new User();
    await using foreign = await Origin.start((_, response) => json(response, {}));
    await using own = await disposable(new Session({ user, cache: false }));
    await using other = await disposable(new Session({ user, prefixUrl: foreign.url, cache: false }));
    await own.get('listProjects');
    await failure(other.get('listProjects'), NotSignedIn);
    await own.get('listProjects');
    expect(authorizationsAt(foreign)).toEqual([]);
  });

  it('in the environment is NotSignedIn, for a user without a session too', async () => {
    await store();
    vi.stubEnv('ITKDB_API_URL', 'https://other.example/');
    const error = await failure(new User().authenticate(), NotSignedIn);
    expect(error.message).toContain('That comes from ITKDB_API_URL in the environment.');
    expect(pdb.count()).toBe(0);
  });

  it('as the default is NotSignedIn, which says so', async () => {
    await store();
    vi.stubEnv('ITKDB_API_URL', undefined);
    const error = await failure(new User().authenticate(), NotSignedIn);
    expect(error.message).toBe(
      `the stored sign-in of Alex Example is for the database ${pdb.apiUrl}, but https://itkpd.unicornuniversity.net/ is in use\n` +
        'That is the default. To sign in there, run `npx itkdb login`.',
    );
  });

  it('as `apiUrl` of a user is NotSignedIn', async () => {
    await store();
    await failure(new User({ apiUrl: 'https://other.example/' }).authenticate(), NotSignedIn);
    await using session = await disposable(
      new Session({ user: new User({ apiUrl: 'https://other.example/' }), cache: false }),
    );
    await failure(session.get('listProjects'), NotSignedIn);
    await new User({ apiUrl: new URL(pdb.apiUrl) }).authenticate();
  });
});

describe('a session whose `prefixUrl` is the database of the stored sign-in', () => {
  it.each(['of its own', 'that is given'])(
    'uses it with a user %s, whatever ITKDB_API_URL says',
    async (which) => {
      await store();
      vi.stubEnv('ITKDB_API_URL', 'https://other.example/');
      const user = which === 'of its own' ? undefined : new User();
      // Without the slash at its end.
      const prefixUrl = pdb.apiUrl.slice(0, -1);
      await using session = await disposable(new Session({ prefixUrl, cache: false, user }));
      await session.get('listProjects');
      expect(await session.whoAmI()).toMatchObject({ name: 'Alex Example' });
    },
  );
});

describe('a stored token that the database refuses', () => {
  it('without access codes is Forbidden after one repetition, and stays in use', async () => {
    await store();
    await using session = await disposable(new Session({ cache: false, retry: false }));
    await session.get('listProjects');
    pdb.fault({ on: 'listInstitutions', status: 401, times: 4, body: {} });
    for (let round = 0; round < 2; round++)
      expect(await failure(session.get('listInstitutions'), Forbidden)).toMatchObject({ status: 401 });
    expect(pdb.count('listInstitutions')).toBe(4);
    await session.get('listProjects');
    expect(pdb.count('grantToken')).toBe(0);
  });

  it('without access codes is replaced by that of another `login`', async () => {
    await store();
    await using session = await disposable(new Session({ cache: false, retry: false }));
    await session.get('listProjects');
    pdb.identity.revokeTokens();
    await failure(session.get('listProjects'), Forbidden);
    const { tokens } = await store();
    await session.get('listProjects');
    expect(session.user.bearer).toBe(tokens.idToken);
  });

  it('with access codes is replaced', async () => {
    const { tokens } = await store({ codes });
    await using session = await disposable(new Session({ cache: false, retry: false }));
    await session.get('listProjects');
    pdb.identity.revokeTokens();
    await session.get('listProjects');
    expect(session.user.bearer).not.toBe(tokens.idToken);
    expect(pdb.count('grantToken')).toBe(1);
  });
});

describe('the file of the sign-in', () => {
  it('is in a folder of its own, both for their owner only, and nothing else stays there', async () => {
    await store({ codes });
    expect(await readdir(config)).toEqual(['sign-in.json']);
    if (process.platform === 'win32') return;
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect((await stat(config)).mode & 0o777).toBe(0o700);
  });

  it('holds the access codes only if told', async () => {
    await store();
    expect(await readFile(file, 'utf8')).not.toMatch(/code-of-alex|accessCode/);
    await store({ codes });
    expect(JSON.parse(await readFile(file, 'utf8'))).toMatchObject(codes);
    await store();
    expect(await readFile(file, 'utf8')).not.toMatch(/code-of-alex|accessCode/);
  });

  it.skipIf(process.platform === 'win32')('is made private when it is read', async () => {
    await store({ codes, expiresIn: -60 });
    await new User().authenticate();
    for (const path of [file, renewedFile]) await chmod(path, 0o644);
    await new User().authenticate();
    for (const path of [file, renewedFile]) expect((await stat(path)).mode & 0o777).toBe(0o600);
  });

  it.each([
    ['empty', ''],
    ['cut off', '{"format":"itkdb-sign-in-1","id":"x"'],
    ['a list', '[]'],
    ['null', 'null'],
    ['of a later version', '{"format":"itkdb-sign-in-2"}'],
    [
      'without a token',
      '{"format":"itkdb-sign-in-1","id":"x","authUrl":"https://a/","apiUrl":"https://b/","audience":""}',
    ],
    ['too large', `{"a":"${'x'.repeat(300_000)}"}`],
  ])('that is %s is NotSignedIn, which says what to do, and can be replaced', async (_, text) => {
    await mkdir(config, { recursive: true });
    await writeFile(file, text);
    const error = await failure(new User().authenticate(), NotSignedIn);
    expect(error.summary).toContain(`the stored sign-in cannot be used: ${file} `);
    expect(error.message).toContain('\nRun `npx itkdb login`');
    await store();
    await new User().authenticate();
  });

  it('that is a folder or cannot be read is NotSignedIn', async () => {
    await mkdir(file, { recursive: true });
    await failure(new User().authenticate(), NotSignedIn);
    vi.stubEnv('ITKDB_CONFIG_DIR', join(folder, 'file'));
    await writeFile('file', '');
    await failure(new User().authenticate(), NotSignedIn);
  });

  it('with a token that is none is NotSignedIn', async () => {
    await store({ tokens: { idToken: 'x.!.z', accessToken: 'opaque' } });
    const error = await failure(new User().authenticate(), NotSignedIn);
    expect(error.summary).toMatch(/^the sign-in of an unnamed user expired at 19/);
  });

  it('shows no control characters of a name', async () => {
    const idToken = await pdb.issueToken({ claims: { name: 'Al\x1b[2Jex\n', exp: 1 } });
    await store({ tokens: { idToken, accessToken: 'opaque' } });
    const error = await failure(new User().authenticate(), NotSignedIn);
    expect(error.message).not.toContain('\x1b');
  });

  it.skipIf(process.platform === 'win32')('behind a link stays there, and is removed with it', async () => {
    await store();
    const target = join(folder, 'elsewhere.json');
    await rename(file, target);
    await symlink(target, file);
    await store({ codes });
    expect(JSON.parse(await readFile(target, 'utf8'))).toMatchObject(codes);
    expect(await removeSignIn()).toBe(true);
    expect(existsSync(target)).toBe(false);
    expect(await readdir(config)).toEqual([]);
  });

  it('is removed with the new token, and only then is there nothing to remove', async () => {
    await store({ codes, expiresIn: -60 });
    await new User().authenticate();
    expect(await removeSignIn()).toBe(true);
    expect(await readdir(config)).toEqual([]);
    expect(await removeSignIn()).toBe(false);
    expect(await readSignIn()).toBeUndefined();
  });

  it('that cannot be stored is an error, and leaves the one before', async () => {
    await store();
    const before = await readFile(file, 'utf8');
    vi.stubEnv('ITKDB_CONFIG_DIR', join(file, 'below'));
    await expect(store()).rejects.toThrow();
    expect(await readFile(file, 'utf8')).toBe(before);
    await unlink(file);
    expect(await readdir(dirname(file))).toEqual([]);
  });
});

describe('the secrets of a stored sign-in', () => {
  it('are in no inspected object, no message and no log line', async () => {
    const { tokens } = await store({ codes });
    const logger = keepLogs();
    await using client = await disposable(new Client({ cache: false, logger, retry: false }));
    await client.get('listProjects');
    pdb.fault({ on: 'listInstitutions', status: 400, times: 9, body: { echo: [tokens.idToken, codes] } });
    const error = await client.get('listInstitutions').catch((reason: unknown) => reason);
    pdb.identity.revokeTokens();
    pdb.fault({ on: 'grantToken', status: 500, body: { echo: codes } });
    const refused = await client.get('listProjects').catch((reason: unknown) => reason);
    const signIn = await readSignIn();
    const shown = [error, refused, client, client.user, client.session, signIn, logger.lines].flatMap(
      (value) => [
        inspect(value, { showHidden: true, depth: 9 }),
        JSON.stringify(value),
        String(value instanceof Error ? value.stack : value),
      ],
    );
    for (const text of shown)
      for (const secret of [tokens.idToken, tokens.accessToken, codes.accessCode1, codes.accessCode2])
        expect(text).not.toContain(secret);
  });
});

describe('storeSignIn()', () => {
  it('leaves one sign-in, whole, if several are stored at once', async () => {
    const all = await Promise.all(Array.from({ length: 20 }, () => store({ codes })));
    const signIn = await readSignIn();
    expect(all.map(({ tokens }) => tokens)).toContainEqual(signIn?.tokens());
    expect(await readdir(config)).toEqual(['sign-in.json']);
    expect(await storeSignIn({ ...(all[0] as (typeof all)[0]), codes: undefined })).toBe(file);
    expect((await readSignIn())?.codes()).toBeUndefined();
  });
});

function nth(n: number): string {
  const { components } = pdb.dataset;
  return components[n % components.length]?.serialNumber ?? '';
}

/** Closes a client or a session at the end of a block. */
async function disposable<T extends { close(): Promise<void> }>(it: T): Promise<T & AsyncDisposable> {
  return Object.assign(it, { [Symbol.asyncDispose]: () => it.close() });
}
