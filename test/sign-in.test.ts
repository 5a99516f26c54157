import { inspect } from 'node:util';
import { describe, expect, it, vi } from 'vitest';
import {
  AuthenticationFailed,
  BadJSON,
  ConnectionRefused,
  ConnectionReset,
  type HttpClient,
  InvalidIdToken,
  InvalidInvocation,
  ITkDBException,
  ResponseException,
  ResponseTooLarge,
  Timeout,
  type UserOptions,
} from '../src/index.js';
import type { EmbeddedPdb } from '../src/testing/index.js';
import { startDatabase } from './helpers/database.js';
import { failure } from './helpers/failure.js';
import { keepLogs } from './helpers/logs.js';

const { pdb, newUser } = await startDatabase({ components: 10 });

/** Grants this id token next. */
const grantNext = (idToken: unknown): void => {
  pdb.fault({ on: 'grantToken', status: 200, body: { access_token: 'opaque', id_token: idToken } });
};

describe('authenticate()', () => {
  it('trades the access codes for a verified token', async () => {
    const user = newUser();
    await expect(user.authenticate()).resolves.toBe(true);
    expect(user.isAuthenticated()).toBe(true);
    expect(user.isExpired()).toBe(false);
    expect(user.name).toBe(pdb.user.name);
    expect(user.identity).toBe(pdb.user.identity);
    expect(user.expiresIn).toBeGreaterThan(7190);
    expect(user.expiresAt).toBe(user.idToken.exp);
    expect(user.accessToken).toMatch(/^[0-9a-f]{48}$/);
    expect(user.bearer.split('.')).toHaveLength(3);
    expect(JSON.parse(Buffer.from(user.bearer.split('.')[1] ?? '', 'base64url').toString())).toEqual(
      user.idToken,
    );
  });

  it('sends what the identity service wants, in the order of the Python package', async () => {
    await newUser().authenticate();
    const [grant, keys] = pdb.requests;
    expect(grant).toMatchObject({ server: 'identity', method: 'POST', command: 'grantToken' });
    expect(Object.entries(grant?.json as object)).toEqual([
      ['grant_type', 'password'],
      ['accessCode1', pdb.user.accessCode1],
      ['accessCode2', pdb.user.accessCode2],
      ['scope', 'openid https://itkpd.unicornuniversity.net'],
    ]);
    expect(Object.fromEntries(grant?.headers ?? [])).toMatchObject({
      'user-agent': expect.stringMatching(/^itkdb\/\d/),
      'content-type': 'application/json',
    });
    expect(keys).toMatchObject({ server: 'identity', method: 'GET', command: 'listKeys', body: '' });
  });

  it('joins grantToken to an auth URL without a slash at its end too', async () => {
    await newUser({ prefixUrl: pdb.authUrl.replace(/\/$/, '') }).authenticate();
    expect(pdb.requests.map(({ url }) => url)).toEqual([
      `${new URL(pdb.authUrl).pathname}grantToken`,
      `${new URL(pdb.authUrl).pathname}listKeys`,
    ]);
  });

  it('sends nothing while the token is good', async () => {
    const user = newUser();
    await user.authenticate();
    await user.authenticate();
    expect(pdb.count('grantToken')).toBe(1);
  });

  it('renews a token that has no more than the threshold left', async () => {
    const logger = keepLogs();
    const user = newUser({ logger, authExpiryThreshold: 100 });
    pdb.identity.tokenLifetime = 90;
    await user.authenticate();
    const first = user.bearer;
    await user.authenticate();
    expect(user.bearer).not.toBe(first);
    expect(logger.lines).toEqual([
      `debug: Asking ${pdb.authUrl} for a token`,
      expect.stringMatching(/^debug: Signed in as Alex Example for 8\d s$/),
      'warn: User session is expired. Creating a new one.',
      `debug: Asking ${pdb.authUrl} for a token`,
      expect.stringMatching(/^debug: Signed in as Alex Example for 8\d s$/),
    ]);
  });

  it('reads the keys once for several grants', async () => {
    const user = newUser({ authExpiryThreshold: 9999 });
    for (let i = 0; i < 3; i++) await user.authenticate();
    expect(pdb.count('grantToken')).toBe(3);
    expect(pdb.count('listKeys')).toBe(1);
  });

  it('reads the keys again when the token is signed with a new one', async () => {
    const user = newUser({ authExpiryThreshold: 9999 });
    await user.authenticate();
    await pdb.identity.rotateKeys();
    await user.authenticate();
    expect(pdb.count('listKeys')).toBe(2);
    await pdb.identity.rotateKeys({ keepOld: true });
    await user.authenticate();
    expect(pdb.count('listKeys')).toBe(3);
  });

  it('does not read the keys again for a token that nobody can have signed', async () => {
    grantNext(await pdb.issueToken({ foreignKey: true }));
    expect(await failure(newUser().authenticate(), InvalidIdToken)).toMatchObject({ check: 'signature' });
    expect(pdb.count('listKeys')).toBe(1);
  });

  it('allows clocks to differ by the leeway, and no more', async () => {
    pdb.identity.tokenLifetime = 10;
    pdb.identity.clockOffset = -50;
    expect(await failure(newUser().authenticate(), InvalidIdToken)).toMatchObject({ check: 'expiry' });
    vi.stubEnv('ITKDB_LEEWAY', '300');
    await expect(newUser().authenticate()).resolves.toBe(true);
    await expect(newUser({ jwtOptions: { clockTolerance: 0 } }).authenticate()).rejects.toThrow(
      InvalidIdToken,
    );
  });
});

