import { BinaryFile } from '../../client/files/file.js';
import { toRows } from '../../client/models/rows.js';
import { Page } from '../../client/pages/page.js';
import type { PagePromise } from '../../client/pages/page-promise.js';
import { isObject } from '../../util/guards.js';
import type { Cli } from '../cli.js';
import { CliError } from '../errors.js';
import { formatSize } from '../output/format.js';
import type { Call } from './call.js';

/** The option for the result of a command that gives a file. */
interface FileOptions {
  /** A file or a folder; stdout without it. */
  readonly output?: string;
}

/** The columns that a person looks for in a list, if its items have them. */
const COLUMNS =
  'serialNumber code title filename name number component componentType type testType runNumber batchType currentStage stage passed problems status sender recipient currentLocation institution date state'.split(
    ' ',
  );
const MOST_COLUMNS = 5;

/** Sends a command that reads, and writes the result: a list, an object, or a file. */
export async function sendRead(
  cli: Cli,
  { command, entry, input }: Call,
  options: FileOptions,
): Promise<void> {
  const isFile = entry?.result === 'file';
  if (isFile) refuseTerminal(options);
  else if (entry !== undefined && options.output !== undefined) throw noFile(command);
  const client = await cli.client();
  if (entry?.paged) return writeList(cli, client.list<object>(command as string, input, cli.listOptions));
  // For an unknown command, the response says whether it is a list with pages. A URL may lead to a known one.
  const mayBeList = entry === undefined && !command.includes('/');
  const listOptions = mayBeList ? cli.listOptions : { signal: cli.signal };
  const result = await client.get<unknown>(command as string, { data: input, ...listOptions });
  if (result instanceof BinaryFile) return writeFile(cli, result, options);
  if (options.output !== undefined) throw noFile(command);
  if (result instanceof Page) return writeList(cli, result as Page<object>);
  if (Array.isArray(result)) return writeList(cli, result.slice(0, cli.output.limit));
  if (cli.output.format === 'csv' && isObject(result)) return writeList(cli, [result]);
  await cli.output.show(result, typeof result === 'string' ? () => result : undefined);
}

/** Writes a list. The first item says which columns a table has. */
async function writeList(
  cli: Cli,
  items: PagePromise<object> | Page<object> | readonly object[],
): Promise<void> {
  const isTable = cli.output.format === 'text';
  const [first] = isTable ? await firstOf(items) : [];
  await cli.output.list(items, { noun: 'items', columns: first === undefined ? [] : columnsOf(first) });
}

async function firstOf(
  items: PagePromise<object> | Page<object> | readonly object[],
): Promise<readonly object[]> {
  const page = await items;
  return page instanceof Page ? page.data : page;
}

function columnsOf(item: object): string[] {
  const row = toRows([item])[0] ?? {};
  const known = COLUMNS.filter((name) => isShown(row[name]));
  // A person who has the serial number does not need the code.
  const columns = known.includes('serialNumber') ? known.filter((name) => name !== 'code') : known;
  const names = ['serialNumber', 'code'].some((name) => columns.includes(name))
    ? columns
    : ['id', ...columns];
  const all = columns.length > 0 ? names : Object.keys(row);
  return all.slice(0, MOST_COLUMNS);
}

function isShown(value: unknown): boolean {
  return value !== undefined && value !== null && value !== '' && !isObject(value);
}

/** Writes a file to stdout, or where `--output` says. */
async function writeFile(cli: Cli, file: BinaryFile, options: FileOptions): Promise<void> {
  try {
    if (options.output !== undefined) {
      const path = await file.save(options.output, { overwrite: true });
      cli.say(`saved ${path} (${formatSize(file.size)})`);
      return;
    }
    refuseTerminal(options);
    for await (const chunk of file.stream()) await cli.output.write(chunk as Buffer);
  } finally {
    await file.dispose();
  }
}

/** The bytes of a file could do anything to a terminal. */
function refuseTerminal({ output }: FileOptions): void {
  if (output !== undefined || !process.stdout.isTTY) return;
  throw new CliError('the result is a file, which a terminal cannot show', {
    advice: 'Say where it goes: --output FILE',
  });
}

function noFile(command: string): CliError {
  return new CliError(`${command} does not give a file`, {
    advice: 'Without --output, write: > result.json',
  });
}
