import { isException } from '../../exceptions/base.js';

/** Something that could not be read. */
export interface Failure {
  /** Such as `the parents`. */
  readonly what: string;
  /** In one line. */
  readonly reason: string;
}

/** Every other request would fail too. */
const FOR_ALL: ReadonlySet<string> = new Set([
  'ERR_ABORTED',
  'ERR_AUTHENTICATION_FAILED',
  'ERR_INVALID_ID_TOKEN',
  'ERR_NOT_SIGNED_IN',
]);

/** Makes a part failure of an error. Throws it where there is no point in going on. */
export function toFailure(what: string, error: unknown): Failure {
  if (!isException(error) || FOR_ALL.has(error.code)) throw error;
  const [reason = ''] = error.message.split('\n');
  return { what, reason };
}
