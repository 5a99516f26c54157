import { COMMANDS } from '../../commands/catalogue.js';
import { isRecord } from '../../util/guards.js';
import { similarNames, suggest } from '../../util/similar.js';
import { CliError } from '../errors.js';

/** The type of a key, as the catalogue writes it, or the keys of an object. */
export type InputType = string | InputShape;

/** The keys of an object, with their types. */
export interface InputShape {
  readonly required: Readonly<Record<string, InputType>>;
  readonly optional: Readonly<Record<string, InputType>>;
}

/** A command of the catalogue. */
export interface CatalogueEntry {
  readonly method: 'GET' | 'POST';
  readonly summary: string;
  readonly input: InputShape;
  /** The older form of the input. */
  readonly flatInput?: InputShape;
  /** Whether other keys are part of the input. */
  readonly openInput?: boolean;
  /** Whether the input is sent as a form. */
  readonly multipart?: boolean;
  /** Whether the list comes in pages; undefined where the response is no list. */
  readonly paged?: boolean;
  readonly result: string;
  readonly example: Readonly<Record<string, unknown>>;
}

/** The words of the command line that send a command. */
export type Verb = 'get' | 'post';

const ENTRIES: Readonly<Record<string, CatalogueEntry>> = COMMANDS;
const PAGE_INFO: InputShape = { required: {}, optional: { pageIndex: 'integer', pageSize: 'integer' } };

/** Returns the entry of a command in the catalogue; undefined for an unknown command. */
export function findEntry(command: string): CatalogueEntry | undefined {
  return Object.hasOwn(ENTRIES, command) ? ENTRIES[command] : undefined;
}

/** Lists the commands that read, or those that write. */
export function listEntries(verb: Verb): { command: string; summary: string }[] {
  return Object.entries(ENTRIES)
    .filter(([, { method }]) => method === verb.toUpperCase())
    .map(([command, { summary }]) => ({ command, summary }));
}

/** @throws CliError where the catalogue does not know the command, or it belongs to the other verb */
export function requireEntry(command: string, verb: Verb): CatalogueEntry {
  const entry = findEntry(command);
  if (entry === undefined) {
    const names = Object.keys(ENTRIES);
    const [similar] = similarNames(command, names);
    throw new CliError(`the database has no command ${command}${suggest(command, names)}`, {
      advice: `All commands: itkdb ${verbOf(similar) ?? verb} --list. To send it anyway, add --raw`,
    });
  }
  if (verbOf(command) === verb) return entry;
  throw new CliError(`${command} is a command that ${verb === 'get' ? 'writes' : 'reads'}`, {
    advice: `Use: itkdb ${verb === 'get' ? 'post' : 'get'} ${command}`,
  });
}

function verbOf(command = ''): Verb | undefined {
  const method = findEntry(command)?.method;
  return method && (method === 'GET' ? 'get' : 'post');
}

/** Returns the keys of a type that is an object; undefined for any other type. */
export function shapeOf(type: InputType | undefined): InputShape | undefined {
  return type === 'PageInfo' ? PAGE_INFO : typeof type === 'object' ? type : undefined;
}

/** Returns the type of a key; undefined where the shape does not have it, `any` in an object whose keys are free. */
export function typeAt(shape: InputShape, path: readonly string[]): InputType | undefined {
  let type: InputType | undefined = shape;
  for (const key of path) {
    const keys = shapeOf(type);
    if (keys === undefined) return type === 'object' || type === 'any' ? 'any' : undefined;
    type = [keys.required, keys.optional].find((some) => Object.hasOwn(some, key))?.[key];
    if (type === undefined) return undefined;
  }
  return type;
}

/** A key of an input, such as `filterMap.project`. */
export interface KeyFacts {
  readonly key: string;
  readonly required: boolean;
  /** Its type, in words. */
  readonly value: string;
}

/** Lists the keys of a shape, and those of the objects in it. */
export function keysOf({ required, optional }: InputShape, prefix = ''): KeyFacts[] {
  const of = (keys: InputShape['required'], isRequired: boolean): KeyFacts[] =>
    Object.entries(keys).flatMap(([name, type]) => {
      const key = prefix + name;
      const shape = shapeOf(type);
      const own = { key, required: isRequired, value: describeType(type) };
      return shape === undefined ? [own] : [...(isRequired ? [own] : []), ...keysOf(shape, `${key}.`)];
    });
  return [...of(required, true), ...of(optional, false)];
}

const WORDS: Readonly<Record<string, string>> = {
  string: 'text',
  boolean: 'true or false',
  integer: 'whole number',
  object: 'object',
  any: 'text or JSON',
  file: 'file',
  'string[]': 'list of texts',
  'object[]': 'list of objects',
};

/** Describes the type of a key in words. */
export function describeType(type: InputType): string {
  if (shapeOf(type) !== undefined || typeof type !== 'string') return 'object';
  const words = type.split(' | ').map((one) => WORDS[one] ?? one.slice(1, -1));
  return words
    .filter((word) => !(words[0] === 'true or false' && /^(?:true|false)$/.test(word)))
    .join(' or ');
}

/** Writes a call with the example of the catalogue, which can be copied. */
export function exampleOf(verb: Verb, command: string, { input, example }: CatalogueEntry): string {
  return ['itkdb', verb, command, ...wordsOf(example, input, [])].join(' ');
}

function wordsOf(value: unknown, shape: InputShape, path: readonly string[]): string[] {
  const type = path.length === 0 ? shape : typeAt(shape, path);
  if (isRecord(value) && (type === 'object' || shapeOf(type) !== undefined))
    return Object.entries(value).flatMap(([key, member]) => wordsOf(member, shape, [...path, key]));
  const name = path.join('.');
  if (type === 'file') return [quote(`${name}=@${value}`)];
  if (Array.isArray(value) && value.every((item) => typeof item === 'string'))
    return value.map((item) => quote(`${name}=${item}`));
  const isPlain = typeof value === 'string' || /^(?:boolean|integer)\b/.test(String(type));
  return [quote(isPlain ? `${name}=${value}` : `${name}:=${JSON.stringify(value)}`)];
}

function quote(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
