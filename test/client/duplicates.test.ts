import { beforeEach, describe, expect, it } from 'vitest';
import {
  BadRequest,
  type Client,
  DuplicateTestRuns,
  InvalidInvocation,
  type TestRunValue,
} from '../../src/index.js';
import { startDatabase } from '../helpers/database.js';
import { failure } from '../helpers/failure.js';

const { pdb, newClient } = await startDatabase({ components: 300 });

beforeEach(() => pdb.restore());

type Run = {
  component: string;
  testType: string;
  institution: string;
  runNumber: string;
  passed: boolean;
  problems: boolean;
  properties: Record<string, unknown>;
  results: Record<string, unknown>;
  comments: string[];
  defects: { name: string; description: string; properties: object }[];
};

/** A strip module at its first stage, and a run of one of the tests of this stage. */
async function newRun(client: Client): Promise<{ run: Run; id: string; code: string; alternative: string }> {
  const list = client.list('listComponents', {
    filterMap: { project: 'S', componentType: 'MODULE', currentStage: 'HV_TAB_ATTACHED' },
  });
  for await (const { id, code, serialNumber, alternativeIdentifier, currentLocation } of list) {
    if (alternativeIdentifier === null || serialNumber === null) continue;
    const run = {
      ...{ component: serialNumber, testType: 'VISUAL_INSPECTION', institution: currentLocation.code },
      ...{ runNumber: '7', passed: false, problems: true, properties: { OPERATOR: 'Sam Sample' } },
      results: { TEMPERATURE: 21.5, HUMIDITY: 30 },
      comments: ['a scratch'],
      defects: [{ name: 'Scratch', description: 'near the edge', properties: { length: 3 } }],
    };
    return { run, id, code, alternative: alternativeIdentifier };
  }
  throw new Error('no such module');
}

const upload = (client: Client, run: object) =>
  client.post('uploadTestRunResults', run as Run, { allowDuplicate: false });

/** Uploads a run, and returns its id. */
async function store(client: Client, run: Run): Promise<string> {
  const { testRun } = await client.post('uploadTestRunResults', run);
  return testRun.id;
}

const uploads = (): number => pdb.count('uploadTestRunResults');

