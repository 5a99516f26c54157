/** A text with its escapes decoded. */
export interface DecodedText {
  readonly text: string;
  /** Where in the source each character comes from. The last entry is the length of the source. */
  readonly origins: Uint32Array;
}

/** The most times that a text is decoded: JSON in a form in a page of HTML. */
const LEVELS = 3;

/**
 * An escape of JSON and JavaScript with any number of backslashes, percent-encoding, or a character reference of HTML. A
 * `+` is the space of a form.
 */
const ESCAPE =
  /\\+(?:u([\da-f]{4})|x([\da-f]{2})|([^%&+]|$))|%u([\da-f]{4})|(%[c-f][\da-f](?:%[89ab][\da-f]){1,3})|%([\da-f]{2})|&#x([\da-f]{1,6});|&#(\d{1,7});|&([a-z]{2,9});|\+/gi;

const ESCAPED: Readonly<Record<string, string>> = { b: '\b', f: '\f', n: '\n', r: '\r', t: '\t' };
const ENTITIES: Readonly<Record<string, string>> = Object.assign(Object.create(null), {
  ...{ amp: '&', lt: '<', gt: '>', quot: '"', apos: "'", nbsp: '\u00a0', sol: '/', plus: '+', equals: '=' },
  ...{
    excl: '!',
    num: '#',
    dollar: '$',
    percnt: '%',
    lpar: '(',
    rpar: ')',
    ast: '*',
    comma: ',',
    colon: ':',
  },
  ...{ semi: ';', quest: '?', commat: '@', lsqb: '[', bsol: '\\', rsqb: ']', lowbar: '_', szlig: 'ß' },
});
/** A letter and the name of what is above or below it, such as `auml`. */
const ACCENTED = /^([a-z])(acute|grave|circ|tilde|uml|ring|cedil)$/i;
const ACCENTS: Readonly<Record<string, string>> = {
  ...{ acute: '\u0301', grave: '\u0300', circ: '\u0302', tilde: '\u0303', uml: '\u0308', ring: '\u030a' },
  cedil: '\u0327',
};

/** Decodes a text once, twice, and so on, as long as there is something in it to decode. */
export function decodings(source: string): DecodedText[] {
  const results: DecodedText[] = [];
  for (let text = source; results.length < LEVELS; ) {
    const next = decodeOnce(text, results.at(-1)?.origins);
    if (next === undefined) break;
    results.push(next);
    text = next.text;
  }
  return results;
}

function decodeOnce(source: string, before: Uint32Array | undefined): DecodedText | undefined {
  if (!/[\\%&+]/.test(source)) return undefined;
  const origins = new Uint32Array(source.length + 1);
  const pieces: string[] = [];
  let done = 0;
  let length = 0;
  const copyUntil = (end: number): void => {
    pieces.push(source.slice(done, end));
    for (; done < end; done++) origins[length++] = before?.[done] ?? done;
  };
  for (const match of source.matchAll(ESCAPE)) {
    const decoded = decodeEscape(match);
    if (decoded === undefined) continue;
    copyUntil(match.index);
    pieces.push(decoded);
    for (let i = 0; i < decoded.length; i++) origins[length++] = before?.[done] ?? done;
    done = match.index + match[0].length;
  }
  if (done === 0) return undefined;
  copyUntil(source.length);
  origins[length] = before?.[done] ?? done;
  return { text: pieces.join(''), origins };
}

function decodeEscape(match: readonly (string | undefined)[]): string | undefined {
  const [, utf16, byte, escaped, percentUtf16, utf8, percentByte, hex, decimal, entity] = match;
  const code = utf16 ?? byte ?? percentUtf16 ?? percentByte;
  if (code !== undefined) return String.fromCharCode(Number.parseInt(code, 16));
  if (escaped !== undefined) return ESCAPED[escaped] ?? escaped;
  if (utf8 !== undefined) return decodeUtf8(utf8);
  if (entity !== undefined) return decodeEntity(entity);
  const point = hex === undefined ? Number(decimal ?? 32) : Number.parseInt(hex, 16);
  return point <= 0x10ffff ? String.fromCodePoint(point) : undefined;
}

/** What is not UTF-8 is Latin-1. */
function decodeUtf8(encoded: string): string {
  try {
    return decodeURIComponent(encoded);
  } catch {
    return Buffer.from(encoded.replaceAll('%', ''), 'hex').toString('latin1');
  }
}

function decodeEntity(name: string): string | undefined {
  const [, letter, accent = ''] = ACCENTED.exec(name) ?? [];
  if (letter !== undefined) return `${letter}${ACCENTS[accent.toLowerCase()]}`.normalize('NFC');
  return ENTITIES[name.toLowerCase()];
}
