import { lookup as lookupHost } from 'node:dns';
import { once } from 'node:events';
import { connect, isIP, type Socket } from 'node:net';
import type { SocksClientOptions } from 'socks';
import { messageOf } from '../../util/errors.js';
import type { ProxyServer } from './proxy.js';
import { credentialsRefused, ProxyError, toProxyError } from './proxy-error.js';
import type { TunnelTarget } from './tunnel.js';

/** How long a SOCKS proxy may take to reach the server, in milliseconds. The caller's timeout counts as well. */
const TIMEOUT = 120_000;

/** Opens a tunnel through a SOCKS proxy. With `socks5h` and `socks4a` the proxy resolves the host name, else Node.js. */
export async function openSocksTunnel(proxy: ProxyServer, target: TunnelTarget): Promise<Socket> {
  const { SocksClient } = await loadSocks(proxy);
  const host = await untilAborted(resolveTarget(proxy, target), target.signal);
  target.signal.throwIfAborted();
  const socket = connectToProxy(proxy, target);
  try {
    await once(socket, 'connect');
    await SocksClient.createConnection(socksOptions(proxy, { host, port: target.port }, socket));
    target.signal.throwIfAborted();
    return socket;
  } catch (error) {
    socket.destroy();
    if (target.signal.aborted) throw target.signal.reason;
    if (/authentication failed/i.test(messageOf(error))) throw credentialsRefused(proxy);
    throw toProxyError(withoutOptions(error), proxy);
  }
}

async function loadSocks(proxy: ProxyServer): Promise<typeof import('socks')> {
  try {
    return await import('socks');
  } catch (error) {
    const { code } = error as { code?: unknown };
    throw new ProxyError(proxy, `needs the package socks, which could not be loaded (${String(code)})`);
  }
}

async function resolveTarget({ protocol }: ProxyServer, target: TunnelTarget): Promise<string> {
  const { host, lookup = lookupHost } = target;
  if (isIP(host) !== 0 || protocol === 'socks5h:' || protocol === 'socks4a:') return host;
  // SOCKS 4 knows no IPv6.
  const family = protocol === 'socks4:' ? 4 : (target.family ?? 0);
  return new Promise((resolve, reject) => {
    lookup(host, { family, all: false }, (error, address) => {
      if (error) return reject(error);
      return resolve(typeof address === 'string' ? address : (address[0]?.address ?? host));
    });
  });
}

/** A name lookup cannot be ended, but nothing has to wait for it. */
function untilAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
    if (signal.aborted) reject(signal.reason);
    promise.then(resolve, reject);
  });
}

function connectToProxy(proxy: ProxyServer, { signal, lookup, family }: TunnelTarget): Socket {
  const socket = connect({
    host: proxy.hostname,
    port: proxy.port,
    ...(lookup && { lookup }),
    ...(family && { family }),
  });
  // Until the tunnel is in use, nothing else listens.
  socket.on('error', () => {});
  signal.addEventListener('abort', () => socket.destroy(signal.reason), { once: true });
  return socket;
}

function socksOptions(
  { protocol, hostname, port, credentials }: ProxyServer,
  destination: { readonly host: string; readonly port: number },
  socket: Socket,
): SocksClientOptions {
  return {
    command: 'connect',
    destination,
    existing_socket: socket,
    timeout: TIMEOUT,
    proxy: {
      host: hostname,
      port,
      type: protocol.startsWith('socks4') ? 4 : 5,
      ...(credentials && { userId: credentials.username, password: credentials.password }),
    },
  };
}

/** The errors of the package hold the credentials. */
function withoutOptions(error: unknown): unknown {
  return error instanceof Error && 'options' in error ? new Error(error.message) : error;
}
