import { once } from 'node:events';
import { Agent as HttpsAgent } from 'node:https';
import { type AddressInfo, createServer } from 'node:net';
import type { Readable } from 'node:stream';
import { Worker } from 'node:worker_threads';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  ConnectionRefused,
  ConnectionReset,
  HostNotFound,
  InvalidResponse,
  TlsFailure,
  TransportException,
} from '../src/index.js';
import type { EmbeddedPdb } from '../src/testing/index.js';
import { startDatabase } from './helpers/database.js';
import { failure } from './helpers/failure.js';
import { MockUser } from './helpers/mock-user.js';
import { Origin } from './helpers/origin.js';
import { CERTIFICATE, EXPIRED_CERTIFICATE, TlsOrigin } from './helpers/tls-origin.js';

const { pdb, newSession } = await startDatabase({ components: 100 });

describe('a failed connection', () => {
  const unused = async (): Promise<string> => {
    const origin = await Origin.start();
    const { url } = origin;
    await origin[Symbol.asyncDispose]();
    return url;
  };

  it('is ConnectionRefused if no program listens at the port', async () => {
    await using session = newSession({ prefixUrl: await unused(), user: new MockUser('a-marked-bearer') });
    const exception = await failure(session.get('x?authz=in-the-url'), ConnectionRefused);
    expect(exception).toMatchObject({
      code: 'ERR_CONNECTION_REFUSED',
      cause: { code: 'ECONNREFUSED' },
      method: 'GET',
    });
    expect(exception).toBeInstanceOf(TransportException);
    expect(exception.message).toMatch(
      /^GET http:\/\/127\.0\.0\.1:\d+\/x\?authz=<TOKEN> failed: nothing listens there \(connect ECONNREFUSED .*\)\nCheck the host/,
    );
  });

  it('is HostNotFound if the host name does not resolve', async () => {
    await using session = newSession({ prefixUrl: 'http://nowhere.invalid/', user: new MockUser() });
    const exception = await failure(session.get('x'), HostNotFound);
    expect(exception.code).toBe('ERR_HOST_NOT_FOUND');
    const [happened, advice] = exception.message.split('\n');
    expect(happened).toMatch(/^GET http:\/\/nowhere\.invalid\/x failed: the host name does not resolve/);
    expect(advice).toMatch(/`prefixUrl`.* the database is at itkpd\.unicornuniversity\.net /);
  });

  it('does not affect a write if the server closed an idle connection while the program was busy', async () => {
    // In a thread of its own, so that it runs while this thread is blocked. It sends no `Keep-Alive` with a time.
    const server = new Worker(
      `require('node:http')
        .createServer((request, response) => {
          request.resume();
          response.setHeader('Connection', 'keep-alive').end('ok');
          setTimeout(() => request.socket.end(), 30);
        })
        .listen(0, '127.0.0.1', function () {
          require('node:worker_threads').parentPort.postMessage(this.address().port);
        });`,
      { eval: true },
    );
    const [port] = await once(server, 'message');
    await using session = newSession({
      prefixUrl: `http://127.0.0.1:${port}/`,
      user: new MockUser(),
      retry: false,
    });
    for (let time = 0; time < 3; time++) {
      await session.get('x');
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 100);
      await expect(session.post('x', {})).resolves.toMatchObject({ status: 200 });
    }
    await server.terminate();
  });

  it.each<[string, Parameters<EmbeddedPdb['fault']>[0]]>([
    ['before the response', { drop: 'before-headers' }],
    ['after the head of the response', { drop: 'after-headers' }],
    ['within the body of the response', { truncate: 10 }],
  ])('is ConnectionReset if the server closes it %s', async (_, fault) => {
    await using session = newSession();
    await session.get('listProjects');
    pdb.fault({ ...fault, on: 'listInstitutions' });
    const exception = await failure(session.get('listInstitutions'), ConnectionReset);
    expect(exception.code).toBe('ERR_CONNECTION_RESET');
  });

  it('destroys a response stream with ConnectionReset if the server closes it within the body', async () => {
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
});

describe('a response', () => {
  it('that is not HTTP is InvalidResponse', async () => {
    const server = createServer((socket) => socket.on('error', () => {}).end('SSH-2.0-OpenSSH_9\r\n\r\n'));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const prefixUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    await using session = newSession({ prefixUrl, user: new MockUser() });
    await failure(session.get('x'), InvalidResponse);
    server.close();
  });

  it('whose body is not in its content coding is InvalidResponse', async () => {
    await using origin = await Origin.start((_, response) =>
      response.writeHead(200, { 'content-encoding': 'gzip' }).end('no gzip'),
    );
    await using session = newSession({ prefixUrl: origin.url, user: new MockUser() });
    await failure(session.get('x'), InvalidResponse);
  });
});

describe('a TLS connection', () => {
  let origin: TlsOrigin;
  let url: string;

  beforeAll(async () => {
    origin = await TlsOrigin.start((request, response) =>
      response.end(String(request.headers.authorization)),
    );
    url = origin.url;
  });

  afterAll(() => origin[Symbol.asyncDispose]());

  it('with a certificate of an unknown authority is TlsFailure', async () => {
    await using session = newSession({ prefixUrl: url, user: new MockUser() });
    const exception = await failure(session.get('x'), TlsFailure);
    expect(exception).toMatchObject({ code: 'ERR_TLS', cause: { code: 'DEPTH_ZERO_SELF_SIGNED_CERT' } });
    expect(exception.message).toMatch(
      /^GET https:\/\/localhost:\d+\/x failed: Node\.js does not know the authority .*\nSet NODE_EXTRA_CA_CERTS .* `ca`\.$/,
    );
  });

  it('with an expired certificate is TlsFailure, and the message says so', async () => {
    await using expired = await TlsOrigin.start(undefined, EXPIRED_CERTIFICATE);
    await using session = newSession({
      prefixUrl: expired.url,
      user: new MockUser(),
      ca: EXPIRED_CERTIFICATE,
    });
    const exception = await failure(session.get('x'), TlsFailure);
    expect(exception).toMatchObject({ cause: { code: 'CERT_HAS_EXPIRED' } });
    expect(exception.message).toMatch(
      /^GET https:\/\/localhost:\d+\/x failed: the certificate of the server has expired .*\nCheck the clock of this computer/,
    );
  });

  it('is open if the httpsAgent of the caller trusts the certificate', async () => {
    const httpsAgent = new HttpsAgent({ ca: CERTIFICATE });
    await using session = newSession({ prefixUrl: url, user: new MockUser(), httpsAgent });
    await expect(session.get('x')).resolves.toMatchObject({ data: 'Bearer mock-bearer-of-a-test' });
    httpsAgent.destroy();
  });

  it('with a certificate for another host name is TlsFailure', async () => {
    const httpsAgent = new HttpsAgent({ ca: CERTIFICATE, servername: 'other.example' });
    await using session = newSession({ prefixUrl: url, user: new MockUser(), httpsAgent });
    expect(await failure(session.get('x'), TlsFailure)).toMatchObject({
      cause: { code: 'ERR_TLS_CERT_ALTNAME_INVALID' },
    });
  });
});
