import http, { type ClientRequest, type IncomingMessage } from 'node:http';
import https from 'node:https';
import type { Socket } from 'node:net';
import { finished, pipeline, type Readable, Transform } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';
import { urlToHttpOptions } from 'node:url';
import { InvalidInvocation } from '../../exceptions/base.js';
import { offAbort, onAbort } from '../../util/abort.js';
import { isReadable } from '../../util/guards.js';
import { rememberLast } from '../../util/memoize.js';
import { isOneShot, lengthOf, openBody } from '../body/request-body.js';
import { framed } from '../framing.js';
import { withLimits } from '../limits.js';
import {
  type HeaderFields,
  type HttpRequest,
  type HttpResponse,
  type RequestContext,
  SAFE_METHODS,
  type Send,
} from '../request.js';
import { requestInput } from '../response-input.js';
import type { Connections, Route } from './connections.js';
import { decodeContent, decodeStream, tooLarge } from './content-coding.js';
import { toTransportException } from './errors.js';
import { IdleTimeout } from './idle-timeout.js';
import { Progress } from './progress.js';
import { ProxyError } from './proxy-error.js';

/** How much of a body is written at a time where the caller wants to hear of its progress, in bytes. */
const CHUNK = 64 * 1024;
/** The length of a body from which the server is asked first, in bytes. */
const ASKS_FROM = 1024 * 1024;
/** A body that is sent now. Each chunk is valid only until the next one is asked for. */
type Body = ReturnType<typeof openBody>;

/** How long the server has to say whether it wants the body, in milliseconds. */
const LONGEST_QUESTION = 1000;

/**
 * Creates what sends one request over the network: one attempt, to one URL. No redirect is followed, no status is an
 * exception, and whatever goes wrong is an exception of this package.
 */
export function createTransport(connections: Connections): Send {
  return async (request, context) => {
    const attempt: Attempt = { request, context, sentAt: Date.now(), isConnected: false };
    try {
      context.signal.throwIfAborted();
      if (!SAFE_METHODS.has(request.method)) await processPendingCloses();
      const target = targetOf(request.url);
      await connections.prepare(target.url);
      const route = connections.route(target.url, context.options);
      let message = await exchange(attempt, target, route, isLargePut(request));
      if (message.statusCode === 417 && isLargePut(request)) {
        // A server or a proxy that does not know `Expect` (RFC 9110, section 10.1.1). It has no body yet.
        message.on('error', () => {}).destroy();
        message = await exchange(attempt, target, route, false);
      }
      return await receive(attempt, message);
    } catch (error) {
      throw failure(attempt, attempt.error ?? error);
    }
  };
}

/** One sending of a request. */
interface Attempt {
  readonly request: HttpRequest;
  readonly context: RequestContext;
  /** In milliseconds since the epoch. */
  readonly sentAt: number;
  /** Whether there was a connection, so that something may have reached the server. */
  isConnected: boolean;
  /** Why it failed, where that is known before the response is read. */
  error?: Error;
}

/**
 * Lets the event loop process what has arrived. A kept connection may have been closed while this process was busy; a
 * write over it would fail, and must not be repeated. The first turn ends this round of the event loop, the second is a
 * whole one.
 */
async function processPendingCloses(): Promise<void> {
  await turn();
  await turn();
}

function failure({ request, context, isConnected }: Attempt, error: unknown): Error {
  const { signal } = context;
  const neverReached = !isConnected || error instanceof ProxyError;
  return toTransportException(error, { ...requestInput(request), signal, neverReached });
}

/**
 * Sends the request, and waits for the head of the response.
 *
 * @param asksFirst - whether the body is sent only if the server wants it
 */
