import { callBack } from '../../config/call-back.js';
import type { Logger } from '../../config/logger.js';
import { TransportException } from '../../exceptions/transport.js';
import { redactorFor } from '../../redaction/exchange.js';
import { sleep } from '../../util/sleep.js';
import type { Outcome } from '../retry-budget.js';
import type { RetryEvent } from '../retry-policy.js';
import { toTransportException } from '../transport/errors.js';
import { discard, type Exchange, type WireConfig, type WireResponse } from '../wire.js';

/** What {@link withRetries} needs of its surroundings. */
export interface RetryHooks {
  readonly logger: Logger;
  readonly onRetry?: ((event: RetryEvent) => void) | undefined;
}

/**
 * Tries a request again that failed in a way that may pass, as its {@link RetryBudget} allows.
 *
 * | what came                                              | reads               | writes                          |
 * | ------------------------------------------------------ | ------------------- | ------------------------------- |
 * | refused, no such host, no route                        | tried again         | tried again: it arrived nowhere |
 * | reset, timed out, broken off                           | tried again         | only if said to be idempotent   |
 * | 408, 429, 500, 502, 503, 504                           | tried again         | only if said to be idempotent   |
 * | any other status; TLS failure; no valid HTTP; too large | as it is            | as it is                        |
 * | aborted                                                | at once as it is    | at once as it is                |
 *
 * A body that can be read only once is never sent twice, and a streamed answer that breaks off is its reader's.
 */
export function withRetries(hooks: RetryHooks, next: Exchange): Exchange {
  return async (config) => {
    const budget = config.retries;
    if (budget === undefined) return next(config);
    for (;;) {
      const outcome = await settle(next(budget.begin(config)));
      const retry = config.forgives?.(outcome) ? undefined : budget.retryAfter(outcome, config);
      if (retry === undefined) {
        if (outcome instanceof TransportException) throw budget.explain(outcome);
        return outcome;
      }
      if (!(outcome instanceof TransportException)) discard(outcome.data);
      const url = redactorFor({ config }).text(config.url);
      report(hooks, { method: config.method.toUpperCase(), url, ...retry });
      await pause(retry.delay, config);
    }
  };
}

/** A failure of the network is an outcome like any other; what is not, is the caller's fault or ours. */
function settle(response: Promise<WireResponse>): Promise<Outcome> {
  return response.catch((error: unknown) => {
    if (error instanceof TransportException) return error;
    throw error;
  });
}

function report({ logger, onRetry }: RetryHooks, event: RetryEvent): void {
  const { method, url, failedTries, reason, delay } = event;
  logger.warn(
    `Try ${failedTries} of ${method} ${url} failed (${reason}), the next in ${Math.ceil(delay)} ms`,
  );
  callBack(logger, 'onRetry', () => onRetry?.(event));
}

async function pause(delay: number, config: WireConfig): Promise<void> {
  try {
    await sleep(delay, config.signal);
  } catch (reason) {
    throw toTransportException(reason, config);
  }
}
