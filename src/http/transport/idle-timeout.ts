import http, { type ClientRequest, type IncomingMessage, type RequestOptions } from 'node:http';
import https, { type RequestOptions as HttpsRequestOptions } from 'node:https';
import type { Socket } from 'node:net';
import { LONGEST_TIMER } from '../../util/sleep.js';

/** A time that is likely to be meant in seconds, in milliseconds. */
const SHORT = 100;

/**
 * The `transport` of one axios request: sends it through `node:http(s)` and breaks it off when the other side is silent.
 *
 * axios's own `timeout` runs by the wall clock until the answer starts, so that it cuts off a long upload, and stops
 * once a streamed answer has started, so that a stalled download hangs for ever. Here every byte in either direction
 * starts the time anew, from the name lookup to the last byte of the body.
 */
export class SilenceWatch {
  readonly #milliseconds: number;
  #error: Error | undefined;
  #response: IncomingMessage | undefined;

  /** @param milliseconds - of silence to bear; 0 is without end */
  constructor(milliseconds: number) {
    this.#milliseconds = Math.min(milliseconds, LONGEST_TIMER);
  }

  /** Why this watch has broken the request off, if it has. */
  get error(): Error | undefined {
    return this.#error;
  }

  /** What axios calls to send the request. */
  request(
    options: RequestOptions & HttpsRequestOptions,
    onResponse: (response: IncomingMessage) => void,
  ): ClientRequest {
    const { request: send } = options.protocol === 'https:' ? https : http;
    // Else NODE_TLS_REJECT_UNAUTHORIZED=0, set for something else, would switch it off here too. An agent still may.
    options.rejectUnauthorized ??= true;
    const request = send(options, (response) => {
      this.#response = response;
      onResponse(response);
    });
    // Nobody here speaks what such an answer switches to, and without a listener Node would wait for ever.
    request.once('upgrade', (_, socket) => {
      socket.destroy();
      const error = new Error('the server switched to another protocol');
      request.emit('error', Object.assign(error, { code: 'HPE_UNEXPECTED_UPGRADE' }));
    });
    // axios sets the socket's time limit to none when it has no timeout of its own; that would undo ours.
    request.setTimeout = () => request;
    if (this.#milliseconds > 0) this.#watch(request);
    return request;
  }

  #watch(request: ClientRequest): void {
    // Until there is a socket (a proxy may still be opening its tunnel) there is nothing to listen to.
    const withoutSocket = setTimeout(() => this.#expire(request), this.#milliseconds);
    request.once('socket', (socket: Socket) => {
      clearTimeout(withoutSocket);
      const onSilence = (): void => {
        const { bytesRead } = socket;
        // The program itself may have been busy for that long; what came meanwhile is read in this turn of the loop.
        setImmediate(() => {
          if (socket.bytesRead !== bytesRead || this.#isOurTurn(request))
            socket.setTimeout(this.#milliseconds);
          else if (!request.destroyed) this.#expire(request);
        });
      };
      socket.setTimeout(this.#milliseconds);
      socket.on('timeout', onSilence);
      // The agent may hand the socket to the next request.
      request.once('close', () => socket.off('timeout', onSilence));
    });
    request.once('close', () => clearTimeout(withoutSocket));
  }

  /** Whether it is not the other side that keeps us waiting, but the caller, who reads or writes a stream slowly. */
  #isOurTurn(request: ClientRequest): boolean {
    if (this.#response !== undefined) return this.#response.readableLength > 0;
    return !request.writableEnded && request.writableLength === 0;
  }

  #expire(request: ClientRequest): void {
    const hint = this.#milliseconds < SHORT ? '; `timeout` is in milliseconds' : '';
    const error = new Error(`silent for ${Math.ceil(this.#milliseconds)} ms${hint}`);
    this.#error = Object.assign(error, {
      code: 'ETIMEDOUT',
      ...(isConnecting(request.socket) && { syscall: 'connect' }),
    });
    (this.#response ?? request).destroy(this.#error);
    // Without a socket that says nothing to anybody.
    if (request.socket === null) request.emit('error', this.#error);
  }
}

/** Whether nothing of a request can have left yet. */
function isConnecting(socket: (Socket & { secureConnecting?: boolean }) | null): boolean {
  return socket === null || socket.connecting || socket.secureConnecting === true;
}
