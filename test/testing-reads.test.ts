import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { BadRequest, Forbidden, Session, User, UserBearer } from '../src/index.js';
import { type ComponentRecord, type EmbeddedPdb, startPdb } from '../src/testing/index.js';
import { DESCRIPTIONS } from './commands/commands-page.js';
import { startDatabase } from './helpers/database.js';
import { failure } from './helpers/failure.js';

const { pdb, newSession } = await startDatabase({ components: 600, bearers: ['bearer'] });
const session = newSession();
const plain = await startPdb({ components: 600, bearers: ['bearer'], quirks: false });
const plainSession = sessionOf(plain);
const start = pdb.snapshot();
const plainStart = plain.snapshot();

beforeEach(() => {
  pdb.restore(start);
  plain.restore(plainStart);
});
afterAll(async () => {
  await Promise.all([session.close(), plainSession.close()]);
  await plain.close();
});

function sessionOf({ apiUrl }: EmbeddedPdb): Session {
  return new Session({ user: new UserBearer({ bearer: 'bearer' }), prefixUrl: apiUrl, cache: false });
}

// biome-ignore lint/suspicious/noExplicitAny: the results of many commands
type Result = any;

const read = async (command: string, data: object = {}, from = session): Promise<Result> =>
  (await from.get<Result>(command, { data })).data;
const write = async (command: string, data: object, to = session): Promise<Result> =>
  (await to.post<Result>(command, data)).data;
const find = (wanted: (component: ComponentRecord) => boolean): ComponentRecord =>
  pdb.dataset.components.find(wanted) as ComponentRecord;
const codesOf = (list: Result[]): string[] => list.map(({ code }) => code);

const module = find(({ type, currentStage }) => type.code === 'BARREL_LS_MODULE' && currentStage.initial);
const { serialNumber } = module;
const place = module.currentLocation.code;
const elsewhere = place === 'KEK' ? 'CERN' : 'KEK';
const run = {
  component: serialNumber,
  testType: 'VISUAL_INSPECTION',
  institution: place,
  runNumber: '1',
  results: { TEMPERATURE: 21.5, HUMIDITY: 30 },
};
const registration = {
  project: 'S',
  subproject: 'SB',
  institution: 'CERN',
  componentType: 'MODULE',
  type: 'BARREL_LS_MODULE',
};

describe('the embedded database', () => {
  it.each(DESCRIPTIONS)('knows the command %s of the catalogue', async (command, { method }) => {
    const url = `${pdb.apiUrl}${command}`;
    const headers = { Authorization: 'Bearer bearer' };
    const { status } = await fetch(url, { method, headers });
    expect([200, 400]).toContain(status);
  });
});

