import { execFile } from 'node:child_process';
import type { LookupFunction, Socket } from 'node:net';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import {
  ConnectionRefused,
  InvalidInvocation,
  Session,
  type SessionOptions,
  Timeout,
  TransportException,
  User,
} from '../../src/index.js';
import { startPdb } from '../../src/testing/index.js';
import { withoutProxyVariables } from '../helpers/environment.js';
import { failure } from '../helpers/failure.js';
import { MockUser } from '../helpers/mock-user.js';
import { Origin } from '../helpers/origin.js';
import { SocksServer, TestProxy } from '../helpers/proxy.js';
import { CERTIFICATE, TlsOrigin } from '../helpers/tls-origin.js';

withoutProxyVariables();

const run = promisify(execFile);
const HTTPS = 'https://pdb.example/';

/** A session without cache and retries. */
function sessionFor(options: SessionOptions): Session {
  return new Session({ user: new MockUser(), prefixUrl: HTTPS, cache: false, retry: false, ...options });
}

describe('a session behind a proxy', () => {
  it.for(['201 Created', '202 Accepted', '203 Non-Authoritative Information', '204 No Content'])(
    'never takes the %s of a proxy for the response to a POST',
    async (status) => {
      const body = status.startsWith('204') ? '' : '{"serialNumber":"made up"}';
      const head = `HTTP/1.1 ${status}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}`;
      await using proxy = await TestProxy.start({ answer: (socket) => socket.end(`${head}\r\n\r\n${body}`) });
      process.env['HTTPS_PROXY'] = proxy.url;
      await using session = sessionFor({});
      await failure(session.post<unknown>('uploadTestRunResults', { component: 'x' }), TransportException);
      await failure(session.get<unknown>('getComponent'), TransportException);
    },
  );

  it.for([401, 403, 407, 503])(
    'treats a CONNECT answered %i as a failure of the proxy: the token stays valid and no cookie is stored',
    async (status) => {
      const answer = (socket: Socket): unknown =>
        socket.write(`HTTP/1.1 ${status} No\r\nSet-Cookie: of=the-proxy\r\nContent-Length: 0\r\n\r\n`);
      await using proxy = await TestProxy.start({ answer });
      const user = new MockUser();
      const bearer = user.bearer;
      await using session = sessionFor({ user, proxy: proxy.url.replace('//', '//user:s3cret@') });
      const error = await failure(session.post('x', {}), TransportException);
      expect(error.neverReached).toBe(true);
      expect(error.message).toContain(proxy.url);
      expect(error.message).not.toContain('s3cret');
      expect(user.bearer).toBe(bearer);
      expect(proxy.requests).toHaveLength(1);
      expect(proxy.requests[0]?.headers).not.toHaveProperty('authorization');
      await failure(session.get('x'), TransportException);
      expect(proxy.requests[1]?.headers.cookie).toBeUndefined();
    },
  );

  it('fails at once if the proxy closes the connection before its response', async () => {
    await using proxy = await TestProxy.start({ answer: (socket) => socket.end() });
    await using session = sessionFor({ proxy: proxy.url, timeout: 60_000 });
    const error = await failure(session.get('x'), TransportException);
    expect(error).not.toBeInstanceOf(Timeout);
    expect(error.message).toContain(proxy.url);
  });

  it('fails with Timeout if the proxy is silent, and closes the connection', async () => {
    await using proxy = await TestProxy.start({ answer: () => {} });
    await using session = sessionFor({ proxy: proxy.url, timeout: 100 });
    await failure(session.get('x'), Timeout);
    await expect.poll(() => proxy.sockets.size).toBe(0);
  });

  it('names the proxy that cannot be reached, and the variable', async () => {
    process.env['HTTPS_PROXY'] = 'http://user:s3cret@127.0.0.1:1';
    await using session = sessionFor({});
    const error = await failure(session.get('x'), ConnectionRefused);
    expect(error.summary).toMatch(/proxy http:\/\/127\.0\.0\.1:1 .*HTTPS_PROXY/);
    expect(error.message.split('\n')[1]).toMatch(/^Check the environment variable HTTPS_PROXY, and whether/);
    expect(error.message).not.toContain('s3cret');
    expect(error.neverReached).toBe(true);
  });

  it('names a proxy of http that cannot be reached, and one that answers 407', async () => {
    await using proxy = await TestProxy.start({ status: 407 });
    for (const url of ['http://127.0.0.1:1', proxy.url]) {
      await using session = sessionFor({ prefixUrl: 'http://pdb.localhost/', proxy: url });
      const error = await failure(session.get('x'), TransportException);
      expect(error.message).toContain(`the proxy ${url}`);
      expect(error.neverReached).toBe(true);
    }
  });

  it('connects to loopback directly although the environment names a proxy', async () => {
    await using proxy = await TestProxy.start({ status: 502 });
    process.env['HTTP_PROXY'] = proxy.url;
    await using pdb = await startPdb({ components: 20 });
    const user = new User({ ...pdb.userOptions, retry: false });
    await using session = sessionFor({ user, prefixUrl: pdb.apiUrl });
    await session.get('listProjects');
    expect(proxy.requests).toEqual([]);
  });

  it.for([
    ['example.org', 'pdb.example.org', 'direct'],
    ['EXAMPLE.ORG', 'pdb.example.org', 'direct'],
    ['.example.org', 'pdb.example.org', 'direct'],
    ['example.org', 'notexample.org', 'proxy'],
  ] as const)('with NO_PROXY=%s connects to %s by %s', async ([noProxy, host, expected]) => {
    await using origin = await Origin.start((_, response) => response.end('direct'));
    await using proxy = await Origin.start((_, response) => response.end('proxy'));
    Object.assign(process.env, { HTTP_PROXY: proxy.url, NO_PROXY: noProxy });
    const lookup: LookupFunction = (_, { all }, done) =>
      all ? done(null, [{ address: '127.0.0.1', family: 4 }]) : done(null, '127.0.0.1', 4);
    await using session = sessionFor({ prefixUrl: origin.url.replace('127.0.0.1', host) });
    expect((await session.get('x', { lookup })).data).toBe(expected);
  });

  it('throws an InvalidInvocation that names a wrong variable, before anything is sent', async () => {
    process.env['HTTPS_PROXY'] = 'ftp://user:s3cret@proxy.example';
    await using session = sessionFor({});
    const error = await failure(session.get('x'), InvalidInvocation);
    expect(error.message).toContain('HTTPS_PROXY');
    expect(error.message).not.toContain('s3cret');
  });

  it('sends requests to https through HTTP, HTTPS and SOCKS proxies', async () => {
    await using origin = await TlsOrigin.start((_, response) => response.end('of the server'));
    await using plain = await TestProxy.start();
    await using secure = await TestProxy.start({ tls: true });
    await using socks = await SocksServer.start();
    for (const proxy of [plain.url, secure.url, `socks5h://${socks.address}`]) {
      await using session = sessionFor({ prefixUrl: origin.url, proxy, ca: CERTIFICATE });
      expect((await session.get('x')).data).toBe('of the server');
    }
    expect([plain, secure, socks].map(({ requests }) => requests.length)).toEqual([1, 1, 1]);
  });
});

