import type { Cli } from '../cli.js';
import { CliError, EXIT } from '../errors.js';
import type { DryRunOptions } from '../writes/plan.js';
import { writeEach } from '../writes/write-each.js';
import { readRun } from './read-run.js';
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
    work: async (client, name) => uploadRun(client, await readRun(name), settings),
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
      const checked = await checkRun(client, await readRun(name), settings);
      if (checked.problems.length > 0) bad += 1;
      return checked;
    },
  });
  if (bad > 0)
    throw new CliError(`${bad} of ${files.length} test runs ${bad === 1 ? 'has' : 'have'} problems`, {
      exitCode: EXIT.failed,
    });
}

function textOf({ file, problems }: CheckedRun): string {
  if (problems.length === 0) return `${file}: no problem`;
  return problems.map(({ path, message }) => `${file}: ${path} ${message}`).join('\n');
}
