import {
  clip,
  type ResponseInput,
  redactorFor,
  type ShownResponse,
  showResponse,
} from '../redaction/exchange.js';
import { isObject } from '../util/guards.js';
import { type AppErrors, hasAppError, parseAppErrors } from './app-errors.js';
import { InvalidInvocation, ITkDBException, lineOf, nameClass, type ResponseErrorCode } from './base.js';
import { formatBody, formatRequest } from './layout.js';

/** Options of a {@link ResponseException}. */
export interface ResponseExceptionOptions extends ErrorOptions {
  /** Shown before the details. */
  readonly preamble?: string | undefined;
  /** The attempts and why each failed; shown between the request and the details. */
  readonly tries?: string | undefined;
}

/**
 * The server sent a response that is not a success.
 *
 * The message shows the request and then the body of the response. Neither the message nor any field holds a
 * credential: the exception keeps copies of request and response with tokens, access codes and cookies replaced.
 */
export class ResponseException extends ITkDBException {
  override readonly code: ResponseErrorCode = 'ERR_RESPONSE';
  /** The HTTP status. */
  readonly status: number;
  readonly #response: ShownResponse;
  #appErrors: AppErrors | undefined;

  /**
   * @param response - the response, with its request under `config`, such as an axios response
   * @param additionalMessage - shown as the details, in place of the server's body
   */
  constructor(response: ResponseInput, additionalMessage?: string, options: ResponseExceptionOptions = {}) {
    const redactor = redactorFor(checked(response));
    const shown = showResponse(response, redactor);
    const body =
      additionalMessage === undefined ? new.target.describe(shown) : redactor.text(additionalMessage);
    const details = [redactor.text(options.preamble ?? ''), body].filter((part) => part !== '');
    super(layOut(shown, redactor.text(options.tries ?? ''), details.join('\n')), options);
    this.status = shown.status;
    this.#response = shown;
  }

  /** Returns the details that end the message. A class that knows the important part of the body shows only that. */
  protected static describe(shown: ShownResponse): string {
    return formatBody(shown.data);
  }

  /** The response and its request, without secrets. */
  get response(): ShownResponse {
    return this.#response;
  }

  /** The server's reasons: its `uuAppErrorMap`, parsed. */
  get appErrors(): AppErrors {
    this.#appErrors ??= parseAppErrors(this.#response.data);
    return this.#appErrors;
  }

  /**
   * Returns whether the server gave this reason.
   *
   * @param key - the whole key or its last parts, such as `componentDoesNotExist`
   */
  hasAppError(key: string): boolean {
    return hasAppError(this.appErrors, key);
  }

  /** The request, the status and the server's reasons, in one line. */
  override get summary(): string {
    const { data, status, statusText, request } = this.#response;
    const errors = Object.entries(this.appErrors).filter(([, { type }]) => type !== 'warning');
    const reasons = errors.map(([key, { message }]) => (message ? `${message} (${key})` : key)).join('; ');
    const otherwise =
      this.cause instanceof SyntaxError ? this.cause.message : typeof data === 'string' && data;
    const what = request.url && `${request.method} ${request.url}`;
    return lineOf([what, `${status} ${statusText}`.trim(), reasons || otherwise].filter(Boolean).join(': '));
  }

  /** Returns what `JSON.stringify` shows. */
  toJSON(): object {
    const { method, url } = this.#response.request;
    const { name, code, status, message, appErrors } = this;
    return { name, code, status, request: { method, url }, appErrors, message };
  }
}
nameClass(ResponseException, 'ResponseException');

/** The identity service granted no token: the access codes are wrong, or the service has failed. */
export class AuthenticationFailed extends ResponseException {
  override readonly code = 'ERR_AUTHENTICATION_FAILED';

  protected static override describe(shown: ShownResponse): string {
    return `The identity service ${refusalOf(shown.status)}.\n${super.describe(shown)}`.trim();
  }
}
nameClass(AuthenticationFailed, 'AuthenticationFailed');

/** The body is not the JSON that its `Content-Type` says it is. `cause` is the `SyntaxError`. */
export class BadJSON extends ResponseException {
  override readonly code = 'ERR_BAD_JSON';
}
nameClass(BadJSON, 'BadJSON');

/** 400: the command refused its input. */
export class BadRequest extends ResponseException {
  override readonly code = 'ERR_BAD_REQUEST';
}
nameClass(BadRequest, 'BadRequest');

/** 409. */
export class Conflict extends ResponseException {
  override readonly code = 'ERR_CONFLICT';
}
nameClass(Conflict, 'Conflict');

/** 401 or 403: the token is not accepted, or the user may not do this. */
export class Forbidden extends ResponseException {
  override readonly code = 'ERR_FORBIDDEN';

