import { resolve } from 'node:path';
import { inspect } from 'node:util';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  Aborted,
  AuthenticationFailed,
  BadJSON,
  ConnectionRefused,
  ConnectionReset,
  type HttpClient,
  InvalidIdToken,
  InvalidInvocation,
  ITkDBException,
  ResponseException,
  Timeout,
  User,
  UserBearer,
  type UserOptions,
} from '../src/index.js';
import { type EmbeddedPdb, startPdb } from '../src/testing/index.js';
import { failure } from './helpers/failure.js';
import { keepLogs } from './helpers/logs.js';

let pdb: EmbeddedPdb;

beforeAll(async () => {
  pdb = await startPdb({ components: 10 });
});

afterAll(() => pdb.close());

beforeEach(() => {
  pdb.reset();
  pdb.identity.tokenLifetime = 7200;
  pdb.identity.clockOffset = 0;
});

const newUser = (options: UserOptions = {}): User =>
  new User({ ...pdb.userOptions, retry: false, ...options });

/** Grants this id token next. */
const grantNext = (idToken: unknown): void => {
  pdb.fault({ on: 'grantToken', status: 200, body: { access_token: 'opaque', id_token: idToken } });
};

describe('a user before authentication', () => {
  it('is nobody', () => {
    const user = newUser();
    expect(user.isAuthenticated()).toBe(false);
    expect(user.isExpired()).toBe(true);
    expect(user).toMatchObject({
      accessCode1: pdb.user.accessCode1,
      accessCode2: pdb.user.accessCode2,
      accessToken: undefined,
      idToken: {},
      name: '',
      identity: '',
      expiresAt: 0,
      expiresIn: 0,
      bearer: '',
      authExpiryThreshold: 15,
    });
    expect(pdb.count()).toBe(0);
  });
});

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
    expect(grant?.headers).toMatchObject({
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

describe('the time that is left', () => {
  it.each([
    [3600, 15, false],
    [16.001, 15, false],
    [15.9, 15, true],
    [15, 15, true],
    [0.5, 0, true],
    [1.5, 0, false],
    [-10, 15, true],
  ])('with %d s left and a threshold of %d s, expired is %s', async (left, authExpiryThreshold, expired) => {
    const user = newUser({ authExpiryThreshold });
    await user.authenticate();
    vi.useFakeTimers({ toFake: ['Date'], now: (user.expiresAt - left) * 1000 });
    try {
      expect(user.isExpired()).toBe(expired);
      expect(user.expiresIn).toBe(Math.max(0, Math.trunc(left)));
      expect(user.isAuthenticated()).toBe(true);
    } finally {
      vi.useRealTimers();
    }
  });
});

describe('a grant that fails', () => {
  it.each<[string, UserOptions, number, RegExp]>([
    [
      'wrong access codes',
      { accessCode1: 'wrong' },
      401,
      /did not accept the access codes; are both of them right, and is this its URL/,
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
    const user = newUser({ timeout: 200 });
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

describe('many callers at once', () => {
  it('cause one grant, and share its failure', async () => {
    const user = newUser();
    pdb.fault({ on: 'grantToken', status: 500 });
    const outcomes = await Promise.allSettled(Array.from({ length: 100 }, () => user.authenticate()));
    const reasons = new Set(outcomes.map((outcome) => (outcome as PromiseRejectedResult).reason));
    expect(reasons.size).toBe(1);
    expect([...reasons][0]).toBeInstanceOf(AuthenticationFailed);
    expect(pdb.count('grantToken')).toBe(1);
    await Promise.all(Array.from({ length: 100 }, () => user.authenticate()));
    expect(pdb.count('grantToken')).toBe(2);
  });

  it('one of whom gives up does not take the grant from the others', async () => {
    pdb.fault({ on: 'grantToken', delay: 100 });
    const user = newUser();
    const controller = new AbortController();
    const impatient = user.authenticate({ signal: controller.signal });
    const patient = user.authenticate();
    const reason = new Error('no time');
    controller.abort(reason);
    expect(await failure(impatient, Aborted)).toMatchObject({ code: 'ERR_ABORTED', cause: reason });
    await expect(patient).resolves.toBe(true);
    expect(pdb.count('grantToken')).toBe(1);
  });

  it('one who had given up before does not start to wait', async () => {
    pdb.fault({ on: 'grantToken', delay: 50 });
    await failure(newUser().authenticate({ signal: AbortSignal.abort() }), Aborted);
  });
});

describe('invalidate()', () => {
  it('forgets the token that was refused, but not a newer one', async () => {
    const user = newUser();
    await user.authenticate();
    const refused = user.bearer;
    user.invalidate(refused);
    expect(user.isAuthenticated()).toBe(false);
    await user.authenticate();
    const newer = user.bearer;
    user.invalidate(refused);
    expect(user.bearer).toBe(newer);
  });
});

describe('close()', () => {
  it('ends a grant that is under way', async () => {
    pdb.fault({ on: 'grantToken', delay: Number.POSITIVE_INFINITY });
    const user = newUser();
    const waiting = user.authenticate();
    setTimeout(() => user.close(), 20);
    expect((await failure(waiting, Aborted)).message).toContain('the user was closed');
  });

  it('ends one that has not begun yet', async () => {
    const user = newUser();
    const waiting = failure(user.authenticate(), Aborted);
    user.close();
    await waiting;
  });
});

describe('the HTTP client', () => {
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

describe('a user that is printed', () => {
  it('shows the name and the time left, never a secret', async () => {
    const user = newUser();
    expect(String(user)).toBe('User(name=, expiresIn=0s)');
    await user.authenticate();
    for (const text of [
      String(user),
      inspect(user, { showHidden: true, depth: 9 }),
      inspect(user, { showHidden: true, customInspect: false, depth: 9 }),
      inspect([{ user }], { depth: 9 }),
      JSON.stringify({ user }),
      `${user}`,
    ]) {
      for (const secret of [user.bearer, user.accessToken as string, user.accessCode1, user.accessCode2]) {
        expect(text).not.toContain(secret);
      }
    }
    expect(inspect(user)).toMatch(/^User\(name=Alex Example, expiresIn=7\d\d\ds\)$/);
    expect(JSON.parse(JSON.stringify(user))).toEqual({ name: 'Alex Example', expiresIn: user.expiresIn });
  });
});

describe('an option that is wrong', () => {
  it.each<[unknown, string]>([
    [{ accessCode: 'x' }, 'new User: there is no option `accessCode`; is it `accessCode1`, `accessCode2`?'],
    [{ accessCode1: 5 }, 'new User: `accessCode1` must be a string'],
    [{ authExpiryThreshold: -1 }, '`authExpiryThreshold` must be a number of seconds, at least 0'],
    [{ authExpiryThreshold: '15' }, '`authExpiryThreshold` must be a number of seconds'],
    [{ timeout: Number.NaN }, '`timeout` must be a number of milliseconds'],
    [{ saveAuth: '' }, '`saveAuth` must be the path of a file'],
    [{ saveAuth: true }, '`saveAuth` must be the path of a file'],
    [{ prefixUrl: 5 }, '`prefixUrl` must be an http(s) URL'],
    [{ prefixUrl: 'nowhere' }, 'new User: `prefixUrl` must be an http(s) URL'],
    [
      { jwtOptions: { verify_aud: false } },
      'in `jwtOptions` there is no option `verify_aud`; there are `clockTolerance`, ',
    ],
    [{ jwtOptions: { algorithms: ['none'] } }, 'in `jwtOptions` there is no option `algorithms`'],
    [{ jwtOptions: 'x' }, '`jwtOptions` must be an object'],
    [{ logger: {} }, '`logger` must be a logger with debug, info, warn and error'],
    [{ logger: 'console' }, '`logger` must be a logger'],
    [{ httpClient: {} }, '`httpClient` must be an HTTP client'],
    ['codes', 'new User: must be given an object of options'],
    [null, 'new User: must be given an object of options'],
  ])('%j is refused by name', (options, message) => {
    expect(() => new User(options as UserOptions)).toThrow(InvalidInvocation);
    expect(() => new User(options as UserOptions)).toThrow(message);
  });
});

describe('UserBearer', () => {
  it('has the bearer that it is given', async () => {
    const user = new UserBearer({ bearer: 'opaque-bearer' });
    expect(user.bearer).toBe('opaque-bearer');
    await expect(user.authenticate()).resolves.toBe(true);
    expect(user.bearer).toBe('opaque-bearer');
  });

  it('asks a function every time', async () => {
    let calls = 0;
    const user = new UserBearer({ bearer: async () => `bearer-${++calls}` });
    expect(user.bearer).toBe('');
    await user.authenticate();
    await user.authenticate();
    expect(user.bearer).toBe('bearer-2');
  });

  it.each(['', () => '', async () => undefined as unknown as string])(
    'refuses an empty bearer when it is used: %s',
    async (bearer) => {
      const user = new UserBearer({ bearer });
      const exception = await failure(user.authenticate(), InvalidInvocation);
      expect(exception.message).toBe(
        `the bearer is empty: give one to new UserBearer, or set ITKDB_AUDREYTWO_API_KEY in the environment or in ${resolve('.env')}`,
      );
    },
  );

  it('is refused where an option is wrong', () => {
    expect(() => new UserBearer({ bearer: 5 as never })).toThrow(
      '`bearer` must be a string, or a function that returns one',
    );
    expect(() => new UserBearer('opaque' as never)).toThrow('new UserBearer: must be given an object');
  });

  it('shows no secret', () => {
    const user = new UserBearer({ bearer: 'opaque-bearer' });
    for (const text of [String(user), inspect(user, { showHidden: true }), JSON.stringify(user)]) {
      expect(text).toContain('<TOKEN>');
      expect(text).not.toContain('opaque-bearer');
    }
  });
});