function exchange(
  attempt: Attempt,
  target: Target,
  route: Route,
  asksFirst: boolean,
): Promise<IncomingMessage> {
  const { request, context } = attempt;
  const { signal, options } = context;
  signal.throwIfAborted();
  const body = request.body === undefined ? undefined : openBody(request.body);
  if ((lengthOf(request.body) ?? 0) > options.maxBodyLength && options.maxBodyLength >= 0)
    throw bodyTooLong(options.maxBodyLength);
  return new Promise((resolve, reject) => {
    const headers = { ...framed(request), ...(asksFirst && { expect: '100-continue' }) };
    const outgoing = createRequest(request, headers, target, route, context);
    let incoming: IncomingMessage | undefined;
    // Both: as long as an agent has no socket for it, a request that is destroyed says nothing.
    const fail = (error: Error): void => {
      (incoming ?? outgoing).destroy(error);
      reject(error);
    };
    const leave = (): void => fail(signal.reason);
    const onTimeout = (error: Error): void => {
      attempt.error = error;
      fail(error);
    };
    const idle = options.timeout > 0 ? new IdleTimeout(outgoing, options.timeout, onTimeout) : undefined;
    onAbort(signal, leave);
    outgoing.on('close', () => {
      offAbort(signal, leave);
      idle?.end();
    });
    outgoing.on('socket', (socket) => {
      // From then on something may have reached the server.
      whenConnected(socket, () => {
        attempt.isConnected = true;
      });
      idle?.watch(socket);
    });
    outgoing.on('error', (error) => {
      const isOfProxy = route.forward !== undefined && !attempt.isConnected && !signal.aborted;
      attempt.error ??= isOfProxy ? route.forward.failure(error) : error;
      reject(attempt.error);
      // What follows a response on its connection can show that the response was not whole.
      incoming?.destroy(error);
    });
    // Without a listener Node would wait for ever.
    outgoing.on('upgrade', (_, socket) => {
      socket.destroy();
      reject(invalidStatus('the server switched to another protocol'));
    });
    outgoing.on('response', (message) => {
      incoming = message;
      idle?.received(message);
      // A server that answers early does not read the rest of the body.
      message.on('close', () => {
        if (!outgoing.writableFinished) outgoing.destroy();
      });
      const { statusCode = 0 } = message;
      if (statusCode < 200 || statusCode > 599)
        outgoing.destroy(invalidStatus(`the status is ${statusCode}`));
      else if (statusCode === 407 && route.forward !== undefined)
        outgoing.destroy(route.forward.refusal(statusCode));
      else resolve(message);
    });
    const write = (): void => writeBody(outgoing, request, body, context);
    if (asksFirst) whenWanted(outgoing, body, write);
    else write();
  });
}

/**
 * Whether the server is asked whether it wants the body, as curl does. EOS redirects each PUT, and need not read a large body
 * twice.
 */
function isLargePut({ method, body }: HttpRequest): boolean {
  return method === 'PUT' && !isOneShot(body) && (lengthOf(body) ?? 0) > ASKS_FROM;
}

/** Writes the body when the server says that it wants it, or nothing (RFC 9110, section 10.1.1). */
function whenWanted(outgoing: ClientRequest, body: Body, write: () => void): void {
  let isOver = false;
  let timer: NodeJS.Timeout | undefined;
  const end = (then: () => void): void => {
    if (isOver) return;
    isOver = true;
    clearTimeout(timer);
    then();
  };
  const unwanted = (): void => {
    if (isReadable(body)) body.on('error', () => {}).destroy();
  };
  // A server that does not know `Expect` waits for the body.
  const startTimer = (): void => {
    if (!isOver) timer = setTimeout(() => end(write), LONGEST_QUESTION);
  };
  outgoing.once('socket', (socket) => whenConnected(socket, startTimer));
  outgoing.once('continue', () => end(write));
  outgoing.once('response', () => end(unwanted));
  outgoing.once('close', () => end(unwanted));
}

/** Calls a function when there is a connection, at once if there is one. */
function whenConnected(socket: Socket, then: () => void): void {
  const { connecting, secureConnecting } = socket as Socket & { readonly secureConnecting?: boolean };
  if (!connecting && !secureConnecting) then();
  else socket.once(secureConnecting === undefined ? 'connect' : 'secureConnect', then);
}

