import { onTestFinished, vi } from 'vitest';

/**
 * Stops `performance.now()` until the end of the test. A session gets the token again for a request that has waited for more
 * than a second, which happens on a busy computer. With a stopped clock, a test can count how often the user is asked.
 */
export function stopClock(): void {
  vi.useFakeTimers({ toFake: ['performance'] });
  onTestFinished(() => void vi.useRealTimers());
}
