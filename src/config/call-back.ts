import { messageOf } from '../util/errors.js';
import type { Logger } from './logger.js';

/** Calls a function of the caller's that is told of something: where it fails, also later, that is a warning and no more. */
export function callBack(logger: Logger, name: string, act: () => unknown): void {
  new Promise((resolve) => resolve(act())).catch((error) => {
    logger.warn(`${name} failed: ${messageOf(error)}`);
  });
}
