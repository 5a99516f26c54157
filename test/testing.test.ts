import { execFile } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { inspect, promisify } from 'node:util';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  BadRequest,
  InvalidInvocation,
  NotFound,
  type RequestConfig,
  ServerError,
  Session,
  User,
} from '../src/index.js';
import { type EmbeddedPdb, startPdb } from '../src/testing/index.js';
import { failure } from './helpers/failure.js';

const run = promisify(execFile);

let pdb: EmbeddedPdb;
let session: Session;

beforeAll(async () => {
  pdb = await startPdb({ components: 600 });
  session = new Session({ user: new User(pdb.userOptions), prefixUrl: pdb.apiUrl, retry: false });
});

afterAll(async () => {
  await session.close();
  await pdb.close();
});

beforeEach(() => pdb.reset());

interface Listed {
  readonly itemList: readonly Record<string, never>[];
  readonly pageItemList: readonly Record<string, never>[];
  readonly pageInfo: { readonly pageIndex: number; readonly pageSize: number; readonly total: number };
  readonly uuAppErrorMap: Record<string, { paramMap: unknown; type: string }>;
}

const ask = async (command: string, data?: unknown): Promise<Listed> =>
  (await session.get<Listed>(command, { data })).data;

describe('the data', () => {
  it('are the same for the same seed, and others for another', async () => {
    const serials = async (seed: number) => {
      await using other = await startPdb({ seed, components: 600 });
      return other.dataset.components.map(({ serialNumber, id }) => serialNumber + id);
    };
    expect(await serials(1)).toEqual(pdb.dataset.components.map(({ serialNumber, id }) => serialNumber + id));
    expect(await serials(2)).not.toEqual(await serials(1));
  });

  it('have serial numbers, ids and codes of the right form, and no two the same', () => {
    const { components } = pdb.dataset;
    expect(components.length).toBeGreaterThanOrEqual(600);
    for (const { serialNumber, id, code } of components) {
      expect(serialNumber).toMatch(/^20U[A-Z]{2}[A-Z0-9]{2}[0-9]{7}$/);
      expect(id).toMatch(/^[0-9a-f]{24}$/);
      expect(code).toMatch(/^[0-9a-f]{32}$/);
    }
    for (const key of ['serialNumber', 'id', 'code'] as const) {
      expect(new Set(components.map((component) => component[key])).size).toBe(components.length);
    }
  });

  it('hold staves of 28 modules where there is room', async () => {
    await using large = await startPdb({ components: 3000 });
    const stave = large.dataset.components.find(({ type }) => type.code === 'STAVE');
    expect(stave?.slots).toHaveLength(28);
  });
});

describe('listInstitutions and listProjects', () => {
  it('come page by page', async () => {
    const first = await ask('listInstitutions', { pageInfo: { pageIndex: 0, pageSize: 20 } });
    const second = await ask('listInstitutions', { pageInfo: { pageIndex: 1, pageSize: 20 } });
    const beyond = await ask('listInstitutions', { pageInfo: { pageIndex: 9, pageSize: 20 } });
    expect(first.pageInfo).toEqual({ pageIndex: 0, pageSize: 20, total: 29 });
    expect(first.pageItemList.length + second.pageItemList.length).toBe(29);
    expect(beyond.pageItemList).toEqual([]);
    expect(first.pageItemList[0]).toMatchObject({ code: 'ANL', address: { city: 'Lemont' } });
    expect((await ask('listProjects')).itemList.map(({ code }) => code)).toEqual(['S', 'P', 'CE', 'CM']);
  });

  it('take pages of a thousand where the size is missing or nonsense', async () => {
    for (const pageInfo of [undefined, {}, { pageSize: 0 }, { pageSize: 'x', pageIndex: -1 }, []]) {
      expect((await ask('listProjects', { pageInfo })).pageInfo).toEqual({
        pageIndex: 0,
        pageSize: 1000,
        total: 4,
      });
    }
  });
});

describe('getUser', () => {
  it('knows who has access codes', async () => {
    expect(await ask('getUser', { userIdentity: '1234-567-1' })).toMatchObject({
      firstName: 'Alex',
      lastName: 'Example',
      institutions: [{ code: 'CERN' }],
    });
    const exception = await failure(ask('getUser', { userIdentity: 'x' }), BadRequest);
    expect(exception.hasAppError('getUser/userDoesNotExist')).toBe(true);
  });
});

