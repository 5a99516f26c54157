import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it, vi } from 'vitest';
import { Cancellation } from '../src/http/cancellation.js';
import { failure } from './helpers/failure.js';

const reason = new Error('enough');

describe('a cancellation', () => {
  it('tells each listener once, and none that has left', () => {
    const cancellation = new Cancellation();
    const [stays, leaves] = [vi.fn(), vi.fn()];
    cancellation.addEventListener('abort', stays);
    cancellation.addEventListener('abort', leaves);
    cancellation.removeEventListener('abort', leaves);
    expect(cancellation.aborted).toBe(false);
    cancellation.throwIfAborted();
    cancellation.abort(reason);
    cancellation.abort(new Error('once more'));
    expect(stays).toHaveBeenCalledTimes(1);
    expect(leaves).not.toHaveBeenCalled();
    expect(cancellation).toMatchObject({ aborted: true, reason });
    expect(() => cancellation.throwIfAborted()).toThrow(reason);
  });

  it('lets a listener leave while it is told', () => {
    const cancellation = new Cancellation();
    const second = vi.fn();
    const first = (): void => cancellation.removeEventListener('abort', second);
    cancellation.addEventListener('abort', first);
    cancellation.addEventListener('abort', second);
    cancellation.abort(reason);
    expect(second).not.toHaveBeenCalled();
  });

  it.each(['before', 'after'])('becomes a real signal, asked for %s it', async (when) => {
    const cancellation = new Cancellation();
    if (when === 'after') cancellation.abort(reason);
    const { signal } = cancellation;
    expect(signal).toBeInstanceOf(AbortSignal);
    expect(cancellation.signal).toBe(signal);
    const waiting = failure(sleep(60_000, undefined, { signal }), Error);
    cancellation.abort(reason);
    expect(AbortSignal.any([signal])).toMatchObject({ aborted: true, reason });
    expect(await waiting).toMatchObject({ name: 'AbortError', cause: reason });
  });
});
