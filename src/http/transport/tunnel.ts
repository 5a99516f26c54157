import { request as httpRequest } from 'node:http';
import { request as httpsRequest, type RequestOptions } from 'node:https';
import type { LookupFunction, Socket } from 'node:net';
import type { SecureContext } from 'node:tls';
import { VERSION } from '../../util/version.js';
import { authorizationOf, type ProxyServer, servernameOf } from './proxy.js';
import { refusedBy, toProxyError } from './proxy-error.js';

/** Where a tunnel leads, and how it is opened. */
export interface TunnelTarget {
  /** Without the brackets of an IPv6 address. */
  readonly host: string;
  readonly port: number;
  /** Ends the attempt; once the tunnel is open, it has no effect. */
  readonly signal: AbortSignal;
  readonly lookup: LookupFunction | undefined;
  readonly family: number | undefined;
}

/** Opens a tunnel through a proxy. Rejects with a `ProxyError`, unless the signal ended the attempt or the server's name does not resolve. */
export type OpenTunnel = (target: TunnelTarget) => Promise<Socket>;

/** As large as Node.js allows by default. */
const MAX_HEAD = 16 * 1024;

/**
 * Opens a tunnel by CONNECT (RFC 9110, section 9.3.6).
 *
 * Any 2xx opens it, whatever its header fields say; what follows the head belongs to the tunnel.
 *
 * @param secureContext - for a proxy of https; undefined for that of Node.js
 */
export function openHttpTunnel(
  proxy: ProxyServer,
  secureContext: SecureContext | undefined,
  target: TunnelTarget,
): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const send = proxy.protocol === 'https:' ? httpsRequest : httpRequest;
    const request = send({ ...connectOptions(proxy, target), ...(secureContext && { secureContext }) });
    request.on('error', (error) => reject(target.signal.aborted ? error : toProxyError(error, proxy)));
    request.on('connect', ({ statusCode = 0 }, socket: Socket, head) => {
      // Until the tunnel is in use, nothing else listens.
      socket.on('error', () => {});
      if (statusCode < 200 || statusCode > 299) {
        socket.destroy();
        reject(refusedBy(proxy, statusCode));
        return;
      }
      if (head.length > 0) socket.unshift(head);
      resolve(socket);
    });
    request.end();
  });
}

function connectOptions(proxy: ProxyServer, target: TunnelTarget): RequestOptions {
  const host = target.host.includes(':') ? `[${target.host}]` : target.host;
  const authority = `${host}:${target.port}`;
  return {
    method: 'CONNECT',
    host: proxy.hostname,
    port: proxy.port,
    path: authority,
    headers: {
      host: authority,
      'user-agent': `itkdb/${VERSION}`,
      connection: 'keep-alive',
      ...authorizationOf(proxy),
    },
    agent: false,
    signal: target.signal,
    maxHeaderSize: MAX_HEAD,
    insecureHTTPParser: false,
    rejectUnauthorized: true,
    servername: servernameOf(proxy),
    ...(target.lookup && { lookup: target.lookup }),
    ...(target.family && { family: target.family }),
  };
}
