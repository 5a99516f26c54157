import { Agent as HttpAgent } from 'node:http';
import { type AgentOptions, Agent as HttpsAgent } from 'node:https';
import type { SecureContext } from 'node:tls';
import type { AxiosProxyConfig } from '../axios.js';
import type { RequestOptions } from '../request.js';
import { type Certificates, createTrust } from './certificates.js';
import { authorizationOf, isSocks, type ProxyServer, parseProxy, servernameOf } from './proxy.js';
import { proxyOfEnvironment } from './proxy-environment.js';
import { type ProxyError, refusedBy, toProxyError } from './proxy-error.js';
import { openSocksTunnel } from './socks.js';
import { type OpenTunnel, openHttpTunnel } from './tunnel.js';
import { HttpsTunnelAgent, HttpTunnelAgent } from './tunnel-agent.js';

/** How a session connects, unless its requests say otherwise. */
export interface ConnectionOptions {
  readonly httpAgent?: HttpAgent | undefined;
  readonly httpsAgent?: HttpsAgent | undefined;
  /** `false` for none; undefined for that of the environment. */
  readonly proxy?: string | false | AxiosProxyConfig | undefined;
  /** Certificates of authorities, trusted besides those that Node.js trusts. */
  readonly ca?: Certificates | undefined;
  /** Whether connections are used for several requests. @defaultValue true */
  readonly keepAlive?: boolean | undefined;
}

/** How a request gets to its server. */
export interface Route {
  readonly agent: HttpAgent | HttpsAgent | false;
  /** Plain http through an HTTP proxy: the request is sent to it, in absolute form. */
  readonly forward?: Forward | undefined;
  /** The proxy as shown to people: scheme, host and port, without credentials. */
  readonly proxy?: string | undefined;
}

/** A proxy that forwards requests (RFC 9112, section 3.2.2). */
interface Forward {
  readonly protocol: 'http:' | 'https:';
  /** Without the brackets of an IPv6 address. */
  readonly hostname: string;
  readonly port: number;
  /** The proxy's credentials. */
  readonly headers: Readonly<Record<string, string>>;
  /** Makes the error of a 407. */
  refusal(status: number): ProxyError;
  /** Makes the error of a connection to the proxy that failed. */
  failure(error: unknown): ProxyError;
}

/** What requests have in common that have the same agent. */
interface Way {
  readonly isTls: boolean;
  readonly keepAlive: boolean;
  /** Whether the server is trusted by the authorities of CERN, too. */
  readonly isAtCern: boolean;
}

/** The connections of a session. */
export class Connections {
  readonly #options: ConnectionOptions;
  readonly #trust: SecureContext | undefined;
  /** The trust of hosts at CERN, once one of them is reached. */
  #cernTrust: SecureContext | undefined;
  readonly #agents = new Map<string, HttpAgent | HttpsAgent>();
  #http: Route | undefined;
  #https: Route | undefined;

  constructor(options: ConnectionOptions = {}) {
    this.#options = options;
    this.#trust = options.ca === undefined ? undefined : createTrust(options.ca);
  }

