import type { ITkDBException } from '../../exceptions/base.js';
import { isObject } from '../../util/guards.js';
import { sleep } from '../../util/sleep.js';
import { deservesSecondTry } from '../pages/too-heavy.js';
import type { RequestWindow } from '../pages/window.js';
import type { BulkJob, BulkOutcome, Chunk } from './bulk-job.js';
import { kindOf, namedIn, saysMissing } from './failures.js';

/** The wait before the second try of a request, in milliseconds. */
const SECOND_TRY = 500;
/** The requests beyond one for each id that a chunk may cost. */
const SPARE = 2;
/** How many times smaller the first request is after one that failed. Most of the ids are good, so it grows fast again. */
const SHRINK = 32;

/** What the reading of a chunk gets of its job. */
export interface ChunkContext {
  readonly job: BulkJob;
  readonly window: RequestWindow;
  readonly signal: AbortSignal;
  /** Called with what became of some of the ids. */
  readonly onOutcomes: (outcomes: readonly BulkOutcome<unknown>[]) => void;
}

/**
 * Reads a chunk, in one request where nothing is wrong.
 *
 * After a failure, what the server names is left out. Where it names nothing, smaller groups are asked for: first a
 * small one, then twice as many after each success. Each success of a group saves requests, each failure costs one, and
 * where none is to spare the ids are asked for one by one. So a chunk of n ids takes at most n + 2 requests.
 */
export async function readChunk(
  chunk: Chunk,
  context: ChunkContext,
): Promise<Map<string, BulkOutcome<unknown>>> {
  const { job, window } = context;
  const outcomes = new Map<string, BulkOutcome<unknown>>();
  const add = (added: readonly BulkOutcome<unknown>[]): void => {
    for (const outcome of added) outcomes.set(outcome.id, outcome);
    context.onOutcomes(added);
  };
  let rest = chunk.ids;
  let { limit } = job.sizes;
  let size = limit;
  let spare = SPARE;
  while (rest.length > 0) {
    const group = rest.slice(0, spare > 0 ? Math.min(size, limit) : 1);
    try {
      const items = await askTwice(chunk, group, context);
      add(match(items, group, job));
      window.succeeded(items.length);
      spare += group.length - 1;
      size = group.length * 2;
    } catch (error) {
      const kind = kindOf(error);
      if (kind === 'fatal' || context.signal.aborted) throw error;
      if (kind === 'heavy') window.timedOut();
      const culprits = culpritsOf(error, group);
      if (culprits.length > 0) {
        if (job.errors === 'stop' && !saysMissing(error as ITkDBException)) throw error;
        add(culprits.map((id) => toOutcome(id, error as ITkDBException)));
        spare += culprits.length - 1;
        if (group.length === 1) size = 2;
      } else {
        spare -= 1;
        size = Math.ceil(group.length / SHRINK);
        // What failed for another reason than its size may be just as large the next time.
        if (kind === 'heavy' && !deservesSecondTry(error)) limit = Math.floor(group.length / 2);
      }
    }
    rest = rest.filter((id) => !outcomes.has(id));
  }
  const isComplete = [...outcomes.values()].every(({ error }) => error === undefined);
  if (isComplete) job.sizes.worked(limit);
  return outcomes;
}

/** Asks once more where the server failed, but not because it took too long. A single id is retried by the session. */
async function askTwice(
  chunk: Chunk,
  group: readonly string[],
  { signal }: ChunkContext,
): Promise<readonly unknown[]> {
  try {
    return await chunk.ask(group, signal);
  } catch (error) {
    if (group.length === 1 || !deservesSecondTry(error) || signal.aborted) throw error;
    await sleep(SECOND_TRY, signal).catch(() => {});
    return chunk.ask(group, signal);
  }
}

/** Returns the ids that are the reason of a failure, as far as that is known. */
function culpritsOf(error: unknown, group: readonly string[]): readonly string[] {
  if (group.length === 1 || kindOf(error) === 'unreachable') return group;
  return namedIn(error, group);
}

function toOutcome(id: string, error: ITkDBException): BulkOutcome<unknown> {
  return saysMissing(error) ? { id } : { id, error };
}

/** Finds what was asked for among what came, by its names: the server may leave out what it does not have. */
function match(items: readonly unknown[], ids: readonly string[], job: BulkJob): BulkOutcome<unknown>[] {
  const found = new Map<unknown, unknown>();
  const entries = items.filter(isObject).map((item) => ({ item, names: job.namesOf(item) }));
  // The best names last, so that nothing hides what they name.
  const most = Math.max(0, ...entries.map(({ names }) => names.length));
  for (let index = 0; index < most; index += 1) {
    for (const { item, names } of entries) {
      const name = names[index];
      if (typeof name === 'string') found.set(name.toLowerCase(), item);
    }
  }
  return ids.map((id) => ({ id, item: found.get(id.toLowerCase()) }));
}
