import { createReadStream, type Stats } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { Readable } from 'node:stream';
import type { ReadableStream as WebStream } from 'node:stream/web';
import { fileURLToPath } from 'node:url';
import { InvalidInvocation, isException } from '../../exceptions/base.js';
import { Aborted } from '../../exceptions/transport.js';
import { offAbort, onAbort } from '../../util/abort.js';
import { messageOf } from '../../util/errors.js';
import { bytesOf, isFilledString, isFunction, isReadable } from '../../util/guards.js';
import { Spool } from '../files/contents.js';
import { unwritable } from '../files/place.js';
import { SNIFF_LENGTH, sniff } from '../files/sniff.js';
import { StreamedFile } from './streamed-file.js';

/** How much of a file is in memory at a time, in bytes. */
const CHUNK = 1024 * 1024;

/**
 * The contents of a new attachment:
 *
 * - the path of a file, or its `file:` URL
 * - bytes: a `Buffer`, a `Uint8Array` or an `ArrayBuffer`
 * - a `Blob` or a `File`
 * - a stream, which is kept in a temporary file until it was sent
 * - a function that returns a new stream each time; with the option `size` no temporary file is needed
 * - any other URL, as `new URL('https://…')`: the attachment is a link
 */
export type UploadSource =
  | string
  | URL
  | Uint8Array
  | ArrayBuffer
  | Blob
  | Readable
  | ReadableStream
  | (() => Readable | ReadableStream);

/** What the caller says of the file. */
interface FileOptions {
  readonly filename?: string | undefined;
  readonly contentType?: string | undefined;
  readonly size?: number | undefined;
}

/** A file that can be sent, more than once. */
export interface LocalFile {
  /** With its name, type and size. */
  readonly file: File;
  /** Its type by its contents. */
  readonly sniffed: string;
  /** Its first bytes. */
  readonly start: Uint8Array;
  /** Removes what was kept for it; undefined where that is nothing. */
  readonly dispose: (() => Promise<void>) | undefined;
}

/** What opens a file. */
interface Job {
  readonly subject: string;
  readonly signal: AbortSignal | undefined;
}

/** Bytes of a known number, which can be read more than once. */
interface Contents {
  readonly size: number;
  readonly start: Uint8Array;
  /** The file that has this name on the disk or in the program; undefined where none is known. */
  readonly name: string | undefined;
  /** A file of the platform, or what opens a stream. */
  readonly bytes: Blob | (() => AsyncIterable<Buffer>);
  readonly dispose?: (() => Promise<void>) | undefined;
}

/**
 * Opens what is to be attached, and finds out its type by its contents.
 *
 * @param subject - the method, for the message
 * @throws InvalidInvocation where it cannot be read, or has no name
 */
export async function openFile(
  subject: string,
  source: unknown,
  options: FileOptions,
  signal?: AbortSignal,
): Promise<LocalFile> {
  const contents = await openContents({ subject, signal }, source, options.size);
  try {
    const { size, start, bytes, dispose } = contents;
    if (options.size !== undefined && options.size !== size)
      throw new InvalidInvocation(
        `${subject}: the file has ${size} bytes, and \`size\` says ${options.size}`,
      );
    const name = options.filename ?? baseName(contents.name);
    if (name === undefined || name === '')
      throw new InvalidInvocation(
        `${subject}: the name of the file is not known: give { filename: 'photo.jpg' }`,
      );
    const sniffed = await sniff(start);
    const type = options.contentType ?? sniffed;
    const file = isFunction(bytes)
      ? new StreamedFile(name, type, size, bytes)
      : new File([bytes], name, { type });
    return { file, sniffed, start, dispose };
  } catch (error) {
    await contents.dispose?.();
    throw error;
  }
}

