import { type Command, Option } from 'commander';
import type { Client } from '../../client/client.js';
import { refCode } from '../../commands/references.js';
import type { TestRun } from '../../commands/shapes.js';
import { asList } from '../../util/lists.js';
import { action } from '../action.js';
import type { Cli } from '../cli.js';
import { CliError, EXIT } from '../errors.js';
import { addRecordOptions, toNames } from '../options.js';

interface PlotOptions {
  readonly testType?: string;
  readonly x?: string;
  readonly y?: readonly string[];
  readonly logY?: boolean;
  /** The name of a file; `true` for stdout. */
  readonly svg?: string | true;
  readonly ascii?: boolean;
}

const RUN_ID = /^[0-9a-f]{24}$/i;
/** The width where stdout is no terminal, in columns. */
const WIDTH = 80;

/** `itkdb plot` */
export function define(command: Command): void {
  addRecordOptions(command)
    .argument('<runs...>', 'ids of test runs; with --test-type also components; "-" for standard input')
    .option('--test-type <code>', 'of a component, the latest run of this test type is drawn')
    .option('--x <code>', 'result for the x axis, or "index"')
    .option('--y <codes>', 'results for the y axis, separated by commas', toNames)
    .option('--log-y', 'logarithmic y axis, of absolute values')
    .addOption(
      new Option('--svg [file]', 'writes SVG, to a file or to standard output').conflicts(['json', 'table']),
    )
    .addOption(new Option('--csv', 'writes the points as CSV, a table').conflicts(['json', 'table', 'svg']))
    .addOption(new Option('--excel', 'with --csv: for Excel and other spreadsheet programs'))
    .option('--ascii', 'uses only ASCII characters')
    .action(
      action<PlotOptions, [readonly string[]]>(async (cli, options, words) => {
        const { readTestRunNames } = await import('../components/names.js');
        const names = await readTestRunNames(words);
        const { svg } = options;
        const { checkTarget, writeTextFile } = await import('../files/write-file.js');
        const file = typeof svg === 'string' && svg !== '-' ? svg : undefined;
        if (file !== undefined) await checkTarget(file);
        if (file !== undefined && /\.[a-z]{3,4}$/i.test(file) && !/\.svg$/i.test(file))
          throw new CliError(`the picture is SVG, and ${file} has the ending of another format`, {
            advice: `Name it: ${file.replace(/\.[^.]*$/, '.svg')}`,
          });
        const runs = await readRuns(cli, names, options.testType);
        const { pictureOf, pointsOf } = await import('../plot/picture.js');
        if (cli.output.format === 'csv') {
          const points = pointsOf(runs, { x: options.x, y: options.y });
          return cli.output.list(points, { noun: 'points', columns: [], isWhole: true });
        }
        const picture = pictureOf(runs, { x: options.x, y: options.y });
        const isLogY = options.logY ?? false;
        if (svg !== undefined) {
          const { toSvg } = await import('../plot/svg.js');
          const text = toSvg(picture, { isLogY });
          if (file === undefined) return cli.output.write(text);
          cli.say(`written: ${await writeTextFile(file, text)}`);
          return;
        }
        const { toTerminal } = await import('../plot/terminal.js');
        const { isColoured } = await import('../output/style.js');
        await cli.output.show(picture, () =>
          toTerminal(picture, {
            width: Number.isFinite(cli.output.width) ? cli.output.width : WIDTH,
            isLogY,
            isColoured: isColoured(process.stdout),
            isAscii: options.ascii ?? !hasUnicode(),
          }),
        );
      }),
    );
}

/** Reads test runs by their ids, and the latest ones of components, in the order in which they are named. */
async function readRuns(
  cli: Cli,
  names: readonly string[],
  testType: string | undefined,
): Promise<TestRun[]> {
  const { signal } = cli;
  const other = names.find((name) => !RUN_ID.test(name));
  const client = await cli.client();
  if (other !== undefined && testType === undefined) throw await withoutTestType(client, other, signal);
  const ids = names.filter((name) => RUN_ID.test(name));
  const { items, failed } = await client.testRuns.getMany(ids, { signal, errors: 'collect' });
  const [failure] = failed;
  if (failure !== undefined) throw failure.error;
  const runs: TestRun[] = [];
  for (const name of names) {
    const run = RUN_ID.test(name)
      ? items.find(({ id }) => id.toLowerCase() === name.toLowerCase())
      : await readLatest(client, name, testType as string, signal);
    if (run === undefined) throw new CliError(`there is no test run ${name}`, { exitCode: EXIT.notFound });
    runs.push(run);
  }
  return runs;
}

/** Makes the error of a component without a test type: it names those whose latest test runs have curves. */
async function withoutTestType(client: Client, name: string, signal: AbortSignal): Promise<CliError> {
  const { latestOf, readyRunsOf } = await import('../test-runs/choice.js');
  const { arraysOf } = await import('../plot/arrays.js');
  const { tests } = await client.components.get(name, { signal });
  const latest = asList(tests).flatMap((test) => latestOf(readyRunsOf(test)) ?? []);
  const { items } = await client.testRuns.getMany(
    latest.map(({ id }) => id),
    { signal },
  );
  const drawable = items.filter((run) => arraysOf(run).length > 0);
  const codes = drawable.flatMap(({ testType }) => refCode(testType) ?? []);
  if (codes.length === 0)
    return new CliError(`no test run of ${name} has a curve`, {
      exitCode: EXIT.notFound,
      advice: `Its test runs: itkdb tests ${name}`,
    });
  return new CliError(`which curve of ${name}? There are ${codes.join(', ')}`, {
    advice: `Choose one with --test-type: itkdb plot ${name} --test-type ${codes[0]}`,
  });
}

async function readLatest(
  client: Client,
  component: string,
  testType: string,
  signal: AbortSignal,
): Promise<TestRun> {
  const run = await client.testRuns.latest(component, testType, { signal });
  if (run !== undefined) return run;
  throw new CliError(`${component} has no test run of the type ${testType}`, {
    exitCode: EXIT.notFound,
    advice: `Its test runs: itkdb tests ${component}`,
  });
}

/** Whether the terminal can show more than ASCII, as far as the environment says. */
function hasUnicode(): boolean {
  const { TERM, LC_ALL, LC_CTYPE, LANG } = process.env;
  const locale = LC_ALL || LC_CTYPE || LANG;
  return TERM !== 'dumb' && (!locale || process.platform === 'win32' || /utf-?8/i.test(locale));
}
