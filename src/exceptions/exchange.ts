import { type HeadersLike, headerEntries, Redactor, type ShownHeaders } from '../redact.js';

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
}

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
const PARSED_LENGTH = 8 * 1024 * 1024;

/** A redactor that knows the secrets of this exchange. */
export function redactorFor(input: ResponseInput): Redactor {
  return Redactor.forExchange({
    requestHeaders: input.config?.headers,
    requestBody: input.config?.data,
    url: input.config?.url,
    auth: input.config?.auth,
    responseHeaders: input.headers,
  });
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
  redactor: Redactor = Redactor.forExchange({ requestHeaders: input.headers, requestBody: input.data }),
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
  if (ArrayBuffer.isView(data) || data instanceof ArrayBuffer) {
    const text = utf8(data);
    return text === undefined ? data : showText(text, redactor);
  }
  if (isStream(data)) return '<stream>';
  return redactor.json(data);
}

function showText(text: string, redactor: Redactor): unknown {
  if (text.length > PARSED_LENGTH) return clip(redactor.text(text.slice(0, 4 * SHOWN_LENGTH)), text.length);
  const parsed = /^\s*[[{]/.test(text) ? parseOr(text) : undefined;
  return parsed === undefined ? redactor.text(text) : redactor.json(parsed);
}

function requestBodyText(body: unknown, redactor: Redactor): string {
  if (body === undefined || body === null) return '';
  if (body instanceof FormData) return `<form data: ${[...body.keys()].join(', ')}>`;
  if (isStream(body)) return '<stream>';
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

function utf8(bytes: ArrayBufferView | ArrayBuffer): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes as Uint8Array);
  } catch {
    return undefined;
  }
}

function isStream(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'pipe' in value && typeof value.pipe === 'function';
}

function titleCase(name: string): string {
  return name.replace(/(^|-)[a-z]/g, (start) => start.toUpperCase());
}