describe("client.post('uploadTestRunResults', run, { allowDuplicate: false })", () => {
  it('uploads a test run that the database does not have', async () => {
    await using client = newClient();
    const { run } = await newRun(client);
    const { testRun } = await upload(client, run);
    expect(await client.get('getTestRun', { data: { testRun: testRun.id } })).toMatchObject({
      runNumber: '7',
    });
  });

  it('throws DuplicateTestRuns with the `ids`, and uploads nothing', async () => {
    await using client = newClient();
    const { run } = await newRun(client);
    const ids = [await store(client, run), await store(client, run)];
    const error = await failure(
      upload(client, { ...run, runNumber: '8', date: '2026-01-01T00:00:00.000Z' }),
      DuplicateTestRuns,
    );
    expect(error.ids).toEqual(ids);
    expect(error.code).toBe('ERR_DUPLICATE_TEST_RUNS');
    expect(error.summary).toBe(
      `Duplicate test runs: the database already has this test run of ${run.component}: ${ids.join(', ')}`,
    );
    expect(uploads()).toBe(2);
  });

  it.each(['id', 'code', 'alternative'] as const)(
    'finds the test runs of a component that is named by its %s',
    async (kind) => {
      await using client = newClient();
      const { run, ...names } = await newRun(client);
      const stored = await store(client, run);
      const error = await failure(upload(client, { ...run, component: names[kind] }), DuplicateTestRuns);
      expect(error.ids).toEqual([stored]);
    },
  );

  it.each<[string, (run: Run) => void]>([
    ['passed', (run) => Object.assign(run, { passed: true })],
    ['problems', (run) => Object.assign(run, { problems: false })],
    ['passed and problems', (run) => Object.assign(run, { passed: true, problems: false })],
    ['a property', (run) => Object.assign(run.properties, { OPERATOR: 'Alex Example' })],
    ['the properties', (run) => Object.assign(run, { properties: {} })],
    ['a result', (run) => Object.assign(run.results, { TEMPERATURE: 21.6 })],
    ['a list with a null in place of nothing', (run) => Object.assign(run.properties, { NEW: [null] })],
    ['the comments', (run) => run.comments.push('another one')],
    ['no comments', (run) => Object.assign(run, { comments: undefined })],
    ['a defect', (run) => Object.assign(run.defects[0] as object, { description: 'elsewhere' })],
    [
      'the properties of a defect',
      (run) => Object.assign(run.defects[0]?.properties as object, { length: 4 }),
    ],
    ['no defects', (run) => Object.assign(run, { defects: [] })],
  ])('uploads a test run that differs in %s', async (_, change) => {
    await using client = newClient();
    const { run } = await newRun(client);
    await store(client, run);
    change(run);
    await upload(client, run);
    expect(uploads()).toBe(2);
  });

  it.each<[string, (run: Run) => void]>([
    ['texts in place of booleans', (run) => Object.assign(run, { passed: 'false', problems: 'true' })],
    [
      'texts in place of numbers',
      (run) => Object.assign(run.results, { TEMPERATURE: '21.5', HUMIDITY: '30.0' }),
    ],
    ['null for a property that is not set', (run) => Object.assign(run.properties, { NEW: null })],
    ['an empty list for a property that is not set', (run) => Object.assign(run.properties, { NEW: [] })],
    ['the code of a defect', (run) => Object.assign(run.defects[0] as object, { code: 'x' })],
    ['an image, which is sent after the upload', (run) => Object.assign(run.results, { IMAGE: null })],
  ])('takes a test run for the same with %s', async (_, change) => {
    await using client = newClient();
    const { run } = await newRun(client);
    await store(client, run);
    change(run);
    await failure(upload(client, run), DuplicateTestRuns);
  });

  it('compares nothing with null, an empty list and a missing member', async () => {
    await using client = newClient();
    const { run } = await newRun(client);
    const { comments, defects, problems, properties, ...rest } = run;
    await store(client, rest as Run);
    for (const more of [
      {},
      { comments: null, defects: null, properties: null },
      { comments: [], defects: [] },
    ])
      await failure(upload(client, { ...rest, problems: false, ...more }), DuplicateTestRuns);
  });

  it('does not take the image of a stored test run for a difference', async () => {
    await using client = newClient();
    const { run } = await newRun(client);
    const testRun = await store(client, run);
    const form = new FormData();
    for (const [key, value] of Object.entries({ testRun, parameter: 'IMAGE' })) form.set(key, value);
    form.set('data', new Blob(['picture'], { type: 'image/png' }), 'a.png');
    await client.post('createBinaryTestRunParameter', form);
    const { results } = await client.get('getTestRun', { data: { testRun } });
    const image = results?.find(({ code }: TestRunValue) => code === 'IMAGE');
    expect(image?.value).toEqual(expect.any(String));
    await failure(upload(client, run), DuplicateTestRuns);
  });

  it('changes nothing in the object of the caller', async () => {
    await using client = newClient();
    const { run } = await newRun(client);
    await store(client, run);
    const sent = Object.freeze({
      ...run,
      properties: Object.freeze({ OPERATOR: 5 }),
      results: Object.freeze({ TEMPERATURE: 1.5, HUMIDITY: 2, UNKNOWN: undefined }),
    });
    const before = structuredClone(sent);
    await upload(client, sent).catch(() => {});
    expect(sent).toEqual(before);
    expect(pdb.requests.at(-1)).toMatchObject({
      command: 'uploadTestRunResults',
      json: { properties: { OPERATOR: 5 } },
    });
  });

  it('ignores deleted test runs, and those of other test types and stages', async () => {
    await using client = newClient();
    const { run } = await newRun(client);
    const testRun = await store(client, run);
    await client.post('deleteTestRun', { testRun });
    await upload(client, run);
    const { json } = pdb.requests.findLast(({ command }) => command === 'listTestRunsByComponent') as {
      json: unknown;
    };
    expect(json).toMatchObject({
      filterMap: { serialNumber: run.component, testType: [run.testType], state: ['ready'] },
    });
    await failure(upload(client, { ...run, stage: 'HV_TAB_ATTACHED' }), DuplicateTestRuns);
    // The server refuses this one: it was not taken for a duplicate.
    await failure(upload(client, { ...run, stage: 'GLUED' }), BadRequest);
  });

  it('compares with 120 test runs in three requests', async () => {
    await using client = newClient();
    const { run } = await newRun(client);
    await Promise.all(
      Array.from({ length: 120 }, (_, index) => store(client, { ...run, comments: [`${index}`] })),
    );
    const error = await failure(upload(client, { ...run, comments: ['119'] }), DuplicateTestRuns);
    expect(error.ids).toHaveLength(1);
    expect(pdb.count('getTestRunBulk')).toBe(3);
  });

  it('asks the server in spite of stored responses', async () => {
    await using client = newClient({ cache: new Map(), expiresAfter: { hours: 1 } });
    await using other = newClient();
    const { run } = await newRun(other);
    const { component: serialNumber, testType } = run;
    const filterMap = { serialNumber, testType: [testType], state: ['ready'] };
    const before = await client.list('listTestRunsByComponent', { filterMap });
    const stored = await store(other, run);
    const { response } = await client.list('listTestRunsByComponent', { filterMap });
    expect(response.fromCache).toBe(true);
    expect(before.data.map(({ id }) => id)).not.toContain(stored);
    const error = await failure(upload(client, run), DuplicateTestRuns);
    expect(error.ids).toEqual([stored]);
  });

  it('uploads nothing where the check fails', async () => {
    await using client = newClient();
    const { run } = await newRun(client);
    const error = await failure(upload(client, { ...run, component: 'nobody knows it' }), BadRequest);
    expect(error.hasAppError('componentDoesNotExist')).toBe(true);
    pdb.fault({ on: 'listTestRunsByComponent', status: 500, times: Infinity });
    await expect(upload(client, run)).rejects.toMatchObject({ code: 'ERR_SERVER_ERROR' });
    const signal = AbortSignal.abort();
    const aborted = client.post('uploadTestRunResults', run, { allowDuplicate: false, signal });
    await expect(aborted).rejects.toMatchObject({ code: 'ERR_ABORTED' });
    expect(uploads()).toBe(0);
  });

  it.each([[undefined], [null], [{}], [{ component: 'x' }], [{ testType: 'x' }], [[]]])(
    'refuses %j, which is no test run to compare',
    async (run) => {
      await using client = newClient();
      const error = await failure(upload(client, run as never), InvalidInvocation);
      expect(error.message).toContain('needs the test run as the second argument');
      expect(pdb.count()).toBe(0);
    },
  );

  it('refuses a test run that JSON cannot hold, by the name of the member', async () => {
    await using client = newClient();
    const run = { component: 'x', testType: 'x', results: { VBD: Number.NaN } };
    expect((await failure(upload(client, run), InvalidInvocation)).message).toContain('`results.VBD` is NaN');
  });
});

