import type { Client } from '../../client/client.js';
import type { Cli } from '../cli.js';
import { CliError, EXIT } from '../errors.js';
import type { DryRunOptions } from '../writes/plan.js';
import { writeEach } from '../writes/write-each.js';
import { readRun, type TestRunFile } from './read-run.js';
import { remarksOn } from './remarks.js';
import { type CheckedRun, checkRun, type UploadSettings, uploadRun } from './upload.js';

const COLUMNS = ['file', 'status', 'runNumber', 'id'];

/** Uploads the test runs of files, and shows the result of each. */
export function uploadEach(
  cli: Cli,
  files: readonly string[],
  { dryRun, ...settings }: UploadSettings & DryRunOptions,
): Promise<void> {
  return writeEach(cli, {
    items: files,
    nameOf: (name) => name,
    view: { noun: 'test runs', columns: COLUMNS },
    dryRun,
    work: async (client, name) => {
      const uploaded = await uploadRun(client, await readRun(name), settings);
      if (dryRun && uploaded.status === 'equal') cli.say(`${name}: the database has this test run already`);
      return uploaded;
    },
  });
}

/**
 * Shows the problems of the test runs of files.
 *
 * @throws CliError where a test run has problems
 */
export async function checkEach(
  cli: Cli,
  files: readonly string[],
  { dryRun: _, ...settings }: UploadSettings & DryRunOptions,
): Promise<void> {
  let bad = 0;
  await writeEach(cli, {
    items: files,
    nameOf: (name) => name,
    view: { noun: 'test runs', columns: [] },
    toText: textOf,
    work: async (client, name) => {
      const checked = await checkFile(cli, client, name, settings);
      if (checked.problems.length > 0) bad += 1;
      return checked;
    },
  });
  if (bad > 0)
    throw new CliError(`${bad} of ${files.length} test runs ${bad === 1 ? 'has' : 'have'} problems`, {
      exitCode: EXIT.failed,
    });
}

async function checkFile(
  cli: Cli,
  client: Client,
  name: string,
  settings: UploadSettings,
): Promise<CheckedRun> {
  let file: TestRunFile;
  try {
    file = await readRun(name);
  } catch (error) {
    if (!(error instanceof CliError)) throw error;
    return { file: name, problems: [{ path: '', message: error.message }] };
  }
  const checked = await checkRun(client, file, settings);
  if (checked.problems.length === 0)
    for (const remark of await remarksOn(client, file, settings)) cli.say(`${file.name}: remark: ${remark}`);
  return checked;
}

function textOf({ file, problems }: CheckedRun): string {
  if (problems.length === 0) return `${file}: no problem`;
  return problems
    .map(({ path, message }) => (path === '' ? message : `${file}: ${path} ${message}`))
    .join('\n');
}
