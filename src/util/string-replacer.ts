import { decodings } from './decode-text.js';
import { SHORTEST, StringFinder } from './string-finder.js';

/** The strings to be replaced. One of less than 4 characters is left out. */
export interface Replaced {
  /** Replaced wherever they are. */
  readonly anywhere: readonly string[];
  /** Replaced wherever they are if they are long, else as whole words. */
  readonly others: readonly string[];
  /** The length from which a string is long. */
  readonly long: number;
}

/** Replaces strings in texts, also where they are spelled with the escapes of JSON, URLs, forms or HTML. */
export class StringReplacer {
  readonly #finder: StringFinder | undefined;

  constructor({ anywhere, others, long }: Replaced) {
    const strings = new Map<string, boolean>();
    for (const spelling of others.flatMap(spellings)) strings.set(spelling, spelling.length < long);
    for (const spelling of anywhere.flatMap(spellings)) strings.set(spelling, false);
    if (strings.size > 0) this.#finder = new StringFinder(strings);
  }

  /** The text is searched as it is, and decoded once, twice and so on. */
  replace(text: string, replacement: string): string {
    if (this.#finder === undefined) return text;
    const ranges: Range[] = [];
    this.#finder.find(text, (start, end) => ranges.push([start, end]));
    for (const { text: decoded, origins } of decodings(text))
      this.#finder.find(decoded, (start, end) =>
        ranges.push([origins[start] as number, origins[end] as number]),
      );
    return replaceRanges(text, ranges, replacement);
  }
}

type Range = readonly [start: number, end: number];

/** A string as it is, and as decoding leaves it where there are escapes or a `+` in the string itself. */
function spellings(string: string): string[] {
  return [string, ...decodings(string).map(({ text }) => text)].filter(({ length }) => length >= SHORTEST);
}

/** Replaces each range, and ranges that overlap together. */
function replaceRanges(text: string, ranges: Range[], replacement: string): string {
  let result = '';
  let done = 0;
  for (const [start, end] of ranges.sort(([a], [b]) => a - b)) {
    if (start >= done) result += text.slice(done, start) + replacement;
    done = Math.max(done, end);
  }
  return result + text.slice(done);
}
