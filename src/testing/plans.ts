import { isWhole, must, type OptionTable, wholeNumber } from '../config/check-options.js';
import { isFunction } from '../util/guards.js';
import { commandName, type RecordedRequest } from './messages.js';

/** The requests that something planned applies to. */
export interface PlanOptions {
  /** The command it applies to, such as `getComponent`, `grantToken` or `eosPut`, or a predicate of the request. @defaultValue every request */
  readonly on?: string | ((request: RecordedRequest) => boolean);
  /** The number of requests it applies to; `Infinity` until it is removed. @defaultValue `1` */
  readonly times?: number;
  /** The number of matching requests that it skips first. @defaultValue `0` */
  readonly after?: number;
}

/** A fault or an answer that has been planned. */
export interface PlannedFault {
  /** The number of requests it was applied to. */
  readonly hits: number;
  /** Removes it. */
  remove(): void;
}

/** The checks of {@link PlanOptions}. */
export const PLAN_OPTIONS: OptionTable = {
  on: must((value) => typeof value === 'string' || isFunction(value), 'the name of a command, or a function'),
  times: must(
    (value) => value === Number.POSITIVE_INFINITY || isWhole(value, 0),
    'a number of times, or Infinity',
  ),
  after: wholeNumber('a number of requests'),
};

interface Plan<T> {
  readonly value: T;
  readonly on: PlanOptions['on'];
  toSkip: number;
  remaining: number;
  hits: number;
}

/** What is planned for requests, in the order in which it was planned. */
export class Plans<T> {
  readonly #plans = new Set<Plan<T>>();

  add(value: T, { on, times = 1, after = 0 }: PlanOptions): PlannedFault {
    const meant = typeof on === 'string' ? commandName(on) : on;
    const plan: Plan<T> = { value, on: meant, toSkip: after, remaining: times, hits: 0 };
    if (times > 0) this.#plans.add(plan);
    return {
      get hits() {
        return plan.hits;
      },
      remove: () => {
        this.#plans.delete(plan);
      },
    };
  }

  clear(): void {
    this.#plans.clear();
  }

  /** Returns what applies to this request, and counts it. */
  take(request: RecordedRequest): T | undefined {
    for (const plan of this.#plans) {
      const { on } = plan;
      const isMeant = on === undefined || (typeof on === 'string' ? on === request.command : on(request));
      if (!isMeant) continue;
      if (plan.toSkip > 0) {
        plan.toSkip -= 1;
        continue;
      }
      plan.hits += 1;
      plan.remaining -= 1;
      if (plan.remaining <= 0) this.#plans.delete(plan);
      return plan.value;
    }
    return undefined;
  }
}
