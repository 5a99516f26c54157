import type { TestRun } from '../../commands/shapes.js';
import { ResponseException } from '../../exceptions/response.js';
import { saysMissing } from '../bulk/failures.js';
import { idOf } from '../identifiers.js';
import type { ResourceContext } from '../resources/resource.js';
import { checkWrite, reload, type WriteOptions } from '../writes/checks.js';
import { hasNew, textsOf } from '../writes/comments.js';
import { confirmed, runSteps } from '../writes/steps.js';

/** How a test run is named: by its id, or as an object that has it. */
export type TestRunName = string | { readonly id: string };

/** See `testRuns.comment`. */
export async function addComment(
  { client }: ResourceContext,
  run: TestRunName,
  text: string | readonly string[],
  options: WriteOptions,
): Promise<void> {
  const subject = 'client.testRuns.comment';
  const testRun = idOf(subject, 'test run', run);
  const comments = textsOf(subject, text);
  const call = checkWrite(subject, options);
  const read = async (reading: WriteOptions): Promise<TestRun['comments']> =>
    (await client.get('getTestRun', { ...reload(reading), data: { testRun } })).comments;
  const before = await read(call);
  const step = {
    name: `comment on the test run ${testRun}`,
    write: async (sending: WriteOptions) => {
      await confirmed(client.post('createTestRunComment', { testRun, comments }, sending));
    },
    isDone: async (reading: WriteOptions) => hasNew(comments, before, await read(reading)),
  };
  return runSteps(subject, [step], call, () => undefined);
}

/** See `testRuns.delete`. */
export async function deleteTestRun(
  { client }: ResourceContext,
  run: TestRunName,
  options: WriteOptions,
): Promise<void> {
  const subject = 'client.testRuns.delete';
  const testRun = idOf(subject, 'test run', run);
  const call = checkWrite(subject, options);
  const isDeleted = async (reading: WriteOptions): Promise<boolean> => {
    const { state } = await client.get('getTestRun', { ...reload(reading), data: { testRun } });
    return state === 'deleted';
  };
  if (await isDeleted(call)) return;
  const step = {
    name: `delete the test run ${testRun}`,
    write: async (sending: WriteOptions) => {
      await confirmed(client.post('deleteTestRun', { testRun }, sending));
    },
    // It was there before, so one that is not there any more is deleted.
    isDone: (reading: WriteOptions) => isDeleted(reading).catch(isGone),
  };
  return runSteps(subject, [step], call, () => undefined);
}

function isGone(error: unknown): true {
  if (error instanceof ResponseException && saysMissing(error)) return true;
  throw error;
}
