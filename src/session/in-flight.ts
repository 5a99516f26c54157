import { Cancellation } from '../http/cancellation.js';

/** The requests of a session that are under way, so that it can end them all. */
export class InFlight {
  readonly #requests = new Set<Cancellation>();
  #ended: Error | undefined;
  /** Those that a caller's signal ends. One listener serves them all: adding one takes as long as there are others. */
  readonly #bySignal = new Map<AbortSignal, Followers>();

  /**
   * Enters a request.
   *
   * @returns what ends it, on the caller's word or ours, and what to call when it is over. `AbortSignal.any` would do the
   *   same, but on Node 20 it keeps every request of a long-lived signal in memory.
   */
  enter(callers: AbortSignal | undefined): {
    readonly cancellation: Cancellation;
    readonly leave: () => void;
  } {
    const cancellation = new Cancellation();
    this.#requests.add(cancellation);
    const unfollow = callers && this.#follow(callers, cancellation);
    if (this.#ended !== undefined) cancellation.abort(this.#ended);
    const leave = (): void => {
      this.#requests.delete(cancellation);
      unfollow?.();
    };
    return { cancellation, leave };
  }

  /** Ends every request, and any that enters later. */
  abort(reason: Error): void {
    this.#ended = reason;
    for (const cancellation of this.#requests) cancellation.abort(reason);
  }

  #follow(signal: AbortSignal, cancellation: Cancellation): (() => void) | undefined {
    if (signal.aborted) {
      cancellation.abort(signal.reason);
      return undefined;
    }
    const { requests, onAbort } = this.#bySignal.get(signal) ?? this.#listen(signal);
    requests.add(cancellation);
    return () => {
      requests.delete(cancellation);
      if (requests.size > 0) return;
      this.#bySignal.delete(signal);
      signal.removeEventListener('abort', onAbort);
    };
  }

  #listen(signal: AbortSignal): Followers {
    const requests = new Set<Cancellation>();
    const onAbort = (): void => {
      for (const cancellation of requests) cancellation.abort(signal.reason);
    };
    const followers = { requests, onAbort };
    this.#bySignal.set(signal, followers);
    signal.addEventListener('abort', onAbort);
    return followers;
  }
}

interface Followers {
  readonly requests: Set<Cancellation>;
  readonly onAbort: () => void;
}
