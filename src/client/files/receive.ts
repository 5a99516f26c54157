import { resolve } from 'node:path';
import type { Readable } from 'node:stream';
import { callBack, type Logger } from '../../config/logger.js';
import { type ITkDBException, isException } from '../../exceptions/base.js';
import { BadJSON, ResponseException } from '../../exceptions/response.js';
import {
  ConnectionFailed,
  ConnectionReset,
  InvalidResponse,
  Timeout,
  TransportException,
} from '../../exceptions/transport.js';
import { Attempts } from '../../http/attempts.js';
import { readFailedBody } from '../../http/body/response-body.js';
import type { ConcurrencyLimit } from '../../http/interceptors/concurrency.js';
import {
  type RetryEvent,
  type RetryOptions,
  type RetryPolicy,
  resolveRetry,
} from '../../http/retry-policy.js';
import { toTransportException } from '../../http/transport/errors.js';
import { Progress } from '../../http/transport/progress.js';
import type { RequestConfig, SessionResponse } from '../../session/request-options.js';
import { isPlainObject } from '../../util/guards.js';
import { sleep } from '../../util/sleep.js';
import { Checksum } from './checksum.js';
import { Spool } from './contents.js';
import { type BinaryFile, makeFile } from './file.js';
import { fileNameOf, mediaTypeOf } from './file-headers.js';
import { unwritable } from './place.js';
import { sniff } from './sniff.js';

/** What files are received with. */
export interface ReceiverOptions {
  readonly send: (url: string, config: RequestConfig) => Promise<SessionResponse>;
  /** The URL that relative ones are joined to. */
  readonly prefixUrl: string;
  /** How many files are received at a time from one server. */
  readonly limit: ConcurrencyLimit;
  /** As the option of the session. */
  readonly retry: RetryOptions | false | undefined;
  readonly onRetry: ((event: RetryEvent) => void) | undefined;
  readonly logger: Logger;
}

/** A file, and the last response that it was read from. */
export interface Received {
  readonly file: BinaryFile;
  readonly response: SessionResponse;
}

/** After so many bytes of progress an interruption counts as the first one. */
const PROGRESS = 1024 * 1024;

/** Receives files: keeps their contents out of memory, goes on after interruptions, and checks what has arrived. */
export class FileReceiver {
  readonly #options: ReceiverOptions;

  constructor(options: ReceiverOptions) {
    this.#options = options;
  }

  /**
   * Sends a GET request, and receives the file of its response.
   *
   * @param subject - the call, for a message
   * @param folder - where the temporary file is made
   * @throws BadJSON where a page of HTML came in place of a file
   * @throws InvalidInvocation where the temporary file cannot be written
   */
  async receive(subject: string, url: string, config: RequestConfig, folder?: string): Promise<Received> {
    const { limit, prefixUrl } = this.#options;
    const signal = (config.signal as AbortSignal | undefined) ?? new AbortController().signal;
    const { href, origin } = new URL(URL.canParse(url, prefixUrl) ? url : '', prefixUrl);
    // A streamed response frees its slot of the session when its head has arrived. This one is held until the end.
    const slot = `files of ${origin}`;
    await limit.enter(slot, signal)?.catch((reason: unknown) => {
      throw toTransportException(reason, { method: 'GET', url: href, signal, neverReached: true });
    });
    const spool = new Spool(folder && resolve(folder));
    try {
      const transfer = new Transfer(this.#options, { url, config, signal }, spool);
      return await transfer.run();
    } catch (error) {
      await spool.remove();
      // Any other error is that of a function of the caller, such as `transformRequest`.
      if (isException(error) || (error as NodeJS.ErrnoException).syscall === undefined) throw error;
      throw unwritable(subject, folder ?? 'the folder for temporary files', error);
    } finally {
      limit.leave(slot);
    }
  }
}

interface FileRequest {
  readonly url: string;
  readonly config: RequestConfig;
  readonly signal: AbortSignal;
}

/** One file on its way. */
class Transfer {
  readonly #options: ReceiverOptions;
  readonly #request: FileRequest;
  readonly #spool: Spool;
  readonly #policy: RetryPolicy | undefined;
  #attempts: Attempts | undefined;
  /** How many bytes there were at the last interruption. */
  #interruptedAt = 0;
  /** What `If-Range` has; undefined where the rest of the file cannot be asked for. */
  #validator: string | undefined;
  /** The length of the whole file; undefined where it is not known. */
  #total: number | undefined;
  #checksum: Checksum | undefined;
  #progress: Progress | undefined;
  /** The URL for messages: absolute, without credentials. */
  #shownUrl = '';

