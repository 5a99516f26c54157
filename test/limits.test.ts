import type { ServerResponse } from 'node:http';
import { type AddressInfo, createServer } from 'node:net';
import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { ResponseTooLarge, Timeout, User } from '../src/index.js';
import type { EmbeddedPdb } from '../src/testing/index.js';
import { startDatabase } from './helpers/database.js';
import { failure } from './helpers/failure.js';
import { MockUser } from './helpers/mock-user.js';
import { Origin } from './helpers/origin.js';

const NEVER = Number.POSITIVE_INFINITY;
/** For the first request of a session whose timeout is too short for signing in on a busy machine. */
const SIGN_IN = { timeout: 10_000 };

const { pdb, newSession } = await startDatabase({ components: 100 });

describe('the idle timeout', () => {
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
    expect(exception.message).toContain('silent for 150 ms)');
  });

  it('the message of a short one says that `timeout` is in milliseconds', async () => {
    await using session = newSession();
    pdb.fault({ on: 'listProjects', delay: NEVER });
    const { message } = await failure(session.get('listProjects', { timeout: 5, auth: false }), Timeout);
    expect(message).toContain('silent for 5 ms; `timeout` is in milliseconds)');
  });

  it('does not end a response whose bytes keep arriving, however long it takes', async () => {
    await using session = newSession({ timeout: 200 });
    await session.get('listProjects', SIGN_IN);
    pdb.fault({ on: 'listProjects', drip: 2 });
    await expect(session.get('listProjects')).resolves.toMatchObject({ status: 200 });
  });

  it('of a request replaces that of the session', async () => {
    await using session = newSession({ timeout: 50 });
    pdb.fault({ on: 'listProjects', delay: 200, times: 2 });
    await expect(session.get('listProjects', { timeout: 5000 })).resolves.toMatchObject({ status: 200 });
    await expect(session.get('listProjects', { timeout: 0 })).resolves.toMatchObject({ status: 200 });
  });

  it('includes the time to connect', async () => {
    // Accepts connections but never speaks TLS.
    const server = createServer(() => {});
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    await using session = newSession({ prefixUrl: url, user: new MockUser(), timeout: 100 });
    await failure(session.get('x'), Timeout);
    server.close();
  });

  it('includes sign-in: a silent identity service is a Timeout', async () => {
    pdb.fault({ on: 'grantToken', delay: NEVER });
    await using session = newSession();
    const exception = await failure(session.get('listProjects', { timeout: 100 }), Timeout);
    expect(exception).toMatchObject({ method: 'GET', url: `${pdb.apiUrl}listProjects` });
    expect(exception.message).toBe(
      'authentication took longer than 100 ms\nCheck the network, or raise `timeout`.',
    );
  });

  it('does not include the time between retries of sign-in', async () => {
    pdb.fault({ on: 'grantToken', status: 429, headers: { 'retry-after': '1' } });
    const user = new User({ ...pdb.userOptions, retry: {} });
    await using session = newSession({ user, timeout: 900, retry: {} });
    await expect(session.get('listProjects')).resolves.toMatchObject({ status: 200 });
  });

  it('includes the time in which a proxy opens a tunnel', async () => {
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

  it('includes a user whose `authenticate` never settles', async () => {
    const user = { authenticate: () => new Promise(() => {}), bearer: '' };
    await using session = newSession({ user, timeout: 50 });
    await failure(session.get('listProjects'), Timeout);
  });

  it('does not end a request because the program itself was busy', async () => {
    await using session = newSession({ timeout: 300 });
    await session.get('listProjects', SIGN_IN);
    const arrived = new Promise<void>((resolve) => {
      const respond = (_: unknown, response: ServerResponse): void => {
        setTimeout(() => response.end(), 50);
        resolve();
      };
      pdb.fault({ on: 'listProjects', respond });
    });
    const answer = session.get('listProjects');
    await arrived;
    for (const end = performance.now() + 600; performance.now() < end; );
    await expect(answer).resolves.toMatchObject({ status: 200 });
  });

  it('ends a silent stream with a Timeout for its reader', async () => {
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

  it('does not include the time in which the caller does not read a stream', async () => {
    const size = 3_000_000;
    await using origin = await Origin.start((_, response) => response.end(Buffer.alloc(size)));
    await using session = newSession({ prefixUrl: origin.url, user: new MockUser(), timeout: 400 });
    const { data } = await session.get<Readable>('x', { responseType: 'stream' });
    await sleep(900);
    let read = 0;
    for await (const chunk of data) read += chunk.length;
    expect(read).toBe(size);
  });

  it('does not include the time in which the caller does not write a stream', async () => {
    await using origin = await Origin.start();
    await using session = newSession({ prefixUrl: origin.url, user: new MockUser(), timeout: 400 });
    async function* slowly() {
      for (const word of ['one', 'two', 'three']) {
        yield word;
        await sleep(500);
      }
    }
    await session.post('x', Readable.from(slowly()));
    expect(origin.requests[0]?.body).toBe('onetwothree');
  });
});

describe('maxContentLength', () => {
  it('limits the size after decompression: more is a ResponseTooLarge', async () => {
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

  it.each([Infinity, Number.MAX_SAFE_INTEGER])('of %d is no limit', async (longest) => {
    await using session = newSession({ retry: false });
    const { data } = await session.get<{ itemList: unknown[] }>('listComponents', {
      data: { filterMap: {} },
      maxContentLength: longest,
    });
    expect(data.itemList.length).toBeGreaterThan(90);
  });

  it('of the session does not limit a stream, that of the request does', async () => {
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
