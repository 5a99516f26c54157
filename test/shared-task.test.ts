import { describe, expect, it } from 'vitest';
import { SharedTask } from '../src/http/shared-task.js';
import { Aborted } from '../src/index.js';
import { failure } from './helpers/failure.js';

/** A task whose runs are ended by hand. */
function startTask() {
  const runs: { readonly signal: AbortSignal; end: (value: string) => void; fail: (error: Error) => void }[] =
    [];
  const task = new SharedTask<string>((signal) => {
    return new Promise((resolve, reject) => {
      runs.push({ signal, end: resolve, fail: reject });
    });
  });
  return { task, runs };
}

const what = 'the task';

describe('a shared task', () => {
  it('runs once for all callers at a time, and again for the next one', async () => {
    const { task, runs } = startTask();
    const first = Promise.all([task.join({ what }), task.join({ what })]);
    runs[0]?.end('one');
    expect(await first).toEqual(['one', 'one']);
    const second = task.join({ what });
    runs[1]?.end('two');
    expect(await second).toBe('two');
    expect(runs).toHaveLength(2);
  });

  it('fails for all callers with the same error, and can run again', async () => {
    const { task, runs } = startTask();
    const error = new Error('failed');
    const first = Promise.allSettled([task.join({ what }), task.join({ what })]);
    runs[0]?.fail(error);
    expect((await first).map((outcome) => (outcome as PromiseRejectedResult).reason)).toEqual([error, error]);
    void task.join({ what });
    expect(runs).toHaveLength(2);
  });

  it('is aborted when the last caller has left, and not before', async () => {
    const { task, runs } = startTask();
    const [one, other] = [new AbortController(), new AbortController()];
    const first = failure(task.join({ what, signal: one.signal }), Aborted);
    const second = failure(task.join({ what, signal: other.signal }), Aborted);
    one.abort();
    await first;
    expect(runs[0]?.signal.aborted).toBe(false);
    const reason = new Error('no time');
    other.abort(reason);
    await second;
    expect(runs[0]?.signal).toMatchObject({ aborted: true, reason });
  });

  it('starts a new run for a caller that joins after all others have left', async () => {
    const { task, runs } = startTask();
    await failure(task.join({ what, signal: AbortSignal.abort() }), Aborted);
    const next = task.join({ what });
    runs[0]?.fail(new Error('too late'));
    runs[1]?.end('new');
    expect(await next).toBe('new');
  });

  it('is not aborted after it has ended', async () => {
    const { task, runs } = startTask();
    const first = task.join({ what });
    runs[0]?.end('one');
    await first;
    task.abort(new Error('closed'));
    expect(runs[0]?.signal.aborted).toBe(false);
  });
});
