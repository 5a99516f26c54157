import { type ClientRequest, type ClientRequestArgs, Agent as HttpAgent } from 'node:http';
import { type AgentOptions, Agent as HttpsAgent, type RequestOptions } from 'node:https';
import type { LookupFunction, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { OpenTunnel } from './tunnel.js';

/** An `https.Agent` whose connections go through tunnels, with TLS to the server inside. Open ones are pooled by server. */
export class HttpsTunnelAgent extends HttpsAgent {
  readonly #tunnels: Tunnels;

  constructor(openTunnel: OpenTunnel, options: AgentOptions) {
    super({ ALPNProtocols: ['http/1.1'], ...options });
    this.#tunnels = new Tunnels(openTunnel);
  }

  /** Called by Node.js with each request; `createConnection` is not told which one it is. */
  addRequest(request: ClientRequest, options: object): void {
    ADD_REQUEST.call(this, request, { ...options, [REQUEST]: request });
  }

  override createConnection(options: RequestOptions, callback: OnConnection): undefined {
    this.#tunnels
      .open(options)
      .then((socket) => super.createConnection({ ...options, socket } as RequestOptions) as Duplex)
      .then(...settle(callback));
  }

  override destroy(): void {
    this.#tunnels.abort();
    super.destroy();
  }
}

/** The same for http. */
export class HttpTunnelAgent extends HttpAgent {
  readonly #tunnels: Tunnels;

  constructor(openTunnel: OpenTunnel, options: AgentOptions) {
    super(options);
    this.#tunnels = new Tunnels(openTunnel);
  }

  addRequest(request: ClientRequest, options: object): void {
    ADD_REQUEST.call(this, request, { ...options, [REQUEST]: request });
  }

  override createConnection(options: ClientRequestArgs, callback: OnConnection): undefined {
    this.#tunnels.open(options).then(...settle(callback));
  }

  override destroy(): void {
    this.#tunnels.abort();
    super.destroy();
  }
}

type OnConnection = (error: Error | null, socket: Duplex) => void;

/** What passes the outcome of a promise to a callback. */
function settle(callback: OnConnection): [(socket: Duplex) => void, (error: Error) => void] {
  return [(socket) => callback(null, socket), callback as (error: Error) => void];
}

interface TunnelOptions extends ClientRequestArgs {
  readonly [REQUEST]?: ClientRequest;
}

const REQUEST: unique symbol = Symbol('request');
const ADD_REQUEST = (
  HttpAgent.prototype as unknown as { addRequest(request: ClientRequest, options: object): void }
).addRequest;

/** The tunnels of an agent that are being opened. */
class Tunnels {
  readonly #open: OpenTunnel;
  readonly #pending = new Set<AbortController>();

  constructor(openTunnel: OpenTunnel) {
    this.#open = openTunnel;
  }

  /** Opens a tunnel. The attempt ends with the request that needs it. */
  async open(options: TunnelOptions): Promise<Socket> {
    const attempt = new AbortController();
    this.#pending.add(attempt);
    const restore = onDestroy(options[REQUEST], () => attempt.abort());
    try {
      const socket = await this.#open({
        host: String(options.host ?? options.hostname).replace(/^\[|\]$/g, ''),
        port: Number(options.port),
        signal: attempt.signal,
        lookup: options.lookup as LookupFunction | undefined,
        family: options.family,
      });
      return socket.setNoDelay(true);
    } finally {
      restore();
      this.#pending.delete(attempt);
    }
  }

  /** Ends all attempts. */
  abort(): void {
    for (const attempt of this.#pending) attempt.abort();
  }
}

/**
 * Calls a listener when a request is destroyed. As long as a request has no socket, Node.js emits no event for that.
 *
 * @returns what ends it
 */
function onDestroy(request: ClientRequest | undefined, listener: () => void): () => void {
  if (request === undefined) return () => {};
  const { destroy } = request;
  request.destroy = (error) => {
    listener();
    return destroy.call(request, error);
  };
  return () => {
    Reflect.deleteProperty(request, 'destroy');
  };
}
