import { beforeEach, describe, expect, it } from 'vitest';
import {
  type Client,
  Forbidden,
  IncompleteWrite,
  type TestRunTemplate,
  type UploadedTestRun,
} from '../../src/index.js';
import type { FaultKind } from '../../src/testing/index.js';
import { startDatabase } from '../helpers/database.js';
import { failure } from '../helpers/failure.js';

const { pdb, newClient } = await startDatabase({ components: 300 });

beforeEach(() => pdb.restore());

const PNG = Buffer.from('89504e470d0a1a0a0000000d4948445200000001', 'hex');
/** The steps of an upload that sets the stage, sends one file, and puts the stage back. */
const WRITES = [
  { command: 'setComponentStage', after: 0, step: 0 },
  { command: 'uploadTestRunResults', after: 0, step: 1 },
  { command: 'createBinaryTestRunParameter', after: 0, step: 2 },
  { command: 'setComponentStage', after: 1, step: 3 },
];
const OPTIONS = { stage: 'GLUED', setStage: true, restoreStage: true } as const;

/** A filled run with a file, of a strip module at another stage. */
async function newRun(client: Client): Promise<TestRunTemplate> {
  const component = pdb.dataset.components.find(
    ({ componentType, currentStage, state }) =>
      componentType.project === 'S' &&
      componentType.code === 'MODULE' &&
      currentStage.code === 'HV_TAB_ATTACHED' &&
      state === 'ready',
  );
  // A test of the stage GLUED that takes a file.
  await client.post('importTestType', {
    ...{
      project: 'S',
      componentType: 'MODULE',
      code: 'GLUE_PHOTO',
      name: 'Photo of the glue',
      stages: ['GLUED'],
    },
    properties: [],
    parameters: [
      { code: 'WEIGHT', name: 'Weight (g)', dataType: 'float', valueType: 'single', required: true },
      { code: 'PHOTO', name: 'Photo', dataType: 'image', valueType: 'single', required: false },
    ],
  });
  const run = await client.testRuns.template(component?.serialNumber ?? '', 'GLUE_PHOTO');
  Object.assign(run, { runNumber: '7', passed: true });
  Object.assign(run.results, { WEIGHT: 1.25, PHOTO: PNG });
  return run;
}

/** What another read says of the component. */
async function look(
  client: Client,
  component: string,
): Promise<{ runs: string[]; photos: number; stage?: string }> {
  const runs = await client.testRuns.list(component, { testType: 'GLUE_PHOTO' }).toArray();
  const { items } = await client.testRuns.getMany(runs.map(({ id }) => id));
  const photos = items.flatMap(({ results }) => (results ?? []).filter(({ code }) => code === 'PHOTO'));
  const { currentStage } = await client.get('getComponent', { data: { component } });
  return {
    runs: runs.map(({ id }) => id),
    photos: photos.filter(({ value }) => typeof value === 'string').length,
    ...(currentStage && { stage: currentStage.code }),
  };
}

const BEFORE: readonly FaultKind[] = [
  { status: 503 },
  { status: 200 },
  { drop: 'before-headers' },
  { html: '<p>busy', status: 502 },
];
const AFTER: readonly FaultKind[] = [{ drop: 'after-headers' }, { truncate: 3 }];

describe.each(WRITES)(
  'client.testRuns.upload where write $step, $command, fails',
  ({ command, after, step }) => {
    it.each(BEFORE)('before the database acts: %j', async (fault) => {
      await using client = newClient();
      const run = await newRun(client);
      const planned = pdb.fault({ on: command, after, ...fault });
      const error = await failure(client.testRuns.upload(run, OPTIONS), IncompleteWrite);
      expect(planned.hits).toBe(1);
      expect(error.outcome).toBe('unknown');
      const outcomes = error.steps.map(({ outcome }) => outcome);
      expect(outcomes[step]).toBe('unknown');
      expect(outcomes.slice(0, step)).toEqual(Array(step).fill('done'));
      const before = await look(client, run.component);
      expect(before.runs).toHaveLength(outcomes[1] === 'done' ? 1 : 0);
      expect(before.photos).toBe(outcomes[2] === 'done' ? 1 : 0);
      expect(before.stage).toBe(outcomes[3] === 'done' ? 'HV_TAB_ATTACHED' : 'GLUED');

      const { id } = (await error.resume()) as UploadedTestRun;
      expect(await look(client, run.component)).toEqual({ runs: [id], photos: 1, stage: 'HV_TAB_ATTACHED' });
    });

    it.each(AFTER)('after the database acted: %j', async (fault) => {
      await using client = newClient();
      const run = await newRun(client);
      const planned = pdb.fault({ on: command, after, ...fault });
      const { id } = await client.testRuns.upload(run, OPTIONS);
      expect(planned.hits).toBe(1);
      expect(await look(client, run.component)).toEqual({ runs: [id], photos: 1, stage: 'HV_TAB_ATTACHED' });
      expect(pdb.count('uploadTestRunResults')).toBe(1);
      expect(pdb.count('createBinaryTestRunParameter')).toBe(1);
      expect(pdb.count('setComponentStage')).toBe(2);
    });
  },
);

