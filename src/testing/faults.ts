import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { check, copyOptions, lazyZod, optionsSchema } from '../config/validation.js';
import { InvalidInvocation } from '../exceptions/base.js';
import { isFunction } from '../util/guards.js';
import type { Answer, RecordedRequest } from './server.js';

/** What can go wrong with an answer. */
export type FaultKind =
  /** Answers with a status, and a body of your own. */
  | { readonly status: number; readonly body?: unknown; readonly headers?: Readonly<Record<string, string>> }
  /** Waits before it answers, in milliseconds; `Infinity` never answers. */
  | { readonly delay: number }
  /** Closes the connection instead of answering, or after the headers. */
  | { readonly drop: 'before-headers' | 'after-headers' }
  /** Announces the whole body, but closes the connection after so many bytes of it. */
  | { readonly truncate: number }
  /** Answers with a page of HTML, by default with the status 200, as some gateways in trouble do. */
  | { readonly html: string; readonly status?: number }
  /** Redirects, by default with the status 302. */
  | { readonly redirect: string; readonly status?: number }
  /** Sends the body byte by byte, with so many milliseconds between. */
  | { readonly drip: number }
  /** Hands you the exchange. */
  | { readonly respond: (request: IncomingMessage, response: ServerResponse) => void };

/** A fault and when it strikes. */
export type Fault = FaultKind & {
  /** The command that it strikes, such as `getComponent` or `grantToken`, or a test of the request. @defaultValue every one */
  readonly on?: string | ((request: RecordedRequest) => boolean);
  /** How often it strikes; `Infinity` is until it is removed. @defaultValue `1` */
  readonly times?: number;
  /** How many matching requests it lets pass first. @defaultValue `0` */
  readonly after?: number;
};

/** A fault that has been planned. */
export interface PlannedFault {
  /** How often it has struck. */
  readonly hits: number;
  /** Takes it back. */
  remove(): void;
}

interface Plan {
  readonly fault: Fault;
  toPass: number;
  toStrike: number;
  hits: number;
}

/** The faults that are planned. */
export class Faults {
  readonly #plans = new Set<Plan>();

  add(fault: Fault): PlannedFault {
    fault = copyOptions('fault', fault);
    checkFault(fault);
    const plan: Plan = { fault, toPass: fault.after ?? 0, toStrike: fault.times ?? 1, hits: 0 };
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

  /** The fault that strikes this request, if one does. */
  take(request: RecordedRequest): Fault | undefined {
    for (const plan of this.#plans) {
      const { on } = plan.fault;
      const isMeant = on === undefined || (typeof on === 'string' ? on === request.command : on(request));
      if (!isMeant) continue;
      if (plan.toPass > 0) {
        plan.toPass -= 1;
        continue;
      }
      plan.hits += 1;
      plan.toStrike -= 1;
      if (plan.toStrike <= 0) this.#plans.delete(plan);
      return plan.fault;
    }
    return undefined;
  }
}

const KINDS = ['status', 'delay', 'drop', 'truncate', 'html', 'redirect', 'drip', 'respond'] as const;

/** A misspelt fault would never strike, and the test that relies on it would pass. */
function checkFault(fault: Fault): void {
  const z = lazyZod();
  const milliseconds = z.union(
    [z.number().min(0), z.literal(Number.POSITIVE_INFINITY)],
    'a number of milliseconds, or Infinity',
  );
  const whole = (what: string) => z.int(what).min(0, what);
  const shape = {
    on: z.union([z.string(), z.custom(isFunction)], 'the name of a command, or a function').optional(),
    times: z
      .union(
        [whole('a number of times'), z.literal(Number.POSITIVE_INFINITY)],
        'a number of times, or Infinity',
      )
      .optional(),
    after: whole('a number of requests').optional(),
    status: z.int('a status').min(200, 'a status').max(599, 'a status').optional(),
    body: z.unknown().optional(),
    headers: z.record(z.string(), z.string('a string'), 'an object of header fields').optional(),
    delay: milliseconds.optional(),
    drop: z.literal(['before-headers', 'after-headers'], "'before-headers' or 'after-headers'").optional(),
    truncate: whole('a number of bytes').optional(),
    html: z.string('a page').optional(),
    redirect: z.string('a URL').optional(),
    drip: milliseconds.optional(),
    respond: z.custom(isFunction, 'a function').optional(),
  };
  check('fault', optionsSchema(shape, "given a fault, such as { on: 'getComponent', status: 503 }"), fault);
  const kinds = KINDS.filter((kind) => kind in fault);
  // A page of HTML and a redirect may say their status.
  if (kinds.length === 2 && kinds[0] === 'status' && ('html' in fault || 'redirect' in fault)) return;
  if (kinds.length === 1) return;
  throw new InvalidInvocation(
    `fault: there must be one of ${KINDS.join(', ')}, not ${kinds.join(' and ') || 'none'}`,
  );
}

/** Sends an answer, spoilt as the fault says. Returns when there is nothing more to send. */
export async function sendSpoilt(
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
    if (typeof body === 'string')
      return send(response, { status, type: 'text/plain', body, ...(headers && { headers }) });
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

/** Sends an answer whole. */
export function send(response: ServerResponse, { status, type, headers, body }: Answer): void {
  if (response.destroyed) return;
  const bytes = Buffer.from(body);
  response.writeHead(status, {
    'Content-Type': type ?? 'application/json; charset=UTF-8',
    'Content-Length': bytes.length,
    ...headers,
  });
  response.end(response.req.method === 'HEAD' ? undefined : bytes);
}

async function sendPartly(
  fault: Fault,
  response: ServerResponse,
  { status, headers, body }: Answer,
): Promise<void> {
  const bytes = Buffer.from(body);
  response.writeHead(status, {
    'Content-Type': 'application/json; charset=UTF-8',
    'Content-Length': bytes.length,
    ...headers,
  });
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
  // Let what was written leave before the connection goes.
  setTimeout(() => response.destroy(), 10);
}