  constructor(options: ReceiverOptions, request: FileRequest, spool: Spool) {
    const { config } = request;
    this.#options = options;
    // Later attempts send the same, whatever the caller does with its object.
    this.#request = isPlainObject(config.data)
      ? { ...request, config: { ...config, data: copyOf(config.data) } }
      : request;
    this.#spool = spool;
    this.#policy = resolveRetry(options.retry, config.retry);
  }

  async run(): Promise<Received> {
    for (;;) {
      const response = await this.#send();
      const failure = response === undefined ? await this.#startOver() : await this.#read(response);
      if (response !== undefined && failure === undefined) return this.#finish(response);
      await this.#pause(failure as ITkDBException);
    }
  }

  /** Asks for the file, or for the rest of it. Resolves to undefined where the server has no such rest. */
  async #send(): Promise<SessionResponse<Readable> | undefined> {
    const { url, config } = this.#request;
    const { onDownloadProgress: _, headers, ...others } = config;
    const isResumed = this.#isResumed;
    const fields = {
      // The parts of a file fit together, and its length is known, only without a content coding.
      'accept-encoding': 'identity',
      ...lowerCase(headers),
      ...(isResumed && { range: `bytes=${this.#spool.size}-`, 'if-range': this.#validator }),
    };
    try {
      const response = await this.#options.send(url, {
        ...others,
        headers: fields as NonNullable<RequestConfig['headers']>,
        responseType: 'stream',
      });
      this.#shownUrl = String(response.config.url);
      return response as SessionResponse<Readable>;
    } catch (error) {
      if (isResumed && error instanceof ResponseException && error.status === 416) return undefined;
      throw error;
    }
  }

