import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import {
  BadRequest,
  type Client,
  IncompleteWrite,
  InvalidInvocation,
  type ParameterDefinition,
  type TestRunInput,
  type TestRunProblem,
} from '../../src/index.js';
import type { FaultKind } from '../../src/testing/index.js';
import { startDatabase } from '../helpers/database.js';
import { failure } from '../helpers/failure.js';

const { pdb, newClient } = await startDatabase({ components: 300 });

beforeEach(() => pdb.restore());

/** A strip module at its first stage. */
const module = (() => {
  const found = pdb.dataset.components.find(
    ({ componentType, currentStage, state }) =>
      componentType.project === 'S' &&
      componentType.code === 'MODULE' &&
      currentStage.code === 'HV_TAB_ATTACHED' &&
      state === 'ready',
  );
  if (found === undefined) throw new Error('no such module');
  const { id, code, serialNumber, alternativeIdentifier, currentLocation } = found;
  return { id, code, serialNumber, alternativeIdentifier, location: currentLocation.code };
})();

const RUN = {
  ...{ component: module.serialNumber, testType: 'VISUAL_INSPECTION', institution: module.location },
  ...{ runNumber: '7', date: '2026-03-02T09:30:00.000Z', passed: true, problems: false },
  ...{ properties: {}, results: { TEMPERATURE: 21.5, HUMIDITY: 30 } },
};

describe('client.testRuns.template', () => {
  it('has the component, its location, and null for each property and result', async () => {
    await using client = newClient();
    const run = await client.testRuns.template(module.serialNumber, 'VISUAL_INSPECTION');
    expect(run).toEqual({
      component: module.serialNumber,
      testType: 'VISUAL_INSPECTION',
      institution: module.location,
      runNumber: '',
      date: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
      passed: null,
      problems: false,
      properties: { OPERATOR: null },
      results: { TEMPERATURE: null, HUMIDITY: null, IMAGE: null },
    });
    expect(Math.abs(Date.parse(run.date) - Date.now())).toBeLessThan(3_600_000);
  });

  it.each([
    ['id', module.id],
    ['code', module.code],
    ['alternative identifier', module.alternativeIdentifier as string],
    ['object', module],
  ])('takes the %s of a component', async (_, component) => {
    await using client = newClient();
    const run = await client.testRuns.template(component, 'VISUAL_INSPECTION');
    expect(run.component).toBe(module.serialNumber);
  });

  it('throws where there is no such component or test type, and suggests a test type', async () => {
    await using client = newClient();
    await failure(client.testRuns.template('no such component', 'VISUAL_INSPECTION'), BadRequest);
    const misspelt = await failure(
      client.testRuns.template(module.serialNumber, 'VISUAL_INSPECTON'),
      InvalidInvocation,
    );
    expect(misspelt.message).toContain('VISUAL_INSPECTION');
    await failure(client.testRuns.template({}, 'NONE'), InvalidInvocation);
    await failure(client.testRuns.template(module.serialNumber, undefined as never), InvalidInvocation);
  });
});

