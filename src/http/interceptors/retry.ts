import { STATUS_CODES } from 'node:http';
import { callBack, type Logger, SILENT } from '../../config/logger.js';
import {
  ConnectionFailed,
  ConnectionRefused,
  ConnectionReset,
  HostNotFound,
  Timeout,
  TransportException,
} from '../../exceptions/transport.js';
import { redactorFor } from '../../redaction/exchange.js';
import type { Redactor } from '../../redaction/redact.js';
import { sleep } from '../../util/sleep.js';
import type { Attempts, FailedAttempt } from '../attempts.js';
import { isOneShot } from '../body/request-body.js';
import {
  type HttpRequest,
  type HttpResponse,
  type Interceptor,
  type RequestContext,
  SAFE_METHODS,
} from '../request.js';
import { requestInput, responseInput } from '../response-input.js';
import { parseRetryAfter } from '../retry-after.js';
import { endRetries, showRetry } from '../retry-notice.js';
import type { Retry, RetryEvent, RetryPolicy } from '../retry-policy.js';
import { toTransportException } from '../transport/errors.js';

/** What is told of retries. */
export interface RetryHooks {
  readonly logger: Logger;
  readonly onRetry?: ((event: RetryEvent) => void) | undefined;
  /** Whether a person at the terminal is told nothing. Where there is a log, the person is told nothing either. */
  readonly quiet: boolean;
}

/** What became of one attempt. */
type Outcome = HttpResponse | TransportException;

const TRANSIENT: readonly (typeof TransportException)[] = [
  ConnectionFailed,
  ConnectionRefused,
  ConnectionReset,
  HostNotFound,
  Timeout,
];

/**
 * Retries transient failures, as the `Attempts` of the call allow.
 *
 * Which outcomes are retried: see `failureOf`, and the table in docs/reliability.md.
 *
 * A body that can be read only once is never sent twice, and a streamed response that breaks off is the caller's.
 */
export function retry(hooks: RetryHooks): Interceptor {
  return async (request, context, next) => {
    const { attempts } = context;
    if (attempts === undefined) return next(request, context);
    try {
      for (;;) {
        let outcome: Outcome;
        try {
          outcome = await next(request, limited(context, attempts.begin(context.options.timeout)));
          if (outcome.status < 400) return outcome;
        } catch (error) {
          if (!(error instanceof TransportException)) throw error;
          outcome = error;
        }
        const secrets = secretsOf(outcome, request, context);
        const due = attempts.next(failureOf(outcome, request, attempts.policy, secrets));
        if (due === undefined) {
          if (outcome instanceof TransportException) throw attempts.explain(outcome);
          return outcome;
        }
        if (!(outcome instanceof TransportException)) context.supersede(outcome);
        report(hooks, request, due, secrets);
        await pause(due.delay, request, context, attempts);
      }
    } finally {
      endRetries(request);
    }
  };
}

/** The timeout of a further attempt is limited by what is left of `within`. */
function limited(context: RequestContext, timeout: number): RequestContext {
  return timeout === context.options.timeout
    ? context
    : { ...context, options: { ...context.options, timeout } };
}

/** Returns a function that makes the redactor of an attempt when it is first needed: to make one costs a search of the body. */
function secretsOf(outcome: Outcome, request: HttpRequest, { token }: RequestContext): () => Redactor {
  let redactor: Redactor | undefined;
  return () => {
    redactor ??= redactorFor(
      outcome instanceof TransportException
        ? { config: requestInput(request, token) }
        : responseInput(outcome),
    );
    return redactor;
  };
}

function failureOf(
  outcome: Outcome,
  request: HttpRequest,
  policy: RetryPolicy,
  secrets: () => Redactor,
): FailedAttempt {
  const isSafe = policy.idempotent || SAFE_METHODS.has(request.method);
  if (outcome instanceof TransportException) {
    return {
      reason: (outcome.cause as Error | undefined)?.message ?? outcome.message,
      isTransient:
        TRANSIENT.some((type) => outcome instanceof type) &&
        (policy.timeouts || !(outcome instanceof Timeout)) &&
        !isRefusedByProxy(outcome),
      mayRepeat: !isOneShot(request.body) && (isSafe || outcome.neverReached),
      mayHaveArrived: !outcome.neverReached,
      retryAfter: undefined,
    };
  }
  const { status, statusText, headers } = outcome;
  const reason = `${status} ${statusText}`.trim();
  const isUsual = statusText === '' || statusText === STATUS_CODES[status];
  return {
    reason: isUsual ? reason : secrets().text(reason),
    isTransient: policy.statuses.includes(status),
    mayRepeat: !isOneShot(request.body) && isSafe,
    mayHaveArrived: true,
    retryAfter: parseRetryAfter(headers),
  };
}

/** Repeating credentials that a proxy refused can lock the account. */
function isRefusedByProxy({ cause }: TransportException): boolean {
  return (cause as { code?: unknown } | undefined)?.code === 'ERR_PROXY_CREDENTIALS';
}

/** Tells of a retry whoever listens: the log and `onRetry`, and the person at the terminal where nothing is logged. */
function report(hooks: RetryHooks, request: HttpRequest, due: Retry, secrets: () => Redactor): void {
  const { logger, onRetry, quiet } = hooks;
  const { failedTries, reason, delay } = due;
  const isLogged = logger !== SILENT;
  if (isLogged || onRetry !== undefined) {
    const { method } = request;
    const url = secrets().text(request.url);
    logger.warn(
      `Try ${failedTries} of ${method} ${url} failed (${reason}), the next in ${Math.ceil(delay)} ms`,
    );
    callBack(logger, 'onRetry', () => onRetry?.({ method, url, ...due }));
  }
  if (!isLogged && !quiet) showRetry(request, reason);
}

async function pause(
  delay: number,
  request: HttpRequest,
  { signal, token }: RequestContext,
  attempts: Attempts,
): Promise<void> {
  try {
    await sleep(delay, signal);
  } catch (reason) {
    const input = { ...requestInput(request, token), signal, neverReached: !attempts.mayHaveArrived };
    throw toTransportException(reason, input);
  }
}
