import { afterAll, describe, expect, it } from 'vitest';
import { BadRequest, NotFound, Session, UserBearer } from '../src/index.js';
import { type EmbeddedPdb, startPdb } from '../src/testing/index.js';
import { startDatabase } from './helpers/database.js';
import { failure } from './helpers/failure.js';

const { pdb, newSession } = await startDatabase({ components: 600 });
const session = newSession();

afterAll(() => session.close());

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
    const stave = large.dataset.components.find(({ componentType }) => componentType.code === 'STAVE');
    expect(stave?.children).toHaveLength(28);
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

  it('take pages of a thousand where the size is missing or out of range', async () => {
    for (const pageInfo of [undefined, {}, { pageSize: 0 }, { pageSize: -5, pageIndex: -1 }]) {
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
    const module = pdb.dataset.components.find(({ children }) => children.some(({ component }) => component));
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

  it.each<[string, object, string]>([
    ['getComponent', { serialNumber: 'x' }, 'Key component is required. Unknown key: serialNumber.'],
    ['getComponent', { component: 5 }, 'Key component must be of type string.'],
    ['listComponents', { filter: {} }, 'Key filterMap (or project) is required. Unknown key: filter.'],
    [
      'listComponents',
      { filterMap: { project: 5 } },
      'Key filterMap.project must be of type string | string[].',
    ],
  ])('of %s says in the second line of the message what is wrong with %j', async (command, input, line) => {
    const { message } = await failure(ask(command, input), BadRequest);
    expect(message.split('\n')[1]).toBe(line);
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
    [{ project: 'S' }, ({ componentType }) => componentType.project === 'S'],
    [{ project: ['S', 'P'] }, () => true],
    [
      { componentType: 'MODULE', project: 'P' },
      ({ componentType: { code, project } }) => code === 'MODULE' && project === 'P',
    ],
    [{ type: ['BARREL_LS_MODULE'] }, ({ type }) => type.code === 'BARREL_LS_MODULE'],
    [{ subproject: 'PG' }, ({ componentType }) => componentType.project === 'P'],
    [{ currentStage: 'FINISHED' }, ({ currentStage }) => currentStage.code === 'FINISHED'],
    [{ currentLocation: 'CERN' }, ({ currentLocation }) => currentLocation.code === 'CERN'],
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

  it.each([
    ['$.project', { project: 'Fake' }],
    ['$.filterMap.project', { filterMap: { project: 'Fake' } }],
  ])('of a project that does not exist is invalidDtoIn, which names %s', async (path, input) => {
    const { appErrors = {} } = await failure(ask('listComponents', input), BadRequest);
    expect(appErrors).toMatchObject({
      'ucl-itkpd-main/listComponents/invalidDtoIn': { paramMap: { invalidValueKeyMap: { [path]: {} } } },
    });
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

describe('an input', () => {
  it.each(['{"project":', '["S"]', '5'])('that is %s is refused', async (body) => {
    const headers = { 'Content-Type': 'application/json' };
    const error = await failure(session.post('listComponents', body, { headers }), BadRequest);
    expect(error.hasAppError('dtoInIsNotAnObject')).toBe(true);
  });

  it('may be a query, and a read may be a POST', async () => {
    const query = await session.get<Listed>('listComponentTypes', { params: { project: 'S' } });
    const post = await session.post<Listed>('listComponentTypes', { project: 'S' });
    expect(query.data).toEqual(post.data);
    expect(query.data.pageItemList.length).toBeGreaterThan(0);
  });

  it('with an empty list in a filter is as without it', async () => {
    const all = await ask('listBatches', { filterMap: { project: 'S' } });
    expect(all.pageInfo.total).toBeGreaterThan(0);
    const filterMap = { project: 'S', batchType: [], state: [] };
    expect((await ask('listBatches', { filterMap })).pageInfo).toEqual(all.pageInfo);
  });

  it('with unknown keys is an error that names all of them, with `quirks: false`', async () => {
    await using strict = await startPdb({ components: 1, bearers: ['b'], quirks: false });
    await using reader = new Session({ user: new UserBearer({ bearer: 'b' }), prefixUrl: strict.apiUrl });
    const data = { a: 1, ['__proto__']: 2, constructor: 3 };
    const { appErrors = {} } = await failure(reader.get<object>('listProjects', { data }), BadRequest);
    expect(Object.values(appErrors)[0]?.paramMap).toEqual({
      unsupportedKeyList: ['$.a', '$.__proto__', '$.constructor'],
    });
  });
});

describe('what is not there', () => {
  it('is a 404, on both servers', async () => {
    expect((await failure(ask('noSuchCommand'), NotFound)).hasAppError('commandNotFound')).toBe(true);
    await failure(session.get(`${pdb.authUrl}noSuchCommand`), NotFound);
    await failure(session.get(`${pdb.authUrl}grantToken`), NotFound);
  });

  it('is a 404 that names the commands of nearly the same name', async () => {
    const { summary } = await failure(ask('getComponents'), NotFound);
    expect(summary).toBe(
      "getComponents: Command not found. Is it `getComponent`? A test can define the response to it: pdb.answer('getComponents', { … }) (404)",
    );
  });

  it('is answered as planned, each time', async () => {
    const { message } = await failure(ask('createStatistics'), NotFound);
    expect(message).toContain("A test can define the response to it: pdb.answer('createStatistics', { … }).");
    expect(message).not.toContain('Is it');
    const fault = pdb.fault({
      on: 'createStatistics',
      status: 200,
      body: { itemList: [] },
      times: Infinity,
    });
    for (let time = 0; time < 3; time++) expect(await ask('createStatistics')).toEqual({ itemList: [] });
    expect(fault.hits).toBe(3);
    fault.remove();
    await failure(ask('createStatistics'), NotFound);
  });

  it('is a 401 without a token', async () => {
    const answer = await session.get('listProjects', { auth: false, validateStatus: () => true });
    expect(answer).toMatchObject({ status: 401, data: { uuAppErrorMap: { 'uu-oidc/invalidToken': {} } } });
  });
});

describe('an empty list', () => {
  it.each([
    ['null, as in the real database', {}, null],
    ['a list with `quirks: false`', { quirks: false }, []],
  ])('is %s', async (_, options, expected) => {
    const database = await startPdb({ components: 50, bearers: ['b'], ...options });
    const user = new UserBearer({ bearer: 'b' });
    await using reader = new Session({ user, prefixUrl: database.apiUrl, cache: false });
    const unflagged = database.dataset.components.find(({ flags }) => flags.length === 0);
    const { data } = await reader.get('getComponent', { data: { component: unflagged?.code ?? '' } });
    expect(data.flags).toEqual(expected);
    await database.close();
  });
});