  get #isResumed(): boolean {
    return this.#validator !== undefined && this.#spool.size > 0;
  }

  /** Reads the body. Resolves to what went wrong, if a further attempt may end otherwise. */
  async #read(response: SessionResponse<Readable>): Promise<ITkDBException | undefined> {
    const { data: stream } = response;
    try {
      if (this.#isResumed && response.status === 206) {
        if (!this.#isRest(response)) return await this.#startOver();
      } else await this.#start(response);
      for await (const chunk of stream as AsyncIterable<Buffer>) {
        this.#checksum?.update(chunk);
        this.#progress?.add(chunk.length);
        await this.#spool.write(chunk);
      }
      return await this.#verify();
    } catch (error) {
      if (!isException(error) || !isInterruption(error, this.#policy)) throw error;
      return error;
    } finally {
      stream.on('error', () => {}).destroy();
    }
  }

  /** Whether a part of the file begins where the one before ends, and is of the same file. */
  #isRest({ headers }: SessionResponse): boolean {
    const [, start, total] =
      /^bytes (\d+)-\d+\/(\d+|\*)$/i.exec(String(headers['content-range'] ?? '')) ?? [];
    const { etag } = headers;
    const isOfSameFile = etag === undefined || !this.#validator?.startsWith('"') || etag === this.#validator;
    const hasSameLength = total === '*' || this.#total === undefined || Number(total) === this.#total;
    return Number(start) === this.#spool.size && isOfSameFile && hasSameLength;
  }

  /** Prepares for a file from its start. */
  async #start(response: SessionResponse<Readable>): Promise<void> {
    const { headers, status } = response;
    await refusePage(response);
    const isPartWanted = 'range' in lowerCase(this.#request.config.headers);
    // Not the whole file: it is still fetched from tape (202), it is empty (204), or it is a part without a request for one (206).
    if ([202, 204, 205].includes(status) || (status === 206 && !isPartWanted))
      throw await this.#startOver(`the response has the status ${status}, so it is not the whole file`);
    if (this.#spool.size > 0) await this.#spool.clear();
    const length = headers['content-length'];
    this.#total = length === undefined ? undefined : Number(length);
    this.#validator = status === 200 ? validatorOf(headers) : undefined;
    // Without a length there may have been a content coding, which the checksum includes.
    this.#checksum = status === 200 && length !== undefined ? Checksum.of(headers) : undefined;
    const { onDownloadProgress: tell } = this.#request.config;
    const { logger } = this.#options;
    this.#progress =
      tell &&
      new Progress(
        (event) => callBack(logger, 'onDownloadProgress', () => tell(event)),
        'download',
        this.#total,
      );
  }

  async #verify(): Promise<ITkDBException | undefined> {
    const { size } = this.#spool;
    if (this.#total !== undefined && size !== this.#total)
      return this.#startOver(`${size} bytes arrived in place of ${this.#total}`);
    return this.#checksum === undefined || this.#checksum.isRight()
      ? undefined
      : this.#startOver('the checksum is wrong');
  }

  /** Forgets what has arrived. */
  async #startOver(
    reason = 'the server sent another part of the file than the rest',
  ): Promise<InvalidResponse> {
    await this.#spool.clear();
    this.#validator = undefined;
    const request = { method: 'GET', url: this.#shownUrl };
    return new InvalidResponse(`GET ${this.#shownUrl} failed: ${reason}`, request);
  }

  /** Waits before the next attempt, or throws the exception if there is none. */
  async #pause(failure: ITkDBException): Promise<void> {
    if (this.#policy === undefined) throw failure;
    const { size } = this.#spool;
    // A large file may be interrupted often, as long as it comes nearer to its end.
    if (this.#isResumed && size - this.#interruptedAt >= PROGRESS) this.#attempts = undefined;
    this.#interruptedAt = size;
    this.#attempts ??= new Attempts(this.#policy);
    // The time of `within` starts here, not with a transfer that may take hours.
    this.#attempts.begin(0);
    const reason = (failure.cause as Error | undefined)?.message ?? failure.summary;
    const outcome = { reason, isTransient: true, mayRepeat: true, mayHaveArrived: true };
    const due = this.#attempts.next({ ...outcome, retryAfter: undefined });
    if (due === undefined)
      throw failure instanceof TransportException ? this.#attempts.explain(failure) : failure;
    const { logger, onRetry } = this.#options;
    const request = { method: 'GET', url: this.#shownUrl };
    logger.warn(`The transfer of ${request.url} was interrupted (${reason}) after ${size} bytes`);
    callBack(logger, 'onRetry', () => onRetry?.({ ...request, ...due }));
    const { signal } = this.#request;
    await sleep(due.delay, signal).catch((cause: unknown) => {
      throw toTransportException(cause, { ...request, signal, neverReached: false });
    });
  }

  async #finish(response: SessionResponse): Promise<Received> {
    this.#progress?.end();
    const { headers, request } = response;
    const { head } = this.#spool;
    let contentType = String(headers['content-type'] ?? '');
    const isUntyped = mediaTypeOf(headers) === 'application/octet-stream';
    // EOS says this of every file.
    if (isUntyped && isOnEos(this.#request.url, request?.res?.responseUrl))
      contentType = await sniff(head).catch(() => contentType);
    const contents = await this.#spool.finish();
    const suggestedFilename = fileNameOf(String(headers['content-disposition'] ?? ''));
    const file = makeFile(contents, { contentType, suggestedFilename });
    // A copy: the session keeps the last response, and would keep the file.
    return { file, response: { ...response, data: file } };
  }
}

/** Copies an input. What cannot be copied is not JSON either: the session refuses it. */
function copyOf(data: unknown): unknown {
  try {
    return structuredClone(data);
  } catch {
    return data;
  }
}

/** Whether a URL is that of a file on EOS: then the response is the file, also where its type is JSON. */
export function isEosUrl(url: string): boolean {
  if (!URL.canParse(url)) return false;
  const { hostname, searchParams } = new URL(url);
  return hostname === 'eosatlas.cern.ch' || searchParams.has('authz');
}

function isOnEos(asked: string, final: unknown): boolean {
  const isOfCern = (url: string): boolean => URL.canParse(url) && /\.cern\.ch$/.test(new URL(url).hostname);
  return isEosUrl(asked) || isOfCern(asked) || isOfCern(String(final));
}

function isInterruption(error: ITkDBException, policy: RetryPolicy | undefined): boolean {
  if (error instanceof Timeout) return policy?.timeouts ?? false;
  return error instanceof ConnectionReset || error instanceof ConnectionFailed;
}

/** Refuses a login page, or that of a gateway: a file of the database comes with its name. */
async function refusePage(response: SessionResponse<Readable>): Promise<void> {
  const { headers, data } = response;
  if (mediaTypeOf(headers) !== 'text/html' || headers['content-disposition'] !== undefined) return;
  throw pageInPlaceOfFile({ ...response, data: await readFailedBody({ body: data } as never) });
}

/** Makes the exception of a page of HTML. */
export function pageInPlaceOfFile(response: SessionResponse): BadJSON {
  return new BadJSON(response as never, undefined, {
    reason: 'a page of HTML came in place of a file',
    advice: 'Check the URL.',
  });
}

/** Returns what tells versions of a file apart byte by byte; undefined where the response has no such field. */
function validatorOf(headers: SessionResponse['headers']): string | undefined {
  const { etag, date, 'last-modified': modified } = headers;
  if (etag !== undefined) return String(etag).startsWith('"') ? String(etag) : undefined;
  // RFC 9110, section 8.8.2.2: a file that was changed twice within a second has the same time.
  const age = Date.parse(String(date)) - Date.parse(String(modified));
  return age >= 1000 ? String(modified) : undefined;
}

function lowerCase(headers: object | undefined): Record<string, unknown> {
  const entries = Object.entries(headers ?? {}).filter(([, value]) => value !== undefined && value !== null);
  return Object.fromEntries(entries.map(([name, value]) => [name.toLowerCase(), value]));
}
