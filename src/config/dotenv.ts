import { isUtf8 } from 'node:buffer';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parse } from 'dotenv';
import { InvalidInvocation } from '../exceptions/base.js';

/** The variables of a `.env` file. */
export interface DotenvFile {
  /**
   * Returns the value of a variable; undefined where there is none.
   *
   * @throws InvalidInvocation where it refers to a variable that is set nowhere
   */
  get(name: string): string | undefined;
}

/** The path of `.env` in the working directory. Just its name where the working directory was removed. */
export function dotenvPath(): string {
  try {
    return resolve('.env');
  } catch {
    return '.env';
  }
}

/**
 * Reads a file of variables. There are none where there is no such file.
 *
 * @param path - without it, `.env` in the working directory
 * @throws InvalidInvocation where the file cannot be read, or is in an unknown encoding
 */
export function readDotenv(path?: string): DotenvFile {
  const shown = path ?? dotenvPath();
  return expandReferences(shown, parseLikePython(decode(shown, readBytes(path ?? '.env', shown))));
}

function readBytes(file: string, path: string): Buffer {
  try {
    return readFileSync(file);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unknown error';
    // Python's virtual environments are often folders of this very name.
    if (code === 'ENOENT' || code === 'EISDIR' || code === 'ENOTDIR') return Buffer.alloc(0);
    throw new InvalidInvocation(`${path}: must be readable, but it is not (${code})`);
  }
}

/** Decodes UTF-8, and UTF-16 with a byte order mark, which Windows PowerShell writes if it is not told otherwise. */
function decode(path: string, bytes: Buffer): string {
  const text = decodeUtf16(bytes) ?? (isUtf8(bytes) ? bytes.toString('utf8') : undefined);
  // UTF-16 without a byte order mark, and UTF-32, show by their zero bytes.
  if (text === undefined || text.includes('\0') || /\p{Surrogate}/u.test(text)) {
    throw new InvalidInvocation(
      `${path}: must be text in UTF-8, or in UTF-16 with a byte order mark: save the file as UTF-8`,
    );
  }
  return text.replace(/^\ufeff/, '');
}

function decodeUtf16(bytes: Buffer): string | undefined {
  const mark = bytes.length % 2 === 0 && bytes.length > 0 ? bytes.readUInt16BE(0) : 0;
  if (mark === 0xfffe) return bytes.toString('utf16le');
  return mark === 0xfeff ? Buffer.from(bytes).swap16().toString('utf16le') : undefined;
}

/** A variable and its value: in quotes, after which a comment may follow, or the rest of the line. */
const BINDING =
  /^([^\S\n]*(?:export[^\S\n]+)?[\w.-]+[^\S\n]*=)(?:[^\S\n]*('(?:\\'|[^'])*'|"(?:\\"|[^"])*")[^\S\n]*(?:#.*)?|(.*))$/gm;

/**
 * Parses a file with dotenv so that it reads values as python-dotenv does, which has the same file: `#` starts a comment
 * only after white space, and more escapes are known in quotes. dotenv gets to see no special character of a value.
 */
function parseLikePython(text: string): Map<string, string> {
  const shielded = text
    .replace(/\r\n?/g, '\n')
    .replace(BINDING, (_, start: string, quoted: string | undefined, rest: string | undefined) => {
      const value = quoted === undefined ? (rest ?? '').replace(/\s+#.*$/, '').trim() : unquote(quoted);
      return start + shield(value);
    });
  return new Map(Object.entries(parse(shielded)).map(([name, value]) => [name, unshield(value)]));
}

const ESCAPES: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
};

function unquote(quoted: string): string {
  const escapes = quoted.startsWith('"') ? /\\([\\'"abfnrtv])/g : /\\([\\'])/g;
  return quoted.slice(1, -1).replace(escapes, (_, code: string) => ESCAPES[code] ?? code);
}

/** Where ASCII characters are moved to: code points of private use. */
const PRIVATE = 0xe000;

function shield(value: string): string {
  return value.replace(/[^\w\u0080-\uffff]/g, (character) =>
    String.fromCharCode(PRIVATE + character.charCodeAt(0)),
  );
}

function unshield(value: string): string {
  return value.replace(/[\ue000-\ue07f]/g, (character) =>
    String.fromCharCode(character.charCodeAt(0) - PRIVATE),
  );
}

const REFERENCE = /\$\{([^}:]*)(?::-([^}]*))?\}/g;

/**
 * Replaces `${NAME}` and `${NAME:-default}` by the variable of the environment, or else by that of the file above it.
 */
function expandReferences(path: string, raw: ReadonlyMap<string, string>): DotenvFile {
  const values = new Map<string, string>();
  const unresolved = new Map<string, string>();
  for (const [name, value] of raw) {
    const expanded = value.replace(REFERENCE, (reference, other: string, otherwise: string | undefined) => {
      const outside = Object.hasOwn(process.env, other) ? process.env[other] : undefined;
      const found = outside || values.get(other) || otherwise;
      if (found === undefined && !values.has(other)) unresolved.set(name, unresolved.get(other) ?? reference);
      return found ?? '';
    });
    if (!unresolved.has(name)) values.set(name, expanded);
  }
  return {
    get: (name) => {
      const reference = unresolved.get(name);
      if (reference === undefined) return values.get(name);
      throw new InvalidInvocation(
        `${path}: \`${name}\` refers to ${reference}, which is set neither in the environment nor above it`,
      );
    },
  };
}
