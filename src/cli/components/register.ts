import type { Client } from '../../client/client.js';
import { type CsvLine, parseCsvLines, readCsvLines } from '../../client/components/read-csv.js';
import type {
  RegisteredRow,
  RegisterManyOptions,
  RegisterReport,
} from '../../client/components/register-many.js';
import type { Progress } from '../../client/requests/progress.js';
import type { Cli } from '../cli.js';
import { CliError, EXIT } from '../errors.js';
import { withoutPrefix } from '../explain-exception.js';
import { readText } from '../read-text.js';
import { explainIncomplete, incompleteOf } from '../writes/incomplete.js';
import { type DryRunOptions, showRequests } from '../writes/plan.js';

const AGAIN = 'Run the same command again: it registers nothing twice, and says what to do about this one.';
/** The column of the file by which people know their components. */
const LABEL = 'LOCALNAME';

/**
 * Registers the components of a CSV file, and shows the result of each line.
 *
 * @param file - its path; `-` for standard input
 */
export async function register(
  cli: Cli,
  file: string,
  { dryRun, ...options }: RegisterManyOptions & DryRunOptions,
): Promise<void> {
  const lines =
    file === '-'
      ? await parseCsvLines(await readText('-', 'The lines of the CSV file, then Ctrl-D:'))
      : await readCsvLines(file);
  const rows = lines.map(({ row }) => row);
  const { signal } = cli;
  const onProgress = (progress: Progress): void => cli.progress.show(progress, 'components');
  const run = (client: Client): Promise<RegisterReport> =>
    client.components.registerMany(rows, { ...options, signal, onProgress }).catch((error: unknown) => {
      throw inWordsOfOptions(error, lines);
    });
  const client = await cli.client();
  if (dryRun) {
    const plan = await client.plan(run);
    await showRequests(cli, plan);
    return tell(cli, lines, plan.result, true);
  }
  const report = await run(client).catch((error: unknown) => {
    if (incompleteOf(error) === undefined && options.journal !== undefined)
      cli.say('To continue, run the same command again when the reason is gone.');
    throw explainIncomplete(error, AGAIN);
  });
  const label = options.key ?? LABEL;
  const hasLabel = rows.some((row) => label in row);
  const columns = ['line', 'status', 'serialNumber', ...(hasLabel ? [label] : [])];
  // On a terminal, the reasons follow the table.
  if (cli.output.format !== 'text') columns.push('reason');
  const shown = report.rows.map(({ row, status, id, serialNumber, reason }) => ({
    ...{ line: lines[row - 1]?.line, status, id, serialNumber },
    ...(hasLabel && { [label]: rows[row - 1]?.[label] }),
    ...(reason !== undefined && { reason: withLines(reason, lines) }),
  }));
  await cli.output.list(shown, { noun: 'components', columns, isWhole: true });
  tell(cli, lines, report, false);
}

/** Says how many components are registered, and why the others are not. */
function tell(
  cli: Cli,
  lines: readonly CsvLine[],
  { rows, registered, exists }: RegisterReport,
  isDryRun: boolean,
): void {
  const bad = rows.filter(({ status }) => status !== 'registered' && status !== 'exists');
  for (const row of bad) cli.say(withLines(`row ${row.row}: ${row.status}: ${reasonOf(row)}`, lines));
  const before = `${exists} of ${rows.length} components ${exists === 1 ? 'was' : 'were'} registered before`;
  if (exists > 0) cli.say(registered > 0 && !isDryRun ? `${before}; continued with the others` : before);
  if (bad.length === 0) return;
  const outcome = isDryRun ? 'could not be' : bad.length === 1 ? 'was not' : 'were not';
  throw new CliError(`${bad.length} of ${rows.length} components ${outcome} registered`, {
    exitCode: EXIT.failed,
    advice: adviceFor(bad),
  });
}

/** Replaces the numbers of rows in a message by those of the lines of the file, which people see in their editor. */
function withLines(text: string, lines: readonly CsvLine[]): string {
  return text.replace(/\brow(s?) (\d+(?:, \d+)*)/g, (_, plural: string, numbers: string) => {
    const found = numbers.split(', ').map((number) => lines[Number(number) - 1]?.line ?? number);
    return `line${plural} ${found.join(', ')}`;
  });
}

function adviceFor(bad: readonly RegisteredRow[]): string {
  if (bad.some(({ status }) => status !== 'unknown'))
    return 'Correct the file, and run the same command again.';
  return bad.some((row) => adviceOf(row) === '') ? AGAIN : '';
}

/** Returns the reason and, for a row that is perhaps registered, the advice. */
function reasonOf(row: RegisteredRow): string {
  const reason = withoutPrefix(row.reason ?? '');
  return [reason, adviceOf(row)].filter((line) => line !== '').join('\n  ');
}

function adviceOf({ status, error }: RegisteredRow): string {
  if (status !== 'unknown') return '';
  const lines = (error?.message ?? '').split('\n').slice(1);
  return lines.find((line) => line.startsWith('Look') && !line.includes('resume()')) ?? '';
}

/** Replaces the options of the library in a message by those of the command line. */
function inWordsOfOptions(error: unknown, lines: readonly CsvLine[]): unknown {
  if (!(error instanceof Error) || !error.message.includes('Give `key`')) return error;
  const [reason = ''] = error.message.split('\n');
  return new CliError(withLines(withoutPrefix(reason), lines).replace(/^rows/, 'lines'), {
    advice: 'Add --journal FILE, or --key CODE: a property with another value in each line.',
    cause: error,
  });
}
