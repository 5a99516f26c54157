import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { isFilledString, isRecord } from '../util/guards.js';
import { CliError } from './errors.js';

/**
 * Reads which components are meant: from the arguments, from a file, or from standard input, each of them once. A line is a
 * name, or a JSON object that has one, as `--ndjson` writes it. A line that starts with `#` is a comment.
 *
 * @param words - the arguments; `-` stands for standard input
 * @param from - a file; `-` for standard input
 * @throws CliError where there is none, or the file cannot be read
 */
export async function readComponents(words: readonly string[], from?: string): Promise<string[]> {
  const names = words.filter((word) => word !== '-');
  const files = [...(words.includes('-') ? ['-'] : []), ...(from === undefined ? [] : [from])];
  for (const file of new Set(files)) names.push(...(await readLines(file)));
  if (names.length > 0) return [...new Set(names)];
  const [file] = files;
  throw new CliError(
    file === undefined ? 'no component was given' : `there is no component in ${nameOf(file)}`,
    {
      advice: 'Give serial numbers, or a file with one in each line: --from FILE',
    },
  );
}

async function readLines(file: string): Promise<string[]> {
  if (file === '-' && process.stdin.isTTY) process.stderr.write('One component in each line, then Ctrl-D:\n');
  const input = file === '-' ? process.stdin : createReadStream(file);
  const names: string[] = [];
  try {
    for await (const line of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })) {
      const name = nameIn(line.replace(/^\ufeff/, '').trim());
      if (name !== undefined) names.push(name);
    }
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new CliError(`cannot read ${nameOf(file)} (${code ?? message})`);
  }
  return names;
}

function nameIn(line: string): string | undefined {
  if (line === '' || line.startsWith('#')) return undefined;
  if (!line.startsWith('{')) return line.replace(/^(["'])(.*)\1$/, '$2');
  let item: unknown;
  try {
    item = JSON.parse(line);
  } catch {
    item = undefined;
  }
  const { serialNumber, code, id } = isRecord(item) ? item : {};
  const name = [serialNumber, code, id].find(isFilledString);
  if (name !== undefined) return name;
  throw new CliError(`no component in the line ${line.slice(0, 60)}`, {
    advice: 'A line must be a serial number, or a JSON object with a serialNumber, a code or an id.',
  });
}

function nameOf(file: string): string {
  return file === '-' ? 'standard input' : file;
}
