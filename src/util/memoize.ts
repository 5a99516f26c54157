/**
 * Remembers what a function made of its last argument. Requests come in runs: the same command again and again, with
 * another body each time.
 */
export function rememberLast<Result>(compute: (argument: string) => Result): (argument: string) => Result {
  let last: { readonly argument: string; readonly result: Result } | undefined;
  return (argument) => {
    if (last?.argument !== argument) last = { argument, result: compute(argument) };
    return last.result;
  };
}

/** Remembers what a function made of an object, as long as the object is in use. */
export function rememberFor<Key extends object, Result>(
  compute: (argument: Key) => Result,
): (argument: Key) => Result {
  const results = new WeakMap<Key, Result>();
  return (argument) => {
    let result = results.get(argument);
    if (result === undefined) {
      result = compute(argument);
      results.set(argument, result);
    }
    return result;
  };
}