describe('a grant', () => {
  it.each(['text/plain', 'text/html; charset=utf-8', 'application/octet-stream', ''])(
    'of valid JSON signs in with the Content-Type %j',
    async (type) => {
      const text = JSON.stringify({ access_token: 'opaque', id_token: await pdb.issueToken() });
      const keys = JSON.stringify(pdb.identity.keySet());
      for (const [on, body] of Object.entries({ grantToken: text, listKeys: keys })) {
        pdb.fault({
          on,
          respond: (_, response) => response.writeHead(200, type ? { 'content-type': type } : {}).end(body),
        });
      }
      await expect(newUser().authenticate()).resolves.toBe(true);
      const httpClient: HttpClient = {
        request: async ({ method }) => ({ status: 200, data: method === 'GET' ? keys : text }),
      };
      await expect(newUser({ httpClient }).authenticate()).resolves.toBe(true);
    },
  );

  it.each<[unknown, string]>([
    [null, ''],
    [5, '5'],
    [{ first: 'Alex' }, ''],
    [['Alex'], ''],
    [true, ''],
  ])('of a token whose name and identity are %j signs in, and both are the text %j', async (claim, text) => {
    grantNext(await pdb.issueToken({ claims: { name: claim, uuidentity: claim } }));
    const user = newUser();
    await expect(user.authenticate()).resolves.toBe(true);
    expect(user).toMatchObject({ name: text, identity: text, idToken: { name: claim, uuidentity: claim } });
    expect(String(user)).toMatch(`User(name=${text}, `);
  });

  it('is requested with the access codes without white space around them', async () => {
    const { accessCode1, accessCode2 } = pdb.user;
    await newUser({ accessCode1: ` ${accessCode1}\n`, accessCode2: `\t${accessCode2}\r\n` }).authenticate();
    expect(pdb.requests[0]?.json).toMatchObject({ accessCode1, accessCode2 });
  });
});

