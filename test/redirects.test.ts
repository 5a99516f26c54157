import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { inspect } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  Aborted,
  ConnectionRefused,
  NotFound,
  Redirect,
  type RetryEvent,
  ServerError,
  Session,
  type SessionOptions,
  TooManyRedirects,
} from '../src/index.js';
import { failure } from './helpers/failure.js';
import { keepLogs } from './helpers/logs.js';
import { MockUser } from './helpers/mock-user.js';
import { Origin, type Respond } from './helpers/origin.js';
import { stopClock } from './helpers/stopped-clock.js';

let origin: Origin;
let elsewhere: Origin;
let session: Session;
let user: MockUser;
/** Path → status and Location. Other paths answer 200. */
let redirects: Record<string, [number, string]>;

const respond: Respond = ({ url }, response) => {
  const redirect = redirects[url];
  if (url === '/missing') response.writeHead(404).end();
  else if (url.startsWith('/api/hang')) return;
  else if (redirect === undefined) response.end(`at ${url}`);
  else response.writeHead(redirect[0], { location: redirect[1], 'set-cookie': 'hop=1; Path=/' }).end('moved');
};

beforeEach(async () => {
  origin = await Origin.start(respond);
  elsewhere = await Origin.start(respond);
  user = new MockUser();
  session = new Session({ user, prefixUrl: `${origin.url}api/` });
  redirects = {};
});

afterEach(async () => {
  await session.close();
  await origin[Symbol.asyncDispose]();
  await elsewhere[Symbol.asyncDispose]();
});

const hops = (): string[] => origin.requests.map(({ method, url }) => `${method} ${url}`);

