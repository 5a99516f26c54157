import { TransportException } from '../../exceptions/transport.js';
import { offAbort, onAbort } from '../../util/abort.js';
import { canonicalJson } from '../../util/canonical-json.js';
import { rememberFor } from '../../util/memoize.js';
import { wantsServer } from '../cache-control.js';
import { hasOwnCredentials } from '../own-credentials.js';
import type { HttpRequest, HttpResponse, Interceptor, RequestContext, RequestOptions } from '../request.js';
import { SAFE_METHODS } from '../request.js';
import { requestInput } from '../response-input.js';
import { toTransportException } from '../transport/errors.js';
import { originOf } from '../url.js';

const LONGEST_BODY = 64 * 1024; // bytes: a longer one is not compared

/** A read that was sent, and that equal reads can wait for. */
interface PendingRead {
  readonly response: Promise<HttpResponse>;
  /** What aborts the request, besides `abort`. */
  readonly signal: AbortSignal;
  /** Aborts the request: no caller waits for it. */
  readonly abort: (reason: unknown) => void;
  /** How many have joined it. */
  callers: number;
  /** How many of them have not been aborted. */
  waiting: number;
}

/**
 * By origin, how often a write of any session of the process was sent or ended: a read that was sent before that must
 * not be joined after it. `''` is for all origins.
 */
const writes = new Map<string, number>();
const ids = new WeakMap<object, number>();
let lastId = 0;

/** Ends the joining of the reads that were sent so far, to the origin of a URL or to all. */
export function endJoining(url?: string): void {
  const origin = url === undefined ? '' : originOf(url);
  writes.set(origin, (writes.get(origin) ?? 0) + 1);
}

/**
 * Lets equal reads that are sent at the same time share one request. Each caller keeps its signal: the request is
 * aborted when no caller waits any more. A read that wants the server, or says who it is for, has a request of its own.
 */
export function coalesce(): Interceptor {
  const pending = new Map<string, PendingRead>();
  return async (request, context, next) => {
    if (!SAFE_METHODS.has(request.method)) return sendWrite(request.url, () => next(request, context));
    const key = keyOf(request, context);
    if (key === undefined) return next(request, context);
    const known = pending.get(key);
    if (known !== undefined) return join(known, request, context);
    const forget = (): unknown => pending.get(key) === read && pending.delete(key);
    // A caller without a signal leaves only when all others do: when the session is closed.
    const controller = context.hasCallerSignal ? new AbortController() : undefined;
    const { signal } = controller ?? context;
    const response = next(request, controller ? { ...context, signal } : context).finally(forget);
    const abort = (reason: unknown): void => {
      forget();
      controller?.abort(reason);
    };
    const read: PendingRead = { response, signal, abort, callers: 0, waiting: 0 };
    pending.set(key, read);
    return join(read, request, context);
  };
}

/** A write ends joining when it is sent, and when it has ended: it may have had an effect also where it failed. */
async function sendWrite(url: string, send: () => Promise<HttpResponse>): Promise<HttpResponse> {
  endJoining(url);
  let neverReached = false;
  try {
    return await send();
  } catch (error) {
    neverReached = error instanceof TransportException && error.neverReached;
    throw error;
  } finally {
    if (!neverReached) endJoining(url);
  }
}

async function join(read: PendingRead, request: HttpRequest, context: RequestContext): Promise<HttpResponse> {
  read.callers += 1;
  read.waiting += 1;
  const isAbortedWithRead = context.signal === read.signal;
  const response = await (isAbortedWithRead ? read.response : untilAborted(read, request, context));
  return read.callers > 1 ? { ...response, isShared: true } : response;
}

function untilAborted(
  read: PendingRead,
  request: HttpRequest,
  { signal, token }: RequestContext,
): Promise<HttpResponse> {
  return new Promise((resolve, reject) => {
    const leave = (): void => {
      read.waiting -= 1;
      reject(toTransportException(signal.reason, { ...requestInput(request, token), signal }));
      if (read.waiting === 0) read.abort(signal.reason);
    };
    onAbort(signal, leave);
    read.response.finally(() => offAbort(signal, leave)).then(resolve, reject);
    if (signal.aborted) leave();
  });
}

/** What makes a read equal to another one; undefined where it joins none. A string, because it is made for every read. */
function keyOf(request: HttpRequest, { options, token }: RequestContext): string | undefined {
  const { method, url, headers, body = '', usesToken } = request;
  if (options.cache === false || options.cache === 'reload' || wantsServer(headers)) return undefined;
  if (options.isStream || options.onDownloadProgress || options.onUploadProgress) return undefined;
  const isText = typeof body === 'string';
  if (!isText && !(Buffer.isBuffer(body) && body.length <= LONGEST_BODY)) return undefined;
  if (hasOwnCredentials(request, options)) return undefined;
  const parts: unknown[] = [method, url, writes.get(''), writes.get(originOf(url)), usesToken, token?.owner];
  parts.push(keyOfOptions(options));
  for (const name in headers) parts.push(name, headers[name]);
  parts.push(isText, isText ? canonicalJson(body) : body.toString('latin1'));
  return parts.join('\0');
}

/** Most requests have the options of the session as they are, so this is done once for them. */
const keyOfOptions: (options: RequestOptions) => string = rememberFor((options) => {
  const { timeout, maxBodyLength, maxContentLength, decompress, retry, family, proxy } = options;
  const { httpAgent, httpsAgent, lookup } = options;
  const limits = [timeout, maxBodyLength, maxContentLength, decompress, family];
  const parts = [...limits, JSON.stringify(retry), JSON.stringify(proxy)];
  return [...parts, idOf(httpAgent), idOf(httpsAgent), idOf(lookup)].join('\0');
});

/** A number for an object, which is equal to itself alone. */
function idOf(value: object | false | undefined): number | false | undefined {
  if (!value) return value;
  const id = ids.get(value) ?? ++lastId;
  ids.set(value, id);
  return id;
}