describe('client.testRuns.check', () => {
  const problemsOf = async (run: object, options = {}): Promise<string[]> => {
    await using client = newClient();
    const problems: readonly TestRunProblem[] = await client.testRuns.check(run as TestRunInput, options);
    return problems.map(({ path, message }) => `${path} ${message}`);
  };

  it('finds nothing wrong with a good test run, and writes nothing', async () => {
    expect(await problemsOf(RUN)).toEqual([]);
    expect(pdb.requests.filter(({ method, server }) => server === 'api' && method !== 'GET')).toEqual([]);
  });

  it('finds every problem at once', async () => {
    const run = {
      ...RUN,
      institution: 'NOWHERE',
      runNumber: 7,
      date: '31.02.2024 10:00',
      passed: 'true',
      problems: undefined,
      properties: { OPERATR: 'Sam', OPERATOR: 5 },
      results: { TEMPERATURE: '21.5', HUMIDTY: 30 },
      comments: 'good',
      defects: [{ description: 'no name' }],
      test_type: 'X',
      colour: 'red',
    };
    expect(await problemsOf(run)).toEqual([
      `institution is NOWHERE, but the component is at ${module.location}`,
      "runNumber must be a text: '7', not the number 7",
      'date must be a date and time, such as 2026-03-02T09:30:00Z or 02.03.2026 09:30, not the text "31.02.2024 10:00"',
      'passed must be true or false, not the text "true"',
      'problems is missing; give true or false',
      'properties.OPERATR is not a code of this test type; is it OPERATOR?',
      'properties.OPERATOR must be a text, not the number 5',
      'results.TEMPERATURE must be a number, not the text "21.5"',
      'results.HUMIDTY is not a code of this test type; is it HUMIDITY?',
      'results.HUMIDITY is required, and is missing',
      'comments must be a list of texts that are not empty',
      'defects must be a list of objects with a name, a description and properties',
      'test_type is not a key of a test run; is it testType?',
      expect.stringMatching(/^colour is not a key of a test run; there are component, /),
    ]);
  });

  it('names a component or a test type that does not exist', async () => {
    expect(await problemsOf({ ...RUN, component: '20USBML0000000' })).toEqual([
      'component is the text "20USBML0000000", and the database has no such component',
    ]);
    expect(await problemsOf({ ...RUN, testType: 'VISUAL_INSPECTON' })).toEqual([
      'testType is not a test type of MODULE; is it VISUAL_INSPECTION?',
    ]);
    expect(await problemsOf({ ...RUN, component: 5, testType: '', results: { A: Number.NaN } })).toEqual([
      'component must be a serial number or a code, not the number 5',
      'testType must be the code of a test type, not the text ""',
      expect.stringContaining('results.A is NaN'),
    ]);
  });

  it('reads the definitions of a component type once, and again where those of ten seconds ago say that something is wrong', async () => {
    await using client = newClient();
    const now = performance.now.bind(performance);
    let later = 0;
    vi.spyOn(performance, 'now').mockImplementation(() => now() + later);
    onTestFinished(() => void vi.restoreAllMocks());
    expect(await client.testRuns.check(RUN)).toEqual([]);
    expect(await client.testRuns.check(RUN)).toEqual([]);
    expect(pdb.count('listTestTypes')).toBe(1);
    // A test type that is new since then.
    await client.post('importTestType', {
      ...{ project: 'S', componentType: 'MODULE', code: 'GLUE_PHOTO', name: 'Photo of the glue' },
      ...{ stages: ['HV_TAB_ATTACHED'], properties: [], parameters: [] },
    });
    later += 10_000;
    expect(await client.testRuns.check({ ...RUN, testType: 'GLUE_PHOTO', results: {} })).toEqual([]);
    const wrong = { ...RUN, testType: 'GLUE_PHOTO', results: { A: 1 } };
    const problems = [{ path: 'results.A', message: 'is not a code of this test type; there are none' }];
    expect(await client.testRuns.check(wrong)).toEqual(problems);
    expect(pdb.count('listTestTypes')).toBe(2);
    later += 10_000;
    expect(await client.testRuns.check(wrong)).toEqual(problems);
    expect(pdb.count('listTestTypes')).toBe(3);
    expect(pdb.count('getComponent')).toBe(5);
    // Where nothing is wrong, they are used for ten minutes.
    later += 500_000;
    expect(await client.testRuns.check(RUN)).toEqual([]);
    expect(pdb.count('listTestTypes')).toBe(3);
    later += 100_000;
    expect(await client.testRuns.check(RUN)).toEqual([]);
    expect(pdb.count('listTestTypes')).toBe(4);
  });

  it('throws what the server says where it cannot check', async () => {
    await using client = newClient();
    pdb.fault({ on: 'getComponent', status: 500 });
    await expect(client.testRuns.check(RUN)).rejects.toMatchObject({ status: 500 });
  });

  it('throws InvalidInvocation for what is not a test run', async () => {
    await using client = newClient();
    for (const run of [undefined, null, [], 5, ''])
      await failure(client.testRuns.check(run as never), InvalidInvocation);
  });

  it.each([
    ['a Date', new Date('2026-03-02T09:30:00Z')],
    ['ISO 8601', '2026-03-02T09:30:00+08:00'],
    ['the older form', '02.03.2026 09:30'],
  ])('accepts %s as the date', async (_, date) => {
    expect(await problemsOf({ ...RUN, date })).toEqual([]);
  });

  it.each([
    ['02.03.2026 09:30', new Date(2026, 2, 2, 9, 30)],
    ['2026-03-02T09:30:00', new Date(2026, 2, 2, 9, 30)],
    ['2026-03-02T09:30:00+08:00', new Date('2026-03-02T01:30:00Z')],
    ['2026-03-02', new Date('2026-03-02T00:00:00Z')],
    [new Date(5), new Date(5)],
  ])(
    'uploads the date %s in ISO 8601, in the time of this computer where it has no time zone',
    async (date, expected) => {
      await using client = newClient();
      const { id } = await client.testRuns.upload({ ...RUN, date });
      expect((await client.testRuns.get(id)).date).toBe(expected.toISOString());
    },
  );

  describe('of values', () => {
    const define = (code: string, dataType: string, more: object = {}): ParameterDefinition => ({
      ...{ code, name: code, dataType, valueType: 'single', required: false },
      ...more,
    });
    const check = async (
      definition: ParameterDefinition,
      value: unknown,
      options = {},
    ): Promise<string[]> => {
      const testType = { id: '1', code: 'VISUAL_INSPECTION', name: '', state: 'active', properties: null };
      pdb.answer('listTestTypes', {
        ...{ pageItemList: [{ ...testType, parameters: [definition] }], uuAppErrorMap: {} },
        pageInfo: { pageIndex: 0, pageSize: 100, total: 1 },
      });
      return problemsOf({ ...RUN, results: { [definition.code]: value } }, options);
    };
    const grade = define('GRADE', 'codeTable', {
      codeTable: [
        { code: '1', value: 'Good' },
        { code: '2', value: 'Bad' },
      ],
    });

    it.each<[string, ParameterDefinition, unknown]>([
      ['a text', define('A', 'string'), 'x'],
      ['a whole number', define('A', 'integer'), 5],
      ['a number', define('A', 'float'), 5],
      ['a boolean', define('A', 'boolean'), false],
      ['an object', define('A', 'object'), { time: [1, 2], 'sigma current': [0.5] }],
      ['a Date', define('A', 'date'), new Date()],
      ['a date as text', define('A', 'date'), '25.05.2019 01:05'],
      ['a code', grade, '2'],
      ['a list', define('A', 'float', { valueType: 'array' }), [1, 2, null]],
      ['a list of codes', { ...grade, valueType: 'array' }, ['1', '2']],
      ['what is not known', define('A', 'wonder'), [{ x: 1 }]],
      ['a form that is not known', define('A', 'float', { valueType: 'child' }), { x: 1 }],
      ['null where it is not required', define('A', 'float'), null],
    ])('finds nothing wrong with %s', async (_, definition, value) => {
      expect(await check(definition, value)).toEqual([]);
    });

    it.each<[string, ParameterDefinition, unknown]>([
      ['results.A must be a text, not the number 5', define('A', 'string'), 5],
      ['results.A must be a whole number, not the number 1.5', define('A', 'integer'), 1.5],
      ['results.A must be a number, not a list', define('A', 'float'), [1]],
      ['results.A must be true or false, not the text "true"', define('A', 'boolean'), 'true'],
      ['results.A must be an object, not a list', define('A', 'object'), [1]],
      [
        'results.A must be a date and time, such as 2026-03-02T09:30:00Z or 02.03.2026 09:30, not the text "today"',
        define('A', 'date'),
        'today',
      ],
      ['results.A is an invalid Date', define('A', 'date'), new Date(Number.NaN)],
      ['results.GRADE must be the text "1", not the text "Good"', grade, 'Good'],
      ['results.GRADE must be the text "2", not the number 2', grade, 2],
      ['results.GRADE must be one of "1" (Good), "2" (Bad), not the text "3"', grade, '3'],
      [
        'results.A must be a list of numbers, not the number 5',
        define('A', 'float', { valueType: 'array' }),
        5,
      ],
      [
        'results.A[1] must be a number, not the text "2"',
        define('A', 'float', { valueType: 'array' }),
        [1, '2'],
      ],
      [
        'results.A is not a list; send Array.from(it)',
        define('A', 'float', { valueType: 'array' }),
        new Float64Array(3),
      ],
      [
        'results.A.x.y[1] is Infinity, which the database cannot store; send null, or upload with { nanAsNull: true }',
        define('A', 'object'),
        { x: { y: [1, Number.POSITIVE_INFINITY] } },
      ],
      ['results.A.x is a bigint; send a number or a text', define('A', 'object'), { x: 5n }],
      ['results.A.x is a Map; send Object.fromEntries(it)', define('A', 'object'), { x: new Map() }],
      ['results.A.x is an object that JSON cannot hold', define('A', 'object'), { x: /a/ }],
    ])('says that %s', async (message, definition, value) => {
      expect(await check(definition, value)).toEqual([message]);
    });

    it('names NaN in a list by its index, once', async () => {
      const values = Array.from({ length: 20 }, (_, index) => (index === 17 ? Number.NaN : index));
      expect(await check(define('CURRENT', 'float', { valueType: 'array' }), values)).toEqual([
        'results.CURRENT[17] is NaN, which the database cannot store; send null, or upload with { nanAsNull: true }',
      ]);
      expect(
        await check(define('CURRENT', 'float', { valueType: 'array' }), values, { nanAsNull: true }),
      ).toEqual([]);
    });

    it('finds that a required result is missing where NaN becomes null', async () => {
      const required = define('A', 'float', { required: true });
      expect(await check(required, Number.NaN, { nanAsNull: true })).toEqual([
        'results.A is required, and is not a finite number',
      ]);
      expect(await check(required, null)).toEqual(['results.A is required, and is missing']);
    });

    it('finds an object that holds itself', async () => {
      const loop: Record<string, unknown> = {};
      loop['self'] = loop;
      expect(await check(define('A', 'object'), loop)).toEqual(['results.A.self holds itself']);
    });

    it('takes the active one of two test types with the same code', async () => {
      const test = { id: '1', code: 'VISUAL_INSPECTION', name: '', properties: null };
      pdb.answer('listTestTypes', {
        pageItemList: [
          { ...test, state: 'inactive', parameters: [define('OLD', 'float')] },
          { ...test, id: '2', state: 'active', parameters: [define('NEW', 'float')] },
        ],
        uuAppErrorMap: {},
        pageInfo: { pageIndex: 0, pageSize: 100, total: 2 },
      });
      expect(await problemsOf({ ...RUN, results: { NEW: 1 } })).toEqual([]);
    });
  });

  it.each<[string, (tests: readonly { testType: { id: string; code: string } }[]) => unknown, boolean]>([
    ['objects', (tests) => tests, true],
    ['ids', (tests) => tests.map(({ testType }) => testType.id), true],
    ['objects with ids', (tests) => tests.map(({ testType }) => ({ testType: testType.id })), true],
    ['null', () => null, false],
    ['nothing that is known', (tests) => tests.map(() => ({})), false],
  ])('checks the stage where the tests of stages are %s: %#', async (_, change, isChecked) => {
    await using client = newClient();
    const type = await client.get('getComponentTypeByCode', { data: { project: 'S', code: 'MODULE' } });
    const stages = (type.stages ?? []).map((stage) => ({
      ...stage,
      testTypes: change(stage.testTypes ?? []),
    }));
    pdb.answer('getComponentTypeByCode', { ...type, stages });
    expect(await problemsOf(RUN)).toEqual([]);
    pdb.answer('getComponentTypeByCode', { ...type, stages });
    expect(await problemsOf({ ...RUN, testType: 'MODULE_BOW' })).toEqual(
      isChecked
        ? ['testType is MODULE_BOW, which is not done at the stage HV_TAB_ATTACHED; it is done at GLUED']
        : [],
    );
  });
});

