import type { Argument, Command, Option } from 'commander';
import { inputShapeOf } from '../call/check-input.js';
import { findEntry, keysOf, listEntries } from '../call/command-entry.js';
import { COMMANDS } from '../commands.js';
import { createProgram } from '../program.js';

/** The values of a word: any text, one of several words, or the path of a file. */
export type Value =
  | { readonly kind: 'text' | 'file' }
  | { readonly kind: 'choice'; readonly choices: readonly string[] };

/** An option of a command. */
export interface OptionWords {
  /** Such as `--limit` and `-L`. */
  readonly names: readonly string[];
  readonly description: string;
  /** The value in the next word; undefined where the option has none. */
  readonly value: Value | undefined;
}

/** A command, and the words that may follow it. */
export interface CommandWords {
  readonly name: string;
  readonly summary: string;
  readonly options: readonly OptionWords[];
  /** Its arguments. */
  readonly value: Value;
  /** Words that follow the first argument: the keys of an input, by the command of the database. */
  readonly keys: Readonly<Record<string, readonly string[]>>;
}

/** All that can be completed. */
export interface KnownWords {
  readonly options: readonly OptionWords[];
  readonly commands: readonly CommandWords[];
}

/** The codes of the projects, which hardly ever change. */
const PROJECTS = ['S', 'P', 'CE', 'CM'];
const TEXT: Value = { kind: 'text' };

/** Collects the words of the command line: of all commands, which are loaded for it. */
export async function collectWords(): Promise<KnownWords> {
  const program = createProgram();
  const commands: CommandWords[] = [];
  for (const { name, summary, load } of Object.values(COMMANDS).flat()) {
    const command = program.commands.find((one) => one.name() === name) as Command;
    (await load()).define(command);
    commands.push({ name, summary, ...wordsOf(command), keys: keysFor(name) });
  }
  const names = commands.map(({ name }) => name);
  const help = { name: 'help', summary: 'shows the help of a command', options: [], keys: {} };
  commands.push({ ...help, value: { kind: 'choice', choices: names } });
  return { options: optionsOf(program), commands };
}

function wordsOf(command: Command): Pick<CommandWords, 'options' | 'value'> {
  const { commands, registeredArguments } = command;
  const verb = command.name();
  if (verb === 'get' || verb === 'post') {
    const choices = listEntries(verb).map((entry) => entry.command);
    return { options: optionsOf(command), value: { kind: 'choice', choices } };
  }
  const options = [command, ...commands].flatMap(optionsOf);
  if (commands.length > 0)
    return { options, value: { kind: 'choice', choices: commands.map((one) => one.name()) } };
  const [argument] = registeredArguments;
  return { options, value: argument === undefined ? TEXT : toValue(argument, argument.name()) };
}

function optionsOf(command: Command): OptionWords[] {
  return command.createHelp().visibleOptions(command).map(toWords);
}

function toWords(option: Option): OptionWords {
  const { long, short, flags, description, required } = option;
  const names = [long, short].filter((name) => name !== undefined && name !== null);
  const [, placeholder = ''] = /<(.+)>/.exec(flags) ?? [];
  // A value that need not be there is behind `=`.
  if (!required) return { names, description, value: undefined };
  return {
    names,
    description,
    value: long === '--project' ? { kind: 'choice', choices: PROJECTS } : toValue(option, placeholder),
  };
}

function toValue({ argChoices }: Option | Argument, name: string): Value {
  if (argChoices !== undefined) return { kind: 'choice', choices: argChoices };
  return { kind: /file|folder|path|dir|rows|runs?\b|csv/i.test(name) ? 'file' : 'text' };
}

function keysFor(verb: string): CommandWords['keys'] {
  if (verb !== 'get' && verb !== 'post') return {};
  const keys = listEntries(verb).map(({ command }) => {
    const entry = findEntry(command);
    const all = entry === undefined ? [] : keysOf(inputShapeOf(entry, new Set()));
    return [command, all.filter(({ value }) => value !== 'object').map(({ key }) => `${key}=`)] as const;
  });
  return Object.fromEntries(keys.filter(([, all]) => all.length > 0));
}

/** Returns the names of the options that are followed by a value. */
export function valueOptions(words: KnownWords): Set<string> {
  const all = [...words.options, ...words.commands.flatMap(({ options }) => options)];
  return new Set(all.flatMap(({ names, value }) => (value === undefined ? [] : names)));
}
