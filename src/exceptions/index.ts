import {
  type DuplicateObjectsInDB,
  type DuplicateTestRuns,
  type IncompleteWrite,
  type InvalidInvocation,
  isException,
  type ListChanged,
  type NotSignedIn,
  type PartFailed,
} from './base.js';
import type { InvalidIdToken } from './id-token.js';
import type { InvalidTestRun } from './invalid-test-run.js';
import type {
  AuthenticationFailed,
  BadJSON,
  BadRequest,
  Conflict,
  Forbidden,
  NotFound,
  Redirect,
  ServerError,
  SpecialError,
  TooLarge,
  UnavailableForLegalReasons,
  UnhandledResponse,
} from './response.js';
import type {
  Aborted,
  ConnectionFailed,
  ConnectionRefused,
  ConnectionReset,
  HostNotFound,
  InvalidResponse,
  ResponseTooLarge,
  Timeout,
  TlsFailure,
  TooManyRedirects,
} from './transport.js';

export type { RequestInput, ResponseInput, ShownRequest, ShownResponse } from '../redaction/exchange.js';
export type { Exchange } from '../redaction/secrets.js';
export { type AppError, type AppErrors, parseAppErrors } from './app-errors.js';
export {
  DuplicateObjectsInDB,
  DuplicateTestRuns,
  type ErrorCode,
  IncompleteWrite,
  InvalidInvocation,
  ITkDBException,
  ListChanged,
  NotSignedIn,
  PartFailed,
  type ResponseErrorCode,
  type StepReport,
  type TransportErrorCode,
} from './base.js';
export { type IdTokenCheck, InvalidIdToken } from './id-token.js';
export { InvalidTestRun, type TestRunProblem } from './invalid-test-run.js';
export {
  AuthenticationFailed,
  BadJSON,
  BadRequest,
  Conflict,
  Forbidden,
  NotFound,
  Redirect,
  ResponseException,
  type ResponseExceptionOptions,
  ServerError,
  SpecialError,
  TooLarge,
  UnavailableForLegalReasons,
  UnhandledResponse,
} from './response.js';
export type { ResponseExceptionClass } from './status.js';
export {
  Aborted,
  ConnectionFailed,
  ConnectionRefused,
  ConnectionReset,
  HostNotFound,
  InvalidResponse,
  ResponseTooLarge,
  Timeout,
  TlsFailure,
  TooManyRedirects,
  type TransportContext,
  TransportException,
} from './transport.js';

/** Every concrete exception: an `error.code` compared with a literal narrows this type to one class. */
export type AnyITkDBException =
  | (InvalidInvocation & { readonly code: 'ERR_INVALID_INVOCATION' })
  | NotSignedIn
  | InvalidTestRun
  | ListChanged
  | PartFailed
  | IncompleteWrite
  | InvalidIdToken
  | AuthenticationFailed
  | BadJSON
  | BadRequest
  | Conflict
  | Forbidden
  | NotFound
  | Redirect
  | ServerError
  | SpecialError
  | TooLarge
  | UnavailableForLegalReasons
  | UnhandledResponse
  | Aborted
  | ConnectionFailed
  | ConnectionRefused
  | ConnectionReset
  | HostNotFound
  | InvalidResponse
  | ResponseTooLarge
  | Timeout
  | TlsFailure
  | TooManyRedirects
  | (DuplicateObjectsInDB & { readonly code: 'ERR_DUPLICATE_OBJECTS' })
  | DuplicateTestRuns;

/**
 * Returns whether an error comes from this package, and narrows it so that its `code` narrows further.
 *
 * Unlike `instanceof`, it also recognises the exceptions of a second copy of the package in the same process.
 */
export function isITkDBException(error: unknown): error is AnyITkDBException {
  return isException(error);
}