async function openContents(job: Job, source: unknown, size: number | undefined): Promise<Contents> {
  const { subject } = job;
  const bytes = bytesOf(source);
  if (bytes !== undefined) return ofBytes(bytes);
  if (typeof source === 'string') return ofPath(job, source);
  if (source instanceof URL) return ofPath(job, fileURLToPath(source));
  if (source instanceof Blob) return ofBlob(subject, source);
  if (isFunction(source)) return ofFunction(job, source, size);
  const stream = asReadable(subject, source);
  if (stream !== undefined) return spool(job, stream);
  throw new InvalidInvocation(
    `${subject}: the source must be a path, bytes, a Blob, a stream, a function that returns a stream, or a URL`,
  );
}

/** Not copied: a Blob of it would be a second one in memory. */
function ofBytes(bytes: Uint8Array): Contents {
  const chunks = function* (): Generator<Uint8Array> {
    for (let at = 0; at < bytes.length; at += CHUNK) yield bytes.subarray(at, at + CHUNK);
  };
  return {
    size: bytes.length,
    start: bytes.subarray(0, SNIFF_LENGTH),
    name: undefined,
    bytes: () => Readable.from(chunks(), { objectMode: false }),
  };
}

async function ofBlob(subject: string, blob: Blob): Promise<Contents> {
  const { name } = blob as { name?: unknown };
  const start = await blob
    .slice(0, SNIFF_LENGTH)
    .arrayBuffer()
    .catch((error: unknown) => {
      throw unreadable(subject, error);
    });
  return {
    size: blob.size,
    start: new Uint8Array(start),
    name: isFilledString(name) ? name : undefined,
    bytes: blob,
  };
}

