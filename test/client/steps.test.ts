import { describe, expect, it } from 'vitest';
import type { WriteOptions } from '../../src/client/writes/checks.js';
import { runSteps, type Step } from '../../src/client/writes/steps.js';
import {
  Aborted,
  BadRequest,
  ConnectionRefused,
  ConnectionReset,
  IncompleteWrite,
  InvalidInvocation,
  ServerError,
} from '../../src/index.js';
import { failure } from '../helpers/failure.js';

/** Things that are written, and how the writes and the reading back go wrong. */
class World {
  readonly things = new Set<string>();
  readonly sent: string[] = [];
  readonly #faults = new Map<string, () => void>();

  /** Lets the next write of a thing fail, before it is done or after it. */
  fail(thing: string, error: Error, when: 'before' | 'after' = 'before'): void {
    this.#faults.set(thing, () => {
      if (when === 'after') this.things.add(thing);
      throw error;
    });
  }

  readonly step = (thing: string, more: Partial<Step> = {}): Step => ({
    name: `write ${thing}`,
    write: async () => {
      this.sent.push(thing);
      const fault = this.#faults.get(thing);
      this.#faults.delete(thing);
      fault?.();
      this.things.add(thing);
    },
    isDone: async () => this.things.has(thing),
    ...more,
  });

  /** A step that writes a stage and puts the one before back. */
  readonly stage = (): Step => ({
    ...this.step('new stage'),
    undo: {
      name: 'put the stage back',
      write: async () => {
        this.sent.push('old stage');
        this.things.delete('new stage');
      },
      isDone: async () => !this.things.has('new stage'),
    },
  });
}

const refused = (): BadRequest => new BadRequest({ status: 400 } as never);
const lost = (): ConnectionReset => new ConnectionReset('the connection was closed');

const failureOf = (promise: Promise<unknown>): Promise<IncompleteWrite> => failure(promise, IncompleteWrite);

const outcomesOf = ({ steps }: IncompleteWrite): string[] => steps.map(({ outcome }) => outcome);

