import { offAbort, onAbort } from '../../util/abort.js';
import { RequestWindow } from '../requests/request-window.js';
import type { BulkJob, BulkOutcome, Chunk } from './bulk-job.js';
import { Outage } from './failures.js';
import { type ChunkContext, isMissing, lookUpOne, type Outcomes, readChunk } from './read-chunk.js';
import { Slots } from './slots.js';

/**
 * Reads what a job asks for, several chunks at a time, and gives what became of each id, in the order of the ids.
 *
 * @param ahead - the number of chunks that may be in memory beyond those that are under way
 */
export async function* readOutcomes(
  job: BulkJob,
  ahead: number,
): AsyncGenerator<BulkOutcome<unknown>, void, undefined> {
  const controller = new AbortController();
  const { signal } = controller;
  // Not by `AbortSignal.any`: on Node 20 that keeps every job of a long-lived signal in memory.
  const leave = (): void => controller.abort(job.signal?.reason);
  if (job.signal?.aborted) leave();
  else if (job.signal) onAbort(job.signal, leave);
  const window = new RequestWindow(job.maxInFlight, true);
  const slots = new Slots(window);
  const context = { job, window, signal, outage: new Outage(), onOutcomes: countProgress(job) };
  const results = new Map<Chunk, Promise<Outcomes>>();
  let next = 0;
  const startChunks = (): void => {
    while (next < job.chunks.length && slots.isFree && results.size < window.size + ahead) {
      const chunk = job.chunks[next] as Chunk;
      next += 1;
      const result = readIds(chunk, context, slots).then(
        (outcomes) => {
          startChunks();
          return outcomes;
        },
        (error: unknown) => {
          next = job.chunks.length;
          throw error;
        },
      );
      // The consumer meets it when it gets there.
      result.catch(() => {});
      results.set(chunk, result);
    }
  };
  const chunkOf = new Map(job.chunks.flatMap((chunk) => chunk.ids.map((id) => [id, chunk] as const)));
  try {
    for (const id of job.ids) {
      startChunks();
      const chunk = chunkOf.get(id) as Chunk;
      const outcomes = (await results.get(chunk)) as Outcomes;
      yield outcomes.get(id) as BulkOutcome<unknown>;
      outcomes.delete(id);
      if (outcomes.size === 0) results.delete(chunk);
    }
  } finally {
    if (job.signal) offAbort(job.signal, leave);
    controller.abort();
  }
}

/** Reads the ids of a chunk: first together, then those that were not found one by one, by another kind of name. */
async function readIds({ ids, ask }: Chunk, context: ChunkContext, slots: Slots): Promise<Outcomes> {
  const outcomes: Outcomes =
    ask === undefined
      ? new Map(ids.map((id) => [id, { id }]))
      : await slots.run(() => readChunk(ids, ask, context));
  const { lookUp } = context.job;
  if (lookUp === undefined) return outcomes;
  const missing = [...outcomes.values()].filter(isMissing);
  const found = missing.map(({ id }) => slots.run(() => lookUpOne(id, lookUp, context)));
  for (const outcome of await Promise.all(found)) outcomes.set(outcome.id, outcome);
  return outcomes;
}

/** Counts what is done, and tells the caller. */
function countProgress({ ids, onProgress }: BulkJob): (outcomes: readonly BulkOutcome<unknown>[]) => void {
  let done = 0;
  let failed = 0;
  return (outcomes) => {
    done += outcomes.length;
    failed += outcomes.filter(({ error }) => error !== undefined).length;
    onProgress?.({ done, total: ids.length, failed });
  };
}
