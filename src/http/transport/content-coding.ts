import { constants } from 'node:buffer';
import { Duplex, pipeline, type Readable, type Transform } from 'node:stream';
import { promisify } from 'node:util';
import * as zlib from 'node:zlib';
import type { HeaderFields } from '../request.js';

interface Coding {
  readonly decode: (bytes: Buffer, options: zlib.ZlibOptions) => Promise<Buffer>;
  readonly createDecoder: () => Transform;
}

/** A body without its content codings, and the header fields of the response without those of the coded body. */
export interface Decoded<Body> {
  readonly body: Body;
  readonly headers: HeaderFields;
}

const GZIP: Coding = { decode: promisify(zlib.gunzip), createDecoder: zlib.createGunzip };
const ZLIB: Coding = { decode: promisify(zlib.inflate), createDecoder: zlib.createInflate };
const RAW_DEFLATE: Coding = { decode: promisify(zlib.inflateRaw), createDecoder: zlib.createInflateRaw };
const BROTLI: Coding = {
  decode: promisify(zlib.brotliDecompress),
  createDecoder: zlib.createBrotliDecompress,
};

/** Finds the coding of a body by its first byte. */
type FindCoding = (first: number) => Coding;

const NO_CODINGS: readonly FindCoding[] = [];
const CODINGS: Readonly<Record<string, FindCoding>> = {
  gzip: () => GZIP,
  'x-gzip': () => GZIP,
  // RFC 9110, section 8.4.1.2: some servers leave out the zlib wrapper. It starts with compression method 8 (RFC 1950).
  deflate: (first) => ((first & 0x0f) === 8 ? ZLIB : RAW_DEFLATE),
  br: () => BROTLI,
};

/** As in curl and browsers; with more, a short response could keep the process busy for minutes. */
const MAX_CODINGS = 5;

/** For `Accept-Encoding`. Without deflate, of which there are two forms: it is decoded, but not asked for. */
export const ACCEPT_ENCODING = 'gzip, br';

/**
 * Undoes the content codings (RFC 9110, section 8.4) of a body. A body without a coding, or with one that is unknown, is
 * returned at once and as it is.
 *
 * @param limit - the longest decoded body in bytes; negative for no limit
 * @throws ERR_CONTENT_CODING for too many codings, else the error of zlib
 */
export function decodeContent(
  body: Buffer,
  headers: HeaderFields,
  limit: number,
): Decoded<Buffer> | Promise<Decoded<Buffer>> {
  const codings = codingsOf(headers);
  return codings.length === 0 ? { body, headers } : decodeAll(body, codings, headers, limit);
}

/** Undoes the content codings of a stream, whose length is not limited. Destroying the result destroys `body`. */
export function decodeStream(body: Readable, headers: HeaderFields): Decoded<Readable> {
  const codings = codingsOrDestroy(body, headers);
  if (codings.length === 0) return { body, headers };
  for (const coding of codings) body = pipeline(body, new Decoder(coding), () => {});
  return { body, headers: withoutCoding(headers) };
}

/** The error for a body that is longer than `maxContentLength`. */
export function tooLarge(limit: number): Error {
  return new Error(`maxContentLength size of ${limit} exceeded`);
}

/** The codings in the order in which they are undone; none where one of them is unknown. */
function codingsOf(headers: HeaderFields): readonly FindCoding[] {
  const field = headers['content-encoding'];
  if (field === undefined) return NO_CODINGS;
  const names = String(field)
    .toLowerCase()
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '' && name !== 'identity');
  if (names.length > MAX_CODINGS) {
    const error = new Error(`${names.length} content codings, of which at most ${MAX_CODINGS} are undone`);
    throw Object.assign(error, { code: 'ERR_CONTENT_CODING' });
  }
  const codings = names.reverse().map((name) => (Object.hasOwn(CODINGS, name) ? CODINGS[name] : undefined));
  const known = codings.filter((coding) => coding !== undefined);
  return known.length === names.length ? known : NO_CODINGS;
}

/** Where there are too many codings, nothing reads the stream, and its connection would stay open. */
function codingsOrDestroy(body: Readable, headers: HeaderFields): readonly FindCoding[] {
  try {
    return codingsOf(headers);
  } catch (error) {
    body.on('error', () => {}).destroy();
    throw error;
  }
}

function withoutCoding(headers: HeaderFields): HeaderFields {
  const { 'content-encoding': _coding, 'content-length': _length, ...others } = headers;
  return others;
}

async function decodeAll(
  body: Buffer,
  codings: readonly FindCoding[],
  headers: HeaderFields,
  limit: number,
): Promise<Decoded<Buffer>> {
  const options = limit < 0 ? {} : { maxOutputLength: Math.min(Math.max(1, limit), constants.MAX_LENGTH) };
  for (const codingFor of codings) {
    const [first] = body;
    // An empty body has nothing to decode; a decoder would take it for one that broke off.
    if (first === undefined) break;
    body = await codingFor(first)
      .decode(body, options)
      .catch((error: NodeJS.ErrnoException) => {
        throw error.code === 'ERR_BUFFER_TOO_LARGE' ? tooLarge(limit) : error;
      });
  }
  if (limit >= 0 && body.length > limit) throw tooLarge(limit);
  return { body, headers: withoutCoding(headers) };
}

/** Undoes one coding of a stream. The coding is found when the first byte has arrived. */
class Decoder extends Duplex {
  readonly #codingFor: FindCoding;
  #decoder: Transform | undefined;
  #isEnded = false;
  #onWritten: ((error?: Error | null) => void) | undefined;

  constructor(codingFor: FindCoding) {
    super();
    this.#codingFor = codingFor;
  }

  override _write(chunk: Buffer, encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    const [first] = chunk;
    // What follows the end of the coded data is discarded.
    if (first === undefined || this.#isEnded) {
      done();
      return;
    }
    this.#decoder ??= this.#start(this.#codingFor(first));
    this.#onWritten = done;
    this.#decoder.write(chunk, encoding, (error) => this.#finishWrite(error));
  }

  override _final(done: () => void): void {
    if (this.#decoder === undefined) this.push(null);
    this.#decoder?.end();
    done();
  }

  override _read(): void {
    this.#decoder?.resume();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#decoder?.destroy();
    done(error);
  }

  #start({ createDecoder }: Coding): Transform {
    const decoder = createDecoder();
    decoder.on('data', (chunk: Buffer) => {
      if (!this.push(chunk)) decoder.pause();
    });
    decoder.on('error', (error) => this.destroy(error));
    decoder.on('end', () => {
      this.#isEnded = true;
      this.push(null);
      // zlib does not call back for a chunk that goes on after the end of the coded data.
      this.#finishWrite();
    });
    return decoder;
  }

  #finishWrite(error?: Error | null): void {
    const done = this.#onWritten;
    this.#onWritten = undefined;
    done?.(error);
  }
}
