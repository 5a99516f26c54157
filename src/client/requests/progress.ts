import { callBack, type Logger } from '../../config/logger.js';

/** How far a job of several requests is. */
export interface Progress {
  /** The number of items that are done, those that failed included. */
  readonly done: number;
  /** The number of items to do; undefined while it is not known. */
  readonly total: number | undefined;
  /** The number of items that failed. */
  readonly failed: number;
}

/** Returns the function that tells the caller of progress, if it wants to know. An exception of the caller's function is logged. */
export function progressTeller(
  onProgress: ((progress: Progress) => void) | undefined,
  logger: Logger,
): ((progress: Progress) => void) | undefined {
  return onProgress && ((progress) => callBack(logger, 'onProgress', () => onProgress(progress)));
}
