import { chmod, copyFile, link, mkdir, open, rename, stat, unlink, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { InvalidInvocation } from '../../exceptions/base.js';
import { messageOf } from '../../util/errors.js';
import { ignore } from '../../util/files.js';
import { sleep } from '../../util/sleep.js';
import type { Contents } from './contents.js';
import { numberedName } from './safe-name.js';
import { TemporaryFile } from './temporary-file.js';

/** What the file systems say that have no links. */
const NO_LINKS = ['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK', 'EINVAL', 'UNKNOWN'];
/** What Windows says while another program has a file open. */
const IN_USE = ['EPERM', 'EBUSY', 'EACCES'];
/** How long a rename is tried again, in milliseconds. */
const WAITS = [20, 50, 100, 200, 400, 800];

/** Where a file is put. */
export interface Place {
  /** An absolute path. */
  readonly folder: string;
  readonly name: string;
  /** Whether a file of this name is replaced. Else the new one gets a number: `photo (2).jpg`. */
  readonly overwrite: boolean;
}

/**
 * Puts contents into a folder under a name, whole or not at all.
 *
 * @param isLast - whether the contents are not needed any longer, so that their temporary file may be used
 * @returns the path
 */
export async function place(
  contents: Contents,
  { folder, name, overwrite }: Place,
  isLast: boolean,
): Promise<string> {
  const { temporary } = contents;
  const isThere = isLast && temporary !== undefined && dirname(temporary.path) === folder;
  const source = isThere ? temporary : await copyTo(folder, contents);
  try {
    return overwrite
      ? await renameTo(source.path, join(folder, name))
      : await numberedPath(source.path, folder, name);
  } finally {
    // A second name of the new file, or nothing any longer.
    await source.remove();
  }
}

/** Returns the absolute path of a folder, and makes it if it is not there. */
export async function makeTargetFolder(subject: string, folder: string): Promise<string> {
  const path = resolve(folder);
  try {
    const status = await stat(path).catch(ignore('ENOENT'));
    if (status === undefined) await mkdir(path, { recursive: true });
    else if (!status.isDirectory()) throw new Error('it is not a folder');
    return path;
  } catch (error) {
    throw unwritable(subject, path, error);
  }
}

/** Whether there is a folder of this name. */
export async function isFolder(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined))?.isDirectory() ?? false;
}

/** Makes the exception of an error of the file system. */
export function unwritable(subject: string, path: string, error: unknown): InvalidInvocation {
  return new InvalidInvocation(`${subject}: ${path} cannot be written: ${messageOf(error)}`, {
    cause: error,
  });
}

async function copyTo(folder: string, contents: Contents): Promise<TemporaryFile> {
  const file = await TemporaryFile.create(folder, 0o666);
  try {
    const { mode } = await file.handle.stat();
    await file.handle.close();
    const { temporary } = contents;
    if (temporary === undefined) await writeFile(file.path, await contents.bytes());
    else {
      await copyFile(temporary.path, file.path);
      // A copy has the permissions of the first file, which nobody else may read.
      await chmod(file.path, mode & 0o777);
    }
    return file;
  } catch (error) {
    await file.remove();
    throw error;
  }
}

async function numberedPath(source: string, folder: string, name: string): Promise<string> {
  for (let number = 1; ; number++) {
    const path = join(folder, numberedName(name, number));
    if (await claim(source, path)) return path;
  }
}

/** Gives a file a second name, unless there is a file of that name: this is one step, also if others do the same. */
export async function claim(source: string, path: string): Promise<boolean> {
  try {
    await link(source, path);
    return true;
  } catch (error) {
    if (isOneOf(error, ['EEXIST'])) return false;
    if (!isOneOf(error, NO_LINKS)) throw error;
  }
  const handle = await open(path, 'wx').catch(ignore('EEXIST'));
  if (handle === undefined) return false;
  await handle.close();
  try {
    await renameTo(source, path);
    return true;
  } catch (error) {
    await unlink(path).catch(() => {});
    throw error;
  }
}

async function renameTo(source: string, path: string): Promise<string> {
  for (const wait of WAITS) {
    try {
      await rename(source, path);
      return path;
    } catch (error) {
      if (!isOneOf(error, IN_USE)) throw error;
      await sleep(wait);
    }
  }
  await rename(source, path);
  return path;
}

function isOneOf(error: unknown, codes: readonly string[]): boolean {
  return codes.includes(String((error as NodeJS.ErrnoException).code));
}
