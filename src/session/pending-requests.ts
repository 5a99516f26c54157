import { setMaxListeners } from 'node:events';
import { InvalidInvocation } from '../exceptions/base.js';
import { offAbort, onAbort } from '../util/abort.js';

/** A request that is under way. */
export interface PendingRequest {
  /** Aborted by the caller's signal, and when the session is closed. */
  readonly signal: AbortSignal;
  /** To be called when the request is over. */
  readonly end: () => void;
}

/** The requests of a session that are under way, so that `close()` can abort them all. */
export class PendingRequests {
  readonly #closing = new AbortController();
  readonly #withoutCallerSignal: PendingRequest = { signal: this.#closing.signal, end: () => {} };

  constructor() {
    // A user of the caller's own is given this signal, and may listen to it as often as it is asked for a token.
    setMaxListeners(0, this.#closing.signal);
    // Stays, so that the platform's listener is not added and removed with every request.
    onAbort(this.#closing.signal, () => {});
  }

  /**
   * Adds a request.
   *
   * Not by `AbortSignal.any`: on Node 20 that keeps every request of a long-lived signal in memory.
   *
   * @throws InvalidInvocation where the session is closed
   */
  start(callerSignal: AbortSignal | undefined): PendingRequest {
    const closing = this.#closing.signal;
    if (closing.aborted) throw new InvalidInvocation('the session is closed');
    if (callerSignal === undefined) return this.#withoutCallerSignal;
    const controller = new AbortController();
    if (callerSignal.aborted) controller.abort(callerSignal.reason);
    const leave = (): void => controller.abort(callerSignal.reason);
    const close = (): void => controller.abort(closing.reason);
    onAbort(callerSignal, leave);
    onAbort(closing, close);
    const end = (): void => {
      offAbort(callerSignal, leave);
      offAbort(closing, close);
    };
    return { signal: controller.signal, end };
  }

  /** Aborts every request, and refuses further ones. */
  close(reason: Error): void {
    this.#closing.abort(reason);
  }
}
