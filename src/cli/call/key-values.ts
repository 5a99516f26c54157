import { isRecord } from '../../util/guards.js';
import { CliError } from '../errors.js';
import { describeType, type InputShape, type InputType, shapeOf, typeAt } from './command-entry.js';
import { parseJson } from './json.js';
import { Sources } from './sources.js';

/** The input of a command, as it is sent. */
export type Input = Record<string, unknown>;

/** How words become an input. */
export interface InputOptions {
  /** A file with the whole input; `-` for standard input. */
  readonly file?: string | undefined;
  /** The keys that the command has; undefined where all is sent as it is. */
  readonly shape: (names: ReadonlySet<string>) => InputShape | undefined;
  /** Warns the person of a possible mistake. */
  readonly say: (line: string) => void;
  /** Whether a key is sent as a file. */
  readonly isFile: (name: string) => boolean;
  /** Opens a file that is sent with the form. */
  readonly openFile: (path: string) => Promise<File>;
}

/** One word: `key=value`, `key:=JSON`, `key=@file` or `key:=@file`. */
interface Assignment {
  readonly name: string;
  readonly path: readonly string[];
  readonly isJson: boolean;
  readonly text: string;
}

/**
 * Makes the input of a command of the words of the command line. A file has the whole input, and the keys of the words
 * are set in it. A key that is given several times makes a list.
 *
 * @param words - `key=value`, `key:=JSON`, `key=@file`, `key:=@file.json`, or `@file.json` for the whole input
 * @throws CliError where a word or a file is wrong
 */
export async function readInput(words: readonly string[], options: InputOptions): Promise<Input> {
  const sources = new Sources();
  const files = words.filter((word) => word.startsWith('@')).map((word) => word.slice(1));
  if (options.file !== undefined) files.unshift(options.file);
  if (files.length > 1)
    throw new CliError(`the whole input is given twice: ${files.join(', ')}`, { advice: 'Give one file.' });
  const assignments = words.filter((word) => !word.startsWith('@')).map(toAssignment);
  const [file] = files;
  const input = file === undefined ? {} : await sources.json(file);
  if (!isRecord(input)) throw new CliError(`${file} must have an object, such as { "component": "20US…" }`);
  const shape = options.shape(
    new Set([...Object.keys(input), ...assignments.map(({ path }) => path[0] ?? '')]),
  );
  const groups = group(assignments);
  for (const [name, all] of groups) {
    const { path } = all[0] as Assignment;
    const type = shape === undefined ? undefined : typeAt(shape, path);
    const values: unknown[] = [];
    for (const one of all)
      values.push(await toValue(one, { type, isRaw: shape === undefined, sources, options }));
    setAt(input, path, combine(name, values, type), name);
  }
  return input;
}

function toAssignment(word: string): Assignment {
  const [, name = '', sign, text = ''] = /^(.+?)(:?=)(.*)$/s.exec(word) ?? [];
  if (sign === undefined)
    throw new CliError(`${word} is not key=value`, {
      advice: 'Such as component=20USBML1234567, or trashed=true.',
    });
  const path = name.split('.');
  // In JavaScript, __proto__ is not an ordinary key.
  if (path.includes('__proto__') || path.includes(''))
    throw new CliError(`${name} cannot be a key`, {
      advice: 'A key of an object in the input is written key.name=value.',
    });
  return { name, path, isJson: sign === ':=', text };
}

interface ValueContext {
  readonly type: InputType | undefined;
  readonly isRaw: boolean;
  readonly sources: Sources;
  readonly options: InputOptions;
}

