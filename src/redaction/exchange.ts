import { isReadable } from '../util/guards.js';
import { type HeadersLike, headerEntries } from './header-entries.js';
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
  /** Parsed JSON where the body was JSON, else text, else bytes (`Buffer`); `''` where there was no body. */
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
export const PARSED_LENGTH: number = 8 * 1024 * 1024;

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
    data: orUnreadable(() => showBody(input.data, redactor)),
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
    data: orUnreadable(() => requestBodyText(input.data, redactor)),
  };
}

/** The request as it goes over the wire, in the layout of the Python package: lines ended by CRLF, then the body. */
export function formatRequest(request: ShownRequest): string {
  // Not by URL, which would percent-encode the placeholders.
  const [, authority = '', path = ''] = /^https?:\/\/([^/?#]*)([^#]*)/i.exec(request.url) ?? [];
  const lines = [
    `Host: ${authority.replace(/^.*@/, '')}`,
    `${request.method} ${path.startsWith('/') ? path : `/${path}`} HTTP/1.1`,
    ...headerEntries(request.headers).map(
      ([name, value]) => `${titleCase(name)}: ${[value].flat().join(', ')}`,
    ),
  ];
  return `${lines.join('\r\n')}\r\n\r\n${clip(request.data)}`;
}

/** The server's own words about what went wrong: its JSON with two spaces of indent, or its text; `''` for nothing. */
export function formatBody(data: unknown): string {
  if (data === undefined || data === null) return '';
  if (typeof data === 'string') return clip(data.trim());
  if (ArrayBuffer.isView(data)) return `<${data.byteLength} bytes>`;
  return clip(JSON.stringify(data, null, 2) ?? '');
}

/** A body that a test or a client of the caller's made up may throw when it is looked at. */
function orUnreadable<T>(show: () => T): T | string {
  try {
    return show();
  } catch {
    return '<unreadable>';
  }
}

function showBody(data: unknown, redactor: Redactor): unknown {
  if (data === undefined || data === null) return '';
  if (typeof data === 'string') return showText(data, redactor);
  if (ArrayBuffer.isView(data) || data instanceof ArrayBuffer) return showBytes(data, redactor);
  if (isReadable(data)) return '<stream>';
  return redactor.json(data);
}

function showBytes(data: ArrayBufferView | ArrayBuffer, redactor: Redactor): unknown {
  const { byteLength } = data;
  const isLong = byteLength > PARSED_LENGTH;
  const text = utf8(isLong ? startOf(data) : data, isLong);
  if (text === undefined) return data;
  return isLong ? clip(redactor.text(text), byteLength) : showText(text, redactor);
}

/** As much as is sure to hold what is shown, also where secrets in it are longer than what takes their place. */
function startOf(data: ArrayBufferView | ArrayBuffer): Uint8Array {
  const [buffer, offset] = ArrayBuffer.isView(data) ? [data.buffer, data.byteOffset] : [data, 0];
  return new Uint8Array(buffer, offset, 4 * SHOWN_LENGTH);
}

function showText(text: string, redactor: Redactor): unknown {
  if (text.length > PARSED_LENGTH) return clip(redactor.text(text.slice(0, 4 * SHOWN_LENGTH)), text.length);
  const parsed = /^\s*[[{]/.test(text) ? parseOr(text) : undefined;
  return parsed === undefined ? redactor.text(text) : redactor.json(parsed);
}

function requestBodyText(body: unknown, redactor: Redactor): string {
  if (body === undefined || body === null) return '';
  if (body instanceof FormData) return `<form data: ${[...body.keys()].join(', ')}>`;
  if (body instanceof Blob) return `<${body.size} bytes>`;
  if (isReadable(body)) return '<stream>';
  if (ArrayBuffer.isView(body) || body instanceof ArrayBuffer) {
    const text = utf8(body);
    return text === undefined ? '<Decoding error>' : requestBodyText(text, redactor);
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

/** @param isCut - whether the last character may be incomplete */
function utf8(bytes: ArrayBufferView | ArrayBuffer, isCut = false): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes as Uint8Array, { stream: isCut });
  } catch {
    return undefined;
  }
}

function titleCase(name: string): string {
  return name.replace(/(^|-)[a-z]/g, (start) => start.toUpperCase());
}
