import { type AddressInfo, createServer } from 'node:net';
import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { parseHttpDate } from '../src/http/http-date.js';
import { parseRetryAfter } from '../src/http/retry-budget.js';
import {
  Aborted,
  AuthenticationFailed,
  BadRequest,
  ConnectionRefused,
  ConnectionReset,
  HostNotFound,
  InvalidInvocation,
  type RetryEvent,
  type RetryOptions,
  ServerError,
  Session,
  type SessionOptions,
  TlsFailure,
  UnhandledResponse,
  User,
} from '../src/index.js';
import { startPdb } from '../src/testing/index.js';
import { failure } from './helpers/failure.js';
import { keepLogs } from './helpers/logs.js';
import { MockUser } from './helpers/mock-user.js';
import { json, Origin, type Respond, type SeenRequest } from './helpers/origin.js';

const QUICK: RetryOptions = { baseDelay: 1 };
const NOWHERE = 'http://127.0.0.1:1/';

afterEach(() => vi.useRealTimers());

/** An origin whose answers are scripted, the last one for ever, and a session that retries without waiting long. */
async function scripted(script: readonly (number | Respond)[], options: SessionOptions = {}) {
  let at = 0;
  const origin = await Origin.start((request, response) => {
    const step = script[Math.min(at++, script.length - 1)] ?? 200;
    if (typeof step === 'number') json(response, {}, step);
    else step(request, response);
  });
  const events: RetryEvent[] = [];
  const session = new Session({
    user: new MockUser(),
    prefixUrl: origin.url,
    retry: QUICK,
    onRetry: (event) => events.push(event),
    ...options,
  });
  return {
    origin,
    session,
    events,
    get tries(): number {
      return origin.requests.length;
    },
    async [Symbol.asyncDispose]() {
      await session.close();
      await origin[Symbol.asyncDispose]();
    },
  };
}

const drop: Respond = (_, response) => response.destroy();
const breakOff: Respond = (_, response) => {
  response.writeHead(200, { 'content-length': 100 }).write('{"a":', () => response.destroy());
};
const stall: Respond = () => {};
const busy =
  (retryAfter: string, headers: Readonly<Record<string, string>> = {}): Respond =>
  (_, response) =>
    response.writeHead(429, { 'retry-after': retryAfter, ...headers }).end();

describe('a read', () => {
  it.each([408, 429, 500, 502, 503, 504])('that is answered %i is tried again', async (status) => {
    await using world = await scripted([status, status, 200]);
    await expect(world.session.get('x')).resolves.toMatchObject({ status: 200 });
    expect(world.tries).toBe(3);
  });

  it.each<[string, Respond]>([
    ['whose connection is dropped', drop],
    ['whose body breaks off', breakOff],
    ['that is not answered in time', stall],
  ])('%s is tried again', async (_, respond) => {
    await using world = await scripted([respond, 200], { timeout: 300 });
    await expect(world.session.get('x')).resolves.toMatchObject({ status: 200 });
    expect(world.tries).toBe(2);
  });

  it.each(['HEAD', 'OPTIONS'])('may be a %s', async (method) => {
    await using world = await scripted([503, 200]);
    await expect(world.session.request(method, 'x')).resolves.toMatchObject({ status: 200 });
  });

  it('is sent again as it was, its JSON body included', async () => {
    await using world = await scripted([503, drop, 200]);
    await world.session.get('x', {
      data: { component: '20U' },
      params: { a: 1 },
      headers: { 'X-Mine': 'yes' },
    });
    const shape = ({ method, url, body, headers }: SeenRequest) => [
      ...[method, url, body, headers['x-mine'], headers['content-type'], headers.authorization],
    ];
    const [first, ...others] = world.origin.requests.map(shape);
    expect(others).toEqual([first, first]);
    expect(first).toEqual([
      ...['GET', '/x?a=1', '{"component":"20U"}', 'yes', 'application/json'],
      'Bearer mock-bearer-of-a-test',
    ]);
  });

  it.each([400, 401, 403, 404, 405, 409, 413, 415, 422, 451, 501, 505])(
    'that is answered %i is not',
    async (status) => {
      await using world = await scripted([status], { user: { authenticate: () => true, bearer: 'x' } });
      await expect(world.session.get('x', { auth: false })).rejects.toMatchObject({ status });
      expect(world.tries).toBe(1);
      expect(world.events).toEqual([]);
    },
  );

  it('that nothing answers is tried four times, and its exception says so', async () => {
    await using world = await scripted([]);
    const exception = await failure(world.session.get(`${NOWHERE}x`), ConnectionRefused);
    expect(exception.message.split('\n\n')[1]?.split('\n')).toEqual([
      'Gave up after 4 tries:',
      ...[1, 2, 3, 4].map((number) => `${number}. connect ECONNREFUSED 127.0.0.1:1`),
    ]);
    expect(exception.stack).toContain('Gave up after 4 tries:');
    expect(exception.neverReached).toBe(true);
  });

  it('whose host does not resolve is tried again', async () => {
    await using world = await scripted([]);
    await failure(world.session.get('http://no-such-host.invalid/'), HostNotFound);
    expect(world.events).toHaveLength(3);
  });

  it('that meets no TLS is not', async () => {
    await using world = await scripted([]);
    await failure(world.session.get(world.origin.url.replace('http:', 'https:')), TlsFailure);
    expect(world.events).toEqual([]);
  });

  it('as a stream is tried again until its head is there; what breaks off later is its reader’s', async () => {
    await using world = await scripted([503, drop, breakOff, 200]);
    const { data } = await world.session.get<Readable>('x', { responseType: 'stream' });
    await failure(data.toArray(), ConnectionReset);
    expect(world.tries).toBe(3);
  });

  it('leaves nothing of the failed answers behind', async () => {
    await using world = await scripted([
      (_, response) => response.writeHead(503).end(Buffer.alloc(5_000_000)),
      200,
    ]);
    const { data } = await world.session.get<Readable>('x', { responseType: 'stream' });
    expect(await data.toArray()).toHaveLength(1);
    await expect(world.session.get('x')).resolves.toMatchObject({ status: 200 });
  });
});