async function ofPath(job: Job, path: string): Promise<Contents> {
  const { subject } = job;
  try {
    const stats = await stat(path);
    if (stats.isDirectory()) throw new InvalidInvocation(`${subject}: ${path} is a folder, not a file`);
    // A pipe, such as /dev/stdin.
    if (!stats.isFile()) return { ...(await spool(job, createReadStream(path))), name: path };
    return {
      size: stats.size,
      start: await readStart(path),
      name: path,
      bytes: () => readFile(path, stats),
    };
  } catch (error) {
    if (isException(error)) throw error;
    const { code } = error as NodeJS.ErrnoException;
    let hint = '';
    if (/^[a-z]+:\/\//i.test(path)) hint = `; for a link, give new URL('…')`;
    else if (/^~[\\/]/.test(path)) hint = '; only a shell understands ~: write homedir() of node:os instead';
    throw code === 'ENOENT'
      ? new InvalidInvocation(`${subject}: there is no file ${path}${hint}`, { cause: error })
      : unreadable(subject, error);
  }
}

/** While a chunk is sent, the next one is read. Two buffers are used again and again: new ones take longer than the reading. */
async function* readFile(path: string, { size, mtimeMs }: Stats): AsyncGenerator<Buffer> {
  const file = await open(path);
  try {
    let spare = Buffer.allocUnsafeSlow(CHUNK);
    let reading = file.read(Buffer.allocUnsafeSlow(CHUNK), 0, CHUNK);
    for (;;) {
      const { buffer, bytesRead } = await reading;
      const now = await file.stat();
      if (now.size !== size || now.mtimeMs !== mtimeMs)
        throw new InvalidInvocation(`${path} was changed after it was opened, so it was not sent`);
      if (bytesRead === 0) return;
      reading = file.read(spare, 0, CHUNK);
      // If the upload ended early, no code waits for this promise.
      reading.catch(() => {});
      yield buffer.subarray(0, bytesRead);
      spare = buffer;
    }
  } finally {
    await file.close();
  }
}

async function readStart(path: string): Promise<Buffer> {
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(SNIFF_LENGTH), 0, SNIFF_LENGTH, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

async function ofFunction(job: Job, create: () => unknown, size: number | undefined): Promise<Contents> {
  const { subject } = job;
  const openStream = (): Readable => {
    const stream = asReadable(subject, create());
    if (stream !== undefined) return stream;
    throw new InvalidInvocation(
      `${subject}: the function must return a stream, such as createReadStream(path)`,
    );
  };
  const stream = openStream();
  if (size === undefined) return spool(job, stream);
  const start: Buffer[] = [];
  let length = 0;
  // Leaving the loop destroys the stream.
  for await (const chunk of toChunks(subject, stream)) {
    start.push(chunk);
    length += chunk.length;
    if (length >= SNIFF_LENGTH) break;
  }
  return {
    size,
    start: Buffer.concat(start).subarray(0, SNIFF_LENGTH),
    name: nameOf(stream),
    bytes: openStream,
  };
}

/** Keeps a stream, so that its size is known and it can be sent again: in memory, or in a temporary file. */
async function spool({ subject, signal }: Job, stream: Readable): Promise<Contents> {
  const spooled = new Spool();
  const keep = async (): Promise<void> => {
    for await (const chunk of toChunks(subject, stream)) await spooled.write(chunk);
  };
  try {
    await untilAborted(subject, signal, keep());
    const { head } = spooled;
    const contents = await spooled.finish();
    return {
      size: contents.size,
      start: head,
      name: nameOf(stream),
      bytes: () => contents.stream(),
      dispose: () => contents.dispose(),
    };
  } catch (error) {
    stream.destroy();
    await spooled.remove();
    throw isException(error) ? error : unwritable(subject, 'the folder for temporary files', error);
  }
}

/** A stream need not end when it is destroyed. */
async function untilAborted(
  subject: string,
  signal: AbortSignal | undefined,
  task: Promise<void>,
): Promise<void> {
  if (signal === undefined) return task;
  let leave = (): void => {};
  const aborted = new Promise<never>((_, reject) => {
    leave = () => reject(new Aborted(`${subject} was aborted`, { cause: signal.reason, neverReached: true }));
  });
  if (signal.aborted) leave();
  else onAbort(signal, leave);
  // It may fail later, when no code waits for it.
  task.catch(() => {});
  try {
    await Promise.race([aborted, task]);
  } finally {
    offAbort(signal, leave);
  }
}

/** @throws InvalidInvocation where a stream fails, or gives something else than bytes or text */
async function* toChunks(subject: string, stream: Readable): AsyncGenerator<Buffer> {
  try {
    for await (const chunk of stream as AsyncIterable<unknown>) {
      const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : bytesOf(chunk);
      if (bytes === undefined)
        throw new InvalidInvocation(`${subject}: the stream must be one of bytes, not of objects`);
      yield Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    }
  } catch (error) {
    throw isException(error) ? error : unreadable(subject, error);
  }
}

/** Returns a stream of Node.js, or one of the web as one; undefined for another value. */
function asReadable(subject: string, value: unknown): Readable | undefined {
  if (value instanceof ReadableStream) {
    if (value.locked) throw readBefore(subject);
    return Readable.fromWeb(value as WebStream);
  }
  if (!isReadable(value)) return undefined;
  if (value.errored) throw unreadable(subject, value.errored);
  if (value.readableEnded || value.destroyed) throw readBefore(subject);
  // A file that is opened as text is changed where its bytes are not text.
  if (isFilledString(value.readableEncoding))
    throw new InvalidInvocation(
      `${subject}: the stream decodes text (${value.readableEncoding}), which damages other files: open it without \`encoding\``,
    );
  return value;
}

function readBefore(subject: string): InvalidInvocation {
  return new InvalidInvocation(`${subject}: the stream has been read or destroyed; make a new one`);
}

function unreadable(subject: string, error: unknown): InvalidInvocation {
  return new InvalidInvocation(`${subject}: the file cannot be read: ${messageOf(error)}`, { cause: error });
}

/** Returns the path of a stream that reads a file. */
function nameOf(stream: Readable): string | undefined {
  const { path } = stream as { path?: unknown };
  return isFilledString(path) ? path : undefined;
}

/** A name may have the folders of another platform. */
function baseName(path: string | undefined): string | undefined {
  return path === undefined ? undefined : basename(path).split(/[\\/]/).at(-1);
}