describe('a grant that fails', () => {
  it('names the access codes that have quotes around them, and only those', async () => {
    const { accessCode1, accessCode2 } = pdb.user;
    const quoted = newUser({ accessCode1: `"${accessCode1}"`, accessCode2: `'${accessCode2}'` });
    const { message } = await failure(quoted.authenticate(), AuthenticationFailed);
    expect(message).toContain('Remove the quotes around accessCode1 and accessCode2, unless');
    expect(message).not.toContain(accessCode1);
    const wrong = await failure(newUser({ accessCode1: 'a"b"' }).authenticate(), AuthenticationFailed);
    expect(wrong.message).not.toContain('quotes');
  });

  it.each<[string, UserOptions, number, RegExp]>([
    [
      'wrong access codes',
      { accessCode1: 'wrong' },
      401,
      /^sign-in: .+ did not accept the access codes: Invalid credentials \(401\)\nCheck both access codes/,
    ],
    [
      'an audience of somebody else',
      { audience: 'https://other.example' },
      0,
      /not meant for https:\/\/other.example/,
    ],
  ])('because of %s says so', async (_, options, status, message) => {
    const user = newUser(options);
    const exception = await failure(user.authenticate(), ITkDBException);
    expect(exception).toBeInstanceOf(status ? AuthenticationFailed : InvalidIdToken);
    expect(exception.message).toMatch(message);
    if (status) expect(exception).toMatchObject({ status, code: 'ERR_AUTHENTICATION_FAILED' });
    expect(user.isAuthenticated()).toBe(false);
    expect(user.bearer).toBe('');
  });

  it.each<[UserOptions, string]>([
    [{ accessCode1: '' }, 'there is no accessCode1 (ITKDB_ACCESS_CODE1): '],
    [{ accessCode2: '' }, 'there is no accessCode2 (ITKDB_ACCESS_CODE2): '],
    [{ accessCode1: '', accessCode2: '' }, 'there is no accessCode1 (ITKDB_ACCESS_CODE1) and no accessCode2'],
  ])('for want of codes %j is refused before anything is sent', async (options, message) => {
    const exception = await failure(newUser(options).authenticate(), InvalidInvocation);
    expect(exception.message).toContain(message);
    expect(pdb.count()).toBe(0);
  });

  it.each<[string, Parameters<EmbeddedPdb['fault']>[0], abstract new (...args: never[]) => Error]>([
    ['a 500', { status: 500, body: { uuAppErrorMap: {} } }, AuthenticationFailed],
    ['a 503 that is HTML', { html: '<h1>503</h1>', status: 503 }, AuthenticationFailed],
    ['a 200 that is HTML', { html: '<h1>hello</h1>' }, AuthenticationFailed],
    ['a 200 without tokens', { status: 200, body: {} }, AuthenticationFailed],
    ['a 200 with half of them', { status: 200, body: { id_token: 'x' } }, AuthenticationFailed],
    ['a 200 with null', { status: 200, body: null }, AuthenticationFailed],
    ['a 200 with a list', { status: 200, body: [] }, AuthenticationFailed],
    ['a 201', { status: 201, body: { id_token: 'x', access_token: 'x' } }, AuthenticationFailed],
    ['a redirect', { redirect: 'http://127.0.0.1:1/' }, AuthenticationFailed],
    ['a body that is cut off', { truncate: 5 }, ConnectionReset],
    ['a dropped connection', { drop: 'before-headers' }, ConnectionReset],
    ['silence', { delay: Number.POSITIVE_INFINITY }, Timeout],
  ])('with %s is typed, and the next call tries again', async (_, fault, type) => {
    pdb.fault({ ...fault, on: 'grantToken' });
    const user = newUser('delay' in fault ? { timeout: 1000 } : {});
    const exception = await failure(user.authenticate(), type as typeof Error);
    for (const secret of [pdb.user.accessCode1, pdb.user.accessCode2]) {
      expect(inspect(exception, { showHidden: true, depth: 9 })).not.toContain(secret);
    }
    expect(user.isAuthenticated()).toBe(false);
    await expect(user.authenticate()).resolves.toBe(true);
  });

  it('with JSON that is none is BadJSON', async () => {
    pdb.fault({
      on: 'grantToken',
      respond: (_, response) => response.writeHead(200, { 'content-type': 'application/json' }).end('{'),
    });
    await failure(newUser().authenticate(), BadJSON);
  });

  it.each<[string, Parameters<EmbeddedPdb['fault']>[0]]>([
    ['a 500', { status: 500 }],
    ['an empty set', { status: 200, body: { keys: [] } }],
    ['no set', { status: 200, body: { keys: 'x' } }],
    ['a set of nothing', { status: 200, body: { keys: [null, 1] } }],
  ])('for want of keys (%s) is an InvalidIdToken', async (_, fault) => {
    pdb.fault({ ...fault, on: 'listKeys' });
    const user = newUser();
    expect(await failure(user.authenticate(), InvalidIdToken)).toMatchObject({ check: 'keys' });
    await expect(user.authenticate()).resolves.toBe(true);
  });

  it('does not follow a redirect of the identity service', async () => {
    pdb.fault({ on: 'grantToken', redirect: `${pdb.apiUrl}stolen`, status: 307 });
    expect(await failure(newUser().authenticate(), AuthenticationFailed)).toMatchObject({ status: 307 });
    expect(pdb.requests.filter(({ server }) => server === 'api')).toEqual([]);
  });

  it('leaves the user exactly as it was', async () => {
    const user = newUser({ authExpiryThreshold: 9999 });
    await user.authenticate();
    const state = () => ({
      ...{ bearer: user.bearer, name: user.name, idToken: user.idToken, accessToken: user.accessToken },
      ...{ expiresAt: user.expiresAt, authenticated: user.isAuthenticated() },
    });
    const before = state();
    for (const overrides of [{ foreignKey: true }, { claims: { exp: 1 } }, { claims: { aud: 'x' } }]) {
      grantNext(await pdb.issueToken(overrides));
      await failure(user.authenticate(), InvalidIdToken);
      expect(state()).toEqual(before);
    }
    pdb.fault({ on: 'grantToken', status: 500 });
    await failure(user.authenticate(), ResponseException);
    expect(state()).toEqual(before);
  });

  it('because nothing listens is ConnectionRefused', async () => {
    const user = newUser({ prefixUrl: 'http://127.0.0.1:1/oidc/' });
    expect((await failure(user.authenticate(), ConnectionRefused)).message).toContain(
      'http://127.0.0.1:1/oidc/grantToken',
    );
  });
});

