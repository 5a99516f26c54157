import { spawn } from 'node:child_process';
import { Agent as HttpsAgent } from 'node:https';
import { type AddressInfo, createServer } from 'node:net';
import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  Aborted,
  type AuthenticateOptions,
  ConnectionRefused,
  ConnectionReset,
  HostNotFound,
  InvalidInvocation,
  InvalidResponse,
  ResponseTooLarge,
  Session,
  type SessionOptions,
  Timeout,
  TlsFailure,
  TransportException,
  User,
} from '../src/index.js';
import { type EmbeddedPdb, startPdb } from '../src/testing/index.js';
import { failure } from './helpers/failure.js';
import { MockUser } from './helpers/mock-user.js';
import { Origin } from './helpers/origin.js';
import { CERTIFICATE, TlsOrigin } from './helpers/tls-origin.js';

const NEVER = Number.POSITIVE_INFINITY;
/** For the first request of a session whose timeout is too short for signing in on a busy machine. */
const SIGN_IN = { timeout: 10_000 };

let pdb: EmbeddedPdb;

beforeAll(async () => {
  pdb = await startPdb({ components: 100 });
});

afterAll(() => pdb.close());
beforeEach(() => pdb.reset());

const newSession = (options: SessionOptions = {}): Session =>
  new Session({ user: new User(pdb.userOptions), prefixUrl: pdb.apiUrl, retry: false, ...options });