describe('a redirect within the origin', () => {
  it.each([301, 302, 303, 307, 308])('a GET keeps its body and its token over a %i', async (status) => {
    stopClock();
    redirects = { '/api/a': [status, '/api/b'] };
    const response = await session.get('a', { data: { component: 'x' }, headers: { 'X-Mine': 'y' } });
    expect(response.data).toBe('at /api/b');
    expect(response.request.res.responseUrl).toBe(`${origin.url}api/b`);
    const [first, second] = origin.requests;
    expect(second).toMatchObject({ method: 'GET', body: '{"component":"x"}' });
    expect(second?.headers).toMatchObject({
      authorization: `Bearer ${user.bearer}`,
      'content-type': 'application/json',
      'x-mine': 'y',
      cookie: 'hop=1',
    });
    expect(first?.headers.cookie).toBeUndefined();
    expect(user.authentications).toBe(1);
  });

  it.each([
    [303, 'POST', 'GET', ''],
    [307, 'POST', 'POST', '{"a":1}'],
    [308, 'POST', 'POST', '{"a":1}'],
    [301, 'PUT', 'PUT', '{"a":1}'],
    [302, 'PATCH', 'PATCH', '{"a":1}'],
    [303, 'PUT', 'GET', ''],
    [303, 'DELETE', 'GET', ''],
    [302, 'DELETE', 'DELETE', '{"a":1}'],
    [302, 'HEAD', 'HEAD', '{"a":1}'],
    [303, 'HEAD', 'HEAD', '{"a":1}'],
  ])('after a %i a %s becomes a %s with the body %j', async (status, method, next, body) => {
    redirects = { '/api/a': [status, 'b'] };
    await session.request(method, 'a', { data: { a: 1 } });
    expect(hops()).toEqual([`${method} /api/a`, `${next} /api/b`]);
    expect(origin.requests[1]?.body).toBe(body);
    expect(origin.requests[1]?.headers['content-type']).toBe(body === '' ? undefined : 'application/json');
  });

  it('chains of redirects are followed', async () => {
    redirects = { '/api/a': [302, 'b'], '/api/b': [301, 'c'], '/api/c': [307, 'd'], '/api/d': [302, 'e'] };
    await expect(session.get('a')).resolves.toMatchObject({ status: 200, data: 'at /api/e' });
    redirects['/api/d'] = [302, '/missing'];
    await failure(session.get('a'), NotFound);
  });

  it('the exception of a redirect to a dead host names the URL that redirected', async () => {
    redirects = { '/api/a': [302, 'http://127.0.0.1:1/x'] };
    const exception = await failure(session.get('a'), ConnectionRefused);
    expect(exception.message).toMatch(`GET http://127.0.0.1:1/x (redirected from ${origin.url}api/a) failed`);
  });

  it.each([301, 302])(
    'a POST that is answered %i is a Redirect, and is not sent as a GET',
    async (status) => {
      redirects = { '/api/a': [status, 'b'] };
      const exception = await failure(session.post('a', { a: 1 }), Redirect);
      expect(exception).toMatchObject({ status, path: '/api/b' });
      expect(exception.message).toContain('was not followed: a POST is not repeated elsewhere');
      expect(hops()).toEqual(['POST /api/a']);
    },
  );

  it.each([
    [301, 'POST'],
    [302, 'PUT'],
    [307, 'PATCH'],
    [308, 'DELETE'],
  ])(
    'a redirect by %i of a %s that is not followed is an exception: the write was not done',
    async (status, method) => {
      redirects = { '/api/a': [status, 'b'] };
      await failure(session.request(method, 'a', { data: {}, maxRedirects: 0 }), Redirect);
      await using bare = await Origin.start((_, response) => response.writeHead(status).end());
      await failure(session.request(method, bare.url, { data: {} }), Redirect);
      const accepted = await session.request(method, 'a', {
        data: {},
        maxRedirects: 0,
        validateStatus: null,
      });
      expect(accepted.status).toBe(status);
    },
  );

  it('a read that leads to a dead host has reached the server that redirected it', async () => {
    redirects = { '/api/a': [303, 'http://127.0.0.1:1/'] };
    const exception = await failure(session.get('a', { retry: false }), ConnectionRefused);
    expect(exception.neverReached).toBe(false);
  });

  it('at most 30 redirects are followed, or `maxRedirects`', async () => {
    redirects = { '/api/a': [302, 'a'] };
    const exception = await failure(session.get('a'), TooManyRedirects);
    expect(exception).toMatchObject({
      code: 'ERR_TOO_MANY_REDIRECTS',
      method: 'GET',
      url: `${origin.url}api/a`,
    });
    expect(exception.message).toBe(`GET ${origin.url}api/a failed: more than 30 redirects`);
    expect(origin.requests).toHaveLength(31);
    await failure(session.get('a', { maxRedirects: 2 }), TooManyRedirects);
    expect(origin.requests).toHaveLength(34);
    await using strict = new Session({ user, prefixUrl: `${origin.url}api/`, maxRedirects: 1 });
    await failure(strict.get('a'), TooManyRedirects);
    expect(origin.requests).toHaveLength(36);
  });

  it('the token does not leave the path of the prefix', async () => {
    redirects = { '/api/a': [302, '/login'], '/login': [302, '/api/b'] };
    await session.get('a');
    expect(origin.requests.map(({ headers }) => headers.authorization)).toEqual([
      `Bearer ${user.bearer}`,
      undefined,
      undefined,
    ]);
  });

  it('the credentials of the caller are kept', async () => {
    redirects = { '/api/a': [302, '/b'] };
    await session.get('a', { auth: { username: 'u', password: 'p' } });
    await session.get('a', { auth: false, headers: { Authorization: 'Bearer mine' } });
    expect(origin.requests.map(({ headers }) => headers.authorization)).toEqual([
      ...[`Basic ${btoa('u:p')}`, `Basic ${btoa('u:p')}`],
      ...['Bearer mine', 'Bearer mine'],
    ]);
  });

  it('credentials in a Location are ignored', async () => {
    redirects = { '/api/a': [302, `${origin.url.replace('//', '//user:pass@')}api/b`] };
    await session.get('a', { auth: false });
    expect(origin.requests[1]?.headers.authorization).toBeUndefined();
  });

  it('a Location that is empty is not followed', async () => {
    redirects = { '/api/old': [301, ''] };
    const { status, data } = await session.get('old');
    expect({ status, data }).toEqual({ status: 301, data: 'moved' });
    expect(origin.requests).toHaveLength(1);
    await failure(session.post('old'), Redirect);
  });

  it('a Location in UTF-8 is understood', async () => {
    redirects = { '/api/a': [302, Buffer.from('/api/é').toString('latin1')] };
    await expect(session.get('a')).resolves.toMatchObject({ data: 'at /api/%C3%A9' });
  });

  it('form data is sent again, a stream is not', async () => {
    redirects = { '/api/a': [307, '/api/b'] };
    const form = new FormData();
    form.set('title', 'A title');
    await session.post('a', form);
    for (const { headers, body } of origin.requests) {
      const [, boundary] = /boundary=(.*)/.exec(headers['content-type'] ?? '') ?? [];
      expect(body).toContain(
        `--${boundary}\r\nContent-Disposition: form-data; name="title"\r\n\r\nA title\r\n`,
      );
    }
    expect(origin.requests).toHaveLength(2);
    const exception = await failure(session.post('a', Readable.from(['x'])), Redirect);
    expect(exception.message).toContain('was not followed: its body is a stream, which cannot be sent twice');
  });
});