describe('component types and test types', () => {
  it('are found by project, id, code and name', async () => {
    const { pageItemList } = await read('listComponentTypes', { project: 'S' });
    expect(codesOf(pageItemList)).toEqual(['SENSOR', 'HYBRID_ASSEMBLY', 'PWB', 'MODULE', 'STAVE']);
    const type = pageItemList.find(({ code }: Result) => code === 'MODULE');
    expect(await read('getComponentTypeByCode', { project: 'S', code: 'MODULE' })).toMatchObject(type);
    expect(await read('getComponentType', { id: type.id })).toMatchObject(type);
    const found = await read('searchComponentTypeByName', { project: 'S', componentType: 'modul' });
    expect(found.itemList).toMatchObject([type]);
    expect((await read('getComponent', { component: serialNumber })).componentType.id).toBe(type.id);
  });

  it('name the stages, their tests and the parts', async () => {
    const type = await read('getComponentTypeByCode', { project: 'S', code: 'MODULE' });
    expect(type.stages[0]).toMatchObject({
      code: 'HV_TAB_ATTACHED',
      order: 1,
      initial: true,
      testTypes: [{ testType: { code: 'VISUAL_INSPECTION' } }, { testType: { code: 'MODULE_IV_PS_V1' } }],
    });
    expect(type.stages[2].testTypes).toBeNull();
    const sensor = await read('getComponentTypeByCode', { project: 'S', code: 'SENSOR' });
    const kind = { childType: 'ATLAS18LS', child: sensor.id, quantity: 1 };
    expect(type.children.BARREL_LS_MODULE).toContainEqual(expect.objectContaining(kind));
    const tree = await read('getComponentType', { id: type.id, fullTree: true });
    expect(tree.children.BARREL_LS_MODULE[0]).toMatchObject({ code: 'SENSOR', type: { code: 'ATLAS18LS' } });
  });

  it('list the test types, inactive ones too', async () => {
    const { pageItemList } = await read('listTestTypes', { project: 'S', componentType: 'SENSOR' });
    expect(pageItemList.filter(({ state }: Result) => state !== 'active')).toHaveLength(1);
    const { itemList } = await read('listTestTypesByComponentTypes', {
      project: 'S',
      componentTypes: ['SENSOR', 'PWB'],
    });
    expect(codesOf(itemList)).toEqual([
      ...codesOf(pageItemList),
      'VISUAL_INSPECTION',
      'HV_LEAKAGE',
      'DCDC_EFFICIENCY',
    ]);
    const testType = itemList.at(-1);
    expect(testType.parameters.map(({ code }: Result) => code)).toEqual(['TEMPERATURE', 'HUMIDITY']);
  });

  it.each([true, false])(
    'make a sample that uploadTestRunResults takes, with requiredOnly %s',
    async (requiredOnly) => {
      const input = { project: 'S', componentType: 'MODULE', code: 'MODULE_IV_PS_V1', requiredOnly };
      const { dtoSample } = await read('generateTestTypeDtoSample', input);
      expect(Object.keys(dtoSample.properties)).toEqual(requiredOnly ? [] : ['OPERATOR']);
      const upload = { ...dtoSample, component: serialNumber, institution: place };
      const { testRun } = await write('uploadTestRunResults', upload);
      expect((await read('getTestRun', { testRun: testRun.id })).date).toBe(dtoSample.date);
    },
  );

  it.each([true, false])(
    'make a sample that registerComponent takes, with requiredOnly %s',
    async (requiredOnly) => {
      for (const code of ['SENSOR', 'MODULE']) {
        const { dtoSample } = await read('generateComponentTypeDtoSample', {
          project: 'S',
          code,
          requiredOnly,
        });
        const { component } = await write('registerComponent', dtoSample);
        expect((await read('getComponent', { component: component.id })).componentType.code).toBe(code);
      }
    },
  );
});

describe('institutions, projects and statistics', () => {
  it('are found by id and by code', async () => {
    const { pageItemList } = await read('listInstitutions');
    const known = pageItemList.find(({ code }: Result) => code === 'CERN');
    expect(await read('getInstitution', { id: known.id })).toMatchObject(known);
    expect(await read('getInstitutionByCode', { code: 'CERN' })).toMatchObject(known);
    expect(known.componentTypes[0]).toMatchObject({ code: 'S', itemList: expect.any(Array) });
  });

  it('have the ids that components refer to', async () => {
    const { project, subproject } = await read('getComponent', { component: serialNumber });
    expect((await read('listProjects')).itemList).toContainEqual(project);
    expect((await read('listSubprojects', { project: 'S' })).itemList).toContainEqual(subproject);
  });

  it('count what there is', async () => {
    const { statistics } = await read('getItkpdOverallStatistics');
    expect(statistics).toMatchObject({ components: pdb.dataset.components.length, institutions: 29 });
  });
});

