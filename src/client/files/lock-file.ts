import { readFile, rename, stat, unlink, writeFile } from 'node:fs/promises';
import { hostname, uptime } from 'node:os';
import { ignore } from '../../util/files.js';
import { isRunning } from '../../util/processes.js';
import { claim } from './place.js';

/** The number of times that a lock which is left over is removed: another process may do the same. */
const ATTEMPTS = 3;

/**
 * Creates a lock file: one process at a time can have it. The lock of a process that was killed is replaced.
 *
 * @returns a function that removes the lock; undefined where another process has it
 * @throws what `node:fs` throws where the file cannot be created
 */
export async function createLock(path: string): Promise<(() => Promise<void>) | undefined> {
  const own = `${process.pid} ${hostname()} ${Date.now()}`;
  for (let attempt = 0; attempt <= ATTEMPTS; attempt++) {
    try {
      await writeFile(path, own, { flag: 'wx' });
      return () => unlink(path).catch(() => {});
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') {
        // A full disk takes the name of a file, and none of its contents.
        await unlink(path).catch(() => {});
        throw error;
      }
    }
    const holder = await readFile(path, 'utf8').catch(() => '');
    if (!(await isLeftOver(path, holder))) return undefined;
    await removeLock(path, holder);
  }
  return undefined;
}

/** Whether the process that made a lock was killed, or the computer was started since. */
async function isLeftOver(path: string, holder: string): Promise<boolean> {
  const [pid, host] = holder.split(' ');
  if (host !== hostname()) return false;
  const made = (await stat(path).catch(() => undefined))?.mtimeMs ?? 0;
  return !isRunning(Number(pid)) || made < Date.now() - uptime() * 1000;
}

/** Removes a lock that is left over. If another process has replaced it since, the new lock stays. */
async function removeLock(path: string, holder: string): Promise<void> {
  const aside = `${path}.${process.pid}`;
  await rename(path, aside).catch(ignore('ENOENT'));
  const taken = await readFile(aside, 'utf8').catch(() => holder);
  if (taken !== holder) await claim(aside, path);
  await unlink(aside).catch(ignore('ENOENT'));
}
