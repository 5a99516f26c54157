import { isException } from '../../exceptions/base.js';
import { ResponseException } from '../../exceptions/response.js';
import { Timeout } from '../../exceptions/transport.js';

/** The statuses of a server that gave up. */
const GAVE_UP: ReadonlySet<number> = new Set([500, 502, 503, 504]);

/** The wait before the second try of a page or a chunk, in milliseconds. */
export const SECOND_TRY = 500;
/** After so many good pages or chunks, one that is too heavy is an exception: the next ones are not smaller. */
export const MANY = 8;

/** The statuses of a page or a chunk that the session does not retry: smaller ones are asked for instead. A 503 is retried first: the server may only be busy. */
export const SPLIT_STATUSES: readonly number[] = [500, 502, 504];

/** Whether a request failed in a way in which one for less would perhaps not. */
export function isTooHeavy(error: unknown): boolean {
  return error instanceof Timeout || GAVE_UP.has(statusOf(error) ?? 0);
}

/** Whether the same request deserves a second try first: the server failed, but not because it took too long. */
export function deservesSecondTry(error: unknown): boolean {
  return [500, 502].includes(statusOf(error) ?? 0);
}

function statusOf(error: unknown): number | undefined {
  return isException(error) && error instanceof ResponseException ? error.response?.status : undefined;
}
