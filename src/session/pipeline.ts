import type { Authorization } from '../auth/authorization.js';
import { type Logger, SILENT } from '../config/logger.js';
import { coalesce } from '../http/interceptors/coalesce.js';
import { type ConcurrencyLimit, concurrency } from '../http/interceptors/concurrency.js';
import { cookies } from '../http/interceptors/cookies.js';
import { log } from '../http/interceptors/log.js';
import { redirect } from '../http/interceptors/redirect.js';
import { retry } from '../http/interceptors/retry.js';
import { throttle } from '../http/interceptors/throttle.js';
import type { Interceptor, Send } from '../http/request.js';
import type { RetryEvent } from '../http/retry-policy.js';

/** What the pipeline of a session is made of. */
export interface PipelineParts {
  readonly authorization: Authorization;
  readonly cache: Interceptor;
  readonly maxConcurrency: ConcurrencyLimit;
  readonly minInterval: number;
  readonly logger: Logger;
  readonly onRetry: ((event: RetryEvent) => void) | undefined;
  readonly quiet: boolean;
  /** Sends one attempt over the network. */
  readonly transport: Send;
}

/**
 * Builds the pipeline: the way of a request from the session to the socket, and of its response back. Each step passes the request to
 * the one below it, as often as it needs: a redirect starts again at the cache, a retry at the throttle.
 */
export function createPipeline(parts: PipelineParts): Send {
  const { authorization, cache, maxConcurrency, minInterval, logger, onRetry, quiet } = parts;
  const interceptors: readonly Interceptor[] = [
    authorization.reauthenticate, // a 401: once more, with a new token
    redirect(authorization.covers), // follows redirects, and refuses those of writes
    cache, // answers from stored responses
    coalesce(), // lets equal concurrent reads share one request
    cookies(logger), // adds cookies of the origin, stores new ones
    concurrency(maxConcurrency), // waits for a free slot
    retry({ logger, onRetry, quiet }), // repeats what failed and may be repeated
    throttle(minInterval), // waits for the minimum interval
    authorization.authorize, // adds the token
    ...(logger === SILENT ? [] : [log(logger)]), // logs what is sent and what comes back
  ];
  return interceptors.reduceRight<Send>(
    (next, interceptor) => (request, context) => interceptor(request, context, next),
    parts.transport,
  );
}