describe('client.testRuns.latest', () => {
  const upload = async (client: Client, more: object = {}): Promise<string> =>
    (await client.post('uploadTestRunResults', { ...RUN, ...more })).testRun.id;

  it('returns the ready test run that was uploaded last, whatever its date is', async () => {
    await using client = newClient();
    await upload(client, { date: '2030-01-01T00:00:00.000Z' });
    const last = await upload(client, { date: '2001-01-01T00:00:00.000Z' });
    await client.testRuns.delete(await upload(client));
    const run = await client.testRuns.latest(module.serialNumber, 'VISUAL_INSPECTION');
    expect(run).toMatchObject({ id: last, results: expect.arrayContaining([]) });
    expect(await client.testRuns.latest(module.id, 'VISUAL_INSPECTION')).toMatchObject({ id: last });
  });

  it('compares times, and ids where they are the same', async () => {
    await using client = newClient();
    const ids = [await upload(client), await upload(client), await upload(client)].sort();
    const run = await client.testRuns.get(ids[0] as string);
    const cts = ['2026-01-01T10:00:00.000Z', '2026-01-01T12:00:00.000+02:00', '2026-01-01T09:00:00.000Z'];
    pdb.answer('listTestRunsByComponent', {
      itemList: ids.map((id, index) => ({ ...run, id, cts: cts[index] })),
      pageInfo: { pageIndex: 0, pageSize: 100, total: 3 },
      uuAppErrorMap: {},
    });
    expect(await client.testRuns.latest(module.serialNumber, 'VISUAL_INSPECTION')).toMatchObject({
      id: ids[1],
    });
  });

  it('returns undefined where there is none', async () => {
    await using client = newClient();
    expect(await client.testRuns.latest(module.serialNumber, 'RESPONSE_CURVE')).toBeUndefined();
  });

  it('refuses a test type that the component type does not have, and suggests one', async () => {
    await using client = newClient({ cache: true, expiresAfter: { hours: 1 } });
    const error = await failure(
      client.testRuns.latest(module.id, 'RESPONSE_CURV', { fresh: true }),
      InvalidInvocation,
    );
    expect(error.summary).toBe(
      'client.testRuns.latest: RESPONSE_CURV is not a test type of MODULE; is it RESPONSE_CURVE?',
    );
    const read = pdb.count('listTestTypes');
    await failure(client.testRuns.latest(module.id, 'RESPONSE_CURV'), InvalidInvocation);
    expect(pdb.count('listTestTypes')).toBe(read + 1);
    pdb.fault({ on: 'listTestTypes', status: 403, times: Infinity });
    expect(await client.testRuns.latest(module.serialNumber, 'RESPONSE_CURV')).toBeUndefined();
  });

  it('returns the latest of each test type by its code', async () => {
    await using client = newClient();
    await upload(client);
    const visual = await upload(client);
    const latest = await client.testRuns.latest(module);
    expect(latest['VISUAL_INSPECTION']).toMatchObject({ id: visual, passed: true });
    for (const [code, run] of Object.entries(latest)) expect(run?.testType.code).toBe(code);
    expect(latest['RESPONSE_CURVE']).toBeUndefined();
  });
});

