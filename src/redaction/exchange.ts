import { TextDecoder } from 'node:util';
import { isReadable } from '../util/guards.js';
import { type HeadersLike, headerEntries } from '../util/header-entries.js';
import { Redactor, type ShownHeaders } from './redact.js';
import type { SecretiveExchange } from './secrets.js';

/** A request and its answer, as axios gives them or as a test makes them up. */
export interface ResponseInput {
  readonly status: number;
  readonly statusText?: string;
  readonly headers?: HeadersLike;
  /** The body: parsed JSON, text or bytes. */
  readonly data?: unknown;
  readonly config?: RequestInput;
}

/** The request of a {@link ResponseInput}; `url` is absolute. */
export interface RequestInput {
  readonly method?: string | undefined;
  readonly url?: string | undefined;
  readonly headers?: HeadersLike | undefined;
  readonly data?: unknown;
  readonly auth?: { readonly username: string; readonly password: string } | undefined;
  /** The answer that redirected to this request, whose secrets may be in its URL. */
  readonly redirectedBy?: Pick<ResponseInput, 'headers' | 'config'> | undefined;
}

/** What {@link redactorFor} looks at. */
export type Exchanged = Pick<ResponseInput, 'headers' | 'config'>;

/** The answer that an exception carries: a copy without secrets. */
export interface ShownResponse {
  readonly status: number;
  readonly statusText: string;
  readonly headers: ShownHeaders;
  /** Parsed JSON where the body was JSON, else text; type and length of other bytes; `''` where there was no body. */
  readonly data: unknown;
  readonly request: ShownRequest;
}

/** The request that an exception is about: a copy without secrets. */
export interface ShownRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: ShownHeaders;
  /** The body as text. */
  readonly data: string;
}

/** Characters of each body that a message shows; the rest is counted. */
const SHOWN_LENGTH = 16_384;
/** A body longer than this is not parsed or searched for an exception, only its start is shown. */
const PARSED_LENGTH = 8 * 1024 * 1024;

/** A redactor that knows the secrets of this exchange, and of those that were redirected to it. */
export function redactorFor(input: Exchanged): Redactor {
  const exchanges: SecretiveExchange[] = [];
  for (let hop: Exchanged | undefined = input; hop !== undefined; hop = hop.config?.redirectedBy) {
    const { headers: requestHeaders, data, url, auth, redirectedBy }: RequestInput = hop.config ?? {};
    const requestBody = data === redirectedBy?.config?.data ? undefined : data;
    exchanges.push({ requestHeaders, requestBody, url, auth, responseHeaders: hop.headers });
  }
  return Redactor.forExchange(...exchanges);
}

/** Copies an exchange with every secret in it replaced. */
export function showResponse(input: ResponseInput, redactor: Redactor = redactorFor(input)): ShownResponse {
  return {
    status: input.status,
    statusText: redactor.text(input.statusText ?? ''),
    headers: redactor.headers(input.headers),
    data: orUnreadable(() => showBody(input.data, contentTypeOf(input.headers), redactor)),
    request: showRequest(input.config ?? {}, redactor),
  };
}

/** Copies a request with every secret in it replaced. */
export function showRequest(
  input: RequestInput,
  redactor: Redactor = redactorFor({ config: input }),
): ShownRequest {
  return {
    method: (input.method ?? 'GET').toUpperCase(),
    url: redactor.text(input.url ?? ''),
    headers: redactor.headers(input.headers),
    data: orUnreadable(() => requestBodyText(input.data, contentTypeOf(input.headers), redactor)),
  };
}

/** A body that a test or a client of the caller's made up may throw when it is looked at. */
function orUnreadable<T>(show: () => T): T | string {
  try {
    return show();
  } catch {
    return '<unreadable>';
  }
}

function showBody(data: unknown, contentType: string, redactor: Redactor): unknown {
  if (data === undefined || data === null) return '';
  if (typeof data === 'string') return showText(data, redactor);
  if (ArrayBuffer.isView(data) || data instanceof ArrayBuffer) return showBytes(data, contentType, redactor);
  if (isReadable(data)) return '<stream>';
  return redactor.json(data);
}

