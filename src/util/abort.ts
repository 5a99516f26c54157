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

/**
 * Runs a task with a signal that is aborted with either of two.
 *
 * Not by `AbortSignal.any`: on Node 20 that keeps every task of a long-lived signal in memory.
 */
export async function withEither<T>(
  first: AbortSignal,
  second: AbortSignal,
  task: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const controller = new AbortController();
  const links = [first, second].map((signal) => ({ signal, leave: () => controller.abort(signal.reason) }));
  for (const { signal, leave } of links) {
    if (signal.aborted) leave();
    else onAbort(signal, leave);
  }
  try {
    return await task(controller.signal);
  } finally {
    for (const { signal, leave } of links) offAbort(signal, leave);
  }
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