describe('a redirect to another origin', () => {
  it.each([301, 302, 303, 307, 308])(
    'a GET goes on after a %i without token, cookies, body and headers of the caller',
    async (status) => {
      redirects = { '/api/cookie': [302, 'x'], '/api/a': [status, `${elsewhere.url}b`] };
      await session.get('cookie');
      await session.get('a', {
        data: { component: 'x' },
        headers: { 'X-Api-Key': 'key', Cookie: 'mine=1', Accept: 'image/*', 'X-Mine': 'y' },
        auth: { username: 'u', password: 'p' },
      });
      await session.get('a', { data: { component: 'x' } });
      for (const { method, url, headers, body } of elsewhere.requests) {
        expect([method, url, body]).toEqual(['GET', '/b', '']);
        expect(Object.keys(headers).sort()).toEqual([
          'accept',
          'accept-encoding',
          'connection',
          'host',
          'user-agent',
        ]);
      }
      expect(elsewhere.requests).toHaveLength(2);
      expect(elsewhere.requests[0]?.headers.accept).toBe('image/*');
    },
  );

  it('and back to the first origin sends no token', async () => {
    redirects = { '/api/a': [302, `${elsewhere.url}b`], '/b': [302, `${origin.url}api/c`] };
    await session.get('a');
    expect(hops()).toEqual(['GET /api/a', 'GET /api/c']);
    expect(origin.requests[1]?.headers.authorization).toBeUndefined();
  });

  it('that leads from another origin to `prefixUrl` adds no token', async () => {
    redirects = { '/b': [302, `${origin.url}api/c`] };
    await session.get(`${elsewhere.url}b`);
    expect(origin.requests[0]?.headers.authorization).toBeUndefined();
    expect(user.authentications).toBe(0);
  });

  it.each([
    [301, 'POST'],
    [302, 'POST'],
    [303, 'POST'],
    [307, 'POST'],
    [308, 'POST'],
    [302, 'PUT'],
    [301, 'DELETE'],
  ])('after a %i a %s is not sent', async (status, method) => {
    redirects = { '/api/a': [status, `${elsewhere.url}b`] };
    const exception = await failure(session.request(method, 'a', { data: { a: 1 } }), Redirect);
    expect(exception.message).toContain(`was not followed: a ${method} is not sent to another origin`);
    expect(exception).toMatchObject({ status, path: '/b' });
    expect(elsewhere.requests).toEqual([]);
  });

  it('cookies of the other origin stay there', async () => {
    redirects = {
      '/api/a': [302, `${elsewhere.url}b`],
      '/b': [302, `${elsewhere.url}c`],
      '/c': [302, `${origin.url}api/d`],
    };
    await session.get('a');
    expect(elsewhere.requests[1]?.headers.cookie).toBe('hop=1');
    expect(origin.requests[1]?.headers.cookie).toBe('hop=1');
    redirects = {};
    await using fresh = new Session({ user, prefixUrl: `${origin.url}api/` });
    redirects = { '/b': [302, `${origin.url}api/d`] };
    await fresh.get(`${elsewhere.url}b`);
    expect(origin.requests.at(-1)?.headers.cookie).toBeUndefined();
  });
});

