import { redactedLine } from '../config/logger.js';
import type { HttpRequest } from './request.js';

/** The least time between two lines, in milliseconds. */
const INTERVAL = 5000;
/** Characters of a reason that a line shows. */
const SHOWN_REASON = 100;

/** The requests of this process that have failed at least once and are not over. */
const retried = new Set<HttpRequest>();
let lastLineAt = -Infinity;

/**
 * Tells a person at a terminal why a program waits: a line on stderr, at most one in 5 s for the whole process. Never
 * throws.
 */
export function showRetry(request: HttpRequest, reason: string): void {
  retried.add(request);
  const now = performance.now();
  try {
    if (now - lastLineAt < INTERVAL || !process.stderr.isTTY) return;
    lastLineAt = now;
    const requests = retried.size === 1 ? '1 request is' : `${retried.size} requests are`;
    // biome-ignore lint/suspicious/noConsole: a write to the stream could fail later, as an event that ends the program
    console.error(`itkdb: ${requests} being retried: ${redactedLine(reason).slice(0, SHOWN_REASON)}`);
  } catch {
    // There is nowhere to say it.
  }
}

/** Notes that a request is over. */
export function endRetries(request: HttpRequest): void {
  retried.delete(request);
}
