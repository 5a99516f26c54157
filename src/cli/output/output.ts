import type { Row } from '../../client/models/rows.js';
import { PagePromise } from '../../client/pages/page-promise.js';
import { escapeControls } from '../../util/control-characters.js';
import { isRecord } from '../../util/guards.js';
import { CliError } from '../errors.js';
import type { Interruption } from '../interruption.js';
import { namedColumns, type OutputOptions, toNames } from '../options.js';
import { Pager } from './pager.js';
import { checkFields, pickFields } from './pick-fields.js';
import type { ProgressLine } from './progress-line.js';
import { createStyle, escapeText, formatCount, isColoured, type Style } from './style.js';

/** How results are written: a table or a text for people, or JSON or CSV for programs. */
export type Format = 'text' | 'json' | 'ndjson' | 'csv';

/** How the items of a list are shown. */
export interface ListView {
  /** The columns of a table on a terminal. */
  readonly columns: readonly string[];
  /** Returns the columns of CSV after those of the table. @defaultValue all others */
  readonly moreColumns?: (items: readonly object[]) => readonly string[];
  /** What to do where a column is unknown that may be a property. */
  readonly columnAdvice?: string;
  /** The name of the items in messages, such as `components`. */
  readonly noun: string;
  /** Makes rows of items. @defaultValue `toRows`: references are their codes */
  readonly toRows?: (items: readonly object[]) => readonly Row[];
  /** The number of items that there are, where the list does not know it. */
  readonly total?: number;
  /** Whether all items are shown, on a terminal too: each of them is work that must be done. @defaultValue `false` */
  readonly isWhole?: boolean;
}

/** Writes items in a format. */
export interface ListWriter {
  /** Writes items. Called with the first ones, then with the next ones. */
  write(items: readonly object[]): Promise<void>;
  /** Writes the end of the list. */
  end(): Promise<void>;
}

/** The parts that a writer of a list uses. */
export interface WriterContext {
  readonly view: ListView;
  readonly options: OutputOptions;
  readonly style: Style;
  /** The width of the table in columns; Infinity if it is not for a terminal. */
  readonly width: number;
  readonly write: (text: string) => Promise<void>;
  readonly say: (line: string) => void;
}

/** The parts that the output uses. */
interface OutputContext {
  readonly interruption: Interruption;
  /** Writes a line to stderr. */
  readonly say: (line: string) => void;
  /** The line that tells of progress: stdout may be the same terminal. */
  readonly progress: ProgressLine;
}

/** The limit of lists on a terminal. */
const TERMINAL_LIMIT = 100;
/** How many items are formatted at a time: a page. */
const BATCH = 100;

/** Writes results to stdout: in the format that the options ask for, else text on a terminal, and JSON in a pipe. */
export class Output {
  readonly format: Format;
  /** Makes texts bold or coloured, where stdout shows it. */
  readonly style: Style;
  /** The width of stdout in columns; Infinity where it is no terminal. */
  readonly width: number;
  /** The number of items that a list gives at most; undefined for all. */
  readonly limit: number | undefined;
  readonly #options: OutputOptions;
  readonly #interruption: Interruption;
  readonly #say: (line: string) => void;
  readonly #progress: ProgressLine;
  #pager: Pager | undefined;
  /** What is said when the person has left the pager. */
  readonly #held: string[] = [];

  constructor(options: OutputOptions, { interruption, say, progress }: OutputContext) {
    const { isTTY, columns } = process.stdout;
    this.#options = options;
    this.#interruption = interruption;
    this.#say = say;
    this.#progress = progress;
    this.format = formatOf(options);
    this.style = createStyle(isColoured(process.stdout));
    this.width = isTTY ? columns || 80 : Number.POSITIVE_INFINITY;
    const limit = options.limit ?? (isTTY ? TERMINAL_LIMIT : undefined);
    this.limit = limit === Number.POSITIVE_INFINITY ? undefined : limit;
    if (options.excel && this.format !== 'csv')
      throw new CliError('--excel belongs to --csv', { advice: 'Write: --csv --excel' });
    if (typeof options.json === 'string' && options.json !== '' && options.columns !== undefined)
      throw new CliError('the fields are given twice', { advice: 'Use --json=… or --columns, not both.' });
  }