describe('lists of components', () => {
  it('select by properties, and show them', async () => {
    const { properties } = await read('getComponent', { component: serialNumber });
    const [{ value }] = properties;
    const propertyFilter = [{ code: 'LOCALNAME', operator: '=', value }];
    const byProperty = await read('listComponentsByProperty', { project: 'S', propertyFilter });
    expect(byProperty.itemList).toMatchObject([{ serialNumber, properties: [{ value }, {}] }]);
    const byFilter = await read('listComponents', { filterMap: { project: 'S', propertyFilter } });
    expect(byFilter.itemList).toMatchObject([{ serialNumber }]);
    const none = [...propertyFilter, { code: 'ORDER', operator: '<', value: 0 }];
    expect((await read('listComponents', { filterMap: { propertyFilter: none } })).itemList).toEqual([]);
    const flat = { project: 'S', includeProperties: true, pageInfo: { pageSize: 1 } };
    expect((await read('listComponents', flat)).pageItemList[0].properties).toHaveLength(2);
  });

  it('are those of the user', async () => {
    const { itemList, pageInfo } = await read('listMyComponents', { project: 'S', limit: 3 });
    expect([itemList.length, pageInfo.total]).toEqual([3, 3]);
    expect(itemList[0]).toMatchObject({ userIdentity: '1234-567-1', project: { code: 'S' } });
  });

  it('find components at a place or owned by it with useOrInLocationSearch', async () => {
    const filterMap = { institute: 'KEK', currentLocation: 'KEK' };
    const { components } = pdb.dataset;
    const both = components.filter(
      (one) => one.institution.code === 'KEK' && one.currentLocation.code === 'KEK',
    );
    const either = components.filter(
      (one) => one.institution.code === 'KEK' || one.currentLocation.code === 'KEK',
    );
    expect((await read('listComponents', { filterMap })).pageInfo.total).toBe(both.length);
    const all = await read('listComponents', { filterMap, useOrInLocationSearch: true });
    expect(codesOf(all.itemList)).toEqual(codesOf(either));
    expect(either.length).toBeGreaterThan(both.length);
  });

  it('read a component only in the given state', async () => {
    expect(await read('getComponent', { component: serialNumber, state: 'ready' })).toMatchObject({
      serialNumber,
    });
    const deleted = read('getComponent', { component: serialNumber, state: 'deleted' });
    expect((await failure(deleted, BadRequest)).hasAppError('componentDoesNotExist')).toBe(true);
  });

  it('read ids only with `identifierType: id`', async () => {
    const bulk = (component: string) =>
      read('getComponentBulk', { component: [component], identifierType: 'id' });
    expect((await bulk(module.id)).itemList).toMatchObject([{ serialNumber }]);
    expect((await failure(bulk(serialNumber), BadRequest)).hasAppError('componentDoesNotExist')).toBe(true);
  });
});

describe('lists of test runs', () => {
  const type = { project: 'S', componentType: 'MODULE', testType: 'MODULE_IV_PS_V1' };
  const runs = pdb.dataset.components
    .filter(({ componentType }) => componentType.code === 'MODULE' && componentType.project === 'S')
    .flatMap(({ testRuns }) => testRuns.filter(({ testType }) => testType.code === 'MODULE_IV_PS_V1'));

  it('are those of a test type and of a stage', async () => {
    const { itemList } = await read('listTestRunsByTestType', { ...type, stage: ['HV_TAB_ATTACHED'] });
    expect(itemList.map(({ id }: Result) => id)).toEqual(runs.map(({ id }) => id));
    expect((await read('listTestRunsByTestType', { ...type, stage: ['GLUED'] })).itemList).toEqual([]);
  });

  it('are those with given results', async () => {
    const parameterFilter = [{ code: 'TEMPERATURE', operator: '>', value: 21 }];
    const { itemList } = await read('listTestRunsByParameter', { ...type, parameterFilter });
    const bulk = await read('getTestRunBulk', { testRun: runs.map(({ id }) => id) });
    const warm = bulk.itemList.filter(({ results }: Result) => results[0].value > 21);
    expect(itemList.map(({ id }: Result) => id)).toEqual(warm.map(({ id }: Result) => id));
    expect(warm.length).toBeGreaterThan(0);
    expect(warm.length).toBeLessThan(runs.length);
  });

  it('are those of the user', async () => {
    const { itemList } = await read('listMyTestRuns', { project: 'P', limit: 2 });
    expect(itemList).toMatchObject([{ userIdentity: '1234-567-1' }, {}]);
  });

  it('show codes and ids in place of objects with outputType object', async () => {
    const [first] = runs;
    const testRun = await read('getTestRun', { testRun: first?.id, outputType: 'object' });
    expect(testRun).toMatchObject({ stage: 'HV_TAB_ATTACHED', institution: first?.institution.id });
  });
});

