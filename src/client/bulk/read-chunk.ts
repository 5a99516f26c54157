import type { ITkDBException } from '../../exceptions/base.js';
import { isObject, isRecord } from '../../util/guards.js';
import { sleep } from '../../util/sleep.js';
import type { RequestWindow } from '../requests/request-window.js';
import { deservesSecondTry, SECOND_TRY } from '../requests/too-heavy.js';
import type { BulkJob, BulkOutcome, Chunk } from './bulk-job.js';
import { type FailureKind, failureKindOf, namedIn, type Outage, saysMissing } from './failures.js';
import { GroupSize } from './group-size.js';

/** What became of ids, by id. */
export type Outcomes = Map<string, BulkOutcome<unknown>>;

/** What the reading of a chunk gets of its job. */
export interface ChunkContext {
  readonly job: BulkJob;
  readonly window: RequestWindow;
  readonly outage: Outage;
  readonly signal: AbortSignal;
  /** Called with what became of some of the ids. */
  readonly onOutcomes: (outcomes: readonly BulkOutcome<unknown>[]) => void;
}

/**
 * Reads a chunk, in one request where nothing is wrong. After a failure, what the server names is left out. Where it names
 * nothing, smaller groups are asked for: see {@link GroupSize}.
 */
export async function readChunk(
  ids: readonly string[],
  ask: NonNullable<Chunk['ask']>,
  context: ChunkContext,
): Promise<Outcomes> {
  const { job, window, outage, signal, onOutcomes } = context;
  const outcomes: Outcomes = new Map();
  const add = (added: readonly BulkOutcome<unknown>[]): void => {
    for (const outcome of added) outcomes.set(outcome.id, outcome);
    // What is missing is not done yet where it can be looked up.
    onOutcomes(job.lookUp === undefined ? added : added.filter((outcome) => !isMissing(outcome)));
  };
  const size = new GroupSize(job.sizes.limit);
  for (let rest = ids; rest.length > 0; rest = rest.filter((id) => !outcomes.has(id))) {
    const { error: down } = outage;
    if (down !== undefined) {
      add(rest.map((id) => ({ id, error: down })));
      break;
    }
    const group = rest.slice(0, size.next);
    try {
      const items = await (rest === ids ? askTwice(ask, group, signal) : ask(group, signal));
      outage.answered();
      window.succeeded(items.length);
      add(match(items, group, job));
      size.worked(group.length);
    } catch (thrown) {
      const { error, kind } = countFailure(thrown, group.length, context);
      // What has nothing to do with the ids is not asked for again.
      const culprits = group.length === 1 || kind === 'unreachable' ? group : namedIn(error, group);
      if (culprits.length > 0) {
        stopAt(error, job);
        add(culprits.map((id) => toOutcome(id, error)));
        size.named(culprits.length, group.length);
      } else {
        // What failed for another reason than its size may be just as large the next time.
        size.failed(group.length, kind === 'heavy' && !deservesSecondTry(error));
      }
    }
  }
  const isComplete = [...outcomes.values()].every(({ error }) => error === undefined);
  if (isComplete) job.sizes.worked(size.limit);
  return outcomes;
}

/** Asks for one id by another kind of name, with `lookUp` of the job. */
export async function lookUpOne(
  id: string,
  lookUp: NonNullable<BulkJob['lookUp']>,
  context: ChunkContext,
): Promise<BulkOutcome<unknown>> {
  const { job, window, outage, signal, onOutcomes } = context;
  const read = async (): Promise<BulkOutcome<unknown>> => {
    if (outage.error !== undefined) return { id, error: outage.error };
    try {
      const item = await lookUp(id, signal);
      outage.answered();
      window.succeeded(1);
      return isRecord(item) ? { id, item } : { id };
    } catch (thrown) {
      const { error } = countFailure(thrown, 1, context);
      stopAt(error, job);
      return toOutcome(id, error);
    }
  };
  const outcome = await read();
  onOutcomes([outcome]);
  return outcome;
}

/** Whether the database does not have what was asked for. */
export function isMissing({ item, error }: BulkOutcome<unknown>): boolean {
  return item === undefined && error === undefined;
}

/** Asks once more where the server failed, but not because it took too long. A single id is retried by the session. */
async function askTwice(
  ask: NonNullable<Chunk['ask']>,
  group: readonly string[],
  signal: AbortSignal,
): Promise<readonly unknown[]> {
  try {
    return await ask(group, signal);
  } catch (error) {
    if (group.length === 1 || !deservesSecondTry(error) || signal.aborted) throw error;
    await sleep(SECOND_TRY, signal).catch(() => {});
    return ask(group, signal);
  }
}

/** Counts a request for so many ids that failed. Throws what every other request would meet too. */
function countFailure(
  thrown: unknown,
  ids: number,
  { window, outage, signal }: ChunkContext,
): { readonly error: ITkDBException; readonly kind: FailureKind } {
  const kind = failureKindOf(thrown);
  if (kind === 'fatal' || signal.aborted) throw thrown;
  const error = thrown as ITkDBException;
  if (kind === 'heavy') window.tooHeavy();
  outage.failed(error, kind, ids);
  return { error, kind };
}

/** Throws what ends the reading with `errors: 'stop'`. */
function stopAt(error: ITkDBException, { errors }: BulkJob): void {
  if (errors === 'stop' && !saysMissing(error)) throw error;
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
