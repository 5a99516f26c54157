import { parseSerialNumber } from '../../client/components/serial-number.js';
import { formOf } from '../../client/identifiers.js';
import { messageOf } from '../../util/errors.js';
import { isFilledString, isRecord } from '../../util/guards.js';
import { CliError } from '../errors.js';
import { readText, titleOfFile } from '../read-text.js';

/** The keys of an object, and the columns of a table, that name a component: the first one that has a value. */
const COMPONENT_KEYS = ['serialNumber', 'component', 'components', 'code', 'id'];
/** The same for a test run, which has an id and no name. */
const TEST_RUN_KEYS = ['serialNumber', 'code', 'id'];

/**
 * Reads which components are meant, each of them once: from the arguments, from a file, or from standard input. A text has one
 * in each line, or is what a command of this program writes: JSON or CSV. A line that starts with `#` is a comment.
 *
 * @param words - the arguments; `-` stands for standard input
 * @param from - a file; `-` for standard input
 * @throws CliError where there is none, or the file cannot be read
 */
export function readComponentNames(words: readonly string[], from?: string): Promise<string[]> {
  return readNames(words, from, COMPONENT_KEYS);
}

/** Reads which test runs or components are meant. See {@link readComponentNames}. */
export function readTestRunNames(words: readonly string[]): Promise<string[]> {
  return readNames(words, undefined, TEST_RUN_KEYS);
}

/** Returns a name in its usual form: a serial number may be typed in lower case. */
export function toComponentName(word: string): string {
  const name = word.trim();
  if (formOf(name) !== 'serialNumber') return name;
  try {
    return parseSerialNumber(name).serialNumber;
  } catch {
    // It only looks like one.
    return name;
  }
}

async function readNames(
  words: readonly string[],
  from: string | undefined,
  keys: readonly string[],
): Promise<string[]> {
  const names = words.filter((word) => word !== '-');
  const files = [...(words.includes('-') ? ['-'] : []), ...(from === undefined ? [] : [from])];
  for (const file of new Set(files)) {
    const text = await readText(file, 'One component in each line, then Ctrl-D:');
    for (const name of await namesIn(text, titleOfFile(file), keys)) names.push(name);
  }
  if (names.length > 0) return [...new Set(names.map(toComponentName))];
  const [file] = files;
  throw new CliError(
    file === undefined ? 'no component was given' : `there is no component in ${titleOfFile(file)}`,
    {
      advice: 'Give serial numbers, or a file with one in each line: --from FILE',
    },
  );
}

async function namesIn(text: string, title: string, keys: readonly string[]): Promise<string[]> {
  // A web page, or a file that is no text, such as one of Excel.
  if (/^\s*</.test(text) || text.includes('\0')) throw notNames(`${title} is not a list of components`);
  const json = jsonIn(text);
  if (json !== undefined) return asList(json).flatMap((item) => namesOf(item, title, keys));
  if (text.trimStart().startsWith('['))
    throw notNames(`${title} starts like JSON, but is not JSON as a whole`);
  const lines = text
    .split(/\r\n|[\r\n]/)
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'));
  const [first = ''] = lines;
  if (!first.startsWith('{')) {
    if (/[,;\t]/.test(first.replaceAll(/"[^"]*"/g, ''))) return namesInTable(lines.join('\n'), title, keys);
    if (/\S {2,}\S/.test(first)) throw notNames(`${title} has more than one word in a line`);
    // A table of one column.
    if (keyOf(first, keys) !== undefined) lines.shift();
  }
  return lines.flatMap((line) => namesInLine(line, title, keys));
}

/** Returns the data of a text that is JSON as a whole; undefined for any other text, such as a serial number. */
function jsonIn(text: string): unknown {
  if (!/^\s*[[{]/.test(text)) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function asList(json: unknown): readonly unknown[] {
  return Array.isArray(json) ? json : [json];
}

function namesInLine(line: string, title: string, keys: readonly string[]): string[] {
  if (!line.startsWith('{')) return [line.replace(/^(["'])(.*)\1$/, '$2')];
  const item = jsonIn(line);
  if (item !== undefined) return namesOf(item, title, keys);
  throw notNames(`cannot read ${title}: the line ${line.slice(0, 60)} is not JSON`);
}

/** Returns the names in an item of JSON: a text, or an object. A test run may have several components. */
function namesOf(item: unknown, title: string, keys: readonly string[]): string[] {
  if (isFilledString(item)) return [item];
  for (const key of isRecord(item) ? keys : []) {
    const value = (item as Record<string, unknown>)[key];
    const names = (Array.isArray(value) ? value : [value]).flatMap((one) => nameOf(one) ?? []);
    if (names.length > 0) return names;
  }
  throw notNames(`there is no component in this part of ${title}: ${JSON.stringify(item).slice(0, 60)}`);
}

function nameOf(value: unknown): string | undefined {
  const { serialNumber, code, id }: Record<string, unknown> = isRecord(value) ? value : { id: value };
  return [serialNumber, code, id].find(isFilledString);
}

async function namesInTable(text: string, title: string, keys: readonly string[]): Promise<string[]> {
  const { parseCsv } = await import('../../client/components/read-csv.js');
  const rows = await parseCsv(text).catch((error: unknown) => {
    throw notNames(`${title} is not a table: ${messageOf(error).replace(/^parseCsv: /, '')}`);
  });
  const heads = Object.keys(rows[0] ?? {});
  const columns = keys.flatMap((key) => heads.find((head) => keyOf(head, [key]) !== undefined) ?? []);
  if (rows.length > 0 && columns.length === 0)
    throw notNames(`${title} is a table, and no column in its first line names components`);
  return rows.flatMap((row) => columns.map((column) => row[column]).find(isFilledString) ?? []);
}

/** Returns the key that a word in the first line stands for, such as `serialNumber` for `Serial number`. */
function keyOf(word: string, keys: readonly string[]): string | undefined {
  const plain = word.replaceAll(/["'\s_-]/g, '').toLowerCase();
  return keys.find((key) => key.toLowerCase() === plain);
}

function notNames(message: string): CliError {
  return new CliError(message, {
    advice:
      'Write one serial number in each line, or a table (CSV) with a column serialNumber, component, code or id.\n' +
      'What list-components writes with --csv, --json or --ndjson will do, too.',
  });
}
