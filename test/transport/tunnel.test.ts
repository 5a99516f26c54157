import type { RequestListener } from 'node:http';
import type { Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type ConnectionOptions, Connections } from '../../src/http/transport/connections.js';
import { ProxyError } from '../../src/http/transport/proxy-error.js';
import { withoutProxyVariables } from '../helpers/environment.js';
import { Origin } from '../helpers/origin.js';
import { SocksServer, TestProxy } from '../helpers/proxy.js';
import { send } from '../helpers/send.js';
import { CERTIFICATE, TlsOrigin } from '../helpers/tls-origin.js';

withoutProxyVariables();

let origin: TlsOrigin;
let received: string[];
const open: Connections[] = [];

beforeEach(async () => {
  received = [];
  const respond: RequestListener = (request, response) => {
    received.push(request.url ?? '');
    response.end('of the server');
  };
  origin = await TlsOrigin.start(respond);
});

afterEach(async () => {
  for (const connections of open.splice(0)) connections.close();
  await origin[Symbol.asyncDispose]();
});

/** Connections that trust the server of these tests. */
function connect(options: ConnectionOptions): Connections {
  const connections = new Connections({ ca: CERTIFICATE, ...options });
  open.push(connections);
  return connections;
}

/** The error that a request by a proxy ends with. */
async function failureOf(promise: Promise<unknown>): Promise<Error & { code?: string; advice?: string }> {
  return promise.then(
    () => expect.unreachable('the request succeeded'),
    (error) => error,
  );
}

