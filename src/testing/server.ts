import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { InvalidInvocation } from '../exceptions/base.js';
import { type Faults, send, sendSpoilt } from './faults.js';

/** A request that the embedded database received. */
export interface RecordedRequest {
  /** Which of its two servers. */
  readonly server: 'identity' | 'api';
  readonly method: string;
  /** Path and query, as received. */
  readonly url: string;
  /** The last part of the path, such as `getComponent` or `grantToken`. */
  readonly command: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** The body as received. */
  readonly body: string;
  /** The body parsed, where it is JSON. */
  readonly json: unknown;
}

/** An answer before it is sent. */
export interface Answer {
  readonly status: number;
  /** `Content-Type`. @defaultValue `application/json; charset=UTF-8` */
  readonly type?: string;
  readonly headers?: Readonly<Record<string, string | string[]>>;
  readonly body: string | Buffer;
}

/** Answers a request. */
type Handler = (request: RecordedRequest) => Promise<Answer>;

/** What a {@link LoopbackServer} is given. */
export interface LoopbackServerOptions {
  readonly name: RecordedRequest['server'];
  /** 0 is any that is free. */
  readonly port: number;
  readonly handler: Handler;
  readonly faults: Faults;
  readonly onRequest: (request: RecordedRequest) => void;
  /** Whether the process goes on as long as the server runs. */
  readonly keepRunning: boolean;
}

/** An HTTP server on 127.0.0.1. */
export class LoopbackServer {
  /** Such as `http://127.0.0.1:40000`. */
  readonly origin: string;
  readonly #server: Server;
  readonly #sockets: Set<Socket>;

  private constructor(server: Server, sockets: Set<Socket>) {
    this.#server = server;
    this.#sockets = sockets;
    this.origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  static async start(options: LoopbackServerOptions): Promise<LoopbackServer> {
    const { name, port } = options;
    const sockets = new Set<Socket>();
    const server = createServer((request, response) => {
      serve(request, response, options).catch(() => response.destroy());
    });
    server.on('connection', (socket) => {
      sockets.add(socket);
      socket.once('close', () => sockets.delete(socket));
      if (!options.keepRunning) socket.unref();
    });
    await new Promise<void>((resolve, reject) => {
      server.once('error', ({ message }) =>
        reject(
          new InvalidInvocation(
            `startPdb: the ${name === 'api' ? 'API' : 'identity service'} cannot listen on port ${port}: ${message}`,
          ),
        ),
      );
      // A thousand connections may come at once.
      server.listen({ port, host: '127.0.0.1', backlog: 4096 }, resolve);
    });
    if (!options.keepRunning) server.unref();
    return new LoopbackServer(server, sockets);
  }

  /** How many connections are open. */
  get openConnections(): number {
    return this.#sockets.size;
  }

  /** Closes the server and its connections, whatever they are doing. */
  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

async function serve(
  request: IncomingMessage,
  response: ServerResponse,
  { name, handler, faults, onRequest }: LoopbackServerOptions,
): Promise<void> {
  const recorded = await record(name, request);
  onRequest(recorded);
  const fault = faults.take(recorded);
  if (fault === undefined) send(response, await handler(recorded));
  else await sendSpoilt(fault, request, response, () => handler(recorded));
}

async function record(server: RecordedRequest['server'], request: IncomingMessage): Promise<RecordedRequest> {
  const { method = 'GET', url = '/', headers } = request;
  const body = await text(request);
  const command = decodeURIComponent(new URL(url, 'http://localhost').pathname.split('/').at(-1) ?? '');
  return { server, method, url, command, headers, body, json: parse(body) };
}

function parse(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}
