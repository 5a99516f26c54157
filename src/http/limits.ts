import { Timeout, type TransportContext } from '../exceptions/transport.js';
import { type RequestInput, redactorFor } from '../redaction/exchange.js';
import { LONGEST_TIMER } from '../util/sleep.js';
import type { Abortable } from './cancellation.js';
import { abortedException } from './transport/errors.js';

/** For how long to wait, and for what. */
export interface Limits {
  /** Starts the message of the exception. @defaultValue method and URL */
  readonly what?: string | undefined;
  /** The request that it is about, if it is about one; as it is, for it is redacted when an exception is made. */
  readonly request?: RequestInput | undefined;
  /** Whether nothing of it has been sent yet. */
  readonly neverReached?: boolean | undefined;
  readonly signal?: Abortable | undefined;
  /** In milliseconds; 0 for none. */
  readonly timeout?: number | undefined;
}

/**
 * Waits for a promise, but no longer than a signal and a time allow. The work behind the promise goes on: others may
 * wait for it too.
 *
 * @throws Aborted, Timeout
 */
export function withLimits<T>(
  promise: Promise<T>,
  { what, request, neverReached, signal, timeout = 0 }: Limits,
): Promise<T> {
  const context = (): TransportContext => ({
    method: request?.method?.toUpperCase(),
    url: request?.url && redactorFor({ config: request }).text(request.url),
    neverReached,
  });
  const name = (): string => what ?? `${context().method} ${context().url}`;
  return new Promise((resolve, reject) => {
    const onAbort = (): void => settle(() => reject(abortedException(name(), signal?.reason, context())));
    const onTimeout = (): void =>
      settle(() => reject(new Timeout(`${name()} took longer than ${timeout} ms`, context())));
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
