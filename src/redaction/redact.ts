import { isObject } from '../util/guards.js';
import { type HeadersLike, headerEntries } from './header-entries.js';
import { redactText } from './redact-text.js';
import { canBeSecret, kindOf, placeholderFor, TOKEN } from './secret-names.js';
import { DEEPEST, type SecretiveExchange, Secrets } from './secrets.js';

/**
 * A secret of the exchange is replaced wherever an answer repeats it, if it has at least 8 characters or is an access
 * code. A shorter one is replaced as a whole word only, or else a token such as `test` would blacken `getTestRun`; one
 * of less than 4 characters only where a name says that it is secret.
 */
const LONG = 8;
const SHORTEST = 4;

/** What JSON and URLs leave as it is. */
const SPELT_THE_SAME = /^[\w.~-]+$/;

/** Header fields as shown: names in lower case, several values in a list. */
export type ShownHeaders = Record<string, string | string[]>;

/**
 * Takes secrets out of whatever is shown to a person: exception messages, log lines, inspected objects.
 *
 * Three nets, because each has holes of its own: names that always carry a secret (a header, a JSON key, a query
 * parameter), shapes that always are one (a JWT, a bearer, an EOS token), and the very strings that the exchange
 * at hand was sent with, wherever an answer echoes them.
 */
export class Redactor {
  readonly #strings: readonly string[];
  readonly #words: readonly (readonly [string, RegExp])[];

  /** @param secrets - strings that are secret themselves, to be found in any spelling */
  constructor({ accessCodes = [], others = [] }: Partial<Secrets> = {}) {
    const isLong = (secret: string): boolean => secret.length >= LONG;
    this.#strings = spellingsOf([...accessCodes, ...others.filter(isLong)]);
    const words = spellingsOf(others.filter((secret) => !isLong(secret)));
    this.#words = words.map((word) => [word, wholeWord(word)]);
  }

  /** A redactor that also knows the secrets that exchanges carried in their headers and their request bodies. */
  static forExchange(...exchanges: readonly SecretiveExchange[]): Redactor {
    const secrets = new Secrets();
    for (const exchange of exchanges) secrets.add(exchange);
    return new Redactor(secrets);
  }

  /** Redacts free text of any kind: JSON whole or broken, HTML, a form, a stack trace. */
  text(text: string): string {
    let rest = text;
    for (const string of this.#strings) rest = rest.replaceAll(string, TOKEN);
    for (const [word, pattern] of this.#words) if (rest.includes(word)) rest = rest.replace(pattern, TOKEN);
    return redactText(rest);
  }

  /** Copies a JSON value with every secret in it replaced. Of what is no JSON it makes some that is like it. */
  json(value: unknown, holders: readonly unknown[] = []): unknown {
    if (typeof value === 'string') return this.text(value);
    if (typeof value === 'number') return this.text(String(value)) === TOKEN ? TOKEN : value;
    if (typeof value === 'bigint') return this.text(String(value));
    if (typeof value === 'function' || typeof value === 'symbol') return undefined;
    if (!isObject(value)) return value;
    if (holders.length > DEEPEST || holders.includes(value)) return '…';
    const path = [...holders, value];
    if (Array.isArray(value)) return value.map((item) => this.json(item, path));
    const copy: Record<string, unknown> = {};
    for (const [key, item] of Object.entries(value)) {
      const kind = canBeSecret(item) ? kindOf(key) : undefined;
      // defineProperty, because a plain assignment to `__proto__` would not make a key.
      Object.defineProperty(copy, this.text(key), {
        value: kind === undefined ? this.json(item, path) : placeholderFor(kind),
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
    const kind = kindOf(name);
    if (kind === undefined) return this.text(value);
    const shown = placeholderFor(kind);
    if (kind === 'set-cookie') return value.replace(/^([^=;]*)=[^;]*/, `$1=${shown}`);
    if (kind === 'authorization') return `${/^\w+(?=\s)/.exec(value)?.[0] ?? 'Bearer'} ${shown}`;
    return shown;
  }
}

/** For what no exchange is at hand: names and shapes only. */
export const redactor: Redactor = new Redactor();

/** In which ways secrets may be written in JSON and URLs; the longest first, for one may be a part of another. */
export function spellingsOf(secrets: readonly string[]): string[] {
  const spellings = new Set<string>();
  for (const secret of secrets) {
    if (secret.length < SHORTEST) continue;
    spellings.add(secret);
    if (SPELT_THE_SAME.test(secret)) continue;
    const wellFormed = Buffer.from(secret).toString();
    const inJson = JSON.stringify(secret).slice(1, -1);
    // PHP and others write a slash so.
    spellings.add(inJson).add(inJson.replaceAll('/', '\\/')).add(encodeURIComponent(wellFormed));
  }
  return [...spellings].sort((a, b) => b.length - a.length);
}

/** Writes a text as a pattern that matches nothing else. */
function escapeRegExp(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
}

/** Finds a word that is no part of a longer one; `%20` and `\n` are no letters. */
function wholeWord(word: string): RegExp {
  const letter = '[\\p{L}\\p{N}_]';
  return new RegExp(
    `(?:(?<!${letter})|(?<=%[\\dA-Fa-f]{2}|\\\\[bfnrt]))${escapeRegExp(word)}(?!${letter})`,
    'gu',
  );
}