describe('batches', () => {
  const batch = module.batches[0] as NonNullable<(typeof module.batches)[0]>;
  const named = { project: 'S', batchType: 'MODULE_BATCH', number: batch.number };

  it('are found by filter, number and component', async () => {
    const { itemList } = await read('listBatches', {
      filterMap: { batchType: ['MODULE_BATCH'], state: 'ready' },
    });
    expect(itemList.map(({ number }: Result) => number)).toContain(batch.number);
    expect((await read('getBatchByNumber', named)).components).toHaveLength(batch.components.length);
    const ofComponent = await read('listBatchesByComponent', { component: serialNumber });
    expect(ofComponent.itemList).toMatchObject([{ id: batch.id, batchType: { code: 'MODULE_BATCH' } }]);
    expect((await read('getComponent', { component: serialNumber })).batches).toMatchObject([
      { id: batch.id },
    ]);
  });

  it('have files', async () => {
    const [{ code, filesize }] = (await read('getBatchByNumber', named)).attachments;
    const text = await read('getBatchAttachment', { batch: batch.id, code });
    expect(String(text)).toHaveLength(filesize);
    expect(await read('uu-app-binarystore/getBinaryData', { code })).toEqual(text);
    expect(codesOf((await read('uu-app-binarystore/listBinaries')).itemList)).toContain(code);
  });
});

