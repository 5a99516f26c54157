import { escapeControls } from '../util/control-characters.js';

/** Every {@link ITkDBException.code}: a closed union, so that a `switch` over it can be exhaustive. */
export type ErrorCode =
  | 'ERR_ITKDB'
  | 'ERR_INVALID_INVOCATION'
  | 'ERR_INVALID_ID_TOKEN'
  | 'ERR_DUPLICATE_OBJECTS'
  | 'ERR_DUPLICATE_TEST_RUNS'
  | ResponseErrorCode
  | TransportErrorCode;

/** The codes of `ResponseException` and its subclasses. */
export type ResponseErrorCode =
  | 'ERR_RESPONSE'
  | 'ERR_AUTHENTICATION_FAILED'
  | 'ERR_BAD_JSON'
  | 'ERR_BAD_REQUEST'
  | 'ERR_CONFLICT'
  | 'ERR_FORBIDDEN'
  | 'ERR_NOT_FOUND'
  | 'ERR_REDIRECT'
  | 'ERR_SERVER_ERROR'
  | 'ERR_SPECIAL_ERROR'
  | 'ERR_TOO_LARGE'
  | 'ERR_UNAVAILABLE_FOR_LEGAL_REASONS'
  | 'ERR_UNHANDLED_RESPONSE';

/** The codes of `TransportException` and its subclasses. */
export type TransportErrorCode =
  | 'ERR_TRANSPORT'
  | 'ERR_ABORTED'
  | 'ERR_CONNECTION_FAILED'
  | 'ERR_CONNECTION_REFUSED'
  | 'ERR_CONNECTION_RESET'
  | 'ERR_HOST_NOT_FOUND'
  | 'ERR_INVALID_RESPONSE'
  | 'ERR_RESPONSE_TOO_LARGE'
  | 'ERR_TIMEOUT'
  | 'ERR_TLS'
  | 'ERR_TOO_MANY_REDIRECTS';

/** The longest summary, in characters. */
const LINE = 500;

/**
 * The root of everything this package throws.
 *
 * ```text
 * ITkDBException
 * ├─ InvalidInvocation            an argument, option or setting is wrong
 * ├─ InvalidIdToken               the identity service's token does not verify
 * ├─ ResponseException            the server's response is not a success
 * │  ├─ AuthenticationFailed      no token was granted
 * │  ├─ BadJSON                   the body is not the JSON it claims to be
 * │  ├─ BadRequest                400
 * │  ├─ Forbidden                 401, 403
 * │  ├─ NotFound                  404
 * │  ├─ Conflict                  409
 * │  ├─ TooLarge                  413
 * │  ├─ SpecialError              415
 * │  ├─ UnavailableForLegalReasons 451
 * │  ├─ ServerError               500, 502, 503, 504
 * │  ├─ Redirect                  302 that was not followed
 * │  └─ UnhandledResponse         any other 4xx or 5xx
 * ├─ TransportException           no complete response arrived
 * │  ├─ Aborted, Timeout, TooManyRedirects
 * │  ├─ ConnectionFailed, ConnectionRefused, ConnectionReset, HostNotFound, TlsFailure
 * │  └─ InvalidResponse, ResponseTooLarge
 * └─ DuplicateObjectsInDB
 *    └─ DuplicateTestRuns
 * ```
 */
export class ITkDBException extends Error {
  /** What went wrong, stable across releases. */
  readonly code: ErrorCode = 'ERR_ITKDB';

  /** @param message - its control characters are escaped: a server may have sent a part of it */
  constructor(message?: string, options?: ErrorOptions) {
    super(message === undefined ? message : escapeControls(String(message)), options);
  }

  /** What went wrong, in one line, for a log. */
  get summary(): string {
    return lineOf(this.message.split('\n', 1)[0] ?? '');
  }
}
nameClass(ITkDBException, 'ITkDBException');

/** An argument, an option, a setting or a request was wrong; the message names it and says what would be right. */
export class InvalidInvocation extends ITkDBException {
  override readonly code = 'ERR_INVALID_INVOCATION';
}
nameClass(InvalidInvocation, 'InvalidInvocation');

/** Several objects with the same contents are already in the database. */
export class DuplicateObjectsInDB extends ITkDBException {
  override readonly code: 'ERR_DUPLICATE_OBJECTS' | 'ERR_DUPLICATE_TEST_RUNS' = 'ERR_DUPLICATE_OBJECTS';
}
nameClass(DuplicateObjectsInDB, 'DuplicateObjectsInDB');

/** A test run with the same contents is already in the database. */
export class DuplicateTestRuns extends DuplicateObjectsInDB {
  override readonly code = 'ERR_DUPLICATE_TEST_RUNS';
}
nameClass(DuplicateTestRuns, 'DuplicateTestRuns');

/** Joins a text into one line and cuts it to the longest that a summary may have. */
export function lineOf(text: string): string {
  const line = escapeControls(text.replace(/\s+/g, ' ').trim());
  return line.length > LINE ? `${line.slice(0, LINE)}…` : line;
}

/**
 * Sets the `name` of a class's errors. A literal, because bundlers rename classes; on the prototype, so that it is not
 * an enumerable field of each error, and known when the constructor runs, so that `stack` starts with it.
 */
export function nameClass(type: { readonly prototype: Error }, name: string): void {
  Object.defineProperty(type.prototype, 'name', { value: name, configurable: true, writable: true });
}