describe('silence', () => {
  it.each<[string, Parameters<EmbeddedPdb['fault']>[0]]>([
    ['before the answer', { delay: NEVER }],
    [
      'after the headers',
      { respond: (_, response) => void response.writeHead(200, { 'content-length': 10 }).flushHeaders() },
    ],
    [
      'in the middle of the body',
      { respond: (_, response) => void response.writeHead(200, { 'content-length': 10 }).write('12345') },
    ],
  ])('%s is a Timeout', async (_, fault) => {
    await using session = newSession({ timeout: 150 });
    await session.get('listProjects', SIGN_IN);
    pdb.fault({ ...fault, on: 'listProjects' });
    const exception = await failure(session.get('listProjects'), Timeout);
    expect(exception).toMatchObject({ code: 'ERR_TIMEOUT', method: 'GET', url: `${pdb.apiUrl}listProjects` });
    expect(exception.message).toContain('silent for 150 ms');
  });

  it('of less than the timeout at a time is none, however long the whole takes', async () => {
    await using session = newSession({ timeout: 200 });
    await session.get('listProjects', SIGN_IN);
    pdb.fault({ on: 'listProjects', drip: 2 });
    await expect(session.get('listProjects')).resolves.toMatchObject({ status: 200 });
  });

  it('is allowed by the caller of a request', async () => {
    await using session = newSession({ timeout: 50 });
    pdb.fault({ on: 'listProjects', delay: 200, times: 2 });
    await expect(session.get('listProjects', { timeout: 5000 })).resolves.toMatchObject({ status: 200 });
    await expect(session.get('listProjects', { timeout: 0 })).resolves.toMatchObject({ status: 200 });
  });

  it('before a connection is there counts', async () => {
    // Accepts connections but never speaks TLS.
    const server = createServer(() => {});
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    await using session = newSession({ prefixUrl: url, user: new MockUser(), timeout: 100 });
    await failure(session.get('x'), Timeout);
    server.close();
  });

  it('of the identity service is a Timeout of the request', async () => {
    pdb.fault({ on: 'grantToken', delay: NEVER });
    await using session = newSession();
    const exception = await failure(session.get('listProjects', { timeout: 100 }), Timeout);
    expect(exception).toMatchObject({ method: 'GET', url: `${pdb.apiUrl}listProjects` });
    expect(exception.message).toBe('authentication took longer than 100 ms');
  });

  it('is not what the tries of the identity service take', async () => {
    pdb.fault({ on: 'grantToken', status: 429, headers: { 'retry-after': '1' } });
    const user = new User({ ...pdb.userOptions, retry: {} });
    await using session = newSession({ user, timeout: 400, retry: {} });
    await expect(session.get('listProjects')).resolves.toMatchObject({ status: 200 });
  });

  it('of a proxy that is to open a tunnel counts', async () => {
    const proxy = createServer(() => {});
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
    await using session = newSession({
      prefixUrl: 'https://db.example/',
      user: new MockUser(),
      timeout: 150,
    });
    const { port } = proxy.address() as AddressInfo;
    await failure(session.get('x', { proxy: { host: '127.0.0.1', port } }), Timeout);
    proxy.close();
  });

  it('of a user that never answers is a Timeout', async () => {
    const user = { authenticate: () => new Promise(() => {}), bearer: '' };
    await using session = newSession({ user, timeout: 50 });
    await failure(session.get('listProjects'), Timeout);
  });

  it('is not that of a program which was busy itself', async () => {
    await using session = newSession({ timeout: 100 });
    await session.get('listProjects', SIGN_IN);
    pdb.fault({ on: 'listProjects', delay: 50 });
    const answer = session.get('listProjects');
    await sleep(20);
    for (const end = performance.now() + 300; performance.now() < end; );
    await expect(answer).resolves.toMatchObject({ status: 200 });
  });

  it('in a stream reaches its reader', async () => {
    await using session = newSession({ timeout: 100 });
    await session.get('listProjects', SIGN_IN);
    pdb.fault({ on: 'listProjects', respond: (_, response) => void response.writeHead(200).write('12345') });
    const { data } = await session.get<Readable>('listProjects', { responseType: 'stream' });
    await failure(
      (async () => {
        for await (const _ of data);
      })(),
      Timeout,
    );
  });

  it('of the reader of a stream is his own affair', async () => {
    const size = 3_000_000;
    await using origin = await Origin.start((_, response) => response.end(Buffer.alloc(size)));
    await using session = newSession({ prefixUrl: origin.url, user: new MockUser(), timeout: 200 });
    const { data } = await session.get<Readable>('x', { responseType: 'stream' });
    await sleep(600);
    let read = 0;
    for await (const chunk of data) read += chunk.length;
    expect(read).toBe(size);
  });

  it('of the writer of a stream is his own affair', async () => {
    await using origin = await Origin.start();
    await using session = newSession({ prefixUrl: origin.url, user: new MockUser(), timeout: 50 });
    async function* slowly() {
      for (const word of ['one', 'two', 'three']) {
        yield word;
        await sleep(120);
      }
    }
    await session.post('x', Readable.from(slowly()));
    expect(origin.requests[0]?.body).toBe('onetwothree');
  });
});