describe('each error key of the database', () => {
  const other = pdb.dataset.components.find(({ currentLocation }) => currentLocation.code === elsewhere);
  const [slot] = module.children;
  it.each<[string, object, string]>([
    ['getComponent', { component: 'none' }, 'componentDoesNotExist'],
    ['getComponent', {}, 'invalidDtoIn'],
    ['getTestRun', { testRun: 'none' }, 'testRunDaoGetFailed'],
    ['getTestRun', { testRun: '0'.repeat(24) }, 'testRunDoesNotExist'],
    ['uploadTestRunResults', { ...run, institution: elsewhere }, 'componentAtDifferentLocation'],
    ['uploadTestRunResults', { ...run, testType: 'GLUE_WEIGHT' }, 'unassociatedStageWithTestType'],
    ['registerComponent', { ...registration, serialNumber }, 'serialNumberDuplicity'],
    ['registerComponent', { ...registration, componentType: 'X' }, 'componentTypeDaoGetByCodeFailed'],
    ['getComponentTypeByCode', { project: 'S', code: 'X' }, 'componentTypeDaoGetByCodeFailed'],
    ['assembleComponent', { parent: serialNumber, child: other?.code }, 'componentAtDifferentLocation'],
    [
      'assembleComponent',
      { parent: serialNumber, child: slot?.component?.code },
      'childComponentAlreadyAssembled',
    ],
  ])('%s %j is refused with 400 and %s', async (command, input, reason) => {
    const ofParts = reason === 'componentAtDifferentLocation' && command === 'assembleComponent';
    if (ofParts && other?.parent !== undefined)
      await write('disassembleComponent', { parent: other.parent.code, child: other.code, trashed: false });
    const method = DESCRIPTIONS.find(([name]) => name === command)?.[1].method;
    const refused = await failure(
      method === 'GET' ? read(command, input) : write(command, input),
      BadRequest,
    );
    expect(Object.keys(refused.appErrors ?? {})).toEqual([`ucl-itkpd-main/${command}/${reason}`]);
  });

  it('an unknown key is answered 200 with the warning unsupportedKeys', async () => {
    const { uuAppErrorMap } = await read('listProjects', { ignoreme: 1 });
    expect(Object.keys(uuAppErrorMap)).toEqual(['cern-itkpd-main/listProjects/unsupportedKeys']);
  });

  it('a token that is not valid is answered 401 uu-oidc/invalidToken', async () => {
    const user = new UserBearer({ bearer: 'other' });
    await using stranger = new Session({ user, prefixUrl: pdb.apiUrl, retry: false });
    const refused = await failure(stranger.get('listProjects'), Forbidden);
    expect(refused.hasAppError('uu-oidc/invalidToken')).toBe(true);
  });

  it('wrong access codes are answered 401, and empty ones 500', async () => {
    const grant = async (accessCode1: string, accessCode2: string): Promise<Result> => {
      const body = JSON.stringify({ grant_type: 'password', accessCode1, accessCode2 });
      const headers = { 'Content-Type': 'application/json' };
      const response = await fetch(`${pdb.authUrl}grantToken`, { method: 'POST', body, headers });
      return {
        status: response.status,
        keys: Object.keys(((await response.json()) as Result).uuAppErrorMap),
      };
    };
    expect(await grant('wrong', 'codes')).toEqual({ status: 401, keys: ['uu-oidc-main/notAuthenticated'] });
    expect(await grant(pdb.user.accessCode1, 'code')).toEqual({
      status: 401,
      keys: ['uu-appg01/authentication/invalidCredentials'],
    });
    expect(await grant('', '')).toEqual({ status: 500, keys: ['uu-app-server/internalServerError'] });
  });

  it('a write of a user with `readOnly` is answered 403 userIsNotAuthorized', async () => {
    const users = [{ ...pdb.user, readOnly: true }];
    await using guarded = await startPdb({ components: 10, users });
    await using reader = new Session({ user: new User(guarded.userOptions), prefixUrl: guarded.apiUrl });
    const component = guarded.dataset.components[0]?.code;
    await read('getComponent', { component }, reader);
    const refused = await failure(write('deleteComponent', { component }, reader), Forbidden);
    expect(refused.hasAppError('uu-app-workspace/authorization/userIsNotAuthorized')).toBe(true);
    expect((await read('getComponent', { component }, reader)).state).toBe('ready');
  });
});