describe('a request to https through an HTTP proxy', () => {
  it('is sent through a tunnel, which is used again', async () => {
    await using proxy = await TestProxy.start();
    const connections = connect({ proxy: proxy.url });
    expect(await send(connections, `${origin.url}a`)).toMatchObject({ status: 200, body: 'of the server' });
    await send(connections, `${origin.url}b`);
    expect(received).toEqual(['/a', '/b']);
    const { host } = new URL(origin.url);
    expect(proxy.requests).toMatchObject([{ method: 'CONNECT', url: host, headers: { host } }]);
    expect(proxy.requests[0]?.headers['proxy-authorization']).toBeUndefined();
  });

  it('sends the decoded credentials to the proxy only', async () => {
    await using proxy = await TestProxy.start();
    const url = proxy.url.replace('//', '//us%40er:p%40ss%3A1@');
    await send(connect({ proxy: url }), origin.url);
    const [, basic = ''] = proxy.requests[0]?.headers['proxy-authorization']?.split(' ') ?? [];
    expect(Buffer.from(basic, 'base64').toString()).toBe('us@er:p@ss:1');
  });

  it.for([
    'HTTP/1.1 201 Created\r\nContent-Length: 5',
    'HTTP/1.1 204 No Content',
    'HTTP/1.0 299 ?\r\nTransfer-Encoding: chunked',
  ])('goes through a tunnel that is opened by %j', async (opens) => {
    await using proxy = await TestProxy.start({ opens });
    expect(await send(connect({ proxy: proxy.url }), origin.url)).toMatchObject({ body: 'of the server' });
  });

  it('does not treat a body of the proxy as the response', async () => {
    const answer = (socket: Socket): unknown =>
      socket.end('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nHTTP/1.1 200 OK\r\n\r\n');
    await using proxy = await TestProxy.start({ answer });
    const error = await failureOf(send(connect({ proxy: proxy.url }), origin.url));
    expect(error).not.toBeInstanceOf(ProxyError);
    expect(received).toEqual([]);
  });

  it.for([
    ['HTTP/1.1 407 Proxy Authentication Required', '//', /credentials.+407.+missing/],
    ['HTTP/1.1 407 Proxy Authentication Required', '//user:s3cret@', /credentials.+407.+wrong/],
    ['HTTP/1.1 403 Forbidden', '//', /status 403/],
    ['HTTP/1.1 503 Service Unavailable', '//user:s3cret@', /status 503/],
    ['HTTP/1.1 302 Found\r\nLocation: http://evil.example/', '//', /status 302/],
    ['HTTP/1.1 101 Switching Protocols', '//', /status 101/],
  ] as const)('fails with a ProxyError if the proxy answers %j to %s', async ([head, userinfo, message]) => {
    const answer = (socket: Socket): unknown => socket.write(`${head}\r\nSet-Cookie: a=b\r\n\r\n`);
    await using proxy = await TestProxy.start({ answer });
    const error = await failureOf(send(connect({ proxy: proxy.url.replace('//', userinfo) }), origin.url));
    expect(error).toBeInstanceOf(ProxyError);
    expect(error).toMatchObject({ proxy: proxy.url, neverReached: true });
    expect(error.code).toBe(head.includes('407') ? 'ERR_PROXY_CREDENTIALS' : 'ERR_PROXY');
    expect(error.message).toMatch(message);
    expect(error.message).toContain(proxy.url);
    expect(error.message).not.toContain('s3cret');
    await allClosed(proxy);
  });

  it('fails at once if the proxy closes the connection before its response', async () => {
    await using proxy = await TestProxy.start({ answer: (socket) => socket.end() });
    const error = await failureOf(send(connect({ proxy: proxy.url }), origin.url));
    expect(error).toMatchObject({ name: 'ProxyError', code: 'ECONNRESET', neverReached: true });
  });

  it('fails with the address of a proxy that cannot be reached', async () => {
    const error = await failureOf(send(connect({ proxy: 'http://user:s3cret@127.0.0.1:1' }), origin.url));
    expect(error).toMatchObject({ name: 'ProxyError', code: 'ECONNREFUSED', proxy: 'http://127.0.0.1:1' });
    expect(error.message).toMatch(/the proxy http:\/\/127\.0\.0\.1:1 .+`proxy`.+cannot be reached/);
    expect(error.message).not.toContain('s3cret');
  });

  it('fails if the head of the response to CONNECT has no end', async () => {
    const answer = (socket: Socket): void => {
      socket.write('HTTP/1.1 200 OK\r\n');
      writeOn(socket, `X: ${'x'.repeat(1000)}\r\n`);
    };
    await using proxy = await TestProxy.start({ answer });
    const error = await failureOf(send(connect({ proxy: proxy.url }), origin.url));
    expect(error).toMatchObject({ name: 'ProxyError', code: 'HPE_HEADER_OVERFLOW' });
    await allClosed(proxy);
  });

  it('fails if the proxy sends informational responses without end', async () => {
    const answer = (socket: Socket): void => writeOn(socket, 'HTTP/1.1 102 Processing\r\n\r\n');
    await using proxy = await TestProxy.start({ answer });
    const error = await failureOf(send(connect({ proxy: proxy.url }), origin.url));
    expect(error).toBeInstanceOf(ProxyError);
    await allClosed(proxy);
  });

  it('is ended by its signal while the proxy is silent, and its connection is closed', async () => {
    const asked = deferred();
    await using proxy = await TestProxy.start({ answer: () => asked.resolve(undefined) });
    const abort = new AbortController();
    const failure = failureOf(send(connect({ proxy: proxy.url }), origin.url, { signal: abort.signal }));
    await asked.promise;
    abort.abort();
    expect(await failure).toMatchObject({ name: 'AbortError' });
    await allClosed(proxy);
  });

  it('is ended by `close()` while the proxy is silent, and its connection is closed', async () => {
    const asked = deferred();
    await using proxy = await TestProxy.start({ answer: () => asked.resolve(undefined) });
    const connections = connect({ proxy: proxy.url });
    const failure = failureOf(send(connections, origin.url));
    await asked.promise;
    connections.close();
    await failure;
    await allClosed(proxy);
  });

  it('is ended by its signal during the TLS handshake with the server', async () => {
    const asked = deferred();
    const answer = (socket: Socket): void => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n');
      socket.once('data', () => asked.resolve(undefined));
    };
    await using proxy = await TestProxy.start({ answer });
    const abort = new AbortController();
    const failure = failureOf(send(connect({ proxy: proxy.url }), origin.url, { signal: abort.signal }));
    await asked.promise;
    abort.abort();
    expect(await failure).toMatchObject({ name: 'AbortError' });
    await allClosed(proxy);
  });

  it('does not end when another request does', async () => {
    await using proxy = await TestProxy.start();
    const connections = connect({ proxy: proxy.url });
    const abort = new AbortController();
    const failure = failureOf(send(connections, `${origin.url}a`, { signal: abort.signal }));
    const other = send(connections, `${origin.url}b`);
    abort.abort();
    await failure;
    expect(await other).toMatchObject({ body: 'of the server' });
  });

  it('fails with the error of the certificate of the server', async () => {
    await using proxy = await TestProxy.start();
    const error = await failureOf(send(connect({ proxy: proxy.url, ca: undefined }), origin.url));
    expect(error).not.toBeInstanceOf(ProxyError);
    expect(error.code).toBe('DEPTH_ZERO_SELF_SIGNED_CERT');
    expect(received).toEqual([]);
  });
});

describe('a request to https through a proxy of https', () => {
  it('is sent by TLS within TLS', async () => {
    await using proxy = await TestProxy.start({ tls: true });
    const connections = connect({ proxy: proxy.url });
    expect(await send(connections, origin.url)).toMatchObject({ body: 'of the server' });
    connections.close();
    await allClosed(proxy);
  });

  it('fails with advice if the certificate of the proxy is not trusted', async () => {
    await using proxy = await TestProxy.start({ tls: true });
    const error = await failureOf(send(connect({ proxy: proxy.url, ca: undefined }), origin.url));
    expect(error).toMatchObject({ name: 'ProxyError', code: 'DEPTH_ZERO_SELF_SIGNED_CERT' });
    expect(error.message).toContain(`the proxy ${proxy.url}`);
    expect(error.advice).toMatch(/NODE_EXTRA_CA_CERTS.+`ca`/);
    expect(proxy.requests).toEqual([]);
  });
});

