import { escapeControls } from '../../util/control-characters.js';
import { isObject } from '../../util/guards.js';

/** Text that is markup already: only {@link html} and {@link trusted} make it. */
export class Html {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  toString(): string {
    return this.#text;
  }
}

/** A value in a template: text is escaped, lists are joined, null and undefined are left out. */
export type Part = Html | string | number | null | undefined | readonly Part[];

/**
 * Makes markup of a template: HTML or SVG. The texts that are put into it are escaped.
 *
 * ```ts
 * html`<p title="${title}">${text}</p>`;
 * ```
 */
export function html(strings: TemplateStringsArray, ...parts: readonly Part[]): Html {
  return new Html(
    strings.map((string, index) => string + (index < parts.length ? write(parts[index]) : '')).join(''),
  );
}

/** Takes a text for markup as it is: never one that came from the database. */
export function trusted(text: string): Html {
  return new Html(text);
}

function write(part: unknown): string {
  if (part === null || part === undefined) return '';
  if (part instanceof Html) return part.toString();
  if (Array.isArray(part)) return part.map(write).join('');
  // Where the database should have sent a text, it can have sent anything.
  return escapeMarkup(isObject(part) ? JSON.stringify(part) : String(part));
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
  '`': '&#96;',
};

/** Escapes text for markup, also for attributes in quotes. Characters that are not visible are shown. */
function escapeMarkup(text: string): string {
  return escapeControls(text)
    .replace(/[\ufffe\uffff]/g, '\ufffd')
    .replace(/[&<>"'`]/g, (character) => ENTITIES[character] as string);
}
