import { formatBody, type ResponseInput, showResponse } from './exchange.js';
import {
  BadRequest,
  Conflict,
  Forbidden,
  NotFound,
  Redirect,
  type ResponseException,
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

/**
 * Makes the exception for an answer.
 *
 * @param claims - of the token that the request was sent with: for a 400 the message says whose it was and how long it
 *   was valid, because the database answers 400 to some requests of expired or foreign identities
 */
export function exceptionFor(
  response: ResponseInput,
  claims?: Readonly<Record<string, unknown>>,
): ResponseException {
  const type = Object.hasOwn(STATUS_EXCEPTIONS, response.status)
    ? STATUS_EXCEPTIONS[response.status]
    : UnhandledResponse;
  if (type === BadRequest && claims !== undefined)
    return new BadRequest(response, describe400(response, claims));
  return new (type ?? UnhandledResponse)(response);
}

function describe400(response: ResponseInput, claims: Readonly<Record<string, unknown>>): string {
  const lines = ['uuidentity', 'iat', 'exp'].map((name) => `${name}: ${String(claims[name] ?? 'None')}`);
  return [...lines, formatBody(showResponse(response).data)].filter((line) => line !== '').join('\n');
}