  /**
   * Loads what the route to a host needs and most programs do not: for hosts at CERN, the certificates of its authorities.
   * They are trusted there besides all others, and nowhere else.
   */
  async prepare({ protocol, hostname }: URL): Promise<void> {
    if (protocol !== 'https:' || !isAtCern(hostname) || this.#cernTrust !== undefined) return;
    const { CERN_CERTIFICATES } = await import('./cern-certificates.js');
    this.#cernTrust ??= createTrust([...[this.#options.ca ?? []].flat(), ...CERN_CERTIFICATES] as string[]);
  }

  /**
   * Decides how a request gets to its server. An explicit `proxy` counts before an agent of the caller's, and that before
   * the proxy of the environment.
   *
   * @throws InvalidInvocation where the proxy of this request is not one
   */
  route(url: URL, options: RequestOptions): Route {
    const isTls = url.protocol === 'https:';
    const { proxy = this.#options.proxy } = options;
    const agent = isTls
      ? (options.httpsAgent ?? this.#options.httpsAgent)
      : (options.httpAgent ?? this.#options.httpAgent);
    const keepAlive = agent !== false && this.#options.keepAlive !== false;
    const way = { isTls, keepAlive, isAtCern: isTls && isAtCern(url.hostname) };
    if (proxy) return this.#through(parseProxy(proxy) as ProxyServer, way);
    if (agent) return { agent };
    const found = proxy === false ? undefined : proxyOfEnvironment(url);
    return found === undefined ? this.#direct(way) : this.#through(found, way);
  }

  /** Destroys the connections, and ends the attempts to open tunnels. Agents of the caller's are left alone. */
  close(): void {
    for (const agent of this.#agents.values()) agent.destroy();
    this.#agents.clear();
    this.#http = undefined;
    this.#https = undefined;
  }

  /** The route without a proxy is made once: most requests take it. */
  #direct(way: Way): Route {
    if (!way.keepAlive || way.isAtCern) return { agent: this.#agent(way) };
    if (way.isTls) {
      this.#https ??= { agent: this.#agent(way) };
      return this.#https;
    }
    this.#http ??= { agent: this.#agent(way) };
    return this.#http;
  }

  #through(proxy: ProxyServer, way: Way): Route {
    const { protocol, hostname, port, shown } = proxy;
    if (way.isTls || isSocks(proxy)) return { agent: this.#tunnel(proxy, way), proxy: shown };
    const forward: Forward = {
      protocol: protocol as Forward['protocol'],
      hostname,
      port,
      headers: authorizationOf(proxy),
      refusal: (status) => refusedBy(proxy, status),
      failure: (error) => toProxyError(error, proxy),
    };
    const toProxy = { ...way, isTls: protocol === 'https:' };
    return { agent: this.#agent(toProxy, proxy), forward, proxy: shown };
  }

  /** An agent for direct connections, or for those to a proxy that forwards. */
  #agent(way: Way, proxy?: ProxyServer): HttpAgent | HttpsAgent {
    const { isTls, keepAlive, isAtCern } = way;
    return this.#obtain(`${isTls ? 'https' : 'http'} ${keepAlive} ${isAtCern} ${proxy?.shown ?? ''}`, () =>
      isTls
        ? new HttpsAgent({ ...this.#tlsOptions(way), ...(proxy && { servername: servernameOf(proxy) }) })
        : new HttpAgent({ keepAlive }),
    );
  }

  #tunnel(proxy: ProxyServer, way: Way): HttpAgent | HttpsAgent {
    const { credentials, shown } = proxy;
    const open: OpenTunnel = (target) =>
      isSocks(proxy) ? openSocksTunnel(proxy, target) : openHttpTunnel(proxy, this.#trust, target);
    const key = JSON.stringify([way, shown, credentials?.username, credentials?.password]);
    return this.#obtain(key, () =>
      way.isTls
        ? new HttpsTunnelAgent(open, this.#tlsOptions(way))
        : new HttpTunnelAgent(open, { keepAlive: way.keepAlive }),
    );
  }

  #obtain(key: string, create: () => HttpAgent | HttpsAgent): HttpAgent | HttpsAgent {
    const agent = this.#agents.get(key) ?? create();
    this.#agents.set(key, agent);
    return agent;
  }

  /** Explicit, so that NODE_TLS_REJECT_UNAUTHORIZED=0 does not switch the checks off. */
  #tlsOptions({ keepAlive, isAtCern }: Way): AgentOptions {
    const trust = isAtCern ? this.#cernTrust : this.#trust;
    return { keepAlive, rejectUnauthorized: true, ...(trust && { secureContext: trust }) };
  }
}

/** By labels: neither `cern.ch.example` nor `notcern.ch` is there. */
function isAtCern(hostname: string): boolean {
  return /\.cern\.ch\.?$/i.test(hostname);
}
