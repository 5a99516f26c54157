import { PartFailed } from '../../exceptions/base.js';
import { showIds } from '../identifiers.js';
import type { BulkRead } from './bulk-job.js';

/**
 * Creates the exception for what could not be read.
 *
 * @param all - what was to be read, such as `200 components`
 */
export function partFailed<T>(read: BulkRead<T>, all: string): PartFailed {
  const { failed, missing } = read;
  const reason = failed[0]?.error.summary ?? '';
  const gone = missing.length > 0 ? `, ${missing.length} more do not exist` : '';
  const shown = showIds(failed.map(({ id }) => id));
  return new PartFailed(
    `${failed.length} of ${all} could not be read${gone}: ${reason}\nThe field \`failed\` of this exception says which, and why: ${shown}`,
    read,
  );
}
