import { type Command, Option } from 'commander';
import type { Client } from '../../client/client.js';
import type { TestRun } from '../../commands/shapes.js';
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
    .option('--ascii', 'uses only ASCII characters')
    .action(
      action<PlotOptions, [readonly string[]]>(async (cli, options, words) => {
        const { readComponentNames } = await import('../components/names.js');
        const names = await readComponentNames(words);
        const { svg } = options;
        const { checkTarget, writeTextFile } = await import('../files/write-file.js');
        const file = typeof svg === 'string' && svg !== '-' ? svg : undefined;
        if (file !== undefined) await checkTarget(file);
        const runs = await readRuns(cli, names, options.testType);
        const { pictureOf } = await import('../plot/picture.js');
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
  if (other !== undefined && testType === undefined)
    throw new CliError(`${other} is not the id of a test run`, {
      advice: `The latest run of a component: itkdb plot ${other} --test-type CODE`,
    });
  const client = await cli.client();
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
