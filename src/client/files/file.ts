import { basename, dirname, join, resolve } from 'node:path';
import type { Readable } from 'node:stream';
import { BOOLEAN, checkOptions, type OptionsExpected } from '../../config/check-options.js';
import { InvalidInvocation, isException } from '../../exceptions/base.js';
import { escapeControls } from '../../util/control-characters.js';
import { createDecoder } from '../../util/decoder.js';
import { bytesOf, isFilledString } from '../../util/guards.js';
import { inspectAsString } from '../../util/inspect.js';
import { Contents } from './contents.js';
import { mediaTypeIn } from './file-headers.js';
import { isFolder, makeTargetFolder, type Place, place, unwritable } from './place.js';
import { safeName } from './safe-name.js';
import { readZip, type ZipEntry } from './zip.js';

/** What is known of a file besides its contents. */
export interface FileDetails {
  /** The media type, with or without parameters, such as `text/plain; charset=utf-8`. @defaultValue `''` */
  readonly contentType?: string | undefined;
  /** The name that the server gave. @defaultValue none */
  readonly suggestedFilename?: string | undefined;
}

/** Options of `save`. */
export interface SaveOptions {
  /** Whether a file of the same name is replaced. Otherwise the new file gets a number: `photo (2).jpg`. @defaultValue `false` */
  readonly overwrite?: boolean | undefined;
}

const SAVE_OPTIONS: OptionsExpected = {
  expectation: 'given options such as { overwrite: true }',
  table: { overwrite: BOOLEAN } satisfies Record<keyof SaveOptions, unknown>,
};

/** Of files without a name. */
const EXTENSIONS: Readonly<Record<string, string>> = {
  ...{ 'application/json': 'json', 'application/pdf': 'pdf', 'application/zip': 'zip' },
  ...{ 'application/gzip': 'gz', 'application/xml': 'xml', 'application/x-zip-compressed': 'zip' },
  ...{ 'application/x-hdf5': 'h5', 'application/postscript': 'ps', 'application/x-tar': 'tar' },
  ...{ 'image/png': 'png', 'image/jpeg': 'jpg', 'image/gif': 'gif', 'image/tiff': 'tif', 'image/bmp': 'bmp' },
  ...{ 'image/webp': 'webp', 'image/svg+xml': 'svg', 'image/heic': 'heic', 'image/avif': 'avif' },
  ...{
    'image/fits': 'fits',
    'video/mp4': 'mp4',
    'text/plain': 'txt',
    'text/csv': 'csv',
    'text/html': 'html',
  },
  ...{ 'text/xml': 'xml', 'text/markdown': 'md' },
};

const contentsOf = new WeakMap<BinaryFile, Contents>();

/**
 * A file that the server sent. Its contents are in memory up to 1 MiB, else in a temporary file. That is removed when the
 * object is disposed of, when nothing refers to it any longer, and when the process ends.
 *
 * Files of some types are of a subclass: {@link ImageFile}, {@link TextFile}, {@link ZipFile}.
 */
export class BinaryFile {
  /** The media type, without parameters and in lower case, such as `application/pdf`; `''` where it is not known. */
  readonly contentType: string;
  /** The name that the server gave, without folders; undefined where it gave none. */
  readonly suggestedFilename: string | undefined;
  readonly #fullType: string;

  static {
    inspectAsString(this);
  }

  /**
   * Makes a file of your own, such as for a test with a mock of `client.get`.
   *
   * ```ts
   * import { ImageFile } from 'itkdb';
   *
   * const file = new ImageFile(Buffer.from('…'), { contentType: 'image/png', suggestedFilename: 'top.png' });
   * ```
   *
   * @param contents - its bytes, or its text
   * @throws InvalidInvocation where they are something else
   */
  constructor(contents: Uint8Array | ArrayBuffer | string, details: FileDetails = {}) {
    const { contentType = '', suggestedFilename } = details;
    this.#fullType = contentType;
    this.contentType = mediaTypeIn(contentType);
    this.suggestedFilename = suggestedFilename?.split(/[\\/]/).at(-1) || undefined;
    contentsOf.set(this, toContents(contents));
  }

  /** The length in bytes. */
  get size(): number {
    return this.#contents.size;
  }

  /** What is behind the last dot of the name, in lower case; else what is usual for the type; undefined where that is not known. */
  get extension(): string | undefined {
    const [, extension] = /\.([^.\s]+)$/.exec(this.suggestedFilename ?? '') ?? [];
    return extension?.toLowerCase() ?? EXTENSIONS[this.contentType];
  }

  /**
   * Returns the contents.
   *
   * @throws InvalidInvocation where they are too large for memory, or the file was disposed of
   */
  bytes(): Promise<Buffer> {
    return this.#contents.bytes();
  }

