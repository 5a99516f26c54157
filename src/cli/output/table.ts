import Table from 'cli-table3';
import stringWidth from 'string-width';
import type { Row } from '../../client/models/rows.js';
import { escapeControls } from '../../util/control-characters.js';
import { isObject } from '../../util/guards.js';
import { hasAllColumns, namedColumns } from '../options.js';
import type { ListWriter, WriterContext } from './output.js';
import { checkColumns, columnsOf, rowsOf } from './rows.js';

/** The spaces between two columns. */
const GAP = 2;
/** A column is not made narrower, unless its texts are. */
const NARROWEST = 6;

/** No lines: a table is columns with spaces between them. */
const NO_LINES = Object.fromEntries(
  [
    ...['top', 'top-mid', 'top-left', 'top-right', 'bottom', 'bottom-mid', 'bottom-left', 'bottom-right'],
    ...['left', 'left-mid', 'mid', 'mid-mid', 'right', 'right-mid', 'middle'],
  ].map((name) => [name, '']),
);

/** Writes a list as a table. The first items decide how wide its columns are. */
export class TableWriter implements ListWriter {
  readonly #context: WriterContext;
  #columns: readonly string[] = [];
  #widths: readonly number[] | undefined;

  constructor(context: WriterContext) {
    this.#context = context;
  }

  async write(items: readonly object[]): Promise<void> {
    const { view, options, style, width, write } = this.#context;
    const rows = rowsOf(items, view);
    const isFirst = this.#widths === undefined;
    if (isFirst) {
      const known = columnsOf(rows);
      const named = namedColumns(options);
      this.#columns = hasAllColumns(options) ? [...known] : (named ?? view.columns);
      if (named !== undefined) checkColumns(named, known, view);
    }
    const lines = rows.map((row) => this.#columns.map((name) => cellOf(row[name])));
    this.#widths ??= fitInto(width, [...this.#columns], lines);
    if (isFirst) await write(layOut([this.#columns.map(escapeCell)], this.#widths, style.bold));
    await write(layOut(lines, this.#widths));
  }

  async end(): Promise<void> {}
}

/** Lays out pairs of a name and a value, one pair in each line. Pairs without a value are left out. */
export function formatPairs(
  pairs: Iterable<readonly [name: string, value: unknown]>,
  { bold = (text) => text }: { readonly bold?: (text: string) => string } = {},
): string {
  const filled = [...pairs].filter(([, value]) => value !== null && value !== undefined && value !== '');
  const width = Math.max(0, ...filled.map(([name]) => stringWidth(name)));
  return filled
    .map(([name, value]) => {
      const space = ' '.repeat(width - stringWidth(name) + GAP);
      return `${bold(escapeCell(name))}${space}${cellOf(value)}\n`;
    })
    .join('');
}

/** Lays out rows as columns, as wide as their texts. */
export function formatTable(rows: readonly Row[], columns: readonly string[], width: number): string {
  const lines = rows.map((row) => columns.map((name) => cellOf(row[name])));
  return layOut([[...columns], ...lines], fitInto(width, columns, lines));
}

/** Returns the text of a value in one line. */
export function cellOf(value: unknown): string {
  if (value === null || value === undefined) return '';
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  return escapeCell(isObject(value) ? JSON.stringify(value) : String(value));
}

function escapeCell(text: string): string {
  return escapeControls(text.replace(/\s+/g, ' ').trim());
}

function layOut(
  lines: readonly string[][],
  widths: readonly number[],
  mark = (text: string) => text,
): string {
  const table = new Table({
    chars: NO_LINES,
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': GAP, compact: true },
    // The width of a cell includes its padding.
    colWidths: widths.map((width) => width + GAP),
  });
  table.push(...lines.map((line) => [...line]));
  return table
    .toString()
    .split('\n')
    .map((line) => `${mark(line.trimEnd())}\n`)
    .join('');
}

/**
 * Returns the widths of the columns: those of their texts, or less, so that the table fits. First the names of columns are cut
 * that are longer than what is below them, then the widest columns: not the first one, which says what the row is about.
 */
function fitInto(width: number, head: readonly string[], lines: readonly (readonly string[])[]): number[] {
  const textWidths = head.map((_, column) =>
    Math.max(0, ...lines.map((line) => stringWidth(line[column] ?? ''))),
  );
  const widths = head.map((name, column) => Math.max(stringWidth(name), textWidths[column] ?? 0));
  const toCut = (): number | undefined => {
    const columns = [...widths.keys()].filter((column) => column > 0 && (widths[column] ?? 0) > NARROWEST);
    const isLong = (column: number): boolean => (widths[column] ?? 0) > (textWidths[column] ?? 0);
    const [widest] = columns.toSorted(
      (one, other) =>
        Number(isLong(other)) - Number(isLong(one)) ||
        (widths[other] ?? 0) - (widths[one] ?? 0) ||
        other - one,
    );
    return widest;
  };
  const total = (): number => widths.reduce((sum, one) => sum + one + GAP, -GAP);
  while (total() > width) {
    const column = toCut();
    if (column === undefined) break;
    widths[column] = (widths[column] ?? 0) - 1;
  }
  return widths;
}