describe.each([
  ['the real database', true],
  ['a database without quirks', false],
])('in %s', (_, quirks) => {
  const from = quirks ? session : plainSession;
  const here = (command: string, data: object): Promise<Result> => read(command, data, from);

  it(`pages of useOrInLocationSearch ${quirks ? 'overlap' : 'are exact'}`, async () => {
    const filterMap = { institute: 'CERN', currentLocation: 'CERN' };
    const search = { filterMap, useOrInLocationSearch: true };
    const { total } = (await here('listComponents', search)).pageInfo;
    const rows: string[] = [];
    const pageSize = Math.ceil(total / 4);
    for (let pageIndex = 0; pageIndex < 4; pageIndex += 1) {
      const pageInfo = { pageIndex, pageSize };
      rows.push(...codesOf((await here('listComponents', { ...search, pageInfo })).itemList));
    }
    expect(rows).toHaveLength(total);
    if (quirks) expect(new Set(rows).size).toBeLessThan(total);
    else expect(new Set(rows).size).toBe(total);
  });

  it(`references are ${quirks ? 'ids and codes, or objects' : 'always objects'}`, async () => {
    const component = { id: expect.any(String), code: expect.any(String) };
    const object = await here('getComponent', { component: serialNumber, outputType: 'object' });
    expect(object.project).toEqual(quirks ? 'S' : expect.objectContaining({ code: 'S' }));
    const [listed] = (await here('listComponents', { filterMap: { serialNumber }, outputType: 'full' }))
      .itemList;
    expect(listed.children[0].component).toEqual(
      quirks ? expect.any(String) : expect.objectContaining(component),
    );
    expect(listed.locations[0].institution).toEqual(
      quirks ? module.currentLocation.id : expect.objectContaining({ code: place }),
    );
    const type = await here('getComponentTypeByCode', { project: 'S', code: 'MODULE' });
    expect(Object.keys(type.children.BARREL_LS_MODULE[0]).includes('child')).toBe(quirks);
  });

  it(`empty lists are ${quirks ? 'null' : 'lists'}`, async () => {
    const whole = await here('getComponent', { component: serialNumber });
    const { testRun } = await write('uploadTestRunResults', run, from);
    const run_ = await here('getTestRun', { testRun: testRun.id });
    const empty = quirks ? null : [];
    for (const key of ['flags', 'comments', 'attachments']) expect(whole[key]).toEqual(empty);
    for (const key of ['defects', 'comments', 'attachments']) expect(run_[key]).toEqual(empty);
    const [listed] = (await here('listComponents', { filterMap: { serialNumber } })).itemList;
    expect(listed.properties).toBe(quirks ? null : undefined);
  });

  it(`deleted records are ${quirks ? 'still there' : 'gone'}`, async () => {
    const filterMap = { serialNumber };
    const { testRun } = await write('uploadTestRunResults', run, from);
    await write('deleteTestRun', { testRun: testRun.id }, from);
    const runs = (await here('listTestRunsByComponent', { filterMap })).itemList;
    expect(runs.some(({ id }: Result) => id === testRun.id)).toBe(quirks);
    await write('deleteComponent', { component: serialNumber }, from);
    await write('approveDeleteComponent', { component: serialNumber, approve: true }, from);
    expect((await here('listComponents', { filterMap })).itemList).toHaveLength(quirks ? 1 : 0);
    const again = here('getComponent', { component: serialNumber });
    if (quirks) expect(await again).toMatchObject({ state: 'deleted' });
    else expect((await failure(again, BadRequest)).hasAppError('componentDoesNotExist')).toBe(true);
  });

  it(`an unknown key is ${quirks ? 'a warning' : 'an error'}, and an unknown result too`, async () => {
    const upload = { ...run, results: { ...run.results, UNKNOWN: 1 } };
    for (const [request, path] of [
      [here('listComponents', { filterMap: { owner: 'CERN' } }), '$.filterMap.owner'],
      [write('uploadTestRunResults', upload, from), '$.results.UNKNOWN'],
    ] as const) {
      const unsupportedKeyList = [path];
      if (quirks) {
        const [warning] = Object.values((await request).uuAppErrorMap);
        expect(warning).toMatchObject({ type: 'warning', paramMap: { unsupportedKeyList } });
      } else {
        const { appErrors = {} } = await failure(request, BadRequest);
        expect(Object.values(appErrors)).toMatchObject([{ paramMap: { unsupportedKeyList } }]);
      }
    }
  });

  it('run numbers are texts, runs have a list of components, and slots are there before their children', async () => {
    const { testRun } = await write('uploadTestRunResults', { ...run, runNumber: '189-6' }, from);
    expect(await here('getTestRun', { testRun: testRun.id })).toMatchObject({
      runNumber: '189-6',
      components: [{ serialNumber }],
    });
    const { children } = await here('getComponent', { component: serialNumber });
    expect(children.map(({ component }: Result) => component === null)).toEqual([false, true, true]);
  });
});

describe('bulkReferences', () => {
  it.each(['id', 'object'] as const)(
    '%s is how getComponentBulk refers to children and parents',
    async (bulkReferences) => {
      await using database = await startPdb({ components: 600, bearers: ['bearer'], bulkReferences });
      await using reader = sessionOf(database);
      const [{ children }] = (await read('getComponentBulk', { component: [serialNumber] }, reader)).itemList;
      const { id, code } = module.children[0]?.component ?? {};
      expect(children[0].component).toEqual(
        bulkReferences === 'id' ? id : expect.objectContaining({ id, code }),
      );
      const one = await read('getComponent', { component: serialNumber }, reader);
      expect(one.children[0].component).toMatchObject({ id, code });
    },
  );
});
