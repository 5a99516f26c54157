import type { Cli } from '../cli.js';
import { CliError } from '../errors.js';
import { formatTable } from '../output/table.js';
import { checkInput, inputShapeOf } from './check-input.js';
import {
  type CatalogueEntry,
  exampleOf,
  findEntry,
  keysOf,
  listEntries,
  requireEntry,
  type Verb,
} from './command-entry.js';
import { type Input, readInput } from './key-values.js';

/** The options that `get` and `post` share. */
export interface CallOptions {
  readonly list?: boolean;
  readonly keys?: boolean;
  /** A file with the whole input. */
  readonly input?: string;
  readonly raw?: boolean;
}

/** A command that is to be sent. */
export interface Call {
  readonly command: string;
  /** Undefined for a command that the catalogue does not know. */
  readonly entry: CatalogueEntry | undefined;
  /** The input: a form where it has a file. */
  readonly input: Input | FormData;
}

/** The width of the texts in columns. */
const WIDTH = 80;

/** Shows the commands, or the keys of one, where the options ask for that. Returns whether they did. */
export async function showHelp(
  { output }: Cli,
  verb: Verb,
  command: string | undefined,
  options: CallOptions,
): Promise<boolean> {
  if (command === undefined || options.list) {
    const commands = listEntries(verb);
    await output.show(commands, ({ bold }) => {
      const lines = commands.map(({ command: name, summary }) => `${bold(name)}\n${wrap(summary)}`);
      return `${lines.join('')}\nThe keys of one of them: itkdb ${verb} COMMAND --keys`;
    });
    return true;
  }
  if (!options.keys) return false;
  const entry = requireEntry(command, verb);
  const keys = keysOf(entry.input);
  const example = exampleOf(verb, command, entry);
  await output.show({ command, summary: entry.summary, keys, example }, () => {
    const rows = keys.map(({ key, required, value }) => ({ key, required: required ? 'yes' : '', value }));
    const table = formatTable(rows, ['key', 'required', 'value'], Number.POSITIVE_INFINITY);
    return `${entry.summary}\n\n${keys.length > 0 ? `${table}\n` : ''}Example:\n  ${example}`;
  });
  return true;
}

/** Lays out a text in lines that begin with two spaces. */
function wrap(text: string): string {
  const lines = [''];
  for (const word of text.split(' ')) {
    if (`${lines.at(-1)} ${word}`.length < WIDTH - 2) lines.push(`${lines.pop()} ${word}`.trim());
    else lines.push(word);
  }
  return lines.map((line) => `  ${line}\n`).join('');
}

/**
 * Reads and checks the input of a command. Nothing is sent.
 *
 * @throws CliError where the command or its input is wrong
 */
export async function readCall(
  cli: Cli,
  verb: Verb,
  command: string,
  words: readonly string[],
  { input: file, raw = false }: CallOptions,
): Promise<Call> {
  const entry = raw ? findEntry(command) : requireEntry(command, verb);
  refuseValueAlone(verb, command, words, entry);
  const input = await readInput(words, {
    file,
    shape: (names) => (entry === undefined || raw ? undefined : inputShapeOf(entry, names)),
    say: (line) => cli.say(line),
    isFile: (name) => name === 'data' && entry?.multipart === true,
    openFile: async (path) => {
      const { openFile } = await import('../../client/uploads/local-file.js');
      return (await openFile(`${command}: data`, path, {}, cli.signal)).file;
    },
  });
  if (entry !== undefined && !raw) checkInput(verb, command, entry, input);
  return { command, entry, input: entry?.multipart ? toForm(input) : input };
}

/** Refuses `get getComponent 20USBML1234567`, and names the key where only one is required. */
function refuseValueAlone(
  verb: Verb,
  command: string,
  words: readonly string[],
  entry: CatalogueEntry | undefined,
): void {
  const [word] = words;
  const [key, ...others] = Object.entries(entry?.input.required ?? {});
  if (word === undefined || /[=@]/.test(word) || key === undefined || others.length > 0) return;
  if (typeof key[1] !== 'string' || !key[1].startsWith('string')) return;
  throw new CliError(`${word} is not key=value`, {
    advice: `Write: itkdb ${verb} ${command} ${key[0]}=${word}`,
  });
}

function toForm(input: Input): FormData {
  const form = new FormData();
  for (const [name, value] of Object.entries(input)) {
    // Without a name as the third argument, which would make a copy of the file.
    if (value instanceof File) form.set(name, value);
    else form.set(name, typeof value === 'string' ? value : JSON.stringify(value));
  }
  return form;
}
