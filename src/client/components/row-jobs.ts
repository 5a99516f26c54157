import { InvalidInvocation, type ITkDBException, isException } from '../../exceptions/base.js';
import { isObject } from '../../util/guards.js';
import { failureKindOf } from '../bulk/failures.js';
import type { Progress } from '../requests/progress.js';

/** How rows are worked through. */
export interface RowJob {
  readonly count: number;
  readonly concurrency: number;
  /** Works on the row with this index. Returns whether it counts as failed. What it throws ends the job. */
  readonly run: (index: number) => Promise<boolean>;
  readonly onProgress: ((progress: Progress) => void) | undefined;
}

/** @throws InvalidInvocation where the rows are not a list */
export function checkRows<Row>(subject: string, rows: Iterable<Row>): Row[] {
  if (isObject(rows) && Symbol.iterator in rows) return [...rows];
  throw new InvalidInvocation(
    `${subject}: the rows must be a list, such as the result of \`await readCsv(path)\``,
  );
}

/** Works through rows. Where one throws, those that are under way are ended first. */
export async function runRows({ count, concurrency, run, onProgress }: RowJob): Promise<void> {
  let next = 0;
  let done = 0;
  let failed = 0;
  const failures: unknown[] = [];
  const work = async (): Promise<void> => {
    while (next < count && failures.length === 0) {
      const index = next;
      next += 1;
      try {
        if (await run(index)) failed += 1;
      } catch (error) {
        failures.push(error);
        return;
      }
      done += 1;
      onProgress?.({ done, total: count, failed });
    }
  };
  await Promise.all(Array.from({ length: Math.min(concurrency, count) }, work));
  if (failures.length > 0) throw failures[0];
}

/** Whether every further row would meet this failure too, such as a missing right or an abort. */
export function isFatal(error: unknown): error is ITkDBException {
  if (!isException(error)) return false;
  const { code } = error;
  if (code === 'ERR_INVALID_INVOCATION' || code === 'ERR_NOT_FOUND') return false;
  if (code === 'ERR_INCOMPLETE_WRITE') return isFatal(error.cause);
  return failureKindOf(error) === 'fatal';
}
