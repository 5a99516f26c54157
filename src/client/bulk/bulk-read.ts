import { progressTeller } from '../requests/progress.js';
import type { ResourceContext } from '../resources/resource.js';
import type { BulkJob, Chunk } from './bulk-job.js';
import { BulkPromise } from './bulk-promise.js';
import type { ChunkSizes } from './group-size.js';
import type { BulkOnly, BulkOptions } from './options.js';

/** How one kind of objects is read in bulk. */
export interface BulkCommand extends Pick<BulkJob, 'noun' | 'namesOf'> {
  /** The number of ids in one request, unless the caller says it. */
  readonly chunkSize: number;
  readonly sizes: ChunkSizes;
  /**
   * Returns how an id is asked for: those of one chunk in the same way. Undefined where only `lookUp` can find it.
   *
   * @param call - the options of the request
   */
  readonly askerOf: (id: string) => Asker | undefined;
  readonly lookUp?: ((id: string, call: RequestOptions) => Promise<unknown>) | undefined;
}

/** Asks for some ids. */
export type Asker = (ids: readonly string[], call: RequestOptions) => Promise<readonly unknown[]>;

/** The options of one request of a bulk read. */
type RequestOptions = Omit<BulkOptions, keyof BulkOnly> & { readonly signal: AbortSignal };

/** Makes a bulk read of what the caller of `getMany` gave. Nothing is sent before it is used. */
export function bulkRead<T>(
  { maxInFlight, retryOfPart, logger }: ResourceContext,
  ids: readonly string[],
  { bulk, call }: { readonly bulk: BulkOnly; readonly call: Omit<BulkOptions, keyof BulkOnly> },
  { askerOf, lookUp, sizes, noun, namesOf, chunkSize }: BulkCommand,
): BulkPromise<T> {
  const { errors = 'throw' } = bulk;
  const toChunk = ([asker, group]: readonly [Asker | undefined, readonly string[]]): Chunk => ({
    ids: group,
    ask:
      asker &&
      ((some, signal) => {
        const retry = some.length > 1 ? retryOfPart(call.retry) : call.retry;
        return asker(some, { ...call, retry, signal });
      }),
  });
  return new BulkPromise({
    ...{ noun, namesOf, ids, errors, sizes, maxInFlight },
    chunks: divide(ids, askerOf, bulk.chunkSize ?? chunkSize).map(toChunk),
    lookUp: lookUp && ((id, signal) => lookUp(id, { ...call, signal })),
    signal: call.signal as AbortSignal | undefined,
    onProgress: progressTeller(bulk.onProgress, logger),
  });
}

/** Divides ids into chunks of one kind each, with boundaries that depend on the order of the ids alone. */
function divide<Kind>(
  ids: readonly string[],
  kindOf: (id: string) => Kind,
  size: number,
): (readonly [Kind, readonly string[]])[] {
  const chunks: (readonly [Kind, string[]])[] = [];
  const open = new Map<Kind, string[]>();
  for (const id of ids) {
    const kind = kindOf(id);
    const chunk = open.get(kind);
    if (chunk !== undefined && chunk.length < size) {
      chunk.push(id);
      continue;
    }
    const next = [id];
    open.set(kind, next);
    chunks.push([kind, next]);
  }
  return chunks;
}
