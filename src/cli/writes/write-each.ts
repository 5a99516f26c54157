import type { Client } from '../../client/client.js';
import type { Cli } from '../cli.js';
import { CliError, EXIT, explain, failureLines } from '../errors.js';
import type { ListView } from '../output/output.js';
import { causeOf, incompleteOf } from './incomplete.js';
import { type DryRunOptions, showRequests } from './plan.js';

/** Work that is done for each of several items. */
export interface EachJob<Item, Result extends object> extends DryRunOptions {
  readonly items: readonly Item[];
  /** The name of an item in messages, such as its serial number. */
  readonly nameOf: (item: Item) => string;
  /** How the results are shown. */
  readonly view: ListView;
  /** Makes a sentence of a result, for a terminal. @defaultValue a table */
  readonly toText?: (result: Result) => string;
  /** Makes a line of a result that `--dry-run` shows before the requests. @defaultValue no line */
  readonly toPlanText?: (result: Result) => string;
  /** Returns the data of a result for JSON. @defaultValue the result */
  readonly toData?: (result: Result) => object;
  /** Whether JSON shows the result of the only item without a list around it. @defaultValue `false` */
  readonly isSingle?: boolean;
  /** Does it for one item, with the client that it gets: with `--dry-run` that one writes nothing. */
  readonly work: (client: Client, item: Item) => Promise<Result>;
}

/**
 * Does the work for each item, one after the other, and shows the results. After a failure it continues with the next item,
 * unless that would fail too.
 *
 * @throws CliError at the end, where some failed
 * @throws what the work throws, where there is one item, or the other items would fail too
 */
export async function writeEach<Item, Result extends object>(
  cli: Cli,
  job: EachJob<Item, Result>,
): Promise<void> {
  const client = await cli.client();
  const each = new Each(cli, job);
  if (job.dryRun) {
    const lines: string[] = [];
    const plan = await client.plan(async (planning) => {
      for await (const result of each.results(planning)) lines.push(job.toPlanText?.(result) ?? '');
    });
    if (!each.isWithoutResult) await showRequests(cli, plan, lines);
    return each.end();
  }
  try {
    await show(cli, job, each.results(client));
  } catch (error) {
    // An interruption ends the output too; the outcome of a write is more important.
    each.end();
    throw error;
  }
  each.end();
}

async function show<Item, Result extends object>(
  cli: Cli,
  { view, toText, toData = (result) => result, isSingle, items }: EachJob<Item, Result>,
  results: AsyncGenerator<Result, void>,
): Promise<void> {
  const isText = cli.output.format === 'text';
  const { value: first } = await results.next();
  // Where all items fail, there is no table.
  if (first === undefined && (items.length === 1 || isText)) return;
  const shown = first === undefined ? [] : startingWith(first, results);
  if (isText && toText !== undefined)
    for await (const result of shown) await cli.output.show(result, () => toText(result));
  else if (isSingle && first !== undefined) await cli.output.show(toData(first));
  else await cli.output.list(mapped(shown, toData), { ...view, isWhole: true });
}

async function* mapped<T>(
  items: AsyncIterable<T> | Iterable<T>,
  toData: (item: T) => object,
): AsyncGenerator<object> {
  for await (const item of items) yield toData(item);
}

async function* startingWith<T>(first: T, rest: AsyncIterable<T>): AsyncGenerator<T> {
  yield first;
  yield* rest;
}

/** Does the work, and counts the failures. */
class Each<Item, Result extends object> {
  readonly #cli: Cli;
  readonly #job: EachJob<Item, Result>;
  #done = 0;
  #failed = 0;
  /** The failure that ends the work. */
  #fatal: unknown;

  constructor(cli: Cli, job: EachJob<Item, Result>) {
    this.#cli = cli;
    this.#job = job;
  }

  get isWithoutResult(): boolean {
    return this.#done === 0;
  }

  /** Yields the results of the items that are done. It never throws: see {@link Each.end}. */
  async *results(client: Client): AsyncGenerator<Result, void> {
    const { items, work, view } = this.#job;
    for (const [index, item] of items.entries()) {
      const outcome = await this.#attempt(() => work(client, item), index);
      if (this.#fatal !== undefined) return;
      const progress = { done: index + 1, total: items.length, failed: this.#failed };
      if (items.length > 1) this.#cli.progress.show(progress, view.noun);
      if (outcome !== undefined) yield outcome;
    }
  }

  /** @throws the failure that ended the work, or CliError where some items failed */
  end(): void {
    const { items, view } = this.#job;
    if (this.#fatal !== undefined) throw this.#fatal;
    if (this.#failed === 0) return;
    throw new CliError(`${this.#failed} of ${items.length} ${view.noun} failed`, { exitCode: EXIT.failed });
  }

  async #attempt(work: () => Promise<Result>, index: number): Promise<Result | undefined> {
    const { items, nameOf } = this.#job;
    try {
      this.#cli.signal.throwIfAborted();
      const result = await work();
      this.#done += 1;
      return result;
    } catch (error) {
      this.#failed += 1;
      const isLast = items.length === 1 || this.#cli.signal.aborted || isForAll(error);
      if (!isLast) this.#cli.say(failureLines(nameOf(items[index] as Item), error));
      else {
        this.#fatal = error;
        this.#tellOfRest(items.slice(incompleteOf(error) === undefined ? index : index + 1));
      }
      return undefined;
    }
  }

  #tellOfRest(rest: readonly Item[]): void {
    const { items, nameOf, view } = this.#job;
    if (items.length === 1 || this.#job.dryRun) return;
    this.#cli.say(`${this.#done} of ${items.length} ${view.noun} done`);
    if (rest.length > 0) this.#cli.say(`not done: ${rest.map(nameOf).join(' ')}`);
  }
}

/** Whether the other items would fail too. */
function isForAll(error: unknown): boolean {
  const { exitCode } = explain(causeOf(error));
  return exitCode === EXIT.signIn || exitCode === EXIT.server;
}
