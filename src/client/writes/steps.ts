import { IncompleteWrite, type ITkDBException, isException, type StepReport } from '../../exceptions/base.js';
import { ResponseException } from '../../exceptions/response.js';
import { InvalidResponse, TransportException } from '../../exceptions/transport.js';
import { isRecord } from '../../util/guards.js';
import { type Answer, ResultPromise } from '../result-promise.js';
import type { WriteOptions } from './checks.js';

/**
 * One write. What it gives goes into variables of the method that it is a step of. Its functions get the options for each
 * request. After the caller aborted, what was done is still read back and taken back: then they are without the signal.
 */
export interface Step {
  /** What it does, for a report, such as `set the stage of 20USBML1234567 to BONDED`. */
  readonly name: string;
  /** Sends the write. */
  readonly write: (call: WriteOptions) => Promise<void>;
  /** Reads back whether it was done, after no response said so. What is found counts as the result of the write. */
  readonly isDone: (call: WriteOptions) => Promise<boolean>;
  /** Takes the step back after all others, also if one of them failed. */
  readonly undo?: Omit<Step, 'undo'> | undefined;
}

interface State {
  readonly step: Omit<Step, 'undo'>;
  outcome: StepReport['outcome'];
}

/**
 * Does writes one after the other, and ends with the first that fails. A write is sent once. Where it is unknown whether
 * it was done, it is read back.
 *
 * @param subject - the method, for the message
 * @param call - the options for each request
 * @param result - returns what the method returns, after all steps; it gets the options for each request as well
 * @throws IncompleteWrite if something was done, or perhaps done, before the end
 * @throws what a write throws if nothing was done
 */
export function runSteps<T>(
  subject: string,
  steps: readonly Step[],
  call: WriteOptions,
  result: (call: WriteOptions) => T | Promise<T>,
): Promise<T> {
  const states: (State & { readonly undo: State | undefined })[] = steps.map(({ undo, ...step }) => ({
    step,
    outcome: 'not done',
    undo: undo && { step: undo, outcome: 'not done' },
  }));

  const run = async (options: WriteOptions): Promise<T> => {
    let failure: Failure | undefined;
    try {
      for (const state of states) {
        failure = await doStep(state, options);
        if (failure !== undefined) break;
      }
    } finally {
      for (const state of states.toReversed()) {
        if (state.undo === undefined || state.outcome === 'not done') continue;
        // What was perhaps never done is perhaps as it was.
        if (state.outcome === 'unknown') state.undo.outcome = 'unknown';
        const failureOfUndo = await doStep(state.undo, withoutSignal(options));
        failure ??= failureOfUndo;
      }
    }
    if (failure === undefined) return result(options);
    const reports = states.map(({ step, outcome }) => ({ name: step.name, outcome }));
    const undone = states.flatMap(({ undo }) => (undo === undefined ? [] : [undo])).reverse();
    const all = [...reports, ...undone.map(({ step, outcome }) => ({ name: step.name, outcome }))];
    if (all.every(({ outcome }) => outcome === 'not done')) throw failure.error;
    // What was taken back is done again, before what remains.
    for (const state of states) {
      const { undo } = state;
      if (undo?.outcome !== 'done' || failure.state === undo) continue;
      if (state.outcome === 'done') state.outcome = 'not done';
      undo.outcome = 'not done';
    }
    const resume = (): Promise<T> => run(options.signal?.aborted ? withoutSignal(options) : options);
    throw incomplete(subject, all, failure, resume);
  };
  return run(call);
}

interface Failure {
  readonly state: State;
  readonly error: ITkDBException;
}

/** Does a step that is not done. Resolves to its failure. */
async function doStep(state: State, call: WriteOptions): Promise<Failure | undefined> {
  const { step } = state;
  if (state.outcome === 'done') return undefined;
  try {
    if (state.outcome !== 'unknown' || !(await step.isDone(call))) await step.write(call);
    state.outcome = 'done';
    return undefined;
  } catch (error) {
    if (!isException(error)) throw error;
    if (state.outcome === 'not done' && hadNoEffect(error)) return { state, error };
    const isDone = await step.isDone(withoutSignal(call)).catch(() => false);
    state.outcome = isDone ? 'done' : 'unknown';
    return isDone ? undefined : { state, error };
  }
}

/**
 * Returns what the response to a write gives.
 *
 * @throws InvalidResponse where it gives nothing, as behind some gateways: then it is read back whether the write was done
 */
export function answerOf<T>(answer: T | null | undefined): T {
  if (answer !== undefined && answer !== null && answer !== '') return answer;
  throw new InvalidResponse('the response does not say what was written');
}

/**
 * Returns the result of a write that the database confirmed: its response is always a JSON object.
 *
 * @throws InvalidResponse for any other response, such as an empty one of a gateway. Then the step reads back whether the
 * write was done
 */
export async function confirmed<T>(result: Promise<T>): Promise<T> {
  // In a unit test `client.post` may be replaced.
  if (!(result instanceof ResultPromise)) return result;
  const { data, response } = (await result.withResponse()) as Answer<T>;
  if (isRecord(response.data) && !Buffer.isBuffer(response.data)) return data;
  throw new InvalidResponse('the response is not one of the database');
}

/** The options for what is to be done although the caller aborted. */
export function withoutSignal<Call extends { readonly signal?: unknown }>({
  signal: _,
  ...call
}: Call): Omit<Call, 'signal'> {
  return call;
}

/** Whether it is certain that a write which failed in this way was not done. */
export function hadNoEffect(error: ITkDBException): boolean {
  if (error instanceof TransportException) return error.neverReached;
  if (!(error instanceof ResponseException) || error.code === 'ERR_AUTHENTICATION_FAILED') return true;
  return error.status >= 400 && error.status < 500 && error.status !== 408;
}

function incomplete(
  subject: string,
  steps: readonly StepReport[],
  { state, error }: Failure,
  resume: () => Promise<unknown>,
): IncompleteWrite {
  const { step, outcome } = state;
  const isUnknown = outcome === 'unknown';
  const what = isUnknown ? 'it is unknown whether this was done' : 'this was not done';
  const lines = steps.map(({ name, outcome }) => `- ${outcome}: ${name}`);
  return new IncompleteWrite(
    [
      `${subject}: ${what}: ${step.name} (${error.summary})`,
      ...lines,
      steps.some(({ outcome }) => outcome === 'unknown')
        ? 'Look in the database, then call resume() of this exception to do what is not done.'
        : 'If the reason is gone, call resume() of this exception to do what is not done.',
    ].join('\n'),
    { steps, outcome: isUnknown ? 'unknown' : 'not done', resume, cause: error },
  );
}
