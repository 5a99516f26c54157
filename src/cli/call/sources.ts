import { CliError } from '../errors.js';
import { readText, titleOfFile } from '../read-text.js';
import { parseJson } from './json.js';

/** Reads the files that an input is made of; `-` is standard input, which can be read once. */
export class Sources {
  #hasReadStdin = false;

  /** @throws CliError where a file cannot be read */
  async text(file: string): Promise<string> {
    if (file === '-' && this.#hasReadStdin) throw new CliError('standard input can be used once');
    this.#hasReadStdin ||= file === '-';
    return readText(file, 'Type the input, then Ctrl-D:');
  }

  /** @throws CliError where a file cannot be read, or is not JSON */
  async json(file: string): Promise<unknown> {
    return parseJson(await this.text(file), titleOfFile(file));
  }
}
