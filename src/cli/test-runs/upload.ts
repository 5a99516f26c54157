import type { Client } from '../../client/client.js';
import { toDate } from '../../client/test-runs/dates.js';
import type { UploadTestRunOptions } from '../../client/test-runs/options.js';
import { openFile } from '../../client/uploads/local-file.js';
import type { TestRun } from '../../commands/shapes.js';
import { DuplicateTestRuns } from '../../exceptions/base.js';
import { InvalidTestRun, type TestRunProblem } from '../../exceptions/invalid-test-run.js';
import { isFilledString } from '../../util/guards.js';
import { CliError, EXIT } from '../errors.js';
import { formatCounted } from '../output/style.js';
import { explainIncomplete, REPEATABLE } from '../writes/incomplete.js';
import type { TestRunFile } from './read-run.js';

/** How test runs are uploaded. */
export interface UploadSettings {
  readonly stage?: string | undefined;
  readonly restoreStage?: boolean | undefined;
  readonly runNumber?: 'next' | undefined;
  readonly nanAsNull?: boolean | undefined;
  readonly allowDuplicate?: boolean | undefined;
  readonly signal: AbortSignal;
}

/** The result of an upload. */
export interface Uploaded {
  readonly file: string;
  /** `completed`: the database had it without some of its files. `equal`: the database had it. */
  readonly status: 'uploaded' | 'completed' | 'equal';
  readonly runNumber: string;
  readonly id: string;
  readonly webUrl?: string;
}

/** The result of a check. */
export interface CheckedRun {
  readonly file: string;
  readonly problems: readonly TestRunProblem[];
}

/** Two times that differ by less are the same, in milliseconds: some programs write no seconds. */
const A_MINUTE = 60_000;

/**
 * Uploads a test run, unless the database has it.
 *
 * @throws CliError where the database has one with the same values, and another date or run number, or the test run has problems
 */
export async function uploadRun(
  client: Client,
  file: TestRunFile,
  settings: UploadSettings,
): Promise<Uploaded> {
  try {
    return await send(client, file, settings, settings.allowDuplicate === true);
  } catch (error) {
    if (!(error instanceof DuplicateTestRuns)) throw error;
    const equal = await findEqual(client, error.ids, file, settings);
    if (equal !== undefined) return resultOfEqual(client, equal, file, settings);
    throw new CliError(
      `the database has these values already, with another date or run number: ${error.ids.join(', ')}`,
      {
        exitCode: EXIT.failed,
        advice: 'If it is another test run, add --allow-duplicate.',
      },
    );
  }
}

/**
 * Uploads a test run of a spool, unless the database has it: then an earlier process uploaded it and was killed. Test runs
 * with the same results and different dates are two test runs.
 */
export async function uploadSpooledRun(
  client: Client,
  file: TestRunFile,
  settings: UploadSettings,
): Promise<Uploaded> {
  try {
    return await send(client, file, settings, false);
  } catch (error) {
    if (!(error instanceof DuplicateTestRuns)) throw error;
    const equal = await findEqual(client, error.ids, file, settings);
    if (equal === undefined) return send(client, file, settings, true);
    return resultOfEqual(client, equal, file, settings);
  }
}

/** Returns the problems of a test run. */
export async function checkRun(
  client: Client,
  { name, source }: TestRunFile,
  settings: UploadSettings,
): Promise<CheckedRun> {
  const { restoreStage: _, ...options } = optionsOf(settings);
  const problems = await client.testRuns.check(source, options);
  return {
    file: name,
    problems: problems.map(({ path, message }) => ({ path, message: translate(message) })),
  };
}

async function send(
  client: Client,
  file: TestRunFile,
  settings: UploadSettings,
  allowDuplicate: boolean,
): Promise<Uploaded> {
  const options = { ...optionsOf(settings), allowDuplicate };
  try {
    const { id, runNumber, webUrl } = await client.testRuns.upload(file.source, options);
    return { file: file.name, status: 'uploaded', runNumber, id, webUrl };
  } catch (error) {
    throw error instanceof DuplicateTestRuns ? error : inWordsOfOptions(error, allowDuplicate);
  }
}

function optionsOf({ allowDuplicate: _, ...options }: UploadSettings): UploadTestRunOptions {
  return options.stage === undefined ? options : { ...options, setStage: true };
}

/** Finds a test run with the date and the run number of the file, where the file has them, among those with equal results. */
async function findEqual(
  client: Client,
  ids: readonly string[],
  { run: { date, runNumber } }: TestRunFile,
  settings: UploadSettings,
): Promise<TestRun | undefined> {
  const time = timeOf(date);
  const isNumbered = settings.runNumber === undefined && isFilledString(runNumber);
  for (const id of ids) {
    const stored = await client.testRuns.get(id, { signal: settings.signal, cache: 'reload' });
    const isSameTime = time === undefined || Math.abs(time - (timeOf(stored.date) ?? 0)) < A_MINUTE;
    if (isSameTime && (!isNumbered || stored.runNumber === runNumber)) return stored;
  }
  return undefined;
}

function timeOf(date: unknown): number | undefined {
  const time = isFilledString(date) ? toDate(date) : undefined;
  return time === undefined || Number.isNaN(time.getTime()) ? undefined : time.getTime();
}

/**
 * Sends the files that a test run in the database does not have: an earlier process was killed before it sent them.
 *
 * @returns whether files were missing
 */
async function complete(
  client: Client,
  { id, results }: TestRun,
  { files }: TestRunFile,
  { signal }: UploadSettings,
): Promise<boolean> {
  const has = (code: string): boolean =>
    (results ?? []).some((one) => one.code === code && isFilledString(one.value));
  const missing = files.filter(({ code }) => !has(code));
  for (const { code, path } of missing) {
    const { file } = await openFile('upload', path, {}, signal);
    const form = new FormData();
    form.set('testRun', id);
    form.set('parameter', code);
    form.set('data', file);
    await client.post('createBinaryTestRunParameter', form, { signal });
  }
  return missing.length > 0;
}

async function resultOfEqual(
  client: Client,
  equal: TestRun,
  file: TestRunFile,
  settings: UploadSettings,
): Promise<Uploaded> {
  const isCompleted = await complete(client, equal, file, settings);
  const { id, runNumber } = equal;
  return { file: file.name, status: isCompleted ? 'completed' : 'equal', runNumber, id };
}

function inWordsOfOptions(error: unknown, allowsDuplicate: boolean): unknown {
  if (!(error instanceof InvalidTestRun)) {
    const again = 'See the test runs of the component before you upload it again: itkdb tests SERIALNUMBER';
    return explainIncomplete(error, allowsDuplicate ? again : REPEATABLE);
  }
  const { problems } = error;
  return new CliError(`${formatCounted(problems.length, 'problem')}, nothing was uploaded`, {
    exitCode: EXIT.failed,
    advice: problems.map(({ path, message }) => `- ${path} ${translate(message)}`).join('\n'),
    cause: error,
  });
}

/** Replaces the options of the library in a message by those of the command line. */
function translate(message: string): string {
  return message
    .replace("upload with { runNumber: 'next' }", 'use --run-number next')
    .replace('upload with { nanAsNull: true }', 'use --nan-as-null')
    .replace('{ setStage: true } would set it', '--stage would set it')
    .replace('but the option stage is', 'but --stage is')
    .replace('so setStage must not be', 'so --stage must be left out');
}
