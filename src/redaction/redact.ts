import { escapeControls } from '../util/control-characters.js';
import { isObject } from '../util/guards.js';
import { type HeadersLike, headerEntries } from '../util/header-entries.js';
import { StringReplacer } from '../util/string-replacer.js';
import { redactText } from './redact-text.js';
import {
  canBeSecret,
  HIDDEN,
  isShownHeader,
  kindOf,
  kindOfHeader,
  placeholderFor,
  TOKEN,
} from './secret-names.js';
import { DEEPEST, type Secrets } from './secrets.js';

/**
 * The length from which a secret is replaced wherever a response repeats it. A shorter one is replaced as a whole word
 * only, unless it is an access code: a token such as `test` must not be replaced in `getTestRun`.
 */
const LONG = 8;

/** Header fields as shown: names in lower case, several values in a list. */
export type ShownHeaders = Record<string, string | string[]>;

/**
 * Replaces secrets in whatever is shown to a person: exception messages, log lines, inspected objects.
 *
 * It knows names that always carry a secret (a header, a JSON key, a query parameter), shapes that always are one (a JWT,
 * a bearer token, an EOS token), and the secrets that the exchange was sent with, in whatever spelling a response repeats
 * them. Each of the three misses some that another finds.
 */
export class Redactor {
  readonly #known: StringReplacer;

  /** @param secrets - strings that are secret themselves */
  constructor({ accessCodes = [], others = [] }: Partial<Pick<Secrets, 'accessCodes' | 'others'>> = {}) {
    this.#known = new StringReplacer({ anywhere: accessCodes, others, long: LONG });
  }

  /** Redacts text of any kind for a message or a log line: JSON whole or broken, HTML, a form, a stack trace. */
  text(text: string): string {
    return escapeControls(this.data(text));
  }

  /** Redacts text and leaves its control characters as they are. */
  data(text: string): string {
    return redactText(this.#known.replace(text, TOKEN));
  }

  /** Copies a JSON value with every secret in it replaced. Other values become JSON that is like them. */
  json(value: unknown, holders: readonly unknown[] = []): unknown {
    if (typeof value === 'string') return this.data(value);
    if (typeof value === 'number') return this.data(String(value)) === TOKEN ? TOKEN : value;
    if (typeof value === 'bigint') return this.data(String(value));
    if (typeof value === 'function' || typeof value === 'symbol') return undefined;
    if (!isObject(value)) return value;
    if (holders.length > DEEPEST || holders.includes(value)) return '…';
    const path = [...holders, value];
    if (Array.isArray(value)) return value.map((item) => this.json(item, path));
    const copy: Record<string, unknown> = {};
    for (const [key, item] of Object.entries(value)) {
      const kind = canBeSecret(item) ? kindOf(key) : undefined;
      // defineProperty, because a plain assignment to `__proto__` would not make a key.
      Object.defineProperty(copy, this.data(key), {
        value: kind === undefined ? this.json(item, path) : placeholderFor(kind),
        ...{ enumerable: true, writable: true, configurable: true },
      });
    }
    return copy;
  }

  /** Copies header fields. Only values of fields that are known to hold no credentials are shown. */
  headers(headers: HeadersLike | undefined): ShownHeaders {
    return Object.fromEntries(
      headerEntries(headers).map(([name, value]) => [
        this.data(name),
        Array.isArray(value) ? value.map((line) => this.#header(name, line)) : this.#header(name, value),
      ]),
    );
  }

  #header(name: string, value: string): string {
    const kind = kindOfHeader(name);
    if (kind === undefined) return isShownHeader(name) ? this.text(value) : HIDDEN;
    const shown = placeholderFor(kind);
    if (kind === 'set-cookie') return value.replace(/^([^=;]*)=[^;]*/, `$1=${shown}`);
    if (kind === 'authorization') return `${/^\w+(?=\s)/.exec(value)?.[0] ?? 'Bearer'} ${shown}`;
    return shown;
  }
}

/** Knows names and shapes only, for text that belongs to no exchange. */
export const redactor: Redactor = new Redactor();
