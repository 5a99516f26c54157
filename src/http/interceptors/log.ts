import { type Logger, SILENT } from '../../config/logger.js';
import { showRequest } from '../../redaction/exchange.js';
import type { HttpRequest, HttpResponse, Interceptor } from '../request.js';
import { requestInput } from '../response-input.js';

/** Characters of a request body that a line shows. */
const SHOWN_INPUT = 200;

/** Counts the requests of this process that are logged: retries and redirects have numbers of their own. */
let lastNumber = 0;

/** Logs each request that is sent, and its response. Two lines with one number belong together. */
export function log(logger: Logger): Interceptor {
  return async (request, context, next) => {
    lastNumber += 1;
    const number = lastNumber;
    const line = requestLine(request);
    logger.debug(`Request #${number}: ${line}`);
    const sentAt = performance.now();
    const response = await next(request, context);
    const { status, headers, body } = response;
    const length = Buffer.isBuffer(body) ? body.length : headers['content-length'];
    const duration = Math.round(performance.now() - sentAt);
    logger.debug(`Response #${number}: ${status} (${length} bytes, ${duration} ms) ${line}`);
    return response;
  };
}

/** Logs a response for which no request was sent. */
export function logCached(logger: Logger, { status, request }: HttpResponse): void {
  if (logger !== SILENT) logger.debug(`Response: ${status} (from the cache) ${requestLine(request)}`);
}

/** Returns method, URL and the start of the body, without credentials. */
function requestLine(request: HttpRequest): string {
  const { method, url, data } = showRequest(requestInput(request));
  const input = data.length > SHOWN_INPUT ? `${data.slice(0, SHOWN_INPUT)}…` : data;
  return `${method} ${url} ${input}`.trimEnd();
}
