/**
 * What a `Session` needs of a user. `{ authenticate: () => true, bearer: 'token' }` is one, so a unit test can make its
 * own; `User` and `UserBearer` are those for the real database.
 */
export interface UserLike {
  /**
   * Makes sure that `bearer` can be used. Called before every request under the session's prefix, unless there is
   * `token`; so it should return at once while the token is still good.
   *
   * @throws an error if there is no token. The message of the error gives the reason, and the request fails with this error
   */
  authenticate(options?: AuthenticateOptions): unknown;
  /**
   * Returns the token for this call. Called before every request under the session's prefix, in place of
   * `authenticate()` and `bearer`.
   *
   * A user that stands for several people, such as one that reads an `AsyncLocalStorage`, must have it: without it,
   * `bearer` is read after `authenticate()`, and by then it may be the token of a concurrent request.
   *
   * @throws an error if there is no token. The message of the error gives the reason, and the request fails with this error
   */
  token?(options: AuthenticateOptions): Promise<string>;
  /** The token that goes into `Authorization: Bearer …`. Without `token`, it is read after `authenticate()`. */
  readonly bearer: string;
  /** The claims of the token; the message of a 400 shows three of them. */
  readonly idToken?: Readonly<Record<string, unknown>>;
  /** Who the user is, such as `1234-567-1`. Users of one identity share stored responses. */
  readonly identity?: string;
  /** Full name. */
  readonly name?: string;
  /** Whole seconds until the token expires; undefined where that is not known. Only shown, not used by the session. */
  readonly expiresIn?: number | undefined;
  /** Told of a token that the server refused. If it is still the current one, the next call may get another. */
  invalidate?(bearer: string): void;
  /** Told after each request that succeeded with a token. */
  accepted?(bearer: string): void;
  /** Releases what the user holds. A session closes the user that it made itself, no other. */
  close?(): void;
}

/** Options of {@link UserLike.authenticate} and {@link UserLike.token}. */
export interface AuthenticateOptions {
  /** Ends the wait of this caller; others that wait for the same token go on. */
  readonly signal?: AbortSignal | undefined;
  /** URL of the database that the token is for. A `User` refuses to send a stored sign-in to another one than its own. */
  readonly apiUrl?: string | undefined;
}
