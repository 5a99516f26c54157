/** The requests of a session that are under way, so that it can end them all. */
export class InFlight {
  readonly #requests = new Set<AbortController>();

  /**
   * Enters a request.
   *
   * @returns the signal that ends it, the caller's or ours, and what to call when it is over. `AbortSignal.any` would
   *   do the same, but on Node 20 it keeps every request of a long-lived signal in memory.
   */
  enter(callers: AbortSignal | undefined): { readonly signal: AbortSignal; readonly leave: () => void } {
    const controller = new AbortController();
    const onAbort = (): void => controller.abort(callers?.reason);
    if (callers?.aborted) onAbort();
    else callers?.addEventListener('abort', onAbort);
    this.#requests.add(controller);
    const leave = (): void => {
      callers?.removeEventListener('abort', onAbort);
      this.#requests.delete(controller);
    };
    return { signal: controller.signal, leave };
  }

  /** Ends every request. */
  abort(reason: Error): void {
    for (const controller of this.#requests) controller.abort(reason);
  }
}
