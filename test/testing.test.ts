import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { inspect, promisify } from 'node:util';
import { afterAll, describe, expect, it } from 'vitest';
import { InvalidInvocation, NotFound, type RequestConfig, ServerError, Session, User } from '../src/index.js';
import {
  type EmbeddedPdb,
  type Fault,
  type FilePart,
  startPdb,
  type TokenOverrides,
} from '../src/testing/index.js';
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

  it('is empty with `keptRequests: 0`', async () => {
    await using small = await startPdb({ components: 1, keptRequests: 0 });
    await using other = new Session({ user: new User(small.userOptions), prefixUrl: small.apiUrl });
    for (let i = 0; i < 3; i++) await other.get('listProjects');
    expect(small.requests).toEqual([]);
    expect(small.count('listProjects')).toBe(3);
  });
});

const fail = (): never => {
  throw new Error('the input is wrong');
};

describe('a fault', () => {
  it('with `times: 0` never applies', async () => {
    const fault = pdb.fault({ on: 'listProjects', status: 503, times: 0 });
    await ask('listProjects');
    expect(fault.hits).toBe(0);
  });

  it.each(['uu-app-binarystore/listBinaries', 'listBinaries'])('can be meant for %s', async (on) => {
    const fault = pdb.fault({ on, status: 503 });
    await failure(ask('uu-app-binarystore/listBinaries'), ServerError);
    expect([fault.hits, pdb.count(on)]).toEqual([1, 1]);
  });

  it.each<[string, object]>([
    ['on', { on: fail, status: 200 }],
    ['respond', { respond: fail }],
    ['respond', { respond: () => Promise.reject(new Error('the input is wrong')) }],
  ])('whose function `%s` fails is a 500 with the reason', async (_, fault) => {
    pdb.fault(fault as Fault);
    const { status, data } = await session.get<string>('listProjects', { validateStatus: null });
    expect([status, data]).toEqual([500, 'the input is wrong\n']);
  });

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

describe('the header fields of a recorded request', () => {
  it('are found by a name in any case', async () => {
    await session.get('listProjects', { headers: { 'X-Mine': 'yes', Cookie: 'a=1' } });
    const { headers } = pdb.requests.at(-1) ?? {};
    expect([headers?.get('x-mine'), headers?.get('X-MINE'), headers?.get('cookie')]).toEqual([
      'yes',
      'yes',
      'a=1',
    ]);
    expect(headers?.get('Authorization')).toBe(`Bearer ${session.user.bearer}`);
    expect(headers?.has('x-other')).toBe(false);
  });
});

describe('answer', () => {
  it('answers the next request of a command, and the database the others', async () => {
    const planned = pdb.answer('listProjects', { itemList: ['mine'] });
    await ask('listInstitutions');
    expect((await session.get('listProjects')).data).toEqual({ itemList: ['mine'] });
    expect((await session.get('listProjects')).data.itemList[0]).toMatchObject({ code: 'S' });
    expect(planned.hits).toBe(1);
  });

  it('answers every request until it is removed, or until reset', async () => {
    const planned = pdb.answer('listProjects', [1], { times: Number.POSITIVE_INFINITY });
    const data = async (): Promise<unknown> => (await session.get<unknown>('listProjects')).data;
    expect([await data(), await data()]).toEqual([[1], [1]]);
    planned.remove();
    expect(await data()).toMatchObject({ itemList: [{}, {}, {}, {}] });
    pdb.answer('listProjects', [2]);
    pdb.reset();
    expect(await data()).toMatchObject({ itemList: [{}, {}, {}, {}] });
  });

  it('takes a command that the database does not know, and bytes', async () => {
    pdb.answer('getTheWeather', Buffer.from([1, 255]));
    const { data, headers } = await session.get('getTheWeather', { responseType: 'arraybuffer' });
    expect([data, headers['content-type']]).toEqual([Buffer.from([1, 255]), 'application/octet-stream']);
  });

  it('takes a function, which is given the command, its input, the header fields and the bytes', async () => {
    pdb.answer('setComponentStage', async ({ command, input, headers, rawBody }) => {
      return { command, input, type: headers.get('Content-Type'), size: rawBody.length };
    });
    const { data } = await session.post<object>('setComponentStage', {
      component: 'x',
      stage: 'BONDED',
    } as object);
    expect(data).toEqual({
      command: 'setComponentStage',
      input: { component: 'x', stage: 'BONDED' },
      type: 'application/json',
      size: 34,
    });
  });

  it('gives a function the fields and the files of a form', async () => {
    const form = new FormData();
    form.set('component', 'x');
    form.set('data', new Blob(['text'], { type: 'text/plain' }), 'a.txt');
    pdb.answer('createComponentAttachment', ({ input }) => {
      const { filename, contentType, bytes } = input['data'] as FilePart;
      return { component: input['component'], filename, contentType, text: bytes.toString() };
    });
    expect((await session.post<object>('createComponentAttachment', form)).data).toEqual({
      ...{ component: 'x', filename: 'a.txt', contentType: 'text/plain', text: 'text' },
    });
  });

  it('leaves the data as they are, and checks the token but not the input', async () => {
    pdb.answer('getComponent', { planned: true }, { times: 2 });
    expect((await session.get<object>('getComponent', { data: {} as object })).data).toEqual({
      planned: true,
    });
    await using stranger = new Session({
      user: { authenticate: () => true, bearer: 'x' },
      prefixUrl: pdb.apiUrl,
    });
    await expect(stranger.get<object>('getComponent', {})).rejects.toMatchObject({ status: 401 });
  });

  it('answers the identity service too', async () => {
    pdb.answer('grantToken', { id_token: 'none' });
    await expect(new User(pdb.userOptions).authenticate()).rejects.toThrow('id_token');
  });

  it('is a copy: a later change of the object makes no difference', async () => {
    const response = { a: 1 };
    pdb.answer('listProjects', response);
    response.a = 2;
    expect((await session.get<unknown>('listProjects')).data).toEqual({ a: 1 });
  });

  it.each<[string, () => unknown, string]>([
    ['throws', () => expect.unreachable('the input is wrong'), 'the input is wrong'],
    [
      'returns nothing',
      () => undefined,
      'answer: the response to listProjects must be an object or a list of JSON',
    ],
    ['returns what is not JSON', () => ({ big: 1n }), 'answer: the response to listProjects is not JSON'],
  ])('has the status 500 where the function %s', async (_, respond, message) => {
    pdb.answer('listProjects', respond);
    expect((await failure(ask('listProjects'), ServerError)).message).toContain(message);
  });
});

it('a fault with `respond` is given the request with its input', async () => {
  pdb.fault({
    on: 'listProjects',
    respond: ({ command, input, headers }, response) =>
      response.end(`${command} ${JSON.stringify(input)} ${headers.get('X-Mine')}`),
  });
  const { data } = await session.get<string>('listProjects', {
    params: { a: 1 },
    headers: { 'x-mine': 'yes' },
  });
  expect(data).toBe('listProjects {"a":"1"} yes');
});

it.each<[string, TokenOverrides]>([
  ['has expired', { claims: { exp: 1 } }],
  ['is signed with a foreign key', { foreignKey: true }],
])('a token that %s is refused by the API', async (_, overrides) => {
  const user = { authenticate: () => true, bearer: await pdb.issueToken(overrides) };
  await using stranger = new Session({ user, prefixUrl: pdb.apiUrl });
  await expect(stranger.get('listProjects')).rejects.toMatchObject({ status: 401 });
});

describe('a mistake in a test', () => {
  it.each<[unknown[], string]>([
    [[undefined, {}], 'answer: `command` must be a string that is not empty'],
    [['listProjects'], 'answer: `response` must be an object or a list of JSON, bytes, or a function'],
    [['listProjects', 'text'], 'answer: `response` must be an object or a list of JSON'],
    [['listProjects', Promise.resolve({})], 'answer: `response` must be'],
    [['listProjects', new Map()], 'answer: `response` must be'],
    [['listProjects', { big: 1n }], 'answer: the response to listProjects is not JSON'],
    [['listProjects', {}, { times: -1 }], 'answer: `times` must be a number of times, or Infinity'],
    [['listProjects', {}, { on: 'x' }], 'answer: there is no option `on`'],
  ])('in an answer is refused by name', (given, message) => {
    expect(() => pdb.answer(...(given as [never, never]))).toThrow(InvalidInvocation);
    expect(() => pdb.answer(...(given as [never, never]))).toThrow(message);
  });

  it.each<[unknown, string]>([
    [undefined, 'fault: must be given a fault'],
    [{ on: 'listProjects', stauts: 503 }, 'fault: there is no option `stauts`; is it `status`?'],
    [
      { on: 'listProjects' },
      'fault: there must be one of status, delay, drop, truncate, html, redirect, drip, respond, not none',
    ],
    [{ status: 503, delay: 3 }, 'not status and delay'],
    [{ drop: true }, "`drop` must be 'before-headers' or 'after-headers'"],
    [{ status: 700 }, '`status` must be a status'],
    [{ delay: -1 }, '`delay`'],
    [{ delay: 1e12 }, '`delay` must be a number of milliseconds from 0 to 2147483647, or Infinity'],
    [{ drip: Number.POSITIVE_INFINITY }, '`drip` must be a number of milliseconds from 0 to 2147483647'],
    [{ status: 500, body: () => 1 }, '`body` must be a text, bytes, or a value that becomes JSON'],
    [
      { status: 500, headers: { 'a b': 'c' } },
      '`headers` must be an object of header fields that can be sent',
    ],
    [{ redirect: 'a\nb' }, '`redirect` must be a URL'],
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
    for (const path of ['deep/listProjects', 'listProjects/', '/listProjects', 'constructor', '%zz', '/']) {
      await failure(session.get(pdb.apiUrl + path), NotFound);
    }
    const user = new User({ ...pdb.userOptions, prefixUrl: `${pdb.authUrl}wrong/` });
    await expect(user.authenticate()).rejects.toMatchObject({ status: 404 });
  });
});

/** Starts a database on three ports in a row, which no other process is given by chance. */
async function startOnFreePorts(): Promise<EmbeddedPdb> {
  for (let port = 10_000 + (process.pid % 5_000); ; port += 3) {
    const started = await startPdb({ components: 1, port }).catch(() => undefined);
    if (started !== undefined) return started;
  }
}

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
    const before = await startOnFreePorts();
    const port = Number(new URL(before.apiUrl).port);
    const { message } = await failure(startPdb({ port }), InvalidInvocation);
    expect(message).toMatch(/^startPdb: the API cannot listen on port \d+: listen EADDRINUSE/);
    await before.close();
    await using again = await startPdb({ components: 1, port });
    expect(again.apiUrl).toBe(before.apiUrl);
    expect(again.authUrl).toMatch(new RegExp(`^http://127\\.0\\.0\\.1:${port + 1}/`));
    expect(again.eosUrl).toBe(`http://127.0.0.1:${port + 2}/`);
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
