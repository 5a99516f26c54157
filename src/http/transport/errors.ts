import { InvalidInvocation, ITkDBException } from '../../exceptions/base.js';
import {
  Aborted,
  ConnectionFailed,
  ConnectionRefused,
  ConnectionReset,
  HostNotFound,
  InvalidResponse,
  ResponseTooLarge,
  Timeout,
  TlsFailure,
  type TransportContext,
  type TransportException,
} from '../../exceptions/transport.js';
import { type RequestInput, redactorFor } from '../../redaction/exchange.js';
import { type Redactor, redactor } from '../../redaction/redact.js';
import { textOf } from '../../util/errors.js';

/** What is known of a request that failed before it was answered. */
export interface FailedRequest extends RequestInput {
  /** The signal that may have ended it. */
  readonly signal?: { readonly aborted: boolean; readonly reason?: unknown } | undefined;
  /** Whether nothing of it has been sent yet. */
  readonly neverReached?: boolean;
}

type Kind = new (message: string, context: TransportContext) => TransportException;

/** `code` of the low-level error → class and what to tell the user; the first row that matches counts. */
const KINDS: readonly (readonly [RegExp, Kind, string])[] = [
  [/^ECONNREFUSED$/, ConnectionRefused, 'nothing listens there; is the URL right?'],
  [
    /^(?:ENOTFOUND|EAI_\w+)$/,
    HostNotFound,
    'the host name does not resolve; is the URL right, is there a network?',
  ],
  [/^E\w*TIMEDOUT$/, Timeout, 'the other side was silent for too long'],
  [
    /^(?:ECONNRESET|ECONNABORTED|EPIPE|ERR_STREAM_PREMATURE_CLOSE)$/,
    ConnectionReset,
    'the connection broke off',
  ],
  [
    /^(?:EPROTO$|ERR_TLS|ERR_SSL|CERT_|CRL_|UNABLE_TO_|SELF_SIGNED|DEPTH_ZERO|INVALID_CA|INVALID_PURPOSE|PATH_LENGTH|HOSTNAME_MISMATCH|ERROR_IN_CERT)/,
    TlsFailure,
    'no trusted TLS connection could be made; if the server speaks no TLS, its URL starts with http://',
  ],
  [/^(?:HPE_|Z_|ERR__?ZSTD|ERR_BROTLI|ERR__ERROR_FORMAT)/, InvalidResponse, 'the answer is not valid HTTP'],
];

const CALLERS_FAULT =
  /^(?:ERR_(?:BAD_OPTION|BAD_REQUEST|INVALID_(?:ARG|CHAR|PROTOCOL|URL)|OUT_OF_RANGE|SOCKET_BAD_PORT|UNESCAPED|HTTP_INVALID|NOT_SUPPORT)|ENOENT$|EISDIR$)/;

/**
 * Makes our exception of whatever axios, `node:http` or an injected client threw. Only the message and the `code` of
 * that error are kept, as the `cause`: an `AxiosError` itself shows the bearer token wherever it is printed.
 */
export function toTransportException(error: unknown, request: FailedRequest): ITkDBException {
  const isReason = request.signal?.aborted && error === request.signal.reason;
  // Who gives a request up may say so with the exception of another one.
  if (error instanceof ITkDBException && !isReason) return error;
  const { cause: root } = membersOf(error);
  if (root instanceof ITkDBException && !request.signal?.aborted) return root;
  const secrets = redactorFor({ config: request });
  const url = request.url === undefined ? undefined : secrets.text(request.url);
  const method = request.method?.toUpperCase();
  const from = request.redirectedBy?.config?.url;
  const detour = from === undefined ? '' : ` (redirected from ${secrets.text(from)})`;
  const what = url === undefined ? 'the request' : `${method ?? 'GET'} ${url}${detour}`;
  if (request.signal?.aborted) {
    const { neverReached } = request;
    return abortedException(what, request.signal.reason, { method, url, neverReached });
  }

  const cause = plainCause(error, secrets);
  if (CALLERS_FAULT.test(cause.code)) return new InvalidInvocation(`${what}: ${cause.message}`, { cause });
  if (/^maxContentLength/.test(cause.message)) {
    return new ResponseTooLarge(`${what} failed: the answer is too large: ${cause.message}`, {
      method,
      url,
      cause,
    });
  }
  const [Exception, explanation] = kindOf(cause);
  // Who redirected has been reached.
  const neverReached = request.redirectedBy === undefined && isOfConnecting(error);
  return new Exception(`${what} failed: ${explanation} (${cause.message})`, {
    method,
    url,
    cause,
    neverReached,
  });
}

/** Makes the exception of a request that was given up: by the caller's signal, or because the session was closed. */
export function abortedException(what: string, reason: unknown, context: TransportContext): Aborted {
  const why = reason instanceof Error ? reason.message : 'the signal was aborted';
  return new Aborted(`${what} was aborted: ${redactor.text(why)}`, { ...context, cause: reason });
}

function kindOf(cause: PlainCause): [Kind, string] {
  if (/aborted|socket hang up/.test(cause.message)) return [ConnectionReset, 'the connection broke off'];
  const row = KINDS.find(([pattern]) => pattern.test(cause.code));
  return row === undefined ? [ConnectionFailed, 'no connection'] : [row[1], row[2]];
}

/** Whether there was not even a connection. Where a host has several addresses, there are several errors. */
function isOfConnecting(error: unknown): boolean {
  const { syscall, errors, cause } = membersOf(error);
  if (Array.isArray(errors) && errors.length > 0) return errors.every(isOfConnecting);
  if (syscall === undefined) return cause !== undefined && isOfConnecting(cause);
  return syscall === 'connect' || syscall === 'getaddrinfo';
}

type PlainCause = Error & { code: string };

function plainCause(error: unknown, secrets: Redactor): PlainCause {
  const { message, code, errors, cause } = membersOf(error);
  // Where a host has several addresses, Node wraps one error for each in a nameless one.
  const told =
    message || (errors?.[0] as Error | undefined)?.message || (cause as Error | undefined)?.message;
  // OpenSSL ends its messages with a line break.
  const line = textOf(told ?? error)
    .replace(/\s+/g, ' ')
    .trim();
  return Object.assign(new Error(secrets.text(line)), { code: textOf(code ?? '') });
}

interface LowLevelError {
  readonly message?: string;
  readonly code?: unknown;
  readonly syscall?: string;
  readonly errors?: readonly unknown[];
  readonly cause?: unknown;
}

/** Reads an error, which is whatever the caller's agent or client threw. */
function membersOf(error: unknown): LowLevelError {
  try {
    const { message, code, syscall, errors, cause } = (error ?? {}) as LowLevelError;
    return { message, code, syscall, errors, cause } as LowLevelError;
  } catch {
    return {};
  }
}