  protected static override describe(shown: ShownResponse): string {
    const refusal = parseAppErrors(shown.data)['uu-app-workspace/authorization/userIsNotAuthorized'];
    return refusal?.message ? clip(refusal.message) : super.describe(shown);
  }
}
nameClass(Forbidden, 'Forbidden');

/** 404: there is no such command. */
export class NotFound extends ResponseException {
  override readonly code = 'ERR_NOT_FOUND';
}
nameClass(NotFound, 'NotFound');

/** A redirect that was not followed: a 302 with `maxRedirects: 0`, or one that must not be followed. */
export class Redirect extends ResponseException {
  override readonly code = 'ERR_REDIRECT';

  protected static override describe(shown: ShownResponse): string {
    return `Redirect to ${locationPath(shown) || 'nowhere'}`;
  }

  /** The path of `Location`, without a trailing `.json`; `''` where there is none. */
  get path(): string {
    return locationPath(this.response);
  }
}
nameClass(Redirect, 'Redirect');

/** 500, 502, 503, 504. */
export class ServerError extends ResponseException {
  override readonly code = 'ERR_SERVER_ERROR';
}
nameClass(ServerError, 'ServerError');

/** 415. */
export class SpecialError extends ResponseException {
  override readonly code = 'ERR_SPECIAL_ERROR';

  protected static override describe(shown: ShownResponse): string {
    const { message } = specialErrorFields(shown.data);
    return message === '' ? super.describe(shown) : `Special error '${clip(message)}'`;
  }

  /** `reason` of the server's JSON, or `''`. */
  get reason(): string {
    return specialErrorFields(this.response.data).reason;
  }

  /** `special_errors` of the server's JSON, or `[]`. */
  get specialErrors(): readonly unknown[] {
    return specialErrorFields(this.response.data).specialErrors;
  }
}
nameClass(SpecialError, 'SpecialError');

/** 413: the request body is larger than the server takes. */
export class TooLarge extends ResponseException {
  override readonly code = 'ERR_TOO_LARGE';
}
nameClass(TooLarge, 'TooLarge');

/** 451. */
export class UnavailableForLegalReasons extends ResponseException {
  override readonly code = 'ERR_UNAVAILABLE_FOR_LEGAL_REASONS';
}
nameClass(UnavailableForLegalReasons, 'UnavailableForLegalReasons');

/** Any other 4xx or 5xx. `cause` says which. */
export class UnhandledResponse extends ResponseException {
  override readonly code = 'ERR_UNHANDLED_RESPONSE';

  constructor(response: ResponseInput, additionalMessage?: string, options?: ResponseExceptionOptions) {
    super(response, additionalMessage, options);
    if (options?.cause !== undefined) return;
    const { status, statusText, request } = this.response;
    const side = status >= 500 ? 'Server' : 'Client';
    const value = new Error(`${status} ${side} Error: ${statusText} for url: ${request.url}`);
    // As `Error` itself would set it: not enumerable.
    Object.defineProperty(this, 'cause', { value, writable: true, configurable: true });
  }
}
nameClass(UnhandledResponse, 'UnhandledResponse');

/** Refuses anything but an object: tests construct these exceptions by hand. */
function checked(response: ResponseInput): ResponseInput {
  if (isObject(response)) return response;
  throw new InvalidInvocation('the exception of an answer must be given one, such as { status: 400, data }');
}

// The details stay at the end: scripts parse the server's JSON from there.
function layOut(shown: ShownResponse, tries: string, details: string): string {
  return [
    `received ${shown.status} HTTP response for following request\n${formatRequest(shown.request)}`,
    tries,
    details && `The following details may help:\n${details}`,
  ]
    .filter((part) => part !== '')
    .join('\n\n');
}

function refusalOf(status: number): string {
  if (status === 401 || status === 403)
    return 'did not accept the access codes: see whether both are right, and whether this is its URL';
  return status >= 500 ? 'is in trouble and granted no token; later it may' : 'granted no token';
}

function locationPath({ headers, request }: ShownResponse): string {
  const location = headers['location'];
  const base = URL.canParse(request.url) ? request.url : 'http://localhost/';
  if (typeof location !== 'string' || !URL.canParse(location, base)) return '';
  return new URL(location, base).pathname.replace(/\.json$/, '');
}

function specialErrorFields(data: unknown): { message: string; reason: string; specialErrors: unknown[] } {
  const fields: Record<string, unknown> = isObject(data) ? { ...data } : {};
  const text = (value: unknown): string => (typeof value === 'string' ? value : '');
  return {
    message: text(fields['message']),
    reason: text(fields['reason']),
    specialErrors: Array.isArray(fields['special_errors']) ? fields['special_errors'] : [],
  };
}
