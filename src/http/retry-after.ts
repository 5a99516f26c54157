import { parseHttpDate } from '../util/http-date.js';

/**
 * Reads `Retry-After` (RFC 9110, section 10.2.3), a number of seconds or a date.
 *
 * @returns milliseconds from now; undefined where there is none, or one that cannot be read
 */
export function parseRetryAfter(headers: Readonly<Record<string, unknown>>): number | undefined {
  const value = String(headers['retry-after'] ?? '').trim();
  if (/^\d{1,10}$/.test(value)) return Number(value) * 1000;
  const date = parseHttpDate(value);
  if (date === undefined) return undefined;
  // By the server's clock, which the date was made with.
  return Math.max(0, date - (parseHttpDate(String(headers['date'] ?? '')) ?? Date.now()));
}