describe('getComponent', () => {
  it('finds one by serial number, code, id or alternative identifier', async () => {
    const component = pdb.dataset.components.find(({ alternativeIdentifier }) => alternativeIdentifier);
    const { serialNumber, code, id, alternativeIdentifier } = component ?? {};
    for (const identifier of [serialNumber, code, id]) {
      expect(await ask('getComponent', { component: identifier })).toMatchObject({ serialNumber });
    }
    const found = await ask('getComponent', {
      component: alternativeIdentifier,
      alternativeIdentifier: true,
    });
    expect(found).toMatchObject({ serialNumber, code, id, uuAppErrorMap: {} });
  });

  it('links parents and children both ways', async () => {
    const module = pdb.dataset.components.find(({ slots }) => slots.some(({ child }) => child));
    const answer = (await ask('getComponent', { component: module?.code })) as unknown as {
      children: { component: { code: string } | null }[];
    };
    const linked = answer.children.flatMap(({ component }) => component ?? []);
    expect(linked.length).toBeGreaterThan(0);
    for (const { code } of linked) {
      expect(await ask('getComponent', { component: code })).toMatchObject({
        parents: [{ component: { code: module?.code } }],
      });
    }
  });

  it('shows the tests of the stages that the component has been through', async () => {
    const tested = pdb.dataset.components.find(({ testRuns }) => testRuns.some(({ passed }) => !passed));
    const { tests } = (await ask('getComponent', { component: tested?.code })) as unknown as {
      tests: { testRuns: { passed: boolean }[] }[];
    };
    expect(tests.flatMap(({ testRuns }) => testRuns)).toHaveLength(tested?.testRuns.length ?? -1);
  });

  it('with outputType object shows codes in place of references', async () => {
    const [component] = pdb.dataset.components;
    expect(await ask('getComponent', { component: component?.code, outputType: 'object' })).toMatchObject({
      project: expect.stringMatching(/^[SP]$/),
      institution: component?.institution.id,
      properties: null,
    });
  });

  it.each<[unknown, string, object]>([
    [{ component: 'nothing' }, 'ucl-itkpd-main/getComponent/componentDoesNotExist', { component: 'nothing' }],
    [{}, 'ucl-itkpd-main/getComponent/invalidDtoIn', { missingKeyMap: { '$.component': expect.anything() } }],
    [{ component: 5 }, 'ucl-itkpd-main/getComponent/invalidDtoIn', expect.anything()],
  ])('of %j is the error %s', async (input, key, paramMap) => {
    const exception = await failure(ask('getComponent', input), BadRequest);
    expect(exception.appErrors).toEqual({ [key]: { type: 'error', message: expect.any(String), paramMap } });
  });

  it('takes its input from the query, too, and from a POST', async () => {
    const [component] = pdb.dataset.components;
    await expect(session.get(`getComponent?component=${component?.code}`)).resolves.toMatchObject({
      data: { code: component?.code },
    });
    await expect(session.post('getComponent', { component: component?.code })).resolves.toMatchObject({
      status: 200,
    });
  });

  it('warns of keys that it does not know', async () => {
    const [component] = pdb.dataset.components;
    const { uuAppErrorMap } = await ask('getComponent', { component: component?.code, ignoreme: 1 });
    expect(uuAppErrorMap).toMatchObject({
      'cern-itkpd-main/getComponent/unsupportedKeys': {
        type: 'warning',
        paramMap: { unsupportedKeyList: ['$.ignoreme'] },
      },
    });
  });
});

describe('getComponentBulk', () => {
  it('gives several in the order asked for, without pages', async () => {
    const codes = pdb.dataset.components
      .slice(5, 8)
      .map(({ code }) => code)
      .reverse();
    const answer = await ask('getComponentBulk', { component: codes });
    expect(answer.itemList.map(({ code }) => code)).toEqual(codes);
    expect(answer.pageInfo).toBeUndefined();
  });

  it('fails for one that is missing, unless it is forced', async () => {
    const [component] = pdb.dataset.components;
    const input = { component: ['nothing', component?.code] };
    expect(
      (await failure(ask('getComponentBulk', input), BadRequest)).hasAppError('componentDoesNotExist'),
    ).toBe(true);
    expect(
      (await ask('getComponentBulk', { ...input, force: true, outputType: 'object' })).itemList,
    ).toHaveLength(1);
    expect(
      (await failure(ask('getComponentBulk', { component: 'x' }), BadRequest)).hasAppError('invalidDtoIn'),
    ).toBe(true);
  });
});

