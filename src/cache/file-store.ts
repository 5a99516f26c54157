import { createHash, randomBytes } from 'node:crypto';
import * as sync from 'node:fs';
import * as fs from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { KeyvFile } from 'keyv-file';
import { ignore, makeFolder } from '../util/files.js';
import { RECORD } from './store.js';

/** What Keyv hands over where it serialises nothing: bytes, in parts or in one, and when they expire. */
export interface Filed {
  readonly value: Buffer | readonly Buffer[];
  readonly expires?: number | undefined;
}

/** What is no longer than this is read at once: trips to the thread pool take ten times as long as the reading. In bytes. */
const SHORT = 64 * 1024;
/** A file system on which that takes longer than this is on a network, and is waited for as usual. In milliseconds. */
const SLOW = 20;
/** How long it is then left to others before it is tried again, in milliseconds. */
const SLOW_FOR = 1000;
/** The mtime of what never expires: not every file system knows a year far ahead. */
export const NEVER = 0;

/**
 * keyv-file's `separatedFile` mode, one file an entry, with the parts replaced that lose data:
 *
 * | keyv-file                                             | here                                                |
 * | ----------------------------------------------------- | --------------------------------------------------- |
 * | writes in place: a reader sees half, a crash leaves it | writes a new file and renames it                    |
 * | names files by their keys: long ones are not stored    | by a digest; the key stands in the file, and is checked |
 * | mode 0644                                             | 0600, in a folder of 0700                           |
 * | prints errors to stderr                               | throws them                                         |
 * | never sweeps: looks for names that it escapes twice   | a file's mtime is when it expires, for `sweep.ts`   |
 * | values as JSON in JSON, bytes in base64               | bytes as they are                                   |
 * | `clear()` removes the folder, whatever else is in it  | removes the entries                                 |
 *
 * A file is one line of JSON, `[key, expires]`, and the bytes. What is not such a file is not there.
 */
export class FileStore extends KeyvFile {
  readonly folder: string;
  readonly #longest: number;
  #temporary = 0;
  #slowUntil = 0;

  private constructor(folder: string, longest: number) {
    super({ filename: folder, separatedFile: true, expiredCheckDelay: Infinity });
    this.folder = folder;
    this.#longest = longest;
  }

  /**
   * Opens the store in a directory, which is made where there is none. Nothing outside of its folder `v1` is touched,
   * but for a `.gitignore` where the directory is new or empty.
   *
   * @param longest - what is longer than so many bytes is no file of ours
   * @throws the error of the file system
   */
  static async open(directory: string, longest: number = Infinity): Promise<FileStore> {
    const root = resolve(directory);
    const folder = join(root, 'v1');
    await makeFolder(root);
    const isOurs = (await fs.readdir(root)).every((name) => name === 'v1' || name === '.gitignore');
    await makeFolder(folder);
    if (!(await fs.lstat(folder)).isDirectory()) throw new Error('`v1` in it is no folder');
    await fs.chmod(folder, 0o700).catch(ignore('EPERM', 'EROFS'));
    const list = join(isOurs ? root : folder, '.gitignore');
    await fs.writeFile(list, '*\n', { flag: 'wx', mode: 0o600 }).catch(ignore('EEXIST', 'EROFS', 'EACCES'));
    // keyv-file would read this one, and complain on stderr if it cannot.
    await fs
      .rm(join(folder, '.lastExpire'), { recursive: true, force: true })
      .catch(ignore('EROFS', 'EACCES'));
    return new FileStore(folder, longest);
  }

  override async get<Value>(key: string): Promise<Value | undefined> {
    const bytes = await this.#read(this.pathOf(key));
    const filed = bytes && parse(bytes);
    if (filed?.key !== key) return undefined;
    const { value, expires } = filed;
    return (expires !== undefined && expires <= Date.now() ? undefined : { value, expires }) as
      | Value
      | undefined;
  }

  /** Writes a file beside, and puts it in place in one step: whoever reads gets the old one or the new one. */
  override async set(key: string, { value, expires }: Filed): Promise<boolean> {
    const path = this.pathOf(key);
    const temporary = this.#besides(path);
    const parts = [headOf(key, expires), ...[value].flat()];
    const mtime = new Date(expires ?? NEVER);
    const isShort = parts.reduce((sum, { length }) => sum + length, 0) <= SHORT;
    try {
      if (isShort && !this.#isSlow) this.#timed(() => putShort(temporary, path, parts, mtime));
      else {
        await writeNew(temporary, parts, mtime);
        await fs.rename(temporary, path);
      }
    } catch (error) {
      await fs.rm(temporary, { force: true }).catch(() => {});
      throw error;
    }
    return true;
  }

  /** Writes what never expires, unless there is something of that name. */
  async add(key: string, value: readonly Buffer[]): Promise<void> {
    const path = this.pathOf(key);
    const temporary = this.#besides(path);
    try {
      await writeNew(temporary, [headOf(key, undefined), ...value], new Date(NEVER));
      await fs.link(temporary, path).catch(ignore('EEXIST'));
    } catch (error) {
      // Not every file system has links.
      ignore('EPERM', 'ENOSYS', 'ENOTSUP', 'EOPNOTSUPP')(error);
      await this.set(key, { value });
    } finally {
      await fs.rm(temporary, { force: true }).catch(() => {});
    }
  }

  override async delete(key: string): Promise<boolean> {
    return removeFile(this.pathOf(key));
  }

  override async clear(): Promise<void> {
    for (const name of await this.names()) await removeFile(join(this.folder, name));
  }

  override async keys(): Promise<string[]> {
    const keys: string[] = [];
    for await (const [key] of this.iterator()) keys.push(key as string);
    return keys;
  }

  override async *iterator<Value>(
    namespace = '',
  ): AsyncGenerator<(string | Awaited<Value> | undefined)[], void, unknown> {
    for (const name of await this.names()) {
      const bytes = await readWhole(join(this.folder, name), this.#longest).catch(() => undefined);
      const filed = bytes && parse(bytes);
      if (filed?.key.startsWith(namespace)) yield [filed.key, filed as Awaited<Value>];
    }
  }

  /** The files of the store, those that were being written included. */
  async names(): Promise<string[]> {
    return (await fs.readdir(this.folder)).filter((name) => /^r?[0-9a-f]{64}(?:\.[\w.]+\.tmp)?$/.test(name));
  }

  async #read(path: string): Promise<Buffer | undefined> {
    if (this.#isSlow) return readWhole(path, this.#longest);
    const short = this.#timed(() => readShort(path));
    return short === 'long' ? readWhole(path, this.#longest) : short;
  }

  get #isSlow(): boolean {
    return performance.now() < this.#slowUntil;
  }

  /** Does something with the disk at once, and notes if that took too long to be done so again soon. */
  #timed<T>(act: () => T): T {
    const begin = performance.now();
    try {
      return act();
    } finally {
      const end = performance.now();
      if (end - begin > SLOW) this.#slowUntil = end + SLOW_FOR;
    }
  }

  /** Where an entry is, or a record: the name tells which. */
  pathOf(key: string): string {
    const digest = createHash('sha256').update(key).digest('hex');
    return join(this.folder, key.startsWith(RECORD) ? `r${digest}` : digest);
  }

  #besides(path: string): string {
    return `${path}.${process.pid}.${this.#temporary++}.${randomBytes(4).toString('hex')}.tmp`;
  }
}