describe('an AbortSignal', () => {
  const reason = new Error('changed my mind');

  it.each<[string, Parameters<EmbeddedPdb['fault']>[0]]>([
    ['authentication', { on: 'grantToken', delay: NEVER }],
    ['the wait for the answer', { on: 'listProjects', delay: NEVER }],
    [
      'the body',
      {
        on: 'listProjects',
        respond: (_, response) => void response.writeHead(200, { 'content-length': 10 }).write('12345'),
      },
    ],
  ])('ends a request during %s', async (_, fault) => {
    pdb.fault(fault);
    await using session = newSession();
    const controller = new AbortController();
    const request = session.get('listProjects', { signal: controller.signal });
    setTimeout(() => controller.abort(reason), 100);
    const exception = await failure(request, Aborted);
    expect(exception).toMatchObject({ code: 'ERR_ABORTED', cause: reason });
    expect(exception.message).toContain('changed my mind');
  });

  it('reaches a user who authenticates, as a real signal', async () => {
    const controller = new AbortController();
    let given: AbortSignal | undefined;
    const authenticate = ({ signal }: AuthenticateOptions = {}): Promise<never> => {
      given = signal;
      return new Promise((_, reject) => signal?.addEventListener('abort', () => reject(signal.reason)));
    };
    await using session = newSession({ user: { authenticate, bearer: 'token' } });
    const request = failure(session.get('listProjects', { signal: controller.signal }), Aborted);
    await sleep(20);
    controller.abort(reason);
    expect(await request).toMatchObject({ cause: reason });
    expect(given).toBeInstanceOf(AbortSignal);
    expect(given).toMatchObject({ aborted: true, reason });
  });

  it('that has fired already lets nothing be sent', async () => {
    await using session = newSession();
    expect(
      await failure(session.get('listProjects', { signal: AbortSignal.abort(reason) }), Aborted),
    ).toMatchObject({ cause: reason });
    await session.get('listProjects');
    expect(pdb.count('listProjects')).toBe(1);
  });

  it('ends a stream that is being read', async () => {
    await using session = newSession();
    pdb.fault({ on: 'listProjects', respond: (_, response) => void response.writeHead(200).write('12345') });
    const controller = new AbortController();
    const { data } = await session.get<Readable>('listProjects', {
      responseType: 'stream',
      signal: controller.signal,
    });
    setTimeout(() => controller.abort(reason), 20);
    await failure(
      (async () => {
        for await (const _ of data);
      })(),
      Aborted,
    );
  });

  it('does not take the token from other requests', async () => {
    pdb.fault({ on: 'grantToken', delay: 100 });
    await using session = newSession();
    const controller = new AbortController();
    const impatient = session.get('listProjects', { signal: controller.signal });
    const patient = session.get('listProjects');
    controller.abort();
    await failure(impatient, Aborted);
    await expect(patient).resolves.toMatchObject({ status: 200 });
    expect(pdb.count('grantToken')).toBe(1);
  });

  it('of long life holds on to no request', async () => {
    await using session = newSession();
    const { signal } = new AbortController();
    const added = vi.spyOn(signal, 'addEventListener');
    const removed = vi.spyOn(signal, 'removeEventListener');
    for (let i = 0; i < 5; i++) await session.get('listProjects', { signal });
    const { data } = await session.get<Readable>('listProjects', { signal, responseType: 'stream' });
    data.resume();
    await new Promise((resolve) => data.once('close', resolve));
    expect(added.mock.calls.length).toBeGreaterThan(5);
    expect(removed.mock.calls.map(([, listener]) => listener)).toEqual(
      expect.arrayContaining(added.mock.calls.map(([, listener]) => listener)),
    );
  });
});

