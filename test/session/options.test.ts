import { describe, expect, it } from 'vitest';
import {
  InvalidInvocation,
  type PreparedRequest,
  type RequestConfig,
  Session,
  type SessionOptions,
} from '../../src/index.js';
import { resolveOptions } from '../../src/session/options.js';
import { startDatabase } from '../helpers/database.js';
import { failure } from '../helpers/failure.js';
import { MockUser } from '../helpers/mock-user.js';
import { CERTIFICATE } from '../helpers/tls-origin.js';
import { withOrigin } from '../helpers/with-origin.js';

const { newSession } = await startDatabase({ components: 10 });

describe('an option of a session that is wrong', () => {
  it.each<[unknown, string]>([
    [{ prefix: 'x' }, 'new Session: there is no option `prefix`; is it `prefixUrl`?'],
    [{ usr: 1 }, 'new Session: there is no option `usr`; is it `user`?'],
    [{ tiemuot: 1 }, 'new Session: there is no option `tiemuot`; is it `timeout`?'],
    [{ max: 1 }, 'is it `maxCacheSize`, `maxConcurrency`, `maxRedirects`, `maxContentLength`?'],
    [{ colour: 1 }, 'new Session: there is no option `colour`; there are `user`, `prefixUrl`, '],
    [{ user: {} }, '`user` must be a user: an object with authenticate() and bearer'],
    [{ user: null }, '`user` must be a user'],
    [{ prefixUrl: 'nowhere' }, 'new Session: `prefixUrl` must be an http(s) URL'],
    [{ prefix_url: 'x' }, 'new Session: there is no option `prefix_url`; is it `prefixUrl`?'],
    [{ accessCode1: 'x' }, 'it is one of new User, for `user: new User({ accessCode1 })`'],
    [new MockUser(), 'new Session: must be given an object of options, such as { user }'],
    [{ user: new MockUser(), saveAuth: 'x' }, '`saveAuth` belongs to new User({ saveAuth })'],
    [
      { user: new MockUser(), authExpiryThreshold: 1 },
      '`authExpiryThreshold` belongs to new User({ authExpiryThreshold })',
    ],
    [{ prefixUrl: 5 }, '`prefixUrl` must be an http(s) URL'],
    [{ timeout: -1 }, '`timeout` must be a number of milliseconds, at least 0'],
    [{ timeout: '5' }, '`timeout` must be a number of milliseconds'],
    [{ maxRedirects: -1 }, '`maxRedirects` must be a whole number, at least 0'],
    [{ cache: 5 }, '`cache` must be true, false, a path or a store'],
    [{ cache: '~' }, '`cache` must be a path without ~'],
    [{ maxConcurrency: '4' }, '`maxConcurrency` must be a whole number, at least 1, or Infinity'],
    [{ maxConcurrency: 0 }, '`maxConcurrency` must be a whole number, at least 1, or Infinity'],
    [{ proxy: 5 }, '`proxy` must be a URL such as '],
    [{ proxy: 'ftp://proxy.example' }, '`proxy` must start with http://'],
    [{ proxy: { port: 3128 } }, '`proxy` must have a `host`'],
    [{ proxies: {} }, 'there is no option `proxies`; it is `proxy` here'],
    [{ ca: '/etc/ssl/institute.pem' }, '`ca` must be a certificate in PEM or DER, or a list of them'],
    [{ ca: [] }, '`ca` must be a certificate'],
    [{ verify: false }, 'there is no option `verify`; certificates of a private authority go into `ca`'],
    [{ retry: { tries: 0 } }, '`retry.tries` must be a whole number, at least 1'],
    [{ retry: { attempts: 2 } }, 'in `retry` there is no option `attempts`; there are `tries`, '],
    [{ retry: true }, '`retry` must be false, or an object such as { tries: 4 }'],
    [{ headers: { Cookie: 'a=b' } }, '`headers.Cookie` must be left out: these headers go to every origin'],
    [
      { headers: { Connection: 'close' } },
      '`headers.Connection` must be left out: it is about one connection',
    ],
    [
      { timeout: -1, minInterval: 'x' },
      'new Session: `timeout` must be a number of milliseconds, at least 0; `minInterval` must be a number',
    ],
    [{ siteUrl: 'x' }, 'there is no option `siteUrl`; it is `prefixUrl` here'],
    [{ expiresAfter: { day: 1 } }, 'in `expiresAfter` there is no option `day`; is it `days`?'],
    [{ expiresAfter: 5 }, '`expiresAfter` must be an object such as { days: 1 }'],
    [{ expiresAfter: { days: 'one' } }, '`expiresAfter.days` must be a number'],
    [{ headers: 5 }, '`headers` must be an object of header fields'],
    [{ headers: { a: 5 } }, '`headers.a` must be a string'],
    [{ logger: { debug: 5 } }, '`logger` must be a logger'],
    [{ httpsAgent: 5 }, '`httpsAgent` must be an https.Agent'],
    [5, 'new Session: must be given an object of options'],
  ])('%j is refused by name', (options, message) => {
    expect(() => new Session(options as SessionOptions)).toThrow(InvalidInvocation);
    expect(() => new Session(options as SessionOptions)).toThrow(message);
  });

  it('those for the cache are accepted', () => {
    for (const cache of [true, false, 'folder', new Map()])
      newSession({ cache, expiresAfter: { days: 1, hours: 0.5 } });
  });

  it('those for the network are accepted', () => {
    for (const proxy of [
      'http://proxy.example:3128',
      'proxy.example:3128',
      'socks5h://[::1]:1080',
      false,
    ] as const)
      newSession({ proxy, ca: [CERTIFICATE, CERTIFICATE.toString()] });
    newSession({ proxy: { host: 'proxy.example', port: 3128, auth: { username: 'a', password: 'b' } } });
  });

  it('what is checked is what is used', () => {
    let reads = 0;
    const options = {
      get timeout() {
        reads += 1;
        return reads === 1 ? 5 : 'x';
      },
    };
    expect(resolveOptions({ user: new MockUser() }).timeout).toBe(60_000);
    expect(resolveOptions(options as SessionOptions).timeout).toBe(5);
    expect(reads).toBe(1);
  });

  it('resolved options are frozen, and a later change of the caller makes no difference', () => {
    const headers = { 'X-Mine': 'before' };
    const retry = { tries: 2 };
    const resolved = resolveOptions({ user: new MockUser(), headers, retry });
    headers['X-Mine'] = 'after';
    retry.tries = 9;
    expect(resolved).toMatchObject({ headers: { 'X-Mine': 'before' }, retry: { tries: 2, within: 120_000 } });
    expect(Object.isFrozen(resolved) && Object.isFrozen(resolved.headers)).toBe(true);
  });
});

