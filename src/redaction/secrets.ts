import { isObject } from '../util/guards.js';
import { type HeadersLike, headerEntries } from '../util/header-entries.js';
import { kindOf, kindOfHeader, kindOfPath, mayHoldSecret, type SecretKind } from './secret-names.js';

export interface BasicCredentials {
  readonly username: string;
  readonly password: string;
}

/** What an exchange was sent with and answered with, as far as there may be secrets in it. */
export interface SecretiveExchange {
  readonly requestHeaders?: HeadersLike | undefined;
  readonly requestBody?: unknown;
  readonly url?: string | undefined;
  readonly auth?: BasicCredentials | undefined;
  readonly responseHeaders?: HeadersLike | undefined;
}

/** What lies deeper is left out: no answer of the database is, and a hostile one must not exhaust the stack. */
export const DEEPEST = 100;
/** Longer text, in characters, is not a form. */
const LONGEST_FORM = 1_000_000;

/** The secrets that one or several exchanges carried. */
export class Secrets {
  readonly accessCodes: string[] = [];
  /** Tokens, passwords and cookies. */
  readonly others: string[] = [];

  /** Adds what is secret in the headers, the URL, the credentials and the request body of an exchange. */
  add({ requestHeaders, requestBody, url = '', auth, responseHeaders }: SecretiveExchange): void {
    for (const [name, value] of [...headerEntries(requestHeaders), ...headerEntries(responseHeaders)]) {
      const kind = kindOfHeader(name);
      if (kind !== undefined) for (const line of [value].flat()) this.#addHeader(kind, line);
    }
    const parsed = /[?@]/.test(url) && URL.canParse(url) ? new URL(url) : undefined;
    this.#addBasic(auth ?? userinfoOf(parsed));
    this.#addForm(parsed?.searchParams);
    try {
      this.#addBody(requestBody);
    } catch {
      // A body that cannot be read is not shown either.
    }
  }

  #addBody(body: unknown): void {
    if (body instanceof URLSearchParams || body instanceof FormData) this.#addForm(body);
    else if (ArrayBuffer.isView(body)) this.#addText(new TextDecoder().decode(body as Uint8Array));
    else if (typeof body === 'string') this.#addText(body);
    else this.#addMembers(body);
  }

  #addText(text: string): void {
    if (!mayHoldSecret(text)) return;
    if (/^\s*[[{]/.test(text)) this.#addMembers(JSON.parse(text));
    else if (text.length < LONGEST_FORM) this.#addForm(new URLSearchParams(text));
  }

  #add(kind: SecretKind, secret: string): void {
    (kind === 'access code' ? this.accessCodes : this.others).push(secret);
  }

  #addHeader(kind: SecretKind, line: string): void {
    if (kind === 'authorization') this.#addAuthorization(line);
    else if (kind === 'cookie') for (const pair of line.split(';')) this.#add(kind, cookieValue(pair));
    // What follows are attributes.
    else if (kind === 'set-cookie') this.#add(kind, cookieValue(line.split(';', 1)[0] ?? ''));
    else this.#add(kind, line);
  }

  #addAuthorization(line: string): void {
    const credentials = line.replace(/^\w+\s+/, '');
    this.#add('authorization', credentials);
    if (!/^basic\s/i.test(line)) return;
    const [, password = ''] = /^[^:]*:(.*)$/s.exec(Buffer.from(credentials, 'base64').toString()) ?? [];
    this.#add('authorization', password);
  }

  /** The password, and the header that it is sent in. */
  #addBasic({ username, password }: BasicCredentials): void {
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

function userinfoOf(url: URL | undefined): BasicCredentials {
  const { username = '', password = '' } = url ?? {};
  try {
    return { username: decodeURIComponent(username), password: decodeURIComponent(password) };
  } catch {
    return { username, password };
  }
}
