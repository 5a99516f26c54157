import {
  type Check,
  checkOptions,
  checkValue,
  FILLED_STRING,
  must,
  type OptionsExpected,
} from '../config/check-options.js';
import { InvalidInvocation } from '../exceptions/base.js';
import { messageOf } from '../util/errors.js';
import { isFunction, isPlainObject } from '../util/guards.js';
import type { RecordedRequest } from './messages.js';
import { PLAN_OPTIONS, type PlannedFault, Plans } from './plans.js';

/** A response of your own to a command: an object or a list that becomes JSON, bytes, or a function that returns one of them. */
export type PlannedAnswer = object | ((request: RecordedRequest) => unknown);

/** The requests that a {@link PlannedAnswer} applies to. */
export interface AnswerOptions {
  /** The number of requests it applies to; `Infinity` until it is removed. @defaultValue `1` */
  readonly times?: number | undefined;
}

const EXPECTATION = 'an object or a list of JSON, bytes, or a function that returns one of them';

const RESPONSE: Check = must((value) => isFunction(value) || isAnswer(value), EXPECTATION);

const OPTIONS: OptionsExpected = {
  expectation: 'given options such as { times: 2 }',
  table: { times: PLAN_OPTIONS['times'] as Check },
};

/** The answers that a test has planned. */
export class Answers {
  readonly #plans = new Plans<(request: RecordedRequest) => unknown>();

  add(command: string, response: PlannedAnswer, given: AnswerOptions = {}): PlannedFault {
    checkValue('answer', 'command', command, FILLED_STRING);
    checkValue('answer', 'response', response, RESPONSE);
    const { times = 1 } = checkOptions('answer', given, OPTIONS);
    const options = { on: command, times };
    if (isFunction(response))
      return this.#plans.add(response as (request: RecordedRequest) => unknown, options);
    // A later change of the object makes no difference.
    const copy = toAnswer(command, response);
    return this.#plans.add(() => copy, options);
  }

  /** Returns the function that makes the planned answer to a request, and counts the request. */
  take(request: RecordedRequest): (() => Promise<object>) | undefined {
    const plan = this.#plans.take(request);
    return plan && (async () => toAnswer(request.command, await plan(request)));
  }

  clear(): void {
    this.#plans.clear();
  }
}

function isAnswer(value: unknown): value is object {
  return Array.isArray(value) || value instanceof Uint8Array || isPlainObject(value);
}

/** @throws InvalidInvocation where a value cannot be sent */
function toAnswer(command: string, value: unknown): object {
  if (!isAnswer(value))
    throw new InvalidInvocation(`answer: the response to ${command} must be ${EXPECTATION}`);
  if (value instanceof Uint8Array) return Buffer.from(value);
  try {
    return JSON.parse(JSON.stringify(value));
  } catch (error) {
    throw new InvalidInvocation(`answer: the response to ${command} is not JSON: ${messageOf(error)}`);
  }
}