async function toValue({ name, isJson, text }: Assignment, context: ValueContext): Promise<unknown> {
  const { type, isRaw, sources, options } = context;
  const file = text.startsWith('@') ? text.slice(1) : undefined;
  if (type === 'file' || (isRaw && options.isFile(name))) {
    if (file !== undefined && file !== '') return options.openFile(file);
    throw new CliError(`${name} is a file`, { advice: `Write: ${name}=@${text || 'photo.jpg'}` });
  }
  if (file !== undefined) {
    const isJsonFile = isJson || /\.json$/i.test(file) || (type !== undefined && isStructured(type));
    if (isJsonFile) return sources.json(file);
    return (await sources.text(file).catch((error: unknown) => explainAt(error, name, text))).replace(
      /\r?\n$/,
      '',
    );
  }
  if (isJson) return parseJson(text, name);
  if (isRaw || type === undefined) return text;
  if (type === 'any' && /^(?:-?\d+(?:\.\d+)?(?:e[+-]?\d+)?|true|false|null|[[{].*)$/i.test(text))
    options.say(`itkdb: ${name} is sent as a text; as JSON it is ${name}:=${text}`);
  return fromText(name, text, type);
}

/** A text may begin with `@`, too. */
function explainAt(error: unknown, name: string, text: string): never {
  if (!(error instanceof CliError)) throw error;
  const advice = `@ stands for a file. A text that starts with it: ${name}:='${JSON.stringify(text)}'`;
  throw new CliError(error.message, { advice });
}

/** Whether a type is that of an object, or of a list of objects. */
function isStructured(type: InputType): boolean {
  return shapeOf(type) !== undefined || type === 'object' || type === 'object[]';
}

/** Converts a text to the type that the key has in the catalogue. */
function fromText(name: string, text: string, type: InputType): unknown {
  if (typeof type !== 'string' || isStructured(type)) {
    const example = type === 'object[]' ? `${name}:='[{…}]'` : `${name}.KEY:=VALUE, or ${name}:='{…}'`;
    throw new CliError(`${name} is ${type === 'object[]' ? 'a list of objects' : 'an object'}`, {
      advice: `Write: ${example}, or ${name}=@file.json`,
    });
  }
  const types = type.split(' | ');
  if (types.includes('boolean') && /^(?:true|false)$/.test(text)) return text === 'true';
  if (types.includes('integer') && /^-?\d+$/.test(text))
    return parseJson(text.replace(/^(-?)0+(?=\d)/, '$1'), name);
  return text;
}

/** Makes one value of all values of a key. */
function combine(name: string, values: readonly unknown[], type: InputType | undefined): unknown {
  const types = typeof type === 'string' ? type.split(' | ') : [];
  const hasList = types.some((one) => one.endsWith('[]'));
  const isList = hasList && types.every((one) => one.endsWith('[]'));
  const [value] = values;
  if (values.length === 1) return isList && !Array.isArray(value) ? [value] : value;
  if (type === undefined || type === 'any') return values;
  if (hasList) return values.flat();
  throw new CliError(`${name} is given ${values.length} times, and takes one: ${describeType(type)}`, {
    advice: `Give ${name} once.`,
  });
}

/** Sets a value in an object, and makes the objects around it. */
function setAt(input: Input, path: readonly string[], value: unknown, name: string): void {
  let holder = input;
  for (const key of path.slice(0, -1)) {
    const member = Object.hasOwn(holder, key) ? holder[key] : undefined;
    if (member !== undefined && !isRecord(member))
      throw new CliError(`${name}: ${key} has a value that is no object`, {
        advice: `Leave out ${name}, or that value.`,
      });
    const next: Input = isRecord(member) ? member : {};
    define(holder, key, next);
    holder = next;
  }
  define(holder, path.at(-1) as string, value);
}

/** Sets a member of its own: not one that all objects have. */
function define(holder: Input, key: string, value: unknown): void {
  Object.defineProperty(holder, key, { value, writable: true, enumerable: true, configurable: true });
}

/** Groups the assignments by their keys. */
function group(assignments: readonly Assignment[]): Map<string, Assignment[]> {
  const groups = new Map<string, Assignment[]>();
  for (const one of assignments) groups.set(one.name, [...(groups.get(one.name) ?? []), one]);
  return groups;
}
