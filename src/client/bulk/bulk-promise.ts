import { withItems } from '../pages/item-reader.js';
import type { BulkFailure, BulkJob, BulkOutcome, BulkRead } from './bulk-job.js';
import { partFailed } from './part-failed.js';
import { readOutcomes } from './read-outcomes.js';

/** The chunks that are read beyond those that are under way, while the consumer is busy. */
const AHEAD = 2;

/**
 * Many components or test runs, which are asked for when they are used: `await` gives all of them, `for await` one after
 * the other, with a few chunks in memory. Each iteration sends the requests again.
 *
 * ```ts
 * const { items, missing } = await client.components.getMany(serialNumbers);
 * for await (const run of client.testRuns.getMany(ids)) …
 * ```
 */
export class BulkPromise<T> extends Promise<BulkRead<T>> implements AsyncIterable<T> {
  /** `then` and `finally` give ordinary promises. */
  static override get [Symbol.species](): PromiseConstructor {
    return Promise;
  }

  readonly #job: BulkJob;
  #result: Promise<BulkRead<T>> | undefined;

  /** @internal */
  constructor(job: BulkJob) {
    super(() => {});
    this.#job = job;
  }

  // biome-ignore lint/suspicious/noThenProperty: a promise has one; nothing is sent before it is called
  override then<Result = BulkRead<T>, Failure = never>(
    onFulfilled?: ((read: BulkRead<T>) => Result | PromiseLike<Result>) | null,
    onRejected?: ((reason: unknown) => Failure | PromiseLike<Failure>) | null,
  ): Promise<Result | Failure> {
    this.#result ??= this.#readAll();
    return this.#result.then(onFulfilled, onRejected);
  }

  /**
   * Iterates over what becomes of each id, in the order of the ids. Unlike an iteration over the items, it also has what
   * the database does not know and what could not be read.
   *
   * @throws what every further request would meet, such as `Aborted` or `Forbidden`; with `errors: 'stop'` the first exception
   */
  outcomes(): AsyncIterableIterator<BulkOutcome<T>> {
    return readOutcomes(this.#job, AHEAD) as AsyncGenerator<BulkOutcome<T>>;
  }

  /**
   * Iterates over the items, in the order of the ids. What the database does not know is left out.
   *
   * @throws PartFailed at the end, where some could not be read and `errors` is `'throw'`
   */
  async *[Symbol.asyncIterator](): AsyncGenerator<T, void, undefined> {
    const missing: string[] = [];
    const failed: BulkFailure[] = [];
    for await (const outcome of this.outcomes()) {
      sortFailure(outcome, missing, failed);
      if (outcome.item !== undefined) yield outcome.item;
    }
    this.#throwFailed({ items: [], missing, failed });
  }

  async #readAll(): Promise<BulkRead<T>> {
    const items: T[] = [];
    const missing: string[] = [];
    const failed: BulkFailure[] = [];
    try {
      for await (const outcome of readOutcomes(this.#job, Number.POSITIVE_INFINITY)) {
        sortFailure(outcome, missing, failed);
        if (outcome.item !== undefined) items.push(outcome.item as T);
      }
    } catch (error) {
      throw withItems(error, items);
    }
    this.#throwFailed({ items, missing, failed });
    return { items, missing, failed };
  }

  #throwFailed(read: BulkRead<T>): void {
    const { errors, ids, noun } = this.#job;
    if (errors === 'collect' || read.failed.length === 0) return;
    throw partFailed(read, `${ids.length} ${noun}`);
  }
}

function sortFailure(
  { id, item, error }: BulkOutcome<unknown>,
  missing: string[],
  failed: BulkFailure[],
): void {
  if (error !== undefined) failed.push({ id, error });
  else if (item === undefined) missing.push(id);
}
