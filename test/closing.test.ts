import { spawn } from 'node:child_process';
import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it, vi } from 'vitest';
import {
  Aborted,
  type AuthenticateOptions,
  InvalidInvocation,
  type RequestConfig,
  Session,
  User,
} from '../src/index.js';
import { type EmbeddedPdb, startPdb } from '../src/testing/index.js';
import { startDatabase } from './helpers/database.js';
import { failure } from './helpers/failure.js';

const NEVER = Number.POSITIVE_INFINITY;
const fail = (): never => {
  throw new Error('no');
};

const { pdb, newSession } = await startDatabase({ components: 100 });

describe('aborting the signal of a request', () => {
  const reason = new Error('changed my mind');

  it.each<[string, Parameters<EmbeddedPdb['fault']>[0], received: string[]]>([
    ['sign-in', { on: 'grantToken', delay: NEVER }, ['grantToken']],
    [
      'the wait for the response',
      { on: 'listProjects', delay: NEVER },
      ['grantToken', 'listKeys', 'listProjects'],
    ],
  ])('rejects the request with Aborted during %s', async (_, fault, received) => {
    const planned = pdb.fault(fault);
    await using session = newSession();
    const controller = new AbortController();
    const request = failure(session.get('listProjects', { signal: controller.signal }), Aborted);
    await expect.poll(() => planned.hits).toBe(1);
    controller.abort(reason);
    const exception = await request;
    expect(exception).toMatchObject({ code: 'ERR_ABORTED', cause: reason });
    expect(exception.message).toContain('changed my mind');
    expect(pdb.requests.map(({ command }) => command)).toEqual(received);
  });

  it('rejects the request with Aborted while the body of the response arrives', async () => {
    pdb.fault({
      on: 'listProjects',
      respond: (_, response) => {
        response.writeHead(200, { 'content-length': 1_000_000 });
        const timer = setInterval(() => response.write('1'), 10);
        response.on('close', () => clearInterval(timer));
      },
    });
    await using session = newSession();
    const controller = new AbortController();
    const onDownloadProgress = vi.fn(() => controller.abort(reason));
    const request = session.get('listProjects', { signal: controller.signal, onDownloadProgress });
    const exception = await failure(request, Aborted);
    expect(exception).toMatchObject({ code: 'ERR_ABORTED', cause: reason });
    expect(exception.message).toContain('changed my mind');
    expect(onDownloadProgress).toHaveBeenCalledOnce();
  });

  it('aborts the AbortSignal that user.authenticate() was given', async () => {
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

  it('before the request starts sends nothing', async () => {
    await using session = newSession();
    expect(
      await failure(session.get('listProjects', { signal: AbortSignal.abort(reason) }), Aborted),
    ).toMatchObject({ cause: reason });
    await session.get('listProjects');
    expect(pdb.count('listProjects')).toBe(1);
  });

  it('destroys a response stream that is being read', async () => {
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

  it('does not end a sign-in that another request waits for', async () => {
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

  it('is possible for many requests with one signal: each request removes its listeners', async () => {
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

describe('session.close()', () => {
  it('rejects pending requests with Aborted and later ones with InvalidInvocation', async () => {
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

  it('rejects the first requests of a session before anything is sent', async () => {
    const session = newSession();
    const requests = [failure(session.get('listProjects'), Aborted), failure(session.get('x'), Aborted)];
    await session.close();
    await Promise.all(requests);
    expect(pdb.requests).toEqual([]);
  });

  it('does not send a write that was started just before', async () => {
    const session = newSession();
    await session.get('listProjects');
    const before = pdb.requests.length;
    const request = failure(session.post('setSomething', { a: 1 }), Aborted);
    const closed = session.close();
    expect(await request).toMatchObject({
      message: expect.stringContaining('the session was closed; is an `await` missing before that?'),
      neverReached: true,
    });
    await closed;
    expect(pdb.requests).toHaveLength(before);
  });

  it('aborts the sign-in of a user passed by the caller if no other request waits for it', async () => {
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

  it('rejects a request whose user.authenticate() never ends, and so does an AbortSignal', async () => {
    const user = { authenticate: () => new Promise(() => {}), bearer: 'any' };
    const session = newSession({ user });
    const controller = new AbortController();
    const aborted = failure(session.get('listProjects', { signal: controller.signal }), Aborted);
    const closed = failure(session.get('listProjects'), Aborted);
    await sleep(20);
    controller.abort();
    expect((await aborted).message).toMatch(/^authentication was aborted/);
    await session.close();
    for (const exception of [await aborted, await closed]) expect(exception.neverReached).toBe(true);
  });

  it('rejects session.authorize() of a prepared request with Aborted', async () => {
    let answers = true;
    const user = { authenticate: () => answers || new Promise(() => {}), bearer: 'any' };
    const session = newSession({ user });
    const prepared = await session.prepareRequest({ url: 'x' });
    answers = false;
    const authorized = failure(session.authorize(prepared), Aborted);
    await sleep(20);
    await session.close();
    await authorized;
  });

  it.each<[string, RequestConfig]>([
    ['transformResponse throws', { transformResponse: fail }],
    ['validateStatus throws', { validateStatus: fail }],
    ['transformResponse returns it in an object', { transformResponse: (data: unknown) => ({ data }) }],
  ])('destroys a response stream if %s', async (_, config) => {
    await using quiet = await startPdb({ components: 1 });
    const session = new Session({ user: new User(quiet.userOptions), prefixUrl: quiet.apiUrl });
    await session.get('listProjects');
    quiet.fault({ on: 'listProjects', drip: 20, times: 3 });
    for (let time = 0; time < 3; time++)
      await session.get<unknown>('listProjects', { responseType: 'stream', ...config }).catch(() => {});
    await session.close();
    await expect.poll(() => quiet.openConnections).toBe(0);
  });

  it('closes the sockets of the session', async () => {
    await using quiet = await startPdb({ components: 1 });
    const session = new Session({ user: new User(quiet.userOptions), prefixUrl: quiet.apiUrl });
    await Promise.all([1, 2, 3].map(() => session.get('listProjects')));
    expect(quiet.openConnections).toBeGreaterThan(0);
    await session.close();
    await expect.poll(() => quiet.openConnections).toBe(0);
  });

  it('is called at the end of a block with `await using`', async () => {
    let kept: Session;
    {
      await using session = newSession();
      kept = session;
      await session.get('listProjects');
    }
    await failure(kept.get('listProjects'), InvalidInvocation);
  });

  it('does not close a user passed by the caller', async () => {
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

  it('lets the process exit at once while a request is pending', async () => {
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
