import { unescape as decodePercent } from 'node:querystring';
import { bytesOf, isObject } from '../util/guards.js';
import { type HeadersLike, headerEntries } from '../util/header-entries.js';
import { kindOf, kindOfHeader, kindOfPath, mayHoldSecret, type SecretKind } from './secret-names.js';

/** The request of an exception; `url` is absolute. */
export interface RequestInput {
  /** The method, in upper case or lower case. @defaultValue `'GET'` */
  readonly method?: string | undefined;
  /** The absolute URL, with its query. */
  readonly url?: string | undefined;
  /** The header fields. */
  readonly headers?: HeadersLike | undefined;
  /** The body: text, bytes, a form, or a value that is shown as JSON. */
  readonly data?: unknown;
  /** User name and password that the request was sent with; they are replaced where they are shown. */
  readonly auth?: { readonly username: string; readonly password: string } | undefined;
  /** The response that redirected to this request, whose secrets may be in its URL. */
  readonly redirectedBy?: Exchange | undefined;
}

/** A request, and the header fields of its response. */
export interface Exchange {
  readonly headers?: HeadersLike | undefined;
  readonly config?: RequestInput | undefined;
}

/** What lies deeper is left out: no response of the database is, and a hostile one must not exhaust the stack. */
export const DEEPEST = 100;
/** A longer body, in bytes or characters, is not searched: that would block the process. */
export const LONGEST_BODY: number = 8 * 1024 * 1024;
/** Longer text, in characters, is not a form. */
const LONGEST_FORM = 1_000_000;

/** The secrets that a request and its response were sent with, and those of the requests that were redirected to it. */
export class Secrets {
  readonly accessCodes: string[] = [];
  /** Tokens, passwords and cookies. */
  readonly others: string[] = [];

  constructor(exchange: Exchange) {
    for (let hop: Exchange | undefined = exchange; hop !== undefined; hop = hop.config?.redirectedBy)
      this.#addExchange(hop);
  }

  #addExchange({ headers, config: { url = '', auth, data, redirectedBy, ...request } = {} }: Exchange): void {
    for (const [name, value] of [...headerEntries(request.headers), ...headerEntries(headers)]) {
      const kind = kindOfHeader(name);
      if (kind !== undefined) for (const line of [value].flat()) this.#addHeader(kind, line);
    }
    const parsed = /[?@]/.test(url) && URL.canParse(url) ? new URL(url) : undefined;
    this.#addForm(parsed?.searchParams);
    this.#addBasic(
      auth?.username ?? decodePercent(parsed?.username ?? ''),
      auth?.password ?? decodePercent(parsed?.password ?? ''),
    );
    if (data === redirectedBy?.config?.data) return;
    try {
      this.#addBody(data);
    } catch {
      // A body that cannot be read is not shown either.
    }
  }

  #addBody(body: unknown): void {
    const bytes = bytesOf(body);
    if (body instanceof URLSearchParams || body instanceof FormData) this.#addForm(body);
    else if (typeof body === 'string') this.#addText(body);
    else if (bytes === undefined) this.#addMembers(body);
    else if (bytes.length <= LONGEST_BODY) this.#addText(new TextDecoder().decode(bytes));
  }

  #addText(text: string): void {
    if (text.length > LONGEST_BODY || !mayHoldSecret(text)) return;
    if (/^\s*[[{]/.test(text)) this.#addMembers(JSON.parse(text));
    else if (text.length < LONGEST_FORM) this.#addForm(new URLSearchParams(text));
  }

  #add(kind: SecretKind, secret: string): void {
    (kind === 'access code' ? this.accessCodes : this.others).push(secret);
  }

  #addHeader(kind: SecretKind, line: string): void {
    if (kind === 'authorization') this.#addAuthorization(line);
    else if (!kind.endsWith('cookie')) this.#add(kind, line);
    // What follows the first pair of a Set-Cookie are attributes.
    else
      for (const pair of line.split(';', kind === 'cookie' ? undefined : 1))
        this.#add(kind, cookieValue(pair));
  }

  #addAuthorization(line: string): void {
    const [, scheme = '', credentials = ''] = /^(?:(\w+)\s+)?(.*)$/s.exec(line) ?? [];
    this.#add('authorization', credentials);
    if (scheme.toLowerCase() !== 'basic') return;
    const [, password = ''] = /^[^:]*:(.*)$/s.exec(Buffer.from(credentials, 'base64').toString()) ?? [];
    this.#add('authorization', password);
  }

  /** The password, and the header that it is sent in. */
  #addBasic(username: string, password: string): void {
    if (username + password === '') return;
    this.others.push(password, Buffer.from(`${username}:${password}`).toString('base64'));
  }

  #addForm(form: Iterable<[string, unknown]> = []): void {
    for (const [name, value] of form) {
      const kind = kindOfPath(name);
      if (kind !== undefined && typeof value === 'string') this.#add(kind, value);
    }
  }

  /** @param inherited - the kind of what lies around, for all that is under the name of a secret is one */
  #addMembers(value: unknown, inherited?: SecretKind, depth = 0, seen: Set<unknown> = new Set()): void {
    if (inherited !== undefined && (typeof value === 'string' || typeof value === 'number'))
      this.#add(inherited, String(value));
    if (!isObject(value) || ArrayBuffer.isView(value) || depth > DEEPEST || seen.has(value)) return;
    seen.add(value);
    for (const [key, item] of Object.entries(value))
      this.#addMembers(item, inherited ?? kindOf(key), depth + 1, seen);
  }
}

function cookieValue(pair: string): string {
  return pair
    .slice(pair.indexOf('=') + 1)
    .trim()
    .replace(/^"|"$/g, '');
}
