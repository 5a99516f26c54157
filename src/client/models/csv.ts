import { checkValue, listOf, STRING } from '../../config/check-options.js';
import { InvalidInvocation } from '../../exceptions/base.js';
import { isObject, isRecord } from '../../util/guards.js';

const COLUMNS = listOf(STRING, 'a list of the names of columns');

/**
 * Writes rows as CSV (RFC 4180): a line with the names of the columns, then a line for each row, separated by commas,
 * with CRLF as the end of each line. Null and undefined become an empty field, a date its ISO 8601 text, a list or an
 * object its JSON. The first row says the order of the columns; a column that only later rows have comes last.
 *
 * Texts are written as they are: a spreadsheet takes one that starts with `=` for a formula.
 *
 * ```ts
 * await writeFile('modules.csv', toCsv(toRows(modules, { columns: ['serialNumber', 'currentStage'] })));
 * ```
 *
 * @param rows - the rows, such as those of {@link toRows}
 * @param columns - the names of the columns, in this order. The default is the columns of the rows; where there may be
 * no rows, only the names given here make a first line
 * @throws InvalidInvocation where a row is not an object
 */
export function toCsv(
  rows: Iterable<Readonly<Record<string, unknown>>>,
  columns?: readonly string[],
): string {
  const list = [...rows];
  if (!list.every(isRecord)) throw new InvalidInvocation('toCsv: each row must be an object');
  if (columns !== undefined) checkValue('toCsv', 'columns', columns, COLUMNS);
  const names = columns ?? [...new Set(list.flatMap((row) => Object.keys(row)))];
  if (names.length === 0) return '';
  const lines = [names, ...list.map((row) => names.map((name) => row[name]))];
  return lines.map((fields) => `${fields.map(toField).join(',') || '""'}\r\n`).join('');
}

function toField(value: unknown): string {
  const text = value instanceof Date ? value.toJSON() : isObject(value) ? JSON.stringify(value) : value;
  const field = String(text ?? '');
  return /[",\r\n]/.test(field) ? `"${field.replaceAll('"', '""')}"` : field;
}
