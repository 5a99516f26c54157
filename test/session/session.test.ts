import { Agent as HttpsAgent } from 'node:https';
import { inspect } from 'node:util';
import { runInThisContext } from 'node:vm';
import axios from 'axios';
import { describe, expect, it, vi } from 'vitest';
import { InvalidInvocation, Session, User, UserBearer } from '../../src/index.js';
import { startDatabase } from '../helpers/database.js';
import { failure } from '../helpers/failure.js';
import { Origin } from '../helpers/origin.js';
import { withOrigin } from '../helpers/with-origin.js';

const { pdb, newSession } = await startDatabase({ components: 300, bearers: ['key-of-a-service'] });

describe('a session', () => {
  it('authenticates itself and reads from the database', async () => {
    await using session = newSession();
    const { data, status, fromCache } = await session.get<{ name: string }[]>('listProjects');
    expect(data).toMatchObject({ itemList: [{ code: 'S', name: 'Strips' }, {}, {}, {}], uuAppErrorMap: {} });
    expect(status).toBe(200);
    expect(fromCache).toBe(false);
    expect(pdb.requests.map(({ command }) => command)).toEqual(['grantToken', 'listKeys', 'listProjects']);
    expect(pdb.requests[2]?.headers.get('authorization')).toBe(`Bearer ${session.user.bearer}`);
  });

  it('makes a user of its own from the settings, and reads its prefix there', async () => {
    for (const [name, value] of Object.entries(pdb.env)) vi.stubEnv(name, value);
    await using session = new Session();
    expect(session.prefixUrl).toBe(pdb.apiUrl);
    await session.get('listProjects');
    expect(session.user).toMatchObject({ name: 'Alex Example' });
  });

  it('takes any object with authenticate() and bearer for a user', async () => {
    const origin = await Origin.start();
    await using _ = origin;
    await using session = new Session({
      user: { authenticate: () => true, bearer: 'two-line-user' },
      prefixUrl: origin.url,
    });
    await session.get('x');
    expect(origin.requests[0]?.headers.authorization).toBe('Bearer two-line-user');
  });

  it('takes a bearer that is there already', async () => {
    await using session = newSession({ user: new UserBearer({ bearer: 'key-of-a-service' }) });
    await expect(session.get('listProjects')).resolves.toMatchObject({ status: 200 });
    expect(pdb.count('grantToken')).toBe(0);
  });

  it('serves a thousand requests on an expired token with one grant', async () => {
    const user = new User({ ...pdb.userOptions, authExpiryThreshold: 15 });
    await using session = newSession({ user, cache: false });
    pdb.identity.tokenLifetime = 10;
    await session.get('listProjects');
    pdb.identity.tokenLifetime = 7200;
    pdb.reset();
    // Each with a query of its own, because equal reads share one request.
    const requests = Array.from({ length: 1000 }, (_, index) => session.get(`listProjects?n=${index}`));
    const answers = await Promise.all(requests);
    expect(answers.every(({ status }) => status === 200)).toBe(true);
    expect(pdb.count('grantToken')).toBe(1);
    expect(pdb.count('listProjects')).toBe(1000);
  });
});

describe('what others have set', () => {
  it('as defaults of axios reaches no session', async () => {
    await using foreign = await Origin.start();
    const { common } = axios.defaults.headers;
    common['Authorization'] = 'Bearer of-another-service';
    Object.assign(axios.defaults, { baseURL: foreign.url, allowAbsoluteUrls: false, params: { a: 1 } });
    try {
      await using world = await withOrigin();
      await world.session.get('x');
      await world.session.get(`${foreign.url}y`, { auth: false });
      expect(world.origin.requests.map(({ url }) => url)).toEqual(['/x']);
      expect(foreign.requests.map(({ url, headers }) => [url, headers.authorization])).toEqual([
        ['/y', undefined],
      ]);
    } finally {
      delete common['Authorization'];
      for (const name of ['baseURL', 'allowAbsoluteUrls', 'params'] as const) delete axios.defaults[name];
    }
  });

  it('in transformRequest takes no token elsewhere', async () => {
    await using foreign = await Origin.start();
    await using world = await withOrigin();
    const transformRequest = function (this: { url?: string }) {
      this.url = foreign.url;
    };
    const exception = await failure(world.session.get('x', { transformRequest }), InvalidInvocation);
    expect(exception.message).toContain('`transformRequest` must not change the URL');
    expect(foreign.requests).toEqual([]);
  });
});

describe('a session that is printed', () => {
  it('shows its prefix', () => {
    const session = newSession();
    expect(inspect(session)).toBe(`Session(prefixUrl=${pdb.apiUrl})`);
    expect(JSON.stringify(session)).toBe(`{"prefixUrl":"${pdb.apiUrl}"}`);
  });
});

describe('the agents', () => {
  it('of the caller are used', async () => {
    await using world = await withOrigin();
    const httpsAgent = new HttpsAgent();
    await using session = new Session({ user: world.user, prefixUrl: world.origin.url, httpsAgent });
    await session.get('x');
    expect(world.origin.requests).toHaveLength(1);
  });

  it('leave the defaults of axios as they are', () => {
    const before = inspect(axios.defaults, { depth: 9 });
    newSession();
    expect(inspect(axios.defaults, { depth: 9 })).toBe(before);
  });
});

describe('an assignment to an option of a session', () => {
  const names = [
    ...[
      'user',
      'prefixUrl',
      'timeout',
      'cache',
      'headers',
      'proxy',
      'ca',
      'retry',
      'logger',
      'maxConcurrency',
    ],
    ...['auth', 'verify', 'proxies', 'cert', 'params', 'max_redirects', 'trust_env', 'cookies', 'hooks'],
    ...['stream', 'adapters', 'prefix_url', 'expires_after', 'retries'],
  ];

  it.each(names)('`%s` throws and says what to do, in sloppy mode too', (name) => {
    const session = newSession();
    // A classic script is sloppy, as CommonJS files are.
    const assign = runInThisContext('(function (session, name) { session[name] = 5; })');
    expect(() => assign(session, name)).toThrow(InvalidInvocation);
    expect(() => assign(session, name)).toThrow(`\`${name}\` of a session cannot be changed; `);
  });

  it.each([
    ['headers', 'give `headers` to new Session, or to a request'],
    ['cookies', 'the session keeps those of the server; give others to a request: `headers: { Cookie: … }`'],
    ['hooks', 'call your function after the `await` of a request, or give `logger` to new Session'],
    ['params', 'give `params` to a request'],
  ])('`%s[name]` throws and says what to do', (name, instead) => {
    const session = newSession();
    const assign = runInThisContext("(function (session, name) { session[name]['X-Mine'] = 5; })");
    expect(() => assign(session, name)).toThrow(InvalidInvocation);
    expect(() => assign(session, name)).toThrow(`\`${name}\` of a session cannot be changed; ${instead}`);
  });

  it('does not keep a test from replacing a method', () => {
    const session = newSession();
    session.get = async () => ({ data: 5 }) as never;
    expect(session.get).not.toBe(Session.prototype.get);
  });
});
