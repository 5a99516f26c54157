import { escapeControls } from '../../util/control-characters.js';

/** Whether texts for a stream are coloured: on a terminal, unless the environment says otherwise. */
export function isColoured(stream: { readonly isTTY?: boolean }): boolean {
  const { FORCE_COLOR, NO_COLOR, TERM } = process.env;
  if (FORCE_COLOR !== undefined && FORCE_COLOR !== '') return !/^(?:0|false)$/.test(FORCE_COLOR);
  return stream.isTTY === true && !NO_COLOR && TERM !== 'dumb';
}

/** Makes texts for a terminal bold or coloured. */
export interface Style {
  readonly bold: (text: string) => string;
  readonly dim: (text: string) => string;
  readonly red: (text: string) => string;
  readonly green: (text: string) => string;
}

/** An escape sequence that makes a text bold or coloured. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: it starts with one
const COLOUR = /(\u001b\[\d{1,2}m)/;

/** Escapes control characters, which could move the cursor or change the terminal. The colours of this program stay. */
export function escapeText(text: string): string {
  return text
    .split(COLOUR)
    .map((part, index) => (index % 2 === 1 ? part : escapeControls(part)))
    .join('');
}

/** Returns functions that make texts bold or coloured or, if it is off, return them as they are. */
export function createStyle(isOn: boolean): Style {
  const by =
    (start: number, end: number) =>
    (text: string): string =>
      isOn ? `\u001b[${start}m${text}\u001b[${end}m` : text;
  return { bold: by(1, 22), dim: by(2, 22), red: by(31, 39), green: by(32, 39) };
}

/** Formats a number and what is counted: `1 request`, `28,113 requests`. */
export function formatCounted(count: number, noun: string): string {
  return `${formatCount(count)} ${noun}${count === 1 ? '' : 's'}`;
}

/** Formats a number with commas: `28,113`. */
export function formatCount(count: number): string {
  return count.toLocaleString('en');
}
