/**
 * All that a `Session` needs of a user. `{ authenticate: () => true, bearer: 'token' }` is one, so a unit test can make
 * its own; `User` and `UserBearer` are those for the real database.
 */
export interface UserLike {
  /**
   * Makes sure that `bearer` can be used. Called before every request under the session's prefix, so it should answer
   * at once while the bearer is still good.
   *
   * @throws whatever says why there is no bearer; the request then fails with it
   */
  authenticate(options?: AuthenticateOptions): unknown;
  /** The token that goes into `Authorization: Bearer …`. Read after `authenticate()`. */
  readonly bearer: string;
  /** The claims of the token; the message of a 400 shows three of them. */
  readonly idToken?: Readonly<Record<string, unknown>>;
  /** Whose answers these are, such as `1234-567-1`. */
  readonly identity?: string;
  /** Full name. */
  readonly name?: string;
  /** Forgets a bearer that the server refused, if it is still the current one: the next `authenticate()` gets another. */
  invalidate?(bearer: string): void;
  /** Releases what the user holds. A session closes the user that it made itself, no other. */
  close?(): void;
}

/** Options of {@link UserLike.authenticate}. */
export interface AuthenticateOptions {
  /** Ends the wait of this caller; others who wait for the same token go on. */
  readonly signal?: AbortSignal | undefined;
}
