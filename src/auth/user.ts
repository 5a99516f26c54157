import { resolve } from 'node:path';
import { createLogger, type Logger } from '../config/logger.js';
import { SettingsReader } from '../config/settings.js';
import { copyOptions } from '../config/validation.js';
import { inspectAsString } from '../util/inspect.js';
import type { IdTokenClaims } from './id-token.js';
import type { SignIn, SignInParts, TokenState } from './sign-in.js';
import type { AuthenticateOptions, UserLike } from './user-like.js';
import { AUTH_EXPIRY_THRESHOLD, checkUserOptions, type UserOptions } from './user-options.js';

/**
 * Somebody with two personal access codes, which the identity service trades for a token of about two hours.
 *
 * ```ts
 * const user = new User({ accessCode1: '…', accessCode2: '…' });
 * await user.authenticate();
 * console.log(`${user.name} is signed in for ${user.expiresIn} s`);
 * ```
 *
 * No token reaches the outside of this class before it is verified, and a grant that fails changes nothing.
 */
export class User implements UserLike {
  readonly #options: UserOptions;
  readonly #settings = new SettingsReader();
  readonly #logger: Logger;
  readonly #path: string | undefined;
  readonly #state: TokenState = { current: undefined, refused: undefined };
  #signIn: Promise<SignIn> | undefined;

  static {
    inspectAsString(this);
  }

  /** @throws InvalidInvocation where an option is wrong */
  constructor(options: UserOptions = {}) {
    this.#options = copyOptions('new User', options);
    checkUserOptions(this.#options);
    const { logger, saveAuth } = this.#options;
    this.#logger = createLogger(logger);
    // Relative to where the program is now.
    this.#path = saveAuth === undefined ? undefined : resolve(saveAuth);
  }

  /**
   * Makes sure that there is a token with more than `authExpiryThreshold` seconds left: nothing is sent while there is
   * one. However many callers wait, one token is asked for; if that fails, all of them fail with the same exception.
   *
   * @returns true
   * @throws InvalidInvocation where there are no access codes
   * @throws AuthenticationFailed where the identity service grants no token
   * @throws InvalidIdToken where the token does not verify
   * @throws TransportException where the identity service does not answer
   */
  async authenticate(options: AuthenticateOptions = {}): Promise<true> {
    if (this.isAuthenticated() && !this.isExpired()) return true;
    await this.#renewed(options);
    // The database may have refused the token while this caller waited.
    if (!this.isAuthenticated()) await this.#renewed(options);
    return true;
  }

  /** Whether there is a verified token, be it expired. */
  isAuthenticated(): boolean {
    return this.#state.current !== undefined;
  }

  /** Whether the token has no more than `authExpiryThreshold` seconds left; true where there is none. */
  isExpired(): boolean {
    return !(this.expiresIn > this.authExpiryThreshold);
  }

  /** First personal access code; `''` where there is none. */
  get accessCode1(): string {
    return this.#options.accessCode1 ?? this.#settings.get('ITKDB_ACCESS_CODE1');
  }

  /** Second personal access code; `''` where there is none. */
  get accessCode2(): string {
    return this.#options.accessCode2 ?? this.#settings.get('ITKDB_ACCESS_CODE2');
  }

  /** The opaque access token; undefined before authentication. */
  get accessToken(): string | undefined {
    return this.#state.current?.accessToken;
  }

  /** The verified claims of the id token; `{}` before authentication. */
  get idToken(): Readonly<Partial<IdTokenClaims>> {
    return this.#state.current?.claims ?? {};
  }

  /** Full name; `''` before authentication. */
  get name(): string {
    return this.idToken.name ?? '';
  }

  /** The identity, such as `1234-567-1`; `''` before authentication. */
  get identity(): string {
    return this.idToken.uuidentity ?? '';
  }

  /** When the token expires, in seconds since the epoch; 0 before authentication. */
  get expiresAt(): number {
    return this.idToken.exp ?? 0;
  }

  /** Whole seconds until the token expires, never negative; 0 before authentication. */
  get expiresIn(): number {
    return Math.max(0, Math.trunc(this.expiresAt - Date.now() / 1000));
  }

  /** What the database is sent: the id token as granted, not the access token; `''` before authentication. */
  get bearer(): string {
    return this.#state.current?.idToken ?? '';
  }

  /** A token is renewed when it has no more than this left, in seconds. */
  get authExpiryThreshold(): number {
    return this.#options.authExpiryThreshold ?? AUTH_EXPIRY_THRESHOLD;
  }

  /** Forgets a token that the database refused, unless it has been replaced since. */
  invalidate(bearer: string): void {
    this.#state.refused = bearer;
    if (this.bearer === bearer) this.#state.current = undefined;
  }

  /** Gives up a grant that is under way. The token, if there is one, can still be used. */
  close(): void {
    const end = (signIn: SignIn): void => signIn.end(new Error('the user was closed'));
    void this.#signIn?.then(end, () => {});
  }

  /** What a template string shows. */
  toString(): string {
    return `User(name=${this.name}, expiresIn=${this.expiresIn}s)`;
  }

  /** What `JSON.stringify` shows. */
  toJSON(): { name: string; expiresIn: number } {
    return { name: this.name, expiresIn: this.expiresIn };
  }

  /** However many callers wait, there is one renewal. */
  async #renewed(options: AuthenticateOptions): Promise<void> {
    this.#signIn ??= import('./sign-in.js').then(({ SignIn }) => new SignIn(this.#parts()));
    await (await this.#signIn).renewed(options);
  }

  #parts(): SignInParts {
    return {
      user: this,
      state: this.#state,
      options: this.#options,
      settings: this.#settings,
      logger: this.#logger,
      path: this.#path,
    };
  }
}