describe('listComponents', () => {
  it.each<[object, (component: EmbeddedPdb['dataset']['components'][number]) => boolean]>([
    [{ project: 'S' }, ({ type }) => type.project === 'S'],
    [{ project: ['S', 'P'] }, () => true],
    [{ componentType: 'MODULE', project: 'P' }, ({ type }) => type.code === 'MODULE' && type.project === 'P'],
    [{ type: ['BARREL_LS_MODULE'] }, ({ typeCode }) => typeCode === 'BARREL_LS_MODULE'],
    [{ subproject: 'PG' }, ({ type }) => type.project === 'P'],
    [{ currentStage: 'FINISHED' }, ({ type, stage }) => type.stages[stage]?.code === 'FINISHED'],
    [{ currentLocation: 'CERN' }, ({ location }) => location.code === 'CERN'],
    [{ institute: ['KEK'] }, ({ institution }) => institution.code === 'KEK'],
    [{ assembled: false }, ({ parent }) => parent === undefined],
    [{ state: ['ready'], trashed: false }, () => true],
    [{ state: 'deleted' }, () => false],
    [{ serialNumber: 'x' }, () => false],
    [{ project: null }, () => true],
  ])('filters by %j', async (filterMap, isWanted) => {
    const answer = await ask('listComponents', { filterMap });
    expect(answer.pageInfo.total).toBe(pdb.dataset.components.filter(isWanted).length);
    expect(answer.itemList.map(({ code }) => code)).toEqual(
      pdb.dataset.components
        .filter(isWanted)
        .slice(0, 1000)
        .map(({ code }) => code),
    );
  });

  it('in the flat style needs a project and answers pageItemList', async () => {
    expect(
      (await ask('listComponents', { project: 'P', componentType: 'FE_CHIP' })).pageItemList.length,
    ).toBeGreaterThan(0);
    expect(
      (await failure(ask('listComponents', {}), BadRequest)).hasAppError('listComponents/invalidDtoIn'),
    ).toBe(true);
  });

  it('of a project that does not exist is a 400', async () => {
    for (const input of [{ project: 'Fake' }, { filterMap: { project: 'Fake' } }]) {
      expect(
        (await failure(ask('listComponents', input), BadRequest)).hasAppError('projectDoesNotExist'),
      ).toBe(true);
    }
  });

  it('shows what outputType asks for', async () => {
    const input = { filterMap: {}, pageInfo: { pageSize: 1 } };
    expect((await ask('listComponents', input)).itemList[0]).toMatchObject({
      properties: null,
      project: { code: expect.any(String) },
    });
    expect((await ask('listComponents', { ...input, outputType: 'full' })).itemList[0]).toMatchObject({
      properties: expect.any(Array),
    });
    expect((await ask('listComponents', { ...input, outputType: 'object' })).itemList[0]).toMatchObject({
      project: expect.any(String),
    });
  });
});

describe('what is not there', () => {
  it('is a 404, on both servers', async () => {
    expect((await failure(ask('noSuchCommand'), NotFound)).hasAppError('commandNotFound')).toBe(true);
    await failure(session.get(`${pdb.authUrl}noSuchCommand`), NotFound);
    await failure(session.get(`${pdb.authUrl}grantToken`), NotFound);
  });

  it('is a 401 without a token', async () => {
    const answer = await session.get('listProjects', { auth: false, validateStatus: () => true });
    expect(answer).toMatchObject({ status: 401, data: { uuAppErrorMap: { 'uu-oidc/invalidToken': {} } } });
  });
});

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
      { status: 429, body: { a: 1 }, headers: { 'retry-after': '7' } },
      { status: 429, data: { a: 1 }, headers: { 'retry-after': '7' } },
    ],
    [
      'a status with text and headers',
      { status: 429, body: 'x', headers: { 'retry-after': '7' } },
      { status: 429, headers: { 'retry-after': '7' } },
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
    const config: RequestConfig = { validateStatus: () => true, maxRedirects: 0 };
    expect(await session.get('listProjects', config)).toMatchObject(expected);
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
    await expect(
      run(process.execPath, ['--input-type=module', '-e', script], { timeout: 2000 }),
    ).rejects.toMatchObject({ killed: true, stdout: '200\n' });
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
