import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import {
  type AddressInfo,
  connect,
  createServer as createTcpServer,
  type Socket,
  type Server as TcpServer,
} from 'node:net';
import { CERTIFICATE } from './tls-origin.js';

const KEY = readFileSync(new URL('../fixtures/tls-key.pem', import.meta.url));

/** A request that a {@link TestProxy} received. */
export interface ProxiedRequest {
  readonly method: string;
  /** An authority with CONNECT, else an absolute URL. */
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
}

/** What a {@link TestProxy} does. */
export interface ProxyBehaviour {
  /** Whether it is spoken to by TLS. The certificate is that of a `TlsOrigin`. */
  readonly tls?: boolean;
  /** What it answers CONNECT with, instead of opening a tunnel. */
  readonly answer?: (socket: Socket) => void;
  /** The status line that opens a tunnel. */
  readonly opens?: string;
  /** A status instead of forwarding a request. */
  readonly status?: number;
}

/** An HTTP proxy on loopback: all names lead to loopback. Closed by `await using`. */
export class TestProxy implements AsyncDisposable {
  readonly requests: ProxiedRequest[] = [];
  readonly sockets: Set<Socket> = new Set();
  readonly #server: Server;
  readonly #behaviour: ProxyBehaviour;

  private constructor(behaviour: ProxyBehaviour) {
    this.#behaviour = behaviour;
    this.#server = behaviour.tls ? createTlsServer({ key: KEY, cert: CERTIFICATE }) : createServer();
    this.#server.on(behaviour.tls ? 'secureConnection' : 'connection', (socket: Socket) =>
      track(this.sockets, socket),
    );
    this.#server.on('connect', (received: IncomingMessage, socket: Socket) =>
      this.#connect(received, socket),
    );
    this.#server.on('request', (received, response) => this.#forward(received, response));
  }

  static async start(behaviour: ProxyBehaviour = {}): Promise<TestProxy> {
    const proxy = new TestProxy(behaviour);
    await listen(proxy.#server);
    return proxy;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Scheme, host and port. */
  get url(): string {
    return this.#behaviour.tls ? `https://localhost:${this.port}` : `http://127.0.0.1:${this.port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #connect(received: IncomingMessage, socket: Socket): void {
    this.#record(received);
    // Servers of Node.js leave their side open when the other one is closed.
    socket.on('end', () => socket.end());
    const { answer, opens = 'HTTP/1.1 200 Connection established' } = this.#behaviour;
    if (answer !== undefined) {
      // Only a socket that is read tells that the other side was closed.
      socket.resume();
      answer(socket);
      return;
    }
    const port = Number(received.url?.split(':').at(-1));
    const server = connect(port, '127.0.0.1', () => {
      socket.write(`${opens}\r\n\r\n`);
      server.pipe(socket).pipe(server);
    });
    track(this.sockets, server);
    socket.on('close', () => server.destroy());
  }

  #forward(received: IncomingMessage, response: ServerResponse): void {
    this.#record(received);
    const { status } = this.#behaviour;
    if (status !== undefined) {
      response.writeHead(status, { 'Set-Cookie': 'of=the-proxy' }).end('of the proxy');
      return;
    }
    const { port, pathname, search } = new URL(received.url ?? '');
    const { method, headers } = received;
    const forwarded = request(
      { port, host: '127.0.0.1', path: pathname + search, method, headers },
      (answer) => {
        response.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(response);
      },
    );
    received.pipe(forwarded);
  }

  #record({ method = '', url = '', headers }: IncomingMessage): void {
    this.requests.push({ method, url, headers });
  }
}

/** What a {@link SocksServer} was told. */
export interface SocksRequest {
  /** An address, or a name that the server resolves. */
  readonly host: string;
  readonly port: number;
  readonly credentials: string | undefined;
}

/** A SOCKS 5 server (RFC 1928) on loopback: all names lead to loopback. Closed by `await using`. */
export class SocksServer implements AsyncDisposable {
  readonly requests: SocksRequest[] = [];
  readonly sockets: Set<Socket> = new Set();
  readonly #server: TcpServer;

  private constructor(reply: number | 'silence', needsPassword: boolean) {
    this.#server = createTcpServer((socket) => {
      track(this.sockets, socket);
      this.#serve(socket, reply, needsPassword).catch(() => socket.destroy());
    });
  }

  /** @param reply - what it answers a request with: 0 opens the connection, 5 says that it was refused */
  static async start(reply: number | 'silence' = 0, needsPassword = false): Promise<SocksServer> {
    const server = new SocksServer(reply, needsPassword);
    await listen(server.#server);
    return server;
  }

  /** Host and port. */
  get address(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #serve(socket: Socket, reply: number | 'silence', needsPassword: boolean): Promise<void> {
    const [, methods = 0] = await read(socket, 2);
    await read(socket, methods);
    socket.write(Buffer.from([5, needsPassword ? 2 : 0]));
    const credentials = needsPassword ? await readCredentials(socket) : undefined;
    const { host, port } = await readDestination(socket);
    this.requests.push({ host, port, credentials });
    if (reply === 'silence') return;
    const refusal = Buffer.from([5, reply, 0, 1, 127, 0, 0, 1, 0, 0]);
    if (reply !== 0) {
      socket.end(refusal);
      return;
    }
    const server = connect(port, '127.0.0.1', () => {
      socket.write(refusal);
      server.pipe(socket).pipe(server);
    });
    track(this.sockets, server);
    socket.on('close', () => server.destroy());
  }
}

async function readCredentials(socket: Socket): Promise<string> {
  const [, length = 0] = await read(socket, 2);
  const username = await read(socket, length);
  const [count = 0] = await read(socket, 1);
  const password = await read(socket, count);
  socket.write(Buffer.from([1, 0]));
  return `${username}:${password}`;
}

async function readDestination(socket: Socket): Promise<{ host: string; port: number }> {
  const [, , , type] = await read(socket, 4);
  if (type === 1)
    return { host: (await read(socket, 4)).join('.'), port: (await read(socket, 2)).readUInt16BE() };
  const [length = 0] = await read(socket, 1);
  return { host: String(await read(socket, length)), port: (await read(socket, 2)).readUInt16BE() };
}

async function read(socket: Socket, length: number): Promise<Buffer> {
  for (;;) {
    const bytes: Buffer | null = socket.read(length);
    if (bytes !== null) return bytes;
    await new Promise<void>((resolve, reject) => {
      socket.once('readable', resolve).once('close', () => reject(new Error('closed')));
    });
  }
}

function track(sockets: Set<Socket>, socket: Socket): void {
  sockets.add(socket);
  socket.on('error', () => {}).on('close', () => sockets.delete(socket));
}

function listen(server: TcpServer): Promise<void> {
  return new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
}
