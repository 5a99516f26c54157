import { offAbort, onAbort } from '../../util/abort.js';
import { RequestWindow } from '../pages/window.js';
import type { BulkJob, BulkOutcome, Chunk } from './bulk-job.js';
import { readChunk } from './read-chunk.js';

type Outcomes = Map<string, BulkOutcome<unknown>>;

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
  const context = { job, window, signal, onOutcomes: countProgress(job) };
  const results = new Map<Chunk, Promise<Outcomes>>();
  let next = 0;
  let running = 0;
  const isFree = (): boolean => running < window.size && results.size < window.size + ahead;
  const startChunks = (): void => {
    while (next < job.chunks.length && isFree()) {
      const chunk = job.chunks[next] as Chunk;
      next += 1;
      running += 1;
      const result = readChunk(chunk, context).then(
        (outcomes) => {
          running -= 1;
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
