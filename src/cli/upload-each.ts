import type { Cli } from './cli.js';
import { CliError, EXIT } from './errors.js';
import { readRun } from './test-run-file.js';
import { type CheckedRun, checkRun, type UploadSettings, uploadRun } from './upload.js';
import { writeEach } from './write-each.js';

const COLUMNS = ['file', 'status', 'runNumber', 'id'];

/** Uploads the test runs of files, and shows what became of them. */
export function uploadEach(
  cli: Cli,
  files: readonly string[],
  { dryRun, ...settings }: UploadSettings & { readonly dryRun: boolean },
): Promise<void> {
  return writeEach(cli, {
    ...{ items: files, dryRun },
    nameOf: (name) => name,
    view: { noun: 'test runs', columns: COLUMNS },
    work: async (client, name) => uploadRun(client, await readRun(name), settings),
  });
}

/**
 * Shows the problems of the test runs of files.
 *
 * @throws CliError where there are some
 */
export async function checkEach(cli: Cli, files: readonly string[], settings: UploadSettings): Promise<void> {
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
