import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';

/** Makes a folder that only its owner can look into, and those above it. Below `/proc`, `mkdir` with `recursive` never ends. */
export async function makeFolder(path: string): Promise<void> {
  try {
    await mkdir(path, { mode: 0o700 }).catch(ignore('EEXIST'));
  } catch (error) {
    ignore('ENOENT')(error);
    if (dirname(path) === path) throw error;
    await makeFolder(dirname(path));
    await mkdir(path, { mode: 0o700 }).catch(ignore('EEXIST'));
  }
}

/** Takes errors of the file system for nothing, by their codes; throws all others. */
export function ignore(...codes: string[]): (error: unknown) => undefined {
  return (error) => {
    if (!codes.includes(String((error as NodeJS.ErrnoException).code))) throw error;
  };
}