  /** Writes a list while it is read. An empty one is `[]` in JSON, and a sentence on a terminal. */
  async list(
    items: AsyncIterable<object> | Iterable<object> | PagePromise<object>,
    view: ListView,
  ): Promise<void> {
    const limit = view.isWhole ? undefined : this.limit;
    const writer = await this.#createWriter(view);
    const page = items instanceof PagePromise ? await items : undefined;
    let count = 0;
    let batch: object[] = [];
    const flush = async (): Promise<void> => {
      count += batch.length;
      const ready = batch;
      batch = [];
      if (ready.length > 0) await writer.write(ready);
    };
    for await (const item of page ?? items) {
      batch.push(item);
      if (limit !== undefined && count + batch.length >= limit) break;
      // A line does not depend on other items, so it need not wait for them, unless they decide which fields there are.
      if (batch.length === BATCH || (this.format === 'ndjson' && this.fields === undefined)) await flush();
    }
    await flush();
    await writer.end();
    if (count === 0 && this.format === 'text') this.#say(`no ${view.noun}`);
    if (limit !== undefined && count >= limit) this.sayRest(count, page?.total ?? view.total, view.noun);
  }

  /**
   * Writes one result.
   *
   * @param data - the data for JSON
   * @param toText - makes the text for people. @defaultValue JSON
   */
  async show(data: unknown, toText?: (style: Style) => string): Promise<void> {
    if (this.format === 'text' && toText !== undefined) {
      const text = escapeText(toText(this.style));
      return this.write(text.endsWith('\n') ? text : `${text}\n`);
    }
    const { fields } = this;
    if (fields !== undefined && isRecord(data)) checkFields([data], fields);
    const picked = fields === undefined ? data : pickFields(data, fields);
    const indent = this.format === 'ndjson' ? undefined : 2;
    return this.write(`${escapeControls(JSON.stringify(picked ?? null, null, indent))}\n`);
  }

  /** The fields that JSON is to have; undefined for all. */
  get fields(): readonly string[] | undefined {
    const { json } = this.#options;
    if (json === undefined || json === '') return namedColumns(this.#options);
    return toNames(json);
  }

  /** Writes a text as it is. Resolves when stdout can take more. */
  async write(text: string | Uint8Array): Promise<void> {
    this.#interruption.throwIfEnded();
    if (this.#interruption.isClosed) return;
    this.#progress.clear();
    if (this.format === 'text') this.#pager ??= await Pager.start(this.#interruption);
    // Only the pager writes to the screen now.
    if (this.#pager !== undefined) this.#progress.end();
    const stream = this.#pager?.stream ?? process.stdout;
    if (stream.write(text)) return;
    const { signal } = this.#interruption;
    await new Promise<void>((resolve) => {
      const done = (): void => {
        // The reader has ended.
        stream.off('drain', done).off('error', done).off('close', done);
        signal.removeEventListener('abort', done);
        resolve();
      };
      stream.on('drain', done).on('error', done).on('close', done);
      signal.addEventListener('abort', done);
    });
    this.#interruption.throwIfEnded();
  }

  /** Writes a text to stderr: after the pager, if there is one. */
  tell(text: string): void {
    if (this.#pager === undefined) process.stderr.write(text);
    else this.#held.push(text);
  }

  /** Waits until all is written, and the reader has seen it. */
  async close(): Promise<void> {
    await this.#pager?.end();
    for (const text of this.#held.splice(0)) process.stderr.write(text);
    await new Promise<void>((resolve) => process.stdout.write('', () => resolve()));
  }

  /** Says how many items there are, where a list ended early without having been asked to. */
  sayRest(count: number, total: number | undefined, noun: string): void {
    if (this.#options.limit !== undefined || (total !== undefined && total <= count)) return;
    const shown = formatCount(count);
    const part = total === undefined ? `the first ${shown}` : `${shown} of ${formatCount(total)}`;
    this.#say(`${part} ${noun}; for all: --limit all`);
  }

  async #createWriter(view: ListView): Promise<ListWriter> {
    const context: WriterContext = {
      ...{ view, options: this.#options, style: this.style, width: this.width },
      write: (text) => this.write(text),
      say: this.#say,
    };
    switch (this.format) {
      case 'text':
        return new (await import('./table.js')).TableWriter(context);
      case 'csv':
        return new (await import('./csv.js')).CsvWriter(context);
      default:
        return new (await import('./json.js')).JsonWriter(context, this.format, this.fields);
    }
  }
}

function formatOf({ json, ndjson, csv, table }: OutputOptions): Format {
  if (json !== undefined) return 'json';
  if (ndjson) return 'ndjson';
  if (csv) return 'csv';
  return table || process.stdout.isTTY ? 'text' : 'json';
}
