import { readFile } from 'node:fs/promises';
import { buffer } from 'node:stream/consumers';
import { CliError } from './errors.js';

/**
 * Reads a text file, or standard input.
 *
 * @param file - a path; `-` for standard input
 * @param request - what a person is asked to type, such as `Type the input, then Ctrl-D:`
 * @throws CliError where it cannot be read
 */
export async function readText(file: string, request: string): Promise<string> {
  if (file === '-' && process.stdin.isTTY) process.stderr.write(`${request}\n`);
  try {
    const bytes = await (file === '-' ? buffer(process.stdin) : readFile(file));
    // Older versions of PowerShell write UTF-16 into files.
    const encoding = bytes[0] === 0xff && bytes[1] === 0xfe ? 'utf16le' : 'utf8';
    return bytes.toString(encoding).replace(/^\ufeff/, '');
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new CliError(
      code === 'ENOENT'
        ? `there is no file ${file}`
        : `cannot read ${titleOfFile(file)} (${code ?? message})`,
    );
  }
}

/** Returns what a file is called in messages. */
export function titleOfFile(file: string): string {
  return file === '-' ? 'standard input' : file;
}
