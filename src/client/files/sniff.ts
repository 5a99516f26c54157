/** The number of bytes at the start of a file that {@link sniff} looks at. More make no difference. */
export const SNIFF_LENGTH = 4100;

const BINARY = 'application/octet-stream';
/** Formats whose first bytes are text. The rest of these files need not be. */
const BINARY_FORMATS = /^(?:%PDF-|%!PS|GIF8[79]a|SIMPLE {2}=|P[1-6]\s|\{\\rtf)/;
/** Formats that the library does not know. Comments are removed before. */
const MORE_FORMATS: readonly (readonly [RegExp, string])[] = [
  [/^SIMPLE {2}= {20}T/, 'image/fits'],
  [/^P[14]\s+\d+\s+\d+\s/, 'image/x-portable-bitmap'],
  [/^P[25]\s+\d+\s+\d+\s+\d+\s/, 'image/x-portable-greymap'],
  [/^P[36]\s+\d+\s+\d+\s+\d+\s/, 'image/x-portable-pixmap'],
  [/^.HDF\r\n\cZ\n/, 'application/x-hdf5'],
];
/** Control characters that text does not have, as they are in Latin-1. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: it looks for them
const NOT_TEXT = /[\x00-\x06\x0e-\x1a\x1c-\x1f\x7f]/;
/** The start of an object or of a list. */
const JSON_START = /^\s*(?:\{\s*"(?:[^"\\]|\\.)*"\s*:|\[\s*(?:["[{\d-]|true|false|null))/;

/**
 * Returns the media type of a file by its contents alone: its name and its declared type make no difference.
 *
 * @param start - its first bytes, {@link SNIFF_LENGTH} of them where there are so many
 */
export async function sniff(start: Uint8Array): Promise<string> {
  const bytes = Buffer.from(start.buffer, start.byteOffset, Math.min(start.byteLength, SNIFF_LENGTH));
  if (bytes.length === 0) return 'application/x-empty';
  const latin = bytes.toString('latin1');
  const hasBinaryFormat = BINARY_FORMATS.test(latin);
  const text = hasBinaryFormat ? undefined : decode(bytes, latin);
  if (text !== undefined) return typeOfText(text, bytes.length < SNIFF_LENGTH);
  const plain = latin.replace(/#.*\n/g, '');
  const found = MORE_FORMATS.find(([pattern]) => pattern.test(plain))?.[1];
  if (found !== undefined) return found;
  // Most scripts never sniff.
  const { fileTypeFromBuffer } = await import('file-type');
  const known = await fileTypeFromBuffer(bytes).catch(() => undefined);
  if (known !== undefined) return known.mime;
  return hasBinaryFormat && decode(bytes, latin) !== undefined ? 'text/plain' : BINARY;
}

/**
 * Whether the database wants a file on EOS: images, files of ROOT, and large files.
 *
 * @param type - what {@link sniff} says
 * @param start - its first four bytes or more
 * @param size - in bytes
 */
export function isEosWorthy(type: string | undefined, start: Uint8Array, size: number): boolean {
  const isRoot = Buffer.from(start.subarray(0, 4)).toString('latin1') === 'root';
  return type?.startsWith('image/') === true || isRoot || size > 64_000;
}

/** Decodes text in UTF-8, UTF-16 or Latin-1; undefined where bytes are not text. */
function decode(bytes: Buffer, latin: string): string | undefined {
  if (/^(?:\xff\xfe|\xfe\xff)/.test(latin)) {
    return new TextDecoder(bytes[0] === 0xff ? 'utf-16le' : 'utf-16be').decode(bytes);
  }
  if (NOT_TEXT.test(latin)) return undefined;
  try {
    // The last character may be cut.
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes, { stream: true });
  } catch {
    return /[\x80-\x9f]/.test(latin) ? undefined : latin;
  }
}

function typeOfText(text: string, isWhole: boolean): string {
  if (/^\s*</.test(text)) return typeOfMarkup(text);
  if (/^#!.*\bpython/.test(text)) return 'text/x-script.python';
  if (/^#!.*sh\b/.test(text)) return 'text/x-shellscript';
  if (isWhole ? isJson(text) : JSON_START.test(text)) return 'application/json';
  return isCsv(text, isWhole) ? 'text/csv' : 'text/plain';
}

/** The first element decides. */
function typeOfMarkup(text: string): string {
  const markup = text.replace(/<!--[\s\S]*?-->|<[?!][^>]*>/g, '');
  const [, element = ''] = /^\s*<(?:svg:)?(\w+)[\s>/]/.exec(markup) ?? [];
  if (element === 'svg') return 'image/svg+xml';
  if (/^(?:html|head|body|title)$/i.test(element) || /^\s*<!doctype html/i.test(text)) return 'text/html';
  return /^\s*<\?xml\s/.test(text) ? 'text/xml' : 'text/plain';
}

function isJson(text: string): boolean {
  if (!/^\s*[[{]/.test(text)) return false;
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** Whether there are three lines or more, and each of the first ten has the same number of commas outside of quotes. */
function isCsv(text: string, isWhole: boolean): boolean {
  const lines = text.replace(/"(?:[^"]|"")*"/g, '').split(/\r?\n/);
  // What follows the last line break is empty, or a line that is cut.
  if (!isWhole || lines.at(-1) === '') lines.pop();
  const counts = lines.slice(0, 10).map((line) => line.split(',').length);
  return counts.length > 2 && (counts[0] as number) > 1 && counts.every((count) => count === counts[0]);
}