describe('a write', () => {
  it.each(['POST', 'PUT', 'PATCH', 'DELETE'])(
    '(%s) that may have arrived is not repeated',
    async (method) => {
      for (const step of [500, 503, 429, drop, breakOff, stall]) {
        await using world = await scripted([step, 200], { timeout: 300 });
        await expect(world.session.request(method, 'x', { data: { a: 1 } })).rejects.toThrow();
        expect(world.tries).toBe(1);
      }
    },
  );

  it('that never reached the server is repeated', async () => {
    // Free for now; something listens there only later.
    const probe = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => probe.once('listening', resolve));
    const { port } = probe.address() as AddressInfo;
    await new Promise((resolve) => probe.close(resolve));
    const bodies: string[] = [];
    const late = createServer((socket) =>
      socket.once('data', (bytes) => {
        bodies.push(String(bytes).split('\r\n\r\n')[1] ?? '');
        socket.end('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n');
      }),
    );
    await using world = await scripted([], { onRetry: () => late.listen(port, '127.0.0.1') });
    await world.session.post(`http://127.0.0.1:${port}/x`, { a: 1 }, { retry: { baseDelay: 50 } });
    expect(bodies).toEqual(['{"a":1}']);
    late.close();
  });

  it('is repeated where the caller says that it does no harm', async () => {
    await using world = await scripted([503, drop, 200]);
    await world.session.post('x', { a: 1 }, { retry: { idempotent: true } });
    expect(world.origin.requests.map(({ body }) => body)).toEqual(['{"a":1}', '{"a":1}', '{"a":1}']);
  });

  it('whose body can be read only once is never repeated', async () => {
    await using world = await scripted([503]);
    const data = Readable.from(['one']);
    await failure(world.session.post('x', data, { retry: { idempotent: true } }), ServerError);
    await failure(world.session.post(`${NOWHERE}x`, Readable.from(['one'])), ConnectionRefused);
    expect(world.tries).toBe(1);
    expect(world.events).toEqual([]);
  });
});

