import { isFilledString, isRecord } from '../../util/guards.js';
import { CliError } from '../errors.js';
import { readText, titleOfFile } from '../read-text.js';

/**
 * Reads the names of components from the arguments, from a file, or from standard input. Each name is returned once. A line
 * is a name, or a JSON object that has one, as `--ndjson` writes it. The whole text may also be a JSON list of such objects,
 * as `--json` writes it. A line that starts with `#` is a comment.
 *
 * @param words - the arguments; `-` stands for standard input
 * @param from - a file; `-` for standard input
 * @throws CliError where there is none, or the file cannot be read
 */
export async function readComponentNames(words: readonly string[], from?: string): Promise<string[]> {
  const names = words.filter((word) => word !== '-').map((word) => word.trim());
  const files = [...(words.includes('-') ? ['-'] : []), ...(from === undefined ? [] : [from])];
  for (const file of new Set(files)) {
    const text = await readText(file, 'One component in each line, then Ctrl-D:');
    const items = listIn(text)?.map((item) => nameOf(item, JSON.stringify(item)));
    names.push(...(items ?? text.split(/\r\n|[\r\n]/).flatMap((line) => nameIn(line.trim()) ?? [])));
  }
  if (names.length > 0) return [...new Set(names)];
  const [file] = files;
  throw new CliError(
    file === undefined ? 'no component was given' : `there is no component in ${titleOfFile(file)}`,
    {
      advice: 'Give serial numbers, or a file with one in each line: --from FILE',
    },
  );
}

/** Returns the items of a list in JSON; undefined for any other text. */
function listIn(text: string): unknown[] | undefined {
  const list = text.trimStart().startsWith('[') ? parsed(text) : undefined;
  return Array.isArray(list) ? list : undefined;
}

function nameIn(line: string): string | undefined {
  if (line === '' || line.startsWith('#')) return undefined;
  return line.startsWith('{') ? nameOf(parsed(line), line) : line.replace(/^(["'])(.*)\1$/, '$2');
}

/** @param text - the item, for the message */
function nameOf(item: unknown, text: string): string {
  const { serialNumber, code, id } = isRecord(item) ? item : { id: item };
  const name = [serialNumber, code, id].find(isFilledString);
  if (name !== undefined) return name;
  throw new CliError(`no component in the line ${text.slice(0, 60)}`, {
    advice: 'A line must be a serial number, or a JSON object with a serialNumber, a code or an id.',
  });
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
