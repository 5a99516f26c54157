import { randomBytes } from 'node:crypto';
import { InvalidInvocation } from '../../exceptions/base.js';
import { messageOf } from '../../util/errors.js';
import { isFunction } from '../../util/guards.js';
import type { RepeatableBody } from '../request.js';

/** How much of a file is in memory at a time, in bytes. */
const CHUNK_LENGTH = 256 * 1024;
const CRLF = '\r\n';

/** What `String` makes of an object without a text of its own. */
const OBJECT_AS_TEXT = /^\[object [^\]]*\]$/;

/** A form as it is sent (RFC 7578). The boundary is part of its `Content-Type`. */
export interface MultipartBody extends RepeatableBody {
  readonly contentType: string;
}

interface Part {
  readonly head: Buffer;
  readonly content: Buffer | Blob;
}

/**
 * Encodes a form as the WHATWG's multipart/form-data encoding algorithm does. Later changes of the form make no
 * difference. Files are read while they are sent.
 *
 * @throws InvalidInvocation for a text field that held bytes or a stream
 */
export function encodeMultipart(form: FormData): MultipartBody {
  const boundary = `itkdb-${randomBytes(16).toString('hex')}`;
  const parts = [...form].map(([name, value]) => partOf(boundary, name, value));
  const end = Buffer.from(`--${boundary}--${CRLF}`);
  const length = parts.reduce(
    (sum, { head, content }) => sum + head.length + sizeOf(content) + 2,
    end.length,
  );
  return {
    source: form,
    length,
    contentType: `multipart/form-data; boundary=${boundary}`,
    open: () => readParts(parts, end),
  };
}

/** Makes a body of a file. */
export function encodeBlob(blob: Blob): RepeatableBody {
  return {
    source: blob,
    length: blob.size,
    open: () => (isStreamed(blob) ? blob.openStream() : readBlob(blob)),
  };
}

/** @throws InvalidInvocation for the text that `String` makes of an object */
export function checkNoObjectAsText(name: string, text: string): void {
  if (OBJECT_AS_TEXT.test(text))
    throw new InvalidInvocation(
      `the form field \`${name}\` is the text ${text}, not what was meant to be sent`,
    );
}

function partOf(boundary: string, name: string, value: string | File): Part {
  const disposition = `--${boundary}${CRLF}Content-Disposition: form-data; name="${escapeName(withCrlf(name))}"`;
  if (typeof value === 'string') {
    checkField(name, value);
    return { head: Buffer.from(`${disposition}${CRLF}${CRLF}`), content: Buffer.from(withCrlf(value)) };
  }
  const type = value.type || 'application/octet-stream';
  const head = `${disposition}; filename="${escapeName(value.name)}"${CRLF}Content-Type: ${type}${CRLF}${CRLF}`;
  return { head: Buffer.from(head), content: value };
}

/** The platform's `FormData` makes a text of all but a `Blob`, and of bytes it makes one that cannot be undone. */
function checkField(name: string, text: string): void {
  const field = `the form field \`${name}\``;
  const remedy = `form.set('${name}', new Blob([bytes]), 'a filename'), or for a file await openAsBlob(path) of node:fs`;
  if (OBJECT_AS_TEXT.test(text))
    throw new InvalidInvocation(
      `${field} is the text ${text}: FormData takes only text and Blobs; read a stream into bytes, then ${remedy}`,
    );
  if (/[\0\uFFFD]/.test(text))
    throw new InvalidInvocation(
      `${field} holds bytes that FormData has made a text of, which damages them; use ${remedy}; for a text that really has U+FFFD or NUL in it, new Blob([text])`,
    );
}

function withCrlf(text: string): string {
  return text.replace(/\r\n?|\n/g, CRLF);
}

function escapeName(name: string): string {
  return name.replace(/\n/g, '%0A').replace(/\r/g, '%0D').replace(/"/g, '%22');
}

function sizeOf(content: Buffer | Blob): number {
  return Buffer.isBuffer(content) ? content.length : content.size;
}

async function* readParts(parts: readonly Part[], end: Buffer): AsyncGenerator<Buffer> {
  for (const { head, content } of parts) {
    yield head;
    if (Buffer.isBuffer(content)) yield content;
    else yield* readBlob(content);
    yield Buffer.from(CRLF);
  }
  yield end;
}

/** A file whose bytes come from a stream. */
interface StreamedFile extends Blob {
  openStream(): AsyncIterable<Buffer>;
}

function isStreamed(blob: Blob): blob is StreamedFile {
  return isFunction((blob as Partial<StreamedFile>).openStream);
}

/** Reads slice by slice: `Blob.stream()` yields a Blob in memory as one chunk. */
async function* readBlob(blob: Blob): AsyncGenerator<Buffer> {
  if (isStreamed(blob)) return yield* blob.openStream();
  for (let start = 0; start < blob.size; start += CHUNK_LENGTH) {
    const slice = blob.slice(start, start + CHUNK_LENGTH);
    const bytes = await slice.arrayBuffer().catch((error: unknown) => {
      // Node refuses to read a file that has changed since openAsBlob().
      throw new InvalidInvocation(`the request body cannot be read: ${messageOf(error)}`);
    });
    yield Buffer.from(bytes);
  }
}
