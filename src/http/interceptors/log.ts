import { type Logger, SILENT } from '../../config/logger.js';
import { showRequest } from '../../redaction/exchange.js';
import { lengthOf } from '../body/request-body.js';
import type { HttpRequest, HttpResponse, Interceptor } from '../request.js';
import { requestInput } from '../response-input.js';

/** Characters of a request body that a line shows. */
const SHOWN_INPUT = 200;
/** A longer body is not looked at, in bytes: secrets would have to be found in all of it. */
const LONGEST_INPUT = 64 * 1024;

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

/** Returns method, URL and the start of the body, without credentials; of a long body only the length. */
function requestLine(request: HttpRequest): string {
  const length = lengthOf(request.body) ?? 0;
  const isLong = length > LONGEST_INPUT;
  const { method, url, data } = showRequest(requestInput(isLong ? { ...request, body: undefined } : request));
  const text = isLong ? `<${length} bytes>` : data;
  const input = text.length > SHOWN_INPUT ? `${text.slice(0, SHOWN_INPUT)}…` : text;
  return `${method} ${url} ${input}`.trimEnd();
}
