import type { Command } from 'commander';

/** Adds the arguments and options that `get` and `post` share. */
export function addCallOptions(command: Command, { kind }: { readonly kind: string }): Command {
  return command
    .argument('[command]', 'such as getComponent; without it, the commands are listed')
    .argument('[input...]', 'key=value, key:=JSON, key=@file or @file.json')
    .option('--list', `lists the commands that ${kind}, and what they do`)
    .option('--keys', 'lists the keys of the command, with an example')
    .option('--input <file>', 'a JSON file with the whole input; "-" for standard input')
    .option('--raw', 'sends unknown commands and keys too; checks nothing');
}

/** Returns the part of the help that explains how an input is written. */
export function inputHelp(examples: readonly string[]): string {
  return `
The input:
  key=value         a text; a number, true or false if the command wants it
  key:=JSON         anything else, such as results.TEMPERATURE:=21.5
  key=a key=b       a list
  key.name=value    a key in an object, such as filterMap.project=S
  key=@notes.txt    the text of a file; of a .json file, what is in it
  @file.json        the whole input; "@-" reads it from standard input

Examples:
${examples.map((example) => `  ${example}`).join('\n')}`;
}