/** Whether a file is a record and no entry. */
export function isRecord(name: string): boolean {
  return name.startsWith('r');
}

function headOf(key: string, expires: number | undefined): Buffer {
  return Buffer.from(`${JSON.stringify([key, expires ?? null])}\n`);
}

/** @returns whether it was there */
export async function removeFile(path: string): Promise<boolean> {
  try {
    await fs.unlink(path);
    return true;
  } catch (error) {
    ignore('ENOENT')(error);
    return false;
  }
}

interface Parsed {
  readonly key: string;
  readonly value: Buffer;
  readonly expires: number | undefined;
}

function parse(bytes: Buffer): Parsed | undefined {
  const end = bytes.indexOf('\n');
  if (end === -1) return undefined;
  try {
    const [key, expires] = JSON.parse(bytes.toString('utf8', 0, end)) as [unknown, unknown];
    if (typeof key !== 'string' || (expires !== null && typeof expires !== 'number')) return undefined;
    return { key, value: bytes.subarray(end + 1), expires: expires ?? undefined };
  } catch {
    return undefined;
  }
}

/** Neither waits for the writer of a pipe, nor leaves the folder by a link; on Windows there are no such flags. */
const READ = sync.constants.O_RDONLY | (sync.constants.O_NONBLOCK ?? 0) | (sync.constants.O_NOFOLLOW ?? 0);

/** Reads a file; undefined where there is none. */
async function readWhole(path: string, longest: number): Promise<Buffer | undefined> {
  const file = await fs.open(path, READ).catch(ignore('ENOENT'));
  if (file === undefined) return undefined;
  try {
    const status = await file.stat();
    if (!status.isFile() || status.size > longest) throw new Error(NO_FILE);
    // At once: `readFile` goes to the thread pool for every half megabyte.
    const bytes = Buffer.allocUnsafeSlow(status.size);
    const { bytesRead } = await file.read(bytes, 0, status.size, 0);
    return bytes.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

/** Reads a file, if it is short; undefined where there is none. */
function readShort(path: string): Buffer | 'long' | undefined {
  // Most of what is looked for is not there, and to make an error takes longer than to look.
  const status = sync.lstatSync(path, { throwIfNoEntry: false });
  if (status === undefined) return undefined;
  if (!status.isFile()) throw new Error(NO_FILE);
  if (status.size > SHORT) return 'long';
  let file: number;
  try {
    file = sync.openSync(path, READ);
  } catch (error) {
    return ignore('ENOENT')(error);
  }
  try {
    const length = sync.readSync(file, START, 0, START.length, 0);
    // A longer one may have taken its place meanwhile.
    return length > SHORT ? 'long' : Buffer.from(START.subarray(0, length));
  } finally {
    sync.closeSync(file);
  }
}

const NO_FILE = 'one of its files is something else';
const START = Buffer.allocUnsafeSlow(SHORT + 1);

/** Writes a short file beside, and puts it in place. */
function putShort(temporary: string, path: string, parts: readonly Buffer[], mtime: Date): void {
  const file = sync.openSync(temporary, 'wx', 0o600);
  try {
    checkWritten(sync.writevSync(file, parts), parts);
    sync.futimesSync(file, new Date(), mtime);
  } finally {
    sync.closeSync(file);
  }
  sync.renameSync(temporary, path);
}

/** A full disk takes a part of it. */
function checkWritten(written: number, parts: readonly Buffer[]): void {
  const total = parts.reduce((sum, { length }) => sum + length, 0);
  if (written < total) throw new Error(`only ${written} of ${total} bytes could be written`);
}

async function writeNew(path: string, parts: readonly Buffer[], mtime: Date): Promise<void> {
  const file = await fs.open(path, 'wx', 0o600);
  try {
    const { bytesWritten } = await file.writev(parts);
    checkWritten(bytesWritten, parts);
    await file.utimes(new Date(), mtime);
  } finally {
    await file.close();
  }
}