describe('client.testRuns.comment and client.testRuns.delete', () => {
  const newRun = async (client: Client): Promise<string> =>
    (await client.post('uploadTestRunResults', RUN)).testRun.id;
  const commentsOf = async (client: Client, id: string): Promise<string[]> =>
    ((await client.testRuns.get(id)).comments ?? []).map(({ comment }) => comment);

  it('adds a comment', async () => {
    await using client = newClient();
    const id = await newRun(client);
    await client.testRuns.comment(id, 'second try');
    await client.testRuns.comment({ id }, 'second try');
    expect(await commentsOf(client, id)).toEqual(['second try', 'second try']);
  });

  it('adds several comments with one request, and finds all of them where the response was lost', async () => {
    await using client = newClient();
    const id = await newRun(client);
    pdb.fault({ on: 'createTestRunComment', drop: 'after-headers' });
    await client.testRuns.comment(id, ['cleaned', 'repeated']);
    expect(await commentsOf(client, id)).toEqual(['cleaned', 'repeated']);
    expect(pdb.count('createTestRunComment')).toBe(1);
  });

  it('deletes a test run once, and leaves a deleted one as it is', async () => {
    await using client = newClient();
    const id = await newRun(client);
    await client.testRuns.delete(id);
    await client.testRuns.delete(await client.testRuns.get(id));
    expect((await client.testRuns.get(id)).state).toBe('deleted');
    expect(pdb.count('deleteTestRun')).toBe(1);
  });

  it('refuses what is not an id, and an empty comment', async () => {
    await using client = newClient();
    await failure(client.testRuns.delete({} as never), InvalidInvocation);
    await failure(client.testRuns.comment('', 'x'), InvalidInvocation);
    for (const text of ['', [], ['good', '']])
      await failure(client.testRuns.comment('65a0c1d2e3f4051627384961', text), InvalidInvocation);
    await failure(client.testRuns.get(undefined as never), InvalidInvocation);
    expect(pdb.count()).toBe(0);
  });

  it.each<[string, FaultKind]>([
    ['createTestRunComment', { drop: 'before-headers' }],
    ['createTestRunComment', { status: 503 }],
    ['createTestRunComment', { status: 200 }],
    ['deleteTestRun', { drop: 'before-headers' }],
    ['deleteTestRun', { status: 503 }],
    ['deleteTestRun', { status: 200 }],
  ])('reads back whether %s was done after %j, and resume() does it once', async (on, fault) => {
    await using client = newClient();
    const id = await newRun(client);
    await client.testRuns.comment(id, 'again');
    const write = (): Promise<void> =>
      on === 'deleteTestRun' ? client.testRuns.delete(id) : client.testRuns.comment(id, 'again');
    const state = async (): Promise<unknown> =>
      on === 'deleteTestRun' ? (await client.testRuns.get(id)).state : (await commentsOf(client, id)).length;
    const before = await state();

    pdb.fault({ on, ...fault });
    const error = await failure(write(), IncompleteWrite);
    expect(error.outcome).toBe('unknown');
    expect(await state()).toBe(before);
    await error.resume();
    const once = await state();
    expect(once).not.toBe(before);

    if (on === 'deleteTestRun') return;
    pdb.fault({ on, drop: 'after-headers' });
    await write();
    expect(await commentsOf(client, id)).toEqual(['again', 'again', 'again']);
  });

  it('takes a test run that is not there any more for deleted, and one that was never there for a mistake', async () => {
    await using client = newClient();
    const id = await newRun(client);
    pdb.fault({ on: 'deleteTestRun', drop: 'after-headers' });
    pdb.fault({
      on: 'getTestRun',
      after: 1,
      status: 400,
      body: {
        uuAppErrorMap: { 'ucl-itkpd-main/getTestRun/testRunDoesNotExist': { type: 'error', message: '' } },
      },
      headers: { 'content-type': 'application/json' },
    });
    await client.testRuns.delete(id);
    expect(pdb.count('deleteTestRun')).toBe(1);
    await failure(client.testRuns.delete('65a0c1d2e3f4051627384961'), BadRequest);
    expect(pdb.count('deleteTestRun')).toBe(1);
  });

  it('deletes with one request where the response was lost', async () => {
    await using client = newClient();
    const id = await newRun(client);
    pdb.fault({ on: 'deleteTestRun', drop: 'after-headers' });
    await client.testRuns.delete(id);
    expect((await client.testRuns.get(id)).state).toBe('deleted');
    expect(pdb.count('deleteTestRun')).toBe(1);
  });
});

