import type { FullComponent, LightTestRun, UploadTestRunResult } from '../../commands/shapes.js';
import { isException } from '../../exceptions/base.js';
import { InvalidTestRun, type TestRunProblem } from '../../exceptions/invalid-test-run.js';
import { isFilledString } from '../../util/guards.js';
import { asList } from '../../util/lists.js';
import type { DefinitionCache } from '../components/definitions.js';
import { isDuplicate, refuseDuplicates } from '../duplicates.js';
import { testRunUrl } from '../models/web-url.js';
import { type Progress, progressTeller } from '../requests/progress.js';
import type { ResourceContext } from '../resources/resource.js';
import { reload, type WriteOptions } from '../writes/checks.js';
import { answerOf, confirmed, runSteps, type Step } from '../writes/steps.js';
import { type CheckedTestRun, checkTestRun } from './check.js';
import type { Definitions } from './definitions.js';
import { checkUploadOptions, type UploadTestRunOptions } from './options.js';
import type { ResultFile } from './result-files.js';
import type { TestRunInput, TestRunTemplate, UploadInput } from './test-run-input.js';

/** A test run that was uploaded. */
export interface UploadedTestRun {
  /** The id of the test run: 24 hexadecimal digits. */
  readonly id: string;
  readonly runNumber: string;
  /** The address of its web page, for people. */
  readonly webUrl: string;
  /** What `uploadTestRunResults` returned of it. */
  readonly testRun: UploadTestRunResult['testRun'];
}

const SUBJECT = 'client.testRuns.upload';
/** The most problems that a message shows. */
const MOST_SHOWN = 30;

/** Checks a test run, and uploads it with its files. See `TestRuns.upload`. */
export async function uploadTestRun(
  context: ResourceContext,
  cache: DefinitionCache<Definitions>,
  given: TestRunInput | TestRunTemplate | string,
  options: UploadTestRunOptions,
): Promise<UploadedTestRun> {
  const { own, call, upload } = checkUploadOptions(SUBJECT, options);
  const { client } = context;
  const checked = await checkTestRun(context, cache, SUBJECT, given, { own, call });
  const { input, files, component, problems } = checked;
  if (problems.length > 0 || component === undefined) throw invalidTestRun(problems, input.component);
  if (upload.allowDuplicate === false)
    await refuseDuplicates(client, 'uploadTestRunResults', input, { ...call, allowDuplicate: false });
  const job: UploadJob = { context, call, checked, input, code: component.code, uploaded: undefined };
  if (own.runNumber === 'next') job.input = { ...input, runNumber: await nextRunNumber(job) };
  const steps = [
    ...stageSteps(job, upload.restoreStage === true),
    uploadStep(job, await idsBefore(job, component)),
    ...files.map((file) => fileStep(job, file)),
  ];
  return runSteps(
    SUBJECT,
    withProgress(steps, progressTeller(upload.onProgress, context.logger)),
    call,
    async (resumed) => {
      if (own.runNumber === 'next') await warnOfTwin(job, resumed);
      const testRun = job.uploaded as UploadTestRunResult['testRun'];
      const { id } = testRun;
      return { id, runNumber: job.input.runNumber, webUrl: testRunUrl(id, context.site), testRun };
    },
  );
}

function invalidTestRun(problems: readonly TestRunProblem[], component: unknown): InvalidTestRun {
  const shown = problems.slice(0, MOST_SHOWN).map(({ path, message }) => `- ${path} ${message}`);
  const others = problems.length - shown.length;
  const count = problems.length === 1 ? '1 problem' : `${problems.length} problems`;
  const which = isFilledString(component) ? ` of ${component}` : '';
  const lines = [
    `${SUBJECT}: the test run${which} has ${count}, and was not uploaded`,
    ...shown,
    ...(others > 0 ? [`- and ${others} more`] : []),
  ];
  return new InvalidTestRun(lines.join('\n'), { problems });
}

/** Tells of each step that is done. */
function withProgress(steps: readonly Step[], tell: ((progress: Progress) => void) | undefined): Step[] {
  // By name: a step that was taken back is done again.
  const done = new Set<string>();
  const count = (name: string): void => {
    done.add(name);
    tell?.({ done: done.size, total: steps.length, failed: 0 });
  };
  return steps.map(({ name, write, isDone, undo }) => ({
    ...{ name, undo },
    write: (call) => write(call).then(() => count(name)),
    isDone: async (call) => {
      const isFound = await isDone(call);
      if (isFound) count(name);
      return isFound;
    },
  }));
}

/** What the steps of an upload share. */
interface UploadJob {
  readonly context: ResourceContext;
  readonly call: WriteOptions;
  readonly checked: CheckedTestRun;
  input: UploadInput;
  /** The code of the component. */
  readonly code: string;
  /** The test run, after it was uploaded. */
  uploaded: UploadTestRunResult['testRun'] | undefined;
}

