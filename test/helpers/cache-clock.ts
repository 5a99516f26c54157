import { afterEach, beforeEach, expect, vi } from 'vitest';
import type { RequestConfig, SessionOptions } from '../../src/index.js';
import { CacheWorld, numbered } from './cache-world.js';

/** In milliseconds. */
export const HOUR = 3600_000;

/** Lets each of the tests around it begin at the start of a year, and its clock go on only by {@link pass}. */
export function fakeClock(): void {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['Date'], now: Date.UTC(2026, 0, 1) });
  });
  afterEach(() => {
    vi.useRealTimers();
  });
}

export function pass(milliseconds: number): void {
  vi.setSystemTime(Date.now() + milliseconds);
}

/** The HTTP date so many milliseconds from now. */
export const at = (offset: number): string => new Date(Date.now() + offset).toUTCString();

/** Whether the second of two requests, some time after the first, is answered by the cache. */
export async function isReused(
  headers: Record<string, string>,
  {
    after = 0,
    request = {},
    options = {},
  }: { after?: number; request?: RequestConfig; options?: SessionOptions } = {},
): Promise<boolean> {
  await using world = await CacheWorld.start(numbered(headers));
  const session = world.session(options);
  await session.get('x');
  pass(after);
  const { fromCache } = await session.get('x', request);
  expect(world.count).toBe(fromCache ? 1 : 2);
  return fromCache;
}
