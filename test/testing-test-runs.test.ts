import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BadRequest, Session, User } from '../src/index.js';
import { type ComponentRecord, type EmbeddedPdb, startPdb } from '../src/testing/index.js';
import { failure } from './helpers/failure.js';

interface TestRun {
  id: string;
  passed: boolean;
  stage: { code: string };
  testType: { code: string };
  results?: { code: string; value: unknown }[];
  components?: { serialNumber: string; testedAtStage: { code: string } }[];
}

let pdb: EmbeddedPdb;
let session: Session;
let tested: ComponentRecord;

beforeAll(async () => {
  pdb = await startPdb({ components: 600 });
  session = new Session({ user: new User(pdb.userOptions), prefixUrl: pdb.apiUrl });
  tested = pdb.dataset.components.find(({ testRuns }) => testRuns.length > 5) as ComponentRecord;
});

afterAll(async () => {
  await session.close();
  await pdb.close();
});

async function list(data: object): Promise<{ itemList: TestRun[]; pageItemList: TestRun[] }> {
  const response = await session.get<{ itemList: TestRun[]; pageItemList: TestRun[] }>(
    'listTestRunsByComponent',
    { data },
  );
  return response.data;
}

describe('listTestRunsByComponent', () => {
  it('lists the runs of a component, without results and without the component', async () => {
    const { itemList } = await list({ filterMap: { serialNumber: tested.serialNumber, state: ['ready'] } });
    expect(itemList.map(({ id }) => id)).toEqual(tested.testRuns.map(({ id }) => id));
    expect(Object.keys(itemList[0] as TestRun)).toEqual(
      `id state stateTs stateUserIdentity cts stage userIdentity runNumber passed problems date institution testType`.split(
        ' ',
      ),
    );
  });

  it('takes the code, filters by test and stage, and in the flat style answers pageItemList', async () => {
    const [run] = (await list({ filterMap: { code: tested.code } })).itemList as [TestRun];
    const filterMap = { code: tested.code, testType: [run.testType.code], stage: [run.stage.code] };
    for (const { testType, stage } of (await list({ filterMap })).itemList)
      expect([testType.code, stage.code]).toEqual([run.testType.code, run.stage.code]);
    expect((await list({ filterMap: { ...filterMap, stage: ['NOWHERE'] } })).itemList).toEqual([]);
    const { pageItemList } = await list({ component: tested.serialNumber });
    expect(pageItemList).toHaveLength(tested.testRuns.length);
  });

  it('of a component that does not exist, or of none, is a 400', async () => {
    const unknown = await failure(list({ component: '20USBML0000000' }), BadRequest);
    expect(unknown.hasAppError('listTestRunsByComponent/componentDoesNotExist')).toBe(true);
    const none = await failure(list({ filterMap: {} }), BadRequest);
    expect(none.hasAppError('listTestRunsByComponent/invalidDtoIn')).toBe(true);
  });
});

describe('getTestRun and getTestRunBulk', () => {
  it('give runs with their results and their component', async () => {
    const ids = tested.testRuns.map(({ id }) => id);
    const one = await session.get<TestRun>('getTestRun', { data: { testRun: ids[0] } });
    expect(one.data.components).toMatchObject([{ serialNumber: tested.serialNumber }]);
    expect(one.data.components?.[0]?.testedAtStage.code).toBe(one.data.stage.code);
    expect(one.data.results?.map(({ code }) => code)).toEqual(
      expect.arrayContaining(['TEMPERATURE', 'HUMIDITY']),
    );
    const many = await session.get<{ itemList: TestRun[] }>('getTestRunBulk', { data: { testRun: ids } });
    expect(many.data.itemList.map(({ id }) => id)).toEqual(ids);
    expect(many.data.itemList[0]).toEqual({ ...one.data, uuAppErrorMap: undefined });
  });

  it('of a run that does not exist are a 400', async () => {
    for (const [testRun, reason] of [
      ['0'.repeat(24), 'testRunDoesNotExist'],
      ['none', 'testRunDaoGetFailed'],
    ] as const) {
      const error = await failure(session.get('getTestRun', { data: { testRun } }), BadRequest);
      expect(error.hasAppError(`getTestRun/${reason}`)).toBe(true);
    }
  });

  it('show a current-voltage curve of a test that is one', async () => {
    const runs = pdb.dataset.components.flatMap(({ testRuns }) => testRuns);
    const curve = runs.find(({ testType }) => testType.code === 'MODULE_IV_PS_V1');
    const { data } = await session.get<TestRun>('getTestRun', { data: { testRun: curve?.id } });
    for (const code of ['VOLTAGE', 'CURRENT'])
      expect(data.results?.find((result) => result.code === code)?.value).toHaveLength(71);
  });
});
