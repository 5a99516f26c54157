import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';
import { ITkDBException, Session, type SessionOptions, User } from '../../src/index.js';
import type { EmbeddedPdb } from '../../src/testing/index.js';

/** For how long a call may go on before it counts as hanging, in milliseconds. */
const PATIENCE = 15_000;

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

/** What a request ends as. */
export type Outcome = 'success' | (abstract new (...args: never[]) => ITkDBException);

/** The sockets and name lookups of this process, on both sides. */
const openSockets = (): string[] =>
  process.getActiveResourcesInfo().filter((name) => /TCPSocket|TLS|GetAddrInfo/.test(name));

/** Asks for the projects with a session of its own, when `plan` has been made; nothing may be left of it. */
export async function requestOutcome(
  pdb: EmbeddedPdb,
  plan: () => void,
  options: SessionOptions = {},
  url = 'listProjects',
): Promise<Outcome> {
  const session = new Session({
    user: new User({ ...pdb.userOptions, retry: false, timeout: 1000 }),
    prefixUrl: pdb.apiUrl,
    timeout: 1000,
    retry: false,
    ...options,
  });
  try {
    await session.get('getUser', { data: { userIdentity: pdb.user.identity } });
    plan();
    const outcome = await outcomeOf(() => session.get(url));
    return outcome instanceof ITkDBException ? (outcome.constructor as Outcome) : 'success';
  } finally {
    await session.close();
    await expect.poll(openSockets, { interval: 5 }).toEqual([]);
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
