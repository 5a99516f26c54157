import { offAbort, onAbort } from './abort.js';

/** The longest time that a timer can run, in milliseconds: 24 days. Node ends a longer one at once. */
export const LONGEST_TIMER: number = 2 ** 31 - 1;

/**
 * Waits for the given number of milliseconds.
 *
 * @throws the signal's reason, when it is aborted
 */
export function sleep(milliseconds: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const end = (settle: () => void): void => {
      clearTimeout(timer);
      if (signal) offAbort(signal, leave);
      settle();
    };
    const leave = (): void => end(() => reject(signal?.reason));
    const timer = setTimeout(() => end(resolve), Math.min(milliseconds, LONGEST_TIMER));
    if (signal?.aborted) leave();
    else if (signal) onAbort(signal, leave);
  });
}
