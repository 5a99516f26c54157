import { expect } from 'vitest';

/** What a promise was rejected with; fails the test where it was not, or with something of another class. */
export async function failure<T extends Error>(
  promise: Promise<unknown>,
  // biome-ignore lint/suspicious/noExplicitAny: any constructor of T will do
  type: abstract new (...args: any[]) => T,
): Promise<T> {
  const error = await promise.then(
    (value) => expect.unreachable(`expected ${type.name}, but got ${String(value)}`),
    (reason: unknown) => reason,
  );
  if (!(error instanceof type)) throw error;
  return error;
}