/** Shows bytes as text where they are text, else by type and length: a secret in them could not be found. */
function showBytes(data: ArrayBufferView | ArrayBuffer, contentType: string, redactor: Redactor): unknown {
  const { byteLength } = data;
  const isLong = byteLength > PARSED_LENGTH;
  const text = decodeStrictly(isLong ? startOf(data) : data, contentType, isLong);
  if (text !== undefined && isLong) return clip(redactor.data(text), byteLength);
  if (text !== undefined) return showText(text, redactor, /[/+]json\b/i.test(contentType));
  const [type] = /^[\w.+-]{1,60}\/[\w.+-]{1,60}/.exec(contentType) ?? [];
  return type === undefined ? `<${byteLength} bytes>` : `${redactor.text(type)}: <${byteLength} bytes>`;
}

/** As much as is sure to hold what is shown, also where secrets in it are longer than what takes their place. */
function startOf(data: ArrayBufferView | ArrayBuffer): Uint8Array {
  const [buffer, offset] = ArrayBuffer.isView(data) ? [data.buffer, data.byteOffset] : [data, 0];
  return new Uint8Array(buffer, offset, 4 * SHOWN_LENGTH);
}

/** @param isJson - whether it is declared to be JSON, so that it may also be a text in quotes or a number */
function showText(text: string, redactor: Redactor, isJson = false): unknown {
  if (text.length > PARSED_LENGTH) return clip(redactor.data(text.slice(0, 4 * SHOWN_LENGTH)), text.length);
  const parsed = isJson || /^\s*[[{]/.test(text) ? parseOr(text) : undefined;
  return parsed === undefined ? redactor.data(text) : (redactor.json(parsed) ?? '');
}

function requestBodyText(body: unknown, contentType: string, redactor: Redactor): string {
  if (body === undefined || body === null) return '';
  if (body instanceof FormData) return `<form data: ${[...body.keys()].join(', ')}>`;
  if (body instanceof Blob) return `<${body.size} bytes>`;
  if (isReadable(body)) return '<stream>';
  // Names of secrets and the secrets themselves stand in different lines of it.
  const isMultipart = /^\s*multipart\//i.test(contentType);
  if (isMultipart && typeof body === 'string') return `<${Buffer.byteLength(body)} bytes>`;
  if (ArrayBuffer.isView(body) || body instanceof ArrayBuffer) {
    if (isMultipart) return `<${body.byteLength} bytes>`;
    const text = decodeStrictly(body, contentType);
    return text === undefined ? '<Decoding error>' : requestBodyText(text, contentType, redactor);
  }
  if (typeof body !== 'string') return JSON.stringify(redactor.json(body)) ?? '';
  const shown = showText(body, redactor);
  if (typeof shown === 'string') return shown;
  // The text as it was sent, unless something in it had to be replaced.
  const redacted = JSON.stringify(shown);
  return redacted === JSON.stringify(parseOr(body)) ? body : redacted;
}

/** Cuts a text to a length that a person can read; says how much is missing. */
export function clip(text: string, length: number = text.length): string {
  if (length <= SHOWN_LENGTH) return text;
  return `${text.slice(0, SHOWN_LENGTH)}… (${length - SHOWN_LENGTH} more characters)`;
}

function parseOr(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function contentTypeOf(headers: HeadersLike | undefined): string {
  return String(headerEntries(headers).find(([name]) => name === 'content-type')?.[1] ?? '');
}

/**
 * Decodes bytes by their declared charset, UTF-8 if none is declared or it is unknown. Returns undefined where they are
 * not text in that charset.
 *
 * @param isCut - whether the last character may be incomplete
 */
function decodeStrictly(
  bytes: ArrayBufferView | ArrayBuffer,
  contentType: string,
  isCut = false,
): string | undefined {
  const [, charset = 'utf-8'] = /;\s{0,9}charset\s{0,9}=\s{0,9}"?([^\s";]{1,40})/i.exec(contentType) ?? [];
  try {
    return decoderFor(charset).decode(bytes as Uint8Array, { stream: isCut });
  } catch {
    return undefined;
  }
}

function decoderFor(charset: string): TextDecoder {
  try {
    return new TextDecoder(charset, { fatal: true });
  } catch {
    return new TextDecoder('utf-8', { fatal: true });
  }
}