describe('client.testRuns.ofTree', () => {
  const stave = pdb.dataset.components.find(
    ({ componentType, children, state }) =>
      componentType.code === 'STAVE' &&
      state === 'ready' &&
      children.some(({ component }) => component !== undefined),
  );

  it('reads the ready test runs of a component and of all that is in it', async () => {
    await using client = newClient();
    const tree = await client.components.tree(stave?.serialNumber as string);
    const expected: string[] = [];
    const visit = (component: typeof tree): void => {
      for (const { code, testRuns } of component.data.tests ?? [])
        if (code === 'VISUAL_INSPECTION')
          expected.push(...testRuns.filter(({ state }) => state === 'ready').map(({ id }) => id));
      component.children.forEach(visit);
    };
    visit(tree);
    expect(expected.length).toBeGreaterThan(1);
    const [deleted = '', ...others] = expected;
    await client.testRuns.delete(deleted);
    const found: string[] = [];
    for await (const run of client.testRuns.ofTree(tree, { testType: 'VISUAL_INSPECTION' })) {
      expect(run.results).not.toBeNull();
      found.push(run.id);
    }
    expect(found).toEqual(others);
    let all = 0;
    for await (const _ of client.testRuns.ofTree(tree.serialNumber)) all += 1;
    expect(all).toBeGreaterThan(found.length);
  });

  it('warns of a test type that does not exist with `unknownCode`, where there is no test run', async () => {
    const onWarning = vi.fn();
    await using client = newClient({ onWarning });
    const read = async (testType: string): Promise<void> => {
      for await (const _ of client.testRuns.ofTree(stave?.id as string, { testType }));
    };
    await read('VISUAL_INSPECTION');
    expect(onWarning).not.toHaveBeenCalled();
    await read('VISUAL_INSPECTON');
    expect(onWarning).toHaveBeenCalledExactlyOnceWith({
      ...{ command: 'listTestRunsByComponent', key: 'unknownCode' },
      message: expect.stringMatching(
        /^VISUAL_INSPECTON is not a test type of .*STAVE.*; is it VISUAL_INSPECTION\?$/,
      ),
      paramMap: { testType: 'VISUAL_INSPECTON', similar: ['VISUAL_INSPECTION'] },
    });
  });

  it('lists the test runs of a component that does not say which it has', async () => {
    await using client = newClient();
    const { tests, ...component } = await client.get('getComponent', { data: { component: module.code } });
    const ids = (tests ?? []).flatMap(({ testRuns }) => testRuns.map(({ id }) => id));
    expect(ids.length).toBeGreaterThan(0);
    pdb.answer('getComponent', { ...component, children: [] });
    const found: string[] = [];
    for await (const { id } of client.testRuns.ofTree(module.code)) found.push(id);
    expect(found.sort()).toEqual(ids.sort());
  });
});