describe('the wait between two tries', () => {
  /** The waits that a session reports, with `Math.random` fixed. */
  async function delays(random: number, retry: RetryOptions, script: readonly (number | Respond)[] = [503]) {
    vi.spyOn(Math, 'random').mockReturnValue(random);
    await using world = await scripted(script, { retry });
    await world.session.get('x').catch(() => {});
    return world.events.map(({ delay }) => delay);
  }

  it('doubles, up to a bound, and is a random part of that', async () => {
    expect(await delays(0.5, { baseDelay: 4, maxDelay: 10, tries: 5 })).toEqual([2, 4, 5, 5]);
    expect(await delays(0, { baseDelay: 1000, tries: 3 })).toEqual([0, 0]);
  });

  it('is at least what Retry-After asks for, in seconds or until a date', async () => {
    expect(await delays(0, { tries: 2 }, [busy('1'), 200])).toEqual([1000]);
    const date = 'Wed, 25 Nov 2026 07:00:00 GMT';
    const later = busy('Wed, 25 Nov 2026 07:00:01 GMT', { date });
    expect(await delays(0, { tries: 2 }, [later, 200])).toEqual([1000]);
    expect(await delays(0, { tries: 2 }, [busy('soon'), 200])).toEqual([0]);
  });

  it('is not longer than the bound of Retry-After: it gives up instead', async () => {
    await using world = await scripted([busy('61')]);
    const { message } = await failure(world.session.get('x'), UnhandledResponse);
    expect(message).toContain(
      'Gave up after 1 try, as the server asks to wait 61 s, longer than 60 s:\n1. 429 Too Many Requests',
    );
    expect(world.tries).toBe(1);
    await using patient = await scripted([busy('1')], { retry: { maxRetryAfter: 500 } });
    await failure(patient.session.get('x'), UnhandledResponse);
    expect(patient.tries).toBe(1);
  });

  it('does not begin where the time of all tries would be over', async () => {
    vi.spyOn(Math, 'random').mockReturnValue(1);
    await using world = await scripted([503], { retry: { within: 1500, baseDelay: 800, tries: 10 } });
    const { message } = await failure(world.session.get('x'), ServerError);
    expect(message).toContain('as 1.5 s would be over before the next:');
    expect(world.tries).toBe(2);
  });

  it('bounds the silence of a further try by the time that is left', async () => {
    await using world = await scripted([503, stall], { timeout: 60_000, retry: { ...QUICK, within: 300 } });
    const begun = performance.now();
    await expect(world.session.get('x')).rejects.toThrow('the other side was silent');
    expect(performance.now() - begun).toBeLessThan(10_000);
  });

  it('ends at once when the caller aborts', async () => {
    await using world = await scripted([busy('30')], { retry: {} });
    const controller = new AbortController();
    const request = failure(world.session.get('x', { signal: controller.signal }), Aborted);
    await expect.poll(() => world.events.length).toBe(1);
    controller.abort(new Error('changed my mind'));
    expect((await request).message).toContain('changed my mind');
    expect(world.tries).toBe(1);
  });

  it('ends at once when the session is closed', async () => {
    await using world = await scripted([busy('30')], { retry: {} });
    const request = failure(world.session.get('x'), Aborted);
    await expect.poll(() => world.events.length).toBe(1);
    await world.session.close();
    await request;
  });
});

describe('each further try', () => {
  it('is told to the logger and to onRetry, without credentials', async () => {
    const logger = keepLogs();
    vi.spyOn(Math, 'random').mockReturnValue(1);
    await using world = await scripted([503, drop, 200], { logger });
    await world.session.get('x?token=secret-of-mine');
    const url = `${world.origin.url}x?token=<TOKEN>`;
    expect(world.events).toEqual([
      { method: 'GET', url, failedTries: 1, reason: '503 Service Unavailable', delay: 1 },
      { method: 'GET', url, failedTries: 2, reason: 'socket hang up', delay: 2 },
    ]);
    expect(logger.at('warn')).toEqual([
      `warn: Try 1 of GET ${url} failed (503 Service Unavailable), the next in 1 ms`,
      `warn: Try 2 of GET ${url} failed (socket hang up), the next in 2 ms`,
    ]);
  });

  it.each<[string, () => void]>([
    [
      'throws',
      () => {
        throw new Error('broken');
      },
    ],
    ['rejects', async () => Promise.reject(new Error('broken'))],
  ])('goes on where onRetry %s', async (_, onRetry) => {
    const logger = keepLogs();
    await using world = await scripted([503, 200], { onRetry, logger });
    await expect(world.session.get('x')).resolves.toMatchObject({ status: 200 });
    expect(logger.at('warn').at(-1)).toBe('warn: onRetry failed: broken');
  });

  it('has a bearer of its own time', async () => {
    await using pdb = await startPdb({ components: 1 });
    const session = new Session({
      user: new User({ ...pdb.userOptions, authExpiryThreshold: 0 }),
      prefixUrl: pdb.apiUrl,
      retry: { baseDelay: 0 },
    });
    await session.get('listProjects');
    const first = session.user.bearer;
    pdb.fault({ on: 'listProjects', status: 503, headers: { 'retry-after': '2' } });
    pdb.identity.tokenLifetime = 60;
    const answer = session.get('listProjects');
    await expect.poll(() => pdb.count('listProjects')).toBe(2);
    session.user.invalidate?.(first);
    await answer;
    const sent = pdb.requests.filter(({ command }) => command === 'listProjects');
    expect(sent.map(({ headers }) => headers.authorization)).toEqual([
      `Bearer ${first}`,
      `Bearer ${first}`,
      `Bearer ${session.user.bearer}`,
    ]);
    expect(session.user.bearer).not.toBe(first);
    await session.close();
  });

  it('counts together with those of its redirects', async () => {
    const redirect: Respond = ({ url }, response) => {
      if (url === '/x') response.writeHead(302, { location: '/y' }).end();
      else json(response, {}, 503);
    };
    await using world = await scripted([503, 503, redirect]);
    const exception = await failure(world.session.get('x'), ServerError);
    expect(exception.message).toContain('Gave up after 4 tries:');
    // Two that failed, the redirect, and two at its target.
    expect(world.tries).toBe(5);
  });
});

