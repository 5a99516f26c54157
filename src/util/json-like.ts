const OPENING = /(\\{0,9})(["'])|[[{]/y;
const BRACKET_OR_QUOTE = /(\\{0,9})(["'])|[[\]{}]/g;

/** Where a value is. */
export interface Value {
  /** The quote around a string with the backslashes before it, `''` around a list or an object, undefined for a word. */
  readonly quote?: string;
  /** Where the text goes on behind it. */
  readonly end: number;
}

/**
 * Finds the end of a value in text that looks like JSON: whole, broken, or inside of other strings.
 *
 * @param word - matches a value that has neither quotes nor brackets
 */
export function readValue(text: string, from: number, word: RegExp): Value {
  const [opening, escapes = '', quote] = startsAt(OPENING, text, from) ?? [];
  if (opening === undefined) return { end: from + (startsAt(word, text, from)?.[0].length ?? 0) };
  if (quote === undefined) return { quote: '', end: endOfBrackets(text, from) };
  return { quote: opening, end: endOfString(text, from + opening.length, quote, escapes.length) };
}

/** @param escapes - the backslashes before each quote, which tell in how many strings the string itself is */
function endOfString(text: string, from: number, quote: string, escapes: number): number {
  let backslashes = 0;
  for (let at = from; at < text.length; at++) {
    if (text[at] === '\\') {
      backslashes++;
      continue;
    }
    if (text[at] === quote) {
      if (backslashes % (2 * escapes + 2) === escapes) return at + 1;
      // The string around this one ends, so this one was cut off.
      if (backslashes < escapes) return at - backslashes;
    }
    backslashes = 0;
  }
  return text.length;
}

function endOfBrackets(text: string, from: number): number {
  let depth = 0;
  BRACKET_OR_QUOTE.lastIndex = from;
  for (let match = BRACKET_OR_QUOTE.exec(text); match !== null; match = BRACKET_OR_QUOTE.exec(text)) {
    const [found, escapes = '', quote] = match;
    const behind = match.index + found.length;
    if (quote !== undefined) BRACKET_OR_QUOTE.lastIndex = endOfString(text, behind, quote, escapes.length);
    else depth += found === '[' || found === '{' ? 1 : -1;
    if (depth === 0) return behind;
  }
  return text.length;
}

/** Matches a sticky pattern at a place. */
export function startsAt(sticky: RegExp, text: string, from: number): RegExpExecArray | null {
  sticky.lastIndex = from;
  return sticky.exec(text);
}
