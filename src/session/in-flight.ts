/** The requests of a session that are under way, so that it can end them all. */
export class InFlight {
  readonly #requests = new Set<AbortController>();
  /** Those that a caller's signal ends. One listener serves them all: adding one takes as long as there are others. */
  readonly #bySignal = new Map<AbortSignal, Set<AbortController>>();

  /**
   * Enters a request.
   *
   * @returns the signal that ends it, the caller's or ours, and what to call when it is over. `AbortSignal.any` would
   *   do the same, but on Node 20 it keeps every request of a long-lived signal in memory.
   */
  enter(callers: AbortSignal | undefined): { readonly signal: AbortSignal; readonly leave: () => void } {
    const controller = new AbortController();
    this.#requests.add(controller);
    const unfollow = callers && this.#follow(callers, controller);
    const leave = (): void => {
      this.#requests.delete(controller);
      unfollow?.();
    };
    return { signal: controller.signal, leave };
  }

  /** Ends every request. */
  abort(reason: Error): void {
    for (const controller of this.#requests) controller.abort(reason);
  }

  #follow(signal: AbortSignal, controller: AbortController): (() => void) | undefined {
    if (signal.aborted) {
      controller.abort(signal.reason);
      return undefined;
    }
    const followers = this.#bySignal.get(signal) ?? this.#listen(signal);
    followers.add(controller);
    return () => {
      followers.delete(controller);
      if (followers.size === 0) this.#unlisten(signal);
    };
  }

  #listen(signal: AbortSignal): Set<AbortController> {
    const followers = new Set<AbortController>();
    this.#bySignal.set(signal, followers);
    signal.addEventListener('abort', this.#onAbort);
    return followers;
  }

  #unlisten(signal: AbortSignal): void {
    this.#bySignal.delete(signal);
    signal.removeEventListener('abort', this.#onAbort);
  }

  readonly #onAbort = ({ target }: Event): void => {
    const signal = target as AbortSignal;
    for (const controller of this.#bySignal.get(signal) ?? []) controller.abort(signal.reason);
  };
}
