import { readFile } from 'node:fs/promises';
import type { CsvError } from 'csv-parse/sync';
import { both, checkValue, FILLED_STRING, NO_TILDE, STRING } from '../../config/check-options.js';
import { InvalidInvocation, ITkDBException } from '../../exceptions/base.js';
import { messageOf } from '../../util/errors.js';

/** A row of a table: the texts by the names of the columns. */
export type CsvRow = Record<string, string>;

const DELIMITERS = [',', ';', '\t'];
const PATH = both(FILLED_STRING, NO_TILDE);

/**
 * Reads a CSV file, as spreadsheets write it: the first line has the names of the columns. Columns are separated by
 * commas, semicolons or tabs. Empty lines are left out, and so are spaces around values.
 *
 * ```ts
 * const rows = await readCsv('modules.csv');
 * const report = await client.components.registerMany(rows, { key: 'LOCALNAME' });
 * ```
 *
 * @param path - of a file in UTF-8
 * @throws InvalidInvocation where it cannot be read, or is not such a file; the message has the number of the line
 */
export async function readCsv(path: string): Promise<CsvRow[]> {
  return rowsOf(await readCsvLines(path));
}

/**
 * Reads rows from a text in CSV. See {@link readCsv}.
 *
 * @throws InvalidInvocation where the text is not CSV; the message has the number of the line
 */
export async function parseCsv(text: string): Promise<CsvRow[]> {
  return rowsOf(await parseCsvLines(text));
}

/** A row, and the number of its line in the file, from 1: of several lines, the last one. */
export interface CsvLine {
  readonly row: CsvRow;
  readonly line: number;
}

/** Reads rows with the numbers of their lines. See {@link readCsv}. */
export async function readCsvLines(path: string): Promise<CsvLine[]> {
  checkValue('readCsv', 'path', path, PATH);
  const bytes = await readFile(path).catch((error: unknown) => {
    throw new InvalidInvocation(`readCsv: ${path} cannot be read: ${messageOf(error)}`, { cause: error });
  });
  return parse(`readCsv: ${path}`, decode(path, bytes));
}

/** Reads rows with the numbers of their lines. See {@link parseCsv}. */
export async function parseCsvLines(text: string): Promise<CsvLine[]> {
  checkValue('parseCsv', 'text', text, STRING);
  return parse('parseCsv', text);
}

function rowsOf(lines: readonly CsvLine[]): CsvRow[] {
  return lines.map(({ row }) => row);
}

function decode(path: string, bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (error) {
    throw new InvalidInvocation(
      `readCsv: ${path} is not in UTF-8; in Excel, save it as "CSV UTF-8 (Comma delimited)"`,
      { cause: error },
    );
  }
}

async function parse(subject: string, text: string): Promise<CsvLine[]> {
  // Only some programs need it.
  const { parse } = await import('csv-parse/sync').catch((error: unknown) => {
    throw new ITkDBException(`${subject}: csv-parse cannot be loaded: ${messageOf(error)}`, { cause: error });
  });
  const columns = (names: string[]): string[] => checkColumns(subject, names);
  try {
    const records = parse(text, {
      ...{ bom: true, columns, delimiter: delimiterOf(text), trim: true, info: true },
      ...{ skip_empty_lines: true, skip_records_with_empty_values: true },
    }) as unknown as { readonly record: CsvRow; readonly info: { readonly lines: number } }[];
    return records.map(({ record, info }) => ({ row: record, line: info.lines }));
  } catch (error) {
    if (error instanceof InvalidInvocation) throw error;
    throw new InvalidInvocation(`${subject}: ${explain(error as CsvError)}`, { cause: error });
  }
}

/** Returns the separator that the line with the names of the columns has most often, outside of quotes. */
function delimiterOf(text: string): string {
  const [line = ''] = text.replace(/^\ufeff?\s*/, '').split(/\r?\n|\r/, 1);
  const plain = line.replaceAll(/"[^"]*"/g, '');
  const counts = DELIMITERS.map((delimiter) => plain.split(delimiter).length);
  return DELIMITERS[counts.indexOf(Math.max(...counts))] as string;
}

function checkColumns(subject: string, names: readonly string[]): string[] {
  const empty = names.indexOf('');
  if (empty !== -1)
    throw new InvalidInvocation(`${subject}: column ${empty + 1} has no name in the first line`);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw new InvalidInvocation(`${subject}: two columns have the name ${twice}`);
  return [...names];
}

function explain(error: CsvError): string {
  const { code, lines, columns, record } = error as CsvError & Readonly<Record<string, unknown>>;
  const where = typeof lines === 'number' ? `line ${lines}` : 'the text';
  if (code === 'CSV_RECORD_INCONSISTENT_COLUMNS' && Array.isArray(columns) && Array.isArray(record))
    return `${where} has ${record.length} values; the first line has ${columns.length} names of columns`;
  if (code === 'CSV_QUOTE_NOT_CLOSED') return `a quotation mark is opened in ${where} and not closed`;
  return `${where}: ${messageOf(error).split('\n', 1)[0]}`;
}
