import { Timeout, type TransportContext } from '../exceptions/transport.js';
import { type RequestInput, redactorFor } from '../redaction/exchange.js';
import { LONGEST_TIMER } from '../util/sleep.js';
import { abortedException } from './transport/errors.js';

/** For how long to wait, and for what. */
export interface Limits {
  /** Starts the message of the exception. @defaultValue method and URL */
  readonly what?: string | undefined;
  /** The request that it is about, if it is about one. It is redacted when an exception is made. */
  readonly request?: RequestInput | undefined;
  /** Whether nothing of the request was sent. */
  readonly neverReached?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
  /** In milliseconds; 0 for none. */
  readonly timeout?: number | undefined;
}

/**
 * Waits for a promise, but no longer than a signal and a timeout allow. The work behind the promise goes on: other
 * callers may wait for it too.
 *
 * @throws Aborted, Timeout
 */
export function withLimits<T>(promise: Promise<T>, limits: Limits): Promise<T> {
  const { signal, timeout = 0 } = limits;
  return new Promise((resolve, reject) => {
    const onAbort = (): void => settle(() => reject(abortedWhile(limits)));
    const onTimeout = (): void => settle(() => reject(timedOut(limits)));
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

function abortedWhile(limits: Limits): Error {
  const context = contextOf(limits);
  return abortedException(nameOf(limits, context), limits.signal?.reason, context);
}

function timedOut(limits: Limits): Error {
  const context = contextOf(limits);
  return new Timeout(`${nameOf(limits, context)} took longer than ${limits.timeout} ms`, context);
}

function contextOf({ request, neverReached }: Limits): TransportContext {
  return {
    method: request?.method?.toUpperCase(),
    url: request?.url && redactorFor({ config: request }).text(request.url),
    neverReached,
  };
}

function nameOf({ what }: Limits, { method, url }: TransportContext): string {
  return what ?? `${method} ${url}`;
}
