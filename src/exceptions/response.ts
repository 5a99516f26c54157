import {
  clip,
  type ResponseInput,
  redactorFor,
  type ShownResponse,
  showResponse,
} from '../redaction/exchange.js';
import { isObject } from '../util/guards.js';
import { type AppErrors, hasAppError, parseAppErrors } from './app-errors.js';
import { InvalidInvocation, ITkDBException, nameClass, type ResponseErrorCode } from './base.js';
import { formatBody, formatRequest } from './layout.js';
import { adviceOf, formatFirstLine, nameOfRequest, reasonOf } from './reason.js';

/** Options of a {@link ResponseException}. */
export interface ResponseExceptionOptions extends ErrorOptions {
  /** What happened; shown in the first line, in place of the server's sentence. */
  readonly reason?: string | undefined;
  /** What to do about it; the second line. */
  readonly advice?: string | undefined;
  /** Shown before the details. */
  readonly preamble?: string | undefined;
  /** The attempts and why each failed; shown between the request and the details. */
  readonly tries?: string | undefined;
}

/**
 * The server sent a response that is not a success.
 *
 * The message has the reason in its first line, and what to do in the second where that is known. Below an empty line
 * stand the request and the body of the response. Neither the message nor any field holds a credential: the exception
 * keeps copies of request and response with tokens, access codes and cookies replaced.
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
    const redactor = redactorFor(checked(response, new.target.prototype.name));
    const shown = showResponse(response, redactor);
    const body =
      additionalMessage === undefined ? new.target.describe(shown) : redactor.text(additionalMessage);
    const { reason, advice, preamble = '', tries = '' } = options;
    const firstLine = formatFirstLine(
      new.target.nameOf(shown),
      reason === undefined ? new.target.reasonOf(shown) : redactor.text(reason),
      shown.status,
    );
    const secondLine = advice === undefined ? new.target.adviceOf(shown) : redactor.text(advice);
    const start = [firstLine, secondLine].filter((line) => line !== '').join('\n');
    const details = [redactor.text(preamble), body].filter((part) => part !== '').join('\n');
    super(`${start}\n\n${layOut(shown, redactor.text(tries), details)}`, options);
    this.status = shown.status;
    this.#response = shown;
  }

  /** Returns what the first line calls the request. */
  protected static nameOf({ request }: ShownResponse): string {
    return nameOfRequest(request);
  }

  /** Returns what happened, for the first line. */
  protected static reasonOf(shown: ShownResponse): string {
    return reasonOf(shown);
  }

  /** Returns what to do about it, or `''`. */
  protected static adviceOf(shown: ShownResponse): string {
    return adviceOf(shown);
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

  protected static override nameOf(): string {
    return 'sign-in';
  }

  protected static override reasonOf(shown: ShownResponse): string {
    return `the identity service ${refusalOf(shown.status)}: ${super.reasonOf(shown)}`;
  }

  protected static override adviceOf({ status, request }: ShownResponse): string {
    if (!isRefusal(status)) return '';
    const [service] = /^https?:\/\/[^?#]*\//i.exec(request.url) ?? [];
    const question =
      service && ` The identity service is ${service} (\`prefixUrl\` of the user). Is that right?`;
    return `Check both access codes.${question ?? ''}`;
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

  protected static override reasonOf(shown: ShownResponse): string {
    return `redirected to ${locationPath(shown) || 'nowhere'}, which was not followed`;
  }

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

/** Any other 4xx or 5xx, whose `cause` says which; or a status that `validateStatus` refuses. */
export class UnhandledResponse extends ResponseException {
  override readonly code = 'ERR_UNHANDLED_RESPONSE';

  protected static override reasonOf(shown: ShownResponse): string {
    return shown.status < 400 ? '`validateStatus` refused the status' : super.reasonOf(shown);
  }

  /**
   * @param response - the response, with its request under `config`, such as an axios response
   * @param additionalMessage - shown as the details, in place of the server's body
   * @param options - the parts of the message, and the `cause`; without it, `cause` names the status and the URL
   */
  constructor(response: ResponseInput, additionalMessage?: string, options?: ResponseExceptionOptions) {
    super(response, additionalMessage, options);
    const { status, statusText, request } = this.response;
    if (options?.cause !== undefined || status < 400) return;
    const side = status >= 500 ? 'Server' : 'Client';
    const value = new Error(`${status} ${side} Error: ${statusText} for url: ${request.url}`);
    // As `Error` itself would set it: not enumerable.
    Object.defineProperty(this, 'cause', { value, writable: true, configurable: true });
  }
}
nameClass(UnhandledResponse, 'UnhandledResponse');

/** Refuses anything but an object: tests construct these exceptions by hand. */
function checked(response: ResponseInput, name: string): ResponseInput {
  if (isObject(response)) return response;
  throw new InvalidInvocation(`new ${name} needs a response, such as { status: 400, data }`);
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

function isRefusal(status: number): boolean {
  return status === 401 || status === 403;
}

function refusalOf(status: number): string {
  if (isRefusal(status)) return 'did not accept the access codes';
  return status >= 500 ? 'failed and granted no token' : 'granted no token';
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
