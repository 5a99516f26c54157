import type { Command } from 'commander';
import type { Cli } from './cli.js';
import type { GlobalOptions } from './program.js';

/**
 * Returns the action of a command.
 *
 * @param body - does the work: gets the options, then the arguments
 */
export function action<Options extends object, Arguments extends readonly unknown[] = []>(
  body: (cli: Cli, options: Options & GlobalOptions, ...words: Arguments) => Promise<void>,
): (...parameters: unknown[]) => Promise<void> {
  return async (...parameters) => {
    const command = parameters.at(-1) as Command;
    const words = parameters.slice(0, -2) as unknown as Arguments;
    const options = command.optsWithGlobals<Options & GlobalOptions>();
    const { runCli } = await import('./cli.js');
    // Every command that writes has this option.
    const isWrite = command.options.some(({ long }) => long === '--dry-run');
    // These send a command of the database, which the user has named.
    const keepsCommand = /^(?:get|post)$/.test(command.name());
    await runCli(options, { isWrite, keepsCommand, body: (cli) => body(cli, options, ...words) });
  };
}