describe('close()', () => {
  it('ends what is under way, and allows nothing more', async () => {
    const session = newSession();
    await session.get('listProjects');
    pdb.fault({ on: 'listProjects', delay: NEVER, times: 3 });
    const requests = [1, 2, 3].map(() => failure(session.get('listProjects'), Aborted));
    await sleep(50);
    await session.close();
    for (const exception of await Promise.all(requests))
      expect(exception.message).toContain('the session was closed');
    expect((await failure(session.get('listProjects'), InvalidInvocation)).message).toBe(
      'the session is closed',
    );
    await session.close();
  });

  it('ends a first request of which nothing has been sent yet', async () => {
    const session = newSession();
    const requests = [failure(session.get('listProjects'), Aborted), failure(session.get('x'), Aborted)];
    await session.close();
    await Promise.all(requests);
    expect(pdb.requests).toEqual([]);
  });

  it('gives up the sign-in of a user of your own when nobody else waits for it', async () => {
    await using quiet = await startPdb({ components: 1 });
    quiet.fault({ on: 'grantToken', delay: NEVER });
    const user = new User(quiet.userOptions);
    const session = newSession({ user, prefixUrl: quiet.apiUrl });
    const request = failure(session.get('listProjects'), Aborted);
    await expect.poll(() => quiet.count('grantToken')).toBe(1);
    await session.close();
    await request;
    await expect.poll(() => quiet.openConnections).toBe(0);
    await expect(user.authenticate()).resolves.toBe(true);
  });

  it('closes the sockets', async () => {
    await using quiet = await startPdb({ components: 1 });
    const session = new Session({ user: new User(quiet.userOptions), prefixUrl: quiet.apiUrl });
    await Promise.all([1, 2, 3].map(() => session.get('listProjects')));
    expect(quiet.openConnections).toBeGreaterThan(0);
    await session.close();
    await expect.poll(() => quiet.openConnections).toBe(0);
  });

  it('is what await using does', async () => {
    let kept: Session;
    {
      await using session = newSession();
      kept = session;
      await session.get('listProjects');
    }
    await failure(kept.get('listProjects'), InvalidInvocation);
  });

  it('closes the user that the session made, and no other', async () => {
    pdb.fault({ on: 'grantToken', delay: NEVER, times: 2 });
    const user = new User(pdb.userOptions);
    const session = newSession({ user });
    const waiting = user.authenticate();
    waiting.catch(() => {});
    await session.close();
    expect(await Promise.race([waiting, sleep(50, 'still waiting')])).toBe('still waiting');
    user.close();
    await failure(waiting, Aborted);
  });

  it('lets the process exit at once', async () => {
    const script = `
      import { Session } from 'itkdb';
      const session = new Session();
      await session.get('listProjects');
      const hanging = session.get('getComponent', { data: { component: 'x' } }).catch((error) => console.log(error.name));
      setTimeout(async () => { await session.close(); await hanging; }, 100);
    `;
    pdb.fault({ on: 'getComponent', delay: NEVER });
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
      env: { ...process.env, ...pdb.env },
    });
    let output = '';
    child.stdout.on('data', (chunk) => {
      output += chunk;
    });
    child.stderr.on('data', (chunk) => {
      output += chunk;
    });
    const code = await Promise.race([
      new Promise((resolve) => child.once('exit', resolve)),
      sleep(10_000, 'still running'),
    ]);
    child.kill();
    expect([output, code]).toEqual(['Aborted\n', 0]);
  });
});