function createRequest(
  request: HttpRequest,
  headers: HeaderFields,
  { url, options: direct }: Target,
  { agent, forward }: Route,
  { options }: RequestContext,
): ClientRequest {
  const { protocol, hostname, port, path, auth } = direct;
  const outgoing: https.RequestOptions = {
    protocol,
    hostname,
    port,
    path,
    auth,
    method: request.method,
    headers: headers as http.OutgoingHttpHeaders,
    agent,
    // Neither an environment variable nor an option of the process makes the parser lenient, or TLS unchecked. An agent may.
    insecureHTTPParser: false,
    rejectUnauthorized: true,
  };
  if (options.lookup !== undefined) outgoing.lookup = options.lookup;
  if (options.family) outgoing.family = options.family;
  if (forward !== undefined) {
    outgoing.protocol = forward.protocol;
    outgoing.hostname = forward.hostname;
    outgoing.port = forward.port;
    outgoing.path = `${url.origin}${path}`;
    outgoing.headers = { host: url.host, ...headers, ...forward.headers } as http.OutgoingHttpHeaders;
  }
  return outgoing.protocol === 'https:' ? https.request(outgoing) : http.request(outgoing);
}

/** A URL, and what `node:http` has to know of it. */
interface Target {
  readonly url: URL;
  readonly options: Pick<http.RequestOptions, 'protocol' | 'hostname' | 'port' | 'path' | 'auth'>;
}

/** Requests come in runs to the same URL, so the last one is remembered. */
const targetOf: (url: string) => Target = rememberLast((text) => {
  const url = new URL(text);
  const { protocol, hostname, port, path, auth } = urlToHttpOptions(url);
  return { url, options: { protocol, hostname, port, path, auth } as Target['options'] };
});

function bodyTooLong(limit: number): InvalidInvocation {
  return new InvalidInvocation(`\`data\` is longer than \`maxBodyLength\`, which is ${limit} bytes`);
}

/** What follows the length that was announced would be taken for the next request. */
function wrongLength(length: number, expected: number): InvalidInvocation {
  return new InvalidInvocation(`\`data\` has ${length} bytes or more, and was said to have ${expected}`);
}

function writeBody(
  outgoing: ClientRequest,
  request: HttpRequest,
  body: Body,
  { options }: RequestContext,
): void {
  const { onUploadProgress, maxBodyLength } = options;
  const isWhole = body === undefined || typeof body === 'string' || Buffer.isBuffer(body);
  if (isWhole && onUploadProgress === undefined) {
    outgoing.end(body);
    return;
  }
  const chunks: AsyncIterable<Buffer | string> | Buffer[] = isWhole ? inChunks(body) : body;
  const expected = lengthOf(request.body);
  const progress = onUploadProgress && new Progress(onUploadProgress, 'upload', expected);
  const write = async (): Promise<void> => {
    let length = 0;
    for await (const chunk of chunks) {
      const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
      length += bytes.length;
      if (maxBodyLength >= 0 && length > maxBodyLength) throw bodyTooLong(maxBodyLength);
      if (expected !== undefined && length > expected) throw wrongLength(length, expected);
      await written(outgoing, bytes);
      progress?.add(bytes.length);
    }
    if (expected !== undefined && length < expected) throw wrongLength(length, expected);
    progress?.end();
    outgoing.end();
  };
  outgoing.once('close', () => {
    if (isReadable(body)) body.on('error', () => {}).destroy();
  });
  write().catch((error: Error) => {
    if (!outgoing.destroyed) outgoing.destroy(ofBody(error));
  });
}

/** Writes bytes. Resolves when they may be overwritten. */
function written(outgoing: ClientRequest, bytes: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    const leave = (): void => reject(new Error('the request has ended'));
    if (outgoing.destroyed) return leave();
    outgoing.once('close', leave);
    outgoing.write(bytes, (error) => {
      outgoing.off('close', leave);
      if (error) reject(error);
      else resolve();
    });
  });
}

function inChunks(body: string | Buffer | undefined): Buffer[] {
  const bytes = Buffer.from(body ?? '');
  const starts = Array.from({ length: Math.ceil(bytes.length / CHUNK) }, (_, index) => index * CHUNK);
  return starts.map((start) => bytes.subarray(start, start + CHUNK));
}

