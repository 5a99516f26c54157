import type { ClientRequest, IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { LONGEST_TIMER } from '../../util/sleep.js';

/** A timeout that was probably meant in seconds, in milliseconds. */
const SHORT = 100;

/**
 * Tells when the other side of a request is idle for too long: when no byte has come or gone in either direction, from
 * the name lookup to the last byte of the body. The head of the response has to be complete within the same time after
 * the last byte of the request, so that a server cannot draw it out with interim responses or single bytes.
 *
 * The `timeout` of node:http alone does neither, and ends when the response starts.
 */
export class IdleTimeout {
  readonly #request: ClientRequest;
  readonly #milliseconds: number;
  #response: IncomingMessage | undefined;
  readonly #timer: NodeJS.Timeout;
  /** Of the socket, when the last byte of the request was sent. */
  #bytesRead: number | undefined;
  readonly #onTimeout: (error: Error) => void;

  /**
   * @param milliseconds - more than 0
   * @param onTimeout - destroys the request
   */
  constructor(request: ClientRequest, milliseconds: number, onTimeout: (error: Error) => void) {
    this.#request = request;
    this.#onTimeout = onTimeout;
    this.#milliseconds = Math.min(milliseconds, LONGEST_TIMER);
    // Runs until there is a socket to listen to (a proxy may be opening its tunnel), and again from the last byte of the
    // request to the head of the response.
    this.#timer = setTimeout(() => this.#onTimer(), this.#milliseconds);
    request.on('finish', () => this.#limitHead());
  }

  /** To be called with the socket of the request. */
  watch(socket: Socket): void {
    socket.setTimeout(this.#milliseconds);
    socket.on('timeout', this.#onSilence);
  }

  /** To be called with the head of the response. */
  received(response: IncomingMessage): void {
    clearTimeout(this.#timer);
    this.#response = response;
  }

  /** To be called when the request is over: its socket may be given to the next one. */
  end(): void {
    clearTimeout(this.#timer);
    this.#request.socket?.off('timeout', this.#onSilence);
  }

  readonly #onSilence = (): void => {
    const { socket } = this.#request;
    const bytesRead = socket?.bytesRead;
    // This process may have been busy for that long. What arrived meanwhile is read in this turn of the event loop.
    setImmediate(() => {
      if (socket?.bytesRead !== bytesRead || this.#isWaitingForCaller())
        socket?.setTimeout(this.#milliseconds);
      else this.#expire('silent for');
    });
  };

  #limitHead(): void {
    if (this.#response !== undefined) return;
    this.#bytesRead = this.#request.socket?.bytesRead;
    this.#timer.refresh();
  }

  #onTimer(): void {
    setImmediate(() => {
      const { socket, writableFinished } = this.#request;
      if (this.#response !== undefined || (socket !== null && !writableFinished)) return;
      const isSilent = socket?.bytesRead === this.#bytesRead;
      this.#expire(isSilent ? 'silent for' : 'the head of the response was not complete within');
    });
  }

  /** Whether the server waits for the caller, who reads or writes a stream slowly. */
  #isWaitingForCaller(): boolean {
    if (this.#response !== undefined) return this.#response.readableLength > 0;
    return !this.#request.writableEnded && this.#request.writableLength === 0;
  }

  #expire(what: string): void {
    if (this.#request.destroyed) return;
    const hint = this.#milliseconds < SHORT ? '; `timeout` is in milliseconds' : '';
    const message = `${what} ${Math.ceil(this.#milliseconds)} ms${hint}`;
    this.#onTimeout(Object.assign(new Error(message), { code: 'ETIMEDOUT' }));
  }
}