describe('allowDuplicate', () => {
  it('uploads without a check where it is true or undefined', async () => {
    await using client = newClient();
    const { run } = await newRun(client);
    await store(client, run);
    for (const allowDuplicate of [true, undefined])
      await client.post('uploadTestRunResults', run, { allowDuplicate }).withResponse();
    expect(uploads()).toBe(3);
    expect(pdb.count('listTestRunsByComponent')).toBe(0);
  });

  it('is refused for another command', async () => {
    await using client = newClient();
    const call = client.post('setComponentStage', { component: 'x', stage: 'y' }, { allowDuplicate: false });
    expect((await failure(call, InvalidInvocation)).message).toBe(
      "client.post('setComponentStage'): `allowDuplicate: false` is for uploadTestRunResults alone",
    );
    expect(pdb.count()).toBe(0);
  });

  it('must be a boolean', async () => {
    await using client = newClient();
    for (const allowDuplicate of [null, 0, 'no'])
      await expect(client.post('x', {}, { allowDuplicate } as never)).rejects.toThrow(
        '`allowDuplicate` must be true or false',
      );
  });

  it('is refused by other methods, and by its Python name, with a hint', async () => {
    await using client = newClient();
    await expect(client.put('x', {}, { allowDuplicate: false } as never)).rejects.toThrow(
      'there is no option `allowDuplicate`; it is an option of client.post',
    );
    await expect(client.post('x', {}, { allow_duplicate: false } as never)).rejects.toThrow(
      'there is no option `allow_duplicate`; it is `allowDuplicate` of client.post',
    );
  });
});
