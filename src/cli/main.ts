#!/usr/bin/env node
import { type Command, CommanderError } from 'commander';
import { COMMANDS } from './commands.js';
import { createProgram } from './program.js';

// It is no error when the reader of the output, such as `head`, has ended.
for (const stream of [process.stdout, process.stderr])
  stream.on('error', ({ code }: NodeJS.ErrnoException) => {
    if (code !== 'EPIPE') process.exitCode = 1;
  });

await main(process.argv.slice(2));

/** Runs one command, and sets the exit code. */
async function main(words: readonly string[]): Promise<void> {
  const program = createProgram();
  // Without its `=`, the option would take the next word for its value. Words after `--` belong to another command.
  const end = words.includes('--') ? words.indexOf('--') : words.length;
  const argv = words.map((word, at) => (word === '--json' && at < end ? '--json=' : word));
  let help = 'itkdb --help';
  try {
    const name = nameOf(program, argv);
    const isKnown = name === undefined || (await defineCommand(program, name));
    if (isKnown && name !== undefined) help = `itkdb ${name} --help`;
    // For the help of an unknown command, the parser would show the help of the program.
    await program.parseAsync(isKnown ? argv : [name], { from: 'user' });
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return;
    const { writeError } = await import('./errors.js');
    const isJson = argv.some((word) => word.startsWith('--json='));
    process.exitCode = writeError(error, { isJson, help });
  }
}

/** Returns the name of the command that is called, or whose help is wanted; undefined if there is none. */
function nameOf(program: Command, argv: readonly string[]): string | undefined {
  const [first, second] = program.parseOptions([...argv]).operands;
  return first === 'help' ? second : first;
}

/** Loads a command, and adds its arguments and options. Returns whether there is such a command. */
async function defineCommand(program: Command, name: string): Promise<boolean> {
  const entry = Object.values(COMMANDS)
    .flat()
    .find((one) => one.name === name);
  const command = program.commands.find((one) => one.name() === name);
  if (entry === undefined || command === undefined) return name === 'help';
  (await entry.load()).define(command);
  command.addHelpText('after', `\nExample:\n  ${entry.example}`);
  return true;
}
