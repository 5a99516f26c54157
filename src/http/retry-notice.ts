import { redactedLine } from '../config/logger.js';
import { Notice } from '../config/notice.js';
import type { HttpRequest } from './request.js';

/** Characters of a reason that a line shows. */
const SHOWN_REASON = 100;

const notice = new Notice();
/** The requests of this process that have failed at least once and are not over. */
const retried = new Set<HttpRequest>();

/** Tells a person at a terminal why a program waits. */
export function showRetry(request: HttpRequest, reason: string): void {
  retried.add(request);
  notice.show(() => {
    const requests = retried.size === 1 ? '1 request is' : `${retried.size} requests are`;
    return `${requests} being retried: ${redactedLine(reason).slice(0, SHOWN_REASON)}`;
  });
}

/** Notes that a request is over. */
export function endRetries(request: HttpRequest): void {
  retried.delete(request);
}
