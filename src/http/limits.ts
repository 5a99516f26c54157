import { Timeout } from '../exceptions/transport.js';
import { LONGEST_TIMER } from './sleep.js';
import { abortedException } from './transport-errors.js';

/**
 * Waits for a promise, but no longer than a signal and a time allow. The work behind the promise goes on: others may
 * wait for it too.
 *
 * @param limits - `timeout` in milliseconds, 0 for none; `what` starts the message of the exception
 * @throws Aborted, Timeout
 */
export function withLimits<T>(
  promise: Promise<T>,
  {
    what,
    signal,
    timeout = 0,
  }: { what: string; signal?: AbortSignal | undefined; timeout?: number | undefined },
): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => settle(() => reject(abortedException(what, signal?.reason, {})));
    const onTimeout = (): void => settle(() => reject(new Timeout(`${what} took longer than ${timeout} ms`)));
    const timer = timeout > 0 ? setTimeout(onTimeout, Math.min(timeout, LONGEST_TIMER)) : undefined;
    const settle = (then: () => void): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
      then();
    };
    promise.then(
      (value) => settle(() => resolve(value)),
      (error) => settle(() => reject(error)),
    );
    if (signal?.aborted) onAbort();
    else signal?.addEventListener('abort', onAbort);
  });
}
