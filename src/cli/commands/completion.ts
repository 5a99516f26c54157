import { Argument, type Command } from 'commander';
import { action } from '../action.js';
import type { CompletionShell } from '../completion/scripts.js';

/** `itkdb completion` */
export function define(command: Command): void {
  command
    .addArgument(new Argument('<shell>', 'the shell that you use').choices(['bash', 'zsh', 'fish']))
    .addHelpText('after', '\nThe first lines of the script say how to install it.')
    .action(
      action<object, [CompletionShell]>(async (cli, _, shell) => {
        const [{ collectWords }, { INSTRUCTIONS, writeScript }] = await Promise.all([
          import('../completion/known-words.js'),
          import('../completion/scripts.js'),
        ]);
        await cli.output.write(await writeScript(shell, await collectWords()));
        if (process.stdout.isTTY) for (const line of INSTRUCTIONS[shell]) cli.say(line);
      }),
    );
}
