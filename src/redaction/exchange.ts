import { createDecoder } from '../util/decoder.js';
import { bytesOf, isReadable } from '../util/guards.js';
import { type HeadersLike, headerEntries } from '../util/header-entries.js';
import { Redactor, type ShownHeaders } from './redact.js';
import { type Exchange, LONGEST_BODY, type RequestInput, Secrets } from './secrets.js';

export type { RequestInput } from './secrets.js';

/** A request and its response, as axios gives them or as a test makes them up. */
export interface ResponseInput extends Exchange {
  /** The HTTP status, such as 400. */
  readonly status: number;
  /** The reason phrase, such as `Bad Request`. @defaultValue `''` */
  readonly statusText?: string;
  /** The header fields. */
  readonly headers?: HeadersLike;
  /** The body: parsed JSON, text or bytes. */
  readonly data?: unknown;
  /** The request. */
  readonly config?: RequestInput;
}

/** The response that an exception carries: a copy without secrets. */
export interface ShownResponse {
  /** The HTTP status, such as 400. */
  readonly status: number;
  /** The reason phrase, such as `Bad Request`; `''` if the server sent none. */
  readonly statusText: string;
  /** The header fields; `<HIDDEN>` replaces the value of a field that may contain a secret. */
  readonly headers: ShownHeaders;
  /** Parsed JSON where the body was JSON, else text; type and length of other bytes; `''` where there was no body. */
  readonly data: unknown;
  /** The request. */
  readonly request: ShownRequest;
}

/** The request that an exception is about: a copy without secrets. */
export interface ShownRequest {
  /** The method, in upper case. */
  readonly method: string;
  /** The absolute URL, with its query. */
  readonly url: string;
  /** The header fields; `<HIDDEN>` replaces the value of a field that may contain a secret. */
  readonly headers: ShownHeaders;
  /** The body as text; type and length of bytes that are not text. A long one is cut. */
  readonly data: string;
}

/** Characters of each body that a message shows; the rest is counted. */
const SHOWN_LENGTH = 16_384;
/** Characters or bytes of a long body that are redacted. Enough to show, also where secrets are longer than what takes their place. */
const REDACTED_LENGTH = 4 * SHOWN_LENGTH;
/** The end of a text that was cut is not shown: a part of a secret would not be known as one. */
const LONGEST_SECRET = 8192;

/** Creates a redactor that knows the secrets of an exchange, and of those that were redirected to it. */
export function redactorFor(exchange: Exchange): Redactor {
  return new Redactor(new Secrets(exchange));
}

/** Copies a response and its request with every secret in them replaced. */
export function showResponse(input: ResponseInput, redactor: Redactor = redactorFor(input)): ShownResponse {
  return {
    status: input.status,
    statusText: redactor.text(input.statusText ?? ''),
    headers: redactor.headers(input.headers),
    data: showBody(input, redactor, false),
    request: showRequest(input.config ?? {}, redactor),
  };
}

/** Copies a request with every secret in it replaced. */
export function showRequest(
  input: RequestInput,
  redactor: Redactor = redactorFor({ config: input }),
): ShownRequest {
  const data = showBody(input, redactor, true);
  return {
    method: (input.method ?? 'GET').toUpperCase(),
    url: redactor.text(input.url ?? ''),
    headers: redactor.headers(input.headers),
    data: typeof data === 'string' ? data : JSON.stringify(data),
  };
}

/** Cuts a text to a length that a person can read; says how much is missing. */
export function clip(text: string, length: number = text.length): string {
  if (length <= SHOWN_LENGTH) return text;
  return `${text.slice(0, SHOWN_LENGTH)}… (${length - SHOWN_LENGTH} more characters)`;
}

function showBody(
  { data, headers }: Pick<ResponseInput, 'data' | 'headers'> | RequestInput,
  redactor: Redactor,
  isRequest: boolean,
): unknown {
  try {
    const type = String(headerEntries(headers).find(([name]) => name === 'content-type')?.[1] ?? '');
    if (data === undefined || data === null) return '';
    if (typeof data === 'string') return showText(data, type, redactor, isRequest);
    const bytes = bytesOf(data);
    if (bytes !== undefined) return showText(bytes, type, redactor, isRequest);
    if (data instanceof Blob) return typeAndLength(type, data.size, redactor);
    if (data instanceof FormData) return `<form data: ${redactor.text([...data.keys()].join(', '))}>`;
    return isReadable(data) ? '<stream>' : (redactor.json(data) ?? '');
  } catch {
    // A body that a test or a client of the caller made may throw when it is read.
    return '<unreadable>';
  }
}

/** Shows text, or bytes that are text, as text; of a response, JSON is parsed. A secret in other bytes could not be found. */
function showText(body: string | Uint8Array, type: string, redactor: Redactor, isRequest: boolean): unknown {
  const { length } = body;
  const isCut = length > (isRequest ? REDACTED_LENGTH : LONGEST_BODY);
  const text = decode(isCut ? body.slice(0, REDACTED_LENGTH) : body, type, isCut);
  // In multipart, the name of a secret and the secret stand in different lines.
  if (text === undefined || /^\s*multipart\//i.test(type))
    return typeAndLength(type, Buffer.byteLength(body), redactor);
  if (isCut) return clip(redactor.data(text).slice(0, -LONGEST_SECRET), length);
  // Bytes that are declared to be JSON may also be a text in quotes, or a number.
  const mayBeJson = /^\s*[[{]/.test(text) || (typeof body !== 'string' && /[/+]json\b/i.test(type));
  const parsed = mayBeJson && !isRequest ? parse(text) : undefined;
  return parsed === undefined ? redactor.data(text) : (redactor.json(parsed) ?? '');
}

function typeAndLength(contentType: string, length: number, redactor: Redactor): string {
  const [type] = /^[\w.+-]{1,60}\/[\w.+-]{1,60}/.exec(contentType) ?? [];
  return type === undefined ? `<${length} bytes>` : `${redactor.text(type)}: <${length} bytes>`;
}

/** @param isCut - whether the last character may be incomplete */
function decode(body: string | Uint8Array, type: string, isCut: boolean): string | undefined {
  try {
    return typeof body === 'string'
      ? body
      : createDecoder(type, { fatal: true }).decode(body, { stream: isCut });
  } catch {
    return undefined;
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
