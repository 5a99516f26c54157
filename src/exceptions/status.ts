import type { ResponseInput } from '../redaction/exchange.js';
import {
  BadRequest,
  Conflict,
  Forbidden,
  NotFound,
  Redirect,
  type ResponseException,
  type ResponseExceptionOptions,
  ServerError,
  SpecialError,
  TooLarge,
  UnavailableForLegalReasons,
  UnhandledResponse,
} from './response.js';

/** The constructor of a {@link ResponseException} or of a subclass. */
export type ResponseExceptionClass = new (
  response: ResponseInput,
  additionalMessage?: string,
  options?: ResponseExceptionOptions,
) => ResponseException;

/** The exception for each status. Any other status from 400 on is an {@link UnhandledResponse}; any other 3xx that fails is a {@link Redirect}. */
export const STATUS_EXCEPTIONS: Readonly<Record<number, ResponseExceptionClass>> = Object.freeze({
  302: Redirect,
  400: BadRequest,
  401: Forbidden,
  403: Forbidden,
  404: NotFound,
  409: Conflict,
  413: TooLarge,
  415: SpecialError,
  451: UnavailableForLegalReasons,
  500: ServerError,
  502: ServerError,
  503: ServerError,
  504: ServerError,
});

/** Returns whether a response with this status is an exception. */
export function isFailure(status: number): boolean {
  return status >= 400 || Object.hasOwn(STATUS_EXCEPTIONS, status);
}

/** Creates the exception for a response. */
export function exceptionFor(
  response: ResponseInput,
  options: ResponseExceptionOptions = {},
): ResponseException {
  const { status } = response;
  const type = Object.hasOwn(STATUS_EXCEPTIONS, status) ? STATUS_EXCEPTIONS[status] : undefined;
  const fallback = status >= 300 && status < 400 ? Redirect : UnhandledResponse;
  return new (type ?? fallback)(response, undefined, options);
}