describe('an option of a request that is wrong', () => {
  it.each<[unknown, string]>([
    [{ json: {} }, 'a request: there is no option `json`; pass the body as `data`'],
    [{ dta: {} }, 'a request: there is no option `dta`; is it `data`?'],
    [{ ehaders: {} }, 'a request: there is no option `ehaders`; is it `headers`?'],
    [{ baseURL: 'http://evil.example' }, 'a request: there is no option `baseURL`; it is `prefixUrl`'],
    [{ adapter: () => {} }, 'a request: there is no option `adapter`'],
    [{ transport: {} }, 'a request: there is no option `transport`'],
    [{ socketPath: '/x' }, 'a request: there is no option `socketPath`'],
    [{ allowAbsoluteUrls: false }, 'a request: there is no option `allowAbsoluteUrls`'],
    [{ beforeRedirect: () => {} }, 'a request: there is no option `beforeRedirect`'],
    [{ constructor: 1 }, 'a request: there is no option `constructor`'],
    [JSON.parse('{"__proto__":{"adapter":1}}'), 'a request: there is no option `__proto__`'],
    [{ authorize: true }, 'a request: there is no option `authorize`'],
    [{ target: () => 'http://evil.example' }, 'a request: there is no option `target`'],
    [{ timeout: '5' }, '`timeout` must be a number, at least 0'],
    [{ timeout: Number.NaN }, '`timeout` must be a number, at least 0'],
    [{ maxRedirects: -1 }, '`maxRedirects` must be a whole number, at least 0'],
    [{ maxContentLength: null }, '`maxContentLength` must be a number, at least -1'],
    [{ responseType: 'blob' }, "`responseType` must be 'json', 'text', 'arraybuffer' or 'stream'"],
    [{ auth: null }, '`auth` must be { username, password }, or false for none'],
    [{ auth: ['u', 'p'] }, '`auth` must be { username, password }, or false for none'],
    [{ max_redirects: 0 }, 'a request: there is no option `max_redirects`; is it `maxRedirects`?'],
    [
      { component: 'x' },
      'a request: there is no option `component`; the input of a command goes into `data`',
    ],
    [{ signal: {} }, '`signal` must be an AbortSignal'],
    [{ signal: null }, '`signal` must be an AbortSignal'],
    [{ signal: { addEventListener: () => {} } }, '`signal` must be an AbortSignal'],
    [{ validateStatus: 5 }, '`validateStatus` must be a function, or null'],
    [{ transformResponse: [5] }, '`transformResponse` must be a function, or a list of them'],
    [{ httpAgent: {} }, '`httpAgent` must be an agent'],
    [{ headers: { 'X-Mine': 'a\r\nX-Injected: b' } }, '`headers` must be an object of header fields'],
    [{ headers: { 'X-Mine': '\u010d' } }, '`headers` must be an object of header fields'],
    [{ headers: JSON.parse('{"__proto__":["x"]}') }, '`headers` must be an object of header fields'],
    [
      { headers: { 'content-length': '5' } },
      '`headers.content-length` must be left out: it follows from the body',
    ],
    [{ headers: { 'Transfer-Encoding': 'chunked' } }, '`headers.Transfer-Encoding` must be left out'],
    [
      { headers: { Expect: '100-continue' } },
      '`headers.Expect` must be left out: the session sends it with a large PUT',
    ],
    [
      { headers: { Connection: 'close' } },
      '`headers.Connection` must be left out: it is about one connection',
    ],
    [{ headers: { 'Keep-Alive': 'timeout=5' } }, '`headers.Keep-Alive` must be left out'],
    [{ headers: { Upgrade: 'h2c' } }, '`headers.Upgrade` must be left out'],
    [{ headers: { TE: 'trailers' } }, '`headers.TE` must be left out'],
    [{ headers: { Trailer: 'X-Mine' } }, '`headers.Trailer` must be left out'],
    [{ headers: { 'Proxy-Connection': 'close' } }, '`headers.Proxy-Connection` must be left out'],
    [
      { headers: { 'Proxy-Authorization': 'Basic x' } },
      '`headers.Proxy-Authorization` must be left out: the credentials of a proxy belong in `proxy`',
    ],
    [{ proxy: 'ftp://proxy.example' }, 'a request: `proxy` must start with http://'],
    [{ ca: 'x' }, 'there is no option `ca`; it is an option of the session'],
    [{ retry: { tries: 'x' } }, 'a request: `retry.tries` must be a whole number, at least 1'],
  ])('%j is refused by name', async (config, message) => {
    await using world = await withOrigin();
    const exception = await failure(world.session.get('x', config as RequestConfig), InvalidInvocation);
    expect(exception.message).toContain(message);
    expect(world.origin.requests).toEqual([]);
  });

  it.each<[unknown, string]>([
    [{ method: 'GET /x', url: 'x' }, '`method` must be the name of a method'],
    [{ method: 5, url: 'x' }, '`method` must be the name of a method'],
    [{ url: 5 }, '`url` must be a string or a URL'],
    [5, 'the options of a request must be an object, such as { data: { component } }'],
    [null, 'the options of a request must be an object'],
    [{ method: 'getComponent' }, "`method` must be the name of a method: request('GET', url)"],
    [{ retries: 3 }, 'there is no option `retries`; it is `retry: { tries: 4 }` here'],
    [{ url: 'foo:bar' }, 'the URL `foo:bar` must be relative, or start with http:// or https://'],
  ])('%j is refused by name', async (config, message) => {
    await using session = newSession();
    const exception = await failure(session.request(config as RequestConfig), InvalidInvocation);
    expect(exception.message).toContain(message);
  });

  it('that axios would refuse is refused by the same exception', async () => {
    await using world = await withOrigin();
    const config: RequestConfig = { paramsSerializer: { encode: 5 as never }, params: { a: 1 } };
    expect((await failure(world.session.get('x', config), InvalidInvocation)).message).toMatch(
      /^`params` cannot be written/,
    );
    const circular: Record<string, unknown> = {};
    circular['self'] = circular;
    await failure(world.session.get('x', { params: circular }), InvalidInvocation);
  });

  it('getters that throw are refused', async () => {
    await using world = await withOrigin();
    const config = Object.defineProperty({}, 'data', { enumerable: true, get: () => BigInt('x') });
    expect((await failure(world.session.get('x', config), InvalidInvocation)).message).toMatch(
      /^a request: its options cannot be read: /,
    );
  });

  it('a body whose toJSON throws is refused, and so is a request that is none', async () => {
    await using world = await withOrigin();
    const data = { toJSON: () => BigInt('x') };
    expect((await failure(world.session.post('x', data), InvalidInvocation)).message).toMatch(
      /^the request body cannot be written: /,
    );
    expect((await failure(world.session.send({} as PreparedRequest), InvalidInvocation)).message).toContain(
      'prepareRequest()',
    );
    expect(world.origin.requests).toEqual([]);
  });

  it.each([Infinity, Number.MAX_VALUE, 2 ** 31])('a timeout of %d is as good as none', async (timeout) => {
    await using world = await withOrigin((_, response) => setTimeout(() => response.end('ok'), 50));
    await expect(world.session.get('x', { timeout })).resolves.toMatchObject({ data: 'ok' });
  });

  it('header values cannot inject header lines', async () => {
    await using world = await withOrigin();
    await world.session.get('x', { headers: { 'X-Mine': 'a\r\nX-Injected: b' } }).catch(() => {});
    for (const { headers } of world.origin.requests) expect(headers).not.toHaveProperty('x-injected');
  });
});