describe('a response of the identity service', () => {
  it('of more than 1 MiB is not read', async () => {
    pdb.fault({ on: 'grantToken', status: 500, body: 'x'.repeat(1024 * 1024 + 1) });
    await failure(newUser().authenticate(), ResponseTooLarge);
  });
});

describe('the HTTP client', () => {
  it('makes sign-in fail if tokens or keys come with an error status', async () => {
    const grant = { access_token: 'opaque', id_token: await pdb.issueToken() };
    const client = (statusOfGrant: number, statusOfKeys: number): HttpClient => ({
      request: async ({ method }) =>
        method === 'GET'
          ? { status: statusOfKeys, data: pdb.identity.keySet() }
          : { status: statusOfGrant, data: grant },
    });
    await failure(newUser({ httpClient: client(500, 200) }).authenticate(), AuthenticationFailed);
    const exception = await failure(newUser({ httpClient: client(200, 500) }).authenticate(), InvalidIdToken);
    expect(exception.check).toBe('keys');
    await expect(newUser({ httpClient: client(200, 200) }).authenticate()).resolves.toBe(true);
  });

  it('can be injected', async () => {
    const requests: unknown[] = [];
    const httpClient: HttpClient = {
      async request(config) {
        requests.push(config);
        if (config.method === 'GET') return { status: 200, data: pdb.identity.keySet() };
        return { status: 200, data: { access_token: 'opaque', id_token: await pdb.issueToken() } };
      },
    };
    const user = newUser({ httpClient, timeout: 123 });
    await expect(user.authenticate()).resolves.toBe(true);
    expect(requests).toHaveLength(2);
    expect(requests[0]).toMatchObject({
      method: 'POST',
      url: `${pdb.authUrl}grantToken`,
      timeout: 123,
      maxRedirects: 0,
    });
    expect(pdb.count()).toBe(0);
  });

  it('that fails does so without the access codes', async () => {
    const error = Object.assign(new Error(`could not send ${pdb.user.accessCode1}`), {
      code: 'ECONNRESET',
      config: pdb.user,
    });
    const user = newUser({ httpClient: { request: () => Promise.reject(error) } });
    const exception = await failure(user.authenticate(), ConnectionReset);
    expect(inspect(exception, { showHidden: true, depth: 9 })).not.toContain(pdb.user.accessCode1);
    expect(exception.cause).toMatchObject({ message: 'could not send <TOKEN>', code: 'ECONNRESET' });
  });
});