describe('the process', () => {
  it('trusts NODE_EXTRA_CA_CERTS, also if a session has a `ca`', { timeout: 30_000 }, async () => {
    await using origin = await TlsOrigin.start((_, response) => response.end('"trusted"'));
    const script = `import { rootCertificates } from 'node:tls'; import { Session, UserBearer } from 'itkdb';
      const user = new UserBearer({ bearer: 'a-bearer' });
      for (const ca of [undefined, rootCertificates[0]]) {
        const session = new Session({ user, prefixUrl: ${JSON.stringify(origin.url)}, cache: false, retry: false, ca });
        console.log(await session.get('x').then(({ data }) => String(data), ({ code }) => code));
      }`;
    const print = async (env: NodeJS.ProcessEnv): Promise<string> =>
      (await run(process.execPath, ['--input-type=module', '-e', script], { env })).stdout;
    const certificate = new URL('../fixtures/tls-cert.pem', import.meta.url).pathname;
    const { NODE_EXTRA_CA_CERTS: _, ...env } = process.env;
    expect(await print(env)).toBe('ERR_TLS\nERR_TLS\n');
    expect(await print({ ...env, NODE_EXTRA_CA_CERTS: certificate })).toBe('"trusted"\n"trusted"\n');
  });

  it('ends although a proxy never answers CONNECT', { timeout: 30_000 }, async () => {
    await using proxy = await TestProxy.start({ answer: () => {} });
    const script = `import { Session, UserBearer } from 'itkdb';
      const user = new UserBearer({ bearer: 'a-bearer' });
      const session = new Session({ user, prefixUrl: ${JSON.stringify(HTTPS)}, cache: false, retry: false, timeout: 100 });
      await session.get('x').catch(({ code }) => console.log(code));`;
    const env = { ...process.env, HTTPS_PROXY: proxy.url };
    const { stdout } = await run(process.execPath, ['--input-type=module', '-e', script], { env });
    expect(stdout).toBe('ERR_TIMEOUT\n');
  });
});
