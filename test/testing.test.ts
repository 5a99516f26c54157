import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { inspect, promisify } from 'node:util';
import { afterAll, describe, expect, it } from 'vitest';
import { InvalidInvocation, NotFound, type RequestConfig, ServerError, Session, User } from '../src/index.js';
import { type EmbeddedPdb, startPdb } from '../src/testing/index.js';
import { startDatabase } from './helpers/database.js';
import { failure } from './helpers/failure.js';

const run = promisify(execFile);

const { pdb, newSession } = await startDatabase({ components: 10 });
const session = newSession();

afterAll(() => session.close());

const ask = (command: string, data?: unknown): Promise<unknown> => session.get(command, { data });

describe('the record of requests', () => {
  it('shows what was sent', async () => {
    await ask('listProjects', { pageInfo: { pageSize: 1 } });
    expect(pdb.requests.at(-1)).toMatchObject({
      server: 'api',
      method: 'GET',
      url: '/listProjects',
      command: 'listProjects',
      body: '{"pageInfo":{"pageSize":1}}',
      json: { pageInfo: { pageSize: 1 } },
    });
    expect(pdb.count('listProjects')).toBe(1);
    expect(pdb.count('getComponent')).toBe(0);
    pdb.reset();
    expect(pdb.requests).toEqual([]);
    expect(pdb.count()).toBe(0);
  });

  it('keeps no more than it is told, but counts all', async () => {
    await using small = await startPdb({ components: 1, keptRequests: 3 });
    await using other = new Session({ user: new User(small.userOptions), prefixUrl: small.apiUrl });
    for (let i = 0; i < 10; i++) await other.get('listProjects');
    expect(small.requests).toHaveLength(3);
    expect(small.count('listProjects')).toBe(10);
  });
});

describe('a fault', () => {
  it('strikes the command that it is meant for, as often as it is told', async () => {
    const fault = pdb.fault({ on: 'listProjects', status: 503, times: 2, after: 1 });
    const outcomes: number[] = [];
    for (let i = 0; i < 5; i++) {
      await ask('listInstitutions', { pageInfo: { pageSize: 1 } });
      outcomes.push((await session.get('listProjects', { validateStatus: () => true })).status);
    }
    expect(outcomes).toEqual([200, 503, 503, 200, 200]);
    expect(fault.hits).toBe(2);
  });

  it('can be meant for any request, or for those that a test picks', async () => {
    pdb.fault({ on: ({ body }) => body.includes('"pageSize":7'), status: 500 });
    await ask('listProjects', { pageInfo: { pageSize: 6 } });
    await failure(ask('listProjects', { pageInfo: { pageSize: 7 } }), ServerError);
    pdb.fault({ status: 500 });
    await failure(ask('listProjects'), ServerError);
  });

  it('can be taken back', async () => {
    const fault = pdb.fault({ on: 'listProjects', status: 500, times: 99 });
    await failure(ask('listProjects'), ServerError);
    fault.remove();
    await ask('listProjects');
  });

  it.each<[string, Parameters<EmbeddedPdb['fault']>[0], object]>([
    ['a status', { status: 418 }, { status: 418, data: '' }],
    ['a status with text', { status: 500, body: 'down' }, { status: 500, data: 'down' }],
    [
      'a status with JSON and headers',
      { status: 429, body: { a: 1 }, headers: { 'retry-after': '0' } },
      { status: 429, data: { a: 1 }, headers: { 'retry-after': '0' } },
    ],
    [
      'a status with text and headers',
      { status: 429, body: 'x', headers: { 'retry-after': '0' } },
      { status: 429, headers: { 'retry-after': '0' } },
    ],
    [
      'a status with bytes',
      { status: 200, body: Buffer.from('mine') },
      { status: 200, data: 'mine', headers: { 'content-type': 'application/octet-stream' } },
    ],
    ['HTML', { html: '<p>' }, { status: 200, data: '<p>' }],
    [
      'a redirect',
      { redirect: '/listInstitutions' },
      { status: 302, headers: { location: '/listInstitutions' } },
    ],
    ['a delay', { delay: 20 }, { status: 200, data: { itemList: expect.any(Array) } }],
    ['a slow answer', { drip: 0 }, { status: 200, data: { itemList: expect.any(Array) } }],
    [
      'an answer of your own',
      { respond: (_, response) => void response.end('mine') },
      { status: 200, data: 'mine' },
    ],
  ])('can be %s', async (_, fault, expected) => {
    pdb.fault({ ...fault, on: 'listProjects' });
    const isPage = 'html' in fault || ('body' in fault && Buffer.isBuffer(fault.body));
    const config: RequestConfig = {
      validateStatus: () => true,
      maxRedirects: 0,
      ...(isPage && { responseType: 'text' }),
    };
    expect(await session.get<unknown>('listProjects', config)).toMatchObject(expected);
  });

  it('does not outlive the client that gave up', async () => {
    for (const fault of [{ delay: 100 }, { drip: 20 }] as const) {
      pdb.fault({ ...fault, on: 'listProjects' });
      await session.get('listProjects', { timeout: 0, signal: AbortSignal.timeout(30) }).catch(() => {});
    }
    await sleep(150);
    await ask('listProjects');
  });
});

