import { setTimeout } from 'node:timers/promises';

/** The longest time that a timer can run, in milliseconds: 24 days. Node ends a longer one at once. */
export const LONGEST_TIMER: number = 2 ** 31 - 1;

/**
 * Waits for so many milliseconds.
 *
 * @throws an `AbortError` when the signal fires
 */
export function sleep(milliseconds: number, signal?: AbortSignal): Promise<void> {
  return setTimeout(Math.min(milliseconds, LONGEST_TIMER), undefined, { ...(signal && { signal }) });
}
