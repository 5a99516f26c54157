import { TextDecoder } from 'node:util';
import type { SessionResponse } from '../../session/request-options.js';

/** A parameter of a header field. */
const PARAMETER = /;\s*([\w*-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s;]*))/g;

/** Returns the media type in a `Content-Type`, without parameters and in lower case; `''` where there is none. */
export function mediaTypeIn(contentType: string): string {
  const [type = ''] = contentType.split(';', 1);
  return type.trim().toLowerCase();
}

/** Returns the media type of a response, without parameters and in lower case. */
export function mediaTypeOf(headers: SessionResponse['headers']): string {
  return mediaTypeIn(String(headers['content-type'] ?? ''));
}

/** Returns the file name of a `Content-Disposition` field (RFC 6266), without folders and control characters. */
export function fileNameOf(disposition: string): string | undefined {
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
