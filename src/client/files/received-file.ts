import { TextDecoder } from 'node:util';
import type { SessionResponse } from '../../session/request-options.js';

/** A parameter of a header field. */
const PARAMETER = /;\s*([\w*-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s;]*))/g;

/** A file that the server sent. */
export class ReceivedFile {
  /** The media type, without parameters and in lower case; `''` where the server sent none. */
  readonly contentType: string;
  /** The file name of the server, reduced to its last part; undefined where it sent none. */
  readonly suggestedFilename: string | undefined;
  readonly #bytes: Buffer;

  /** @internal */
  constructor(bytes: Buffer, headers: SessionResponse['headers']) {
    this.#bytes = bytes;
    this.contentType = mediaTypeOf(headers);
    this.suggestedFilename = fileNameOf(String(headers['content-disposition'] ?? ''));
  }

  /** The length in bytes. */
  get size(): number {
    return this.#bytes.length;
  }

  /** Returns the contents. */
  bytes(): Buffer {
    return this.#bytes;
  }

  /** Returns the contents as text in UTF-8. */
  text(): string {
    return this.#bytes.toString('utf8');
  }
}

/** Whether a URL is that of a file on EOS: then the response is the file, also where its type is JSON. */
export function isEosUrl(url: string): boolean {
  if (!URL.canParse(url)) return false;
  const { hostname, searchParams } = new URL(url);
  return hostname === 'eosatlas.cern.ch' || searchParams.has('authz');
}

/** Returns the media type of a response, without parameters and in lower case. */
export function mediaTypeOf(headers: SessionResponse['headers']): string {
  const [type = ''] = String(headers['content-type'] ?? '').split(';', 1);
  return type.trim().toLowerCase();
}

/** Returns the file name of a `Content-Disposition` field (RFC 6266), without folders and control characters. */
function fileNameOf(disposition: string): string | undefined {
  const parameters = new Map<string, string>();
  for (const [, name = '', quoted, plain = ''] of disposition.matchAll(PARAMETER)) {
    const key = name.toLowerCase();
    if (!parameters.has(key)) parameters.set(key, quoted?.replace(/\\(.)/g, '$1') ?? plain);
  }
  const name = decodeExtended(parameters.get('filename*')) ?? decodeUtf8(parameters.get('filename'));
  const base = name
    ?.replace(/\p{Cc}/gu, '')
    .split(/[\\/]/)
    .at(-1);
  return base === undefined || /^\.*$/.test(base) ? undefined : base;
}

/** Decodes a value such as `UTF-8''%e2%82%ac.txt` (RFC 8187). */
function decodeExtended(value: string | undefined): string | undefined {
  const [, charset = '', text] = /^([\w-]+)'[^']*'(.*)$/.exec(value ?? '') ?? [];
  if (text === undefined) return undefined;
  try {
    const bytes = text.replace(/%([\da-f]{2})/gi, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16)));
    return new TextDecoder(charset, { fatal: true }).decode(Buffer.from(bytes, 'latin1'));
  } catch {
    return undefined;
  }
}

/** Node reads header fields as Latin-1, and servers write UTF-8 into them. */
function decodeUtf8(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(text, 'latin1'));
  } catch {
    return text;
  }
}
