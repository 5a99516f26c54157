import { Timeout, type TransportContext } from '../exceptions/transport.js';
import { type RequestInput, redactorFor } from '../redaction/exchange.js';
import type { Redactor } from '../redaction/redact.js';
import { offAbort, onAbort } from '../util/abort.js';
import { LONGEST_TIMER } from '../util/sleep.js';
import { abortedException, contextOf, describe } from './transport/errors.js';

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
  /** What to do about a timeout; the second line of its message. */
  readonly advice?: string | undefined;
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
    const leave = (): void => settle(() => reject(abortedWhile(limits)));
    const onTimeout = (): void => settle(() => reject(timedOut(limits)));
    const timer = timeout > 0 ? setTimeout(onTimeout, Math.min(timeout, LONGEST_TIMER)) : undefined;
    const settle = (then: () => void): void => {
      clearTimeout(timer);
      if (signal) offAbort(signal, leave);
      then();
    };
    promise.then(
      (value) => settle(() => resolve(value)),
      (error) => settle(() => reject(error)),
    );
    if (signal?.aborted) leave();
    else if (signal) onAbort(signal, leave);
  });
}

function abortedWhile(limits: Limits): Error {
  const { name, context, secrets } = explain(limits);
  return abortedException(name, limits.signal?.reason, context, secrets);
}

function timedOut(limits: Limits): Error {
  const { name, context } = explain(limits);
  const { timeout, advice } = limits;
  const happened = `${name} took longer than ${timeout} ms`;
  return new Timeout(advice === undefined ? happened : `${happened}\n${advice}`, context);
}

function explain({ what, request = {}, neverReached = false }: Limits): {
  name: string;
  context: TransportContext;
  secrets: Redactor;
} {
  const secrets = redactorFor({ config: request });
  const context = contextOf({ ...request, neverReached }, secrets);
  return { name: what ?? describe(request, secrets), context, secrets };
}
