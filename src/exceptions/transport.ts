import { ITkDBException, nameClass, type TransportErrorCode } from './base.js';

/** The request of a {@link TransportException}, and its `cause`. */
export interface TransportContext extends ErrorOptions {
  /** The method of the request, in upper case. @defaultValue undefined */
  readonly method?: string | undefined;
  /** The URL of the request. It must not contain credentials. @defaultValue undefined */
  readonly url?: string | undefined;
  /** Whether it is certain that the request did not reach the server. @defaultValue `false` */
  readonly neverReached?: boolean | undefined;
}

/**
 * No complete response arrived. `cause` holds only the message and the `code` (`ECONNRESET`, …) of the low-level error.
 * That of an {@link Aborted} is the reason of the caller's signal, unchanged.
 */
export class TransportException extends ITkDBException {
  override readonly code: TransportErrorCode = 'ERR_TRANSPORT';
  /** The method of the request, in upper case; undefined if there was no request. */
  readonly method: string | undefined;
  /** The URL of the request, without credentials; undefined if there was no request. */
  readonly url: string | undefined;
  /** Whether it is certain that the request did not reach the server, so that it had no effect there. */
  readonly neverReached: boolean;

  /**
   * @param message - what happened; secrets in it are not replaced
   * @param context - the request, and the `cause`
   */
  constructor(message: string, { method, url, neverReached, ...options }: TransportContext = {}) {
    super(message, options);
    this.method = method;
    this.url = url;
    this.neverReached = neverReached ?? false;
  }

  /** Returns what `JSON.stringify` shows. */
  toJSON(): object {
    const { name, code, method, url, message } = this;
    return { name, code, method, url, message };
  }
}
nameClass(TransportException, 'TransportException');

/** Copies an exception that several callers receive, so that each has its own. */
export function copyException(exception: TransportException): TransportException {
  const { message, cause, stack } = exception;
  const copy = new TransportException(message, cause === undefined ? {} : { cause });
  // Not by its own constructor: a subclass of the caller may take other arguments.
  Object.setPrototypeOf(copy, Object.getPrototypeOf(exception) as object);
  return Object.assign(copy, exception, { stack });
}

/** The caller's `AbortSignal` was aborted, or the session was closed. `cause` is the reason of the signal. */
export class Aborted extends TransportException {
  override readonly code = 'ERR_ABORTED';
}
nameClass(Aborted, 'Aborted');

/** No connection could be made or used, for a reason that has no class of its own; `cause` says which. */
export class ConnectionFailed extends TransportException {
  override readonly code = 'ERR_CONNECTION_FAILED';
}
nameClass(ConnectionFailed, 'ConnectionFailed');

/** No server listens at the address. */
export class ConnectionRefused extends TransportException {
  override readonly code = 'ERR_CONNECTION_REFUSED';
}
nameClass(ConnectionRefused, 'ConnectionRefused');

/** The connection was closed before the response was complete. */
export class ConnectionReset extends TransportException {
  override readonly code = 'ERR_CONNECTION_RESET';
}
nameClass(ConnectionReset, 'ConnectionReset');

/** The host name does not resolve. */
export class HostNotFound extends TransportException {
  override readonly code = 'ERR_HOST_NOT_FOUND';
}
nameClass(HostNotFound, 'HostNotFound');

/** The response is not valid HTTP, or its content coding is broken. */
export class InvalidResponse extends TransportException {
  override readonly code = 'ERR_INVALID_RESPONSE';
}
nameClass(InvalidResponse, 'InvalidResponse');

/** The response body is larger than `maxContentLength`. */
export class ResponseTooLarge extends TransportException {
  override readonly code = 'ERR_RESPONSE_TOO_LARGE';
}
nameClass(ResponseTooLarge, 'ResponseTooLarge');

/** No bytes were sent or received for the time of `timeout`. */
export class Timeout extends TransportException {
  override readonly code = 'ERR_TIMEOUT';
}
nameClass(Timeout, 'Timeout');

/** There is no trusted TLS connection: the certificate is of an unknown authority, of another host, or has expired. */
export class TlsFailure extends TransportException {
  override readonly code = 'ERR_TLS';
}
nameClass(TlsFailure, 'TlsFailure');

/** More redirects than `maxRedirects` allows. */
export class TooManyRedirects extends TransportException {
  override readonly code = 'ERR_TOO_MANY_REDIRECTS';
}
nameClass(TooManyRedirects, 'TooManyRedirects');
