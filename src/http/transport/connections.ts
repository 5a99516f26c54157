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

/** The connections of a session. */
export class Connections {
  readonly #options: ConnectionOptions;
  readonly #trust: SecureContext | undefined;
  readonly #agents = new Map<string, HttpAgent | HttpsAgent>();
  #http: Route | undefined;
  #https: Route | undefined;

  constructor(options: ConnectionOptions = {}) {
    this.#options = options;
    this.#trust = options.ca === undefined ? undefined : createTrust(options.ca);
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
    if (proxy) return this.#through(parseProxy(proxy) as ProxyServer, isTls, keepAlive);
    if (agent) return { agent };
    const found = proxy === false ? undefined : proxyOfEnvironment(url);
    return found === undefined ? this.#direct(isTls, keepAlive) : this.#through(found, isTls, keepAlive);
  }

  /** Destroys the connections, and ends the attempts to open tunnels. Agents of the caller's are left alone. */
  close(): void {
    for (const agent of this.#agents.values()) agent.destroy();
    this.#agents.clear();
    this.#http = undefined;
    this.#https = undefined;
  }

  /** The route without a proxy is made once: most requests take it. */
  #direct(isTls: boolean, keepAlive: boolean): Route {
    if (!keepAlive) return { agent: this.#agent(isTls, false) };
    if (isTls) {
      this.#https ??= { agent: this.#agent(true, true) };
      return this.#https;
    }
    this.#http ??= { agent: this.#agent(false, true) };
    return this.#http;
  }

  #through(proxy: ProxyServer, isTls: boolean, keepAlive: boolean): Route {
    const { protocol, hostname, port, shown } = proxy;
    if (isTls || isSocks(proxy)) return { agent: this.#tunnel(isTls, proxy, keepAlive), proxy: shown };
    const forward: Forward = {
      protocol: protocol as Forward['protocol'],
      hostname,
      port,
      headers: authorizationOf(proxy),
      refusal: (status) => refusedBy(proxy, status),
      failure: (error) => toProxyError(error, proxy),
    };
    return { agent: this.#agent(protocol === 'https:', keepAlive, proxy), forward, proxy: shown };
  }

  /** An agent for direct connections, or for those to a proxy that forwards. */
  #agent(isTls: boolean, keepAlive: boolean, proxy?: ProxyServer): HttpAgent | HttpsAgent {
    return this.#obtain(`${isTls ? 'https' : 'http'} ${keepAlive} ${proxy?.shown ?? ''}`, () =>
      isTls
        ? new HttpsAgent({
            ...this.#tlsOptions(keepAlive),
            ...(proxy && { servername: servernameOf(proxy) }),
          })
        : new HttpAgent({ keepAlive }),
    );
  }

  #tunnel(isTls: boolean, proxy: ProxyServer, keepAlive: boolean): HttpAgent | HttpsAgent {
    const { credentials, shown } = proxy;
    const open: OpenTunnel = (target) =>
      isSocks(proxy) ? openSocksTunnel(proxy, target) : openHttpTunnel(proxy, this.#trust, target);
    const key = JSON.stringify([isTls, keepAlive, shown, credentials?.username, credentials?.password]);
    return this.#obtain(key, () =>
      isTls
        ? new HttpsTunnelAgent(open, this.#tlsOptions(keepAlive))
        : new HttpTunnelAgent(open, { keepAlive }),
    );
  }

  #obtain(key: string, create: () => HttpAgent | HttpsAgent): HttpAgent | HttpsAgent {
    const agent = this.#agents.get(key) ?? create();
    this.#agents.set(key, agent);
    return agent;
  }

  /** Explicit, so that NODE_TLS_REJECT_UNAUTHORIZED=0 does not switch the checks off. */
  #tlsOptions(keepAlive: boolean): AgentOptions {
    const secureContext = this.#trust && { secureContext: this.#trust };
    return { keepAlive, rejectUnauthorized: true, ...secureContext };
  }
}
