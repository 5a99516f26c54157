import { PassThrough, pipeline, type Readable, Transform } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { crc32 } from 'node:zlib';
import type { ZipFile as Archive, Entry } from 'yauzl';
import { InvalidInvocation } from '../../exceptions/base.js';
import { messageOf } from '../../util/errors.js';
import { inspectAsString } from '../../util/inspect.js';
import type { Contents } from './contents.js';
import { safeName } from './safe-name.js';

/** A file in a ZIP archive. */
export class ZipEntry {
  /** Its path in the archive, with slashes. It never leads out of the folder into which it is unpacked. */
  readonly name: string;
  /** The length in bytes, when it is unpacked. */
  readonly size: number;
  readonly #contents: Contents;
  readonly #entry: Entry;

  static {
    inspectAsString(this);
  }

  /** @internal */
  constructor(contents: Contents, entry: Entry, name: string) {
    this.name = name;
    this.size = entry.uncompressedSize;
    this.#contents = contents;
    this.#entry = entry;
  }

  /**
   * Returns the contents.
   *
   * @throws InvalidInvocation where they cannot be unpacked
   */
  async bytes(): Promise<Buffer> {
    return buffer(this.stream());
  }

  /** Returns the contents as text in UTF-8. Throws what {@link bytes} throws. */
  async text(): Promise<string> {
    return (await this.bytes()).toString();
  }

  /** Returns a stream of the contents. What {@link bytes} throws, it is destroyed with. */
  stream(): Readable {
    const output = new PassThrough();
    const fail = (error: Error): void => {
      output.destroy(notReadable(`${this.name} in the archive`, error));
    };
    this.#open().then((stream) => {
      stream.on('error', fail).pipe(output);
      output.once('close', () => stream.destroy());
    }, fail);
    return output;
  }

  /** Returns what a template string shows. */
  toString(): string {
    return `ZipEntry(name=${this.name}, size=${this.size})`;
  }

  async #open(): Promise<Readable> {
    const archive = await open(this.#contents);
    try {
      const stream = await archive.openReadStreamPromise(this.#entry);
      stream.once('close', () => archive.close());
      return pipeline(stream, checking(this.#entry.crc32), () => {});
    } catch (error) {
      archive.close();
      throw error;
    }
  }
}

/**
 * Lists the files in a ZIP archive.
 *
 * @throws InvalidInvocation where it is not one
 */
export async function readZip(contents: Contents): Promise<ZipEntry[]> {
  const archive = await open(contents);
  try {
    const { getFileNameLowLevel } = await import('yauzl');
    const entries: ZipEntry[] = [];
    for await (const entry of archive.eachEntry()) {
      const { generalPurposeBitFlag, fileNameRaw, extraFields } = entry;
      const path = getFileNameLowLevel(generalPurposeBitFlag, fileNameRaw, extraFields, false);
      if (!path.endsWith('/')) entries.push(new ZipEntry(contents, entry, safePath(path)));
    }
    return entries;
  } catch (error) {
    throw notReadable('the file', error);
  } finally {
    archive.close();
  }
}

/** A stream that passes bytes on, and fails at the end where their checksum is another one. */
function checking(expected: number): Transform {
  let actual = 0;
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      actual = crc32(chunk, actual);
      done(null, chunk);
    },
    flush(done) {
      done(actual === expected ? null : new Error('its checksum is wrong'));
    },
  });
}

/** Reduces each part of a path to a name that is safe, and leaves out what leads upwards. */
function safePath(path: string): string {
  const parts = path.split(/[\\/]+/).filter((part) => !/^[\s.]*$/.test(part));
  return parts.map((part) => safeName(part)).join('/') || 'file';
}

async function open(contents: Contents): Promise<Archive> {
  const { path } = contents;
  // Names are decoded later: the library refuses an archive that has one which leads upwards.
  const options = { autoClose: false, decodeStrings: false };
  try {
    // Most scripts never unpack anything.
    const { fromBufferPromise, openPromise } = await import('yauzl');
    return path === undefined
      ? await fromBufferPromise(await contents.bytes(), options)
      : await openPromise(path, options);
  } catch (error) {
    throw notReadable('the file', error);
  }
}

function notReadable(what: string, error: unknown): InvalidInvocation {
  if (error instanceof InvalidInvocation) return error;
  return new InvalidInvocation(`${what} cannot be read as a ZIP archive: ${messageOf(error)}`, {
    cause: error,
  });
}
