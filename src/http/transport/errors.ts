import { DEFAULT_SETTINGS } from '../../config/settings.js';
import { clipLine, InvalidInvocation, type ITkDBException, isException } from '../../exceptions/base.js';
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
import type { Redactor } from '../../redaction/redact.js';
import { textOf } from '../../util/errors.js';
import { TRUST_AUTHORITY, UNKNOWN_AUTHORITY } from './proxy-error.js';

/** What is known of a request that failed before its response was complete. */
export interface FailedRequest extends RequestInput {
  /** The signal that may have ended it. */
  readonly signal?: { readonly aborted: boolean; readonly reason?: unknown } | undefined;
  /** Whether nothing of this request was sent. */
  readonly neverReached?: boolean;
}

/** The longest URL in a message, in characters. */
const LONGEST_URL = 120;

type Kind = new (message: string, context: TransportContext) => TransportException;

/** What happened, and what to do where that is known. */
interface Explanation {
  readonly type: Kind;
  readonly happened: string;
  readonly advice?: string;
}

const CHECK_CLOCK =
  'Check the clock of this computer. If it is right, the server needs another certificate: tell its administrators.';

/** By the `code` of the low-level error. The first row that matches counts. */
const EXPLANATIONS: readonly (readonly [RegExp, Explanation])[] = [
  [
    /^ECONNREFUSED$/,
    {
      type: ConnectionRefused,
      happened: 'nothing listens there',
      advice: 'Check the host and the port of the URL (`prefixUrl`).',
    },
  ],
  [
    /^(?:ENOTFOUND|EAI_\w+)$/,
    {
      type: HostNotFound,
      happened: 'the host name does not resolve',
      advice: `Check the network and the URL (\`prefixUrl\`). By default, the database is at ${hostOf('ITKDB_API_URL')} and the identity service at ${hostOf('ITKDB_AUTH_URL')}.`,
    },
  ],
  [
    /^E\w*TIMEDOUT$/,
    { type: Timeout, happened: 'the other side was silent for too long', advice: 'Check the network.' },
  ],
  [
    /^(?:ECONNRESET|ECONNABORTED|EPIPE|ERR_STREAM_PREMATURE_CLOSE)$/,
    { type: ConnectionReset, happened: 'the connection broke off' },
  ],
  [
    UNKNOWN_AUTHORITY,
    {
      type: TlsFailure,
      happened: 'Node.js does not know the authority that issued the certificate',
      advice: TRUST_AUTHORITY,
    },
  ],
  [
    /^CERT_HAS_EXPIRED$/,
    { type: TlsFailure, happened: 'the certificate of the server has expired', advice: CHECK_CLOCK },
  ],
  [
    /^CERT_NOT_YET_VALID$/,
    { type: TlsFailure, happened: 'the certificate of the server is not valid yet', advice: CHECK_CLOCK },
  ],
  [
    /^(?:ERR_TLS_CERT_ALTNAME|HOSTNAME_MISMATCH)/,
    {
      type: TlsFailure,
      happened: 'the certificate is that of another host',
      advice: 'Check the host name in the URL (`prefixUrl`).',
    },
  ],
  [
    /^(?:EPROTO$|ERR_SSL_WRONG_VERSION|ERR_SSL_PACKET_LENGTH)/,
    {
      type: TlsFailure,
      happened: 'the server does not speak TLS there',
      advice: 'Check the port of the URL (`prefixUrl`).',
    },
  ],
  [
    /^(?:ERR_TLS|ERR_SSL|CERT_|CRL_|INVALID_PURPOSE|PATH_LENGTH|ERROR_IN_CERT)/,
    { type: TlsFailure, happened: 'no trusted TLS connection could be made' },
  ],
  [
    /^(?:HPE_|Z_|ERR__?ZSTD|ERR_BROTLI|ERR__ERROR_FORMAT|ERR_CONTENT_CODING|ERR_INVALID_STATUS)/,
    { type: InvalidResponse, happened: 'the response is not valid HTTP' },
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
  if (isException(error) && !isReason) return error;
  const { cause: root } = membersOf(error);
  if (isException(root) && !signal?.aborted) return root;

  const secrets = redactorFor({ config: request });
  const what = describe(request, secrets);
  const context = contextOf(request, secrets);
  if (signal?.aborted) return abortedException(what, signal.reason, context, secrets);
  const cause = plainCause(error, secrets);
  if (CALLERS_FAULT.test(cause.code) || error instanceof URIError)
    return new InvalidInvocation(`${what}: ${cause.message}`, { cause });
  if (/^maxContentLength/.test(cause.message)) {
    const happened = `${what} failed: the response is too large: ${cause.message}`;
    return new ResponseTooLarge(`${happened}\nRead it as a stream, or raise \`maxContentLength\`.`, {
      ...context,
      cause,
    });
  }
  const { proxy, advice: adviceOfProxy, isOfBody } = membersOf(error);
  const { type: Exception, happened, advice } = isOfBody ? BODY_FAILED : explanationOf(cause);
  const lines =
    proxy === undefined
      ? [`${what} failed: ${happened} (${cause.message})`, advice]
      : [`${what} failed: ${cause.message}`, adviceOfProxy];
  return new Exception(lines.filter(Boolean).join('\n'), { ...context, cause });
}

/** Makes the exception of a request that was given up: by the caller's signal, or because the session was closed. */
export function abortedException(
  what: string,
  reason: unknown,
  context: TransportContext,
  secrets: Redactor,
): Aborted {
  const why = reason instanceof Error ? reason.message : 'the signal was aborted';
  return new Aborted(`${what} was aborted: ${secrets.text(why)}`, { ...context, cause: reason });
}

/** Names a request in a message, without secrets. A long URL is cut: the exception has it in `url`. */
export function describe({ method, url, redirectedBy }: FailedRequest, secrets: Redactor): string {
  if (url === undefined) return 'the request';
  const from = redirectedBy?.config?.url;
  const detour = from === undefined ? '' : ` (redirected from ${clipLine(secrets.text(from), LONGEST_URL)})`;
  return `${method?.toUpperCase() ?? 'GET'} ${clipLine(secrets.text(url), LONGEST_URL)}${detour}`;
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

const BODY_FAILED: Explanation = { type: ConnectionFailed, happened: 'its body could not be read' };

function explanationOf({ code, message }: PlainCause): Explanation {
  if (/aborted|socket hang up/.test(message))
    return { type: ConnectionReset, happened: 'the connection broke off' };
  const [, explanation] = EXPLANATIONS.find(([pattern]) => pattern.test(code)) ?? [];
  return explanation ?? { type: ConnectionFailed, happened: 'no connection' };
}

function hostOf(setting: 'ITKDB_API_URL' | 'ITKDB_AUTH_URL'): string {
  return new URL(DEFAULT_SETTINGS[setting]).host;
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
  /** What to do about a proxy that failed. */
  readonly advice?: string;
  /** Whether the caller's body failed, and not the connection. */
  readonly isOfBody?: boolean;
}

/** Reads an error, which is whatever the caller's agent or client threw. */
function membersOf(error: unknown): LowLevelError {
  try {
    const { message, code, errors, cause, proxy, advice, isOfBody } = (error ?? {}) as LowLevelError;
    return { message, code, errors, cause, proxy, advice, isOfBody } as LowLevelError;
  } catch {
    return {};
  }
}