describe('a redirect that is not followed', () => {
  it('because of `maxRedirects: 0` is a Redirect exception for a 302', async () => {
    redirects = { '/api/a': [302, '/over/there.json'] };
    const exception = await failure(session.get('a', { maxRedirects: 0 }), Redirect);
    expect(exception).toMatchObject({ code: 'ERR_REDIRECT', status: 302, path: '/over/there' });
    expect(exception.message).toMatch(/Redirect to \/over\/there$/);
  });

  it.each([301, 303, 307, 308])('because of `maxRedirects: 0` is a response for a %i', async (status) => {
    redirects = { '/api/a': [status, '/b'] };
    await expect(session.get('a', { maxRedirects: 0 })).resolves.toMatchObject({ status, data: 'moved' });
  });

  it.each([300, 304, 305, 306])('because the status %i is not a redirect', async (status) => {
    redirects = { '/api/a': [status, '/b'] };
    await expect(session.get('a')).resolves.toMatchObject({ status });
  });

  it('because it has no Location is a Redirect exception for a 302', async () => {
    await using bare = await Origin.start(({ url }, response) =>
      response.writeHead(Number(url.slice(1))).end(),
    );
    await using other = new Session({ user, prefixUrl: bare.url });
    expect(await failure(other.get('302'), Redirect)).toMatchObject({ path: '' });
    await expect(other.get('301')).resolves.toMatchObject({ status: 301 });
  });

  it.each(['file:///etc/passwd', 'ftp://h/', 'javascript:alert(1)', 'http://', 'http://[', 'http:///x'])(
    'because it leads to %s is a Redirect',
    async (location) => {
      redirects = { '/api/a': [302, location] };
      const exception = await failure(session.get('a'), Redirect);
      expect(exception.message).toContain(
        `Redirect to ${location} was not followed: it is not an http(s) URL`,
      );
      expect(hops()).toEqual(['GET /api/a']);
    },
  );
});

describe('a token that a server puts into a Location', () => {
  const expectNoBearer = (...shown: unknown[]): void => {
    const printed = inspect(shown, { depth: null, showHidden: true });
    expect(printed).toContain('?x=<TOKEN>');
    expect(printed).not.toContain(user.bearer);
  };

  it('is not in the exception of a redirect loop', async () => {
    const loop = `/api/loop?x=${user.bearer}`;
    redirects = { '/api/a': [302, loop], [loop]: [302, loop] };
    const exception = await failure(session.get('a'), TooManyRedirects);
    expect(exception.url).toBe(`${origin.url}api/loop?x=<TOKEN>`);
    expectNoBearer(exception);
  });

  it('is not in a response', async () => {
    redirects = { '/api/a': [302, `/api/b?x=${user.bearer}`] };
    const { data, ...answer } = await session.get('a');
    expect(data).toBe(`at /api/b?x=${user.bearer}`);
    expectNoBearer(answer);
  });

  it.each(['', 'elsewhere'])('is not in log lines and events about retries %s', async (where) => {
    const target = `${where && elsewhere.url.slice(0, -1)}/busy?x=${user.bearer}`;
    redirects = { '/api/a': [302, target], [`/busy?x=${user.bearer}`]: [503, '/'] };
    const logger = keepLogs();
    const events: RetryEvent[] = [];
    const onRetry = (event: RetryEvent): void => void events.push(event);
    const options = { user, prefixUrl: `${origin.url}api/`, retry: { tries: 2, baseDelay: 1 } };
    await using own = new Session({ ...options, logger, onRetry });
    const exception = await failure(own.get('a'), ServerError);
    expect(events).toHaveLength(1);
    for (const shown of [exception, own.lastResponse, logger.lines, events]) expectNoBearer(shown);
  });

  it.each([{}, { cache: false }, { minInterval: 60_000 }])(
    'is not in the exception of a request that was aborted: %j',
    async ({ cache = './.webcache', ...options }: SessionOptions) => {
      const hang = `/api/hang?x=${user.bearer}`;
      redirects = { '/api/a': [302, hang] };
      await using own = new Session({ user, prefixUrl: `${origin.url}api/`, cache, ...options });
      const controller = new AbortController();
      const request = failure(own.get('a', { signal: controller.signal }), Aborted);
      await expect.poll(() => own.lastResponse?.status).toBe(302);
      await sleep(50);
      controller.abort();
      expectNoBearer(await request);
    },
  );

  it('is not in the exception of a connection that failed', async () => {
    redirects = { '/api/a': [302, `http://127.0.0.1:1/?x=${user.bearer}`] };
    expectNoBearer(await failure(session.get('a', { retry: false }), ConnectionRefused));
  });
});
