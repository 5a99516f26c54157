import { createHash, randomBytes } from 'node:crypto';
import { unlinkSync } from 'node:fs';
import { type FileHandle, open, readdir, stat, unlink } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { rememberLast } from '../../util/memoize.js';
import { isRunning } from '../../util/processes.js';

/** How long a file is left alone that a process of this computer was writing to, in milliseconds. */
const MINUTE = 60_000;
/** The same, where it is not known which computer the process runs on. */
const DAY = 86_400_000;
/** The computer, the process, and a random part. */
const NAME = /^\.itkdb-([\da-f]{8})-(\d+)-[\da-f]{12}\.part$/;

const hostOf: (name: string) => string = rememberLast((name) =>
  createHash('sha256').update(name).digest('hex').slice(0, 8),
);

/** The files of this process that are still there. */
const paths = new Set<string>();
/** The folders in which it was looked for what other processes left behind. */
const sweptFolders = new Set<string>();

/** Removes what nobody refers to any longer. */
const abandoned = new FinalizationRegistry<string>(removeNow);

/** A temporary file. It is removed by {@link remove}, when the object is collected, and when the process ends. */
export class TemporaryFile {
  readonly path: string;
  readonly handle: FileHandle;

  private constructor(path: string, handle: FileHandle) {
    this.path = path;
    this.handle = handle;
  }

  /**
   * Creates a file whose name ends in `.part`. What processes left in the folder that were killed is removed.
   *
   * @param mode - its permissions, from which the process takes away those of its umask
   */
  static async create(folder: string, mode: number): Promise<TemporaryFile> {
    if (!sweptFolders.has(folder)) {
      sweptFolders.add(folder);
      await sweep(folder).catch(() => {});
    }
    const random = randomBytes(6).toString('hex');
    const path = join(folder, `.itkdb-${hostOf(hostname())}-${process.pid}-${random}.part`);
    const handle = await open(path, 'wx+', mode);
    if (paths.size === 0) process.once('exit', removeAll);
    paths.add(path);
    const file = new TemporaryFile(path, handle);
    abandoned.register(file, path, file);
    return file;
  }

  /** Removes the file. It need not be there any longer. */
  async remove(): Promise<void> {
    abandoned.unregister(this);
    await this.handle.close().catch(() => {});
    await unlink(this.path).catch(() => {});
    forget(this.path);
  }
}

function forget(path: string): void {
  paths.delete(path);
  if (paths.size === 0) process.off('exit', removeAll);
}

function removeAll(): void {
  for (const path of paths) removeNow(path);
}

function removeNow(path: string): void {
  try {
    unlinkSync(path);
  } catch {
    // It is not there, or Windows says that it is open.
  }
  forget(path);
}

/** Removes the files of processes that are no longer running. */
async function sweep(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    const [, host, pid] = NAME.exec(name) ?? [];
    if (host === undefined) continue;
    const path = join(folder, name);
    const isDead = host === hostOf(hostname()) && !isRunning(Number(pid));
    const age = Date.now() - (await stat(path)).mtimeMs;
    if (age > (isDead ? MINUTE : DAY)) await unlink(path).catch(() => {});
  }
}
