import { lstat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { BinaryFile } from '../../client/files/file.js';
import { messageOf } from '../../util/errors.js';
import { CliError, EXIT } from '../errors.js';

/**
 * Checks that a file can be written: there is none of this name, or it is a regular file, which is to be replaced.
 *
 * @throws CliError otherwise
 */
export async function checkTarget(path: string): Promise<void> {
  const status = await lstat(path).catch(() => undefined);
  if (/[\\/]$/.test(path) || status?.isDirectory())
    throw new CliError(`${path} is a folder`, { advice: 'Give the name of a file.' });
  if (status !== undefined && !status.isFile())
    throw new CliError(`${path} is not a regular file, and is not replaced`, {
      advice: 'Give another name, or - for standard output.',
    });
}

/**
 * Writes a text file, whole or not at all. A regular file of this name is replaced.
 *
 * @returns the absolute path
 * @throws CliError if it cannot be written
 */
export async function writeTextFile(path: string, text: string): Promise<string> {
  await checkTarget(path);
  try {
    return await new BinaryFile(text).save(resolve(path), { overwrite: true });
  } catch (error) {
    const reason = messageOf((error as Error).cause ?? error).split('\n')[0];
    throw new CliError(`${path} cannot be written: ${reason}`, { exitCode: EXIT.failed });
  }
}
