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
