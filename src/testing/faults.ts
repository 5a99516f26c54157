import type { ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  both,
  type Check,
  checkOptions,
  FUNCTION,
  must,
  type OptionsExpected,
  recordOf,
  STRING,
  wholeNumber,
} from '../config/check-options.js';
import { InvalidInvocation } from '../exceptions/base.js';
import { isDelay, MILLISECONDS, MILLISECONDS_EXPECTED } from './latency.js';
import { type OutgoingResponse, type RecordedRequest, send, sendHead } from './messages.js';
import { PLAN_OPTIONS, type PlanOptions } from './plans.js';

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
  /** Responds with this HTML text, by default with the status 200, as some failing gateways do. */
  | { readonly html: string; readonly status?: number }
  /** Redirects to this URL, by default with the status 302. */
  | { readonly redirect: string; readonly status?: number }
  /** Sends one byte of the body, then waits the given number of milliseconds, and so on. */
  | { readonly drip: number }
  /** Leaves the response to your function. It is given the request after all of its body has arrived. */
  | { readonly respond: (request: RecordedRequest, response: ServerResponse) => void };

/** A fault, and the requests that it applies to. */
export type Fault = FaultKind & PlanOptions;

const KINDS = ['status', 'delay', 'drop', 'truncate', 'html', 'redirect', 'drip', 'respond'] as const;

const DELAY: Check = must(
  (value) => value === Number.POSITIVE_INFINITY || isDelay(value),
  `${MILLISECONDS_EXPECTED}, or Infinity`,
);

/** A copy of the body: a later change of it makes no difference. */
const BODY: Check = (value, name, faults) => {
  if (typeof value === 'string') return value;
  if (value instanceof Uint8Array) return Buffer.from(value);
  try {
    return JSON.parse(JSON.stringify(value));
  } catch {
    faults.push(`\`${name}\` must be a text, bytes, or a value that becomes JSON`);
    return value;
  }
};

/** Whether these can be sent as header fields. */
function areHeaders(fields: unknown): boolean {
  try {
    return new Headers(fields as Record<string, string>) !== undefined;
  } catch {
    return false;
  }
}

const FAULT: OptionsExpected = {
  expectation: "given a fault, such as { on: 'getComponent', status: 503 }",
  table: {
    ...PLAN_OPTIONS,
    status: wholeNumber('a status', 200, 599),
    body: BODY,
    headers: both(
      recordOf(STRING, 'an object of header fields'),
      must(areHeaders, 'an object of header fields that can be sent'),
    ),
    delay: DELAY,
    drop: must(
      (value) => value === 'before-headers' || value === 'after-headers',
      "'before-headers' or 'after-headers'",
    ),
    truncate: wholeNumber('a number of bytes'),
    html: must((value) => typeof value === 'string', 'a page'),
    redirect: must((location) => typeof location === 'string' && areHeaders({ location }), 'a URL'),
    drip: MILLISECONDS,
    respond: FUNCTION,
  },
};

/** Returns a copy. A misspelt fault would never apply, and the test that relies on it would pass. */
export function checkFault(given: Fault): Fault {
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
  request: RecordedRequest,
  response: ServerResponse,
  answer: () => Promise<OutgoingResponse>,
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
    response.socket?.destroy();
    return;
  }
  return sendPartly(fault, response, await answer());
}

/** Sends the header fields, and the body slowly or in part. */
async function sendPartly(fault: Fault, response: ServerResponse, answer: OutgoingResponse): Promise<void> {
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
