import type { IncomingMessage, ServerResponse } from 'node:http';
import { isObject, isRecord } from '../util/guards.js';
import type { DtoIn } from './commands/command.js';
import { parseForm } from './multipart.js';

/** A request that the embedded database received. */
export interface RecordedRequest {
  /** Which of its three servers. */
  readonly server: 'identity' | 'api' | 'eos';
  readonly method: string;
  /** Path and query, as received. */
  readonly url: string;
  /** The last part of the path, such as `getComponent` or `grantToken`; of a request to EOS, `eosPut`, `eosGet` or `eosDelete`. */
  readonly command: string;
  /** The input of the command: the JSON body, the fields of the form, or else the query. A file is a {@link FilePart}. */
  readonly input: DtoIn;
  /** The header fields. `headers.get(name)` takes a name in upper or lower case. */
  readonly headers: Headers;
  /** The body as received. Empty where EOS redirects a PUT. */
  readonly rawBody: Buffer;
  /** The body as text. */
  readonly body: string;
  /** The body parsed, where it is JSON. */
  readonly json: unknown;
}

/** Reads a request. Its body is kept once, as bytes. */
export async function readRequest(
  server: RecordedRequest['server'],
  request: IncomingMessage,
  keepsBody: (request: IncomingMessage) => boolean,
): Promise<RecordedRequest> {
  const rawBody = await readBody(request, keepsBody(request));
  return new ReadRequest(server, request, rawBody);
}

/** The body is put where it is kept while it arrives: its chunks and a copy of them would be twice its size. */
async function readBody(request: IncomingMessage, isKept: boolean): Promise<Buffer> {
  const length = request.headers['content-length'];
  if (!isKept) {
    for await (const _ of request);
    return Buffer.alloc(0);
  }
  if (length === undefined) return Buffer.concat(await request.toArray());
  const body = Buffer.allocUnsafeSlow(Number(length));
  let at = 0;
  for await (const chunk of request) at += (chunk as Buffer).copy(body, at);
  return body;
}

class ReadRequest implements RecordedRequest {
  readonly server: RecordedRequest['server'];
  readonly method: string;
  readonly url: string;
  readonly command: string;
  readonly rawBody: Buffer;
  readonly #fields: IncomingMessage['headersDistinct'];
  #headers: Headers | undefined;
  #input: DtoIn | undefined;

  constructor(server: RecordedRequest['server'], request: IncomingMessage, rawBody: Buffer) {
    const { method = 'GET', url = '/', headersDistinct } = request;
    this.server = server;
    this.method = method;
    this.url = url;
    this.command =
      server === 'eos' ? `eos${method[0]}${method.slice(1).toLowerCase()}` : commandName(pathOf(url));
    this.rawBody = rawBody;
    this.#fields = headersDistinct;
  }

  get headers(): Headers {
    if (this.#headers === undefined) {
      this.#headers = new Headers();
      for (const [name, values = []] of Object.entries(this.#fields))
        for (const value of values) this.#headers.append(name, value);
    }
    return this.#headers;
  }

  get input(): DtoIn {
    this.#input ??= inputOf(this);
    return this.#input;
  }

  get body(): string {
    return this.rawBody.toString('utf8');
  }

  get json(): unknown {
    try {
      return JSON.parse(this.body);
    } catch {
      return undefined;
    }
  }
}

function inputOf(request: RecordedRequest): DtoIn {
  const { url, headers, rawBody } = request;
  const form = parseForm(rawBody, headers.get('content-type') ?? '');
  if (form !== undefined) return form;
  const { json } = request;
  if (isObject(json)) return json as DtoIn;
  return Object.fromEntries(urlOf(url).searchParams);
}

/** Whether a request has a body that is neither a form nor a JSON object. */
export function hasUnusableBody(request: RecordedRequest): boolean {
  if (request.rawBody.length === 0) return false;
  // A form may be large: it is not read as text.
  if (/^multipart\/form-data\s*;/i.test(request.headers.get('content-type') ?? '')) return false;
  const { json } = request;
  return json !== null && !isRecord(json);
}

/** Returns the last part of a path, which tests name a command by. */
export function commandName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

/** Returns the path of a URL that a request has, without its query. */
export function pathOf(url: string): string {
  return urlOf(url).pathname;
}

/** Returns the URL that a request has. A client may send anything: what is not a URL becomes the path `/`. */
export function urlOf(target: string): URL {
  const url = target.startsWith('/') ? `http://localhost${target}` : target;
  return new URL(URL.canParse(url) ? url : 'http://localhost');
}

/** A response before it is sent. */
export interface OutgoingResponse {
  readonly status: number;
  /** `Content-Type`. @defaultValue `application/json; charset=UTF-8` */
  readonly type?: string;
  readonly headers?: Readonly<Record<string, string | string[]>>;
  readonly body: string | Buffer;
}

/** Sends a response. */
export function send(response: ServerResponse, answer: OutgoingResponse): void {
  if (response.destroyed) return;
  const bytes = sendHead(response, answer);
  response.end(response.req.method === 'HEAD' ? undefined : bytes);
}

/** Writes status and header fields. Returns the body, which is still to be sent. */
export function sendHead(
  response: ServerResponse,
  { status, type, headers, body }: OutgoingResponse,
): Buffer {
  const bytes = typeof body === 'string' ? Buffer.from(body) : body;
  response.writeHead(status, {
    'Content-Type': type ?? 'application/json; charset=UTF-8',
    'Content-Length': bytes.length,
    ...headers,
  });
  return bytes;
}

/** Returns a file, or the part of it that the request asks for by `Range` (RFC 9110, section 14). */
export function fileResponse(
  request: RecordedRequest,
  type: string,
  file: Buffer,
  extra: Readonly<Record<string, string>> = {},
): OutgoingResponse {
  const headers = { ...extra, 'Accept-Ranges': 'bytes' };
  const range = rangeOf(request, file.length, headers);
  if (range === undefined) return { status: 200, type, headers, body: file };
  const { start, end } = range;
  if (start >= end)
    return {
      status: 416,
      type,
      headers: { ...headers, 'Content-Range': `bytes */${file.length}` },
      body: '',
    };
  const part = { ...headers, 'Content-Range': `bytes ${start}-${end - 1}/${file.length}` };
  return { status: 206, type, headers: part, body: file.subarray(start, end) };
}

/** Returns what one range asks for, without its end; empty where there is no such part. Several ranges get the whole file. */
function rangeOf(
  { method, headers }: RecordedRequest,
  length: number,
  validators: Readonly<Record<string, string>>,
): { start: number; end: number } | undefined {
  const [, first = '', last = ''] = /^bytes=(\d*)-(\d*)$/i.exec(headers.get('range') ?? '') ?? [];
  const ifRange = headers.get('if-range');
  const isOther = ifRange !== null && ifRange !== validators['ETag'];
  const isBackwards = first !== '' && last !== '' && Number(last) < Number(first);
  if (method !== 'GET' || first + last === '' || isOther || isBackwards) return undefined;
  if (first === '') return { start: Math.max(length - Number(last), 0), end: length };
  return { start: Number(first), end: last === '' ? length : Math.min(Number(last) + 1, length) };
}