describe('the option retry', () => {
  it.each<[string, SessionOptions['retry'], SessionOptions['retry'], number]>([
    ['false of the session', false, undefined, 1],
    ['false of the request', QUICK, false, 1],
    ['an object of the request over the session’s false', false, { ...QUICK, tries: 2 }, 2],
    ['an object of the request over the session’s own', { ...QUICK, tries: 3 }, { tries: 2 }, 2],
    ['an undefined member', { ...QUICK, tries: undefined }, undefined, 4],
    ['one try', { tries: 1 }, undefined, 1],
    ['other statuses', { ...QUICK, statuses: [418] }, undefined, 1],
  ])('can be %s', async (_, ofSession, ofRequest, tries) => {
    await using world = await scripted([503], { retry: ofSession });
    await failure(world.session.get('x', { retry: ofRequest }), ServerError);
    expect(world.tries).toBe(tries);
  });

  it.each<[unknown, string]>([
    [true, '`retry` must be false, or an object such as { tries: 4 }'],
    [3, '`retry` must be false, or an object such as { tries: 4 }'],
    [{ tries: 0 }, '`retry.tries` must be a whole number, at least 1'],
    [{ tries: 1.5 }, '`retry.tries` must be a whole number'],
    [{ within: '2 min' }, '`retry.within` must be a number of milliseconds'],
    [{ baseDelay: -1 }, '`retry.baseDelay` must be a number of milliseconds, at least 0'],
    [{ statuses: 503 }, '`retry.statuses` must be a list of statuses'],
    [{ statuses: [200] }, '`retry.statuses.0` must be a status of a failure'],
    [{ idempotent: 'yes' }, '`retry.idempotent` must be true or false'],
    [{ retries: 3 }, 'there is no option `retries`'],
  ])('is refused by name where it is wrong: %j', async (retry, message) => {
    expect(() => new Session({ user: new MockUser(), retry: retry as never })).toThrow(message);
    expect(() => new User({ retry: retry as never })).toThrow(message);
    await using world = await scripted([200]);
    const exception = await failure(world.session.get('x', { retry: retry as never }), InvalidInvocation);
    expect(exception.message).toContain(message);
  });
});

describe('the identity service', () => {
  it('is asked again for a token where that may help', async () => {
    await using pdb = await startPdb({ components: 1 });
    pdb.fault({ on: 'grantToken', status: 503 });
    pdb.fault({ on: 'listKeys', drop: 'before-headers' });
    const logger = keepLogs();
    await using session = new Session({
      user: new User({ ...pdb.userOptions, retry: QUICK, logger }),
      prefixUrl: pdb.apiUrl,
    });
    await session.get('listProjects');
    expect([pdb.count('grantToken'), pdb.count('listKeys')]).toEqual([2, 2]);
    expect(logger.at('warn')).toHaveLength(2);
  });

  it('is not where the access codes are wrong, and all that wait share one failure', async () => {
    await using pdb = await startPdb({ components: 1 });
    const user = new User({ ...pdb.userOptions, accessCode2: 'wrong-code', retry: QUICK });
    await failure(user.authenticate(), AuthenticationFailed);
    expect(pdb.count('grantToken')).toBe(1);
  });

  it('that stays down is told with its tries, and with no access code', async () => {
    await using pdb = await startPdb({ components: 1 });
    pdb.fault({ on: 'grantToken', status: 502, times: 4 });
    const user = new User({ ...pdb.userOptions, retry: QUICK });
    const { message } = await failure(user.authenticate(), AuthenticationFailed);
    expect(message).toContain('Gave up after 4 tries:\n1. 502 Bad Gateway\n');
    expect(message).not.toContain(pdb.user.accessCode1);
  });

  it('is not waited for any longer than somebody wants a token', async () => {
    await using pdb = await startPdb({ components: 1 });
    pdb.fault({ on: 'grantToken', status: 503, times: 4 });
    const user = new User({ ...pdb.userOptions, retry: { baseDelay: 1e6, maxDelay: 1e6, within: 1e9 } });
    const controller = new AbortController();
    const waiting = failure(user.authenticate({ signal: controller.signal }), Aborted);
    const timers = () => process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length;
    await expect.poll(() => pdb.count('grantToken')).toBe(1);
    await sleep(50);
    const before = timers();
    controller.abort();
    await waiting;
    await expect.poll(timers).toBeLessThan(before);
  });

  it('that is down does no harm while the token is good', async () => {
    await using pdb = await startPdb({ components: 1 });
    await using session = new Session({ user: new User(pdb.userOptions), prefixUrl: pdb.apiUrl });
    await session.get('listProjects');
    const down = pdb.fault({ on: ({ server }) => server === 'identity', drop: 'before-headers', times: 99 });
    await session.get('listProjects');
    expect(down.hits).toBe(0);
  });
});

