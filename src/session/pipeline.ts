import type { Authorization } from '../auth/authorization.js';
import type { SessionCache } from '../cache/session-cache.js';
import { withCache } from '../cache/with-cache.js';
import type { Logger } from '../config/logger.js';
import { byOrigin } from '../http/interceptors/by-origin.js';
import { Limiter, withLimiter } from '../http/interceptors/concurrency.js';
import { CookieStore, withCookies } from '../http/interceptors/cookies.js';
import { withRedirects } from '../http/interceptors/redirect.js';
import { withRetries } from '../http/interceptors/retry.js';
import { Pacer, withPacer } from '../http/interceptors/throttle.js';
import { type Exchange, sendOverWire, type WireResponse } from '../http/wire.js';
import { redactorFor } from '../redaction/exchange.js';
import { MAX_CONCURRENCY, type SessionOptions } from './options.js';

/** What the pipeline of a session is made of. */
export interface PipelineParts {
  readonly options: SessionOptions;
  readonly logger: Logger;
  readonly authorization: Authorization;
  readonly cache: Pick<SessionCache<never>, 'open'>;
  /** Told of each answer that comes from a server, that of a redirect or of a failed try included. */
  readonly onResponse: (response: WireResponse) => void;
}

/**
 * Builds what one request goes through, from the outside in; each hop of a redirect starts again behind it, and each try
 * behind the retries.
 *
 * reauthentication → redirects → cache → cookies → limit of concurrency → retries → interval → fresh bearer → wire
 */
export function createPipeline({
  options,
  logger,
  authorization,
  cache,
  onResponse,
}: PipelineParts): Exchange {
  const { onRetry, maxConcurrency = MAX_CONCURRENCY, minInterval = 0 } = options;
  const limiterFor = byOrigin(() => new Limiter(maxConcurrency));
  const pacerFor = byOrigin(() => new Pacer(minInterval));

  const watched = withWitness(logger, onResponse, sendOverWire);
  const paced = withPacer(pacerFor, authorization.withFreshBearer(watched));
  const tried = withRetries({ logger, onRetry }, paced);
  const limited = withLimiter(limiterFor, tried);
  const cached = withCache(cache, withCookies(new CookieStore(), limited));
  return authorization.withReauthentication(withRedirects(authorization.covers, cached));
}

/** Notes what is sent to a server and what comes from there. */
function withWitness(logger: Logger, onResponse: PipelineParts['onResponse'], next: Exchange): Exchange {
  return async (config) => {
    // The logger knows the secrets by name and shape; a server may have put any others into the URL.
    const url = config.redirectedBy === undefined ? config.url : redactorFor({ config }).text(config.url);
    const request = `${config.method.toUpperCase()} ${url}`;
    logger.debug(`Request: ${request}`);
    const response = await next(config);
    const { status, headers, data } = response;
    const length = Buffer.isBuffer(data) ? data.length : headers['content-length'];
    logger.debug(`Response: ${status} (${length} bytes) ${request}`);
    onResponse(response);
    return response;
  };
}
