import { isException } from '../../exceptions/base.js';
import { EXIT, explain } from '../errors.js';

/** Something that could not be read. */
export interface Failure {
  /** Such as `the parents`. */
  readonly what: string;
  /** In one line. */
  readonly reason: string;
}

/** Makes a part failure of an error. Throws the error where every other request would fail too. */
export function toFailure(what: string, error: unknown): Failure {
  const { reason, exitCode } = explain(error);
  if (!isException(error) || error.code === 'ERR_ABORTED' || exitCode === EXIT.signIn) throw error;
  return { what, reason };
}
