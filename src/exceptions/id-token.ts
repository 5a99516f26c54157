import { ITkDBException, nameClass } from './base.js';

/**
 * Which check an id token failed:
 *
 * - `format`: it is not a JWT;
 * - `algorithm`: it is not signed with RS256;
 * - `keys`: the identity service's key set could not be read;
 * - `signature`: no key of the identity service made its signature;
 * - `audience`: it is meant for another audience;
 * - `expiry`: it has expired;
 * - `not-before`: it is not valid yet;
 * - `claims`: a claim is missing or of the wrong type, or another option of `jwtOptions` is not met.
 */
export type IdTokenCheck =
  | 'format'
  | 'algorithm'
  | 'keys'
  | 'signature'
  | 'audience'
  | 'expiry'
  | 'not-before'
  | 'claims';

/** The verification of the token that the identity service granted failed. The token was not used, and the user did not change. */
export class InvalidIdToken extends ITkDBException {
  override readonly code = 'ERR_INVALID_ID_TOKEN';
  /** The check that failed. */
  readonly check: IdTokenCheck;

  /**
   * @param check - the check that failed
   * @param message - what happened; secrets in it are not replaced
   * @param options - the `cause`
   */
  constructor(check: IdTokenCheck, message: string, options?: ErrorOptions) {
    super(message, options);
    this.check = check;
  }
}
nameClass(InvalidIdToken, 'InvalidIdToken');