/** Marks the failure of a body that the caller gave: it says nothing about the connection. */
function ofBody(error: Error): Error {
  if (error instanceof InvalidInvocation) return error;
  const { message, code } = error as NodeJS.ErrnoException;
  return Object.assign(new Error(message), { code, isOfBody: true });
}

function invalidStatus(message: string): Error {
  return Object.assign(new Error(message), { code: 'ERR_INVALID_STATUS' });
}

/** Reads the response: whole, or as a stream that its reader is given. */
async function receive(attempt: Attempt, message: IncomingMessage): Promise<HttpResponse> {
  const { request, context, sentAt } = attempt;
  const { isStream, decompress, maxContentLength } = context.options;
  const { statusCode: status = 0, statusMessage: statusText = '' } = message;
  const headers = message.headers as HeaderFields;
  const hasBody = request.method !== 'HEAD' && status !== 204 && status !== 304;
  const source = context.options.onDownloadProgress ? watchProgress(message, context) : message;
  const respond = (fields: HeaderFields, body: Buffer | Readable): HttpResponse => ({
    status,
    statusText,
    headers: fields,
    body,
    request,
    sentAt,
    attempts: context.attempts,
  });
  if (isStream) {
    const decoded = decompress && hasBody ? decodeStream(source, headers) : { body: source, headers };
    return respond(decoded.headers, guard(decoded.body, maxContentLength, attempt));
  }
  const bytes = await readAll(source, maxContentLength);
  if (!decompress || !hasBody || headers['content-encoding'] === undefined) return respond(headers, bytes);
  const decoding = decodeContent(bytes, headers, maxContentLength);
  // Decoding cannot be broken off, but nothing has to wait for it.
  const decoded = await withLimits(Promise.resolve(decoding), {
    request: requestInput(request),
    signal: context.signal,
  });
  return respond(decoded.headers, decoded.body);
}

function watchProgress(message: IncomingMessage, { options }: RequestContext): Readable {
  const { onDownloadProgress = () => {} } = options;
  const length = message.headers['content-length'];
  const progress = new Progress(
    onDownloadProgress,
    'download',
    length === undefined ? length : Number(length),
  );
  const counted = counting(
    (_, added) => void progress.add(added),
    () => void progress.end(),
  );
  return pipeline(message, counted, () => {});
}

/** A stream that passes bytes on and counts them. What one of the functions returns is the error that it ends with. */
function counting(
  onBytes: (length: number, added: number) => Error | undefined,
  onEnd: (length: number) => Error | undefined = () => undefined,
): Transform {
  let length = 0;
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      length += chunk.length;
      done(onBytes(length, chunk.length) ?? null, chunk);
    },
    flush(done) {
      done(onEnd(length) ?? null);
    },
  });
}

function readAll(source: Readable, limit: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    if (source.destroyed) return reject(source.errored ?? new Error('aborted'));
    const chunks: Buffer[] = [];
    let length = 0;
    source.on('data', (chunk: Buffer) => {
      length += chunk.length;
      if (limit >= 0 && length > limit) source.destroy(tooLarge(limit));
      else chunks.push(chunk);
    });
    source.on('end', () => resolve(chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks)));
    source.on('error', reject);
    source.on('close', () => {
      if (!source.readableEnded) reject(new Error('aborted'));
    });
  });
}

/** Passes a streamed body on, so that its reader too gets exceptions of this package. */
function guard(source: Readable, limit: number, attempt: Attempt): Readable {
  const guarded = counting((length) =>
    limit >= 0 && length > limit ? failure(attempt, tooLarge(limit)) : undefined,
  );
  // Nobody may be reading it yet.
  guarded.on('error', () => {});
  finished(source, { writable: false }, (error) => {
    if (error) guarded.destroy(failure(attempt, attempt.error ?? error));
  });
  guarded.once('close', () => source.destroy());
  return source.pipe(guarded);
}
