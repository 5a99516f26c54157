import { readFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import { CliError } from '../errors.js';
import { parseJson } from './json.js';

/** Reads the files that an input is made of; `-` is standard input, which can be read once. */
export class Sources {
  #hasReadStdin = false;

  /** @throws CliError where a file cannot be read */
  async text(file: string): Promise<string> {
    const bytes = file === '-' ? await this.#stdin() : await read(file);
    return bytes.replace(/^\ufeff/, '');
  }

  /** @throws CliError where a file cannot be read, or is not JSON */
  async json(file: string): Promise<unknown> {
    return parseJson(await this.text(file), file === '-' ? 'standard input' : file);
  }

  async #stdin(): Promise<string> {
    if (this.#hasReadStdin) throw new CliError('standard input can be used once');
    this.#hasReadStdin = true;
    if (process.stdin.isTTY) process.stderr.write('Type the input, then Ctrl-D:\n');
    return text(process.stdin);
  }
}

async function read(file: string): Promise<string> {
  try {
    const bytes = await readFile(file);
    // What > writes in older versions of PowerShell.
    return bytes.toString(bytes[0] === 0xff && bytes[1] === 0xfe ? 'utf16le' : 'utf8');
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new CliError(
      code === 'ENOENT' ? `there is no file ${file}` : `cannot read ${file} (${code ?? message})`,
    );
  }
}