describe('client.testRuns.upload where a write fails', () => {
  it('throws the exception of the first write alone where the database refused it', async () => {
    await using client = newClient();
    const run = await newRun(client);
    pdb.fault({ on: 'setComponentStage', status: 403 });
    await failure(client.testRuns.upload(run, OPTIONS), Forbidden);
    expect(await look(client, run.component)).toEqual({ runs: [], photos: 0, stage: 'HV_TAB_ATTACHED' });
  });

  it.each([null, {}, []])('looks for the test run where the response to the upload is %j', async (answer) => {
    await using client = newClient();
    const run = await newRun(client);
    const { post } = client;
    client.post = (async (command: 'uploadTestRunResults', ...more: [never]) => {
      const result = await post.call(client, command, ...more);
      return command === 'uploadTestRunResults' ? answer : result;
    }) as never;
    const { id } = await client.testRuns.upload(run, OPTIONS);
    expect(await look(client, run.component)).toEqual({ runs: [id], photos: 1, stage: 'HV_TAB_ATTACHED' });
  });

  it('does not take an equal test run that was there before for the new one', async () => {
    await using client = newClient();
    const run = await newRun(client);
    const options = { ...OPTIONS, restoreStage: false };
    const old = await client.testRuns.upload(run, options);
    pdb.fault({ on: 'uploadTestRunResults', drop: 'before-headers' });
    const error = await failure(client.testRuns.upload(run, options), IncompleteWrite);
    expect(error.steps[0]).toMatchObject({ outcome: 'unknown' });
    expect((await look(client, run.component)).runs).toEqual([old.id]);
    const { id } = (await error.resume()) as UploadedTestRun;
    expect(id).not.toBe(old.id);
    expect((await look(client, run.component)).runs).toEqual([old.id, id]);
  });

  it('finds the new test run beside an equal one that was there before', async () => {
    await using client = newClient();
    const run = await newRun(client);
    const options = { ...OPTIONS, restoreStage: false };
    const old = await client.testRuns.upload(run, options);
    pdb.fault({ on: 'uploadTestRunResults', drop: 'after-headers' });
    const { id } = await client.testRuns.upload(run, options);
    expect((await look(client, run.component)).runs).toEqual([old.id, id]);
    expect(id).not.toBe(old.id);
  });

  it('tells of each write that is done, also of one that was found', async () => {
    await using client = newClient();
    const run = await newRun(client);
    pdb.fault({ on: 'uploadTestRunResults', drop: 'after-headers' });
    const progress: unknown[] = [];
    await client.testRuns.upload(run, { ...OPTIONS, onProgress: (one) => progress.push(one) });
    expect(progress).toEqual([1, 2, 3].map((done) => ({ done, total: 3, failed: 0 })));
  });

  it('asks which test runs there were before where the component does not say it', async () => {
    await using client = newClient();
    const run = await newRun(client);
    const options = { ...OPTIONS, restoreStage: false };
    const old = await client.testRuns.upload(run, options);
    const { tests: _, ...component } = await client.get('getComponent', {
      data: { component: run.component },
    });
    pdb.answer('getComponent', component);
    pdb.fault({ on: 'uploadTestRunResults', drop: 'before-headers' });
    await failure(client.testRuns.upload(run, options), IncompleteWrite);
    expect((await look(client, run.component)).runs).toEqual([old.id]);
  });

  it('looks once more in resume(), and uploads nothing twice', async () => {
    await using client = newClient();
    const run = await newRun(client);
    pdb.fault({ on: 'uploadTestRunResults', drop: 'after-headers' });
    const unreadable = pdb.fault({ on: 'listTestRunsByComponent', status: 503, times: Infinity });
    const error = await failure(client.testRuns.upload(run, OPTIONS), IncompleteWrite);
    expect(error.steps[1]).toMatchObject({ outcome: 'unknown' });
    unreadable.remove();
    const { id } = (await error.resume()) as UploadedTestRun;
    expect(await look(client, run.component)).toEqual({ runs: [id], photos: 1, stage: 'HV_TAB_ATTACHED' });
    expect(pdb.count('uploadTestRunResults')).toBe(1);
  });

  it.each([
    ['other results', { results: { WEIGHT: 9 } }],
    ['another run number', { runNumber: '8' }],
  ])('does not take a test run with %s for the new one', async (_, difference) => {
    await using client = newClient();
    const run = await newRun(client);
    const options = { ...OPTIONS, restoreStage: false };
    pdb.fault({
      on: 'uploadTestRunResults',
      respond: async (request, response) => {
        // Another person uploads at the same time.
        await using other = newClient();
        await other.post('uploadTestRunResults', { ...request.input, ...difference } as never);
        response.destroy();
      },
    });
    const error = await failure(client.testRuns.upload(run, options), IncompleteWrite);
    expect(error.steps[1]).toMatchObject({ outcome: 'unknown' });
  });

  it('does not take a result without a value for a file that was sent', async () => {
    await using client = newClient();
    const run = await newRun(client);
    pdb.fault({ on: 'createBinaryTestRunParameter', drop: 'before-headers' });
    pdb.answer('getTestRun', { results: [{ code: 'PHOTO', dataType: 'image', value: null }] });
    const error = await failure(client.testRuns.upload(run, OPTIONS), IncompleteWrite);
    expect(error.steps[2]).toMatchObject({ outcome: 'unknown' });
  });
});
