import { textOf } from './message-of.js';

/**
 * Takes secrets out of whatever is shown to a person: exception messages, log lines, inspected objects.
 *
 * Three nets, because each has holes of its own: names that always carry a secret (a header, a JSON key, a query
 * parameter), shapes that always are one (a JWT, a bearer, an EOS token), and the very strings that the exchange
 * at hand was sent with, wherever an answer echoes them.
 */

const TOKEN = '<TOKEN>';
const ACCESS_CODE = '<ACCESS_CODE>';
const COOKIE = '<COOKIE>';

const ACCESS_CODE_NAME = 'access[_-]?code[_-]?[12]?';
const TOKEN_NAME =
  '[a-z0-9_-]{0,40}token|[a-z0-9_-]{0,40}secret|[a-z0-9_-]{0,40}api[_-]?key|bearer|password|passwd|authz|(?:proxy-)?authorization';
const SECRET_NAME = `${ACCESS_CODE_NAME}|${TOKEN_NAME}`;

const IS_ACCESS_CODE_NAME = new RegExp(`^(?:${ACCESS_CODE_NAME})$`, 'i');
const IS_SECRET_NAME = new RegExp(`^(?:${SECRET_NAME})$`, 'i');

/** `"name": "value"`, also inside a JSON string (`\"name\":\"value\"`), also cut off before the closing quote. */
const QUOTED_PAIR = new RegExp(
  `(\\\\{0,9}["'])(${SECRET_NAME})\\1(\\s{0,99}:\\s{0,99})\\\\{0,9}"(?:\\\\.|[^"\\\\])*(?:"|$)`,
  'gis',
);
/** `name=value` of a query string or a form. */
const FORM_PAIR = new RegExp(`(^|[?&;\\s])(${SECRET_NAME})=([^&#;\\s"'<]+)`, 'gi');
const BEARER = /\b(Bearer)\s{1,9}[A-Za-z0-9._~+/=-]{4,}/gi;
const JWT = /\beyJ[\w-]{4,}\.[\w-]+(?:\.[\w-]*)*/g;
const EOS_TOKEN = /\bzteos64:[\w+/=-]+/g;
const URL_USERINFO = /(:\/\/)[^/?#\s"']*@/g;

/** Shorter ones would blacken ordinary words, and are no secret. */
const SHORTEST_LITERAL = 4;
const SHORTEST_COOKIE = 8;
/** What lies deeper is left out: no answer of the database is, and a hostile one must not exhaust the stack. */
const DEEPEST = 100;
/** How many texts a redactor remembers, and how long the longest of them is. */
const [MOST_KNOWN, LONGEST_KNOWN] = [500, 500];

interface BasicCredentials {
  readonly username: string;
  readonly password: string;
}

/** Header fields as any of the shapes that axios, `node:http` and callers use. */
export type HeadersLike = object;
/** Header fields as shown: names in lower case, several values in a list. */
export type ShownHeaders = Record<string, string | string[]>;

/** Lists the fields of any header container as `[lower-case name, value]`. */
export function headerEntries(headers: HeadersLike | undefined): [string, string | string[]][] {
  if (headers === undefined) return [];
  const plain = 'toJSON' in headers && typeof headers.toJSON === 'function' ? headers.toJSON() : headers;
  return Object.entries(plain as Record<string, unknown>)
    .filter(([, value]) => value !== undefined && value !== null && value !== false)
    .map(([name, value]) => [name.toLowerCase(), Array.isArray(value) ? value.map(textOf) : textOf(value)]);
}

export class Redactor {
  readonly #literals: readonly string[];
  readonly #known = new Map<string, string>();

  /** @param literals - strings that are secret themselves, to be found in any spelling */
  constructor(literals: Iterable<string> = []) {
    const spellings = new Set<string>();
    for (const literal of literals) {
      if (literal.length < SHORTEST_LITERAL) continue;
      const wellFormed = Buffer.from(literal).toString();
      spellings.add(literal).add(JSON.stringify(literal).slice(1, -1)).add(encodeURIComponent(wellFormed));
    }
    this.#literals = [...spellings].sort((a, b) => b.length - a.length);
  }

  /** A redactor that also knows the secrets that one exchange carried in its headers and its request body. */
  static forExchange(exchange: {
    requestHeaders?: HeadersLike | undefined;
    requestBody?: unknown;
    url?: string | undefined;
    auth?: BasicCredentials | undefined;
    responseHeaders?: HeadersLike | undefined;
  }): Redactor {
    const literals = basicSecrets(exchange.auth ?? userinfoOf(exchange.url));
    for (const [name, value] of [
      ...headerEntries(exchange.requestHeaders),
      ...headerEntries(exchange.responseHeaders),
    ]) {
      const values = [value].flat();
      if (/^(?:proxy-)?authorization$/.test(name))
        literals.push(...values.map((v) => v.replace(/^\w+\s+/, '')));
      else if (IS_SECRET_NAME.test(name)) literals.push(...values);
      else if (/^(?:set-)?cookie$/.test(name)) literals.push(...values.flatMap(cookieValues));
    }
    try {
      collectSecrets(parsedJson(exchange.requestBody), literals);
    } catch {
      // What cannot be read is not shown either.
    }
    return new Redactor(literals);
  }

  /** Redacts free text of any kind: JSON whole or broken, HTML, a form, a stack trace. */
  text(text: string): string {
    // Header values and URLs come again and again.
    if (text.length > LONGEST_KNOWN) return this.#redact(text);
    const known = this.#known.get(text);
    if (known !== undefined) return known;
    if (this.#known.size >= MOST_KNOWN) this.#known.clear();
    const redacted = this.#redact(text);
    this.#known.set(text, redacted);
    return redacted;
  }

  #redact(text: string): string {
    return this.#literals
      .reduce((rest, literal) => rest.replaceAll(literal, TOKEN), text)
      .replace(
        QUOTED_PAIR,
        (_, quote, name, colon) => `${quote}${name}${quote}${colon}"${placeholderFor(name)}"`,
      )
      .replace(FORM_PAIR, (_, before, name) => `${before}${name}=${placeholderFor(name)}`)
      .replace(BEARER, `$1 ${TOKEN}`)
      .replace(JWT, TOKEN)
      .replace(EOS_TOKEN, TOKEN)
      .replace(URL_USERINFO, '$1<CREDENTIALS>@');
  }

  /** Copies a JSON value with every secret in it replaced. Of what is no JSON it makes some that is like it. */
  json(value: unknown, holders: readonly unknown[] = []): unknown {
    if (typeof value === 'string') return this.text(value);
    if (typeof value === 'bigint') return String(value);
    if (typeof value === 'function' || typeof value === 'symbol') return undefined;
    if (value === null || typeof value !== 'object') return value;
    if (holders.length > DEEPEST || holders.includes(value)) return '…';
    const path = [...holders, value];
    if (Array.isArray(value)) return value.map((item) => this.json(item, path));
    const copy: Record<string, unknown> = {};
    for (const [key, item] of Object.entries(value)) {
      const shown =
        IS_SECRET_NAME.test(key) && isFilledString(item) ? placeholderFor(key) : this.json(item, path);
      // defineProperty, because a plain assignment to `__proto__` would not make a key.
      Object.defineProperty(copy, this.text(key), {
        value: shown,
        enumerable: true,
        writable: true,
        configurable: true,
      });
    }
    return copy;
  }

  /** Copies header fields with credentials and cookies replaced. */
  headers(headers: HeadersLike | undefined): ShownHeaders {
    return Object.fromEntries(
      headerEntries(headers).map(([name, value]) => [
        name,
        Array.isArray(value) ? value.map((v) => this.#header(name, v)) : this.#header(name, value),
      ]),
    );
  }

  #header(name: string, value: string): string {
    if (name === 'cookie') return COOKIE;
    if (name === 'set-cookie') return value.replace(/^([^=;]*)=[^;]*/, `$1=${COOKIE}`);
    if (/^(?:proxy-)?authorization$/.test(name))
      return `${/^\w+(?=\s)/.exec(value)?.[0] ?? 'Bearer'} ${TOKEN}`;
    return IS_SECRET_NAME.test(name) ? placeholderFor(name) : this.text(value);
  }
}

/** For what no exchange is at hand: names and shapes only. */
export const redactor: Redactor = new Redactor();

function placeholderFor(name: string): string {
  return IS_ACCESS_CODE_NAME.test(name) ? ACCESS_CODE : TOKEN;
}

function isFilledString(value: unknown): boolean {
  return typeof value === 'string' && value !== '';
}

function cookieValues(header: string): string[] {
  return header
    .split(';')
    .map((pair) => pair.slice(pair.indexOf('=') + 1).trim())
    .filter((value) => value.length >= SHORTEST_COOKIE);
}

/** The password, and the header that it is sent in. */
function basicSecrets({ username, password }: BasicCredentials): string[] {
  if (username + password === '') return [];
  return [password, Buffer.from(`${username}:${password}`).toString('base64')];
}

function userinfoOf(url = ''): BasicCredentials {
  const { username, password } = URL.canParse(url) ? new URL(url) : { username: '', password: '' };
  try {
    return { username: decodeURIComponent(username), password: decodeURIComponent(password) };
  } catch {
    return { username, password };
  }
}

function parsedJson(body: unknown): unknown {
  if (typeof body !== 'string') return body;
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}

function collectSecrets(value: unknown, into: string[], depth = 0, seen: Set<unknown> = new Set()): void {
  if (value === null || typeof value !== 'object' || ArrayBuffer.isView(value) || depth > DEEPEST) return;
  if (seen.has(value)) return;
  seen.add(value);
  for (const [key, item] of Object.entries(value)) {
    if (typeof item === 'string') {
      if (IS_SECRET_NAME.test(key)) into.push(item);
    } else collectSecrets(item, into, depth + 1, seen);
  }
}