describe('NODE_TLS_REJECT_UNAUTHORIZED=0', () => {
  beforeEach(() => {
    process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = '0';
  });
  afterEach(() => {
    delete process.env['NODE_TLS_REJECT_UNAUTHORIZED'];
  });

  it('does not turn off verification of the server', async () => {
    await using proxy = await TestProxy.start();
    await using socks = await SocksServer.start();
    for (const options of [
      { proxy: proxy.url },
      { proxy: `socks5h://${socks.address}` },
      { proxy: false },
    ] as const) {
      const error = await failureOf(send(connect({ ...options, ca: undefined }), origin.url));
      expect(error.code).toBe('DEPTH_ZERO_SELF_SIGNED_CERT');
    }
    expect(received).toEqual([]);
  });

  it('does not turn off verification of the proxy', async () => {
    await using proxy = await TestProxy.start({ tls: true });
    for (const url of [origin.url, 'http://pdb.example/'])
      await failureOf(send(connect({ proxy: proxy.url, ca: undefined }), url));
    expect(proxy.requests).toEqual([]);
  });
});

describe('a request through a SOCKS proxy', () => {
  it.for([
    ['socks5h', 'localhost'],
    ['socks5', '127.0.0.1'],
  ] as const)('with %s names the server as %s', async ([scheme, host]) => {
    await using socks = await SocksServer.start();
    const connections = connect({ proxy: `${scheme}://${socks.address}` });
    expect(await send(connections, origin.url, { family: 4 })).toMatchObject({ body: 'of the server' });
    await send(connections, origin.url, { family: 4 });
    expect(socks.requests).toEqual([
      { host, port: Number(new URL(origin.url).port), credentials: undefined },
    ]);
  });

  it('is sent over http as well', async () => {
    await using socks = await SocksServer.start();
    await using plain = await Origin.start((_, response) => response.end('plain'));
    const url = plain.url.replace('127.0.0.1', 'pdb.example');
    const connections = connect({ proxy: `socks5h://us%40er:p%40ss@${socks.address}` });
    expect(await send(connections, url)).toMatchObject({ body: 'plain' });
    expect(plain.requests[0]?.url).toBe('/');
    expect(socks.requests[0]?.host).toBe('pdb.example');
  });

  it('sends the decoded credentials to the proxy', async () => {
    await using socks = await SocksServer.start(0, true);
    await send(connect({ proxy: `socks5h://us%40er:p%40ss@${socks.address}` }), origin.url);
    expect(socks.requests[0]?.credentials).toBe('us@er:p@ss');
  });

  it('fails with an error that names the proxy, if the proxy refuses it', async () => {
    await using socks = await SocksServer.start(5);
    const error = await failureOf(
      send(connect({ proxy: `socks5h://u:s3cret@${socks.address}` }), origin.url),
    );
    expect(error).toMatchObject({
      name: 'ProxyError',
      proxy: `socks5h://${socks.address}`,
      neverReached: true,
    });
    expect(error.message).not.toContain('s3cret');
    await allClosed(socks);
  });

  it('fails with ECONNREFUSED, if no proxy listens', async () => {
    const error = await failureOf(send(connect({ proxy: 'socks5h://127.0.0.1:1' }), origin.url));
    expect(error).toMatchObject({ name: 'ProxyError', code: 'ECONNREFUSED' });
  });

  it('fails with HostNotFound if the name of the server does not resolve', async () => {
    await using socks = await SocksServer.start();
    const refuse = (_: string, __: unknown, done: (error: Error) => void): void =>
      done(Object.assign(new Error('getaddrinfo ENOTFOUND'), { code: 'ENOTFOUND' }));
    const connections = connect({ proxy: `socks5://${socks.address}` });
    const error = await failureOf(send(connections, 'https://pdb.example/', { lookup: refuse as never }));
    expect(error).not.toBeInstanceOf(ProxyError);
    expect(error.code).toBe('ENOTFOUND');
  });

  it('is ended by its signal while the proxy is silent, and its connection is closed', async () => {
    await using socks = await SocksServer.start('silence');
    const abort = new AbortController();
    const connections = connect({ proxy: `socks5h://${socks.address}` });
    const failure = failureOf(send(connections, origin.url, { signal: abort.signal }));
    await expect.poll(() => socks.requests.length).toBe(1);
    abort.abort();
    expect(await failure).toMatchObject({ name: 'AbortError' });
    await allClosed(socks);
  });
});

/** Waits until a proxy has no connection any more. */
async function allClosed({ sockets }: { readonly sockets: Set<Socket> }): Promise<void> {
  await Promise.all([...sockets].map((socket) => new Promise((resolve) => socket.once('close', resolve))));
  expect(sockets.size).toBe(0);
}

/** Writes a text again and again, until the connection is closed. */
function writeOn(socket: Socket, text: string): void {
  if (!socket.destroyed) socket.write(text, () => setImmediate(writeOn, socket, text));
}

interface Deferred {
  readonly promise: Promise<unknown>;
  readonly resolve: (value: unknown) => void;
}

function deferred(): Deferred {
  let resolve: Deferred['resolve'] = () => {};
  const promise = new Promise((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}
