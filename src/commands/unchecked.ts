/**
 * Returns the input of a command as it is, without a check of its type: for keys that the database knows and
 * `Commands` does not.
 */
// biome-ignore lint/suspicious/noExplicitAny: it fits wherever an input is expected, which is what it is for
export function unchecked(input: object): any {
  return input;
}
