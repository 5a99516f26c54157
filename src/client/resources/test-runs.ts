import type { LightTestRun, TestRun } from '../../commands/shapes.js';
import { InvalidInvocation } from '../../exceptions/base.js';
import { isObject } from '../../util/guards.js';
import { type BulkJob, ChunkSizes, toChunks } from '../bulk/bulk-job.js';
import { BulkPromise } from '../bulk/bulk-promise.js';
import { type BulkOptions, checkBulk, checkIds } from '../bulk/options.js';
import type { ListOptions } from '../options.js';
import type { PagePromise } from '../pages/page-promise.js';
import { progressOf, type ResourceContext } from './resource.js';

/** Options of `testRuns.list`: those of a list, and which test runs of the component are wanted. */
export interface ListTestRunsOptions extends ListOptions {
  /** The code of the test type, or several. @defaultValue all */
  testType?: string | readonly string[] | undefined;
  /** The code of the stage at which the test was done, or several. @defaultValue all */
  stage?: string | readonly string[] | undefined;
  /** The state, or several. @defaultValue `'ready'`: deleted ones are left out */
  state?: string | readonly string[] | undefined;
}

const CHUNK_SIZE = 50;
const ID = /^[0-9a-f]{24}$/i;
const CODE = /^[0-9a-f]{32}$/i;

/** The test runs: `client.testRuns`. */
export class TestRuns {
  readonly #context: ResourceContext;
  readonly #sizes = new ChunkSizes();

  /** @internal */
  constructor(context: ResourceContext) {
    this.#context = context;
  }

  /**
   * Reads many test runs with their results, 50 with each request. Nothing is sent before the result is used: by
   * `await`, which gives `{ items, missing, failed }`, or by `for await`, which gives one test run after the other and
   * needs less memory.
   *
   * ```ts
   * for await (const run of client.testRuns.getMany(ids)) console.log(run.testType.code, run.passed);
   * ```
   *
   * @param ids - ids of test runs. One that is given twice is read once, and is once in the result
   * @throws PartFailed after all others were read, where some could not be read and `errors` is `'throw'`
   * @throws what `client.get` throws, where every further request would meet it too, such as `Aborted` or `Forbidden`
   */
  getMany(ids: Iterable<string>, options: BulkOptions = {}): BulkPromise<TestRun> {
    const subject = 'client.testRuns.getMany';
    const distinct = checkIds(subject, ids);
    const { bulk, call } = checkBulk(subject, options);
    const { retry, ...config } = call;
    const { client, maxInFlight, retryOfPart, logger } = this.#context;
    const { chunkSize = CHUNK_SIZE, errors = 'throw' } = bulk;
    const ask = (group: readonly string[], signal: AbortSignal): Promise<unknown[]> => {
      const part = group.length > 1 ? retryOfPart(retry) : retry;
      return client.get('getTestRunBulk', { ...config, retry: part, signal, data: { testRun: group } });
    };
    const chunks = toChunks(
      distinct,
      () => 'id',
      () => chunkSize,
    );
    const job: BulkJob = {
      ...{ noun: 'test runs', ids: distinct, errors, maxInFlight },
      chunks: chunks.map((chunk) => ({ ids: chunk.ids, ask })),
      namesOf: (item) => [(item as { id?: unknown }).id],
      sizes: this.#sizes,
      signal: config.signal as AbortSignal | undefined,
      onProgress: progressOf(bulk, logger),
    };
    return new BulkPromise(job);
  }

  /**
   * Lists the test runs of a component, without their results: the ready ones, unless the options have a `state`. Nothing
   * is sent before the list is used.
   *
   * @param component - its code or serial number, or an object that has one of them
   * @throws InvalidInvocation where it is an id: the database does not list test runs by the id of the component
   * @throws what `client.list` throws
   */
  list(
    component: string | { readonly code?: string | null; readonly serialNumber?: string | null },
    options: ListTestRunsOptions = {},
  ): PagePromise<LightTestRun> {
    if (!isObject(options))
      throw new InvalidInvocation('client.testRuns.list: the options must be an object');
    const { testType, stage, state = 'ready', ...listOptions } = options;
    const filterMap = {
      ...whichComponent(component),
      ...(testType !== undefined && { testType }),
      ...(stage !== undefined && { stage }),
      state: [state].flat(),
    };
    return this.#context.client.list('listTestRunsByComponent', { filterMap }, listOptions);
  }
}

function whichComponent(component: unknown): { code: string } | { serialNumber: string } {
  const { code, serialNumber } = isObject(component)
    ? (component as { code?: unknown; serialNumber?: unknown })
    : { code: undefined, serialNumber: component };
  if (typeof code === 'string') return { code };
  if (typeof serialNumber !== 'string' || serialNumber === '' || ID.test(serialNumber)) {
    throw new InvalidInvocation(
      'client.testRuns.list: the first argument must be the code or the serial number of a component, or the component itself',
    );
  }
  return CODE.test(serialNumber) ? { code: serialNumber } : { serialNumber };
}