describe('a mistake in a test', () => {
  it.each<[unknown, string]>([
    [undefined, 'fault: must be given a fault'],
    [{ on: 'listProjects', stauts: 503 }, 'fault: there is no option `stauts`; there are `on`, '],
    [
      { on: 'listProjects' },
      'fault: there must be one of status, delay, drop, truncate, html, redirect, drip, respond, not none',
    ],
    [{ status: 503, delay: 3 }, 'not status and delay'],
    [{ drop: true }, "`drop` must be 'before-headers' or 'after-headers'"],
    [{ status: 700 }, '`status` must be a status'],
    [{ delay: -1 }, '`delay`'],
    [{ status: 500, times: 1.5 }, '`times` must be a number of times'],
    [{ status: 500, on: 5 }, '`on` must be the name of a command, or a function'],
  ])('in the fault %j is refused by name', (fault, message) => {
    expect(() => pdb.fault(fault as never)).toThrow(InvalidInvocation);
    expect(() => pdb.fault(fault as never)).toThrow(message);
  });

  it.each<[unknown, string]>([
    [{ component: 5 }, 'startPdb: there is no option `component`; is it `components`?'],
    [{ components: '5' }, '`components` must be a number of components'],
    [{ components: -5 }, '`components` must be a number of components'],
    [{ seed: 'abc' }, '`seed` must be a whole number'],
    [{ users: [] }, '`users` must be a list of users'],
    [{ users: [{ name: 'x' }] }, '`users.0.accessCode1` must be a string'],
    [null, 'startPdb: must be given an object of options'],
  ])('in the options %j is refused by name', async (options, message) => {
    expect((await failure(startPdb(options as never), InvalidInvocation)).message).toContain(message);
  });

  it('in a path is a 404', async () => {
    for (const path of ['deep/listProjects', 'listProjects/', '/listProjects', 'constructor']) {
      await failure(session.get(pdb.apiUrl + path), NotFound);
    }
    const user = new User({ ...pdb.userOptions, prefixUrl: `${pdb.authUrl}wrong/` });
    await expect(user.authenticate()).rejects.toMatchObject({ status: 404 });
  });
});

describe('a database that is forgotten', () => {
  const forgetful = (options: string): string =>
    `import { startPdb } from 'itkdb/testing'; import { Session, User } from 'itkdb';
     const pdb = await startPdb(${options});
     const session = new Session({ user: new User(pdb.userOptions), prefixUrl: pdb.apiUrl });
     console.log((await session.get('listProjects')).status);`;

  it('does not keep the process from ending', async () => {
    const { stdout } = await run(
      process.execPath,
      ['--input-type=module', '-e', forgetful('{ components: 1 }')],
      { timeout: 10_000 },
    );
    expect(stdout).toBe('200\n');
  });

  it('does where it is told to keep running', async () => {
    const script = forgetful('{ components: 1, keepRunning: true }');
    const child = spawn(process.execPath, ['--input-type=module', '-e', script]);
    const [output] = await once(child.stdout, 'data');
    expect(String(output)).toBe('200\n');
    await sleep(500);
    expect(child.exitCode).toBe(null);
    child.kill();
  });

  it('can be started again where it was, and by nobody else meanwhile', async () => {
    const before = await startPdb({ components: 1 });
    const port = Number(new URL(before.apiUrl).port);
    const { message } = await failure(startPdb({ port }), InvalidInvocation);
    expect(message).toMatch(/^startPdb: the API cannot listen on port \d+: listen EADDRINUSE/);
    await before.close();
    await using again = await startPdb({ components: 1, port });
    expect(again.apiUrl).toBe(before.apiUrl);
    expect(again.authUrl).toMatch(new RegExp(`^http://127\\.0\\.0\\.1:${port + 1}/`));
  });
});

it('a database shows where it is, also when it is closed', async () => {
  const other = await startPdb({ components: 1 });
  await other.close();
  expect(inspect(other)).toBe(`EmbeddedPdb(apiUrl=${other.apiUrl}, authUrl=${other.authUrl})`);
  expect(other.userOptions.prefixUrl).toBe(other.authUrl);
});

describe('several users', () => {
  it('each sign in with their own codes', async () => {
    const users = ['one', 'two'].map((name, index) => ({
      accessCode1: `${name}-1`,
      accessCode2: `${name}-2`,
      name,
      identity: `${index}-1-1`,
      institution: 'NOWHERE',
    }));
    await using shared = await startPdb({ components: 1, users });
    for (const { accessCode1, accessCode2, name, identity } of users) {
      const user = new User({ accessCode1, accessCode2, prefixUrl: shared.authUrl });
      await user.authenticate();
      expect(user).toMatchObject({ name, identity });
    }
    const mixed = new User({ accessCode1: 'one-1', accessCode2: 'two-2', prefixUrl: shared.authUrl });
    await expect(mixed.authenticate()).rejects.toMatchObject({ status: 401 });
  });
});
