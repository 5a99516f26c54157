import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  ANYTHING,
  type Check,
  checkOptions,
  FUNCTION,
  isWhole,
  must,
  type OptionsExpected,
  recordOf,
  STRING,
  wholeNumber,
} from '../config/check-options.js';
import { InvalidInvocation } from '../exceptions/base.js';
import { isFunction } from '../util/guards.js';
import { type Answer, type RecordedRequest, send, sendHead } from './messages.js';

/** What can go wrong with a response. */
export type FaultKind =
  /** Responds with a status, and a body of your own: text, bytes, or a value that becomes JSON. */
  | { readonly status: number; readonly body?: unknown; readonly headers?: Readonly<Record<string, string>> }
  /** Delays the response, in milliseconds; `Infinity` never responds. */
  | { readonly delay: number }
  /** Closes the connection before the header fields or after them. */
  | { readonly drop: 'before-headers' | 'after-headers' }
  /** Declares the length of the whole body, but closes the connection after the given number of bytes. */
  | { readonly truncate: number }
  /** Responds with an HTML page, by default with the status 200, as some failing gateways do. */
  | { readonly html: string; readonly status?: number }
  /** Redirects, by default with the status 302. */
  | { readonly redirect: string; readonly status?: number }
  /** Sends the body byte by byte, with the given number of milliseconds between two bytes. */
  | { readonly drip: number }
  /** Leaves the response to your function. */
  | { readonly respond: (request: IncomingMessage, response: ServerResponse) => void };

/** A fault, and the requests that it applies to. */
export type Fault = FaultKind & {
  /** The command it applies to, such as `getComponent` or `grantToken`, or a predicate of the request. @defaultValue every request */
  readonly on?: string | ((request: RecordedRequest) => boolean);
  /** The number of requests it applies to; `Infinity` until it is removed. @defaultValue `1` */
  readonly times?: number;
  /** The number of matching requests that it skips first. @defaultValue `0` */
  readonly after?: number;
};

/** A fault that has been planned. */
export interface PlannedFault {
  /** The number of requests it was applied to. */
  readonly hits: number;
  /** Removes the fault. */
  remove(): void;
}

interface Plan {
  readonly fault: Fault;
  toSkip: number;
  remaining: number;
  hits: number;
}

/** The planned faults, in the order in which they were planned. */
export class Faults {
  readonly #plans = new Set<Plan>();

  add(given: Fault): PlannedFault {
    const fault = checkFault(given);
    const plan: Plan = { fault, toSkip: fault.after ?? 0, remaining: fault.times ?? 1, hits: 0 };
    this.#plans.add(plan);
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

  /** Returns the fault that applies to this request, and counts it. */
  take(request: RecordedRequest): Fault | undefined {
    for (const plan of this.#plans) {
      const { on } = plan.fault;
      const isMeant = on === undefined || (typeof on === 'string' ? on === request.command : on(request));
      if (!isMeant) continue;
      if (plan.toSkip > 0) {
        plan.toSkip -= 1;
        continue;
      }
      plan.hits += 1;
      plan.remaining -= 1;
      if (plan.remaining <= 0) this.#plans.delete(plan);
      return plan.fault;
    }
    return undefined;
  }
}

const KINDS = ['status', 'delay', 'drop', 'truncate', 'html', 'redirect', 'drip', 'respond'] as const;

const MILLISECONDS: Check = must(
  (value) => typeof value === 'number' && value >= 0,
  'a number of milliseconds, or Infinity',
);

const FAULT: OptionsExpected = {
  expectation: "given a fault, such as { on: 'getComponent', status: 503 }",
  table: {
    on: must(
      (value) => typeof value === 'string' || isFunction(value),
      'the name of a command, or a function',
    ),
    times: must(
      (value) => value === Number.POSITIVE_INFINITY || isWhole(value, 0),
      'a number of times, or Infinity',
    ),
    after: wholeNumber('a number of requests'),
    status: wholeNumber('a status', 200, 599),
    body: ANYTHING,
    headers: recordOf(STRING, 'an object of header fields'),
    delay: MILLISECONDS,
    drop: must(
      (value) => value === 'before-headers' || value === 'after-headers',
      "'before-headers' or 'after-headers'",
    ),
    truncate: wholeNumber('a number of bytes'),
    html: must((value) => typeof value === 'string', 'a page'),
    redirect: must((value) => typeof value === 'string', 'a URL'),
    drip: MILLISECONDS,
    respond: FUNCTION,
  },
};

/** Returns a copy. A misspelt fault would never apply, and the test that relies on it would pass. */
function checkFault(given: Fault): Fault {
  const fault = checkOptions('fault', given, FAULT);
  const kinds = KINDS.filter((kind) => kind in fault);
  // An HTML page and a redirect may also have a status.
  if (kinds.length === 2 && kinds[0] === 'status' && ('html' in fault || 'redirect' in fault)) return fault;
  if (kinds.length === 1) return fault;
  throw new InvalidInvocation(
    `fault: there must be one of ${KINDS.join(', ')}, not ${kinds.join(' and ') || 'none'}`,
  );
}

/** Responds as the fault says. Resolves when there is nothing more to send. */
export async function sendFault(
  fault: Fault,
  request: IncomingMessage,
  response: ServerResponse,
  answer: () => Promise<Answer>,
): Promise<void> {
  if ('respond' in fault) return fault.respond(request, response);
  if ('html' in fault)
    return send(response, { status: fault.status ?? 200, type: 'text/html', body: fault.html });
  if ('redirect' in fault) {
    return send(response, { status: fault.status ?? 302, headers: { location: fault.redirect }, body: '' });
  }
  if ('status' in fault) {
    const { status, body = '', headers } = fault;
    if (typeof body === 'string' || Buffer.isBuffer(body))
      return send(response, {
        status,
        type: typeof body === 'string' ? 'text/plain' : 'application/octet-stream',
        body,
        ...(headers && { headers }),
      });
    return send(response, { status, body: JSON.stringify(body), ...(headers && { headers }) });
  }
  if ('delay' in fault) {
    if (fault.delay === Number.POSITIVE_INFINITY) return;
    await sleep(fault.delay, undefined, { ref: false });
    return send(response, await answer());
  }
  if ('drop' in fault && fault.drop === 'before-headers') {
    request.socket.destroy();
    return;
  }
  return sendPartly(fault, response, await answer());
}

/** Sends the header fields, and the body slowly or in part. */
async function sendPartly(fault: Fault, response: ServerResponse, answer: Answer): Promise<void> {
  const bytes = sendHead(response, answer);
  response.flushHeaders();
  if ('drip' in fault) {
    for (let at = 0; at < bytes.length && !response.destroyed; at++) {
      response.write(bytes.subarray(at, at + 1));
      await sleep(fault.drip, undefined, { ref: false });
    }
    response.end();
    return;
  }
  if ('truncate' in fault)
    await new Promise((sent) => response.write(bytes.subarray(0, fault.truncate), sent));
  // Leaves time for the written bytes to be sent.
  setTimeout(() => response.destroy(), 10);
}
