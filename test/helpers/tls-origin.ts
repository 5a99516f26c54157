import { readFileSync } from 'node:fs';
import type { RequestListener } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';

const fixture = (name: string): Buffer => readFileSync(new URL(`../fixtures/${name}`, import.meta.url));

/** The default certificate of a {@link TlsOrigin}: for `localhost`, and self-signed. */
export const CERTIFICATE: Buffer = fixture('tls-cert.pem');
/** Another one for `localhost`, which was valid in 2020. */
export const EXPIRED_CERTIFICATE: Buffer = fixture('tls-expired-cert.pem');

/** A bare HTTPS server on loopback, closed by `await using`. */
export class TlsOrigin implements AsyncDisposable {
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  static async start(
    respond: RequestListener = (_, response) => response.end(),
    cert: Buffer = CERTIFICATE,
  ): Promise<TlsOrigin> {
    const server = createServer({ key: fixture('tls-key.pem'), cert }, respond);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new TlsOrigin(server);
  }

  /** With a slash at its end. */
  get url(): string {
    return `https://localhost:${(this.#server.address() as AddressInfo).port}/`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
