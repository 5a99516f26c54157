import type { BulkComponent, FullComponent } from '../../commands/shapes.js';
import type { Cli } from '../cli.js';
import { CliError, EXIT, explain } from '../errors.js';
import { adviceOnName } from '../explain-exception.js';

/** Reads components, and remembers how many of them could not be read. */
export class ComponentReader implements AsyncIterable<FullComponent | BulkComponent> {
  readonly #cli: Cli;
  readonly #names: readonly string[];
  #found = 0;
  readonly #missing: string[] = [];
  #failed = 0;
  #failure: Error | undefined;

  /** @param names - serial numbers, codes, ids or alternative identifiers */
  constructor(cli: Cli, names: readonly string[]) {
    this.#cli = cli;
    this.#names = names;
  }

  /**
   * Yields the components that are found. For each other one, a line on stderr says why not.
   *
   * @throws what `client.components.get` throws, where one component is wanted
   */
  async *[Symbol.asyncIterator](): AsyncGenerator<FullComponent | BulkComponent, void, undefined> {
    const { signal, progress } = this.#cli;
    const { components } = await this.#cli.client();
    const [first = '', ...others] = this.#names;
    if (others.length === 0) {
      const component = await components.get(first, { signal });
      this.#found = 1;
      yield component;
      return;
    }
    const bulk = components.getMany(this.#names, {
      ...{ signal, errors: 'collect' },
      onProgress: (now) => progress.show(now, 'components'),
    });
    for await (const { id, item, error } of bulk.outcomes()) {
      if (item !== undefined) {
        this.#found += 1;
        yield item;
      } else if (error !== undefined) this.tellFailed(id, error);
      else {
        this.#missing.push(id);
        this.#cli.say(`itkdb: there is no component ${id}`);
      }
    }
  }

  /** Tells that a component, or one that is in it, could not be read. */
  tellFailed(name: string, error: Error): void {
    this.#failed += 1;
    this.#failure ??= error;
    this.#cli.say(`itkdb: ${name} could not be read: ${explain(error).reason}`);
  }

  /** @throws CliError where some were not found or could not be read; the first error where all failed */
  check(): void {
    const { length } = this.#names;
    const [missing, failed] = [this.#missing.length, this.#failed];
    if (this.#found + missing === 0) throw this.#failure;
    const reasons = [
      ...(missing > 0 ? [`${missing} of ${length} not in the database`] : []),
      ...(failed > 0 ? [`${failed} not read`] : []),
    ];
    if (reasons.length === 0) return;
    throw new CliError(`components: ${reasons.join(', ')}`, {
      exitCode: missing === length ? EXIT.notFound : EXIT.failed,
      advice: missing > 0 ? adviceOnName(this.#missing.join(' ')) : '',
    });
  }
}
