import { toCsv } from '../../client/models/csv.js';
import type { Row } from '../../client/models/rows.js';
import { escapeControls } from '../../util/control-characters.js';
import { hasAllColumns, namedColumns } from '../options.js';
import type { ListWriter, WriterContext } from './output.js';
import { checkColumns, columnsOf, rowsOf } from './rows.js';

/** Makes programs such as Excel read UTF-8. */
const BYTE_ORDER_MARK = '\ufeff';
/** A spreadsheet program takes a text that starts so for a formula. */
const FORMULA = /^(?:[\t\r\n]|[\s\p{Cc}\p{Default_Ignorable_Code_Point}]*[=+\-@＝＋－＠])/u;
const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i;

/** Writes a list as CSV (RFC 4180). The first items decide which columns there are, unless they were given. */
export class CsvWriter implements ListWriter {
  readonly #context: WriterContext;
  #columns: readonly string[] | undefined;
  #hasWarned = false;

  constructor(context: WriterContext) {
    this.#context = context;
  }

  async write(items: readonly object[]): Promise<void> {
    const { view, options, write, width } = this.#context;
    const rows = rowsOf(items, view);
    const isFirst = this.#columns === undefined;
    const columns = this.#columns ?? this.#firstColumns(items, rows);
    this.#columns = columns;
    if (!isFirst) this.#warnOfOthers(items, rows, columns);
    const head = options.excel ? columns.map(withoutFormula) : columns;
    const texts = toCsv(options.excel ? rows.map(withoutFormulas) : rows, head);
    const added = isFirst ? texts : texts.slice(toCsv([], head).length);
    // In a file the texts are as they are; a terminal could take them for commands.
    const shown = Number.isFinite(width) ? escapeControls(added) : added;
    await write(isFirst && options.excel ? BYTE_ORDER_MARK + shown : shown);
  }

  async end(): Promise<void> {
    if (this.#columns !== undefined) return;
    const { options, write } = this.#context;
    await write((options.excel ? BYTE_ORDER_MARK : '') + toCsv([], this.#firstColumns([], [])));
  }

  #firstColumns(items: readonly object[], rows: readonly Row[]): readonly string[] {
    const { view, options } = this.#context;
    const columns = namedColumns(options);
    if (columns === undefined) return [...new Set([...view.columns, ...this.#others(items, rows)])];
    if (items.length > 0) checkColumns(columns, columnsOf(rows), view);
    return columns;
  }

  /** Returns the columns of items that are written besides those of the table. */
  #others(items: readonly object[], rows: readonly Row[]): readonly string[] {
    const { view, options } = this.#context;
    const { moreColumns } = view;
    return moreColumns === undefined || hasAllColumns(options) ? [...columnsOf(rows)] : moreColumns(items);
  }

  #warnOfOthers(items: readonly object[], rows: readonly Row[], columns: readonly string[]): void {
    if (this.#hasWarned || namedColumns(this.#context.options) !== undefined) return;
    const others = this.#others(items, rows).filter((name) => !columns.includes(name));
    if (others.length === 0) return;
    this.#hasWarned = true;
    this.#context.say(
      `itkdb: some later items have more columns, which are left out: ${others.join(', ')}. To get them, name all columns with --columns.`,
    );
  }
}

/** Puts an apostrophe before texts that a spreadsheet program would take for formulas. */
function withoutFormulas(row: Row): Row {
  return Object.fromEntries(
    Object.entries(row).map(([name, value]) => [withoutFormula(name), withoutFormula(value)]),
  );
}

function withoutFormula<T>(value: T): T | string {
  return typeof value === 'string' && FORMULA.test(value) && !NUMBER.test(value) ? `'${value}` : value;
}