describe('a write of several steps', () => {
  it('does them in their order and gives the result', async () => {
    const { step, sent } = new World();
    await expect(runSteps('test', [step('a'), step('b')], {}, () => 'ready')).resolves.toBe('ready');
    expect(sent).toEqual(['a', 'b']);
  });

  it('throws the exception of the first step itself where nothing was done', async () => {
    const world = new World();
    const error = refused();
    world.fail('a', error);
    await expect(runSteps('test', [world.step('a'), world.step('b')], {}, () => {})).rejects.toBe(error);
    expect(world.sent).toEqual(['a']);
  });

  it.each([
    ['the server refuses it', refused],
    ['it never reached the server', () => new ConnectionRefused('refused', { neverReached: true })],
    ['it was wrong', () => new InvalidInvocation('wrong')],
  ])('says that a later step was not done where %s, and resumes with it', async (_, createError) => {
    const world = new World();
    world.fail('b', createError());
    const steps = ['a', 'b', 'c'].map((thing) => world.step(thing));
    const error = await failureOf(runSteps('client.test', steps, {}, () => 'ready'));
    expect(error.outcome).toBe('not done');
    expect(outcomesOf(error)).toEqual(['done', 'not done', 'not done']);
    expect(error.message).toContain('client.test: this was not done: write b');
    expect(error.message).toContain('- done: write a');
    expect(error.message).toContain('\nIf the reason is gone, call resume()');
    await expect(error.resume()).resolves.toBe('ready');
    expect(world.sent).toEqual(['a', 'b', 'b', 'c']);
  });

  it.each([
    ['the connection is lost', lost],
    ['the server fails', () => new ServerError({ status: 502 } as never)],
  ])('goes on where %s after the write was done', async (_, createError) => {
    const world = new World();
    world.fail('a', createError(), 'after');
    await runSteps('test', [world.step('a'), world.step('b')], {}, () => {});
    expect(world.sent).toEqual(['a', 'b']);
  });

  it('does not know whether a write was done whose response was lost and which is not found', async () => {
    const world = new World();
    const cause = lost();
    world.fail('a', cause);
    const error = await failureOf(runSteps('test', [world.step('a')], {}, () => {}));
    expect(error).toMatchObject({ outcome: 'unknown', cause, code: 'ERR_INCOMPLETE_WRITE' });
    expect(error.message).toContain('\nLook in the database, then call resume()');
    expect(world.sent).toEqual(['a']);
  });

  it('looks for a write of unknown outcome before it is resumed', async () => {
    const world = new World();
    world.fail('a', lost());
    const error = await failureOf(runSteps('test', [world.step('a'), world.step('b')], {}, () => 'ready'));
    world.things.add('a'); // The server was only slow.
    await expect(error.resume()).resolves.toBe('ready');
    expect(world.sent).toEqual(['a', 'b']);
  });

  it('does not know whether a write was done where it cannot be read back', async () => {
    const world = new World();
    world.fail('a', lost(), 'after');
    const step = world.step('a', { isDone: () => Promise.reject(lost()) });
    const error = await failureOf(runSteps('test', [step], {}, () => {}));
    expect(outcomesOf(error)).toEqual(['unknown']);
    await expect(error.resume()).rejects.toBeInstanceOf(IncompleteWrite);
    expect(world.sent).toEqual(['a']);
  });

  it('takes a step back at the end', async () => {
    const world = new World();
    await runSteps('test', [world.stage(), world.step('b')], {}, () => {});
    expect(world.sent).toEqual(['new stage', 'b', 'old stage']);
  });

  it('takes a step back after a failure, and does it again when it is resumed', async () => {
    const world = new World();
    world.fail('b', refused());
    const error = await failureOf(runSteps('test', [world.stage(), world.step('b')], {}, () => 'ready'));
    expect(outcomesOf(error)).toEqual(['done', 'not done', 'done']);
    await expect(error.resume()).resolves.toBe('ready');
    expect(world.sent).toEqual(['new stage', 'b', 'old stage', 'new stage', 'b', 'old stage']);
  });

  it('does not take back what was not done', async () => {
    const world = new World();
    world.fail('new stage', refused());
    await expect(runSteps('test', [world.stage()], {}, () => {})).rejects.toBeInstanceOf(BadRequest);
    expect(world.sent).toEqual(['new stage']);
  });

  it('does not take back what was perhaps not done and is as it was', async () => {
    const world = new World();
    world.fail('new stage', lost());
    const error = await failureOf(runSteps('test', [world.stage(), world.step('b')], {}, () => {}));
    expect(outcomesOf(error)).toEqual(['unknown', 'not done', 'done']);
    expect(world.sent).toEqual(['new stage']);
  });

  it('resumes with the step that was not taken back alone', async () => {
    const world = new World();
    const stage = world.stage();
    const undo = stage.undo as NonNullable<Step['undo']>;
    let failures = 1;
    const write: Step['write'] = (call) => (failures-- > 0 ? Promise.reject(refused()) : undo.write(call));
    const steps = [{ ...stage, undo: { ...undo, write } }, world.step('b')];
    const error = await failureOf(runSteps('test', steps, {}, () => 'ready'));
    expect(outcomesOf(error)).toEqual(['done', 'done', 'not done']);
    await expect(error.resume()).resolves.toBe('ready');
    expect(world.sent).toEqual(['new stage', 'b', 'old stage']);
  });

  it('reads back, takes back and resumes without the signal of a caller who aborted', async () => {
    const world = new World();
    const controller = new AbortController();
    const { signal } = controller;
    const stage = world.stage();
    const seen: [string, boolean][] = [];
    const watch = (step: Omit<Step, 'undo'>): Omit<Step, 'undo'> => ({
      ...step,
      write: (call) => {
        seen.push([step.name, call.signal === signal]);
        return step.write(call);
      },
      isDone: (call) => {
        seen.push([`look for: ${step.name}`, call.signal === signal]);
        return step.isDone(call);
      },
    });
    const undo = watch(stage.undo as NonNullable<Step['undo']>);
    const upload = watch({
      ...world.step('b'),
      write: async (call) => {
        if (call.signal !== undefined) throw new Aborted('the caller aborted');
        await world.step('b').write(call);
      },
    });
    const steps = [{ ...watch(stage), undo }, upload];
    controller.abort();
    const result = (call: WriteOptions): string => (call.signal === undefined ? 'ready' : 'aborted');
    const error = await failureOf(runSteps('test', steps, { signal }, result));
    await expect(error.resume()).resolves.toBe('ready');
    expect(seen).toEqual([
      ['write new stage', true],
      ['write b', true],
      ['look for: write b', false],
      ['put the stage back', false],
      ['write new stage', false],
      ['look for: write b', false],
      ['write b', false],
      ['put the stage back', false],
    ]);
  });

  it('takes back what was done also where a fault in the code ends it', async () => {
    const world = new World();
    const error = new TypeError('a fault in the code');
    world.fail('b', error);
    await expect(runSteps('test', [world.stage(), world.step('b')], {}, () => {})).rejects.toBe(error);
    expect(world.sent).toEqual(['new stage', 'b', 'old stage']);
  });

  it('does the remaining steps once where resume() is called twice at the same time', async () => {
    const world = new World();
    world.fail('b', lost());
    const steps = [world.step('a'), world.step('b')];
    const error = await failureOf(runSteps('test', steps, {}, () => 'ready'));
    await expect(Promise.all([error.resume(), error.resume()])).resolves.toEqual(['ready', 'ready']);
    expect(world.sent).toEqual(['a', 'b', 'b']);
  });

  it('throws what is no exception of this package unchanged', async () => {
    const world = new World();
    const error = new TypeError('a fault in the code');
    world.fail('a', error);
    await expect(runSteps('test', [world.step('a')], {}, () => {})).rejects.toBe(error);
  });
});
