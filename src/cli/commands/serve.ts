import { type Command, InvalidArgumentError, Option } from 'commander';
import { action } from '../action.js';
import type { ServeOptions } from '../serve.js';

/** `itkdb serve` */
export function define(command: Command): void {
  command
    .argument('[command...]', 'after "--": is run with this database, which ends with it')
    .option(
      '--port <number>',
      'port of the database; it uses the next two, too (default: free ones)',
      toNumber,
    )
    .option('--seed <number>', 'another seed makes other data', toNumber, 1)
    .option('--components <number>', 'components at least', toNumber, 3000)
    .option('--latency <milliseconds>', 'time that each request takes', toNumber, 0)
    .addOption(
      new Option(
        '--shell <name>',
        'for which shell the lines are; the default is that of this computer',
      ).choices([...['sh', 'fish', 'powershell', 'cmd']]),
    )
    .option('--json [fields]', 'the environment as JSON')
    .addHelpText('after', HELP)
    .action(
      action<ServeOptions, [string[]]>(async (cli, options, words) => {
        const { serve } = await import('../serve.js');
        await serve(cli, options, words);
      }),
    );
}

const HELP = `
The data are made up, and gone when it ends. Ctrl-C ends it, with exit code 0.
With a command after "--", it ends with that command, and with its exit code.

Examples:
  itkdb serve --port 8900
  itkdb serve -- npx itkdb list-projects`;

function toNumber(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError('Give a whole number.');
  return Number(text);
}
