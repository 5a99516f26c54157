import { isIP } from 'node:net';
import { InvalidInvocation } from '../../exceptions/base.js';
import { isRecord } from '../../util/guards.js';
import type { AxiosProxyConfig } from '../axios.js';

/** A proxy of HTTP (RFC 9110) or SOCKS. */
export interface ProxyServer {
  readonly protocol: ProxyProtocol;
  /** Without the brackets of an IPv6 address. */
  readonly hostname: string;
  readonly port: number;
  /** Decoded; undefined where none are given. */
  readonly credentials: ProxyCredentials | undefined;
  /** As shown to people: scheme, host and port, without credentials. */
  readonly shown: string;
  /** What named the proxy, such as `HTTPS_PROXY`. */
  readonly source: string;
}

/** What a proxy is told of who connects. */
interface ProxyCredentials {
  readonly username: string;
  readonly password: string;
}

/** The protocols of proxies. */
type ProxyProtocol = keyof typeof DEFAULT_PORTS;

const DEFAULT_PORTS = {
  'http:': 80,
  'https:': 443,
  'socks4:': 1080,
  'socks4a:': 1080,
  'socks5:': 1080,
  'socks5h:': 1080,
} as const;

const EXPECTED = 'a URL such as http://proxy.example.org:3128';

/**
 * Reads the option `proxy`. The source of the returned proxy is the given name.
 *
 * @returns undefined for `false`: no proxy, and none of the environment
 * @throws InvalidInvocation that names the option, and shows no credentials
 */
export function parseProxy(
  value: string | false | AxiosProxyConfig,
  name = 'the option `proxy`',
): ProxyServer | undefined {
  if (value === false) return undefined;
  if (typeof value === 'string') return parseProxyUrl(value, name);
  if (!isRecord(value)) throw invalid(name, `must be ${EXPECTED}, { host, port } or false`);
  const { host, hostname = host, port, protocol = 'http:', auth } = value as ProxyFields;
  if (typeof hostname !== 'string' || hostname === '') throw invalid(name, 'must have a `host`');
  const authority = hostname.includes(':') && !hostname.startsWith('[') ? `[${hostname}]` : hostname;
  const scheme = String(protocol).replace(/:?(?:\/\/)?$/, '');
  const proxy = parseProxyUrl(
    `${scheme}://${authority}${port === undefined ? '' : `:${String(port)}`}`,
    name,
  );
  return auth === undefined ? proxy : { ...proxy, credentials: checkCredentials(auth, name) };
}

/**
 * Reads the URL of a proxy. Without a scheme it is one of HTTP.
 *
 * @param source - what the error names, such as `HTTPS_PROXY`
 */
export function parseProxyUrl(text: string, source: string): ProxyServer {
  const trimmed = text.trim();
  const url = parseUrl(/^[a-z][a-z0-9+.-]*:\/\//i.test(trimmed) ? trimmed : `http://${trimmed}`, source);
  // curl takes `socks` for SOCKS 4.
  const protocol = url.protocol === 'socks:' ? 'socks4:' : url.protocol;
  if (!isProxyProtocol(protocol)) {
    throw invalid(
      source,
      'must start with http://, https://, socks4://, socks4a://, socks5:// or socks5h://',
    );
  }
  // `URL` normalizes the hosts of http only.
  const host = parseUrl(`http://${url.hostname}`, source).hostname;
  const port = Number(url.port) || DEFAULT_PORTS[protocol];
  return {
    protocol,
    hostname: host.replace(/^\[|\]$/g, ''),
    port,
    credentials: credentialsOf(url),
    shown: `${protocol}//${host}:${port}`,
    source,
  };
}

/** The header fields that tell an HTTP proxy the credentials (RFC 7617). */
export function authorizationOf({ credentials }: ProxyServer): Record<string, string> {
  if (credentials === undefined) return {};
  const pair = `${credentials.username}:${credentials.password}`;
  return { 'proxy-authorization': `Basic ${Buffer.from(pair).toString('base64')}` };
}

/** The host that the certificate of a proxy is for. Without it Node.js takes the `Host` of the request. */
export function servernameOf({ hostname }: ProxyServer): string {
  return isIP(hostname) === 0 ? hostname : '';
}

/** Whether a proxy speaks SOCKS, not HTTP. */
export function isSocks({ protocol }: ProxyServer): boolean {
  return protocol.startsWith('socks');
}

interface ProxyFields {
  readonly host?: unknown;
  readonly hostname?: unknown;
  readonly port?: unknown;
  readonly protocol?: unknown;
  readonly auth?: unknown;
}

function isProxyProtocol(protocol: string): protocol is ProxyProtocol {
  return Object.hasOwn(DEFAULT_PORTS, protocol);
}

/** A path or a fragment is refused: a `#` or a `/` in a password would make the user name the host. */
function parseUrl(text: string, source: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isWhole = url !== undefined && /^\/?$/.test(url.pathname) && url.search === '' && url.hash === '';
  if (!isWhole || url.hostname === '') {
    throw invalid(
      source,
      `must be ${EXPECTED} without a path; special characters of a user name or password are percent-encoded`,
    );
  }
  return url;
}

function credentialsOf({ username, password }: URL): ProxyCredentials | undefined {
  if (username === '' && password === '') return undefined;
  return { username: decodePercent(username), password: decodePercent(password) };
}

/** A `%` that starts no octet is a character of the password. */
function decodePercent(text: string): string {
  return text.replace(/(?:%[0-9a-f]{2})+/gi, (octets) =>
    Buffer.from(octets.replaceAll('%', ''), 'hex').toString(),
  );
}

function checkCredentials(auth: unknown, name: string): ProxyCredentials {
  const { username, password = '' } = isRecord(auth) ? auth : {};
  if (typeof username !== 'string' || typeof password !== 'string') {
    throw invalid(name, 'must have { username, password } as its `auth`');
  }
  return { username, password };
}

function invalid(source: string, expectation: string): InvalidInvocation {
  return new InvalidInvocation(`${source} ${expectation}`);
}
