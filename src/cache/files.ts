import { randomBytes } from 'node:crypto';
import * as fs from 'node:fs';
import { dirname, join } from 'node:path';
import { ignore } from '../util/files.js';

/** Neither waits for the writer of a pipe nor follows a link; Windows has no such flags. */
const READ = fs.constants.O_RDONLY | (fs.constants.O_NONBLOCK ?? 0) | (fs.constants.O_NOFOLLOW ?? 0);

/**
 * The files of a directory store: one for each entry, named by its key, in the folder `v1`. The `mtime` of a file is when
 * the entry expires, its `atime` when it was last used. All is synchronous: the thread pool takes ten times as long.
 *
 * Other users may be able to write to the directory. So no link in it is followed, nothing but regular files is opened,
 * and what another user owns or can change is an error.
 */
export class Files {
  readonly folder: string;
  readonly #root: string;
  readonly #longest: number;
  #temporary = 0;

  /** @param longest - a longer file is ignored; in bytes */
  constructor(root: string, longest: number) {
    this.#root = root;
    this.folder = join(root, 'v1');
    this.#longest = longest;
  }

  /** @throws where the folder cannot be trusted */
  exists(): boolean {
    const status = fs.lstatSync(this.folder, { throwIfNoEntry: false });
    if (status === undefined) return false;
    if (!status.isDirectory()) throw new Error('`v1` in its directory is not a directory');
    checkOwner(status, '`v1` in its directory');
    return true;
  }

  /** Makes the folder. Nothing else in the directory is changed, but a new directory is hidden from git. */
  create(): void {
    if (this.exists()) return;
    makeDirectory(this.#root);
    const isNew = fs.readdirSync(this.#root).every((name) => name === 'v1' || name === '.gitignore');
    makeDirectory(this.folder);
    const path = join(isNew ? this.#root : this.folder, '.gitignore');
    allow(['EEXIST', 'EROFS', 'EACCES'], () => fs.writeFileSync(path, '*\n', { flag: 'wx', mode: 0o600 }));
    this.exists();
  }

  read(key: string): { readonly bytes: Buffer; readonly expires: number } | undefined {
    const path = this.pathOf(key);
    // Most lookups find nothing, and an exception takes longer than this.
    if (fs.lstatSync(path, { throwIfNoEntry: false }) === undefined) return undefined;
    const file = allow(['ENOENT'], () => fs.openSync(path, READ));
    if (file === undefined) return undefined;
    try {
      const status = fs.fstatSync(file);
      if (!status.isFile() || status.size > this.#longest)
        throw new Error('one of its files is something else');
      checkOwner(status, 'one of its files');
      const bytes = Buffer.allocUnsafeSlow(status.size);
      return { bytes: bytes.subarray(0, fs.readSync(file, bytes)), expires: status.mtimeMs };
    } finally {
      fs.closeSync(file);
    }
  }

  /** Writes a new file and renames it: a reader gets the old entry or the new one. */
  write(key: string, parts: readonly Buffer[], expires: number): void {
    const suffix = `${process.pid}.${this.#temporary++}.${randomBytes(4).toString('hex')}.tmp`;
    const temporary = this.pathOf(`${key}.${suffix}`);
    try {
      const file = fs.openSync(temporary, 'wx', 0o600);
      try {
        const length = parts.reduce((sum, part) => sum + part.length, 0);
        // A full disk takes a part of the bytes without an error.
        if (fs.writevSync(file, parts) < length) throw new Error('not all bytes could be written');
        fs.futimesSync(file, Date.now() / 1000, expires / 1000);
      } finally {
        fs.closeSync(file);
      }
      fs.renameSync(temporary, this.pathOf(key));
    } catch (error) {
      fs.rmSync(temporary, { force: true });
      throw error;
    }
  }

  /** @returns whether it was there */
  delete(name: string): boolean {
    const isThere = fs.lstatSync(this.pathOf(name), { throwIfNoEntry: false }) !== undefined;
    fs.rmSync(this.pathOf(name), { force: true });
    return isThere;
  }

  /** The names of the files of all entries, and of those that are being written. */
  names(): string[] {
    const names = this.exists() ? fs.readdirSync(this.folder) : [];
    return names.filter((name) => /^[a-z]?[0-9a-f]{64}(?:\.[\w.]+\.tmp)?$/.test(name));
  }

  /** Makes a note of this moment, unless there is one that is newer than an interval; returns whether there was none. */
  touch(name: string, interval: number): boolean {
    const status = fs.lstatSync(this.pathOf(name), { throwIfNoEntry: false });
    if (status !== undefined && Math.abs(Date.now() - status.mtimeMs) < interval) return false;
    // A new file: what has this name may be a link or a pipe.
    fs.rmSync(this.pathOf(name), { recursive: true, force: true });
    fs.writeFileSync(this.pathOf(name), '', { flag: 'wx', mode: 0o600 });
    return true;
  }

  pathOf(name: string): string {
    return join(this.folder, name);
  }
}

/** Does something, and returns undefined where that fails with one of the given codes. */
export function allow<T>(codes: readonly string[], act: () => T): T | undefined {
  try {
    return act();
  } catch (error) {
    return ignore(...codes)(error);
  }
}

/** Where the platform has no users there is nothing to check. */
function checkOwner({ uid, mode }: fs.Stats, what: string): void {
  const user = process.getuid?.();
  if (user === undefined) return;
  if (uid !== user) throw new Error(`${what} belongs to another user`);
  if ((mode & 0o022) !== 0) throw new Error(`${what} can be changed by other users`);
}

/** Makes a directory for its owner alone, and those above it. Below `/proc`, `mkdir` with `recursive` never ends. */
function makeDirectory(path: string): void {
  if (fs.existsSync(path)) return;
  if (dirname(path) !== path) makeDirectory(dirname(path));
  allow(['EEXIST'], () => fs.mkdirSync(path, { mode: 0o700 }));
}
