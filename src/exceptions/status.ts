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

/** Makes the exception of one class of answers. */
export type ResponseExceptionClass = new (
  response: ResponseInput,
  additionalMessage?: string,
  options?: ResponseExceptionOptions,
) => ResponseException;

/** Which exception stands for which status; any other status from 400 on is an {@link UnhandledResponse}. */
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

/** Whether an answer with this status is an exception. */
export function isFailure(status: number): boolean {
  return status >= 400 || Object.hasOwn(STATUS_EXCEPTIONS, status);
}

/** Makes the exception for an answer. */
export function exceptionFor(
  response: ResponseInput,
  options: ResponseExceptionOptions = {},
): ResponseException {
  const { status } = response;
  const type = (Object.hasOwn(STATUS_EXCEPTIONS, status) && STATUS_EXCEPTIONS[status]) || UnhandledResponse;
  return new type(response, undefined, options);
}
