import type { Client } from '../../client/client.js';
import { parseCsv, readCsv } from '../../client/components/read-csv.js';
import type {
  RegisteredRow,
  RegisterManyOptions,
  RegisterReport,
} from '../../client/components/register-many.js';
import type { Progress } from '../../client/requests/progress.js';
import type { Cli } from '../cli.js';
import { CliError, EXIT, withoutMethod } from '../errors.js';
import { readText } from '../read-text.js';
import { explainIncomplete, incompleteOf } from '../writes/incomplete.js';
import { type DryRunOptions, showRequests } from '../writes/plan.js';

const AGAIN = 'Run the same command again: it registers nothing twice, and says what to do about this one.';
const COLUMNS = ['row', 'status', 'serialNumber', 'reason'];

/**
 * Registers the components of a CSV file, and shows the result of each row.
 *
 * @param file - its path; `-` for standard input
 */
export async function register(
  cli: Cli,
  file: string,
  { dryRun, ...options }: RegisterManyOptions & DryRunOptions,
): Promise<void> {
  const rows =
    file === '-'
      ? await parseCsv(await readText('-', 'The lines of the CSV file, then Ctrl-D:'))
      : await readCsv(file);
  const { signal } = cli;
  const onProgress = (progress: Progress): void => cli.progress.show(progress, 'components');
  const run = (client: Client): Promise<RegisterReport> =>
    client.components.registerMany(rows, { ...options, signal, onProgress }).catch((error: unknown) => {
      throw inWordsOfOptions(error);
    });
  const client = await cli.client();
  if (dryRun) {
    const plan = await client.plan(run);
    await showRequests(cli, plan);
    return tell(cli, plan.result, true);
  }
  const report = await run(client).catch((error: unknown) => {
    if (incompleteOf(error) === undefined && options.journal !== undefined)
      cli.say('To continue, run the same command again when the reason is gone.');
    throw explainIncomplete(error, AGAIN);
  });
  const view = { noun: 'components', columns: COLUMNS, isWhole: true };
  await cli.output.list(report.rows.map(withoutError), view);
  tell(cli, report, false);
}

/** Says how many rows are registered, and why the others are not. */
function tell(cli: Cli, { rows, registered, exists }: RegisterReport, isDryRun: boolean): void {
  const bad = rows.filter(({ status }) => status !== 'registered' && status !== 'exists');
  for (const row of bad) cli.say(`row ${row.row}: ${row.status}: ${reasonOf(row)}`);
  const before = `${exists} of ${rows.length} rows ${exists === 1 ? 'was' : 'were'} registered before`;
  if (exists > 0) cli.say(registered > 0 && !isDryRun ? `${before}; continued with the others` : before);
  if (bad.length === 0) return;
  const outcome = isDryRun ? 'could not be' : bad.length === 1 ? 'was not' : 'were not';
  throw new CliError(`${bad.length} of ${rows.length} rows ${outcome} registered`, {
    exitCode: EXIT.failed,
    advice: adviceFor(bad),
  });
}

function adviceFor(bad: readonly RegisteredRow[]): string {
  if (bad.some(({ status }) => status !== 'unknown'))
    return 'Correct the rows in the file, and run the same command again.';
  return bad.some((row) => adviceOf(row) === '') ? AGAIN : '';
}

/** Returns the reason and, for a row that is perhaps registered, the advice. */
function reasonOf(row: RegisteredRow): string {
  const reason = withoutMethod(row.reason ?? '');
  return [reason, adviceOf(row)].filter((line) => line !== '').join('\n  ');
}

function adviceOf({ status, error }: RegisteredRow): string {
  if (status !== 'unknown') return '';
  const lines = (error?.message ?? '').split('\n').slice(1);
  return lines.find((line) => line.startsWith('Look') && !line.includes('resume()')) ?? '';
}

function withoutError({ error: _, ...row }: RegisteredRow): object {
  return row;
}

/** Replaces the options of the library in a message by those of the command line. */
function inWordsOfOptions(error: unknown): unknown {
  if (!(error instanceof Error) || !error.message.includes('Give `key`')) return error;
  const [reason = ''] = error.message.split('\n');
  return new CliError(withoutMethod(reason), {
    advice: 'Add --journal FILE, or --key CODE: a property with another value in each line.',
    cause: error,
  });
}
