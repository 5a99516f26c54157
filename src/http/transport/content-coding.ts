import { constants } from 'node:buffer';
import { type Duplex, pipeline, type Readable } from 'node:stream';
import { promisify } from 'node:util';
import * as zlib from 'node:zlib';
import type { AxiosResponseHeaders } from 'axios';

interface Coding {
  readonly decode: (bytes: Buffer, options: zlib.ZlibOptions) => Promise<Buffer>;
  readonly createDecoder: () => Duplex;
}

const GZIP: Coding = { decode: promisify(zlib.gunzip), createDecoder: zlib.createGunzip };
const CODINGS: Readonly<Record<string, Coding>> = {
  gzip: GZIP,
  'x-gzip': GZIP,
  deflate: { decode: promisify(zlib.inflate), createDecoder: zlib.createInflate },
  br: { decode: promisify(zlib.brotliDecompress), createDecoder: zlib.createBrotliDecompress },
};

/** What to ask servers for. */
export const ACCEPT_ENCODING = 'gzip, br';

/**
 * Undoes the content codings (RFC 9110, section 8.4) of a body, and takes them out of the headers. axios would do it
 * too, but takes a compressed body that broke off for a whole one.
 *
 * @param limit - of the decoded body, in bytes; negative for none
 */
export async function decodeContent(
  body: Buffer,
  headers: AxiosResponseHeaders,
  limit: number,
): Promise<Buffer> {
  const options = limit < 0 ? {} : { maxOutputLength: Math.min(Math.max(1, limit), constants.MAX_LENGTH) };
  for (const { decode } of takeCodings(headers)) {
    if (body.length === 0) break;
    body = await decode(body, options).catch((error) => {
      throw error.code === 'ERR_BUFFER_TOO_LARGE' ? tooLarge(limit) : error;
    });
  }
  return body;
}

/** The same for a stream. */
export function decodeStream(body: Readable, headers: AxiosResponseHeaders): Readable {
  // Of nothing there is nothing to be decoded, but a decoder would take it for a body that broke off.
  const isEmpty = headers['content-length'] === '0';
  const decoders = takeCodings(headers).map(({ createDecoder }) => createDecoder());
  if (!isEmpty) for (const decoder of decoders) body = pipeline(body, decoder, () => {});
  return body;
}

/** What is said of a body that is longer than it may be. */
export function tooLarge(limit: number): Error {
  return new Error(`maxContentLength size of ${limit} exceeded`);
}

/** The codings in the order in which they are undone; a body whose coding nobody knows is left as it came. */
function takeCodings(headers: AxiosResponseHeaders): Coding[] {
  const names = String(headers['content-encoding'] ?? '')
    .toLowerCase()
    .split(',');
  const known = names.map((name) => name.trim()).filter((name) => name !== '' && name !== 'identity');
  if (known.length === 0 || !known.every((name) => Object.hasOwn(CODINGS, name))) return [];
  headers.delete(['Content-Encoding', 'Content-Length']);
  return known.reverse().map((name) => CODINGS[name] as Coding);
}
