import { describe, expectTypeOf, it } from 'vitest';
import type {
  Client,
  DownloadedFile,
  InvalidInvocation,
  InvalidTestRun,
  TestRun,
  TestRunProblem,
  TestRunTemplate,
  UploadedTestRun,
} from '../../src/index.js';

declare const client: Client;

describe('client.testRuns', () => {
  it('returns one test run for a test type, and one for each of them without', () => {
    expectTypeOf(client.testRuns.latest('x', 'IV')).resolves.toEqualTypeOf<TestRun | undefined>();
    expectTypeOf(client.testRuns.latest({ id: 'x' })).resolves.toEqualTypeOf<
      Partial<Record<string, TestRun>>
    >();
    expectTypeOf(client.testRuns.get('x')).resolves.toEqualTypeOf<TestRun>();
    expectTypeOf(client.testRuns.ofTree('x', { testType: 'IV' })).toEqualTypeOf<
      AsyncIterableIterator<TestRun>
    >();
  });

  it('uploads a template, and an object with what is required', () => {
    expectTypeOf(client.testRuns.template('x', 'IV')).resolves.toEqualTypeOf<TestRunTemplate>();
    expectTypeOf<TestRunTemplate['passed']>().toEqualTypeOf<boolean | null>();
    expectTypeOf<TestRunTemplate>().toExtend<Parameters<typeof client.testRuns.upload>[0]>();
    expectTypeOf<TestRunTemplate>().toExtend<Parameters<typeof client.testRuns.check>[0]>();
    expectTypeOf(client.testRuns.upload('run.json')).resolves.toEqualTypeOf<UploadedTestRun>();
    expectTypeOf(client.testRuns.check('run.json')).resolves.toEqualTypeOf<readonly TestRunProblem[]>();
    const run = { component: 'x', testType: 'IV', institution: 'CERN', passed: true, problems: false };
    void client.testRuns.upload({ ...run, date: new Date() }, { runNumber: 'next' });
    // @ts-expect-error a run number is a text
    void client.testRuns.upload({ ...run, runNumber: 7 });
    // @ts-expect-error `passed` is no text
    void client.testRuns.upload({ ...run, passed: 'true' });
    // @ts-expect-error any other run number belongs into the test run
    void client.testRuns.upload(run, { runNumber: '7' });
    // @ts-expect-error there is no such option
    void client.testRuns.upload(run, { setStages: true });
  });

  it('downloads, comments and deletes by the id or by the test run', () => {
    expectTypeOf(
      client.testRuns.downloadResult('x', 'IMAGE', 'images'),
    ).resolves.toEqualTypeOf<DownloadedFile>();
    expectTypeOf(client.testRuns.comment({ id: 'x' }, 'second try')).resolves.toEqualTypeOf<void>();
    expectTypeOf(client.testRuns.delete('x')).resolves.toEqualTypeOf<void>();
  });

  it('throws InvalidTestRun, an InvalidInvocation', () => {
    expectTypeOf<InvalidTestRun>().toExtend<InvalidInvocation>();
    expectTypeOf<InvalidTestRun['problems']>().toEqualTypeOf<readonly TestRunProblem[]>();
  });
});
