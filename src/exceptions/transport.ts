import { ITkDBException, nameAfterClass, type TransportErrorCode } from './base.js';

/** What a {@link TransportException} was about. */
export interface TransportContext extends ErrorOptions {
  readonly method?: string | undefined;
  readonly url?: string | undefined;
  readonly neverReached?: boolean | undefined;
}

/**
 * No whole answer came back. `cause` holds the low-level error's message and `code` (`ECONNRESET`, …), nothing else of it.
 */
export class TransportException extends ITkDBException {
  override readonly code: TransportErrorCode = 'ERR_TRANSPORT';
  /** The method of the request, if there was one. */
  readonly method: string | undefined;
  /** The URL of the request, without credentials. */
  readonly url: string | undefined;
  /** Whether the request certainly did not reach the server, so that it has done nothing there. */
  readonly neverReached: boolean;

  static {
    nameAfterClass(this);
  }

  constructor(message: string, { method, url, neverReached, ...options }: TransportContext = {}) {
    super(message, options);
    this.method = method;
    this.url = url;
    this.neverReached = neverReached ?? false;
  }

  /** What `JSON.stringify` shows. */
  toJSON(): object {
    const { name, code, method, url, message } = this;
    return { name, code, method, url, message };
  }
}

/** Copies an exception that several callers are given, so that each has his own. */
export function copyException(exception: TransportException): TransportException {
  const { message, cause, stack } = exception;
  const copy = new TransportException(message, cause === undefined ? {} : { cause });
  // Not by its own constructor: a class of the caller's may want something else.
  Object.setPrototypeOf(copy, Object.getPrototypeOf(exception) as object);
  return Object.assign(copy, exception, { stack });
}

/** The caller's `AbortSignal` fired, or the session was closed. `cause` is the signal's reason. */
export class Aborted extends TransportException {
  override readonly code = 'ERR_ABORTED';

  static {
    nameAfterClass(this);
  }
}

/** No connection could be made or used, for a reason that has no class of its own; `cause` says which. */
export class ConnectionFailed extends TransportException {
  override readonly code = 'ERR_CONNECTION_FAILED';

  static {
    nameAfterClass(this);
  }
}

/** Nothing listens at the address. */
export class ConnectionRefused extends TransportException {
  override readonly code = 'ERR_CONNECTION_REFUSED';

  static {
    nameAfterClass(this);
  }
}

/** The connection broke off, before the answer or in the middle of it. */
export class ConnectionReset extends TransportException {
  override readonly code = 'ERR_CONNECTION_RESET';

  static {
    nameAfterClass(this);
  }
}

/** The host name does not resolve. */
export class HostNotFound extends TransportException {
  override readonly code = 'ERR_HOST_NOT_FOUND';

  static {
    nameAfterClass(this);
  }
}

/** What came back is not HTTP, or its content coding is broken. */
export class InvalidResponse extends TransportException {
  override readonly code = 'ERR_INVALID_RESPONSE';

  static {
    nameAfterClass(this);
  }
}

/** The body is longer than `maxContentLength` allows. */
export class ResponseTooLarge extends TransportException {
  override readonly code = 'ERR_RESPONSE_TOO_LARGE';

  static {
    nameAfterClass(this);
  }
}

/** The other side was silent for longer than `timeout`. */
export class Timeout extends TransportException {
  override readonly code = 'ERR_TIMEOUT';

  static {
    nameAfterClass(this);
  }
}

/** No trusted TLS connection could be made: an unknown issuer, another host's certificate, an expired one. */
export class TlsFailure extends TransportException {
  override readonly code = 'ERR_TLS';

  static {
    nameAfterClass(this);
  }
}

/** More redirects than `maxRedirects` allows. */
export class TooManyRedirects extends TransportException {
  override readonly code = 'ERR_TOO_MANY_REDIRECTS';

  static {
    nameAfterClass(this);
  }
}
