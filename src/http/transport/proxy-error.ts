import { messageOf } from '../../util/errors.js';
import type { ProxyServer } from './proxy.js';

/** A proxy could not be used, so that the request did not reach the server. Shows no credentials. */
export class ProxyError extends Error {
  /** Scheme, host and port. */
  readonly proxy: string;
  /** `ERR_PROXY_CREDENTIALS` for a 407; that of the system, such as `ECONNREFUSED`; else `ERR_PROXY`. */
  readonly code: string;
  readonly neverReached = true;

  static {
    Object.defineProperty(this.prototype, 'name', {
      value: 'ProxyError',
      configurable: true,
      writable: true,
    });
  }

  constructor({ shown, source }: Pick<ProxyServer, 'shown' | 'source'>, problem: string, code = 'ERR_PROXY') {
    super(`the proxy ${shown} (named by ${source}) ${problem}`);
    this.proxy = shown;
    this.code = code;
  }
}

/** Makes the error of a status that is not 2xx in answer to CONNECT, and of a 407 to a forwarded request. */
export function refusedBy(proxy: ProxyServer, status: number): ProxyError {
  if (status !== 407) return new ProxyError(proxy, `refused to connect to the server (status ${status})`);
  const state = proxy.credentials === undefined ? 'missing' : 'wrong';
  return new ProxyError(
    proxy,
    `refused its credentials (status 407): they are ${state}. User name and password belong into its URL, before the host name`,
    'ERR_PROXY_CREDENTIALS',
  );
}

const ADVICE: readonly (readonly [RegExp, string])[] = [
  [/^ECONNREFUSED$/, 'cannot be reached: nothing listens there. Is it right, and are you in its network?'],
  [
    /^(?:ENOTFOUND|EAI_)/,
    'cannot be reached: its name does not resolve. Is it right, are you in its network?',
  ],
  [
    /^(?:EHOST|ENET|E\w*TIMEDOUT)/,
    'cannot be reached: there is no connection to it. Are you in its network?',
  ],
  [/^(?:ECONNRESET|EPIPE)$/, 'closed the connection before it had answered'],
  [/^HPE_/, 'does not answer with valid HTTP'],
  [
    /^(?:EPROTO$|ERR_TLS|ERR_SSL|CERT_|UNABLE_TO_|SELF_SIGNED|DEPTH_ZERO)/,
    'has no TLS certificate that is trusted; NODE_EXTRA_CA_CERTS or the option `ca` adds the certificate of its authority',
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
  const [, advice] = ADVICE.find(([pattern]) => pattern.test(code)) ?? [];
  const reason = code === 'ERR_PROXY' ? messageOf(error) : code;
  return new ProxyError(proxy, `${advice ?? 'cannot be used'} (${reason})`, code);
}

/** Where a host has several addresses, there is one error for each. */
function codeOf(error: unknown): string {
  const { code, errors } = (error ?? {}) as { code?: unknown; errors?: unknown };
  if (typeof code === 'string' && code !== '') return code;
  return Array.isArray(errors) && errors.length > 0 ? codeOf(errors[0]) : 'ERR_PROXY';
}
