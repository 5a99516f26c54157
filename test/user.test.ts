import { inspect } from 'node:util';
import { describe, expect, it, vi } from 'vitest';
import { Aborted, AuthenticationFailed, InvalidInvocation, User, type UserOptions } from '../src/index.js';
import { startDatabase } from './helpers/database.js';
import { failure } from './helpers/failure.js';

const { pdb, newUser } = await startDatabase({ components: 10 });

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

describe('the claims of a user', () => {
  it('cannot be changed', async () => {
    const user = newUser();
    await user.authenticate();
    expect(() => Object.assign(user.idToken, { uuidentity: 'another person' })).toThrow(TypeError);
  });
});

describe('a wrong leeway', () => {
  it('is found before the access codes are sent', async () => {
    vi.stubEnv('ITKDB_LEEWAY', 'soon');
    await failure(newUser().authenticate(), InvalidInvocation);
    expect(pdb.count()).toBe(0);
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

  it('one who had given up before causes no grant', async () => {
    const user = newUser();
    const reason = new Error('no time');
    const exception = await failure(user.authenticate({ signal: AbortSignal.abort(reason) }), Aborted);
    expect(exception).toMatchObject({ code: 'ERR_ABORTED', cause: reason });
    await user.authenticate();
    expect(pdb.count('grantToken')).toBe(1);
  });
});

describe('token()', () => {
  it('returns the token, and requests a grant only where there is none', async () => {
    const user = newUser();
    const [first, second] = await Promise.all([user.token(), user.token()]);
    expect(first.split('.')).toHaveLength(3);
    expect(second).toBe(first);
    expect(await user.token()).toBe(user.bearer);
    expect(pdb.count('grantToken')).toBe(1);
  });

  it('never returns a token that the database has refused', async () => {
    const user = newUser();
    const refused = await user.token();
    user.invalidate(refused);
    const [first, second] = await Promise.all([user.token(), user.token()]);
    expect(first).not.toBe(refused);
    expect(second).toBe(first);
  });

  it('ends with the signal of its caller alone', async () => {
    pdb.fault({ on: 'grantToken', delay: 100 });
    const user = newUser();
    const controller = new AbortController();
    const impatient = failure(user.token({ signal: controller.signal }), Aborted);
    const patient = user.token();
    controller.abort();
    await impatient;
    expect(await patient).toBe(user.bearer);
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
    [{ saveAuth: '~/.auth' }, '`saveAuth` must be a path without ~'],
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
    [{ jwtOptions: { issuer: 5 } }, '`jwtOptions.issuer` must be a string, or a list of them'],
    [{ proxy: 'nonsense://x' }, 'new User: `proxy` must start with http://'],
    [{ ca: 'certificate.pem' }, 'new User: `ca` must be a certificate in PEM or DER'],
    [{ httpsAgent: {} }, '`httpsAgent` must be an https.Agent'],
    ['codes', 'new User: must be given an object of options'],
    [null, 'new User: must be given an object of options'],
  ])('%j is refused by name', (options, message) => {
    expect(() => new User(options as UserOptions)).toThrow(InvalidInvocation);
    expect(() => new User(options as UserOptions)).toThrow(message);
  });
});
