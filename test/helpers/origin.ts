import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

/** A request that an {@link Origin} received. */
export interface SeenRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

export type Respond = (request: SeenRequest, response: ServerResponse) => void;

/** A bare HTTP server on loopback that records what it is sent, closed by `await using`. */
export class Origin {
  readonly requests: SeenRequest[] = [];
  readonly #server: ReturnType<typeof createServer>;

  private constructor(
    respond: Respond,
    respondRaw?: (request: IncomingMessage, response: ServerResponse) => void,
  ) {
    this.#server = createServer(async (request, response) => {
      if (respondRaw !== undefined) return respondRaw(request, response);
      const { method = '', url = '', headers } = request;
      const seen = { method, url, headers, body: await text(request).catch(() => '') };
      this.requests.push(seen);
      respond(seen, response);
    });
  }

  static async start(respond: Respond = (_, response) => response.end('ok')): Promise<Origin> {
    const origin = new Origin(respond);
    await new Promise<void>((resolve) => origin.#server.listen(0, '127.0.0.1', resolve));
    return origin;
  }

  /** Does not read the body of a request before it is answered. */
  static async startRaw(
    respond: (request: IncomingMessage, response: ServerResponse) => void,
  ): Promise<Origin> {
    const origin = new Origin(() => {}, respond);
    await new Promise<void>((resolve) => origin.#server.listen(0, '127.0.0.1', resolve));
    return origin;
  }

  /** Responds to requests that ask whether the server wants their body. */
  onExpect(respond: (request: IncomingMessage, response: ServerResponse) => void): void {
    this.#server.on('checkContinue', respond);
  }

  /** With a slash at its end. */
  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

/** Answers with JSON. */
export function json(response: ServerResponse, body: unknown, status = 200): void {
  response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(body));
}