describe('a connection that fails', () => {
  const unused = async (): Promise<string> => {
    const origin = await Origin.start();
    const { url } = origin;
    await origin[Symbol.asyncDispose]();
    return url;
  };

  it('because nothing listens is ConnectionRefused', async () => {
    await using session = newSession({ prefixUrl: await unused(), user: new MockUser('a-marked-bearer') });
    const exception = await failure(session.get('x?authz=in-the-url'), ConnectionRefused);
    expect(exception).toMatchObject({
      code: 'ERR_CONNECTION_REFUSED',
      cause: { code: 'ECONNREFUSED' },
      method: 'GET',
    });
    expect(exception).toBeInstanceOf(TransportException);
    expect(exception.message).toMatch(
      /^GET http:\/\/127\.0\.0\.1:\d+\/x\?authz=<TOKEN> failed: nothing listens there; is the URL right\? \(connect ECONNREFUSED/,
    );
  });

  it('because the host does not exist is HostNotFound', async () => {
    await using session = newSession({ prefixUrl: 'http://nowhere.invalid/', user: new MockUser() });
    const exception = await failure(session.get('x'), HostNotFound);
    expect(exception.code).toBe('ERR_HOST_NOT_FOUND');
  });

  it.each<[string, Parameters<EmbeddedPdb['fault']>[0]]>([
    ['before the headers', { drop: 'before-headers' }],
    ['after the headers', { drop: 'after-headers' }],
    ['in the middle of the body', { truncate: 10 }],
  ])('%s is ConnectionReset', async (_, fault) => {
    await using session = newSession();
    await session.get('listProjects');
    pdb.fault({ ...fault, on: 'listInstitutions' });
    const exception = await failure(session.get('listInstitutions'), ConnectionReset);
    expect(exception.code).toBe('ERR_CONNECTION_RESET');
  });

  it('in the middle of a stream reaches its reader', async () => {
    await using session = newSession();
    pdb.fault({ on: 'listProjects', truncate: 10 });
    const { data } = await session.get<Readable>('listProjects', { responseType: 'stream' });
    await failure(
      (async () => {
        for await (const _ of data);
      })(),
      ConnectionReset,
    );
  });

  it('because the answer is not HTTP is InvalidResponse', async () => {
    const server = createServer((socket) => socket.on('error', () => {}).end('SSH-2.0-OpenSSH_9\r\n\r\n'));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const prefixUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    await using session = newSession({ prefixUrl, user: new MockUser() });
    await failure(session.get('x'), InvalidResponse);
    server.close();
  });

  it('because the body is not what its coding says is InvalidResponse', async () => {
    await using origin = await Origin.start((_, response) =>
      response.writeHead(200, { 'content-encoding': 'gzip' }).end('no gzip'),
    );
    await using session = newSession({ prefixUrl: origin.url, user: new MockUser() });
    await failure(session.get('x'), InvalidResponse);
  });
});

describe('an answer that is too large', () => {
  it('is refused, counted after decompression', async () => {
    const { gzipSync } = await import('node:zlib');
    const bomb = gzipSync(Buffer.alloc(20_000_000));
    await using origin = await Origin.start((_, response) =>
      response.writeHead(200, { 'content-encoding': 'gzip' }).end(bomb),
    );
    await using session = newSession({
      prefixUrl: origin.url,
      user: new MockUser(),
      maxContentLength: 1_000_000,
    });
    const exception = await failure(session.get('x'), ResponseTooLarge);
    expect(exception.code).toBe('ERR_RESPONSE_TOO_LARGE');
    expect(exception.message).toContain('1000000');
    await expect(
      session.get('x', { maxContentLength: 30_000_000, responseType: 'arraybuffer' }),
    ).resolves.toMatchObject({ status: 200 });
  });

  it('is no matter for a stream, unless the caller says so', async () => {
    await using origin = await Origin.start((_, response) => response.end(Buffer.alloc(100_000)));
    await using session = newSession({ prefixUrl: origin.url, user: new MockUser(), maxContentLength: 1000 });
    const { data } = await session.get<Readable>('x', { responseType: 'stream' });
    let read = 0;
    for await (const chunk of data) read += chunk.length;
    expect(read).toBe(100_000);
    const limited = await session.get<Readable>('x', { responseType: 'stream', maxContentLength: 1000 });
    await failure(
      (async () => {
        for await (const _ of limited.data);
      })(),
      ResponseTooLarge,
    );
  });
});

describe('TLS', () => {
  let origin: TlsOrigin;
  let url: string;

  beforeAll(async () => {
    origin = await TlsOrigin.start((request, response) =>
      response.end(String(request.headers.authorization)),
    );
    url = origin.url;
  });

  afterAll(() => origin[Symbol.asyncDispose]());

  it('with a certificate that nobody vouches for is TlsFailure, before anything is sent', async () => {
    await using session = newSession({ prefixUrl: url, user: new MockUser() });
    const exception = await failure(session.get('x'), TlsFailure);
    expect(exception).toMatchObject({ code: 'ERR_TLS', cause: { code: 'DEPTH_ZERO_SELF_SIGNED_CERT' } });
  });

  it('with a certificate that the caller trusts works', async () => {
    const httpsAgent = new HttpsAgent({ ca: CERTIFICATE });
    await using session = newSession({ prefixUrl: url, user: new MockUser(), httpsAgent });
    await expect(session.get('x')).resolves.toMatchObject({ data: 'Bearer mock-bearer-of-a-test' });
    httpsAgent.destroy();
  });

  it('with the certificate of another host is TlsFailure', async () => {
    const httpsAgent = new HttpsAgent({ ca: CERTIFICATE, servername: 'other.example' });
    await using session = newSession({ prefixUrl: url, user: new MockUser(), httpsAgent });
    expect(await failure(session.get('x'), TlsFailure)).toMatchObject({
      cause: { code: 'ERR_TLS_CERT_ALTNAME_INVALID' },
    });
  });
});
