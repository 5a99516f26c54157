import { InvalidInvocation } from '../exceptions/base.js';

/** A request that is under way. */
export interface PendingRequest {
  /** Aborted by the caller's signal, and when the session is closed. */
  readonly signal: AbortSignal;
  /** To be called when the request is over. */
  readonly end: () => void;
}

/** The requests of a session that are under way, so that `close()` can abort them all. */
export class PendingRequests {
  readonly #controllers = new Set<AbortController>();
  readonly #followers = new Map<AbortSignal, Followers>();
  #isClosed = false;

  /**
   * Adds a request.
   *
   * Not by `AbortSignal.any`: on Node 20 that keeps every request of a long-lived signal in memory.
   *
   * @throws InvalidInvocation where the session is closed
   */
  start(callerSignal: AbortSignal | undefined): PendingRequest {
    if (this.#isClosed) throw new InvalidInvocation('the session is closed');
    const controller = new AbortController();
    this.#controllers.add(controller);
    const unfollow = callerSignal && this.#follow(callerSignal, controller);
    const end = (): void => {
      this.#controllers.delete(controller);
      unfollow?.();
    };
    return { signal: controller.signal, end };
  }

  /** Aborts every request, and refuses further ones. */
  close(reason: Error): void {
    this.#isClosed = true;
    for (const controller of this.#controllers) controller.abort(reason);
  }

  /**
   * Aborts a request when the caller's signal is aborted. One listener serves all requests with the same signal: Node warns
   * of more than ten, and adding one takes the longer the more there are.
   */
  #follow(signal: AbortSignal, controller: AbortController): (() => void) | undefined {
    if (signal.aborted) {
      controller.abort(signal.reason);
      return undefined;
    }
    const { controllers, onAbort } = this.#followers.get(signal) ?? this.#listen(signal);
    controllers.add(controller);
    return () => {
      controllers.delete(controller);
      if (controllers.size > 0) return;
      this.#followers.delete(signal);
      signal.removeEventListener('abort', onAbort);
    };
  }

  #listen(signal: AbortSignal): Followers {
    const controllers = new Set<AbortController>();
    const onAbort = (): void => {
      for (const controller of controllers) controller.abort(signal.reason);
    };
    const followers = { controllers, onAbort };
    this.#followers.set(signal, followers);
    signal.addEventListener('abort', onAbort);
    return followers;
  }
}

interface Followers {
  readonly controllers: Set<AbortController>;
  readonly onAbort: () => void;
}
