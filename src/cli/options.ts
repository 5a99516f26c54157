import { type Command, InvalidArgumentError, Option } from 'commander';

/** The heading of the options that say how results are written. */
export const OUTPUT_GROUP = 'Output:';

/** The options that say how results are written. */
export interface OutputOptions {
  /** `true` or the names of fields, separated by commas: JSON. */
  readonly json?: string;
  readonly ndjson?: boolean;
  readonly csv?: boolean;
  readonly excel?: boolean;
  readonly table?: boolean;
  /** The names of columns. */
  readonly columns?: readonly string[];
  /** The number of items at most. */
  readonly limit?: number;
}

/** The option of a command that is about a project. */
export interface ProjectOption {
  readonly project: string;
}

/** The option of a command that works with one or more components. */
export interface ComponentsOption {
  readonly from?: string;
}

/** Returns the columns that are named; undefined where none is, also for `--columns all`. */
export function namedColumns({ columns }: OutputOptions): readonly string[] | undefined {
  return columns !== undefined && hasAllColumns({ columns }) ? undefined : columns;
}

/** Whether all columns are wanted: `--columns all`. */
export function hasAllColumns({ columns }: Pick<OutputOptions, 'columns'>): boolean {
  return columns?.length === 1 && columns[0] === 'all';
}

/** Adds `--json` to a command whose result is one object. */
export function addRecordOptions(command: Command): Command {
  return command
    .optionsGroup(OUTPUT_GROUP)
    .option('--json [fields]', 'JSON; if you name fields, only these')
    .addOption(new Option('--table', 'the same text as on a terminal').conflicts(['json']))
    .optionsGroup('Options:');
}

/** Adds the options of a command whose result is a list: how it is written, and how much of it. */
export function addListOptions(command: Command): Command {
  return addTableOptions(command)
    .optionsGroup(OUTPUT_GROUP)
    .option('-L, --limit <number>', 'maximum number of items, or "all"; 100 on a terminal', toLimit)
    .optionsGroup('Options:');
}

/** Adds the options of a command whose result is a list that is always whole. */
export function addTableOptions(command: Command): Command {
  const formats = ['json', 'ndjson', 'csv', 'table'];
  const others = (name: string): string[] => formats.filter((one) => one !== name);
  return command
    .optionsGroup(OUTPUT_GROUP)
    .addOption(
      new Option('--json [fields]', 'JSON; if you name fields, only these').conflicts(others('json')),
    )
    .addOption(new Option('--ndjson', 'JSON, one line for each item').conflicts(others('ndjson')))
    .addOption(new Option('--csv', 'CSV, a table for other programs').conflicts(others('csv')))
    .addOption(new Option('--excel', 'with --csv: for Excel and other spreadsheet programs'))
    .addOption(new Option('--table', 'a table, as on a terminal').conflicts(others('table')))
    .option('--columns <names>', 'columns, separated by commas; or "all"', toNames)
    .optionsGroup('Options:');
}

/** Adds `--dry-run` to a command that writes. */
export function addWriteOptions(command: Command): Command {
  return command.option('--dry-run', 'shows what would be written, and writes nothing');
}

/** Adds `--project` to a command. */
export function addProject(command: Command): Command {
  return command.option('--project <code>', 'code of the project: S for strips, P for pixels', 'S');
}

/** Adds the arguments of a command that works with one or more components. */
export function addComponents(command: Command): Command {
  return command
    .argument('[components...]', 'serial numbers, codes or alternative identifiers')
    .option('--from <file>', 'a file with them: one in each line, CSV or JSON; "-" for standard input');
}

/** Reads names that are separated by commas. An option that is given twice has the names of both. */
export function toNames(text: string, others: readonly string[] = []): string[] {
  const names = text
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
  if (names.length === 0) throw new InvalidArgumentError('Give names, separated by commas.');
  return [...others, ...names];
}

function toLimit(text: string): number {
  if (text === 'all') return Number.POSITIVE_INFINITY;
  if (!/^[1-9]\d{0,8}$/.test(text))
    throw new InvalidArgumentError('Give a number from 1 to 999999999, or "all".');
  return Number(text);
}