  /** Returns the contents as text. The charset is that of the `Content-Type`, else UTF-8. Throws what {@link bytes} throws. */
  async text(): Promise<string> {
    return createDecoder(this.#fullType).decode(await this.bytes());
  }

  /**
   * Returns a stream of the contents. Each call returns a new one.
   *
   * @throws InvalidInvocation where the file was disposed of
   */
  stream(): Readable {
    return this.#contents.stream();
  }

  /**
   * Saves the file, whole or not at all.
   *
   * @param path - where to; the name in an existing folder is that of the server. Without it, that name in the working directory
   * @returns the absolute path of the file, whose name may have got a number
   * @throws InvalidInvocation where there is no name, or the file cannot be written
   */
  async save(path?: string, options: SaveOptions = {}): Promise<string> {
    const subject = `${nameOf(this)}.save`;
    const { overwrite = false } = checkOptions(subject, options, SAVE_OPTIONS);
    const target = await this.#placeFor(subject, path);
    try {
      return await place(this.#contents, { ...target, overwrite }, false);
    } catch (error) {
      if (isException(error)) throw error;
      throw unwritable(subject, join(target.folder, target.name), error);
    }
  }

  /** Removes the temporary file, if there is one. The contents cannot be read after that. */
  dispose(): Promise<void> {
    return this.#contents.dispose();
  }

  /** Disposes of the file at the end of a block: `await using file = await client.get(…)`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.dispose();
  }

  /** Returns what a template string shows. */
  toString(): string {
    const { contentType, size, suggestedFilename } = this;
    const name = suggestedFilename === undefined ? '' : `suggestedFilename=${suggestedFilename}, `;
    return escapeControls(`${nameOf(this)}(${name}contentType=${contentType}, size=${size})`);
  }

  /** Returns what `JSON.stringify` shows. */
  toJSON(): Pick<BinaryFile, 'contentType' | 'size' | 'suggestedFilename'> {
    const { contentType, size, suggestedFilename } = this;
    return { suggestedFilename, contentType, size };
  }

  get #contents(): Contents {
    return contentsOf.get(this) as Contents;
  }

  async #placeFor(subject: string, path: string | undefined): Promise<Omit<Place, 'overwrite'>> {
    if (path !== undefined && !isFilledString(path))
      throw new InvalidInvocation(`${subject}: the path must be a string that is not empty`);
    if (path !== undefined && !/[\\/]$/.test(path) && !(await isFolder(path))) {
      const full = resolve(path);
      return { folder: await makeTargetFolder(subject, dirname(full)), name: basename(full) };
    }
    if (this.suggestedFilename === undefined)
      throw new InvalidInvocation(`${subject}: the server gave no name: give a path with one`);
    return {
      folder: await makeTargetFolder(subject, path ?? '.'),
      name: safeName(this.suggestedFilename),
    };
  }
}

/** A file whose type is that of an image. */
export class ImageFile extends BinaryFile {}

/** A file whose type is that of text, or JSON. */
export class TextFile extends BinaryFile {}

/** A file whose type is that of a ZIP archive. */
export class ZipFile extends BinaryFile {
  /**
   * Lists the files in the archive, without folders. Nothing is unpacked before their contents are read.
   *
   * @throws InvalidInvocation where the file is not a ZIP archive
   */
  entries(): Promise<ZipEntry[]> {
    return readZip(contentsOf.get(this) as Contents);
  }
}

/** Makes a file of contents, of the class for its type. */
export function makeFile(contents: Contents, details: FileDetails): BinaryFile {
  const Model = modelFor(mediaTypeIn(details.contentType ?? ''));
  const file = new Model('', details);
  contentsOf.set(file, contents);
  return file;
}

/** Puts a file where it belongs, and disposes of it. */
export async function moveFile(file: BinaryFile, target: Place): Promise<string> {
  try {
    return await place(contentsOf.get(file) as Contents, target, true);
  } finally {
    await file.dispose();
  }
}

function modelFor(type: string): typeof BinaryFile {
  if (type.startsWith('image/')) return ImageFile;
  if (type.startsWith('text/') || type === 'application/json') return TextFile;
  return /^application\/(?:zip|x-zip-compressed)$/.test(type) ? ZipFile : BinaryFile;
}

/** Not the name of the class: bundlers change it. */
function nameOf(file: BinaryFile): string {
  if (file instanceof ImageFile) return 'ImageFile';
  if (file instanceof TextFile) return 'TextFile';
  return file instanceof ZipFile ? 'ZipFile' : 'BinaryFile';
}

function toContents(given: unknown): Contents {
  const source = typeof given === 'string' ? Buffer.from(given) : bytesOf(given);
  if (source === undefined)
    throw new InvalidInvocation('a file is made of its bytes, such as a Buffer, or of its text');
  // A copy: what the caller changes later makes no difference.
  const bytes = Buffer.from(source);
  return new Contents(bytes, bytes.length);
}
