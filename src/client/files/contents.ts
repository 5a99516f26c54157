import { createReadStream } from 'node:fs';
import { type FileHandle, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { Readable } from 'node:stream';
import { InvalidInvocation } from '../../exceptions/base.js';
import { SNIFF_LENGTH } from './sniff.js';
import { TemporaryFile } from './temporary-file.js';

/** The most that is kept in memory, in bytes. */
const MEMORY_LIMIT = 1024 * 1024;
/** How much is written to the disk at a time, in bytes. */
const BATCH = 2 * 1024 * 1024;
/** After so many chunks in memory they become one. */
const MOST_CHUNKS = 1000;
/** Only the user of this process may read what is in the folder for temporary files. */
const PRIVATE = 0o600;
/** As that of any new file. */
const USUAL = 0o666;

/** The contents of a file: in memory, or in a temporary file. */
export class Contents {
  /** In bytes. */
  readonly size: number;
  /** undefined where they are in memory. */
  readonly temporary: TemporaryFile | undefined;
  #bytes: Buffer | undefined;
  #isDisposed = false;

  constructor(source: Buffer | TemporaryFile, size: number) {
    this.size = size;
    if (Buffer.isBuffer(source)) this.#bytes = source;
    else this.temporary = source;
  }

  /** The path of the temporary file; undefined where the contents are in memory. */
  get path(): string | undefined {
    if (this.#isDisposed) throw new InvalidInvocation('the file was disposed of: read it before that');
    return this.temporary?.path;
  }

  async bytes(): Promise<Buffer> {
    const { path } = this;
    if (path === undefined) return this.#bytes as Buffer;
    return readFile(path).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ERR_FS_FILE_TOO_LARGE') throw error;
      throw new InvalidInvocation('the file is too large for memory: read it with stream()');
    });
  }

  stream(): Readable {
    const { path } = this;
    const bytes = this.#bytes as Buffer;
    if (path === undefined) return Readable.from(bytes.length === 0 ? [] : [bytes]);
    // Until it is closed, the stream refers to this object, so that the file is not removed before.
    return createReadStream(path).once('close', () => this.size);
  }

  async dispose(): Promise<void> {
    this.#isDisposed = true;
    this.#bytes = undefined;
    await this.temporary?.remove();
  }
}

/** Keeps contents while they arrive: in memory up to 1 MiB, then in a temporary file. */
export class Spool {
  /** The bytes so far. */
  size = 0;
  /** The first of them, for `sniff`. */
  head: Buffer = Buffer.alloc(0);
  readonly #folder: string | undefined;
  #chunks: Buffer[] = [];
  /** The bytes in `#chunks`. */
  #waiting = 0;
  #file: TemporaryFile | undefined;
  #writing: Promise<void> = Promise.resolve();

  /** @param folder - where the temporary file is made. With it, nothing is kept in memory */
  constructor(folder?: string) {
    this.#folder = folder;
  }

  async write(chunk: Buffer): Promise<void> {
    if (this.head.length < SNIFF_LENGTH)
      this.head = Buffer.concat([this.head, chunk.subarray(0, SNIFF_LENGTH - this.head.length)]);
    this.#chunks.push(chunk);
    this.#waiting += chunk.length;
    this.size += chunk.length;
    const isInMemory = this.#file === undefined && this.#folder === undefined;
    if (this.#waiting > (isInMemory ? MEMORY_LIMIT : BATCH)) await this.#flush();
    // Each of many small chunks takes more memory than its bytes.
    else if (this.#chunks.length >= MOST_CHUNKS) this.#chunks = [Buffer.concat(this.#chunks)];
  }

  /** Forgets what was written. */
  async clear(): Promise<void> {
    await this.#writing;
    await this.#file?.handle.truncate(0);
    this.#chunks = [];
    this.#waiting = 0;
    this.size = 0;
    this.head = Buffer.alloc(0);
  }

  /** Returns what was written. */
  async finish(): Promise<Contents> {
    if (this.#file === undefined && this.#folder === undefined)
      return new Contents(Buffer.concat(this.#chunks), this.size);
    await this.#flush();
    await this.#writing;
    const file = this.#file as TemporaryFile;
    await file.handle.close();
    return new Contents(file, this.size);
  }

  /** Removes the temporary file, if there is one. */
  async remove(): Promise<void> {
    await this.#writing.catch(() => {});
    await this.#file?.remove();
  }

  /** Writes what is waiting, while more arrives: at most two batches are in memory. */
  async #flush(): Promise<void> {
    this.#file ??= await TemporaryFile.create(
      this.#folder ?? tmpdir(),
      this.#folder === undefined ? PRIVATE : USUAL,
    );
    const chunks = this.#chunks;
    const position = this.size - this.#waiting;
    this.#chunks = [];
    this.#waiting = 0;
    await this.#writing;
    this.#writing = writeAll(this.#file.handle, chunks, position);
    // The next call that awaits `#writing` throws the error.
    this.#writing.catch(() => {});
  }
}

async function writeAll(handle: FileHandle, chunks: Buffer[], position: number): Promise<void> {
  const length = chunks.reduce((sum, chunk) => sum + chunk.length, 0);
  if (length === 0) return;
  const { bytesWritten } = await handle.writev(chunks, position);
  // A full disk takes a part of the bytes without an error. The rest then is one.
  if (bytesWritten < length)
    await writeAll(handle, [Buffer.concat(chunks).subarray(bytesWritten)], position + bytesWritten);
}