describe('a failed try before a failure of another kind', () => {
  it('is told too, and the server’s JSON stays at the end', async () => {
    const refuse: Respond = (_, response) => json(response, { uuAppErrorMap: {} }, 400);
    await using world = await scripted([503, refuse]);
    const { message } = await failure(world.session.get('x'), BadRequest);
    expect(message).toMatch(
      /Gave up after 2 tries:\n1\. 503 Service Unavailable\n2\. 400 Bad Request\n\nThe following details may help:\n\{\n {2}"uuAppErrorMap": \{\}\n\}$/,
    );
  });
});

describe('Retry-After', () => {
  it.each<[string, number | undefined]>([
    ['0', 0],
    ['120', 120_000],
    [' 5 ', 5000],
    ['-1', undefined],
    ['1.5', undefined],
    ['1e3', undefined],
    ['99999999999', undefined],
    ['', undefined],
    ['tomorrow', undefined],
    ['Wed, 25 Nov 2026 07:01:00 GMT', 60_000],
    ['Wed, 25 Nov 2026 06:00:00 GMT', 0],
    ['Wednesday, 25-Nov-26 07:01:00 GMT', 60_000],
    ['Wed Nov 25 07:01:00 2026', 60_000],
    ['Wed, 25 Nov 2026 07:01:00 CET', undefined],
    ['2026-11-25T07:01:00Z', undefined],
  ])('%j is %j ms from the date of the answer', (value, expected) => {
    const headers = { 'retry-after': value, date: 'Wed, 25 Nov 2026 07:00:00 GMT' };
    expect(parseRetryAfter(headers)).toBe(expected);
  });

  it('counts from now where the answer has no date', () => {
    vi.useFakeTimers({ now: Date.UTC(2026, 10, 25, 7, 0, 0) });
    expect(parseRetryAfter({ 'retry-after': 'Wed, 25 Nov 2026 07:01:00 GMT' })).toBe(60_000);
  });
});

describe('an HTTP date', () => {
  it.each<[string, string | undefined]>([
    ['Sun, 06 Nov 1994 08:49:37 GMT', '1994-11-06T08:49:37.000Z'],
    ['Sunday, 06-Nov-94 08:49:37 GMT', '1994-11-06T08:49:37.000Z'],
    ['Sun Nov  6 08:49:37 1994', '1994-11-06T08:49:37.000Z'],
    ['Sat, 31 Dec 2016 23:59:60 GMT', '2017-01-01T00:00:00.000Z'],
    ['Sun, 06 Nov 1994 24:00:00 GMT', undefined],
    ['Sun, 06 Nov 1994 08:60:00 GMT', undefined],
    ['Sun, 31 Feb 1994 08:49:37 GMT', undefined],
    ['Sun, 6 Nov 1994 08:49:37 GMT', undefined],
    ['sun, 06 NOV 1994 08:49:37 gmt', '1994-11-06T08:49:37.000Z'],
    ['0', undefined],
    ['', undefined],
  ])('%j is %j', (text, expected) => {
    const parsed = parseHttpDate(text);
    expect(parsed === undefined ? undefined : new Date(parsed).toISOString()).toBe(expected);
  });

  it('with two digits names the nearest year that is no more than 50 years ahead', () => {
    vi.useFakeTimers({ now: Date.UTC(2026, 10, 25) });
    const yearOf = (year: string) =>
      new Date(parseHttpDate(`Sunday, 06-Nov-${year} 08:49:37 GMT`) as number).getUTCFullYear();
    expect(['26', '76', '77', '99', '00'].map(yearOf)).toEqual([2026, 2076, 1977, 1999, 2000]);
  });
});
