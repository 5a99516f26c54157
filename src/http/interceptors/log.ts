import type { Logger } from '../../config/logger.js';
import { redactorFor } from '../../redaction/exchange.js';
import type { HttpRequest, Interceptor } from '../request.js';
import { requestInput } from '../response-input.js';

/** Logs each request that is sent, and its response. */
export function log(logger: Logger): Interceptor {
  return async (request, context, next) => {
    const name = `${request.method} ${shownUrl(request)}`;
    logger.debug(`Request: ${name}`);
    const response = await next(request, context);
    const { status, headers, body } = response;
    const length = Buffer.isBuffer(body) ? body.length : headers['content-length'];
    logger.debug(`Response: ${status} (${length} bytes) ${name}`);
    return response;
  };
}

/** The logger knows secrets by name and shape. A redirect may put any other secret into the URL. */
function shownUrl(request: HttpRequest): string {
  if (request.redirectedBy === undefined) return request.url;
  return redactorFor({ config: requestInput(request) }).text(request.url);
}
