import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { InvalidInvocation } from '../exceptions/base.js';
import { messageOf } from '../util/errors.js';
import { type Fault, sendFault } from './faults.js';
import { type OutgoingResponse, type RecordedRequest, readRequest, send } from './messages.js';
import type { Plans } from './plans.js';

/**
 * Returns the response to a request.
 *
 * @param gone - aborted when the client has closed the connection
 */
export type Handler = (request: RecordedRequest, gone: AbortSignal) => Promise<OutgoingResponse>;

const TITLES = { api: 'the API', identity: 'the identity service', eos: 'EOS' } as const;

/** Options of a {@link LoopbackServer}. */
export interface LoopbackServerOptions {
  readonly name: RecordedRequest['server'];
  /** 0 for any free port. */
  readonly port: number;
  readonly handler: Handler;
  readonly faults: Plans<Fault>;
  readonly onRequest: (request: RecordedRequest) => void;
  /** Whether the body of a request is kept. @defaultValue that of each request */
  readonly keepsBody?: (request: IncomingMessage) => boolean;
  /** Whether the process keeps running while the server does. */
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
      serve(request, response, options).catch((error: unknown) => {
        if (response.headersSent || !request.complete) response.destroy();
        else send(response, { status: 500, type: 'text/plain', body: `${messageOf(error)}\n` });
      });
    });
    server.on('connection', (socket) => {
      sockets.add(socket);
      socket.once('close', () => sockets.delete(socket));
      if (!options.keepRunning) socket.unref();
    });
    await new Promise<void>((resolve, reject) => {
      server.once('error', ({ message }) =>
        reject(new InvalidInvocation(`startPdb: ${TITLES[name]} cannot listen on port ${port}: ${message}`)),
      );
      // A test may open a thousand connections at once.
      server.listen({ port, host: '127.0.0.1', backlog: 4096 }, resolve);
    });
    if (!options.keepRunning) server.unref();
    return new LoopbackServer(server, sockets);
  }

  /** The number of open connections. */
  get openConnections(): number {
    return this.#sockets.size;
  }

  /** Closes the server and its connections at once. */
  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

async function serve(
  request: IncomingMessage,
  response: ServerResponse,
  { name, handler, faults, onRequest, keepsBody = () => true }: LoopbackServerOptions,
): Promise<void> {
  const gone = new AbortController();
  response.once('close', () => gone.abort());
  const recorded = await readRequest(name, request, keepsBody);
  onRequest(recorded);
  const fault = faults.take(recorded);
  if (fault === undefined) send(response, await handler(recorded, gone.signal));
  else await sendFault(fault, recorded, response, () => handler(recorded, gone.signal));
}
