import { checkValue, FILLED_STRING } from '../../config/check-options.js';
import { InvalidInvocation } from '../../exceptions/base.js';
import { ResponseException } from '../../exceptions/response.js';
import { isFilledString, isRecord } from '../../util/guards.js';
import { saysMissing } from '../bulk/failures.js';
import type { ResourceContext } from '../resources/resource.js';
import { runSteps } from '../writes/steps.js';
import { checkWrite, reload, type WriteOptions } from '../writes/write-options.js';

/** How a test run is named: by its id, or as an object that has it. */
export type TestRunName = string | { readonly id: string };

/** Returns the id of a test run. */
export function idOf(subject: string, run: TestRunName): string {
  const id: unknown = isRecord(run) ? run['id'] : run;
  if (isFilledString(id)) return id;
  throw new InvalidInvocation(`${subject}: the test run must be an id, or an object that has an \`id\``);
}

/** Adds a comment to a test run. */
export async function addComment(
  { client }: ResourceContext,
  run: TestRunName,
  text: string,
  options: WriteOptions,
): Promise<void> {
  const subject = 'client.testRuns.comment';
  const testRun = idOf(subject, run);
  checkValue(subject, 'text', text, FILLED_STRING);
  const call = checkWrite(subject, options, '{ timeout: 30_000 }');
  const count = async (reading: WriteOptions): Promise<number> => {
    const { comments } = await client.get('getTestRun', { ...reload(reading), data: { testRun } });
    return Array.isArray(comments) ? comments.filter(({ comment }) => comment === text).length : 0;
  };
  const before = await count(call);
  const step = {
    name: `comment on the test run ${testRun}`,
    write: async (sending: WriteOptions) => {
      await client.post('createTestRunComment', { testRun, comments: [text] }, sending);
    },
    isDone: async (reading: WriteOptions) => (await count(reading)) > before,
  };
  return runSteps(subject, [step], call, () => undefined);
}

/** Deletes a test run, unless it is deleted. */
export async function deleteTestRun(
  { client }: ResourceContext,
  run: TestRunName,
  options: WriteOptions,
): Promise<void> {
  const subject = 'client.testRuns.delete';
  const testRun = idOf(subject, run);
  const call = checkWrite(subject, options, '{ timeout: 30_000 }');
  const isDeleted = async (reading: WriteOptions): Promise<boolean> => {
    const { state } = await client.get('getTestRun', { ...reload(reading), data: { testRun } });
    return state === 'deleted';
  };
  if (await isDeleted(call)) return;
  const step = {
    name: `delete the test run ${testRun}`,
    write: async (sending: WriteOptions) => {
      await client.post('deleteTestRun', { testRun }, sending);
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
