import { readValue, startsAt } from '../util/json-like.js';
import { kindOf, kindOfPath, mayHoldSecret, placeholderFor, type SecretKind, TOKEN } from './secret-names.js';

/*
 * Every pattern here is linear: it can start only once in a run of characters that it might go through, or what it goes
 * through is bounded, or it matches once it has started.
 */

/**
 * The start of `"name": value`, `name=value` or `name: value`. The name may have escapes of JSON or of URLs in it, and
 * brackets, as in `name[0]` and `name%5B%5D`.
 */
const PAIR =
  /(?<![\w\-%\\\]])((?:[\w-]|\\{1,9}(?:u[\da-f]{4}|[bfnrt])|%[\da-f]{2}|\[[\w-]{0,40}\]){1,200})(\\{0,9}["'])?(\s{0,99}(?::|=>?)\s{0,99})/gi;
const ESCAPE = /\\+u([\da-f]{4})|%([\da-f]{2})|\\+[bfnrt]/gi;
/** A name that is also a word of the language, so that a colon behind it may belong to a sentence. */
const ORDINARY_WORD = /^(?:tokens?|secrets?|passwords?|bearer|authorization|cookie)$/i;
/** What makes a secret of what follows such a word: quotes, brackets, or a word of 8 characters with a digit in it. */
const LIKE_A_SECRET = /\\{0,9}["']|[[{]|(?=[^&#;\s"'<>,()[\]{}]{8})[^&#;\s"'<>,()[\]{}\d]{0,99}\d/y;
const NO_SECRET = /^(?:null|none|nil|undefined|true|false)?$/i;

/** Known secrets in it have been replaced before. */
const WORD_OF_FORM = /(?:<TOKEN>|[^&#;\s"'<])*/y;
const WORD_OF_TEXT = /[^&#;\s"'<>,()[\]{}]*/y;

const ELEMENT = /<((?:[\w-]{1,99}:)?([\w-]{1,200}))((?:\s[^<>]{0,200})?>)[^<]+(<\\{0,9}\/\1)/g;
const BEARER = /\b(Bearer)\s{1,9}[A-Za-z0-9._~+/=-]{4,}/gi;
const JWT = /(?<![\w-])(?=[\w-]+\.[\w-])([\w-]*?)eyJ[\w-]{4,}(?:\.[\w-]*)+/g;
const EOS_TOKEN = /\bzteos64(?::|%3A)[\w+/=%-]+/gi;
const URL_USERINFO = /(:\/\/)[^/?#\s"']*@/g;

/** Takes out of a text what a name or a shape gives away as secret: JSON whole or broken, HTML, a form, a stack trace. */
export function redactText(text: string): string {
  if (!mayHoldSecret(text)) return text;
  return redactPairs(text)
    .replace(ELEMENT, (element, tag: string, name: string, attributes: string, end: string) => {
      const kind = kindOf(name);
      return kind === undefined ? element : `<${tag}${attributes}${placeholderFor(kind)}${end}`;
    })
    .replace(BEARER, `$1 ${TOKEN}`)
    .replace(JWT, `$1${TOKEN}`)
    .replace(EOS_TOKEN, TOKEN)
    .replace(URL_USERINFO, '$1<CREDENTIALS>@');
}

function redactPairs(text: string): string {
  let shown = '';
  let done = 0;
  for (const { index, 0: start, 1: name = '', 2: quote, 3: separator = '' } of text.matchAll(PAIR)) {
    // The last part of a quoted name, such as that of an error's key, is no name.
    const isPart = quote !== undefined && text[index - 1] !== quote.at(-1);
    const kind = index < done || isPart ? undefined : kindOfEscaped(name);
    if (kind === undefined) continue;
    const from = index + start.length;
    const isProse = quote === undefined && separator !== '=' && ORDINARY_WORD.test(name);
    if (isProse && !startsAt(LIKE_A_SECRET, text, from)) continue;
    const value = readValue(text, from, separator === '=' ? WORD_OF_FORM : WORD_OF_TEXT);
    if (value.quote === undefined && NO_SECRET.test(text.slice(from, value.end))) continue;
    const around = value.quote ?? '';
    shown += text.slice(done, from) + around + placeholderFor(kind) + around;
    done = value.end;
  }
  return shown + text.slice(done);
}

function kindOfEscaped(name: string): SecretKind | undefined {
  if (/^[\w-]+$/.test(name)) return kindOf(name);
  const plain = name.replace(ESCAPE, (_, utf16?: string, byte?: string) =>
    String.fromCharCode(Number.parseInt(utf16 ?? byte ?? '20', 16)),
  );
  return kindOfPath(plain);
}