/** Sets the stage, where it is to be changed, and puts it back at the end. */
function stageSteps({ context, checked, input }: UploadJob, isRestored: boolean): Step[] {
  const { stage } = checked;
  if (stage === undefined) return [];
  const { component } = input;
  const step = (code: string, name: string): Omit<Step, 'undo'> => ({
    name,
    write: async (call) => {
      await confirmed(context.client.post('setComponentStage', { component, stage: code }, call));
    },
    isDone: async (call) => {
      const { currentStage } = await context.client.get('getComponent', {
        ...reload(call),
        data: { component },
      });
      return currentStage?.code === code;
    },
  });
  const undo = isRestored
    ? step(stage.from, `set the stage of ${component} back to ${stage.from}`)
    : undefined;
  return [{ ...step(stage.to, `set the stage of ${component} to ${stage.to}`), undo }];
}

/** Returns the ids of the test runs that the component has. */
async function idsBefore(job: UploadJob, { tests }: FullComponent): Promise<ReadonlySet<string>> {
  const runs =
    tests === undefined
      ? await listRuns(job, job.call)
      : asList(tests).flatMap(({ testRuns }) => asList(testRuns));
  return new Set(runs.map(({ id }) => id));
}

/** @param before - the ids of the test runs that the component had before */
function uploadStep(job: UploadJob, before: ReadonlySet<string>): Step {
  const { client } = job.context;
  return {
    name: `upload the test run ${job.input.runNumber} of ${job.input.component} (${job.input.testType})`,
    write: async (call) => {
      const { testRun } = answerOf(await client.post('uploadTestRunResults', job.input, call));
      answerOf(testRun?.id);
      job.uploaded = testRun;
    },
    isDone: async (call) => {
      const runs = await listRuns(job, call, ['ready']);
      const ids = runs.filter(({ id, runNumber }) => !before.has(id) && runNumber === job.input.runNumber);
      const found = await client.testRuns.getMany(
        ids.map(({ id }) => id),
        { ...reload(call), errors: 'stop' },
      );
      job.uploaded = found.items.findLast((one) => isDuplicate(one, job.input));
      return job.uploaded !== undefined;
    },
  };
}

function fileStep(job: UploadJob, { code, file }: ResultFile): Step {
  const { client } = job.context;
  const idOf = (): string => (job.uploaded as UploadTestRunResult['testRun']).id;
  return {
    name: `send the file ${file.name} as the result ${code}`,
    write: async (call) => {
      const form = new FormData();
      form.set('testRun', idOf());
      form.set('parameter', code);
      // Without a name as the third argument, which would make a copy of the file.
      form.set('data', file);
      await confirmed(client.post('createBinaryTestRunParameter', form, call));
    },
    isDone: async (call) => {
      const { results } = await client.get('getTestRun', { ...reload(call), data: { testRun: idOf() } });
      return asList(results).some((one) => one.code === code && isFilledString(one.value));
    },
  };
}

/** Lists the test runs of the component and the test type: of all stages, and without `state` in each state. */
function listRuns(
  { context, code, input }: UploadJob,
  call: WriteOptions,
  state?: readonly string[],
): Promise<readonly LightTestRun[]> {
  const filterMap = { code, testType: [input.testType], ...(state !== undefined && { state }) };
  return context.client.list('listTestRunsByComponent', { filterMap }, reload(call)).toArray();
}

/** Returns 1 + the largest run number that has only digits. */
async function nextRunNumber(job: UploadJob): Promise<string> {
  const numbers = (await listRuns(job, job.call))
    .map(({ runNumber }) => runNumber)
    .filter((one) => /^\d+$/.test(one));
  return String(numbers.map(BigInt).reduce((most, one) => (one > most ? one : most), 0n) + 1n);
}

/** Tells if another test run got the same run number meanwhile. The upload is done, so nothing fails here. */
async function warnOfTwin(job: UploadJob, call: WriteOptions): Promise<void> {
  const { logger, report } = job.context;
  const { runNumber } = job.input;
  const own = job.uploaded?.id;
  try {
    const twin = (await listRuns(job, call)).find((run) => run.runNumber === runNumber && run.id !== own);
    if (twin === undefined) return;
    report({
      command: 'uploadTestRunResults',
      key: 'runNumberTaken',
      message: `Two test runs of ${job.input.component} have the run number ${runNumber}: ${own} and ${twin.id}.`,
      paramMap: { runNumber, ids: [own, twin.id] },
    });
  } catch (error) {
    if (!isException(error)) throw error;
    logger.warn(`whether the run number ${runNumber} is taken twice could not be read: ${error.summary}`);
  }
}
