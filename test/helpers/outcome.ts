import { setTimeout as sleep } from 'node:timers/promises';
import { ITkDBException } from '../../src/index.js';

/** For how long a call may go on before it counts as hanging, in milliseconds. */
const PATIENCE = 5000;

/**
 * What became of a call: its value, or one of our exceptions. Anything else that is thrown fails the test, and so does
 * a call that hangs.
 */
export async function outcomeOf<T>(call: () => T | Promise<T>): Promise<T | ITkDBException> {
  const giveUp = new AbortController();
  const hanging = sleep(PATIENCE, undefined, { signal: giveUp.signal }).then(() => {
    throw new Error('the call hangs');
  });
  hanging.catch(() => {});
  try {
    return await Promise.race([(async () => call())(), hanging]);
  } catch (error) {
    if (error instanceof ITkDBException) return error;
    throw error;
  } finally {
    giveUp.abort();
  }
}

/** Fails the test where something has been added to the prototypes that everything inherits from. */
export function expectNoPollution(): void {
  for (const prototype of [Object.prototype, Array.prototype, Function.prototype]) {
    const added = Object.keys(prototype);
    for (const name of added) delete (prototype as Record<string, unknown>)[name];
    if (added.length > 0) throw new Error(`the prototype of everything got ${added.join(', ')}`);
  }
}
