import { InvalidInvocation } from '../../exceptions/base.js';
import { AxiosHeaders } from '../../http/axios.js';
import type { SessionResponse } from '../../session/request-options.js';
import { isRecord } from '../../util/guards.js';

/** A write that a plan would send. */
export interface PlannedRequest {
  /** The method, such as `POST`. */
  readonly method: string;
  /** The command, such as `setComponentStage`, or the URL. */
  readonly command: string;
  /** The input. Of a form, the text of each field, and of a file its name and size. */
  readonly input: unknown;
}

/** The writes that a function would do, and its result. */
export interface Plan<T = unknown> {
  /** In the order of the writes. */
  readonly requests: readonly PlannedRequest[];
  /** The result of the function. Texts such as `<id of step 1>` stand for the results of planned writes. */
  readonly result: T;
}

/** What stands for an id that a planned write would give, such as `<id of step 1>`. */
const PLACEHOLDER = /<\w+ of step (\d+)>/;

/** Whether a value stands for an id that a planned write would give. */
export function isPlaceholder(value: unknown): boolean {
  return typeof value === 'string' && PLACEHOLDER.test(value);
}

/** The members of results that are objects. All others are taken for texts. */
const OBJECTS: ReadonlySet<PropertyKey> = new Set([
  'attachment',
  'batch',
  'component',
  'shipment',
  'testRun',
]);

/** Records writes in place of sending them. */
export class PlanRecorder {
  readonly requests: PlannedRequest[] = [];
  /** The number of pending requests. */
  #pending = 0;
  #isDone = false;

  /** Counts a request as pending until it is done. */
  watch<T>(request: Promise<T>): Promise<T> {
    const end = (): void => {
      this.#pending -= 1;
    };
    this.#pending += 1;
    request.then(end, end);
    return request;
  }

  /**
   * Ends the plan.
   *
   * @throws InvalidInvocation where requests are pending: the writes that follow them would be missing
   */
  finish(): void {
    this.#isDone = true;
    if (this.#pending > 0)
      throw new InvalidInvocation(
        `client.plan: the function returned while ${this.#pending} of its requests were under way, so the plan may not be complete\nLet it await the promises of its calls, or return them.`,
      );
  }

  /**
   * Records a write. Returns what stands for its result.
   *
   * @throws InvalidInvocation after the end of the plan
   */
  record(method: string, command: string, input: unknown): object {
    if (this.#isDone)
      throw new InvalidInvocation(
        `client.plan: ${command} was called after the function had returned, so it is not in the plan, and it is not sent\nLet the function await the promises of its calls, or return them.`,
      );
    this.requests.push({
      method,
      command,
      input: input instanceof FormData ? readForm(input) : readField(input),
    });
    return resultOf(this.requests.length);
  }

  /** Returns what stands for the result of a read that asks for the result of a write; undefined for any other read. */
  resultFor(input: unknown): object | undefined {
    const step = stepIn(input);
    return step === undefined ? undefined : resultOf(step);
  }
}

function resultOf(step: number): object {
  return new Proxy(
    {},
    {
      get: (_, name) => {
        // A promise must not take it for another promise.
        if (typeof name === 'symbol' || name === 'then' || name === 'toJSON') return undefined;
        return OBJECTS.has(name) ? resultOf(step) : `<${name} of step ${step}>`;
      },
    },
  );
}

function stepIn(value: unknown): number | undefined {
  if (typeof value === 'string') {
    const [, step] = PLACEHOLDER.exec(value) ?? [];
    return step === undefined ? undefined : Number(step);
  }
  if (!Array.isArray(value) && !isRecord(value)) return undefined;
  for (const item of Object.values(value)) {
    const step = stepIn(item);
    if (step !== undefined) return step;
  }
  return undefined;
}

function readForm(form: FormData): Record<string, unknown> {
  return Object.fromEntries([...form].map(([name, value]) => [name, readField(value)]));
}

function readField(value: unknown): unknown {
  return value instanceof File ? `<${value.name}, ${value.size} bytes>` : value;
}

/** Returns what stands for the response to a request that was not sent. */
export function plannedResponse(data: object): SessionResponse {
  const headers = new AxiosHeaders();
  return { data, status: 200, statusText: 'Planned', headers, config: { headers }, fromCache: false };
}
