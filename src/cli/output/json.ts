import { escapeControls } from '../../util/control-characters.js';
import type { ListWriter, WriterContext } from './output.js';
import { checkFields, pickFields } from './pick-fields.js';

/** Writes a list as JSON, item by item: a list, or one line for each item (NDJSON). */
export class JsonWriter implements ListWriter {
  readonly #context: WriterContext;
  readonly #format: 'json' | 'ndjson';
  readonly #fields: readonly string[] | undefined;
  #count = 0;

  /** @param fields - the fields of each item; undefined for all */
  constructor(context: WriterContext, format: 'json' | 'ndjson', fields: readonly string[] | undefined) {
    this.#context = context;
    this.#format = format;
    this.#fields = fields;
  }

  async write(items: readonly object[]): Promise<void> {
    if (this.#count === 0 && this.#fields !== undefined) checkFields(items, this.#fields);
    for (const item of items) {
      await this.#context.write(
        escapeControls(this.#format === 'json' ? this.#inList(item) : this.#line(item)),
      );
      this.#count += 1;
    }
  }

  async end(): Promise<void> {
    if (this.#format === 'json') await this.#context.write(this.#count === 0 ? '[]\n' : '\n]\n');
  }

  #line(item: object): string {
    return `${JSON.stringify(this.#pick(item))}\n`;
  }

  #inList(item: object): string {
    const start = this.#count === 0 ? '[\n' : ',\n';
    return start + JSON.stringify(this.#pick(item), null, 2).replace(/^/gm, '  ');
  }

  #pick(item: object): unknown {
    return this.#fields === undefined ? item : pickFields(item, this.#fields);
  }
}