describe('client.testRuns.downloadResult', () => {
  const png = Buffer.from('89504e470d0a1a0a0000000d4948445200000001', 'hex');
  const newRun = async (client: Client): Promise<string> => {
    const results = { ...RUN.results, IMAGE: new File([png], 'wafer 1.png') };
    return (await client.testRuns.upload({ ...RUN, results })).id;
  };

  it('downloads a file into a folder, by the id or by the test run', async () => {
    await using client = newClient();
    const folder = await mkdtemp(join(tmpdir(), 'itkdb-result-'));
    const id = await newRun(client);
    const sizes: number[] = [];
    const first = await client.testRuns.downloadResult(id, 'IMAGE', folder, {
      onProgress: ({ done }) => sizes.push(done),
    });
    expect(first).toMatchObject({ name: 'wafer 1.png', size: png.length, contentType: 'image/png' });
    expect(await readFile(join(folder, 'wafer 1.png'))).toEqual(png);
    expect(sizes.at(-1)).toBe(png.length);
    const second = await client.testRuns.downloadResult(await client.testRuns.get(id), 'IMAGE', folder);
    expect(second.name).toBe('wafer 1 (2).png');
    const third = await client.testRuns.downloadResult(id, 'IMAGE', folder, { overwrite: true });
    expect(third.name).toBe('wafer 1.png');
    await rm(folder, { recursive: true });
  });

  it('refuses a result that does not exist or has no file', async () => {
    await using client = newClient();
    const id = await newRun(client);
    const messageOf = async (code: string): Promise<string> =>
      (await failure(client.testRuns.downloadResult(id, code, tmpdir()), InvalidInvocation)).message;
    expect(await messageOf('IMGE')).toBe(
      'client.testRuns.downloadResult: there is no result IMGE; is it IMAGE?',
    );
    expect(await messageOf('HUMIDITY')).toBe(
      'client.testRuns.downloadResult: the result HUMIDITY has no file',
    );
  });
});
