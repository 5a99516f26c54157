/** The functions to be called when a signal is aborted, and the listener that calls them. */
interface Followers {
  readonly acts: Set<() => void>;
  readonly callAll: () => void;
}

const followers = new WeakMap<AbortSignal, Followers>();

/**
 * Calls a function when a signal is aborted. To be taken back with {@link offAbort}. A signal that is aborted already calls
 * nothing: look at `signal.aborted` first.
 *
 * One listener of the platform serves all functions of a signal. Thousands of requests have the same signal: a listener
 * for each would take the longer the more there are, and Node warns of more than ten.
 */
export function onAbort(signal: AbortSignal, act: () => void): void {
  const { acts, callAll } = followers.get(signal) ?? follow(signal);
  if (acts.size === 0) signal.addEventListener('abort', callAll);
  acts.add(act);
}

/** Takes back {@link onAbort}. */
export function offAbort(signal: AbortSignal, act: () => void): void {
  const known = followers.get(signal);
  if (known?.acts.delete(act) && known.acts.size === 0) signal.removeEventListener('abort', known.callAll);
}

function follow(signal: AbortSignal): Followers {
  const acts = new Set<() => void>();
  const callAll = (): void => {
    for (const act of acts) act();
  };
  const created = { acts, callAll };
  followers.set(signal, created);
  return created;
}
