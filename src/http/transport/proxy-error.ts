import { messageOf } from '../../util/errors.js';
import type { ProxyServer } from './proxy.js';

/** The codes of a certificate of an authority that Node.js does not know. */
export const UNKNOWN_AUTHORITY: RegExp = /^(?:UNABLE_TO_|SELF_SIGNED|DEPTH_ZERO|INVALID_CA$)/;
export const TRUST_AUTHORITY =
  'Set NODE_EXTRA_CA_CERTS to a file with the certificate of the authority, or pass that certificate as `ca`.';

/** A proxy could not be used, so that the request did not reach the server. Shows no credentials. */
export class ProxyError extends Error {
  /** Scheme, host and port. */
  readonly proxy: string;
  /** `ERR_PROXY_CREDENTIALS` for a 407; that of the system, such as `ECONNREFUSED`; else `ERR_PROXY`. */
  readonly code: string;
  /** What to do about it. */
  readonly advice: string;
  readonly neverReached = true;

  static {
    Object.defineProperty(this.prototype, 'name', {
      value: 'ProxyError',
      configurable: true,
      writable: true,
    });
  }

  constructor(
    { shown, source }: Pick<ProxyServer, 'shown' | 'source'>,
    problem: string,
    code = 'ERR_PROXY',
    advice = `Check ${source}, and whether this computer is in the network of the proxy.`,
  ) {
    super(`the proxy ${shown} (named by ${source}) ${problem}`);
    this.proxy = shown;
    this.code = code;
    this.advice = advice;
  }
}

/** Makes the error of a status that is not 2xx in answer to CONNECT, and of a 407 to a forwarded request. */
export function refusedBy(proxy: ProxyServer, status: number): ProxyError {
  if (status !== 407) return new ProxyError(proxy, `refused to connect to the server (status ${status})`);
  const state = proxy.credentials === undefined ? 'missing' : 'wrong';
  return new ProxyError(
    proxy,
    `refused its credentials (status 407): they are ${state}`,
    'ERR_PROXY_CREDENTIALS',
    `User name and password belong in the URL of the proxy (${proxy.source}), before the host name.`,
  );
}

/** What happened by the code of the low-level error. */
const PROBLEMS: readonly (readonly [RegExp, string])[] = [
  [/^ECONNREFUSED$/, 'cannot be reached: nothing listens there'],
  [/^(?:ENOTFOUND|EAI_)/, 'cannot be reached: its name does not resolve'],
  [/^(?:EHOST|ENET|E\w*TIMEDOUT)/, 'cannot be reached: there is no connection to it'],
  [/^(?:ECONNRESET|EPIPE)$/, 'closed the connection before it had answered'],
  [/^HPE_/, 'does not answer with valid HTTP'],
  [
    /^(?:EPROTO$|ERR_TLS|ERR_SSL|CERT_|UNABLE_TO_|SELF_SIGNED|DEPTH_ZERO)/,
    'has no TLS certificate that is trusted',
  ],
];

/** Makes the error of credentials that a SOCKS proxy refused. */
export function credentialsRefused(proxy: ProxyServer): ProxyError {
  return new ProxyError(proxy, 'refused its credentials: they are wrong', 'ERR_PROXY_CREDENTIALS');
}

/** Makes the error of a connection to a proxy that failed. */
export function toProxyError(error: unknown, proxy: ProxyServer): ProxyError {
  if (error instanceof ProxyError) return error;
  const code = codeOf(error);
  const [, problem = 'cannot be used'] = PROBLEMS.find(([pattern]) => pattern.test(code)) ?? [];
  const reason = code === 'ERR_PROXY' ? messageOf(error) : code;
  return new ProxyError(
    proxy,
    `${problem} (${reason})`,
    code,
    UNKNOWN_AUTHORITY.test(code) ? TRUST_AUTHORITY : undefined,
  );
}

/** Where a host has several addresses, there is one error for each. */
function codeOf(error: unknown): string {
  const { code, errors } = (error ?? {}) as { code?: unknown; errors?: unknown };
  if (typeof code === 'string' && code !== '') return code;
  return Array.isArray(errors) && errors.length > 0 ? codeOf(errors[0]) : 'ERR_PROXY';
}
