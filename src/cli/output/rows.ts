import { type Row, toRows } from '../../client/models/rows.js';
import type { ListView } from './output.js';
import { noSuch } from './pick-fields.js';

/** Makes rows of items. */
export function rowsOf(items: readonly object[], view: ListView): readonly Row[] {
  return view.toRows?.(items) ?? toRows(items);
}

/** @throws CliError where no row has a column, with the names of those that there are */
export function checkColumns(
  columns: readonly string[],
  known: ReadonlySet<string>,
  { columnAdvice }: ListView,
): void {
  const unknown = columns.find((column) => !known.has(column));
  if (unknown !== undefined) throw noSuch('column', unknown, [...known], columnAdvice);
}

/** Returns the names of all columns of rows. */
export function columnsOf(rows: readonly Row[]): Set<string> {
  return new Set(rows.flatMap((row) => Object.keys(row)));
}
