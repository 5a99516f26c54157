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

/** What is known of a request that failed before its response was complete. */
export interface FailedRequest extends RequestInput {
  /** The signal that may have ended it. */
  readonly signal?: { readonly aborted: boolean; readonly reason?: unknown } | undefined;
  /** Whether nothing of this request was sent. */
  readonly neverReached?: boolean;
}

type Kind = new (message: string, context: TransportContext) => TransportException;

const NEW_AUTHORITY =
  'Node.js does not know the authority that issued the certificate; set NODE_EXTRA_CA_CERTS to a file with its certificate, or pass that as `ca`';

/** `code` of the low-level error → class, and what to tell the user. The first row that matches counts. */
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
  [/^(?:UNABLE_TO_|SELF_SIGNED|DEPTH_ZERO|INVALID_CA$)/, TlsFailure, NEW_AUTHORITY],
  [/^CERT_HAS_EXPIRED$/, TlsFailure, 'the certificate of the server has expired, or the clock here is wrong'],
  [
    /^CERT_NOT_YET_VALID$/,
    TlsFailure,
    'the certificate of the server is not valid yet, or the clock here is wrong',
  ],
  [
    /^(?:ERR_TLS_CERT_ALTNAME|HOSTNAME_MISMATCH)/,
    TlsFailure,
    'the certificate is that of another host; is the host name in the URL right?',
  ],
  [
    /^(?:EPROTO$|ERR_SSL_WRONG_VERSION|ERR_SSL_PACKET_LENGTH)/,
    TlsFailure,
    'the server does not speak TLS there; is the port in the URL right?',
  ],
  [
    /^(?:ERR_TLS|ERR_SSL|CERT_|CRL_|INVALID_PURPOSE|PATH_LENGTH|ERROR_IN_CERT)/,
    TlsFailure,
    'no trusted TLS connection could be made',
  ],
  [
    /^(?:HPE_|Z_|ERR__?ZSTD|ERR_BROTLI|ERR__ERROR_FORMAT|ERR_CONTENT_CODING|ERR_INVALID_STATUS)/,
    InvalidResponse,
    'the response is not valid HTTP',
  ],
];

const CALLERS_FAULT =
  /^(?:ERR_(?:BAD_OPTION|BAD_REQUEST|INVALID_(?:ARG|CHAR|PROTOCOL|URL)|OUT_OF_RANGE|SOCKET_BAD_PORT|UNESCAPED|HTTP_INVALID|INVALID_HTTP|NOT_SUPPORT)|ENOENT$|EISDIR$)/;

/**
 * Makes our exception of whatever `node:http`, a caller's agent or a caller's HTTP client threw. Only the message and the
 * `code` of that error are kept, as the `cause`: an `AxiosError` itself shows the token wherever it is printed.
 */
export function toTransportException(error: unknown, request: FailedRequest): ITkDBException {
  const { signal } = request;
  const isReason = signal?.aborted && error === signal.reason;
  // A caller may give a request up with the exception of another one as the reason.
  if (error instanceof ITkDBException && !isReason) return error;
  const { cause: root } = membersOf(error);
  if (root instanceof ITkDBException && !signal?.aborted) return root;

  const secrets = redactorFor({ config: request });
  const what = describe(request, secrets);
  const context = contextOf(request, secrets);
  if (signal?.aborted) return abortedException(what, signal.reason, context);
  const cause = plainCause(error, secrets);
  if (CALLERS_FAULT.test(cause.code) || error instanceof URIError)
    return new InvalidInvocation(`${what}: ${cause.message}`, { cause });
  if (/^maxContentLength/.test(cause.message)) {
    return new ResponseTooLarge(`${what} failed: the response is too large: ${cause.message}`, {
      ...context,
      cause,
    });
  }
  const { proxy, isOfBody } = membersOf(error);
  const [Exception, explanation] = isOfBody ? BODY_FAILED : kindOf(cause);
  // The error of a proxy says all that is to be said.
  const reason = proxy === undefined ? `${explanation} (${cause.message})` : cause.message;
  return new Exception(`${what} failed: ${reason}`, { ...context, cause });
}

/** Makes the exception of a request that was given up: by the caller's signal, or because the session was closed. */
export function abortedException(what: string, reason: unknown, context: TransportContext): Aborted {
  const why = reason instanceof Error ? reason.message : 'the signal was aborted';
  return new Aborted(`${what} was aborted: ${redactor.text(why)}`, { ...context, cause: reason });
}

/** Names a request in a message, without secrets. */
export function describe({ method, url, redirectedBy }: FailedRequest, secrets: Redactor): string {
  if (url === undefined) return 'the request';
  const from = redirectedBy?.config?.url;
  const detour = from === undefined ? '' : ` (redirected from ${secrets.text(from)})`;
  return `${method?.toUpperCase() ?? 'GET'} ${secrets.text(url)}${detour}`;
}

/** What an exception of the transport holds of a request. */
export function contextOf(request: FailedRequest, secrets: Redactor): TransportContext {
  const { method, url, neverReached = false, redirectedBy } = request;
  return {
    method: method?.toUpperCase(),
    url: url === undefined ? undefined : secrets.text(url),
    // The server that redirected was reached.
    neverReached: neverReached && redirectedBy === undefined,
  };
}

const BODY_FAILED: readonly [Kind, string] = [ConnectionFailed, 'its body could not be read'];

function kindOf({ code, message }: PlainCause): readonly [Kind, string] {
  if (/aborted|socket hang up/.test(message)) return [ConnectionReset, 'the connection broke off'];
  const row = KINDS.find(([pattern]) => pattern.test(code));
  return row === undefined ? [ConnectionFailed, 'no connection'] : [row[1], row[2]];
}

type PlainCause = Error & { code: string };

function plainCause(error: unknown, secrets: Redactor): PlainCause {
  const { message, code, errors, cause } = membersOf(error);
  // Where a host has several addresses, Node wraps one error for each in one without a message.
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
  readonly errors?: readonly unknown[];
  readonly cause?: unknown;
  /** The proxy that failed, without credentials. */
  readonly proxy?: string;
  /** Whether the caller's body failed, and not the connection. */
  readonly isOfBody?: boolean;
}

/** Reads an error, which is whatever the caller's agent or client threw. */
function membersOf(error: unknown): LowLevelError {
  try {
    const { message, code, errors, cause, proxy, isOfBody } = (error ?? {}) as LowLevelError;
    return { message, code, errors, cause, proxy, isOfBody } as LowLevelError;
  } catch {
    return {};
  }
}
