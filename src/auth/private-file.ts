import { randomBytes } from 'node:crypto';
import { constants, lstat, open, readdir, realpath, rename, stat, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { ignore, makeFolder } from '../util/files.js';
import { isRunning } from '../util/processes.js';

const LARGEST = 256 * 1024;

/**
 * Reads a small file with secrets; undefined where there is none. If other people can read a file of this program, its
 * permissions are changed.
 *
 * @param path - absolute
 * @param format - a text that only files of this program contain
 * @throws an error with the message `notOurs` for a pipe, a device or a large file; and what `node:fs` throws
 */
export async function readPrivateFile(
  path: string,
  { format, notOurs }: { readonly format: string; readonly notOurs: string },
): Promise<string | undefined> {
  // Without O_NONBLOCK, opening a named pipe would wait for a writer for ever.
  const file = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0)).catch(ignore('ENOENT'));
  if (file === undefined) return undefined;
  try {
    const status = await file.stat();
    if (!status.isFile() || status.size > LARGEST) throw new Error(notOurs);
    const text = await file.readFile('utf8');
    // The owner alone may read secrets, even if another program made the file. On Windows, modes have little effect.
    if (text.includes(format) && (status.mode & 0o077) !== 0) await file.chmod(0o600).catch(() => {});
    return text;
  } finally {
    await file.close();
  }
}

/**
 * Makes the folder of a file where there is none, and follows the links to the file.
 *
 * @returns the path behind the links, and whether there is a file
 * @throws where there is a pipe, a device or the like, and what `node:fs` throws
 */
export async function preparePrivateFile(path: string): Promise<{ path: string; exists: boolean }> {
  await makeFolder(dirname(path));
  const target = (await realpath(path).catch(ignore('ENOENT'))) ?? path;
  const present = await stat(target).catch(ignore('ENOENT'));
  if (present?.isFile() === false) throw new Error('it is no file');
  return { path: target, exists: present !== undefined };
}

/**
 * Writes a file that only its owner can read. It is replaced in one step, so that a reader sees the old or the new one,
 * whole. Temporary files of processes that were killed are removed.
 *
 * @param path - of {@link preparePrivateFile}
 */
export async function replacePrivateFile(path: string, text: string): Promise<void> {
  const temporary = join(dirname(path), `.itkdb-${process.pid}-${randomBytes(6).toString('hex')}.tmp`);
  try {
    const file = await open(temporary, 'wx', 0o600);
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await unlink(temporary).catch(() => {});
    throw error;
  }
  await removeAbandoned(dirname(path));
}

const TEMPORARY = /^\.itkdb-(\d{1,10})-[0-9a-f]{12}\.tmp$/;
const MINUTE = 60_000;

/** Removes temporary files that no process will put into place. Never throws. */
export async function removeAbandoned(folder: string): Promise<void> {
  const names = await readdir(folder).catch((): string[] => []);
  for (const name of names) {
    const [, pid] = TEMPORARY.exec(name) ?? [];
    if (pid === undefined) continue;
    const path = join(folder, name);
    const status = await lstat(path).catch(() => undefined);
    if (status?.isFile() !== true) continue;
    const age = Date.now() - status.mtimeMs;
    // The process may run on another computer that shares the folder: it would have finished within a minute.
    if (age > 60 * MINUTE || (age > MINUTE && !isRunning(Number(pid)))) await unlink(path).catch(() => {});
  }
}
