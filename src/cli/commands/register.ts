import type { Command } from 'commander';
import { action } from '../action.js';
import { addTableOptions, addWriteOptions } from '../options.js';
import type { DryRunOptions } from '../writes/plan.js';

interface Options extends DryRunOptions {
  readonly key?: string;
  readonly journal?: string;
}

/** `itkdb register` */
export function define(command: Command): void {
  command
    .argument('<file>', 'CSV file: a line for each component; "-" for standard input')
    .addHelpText(
      'after',
      [
        '',
        'The columns: project, subproject, institution, componentType, type, perhaps',
        'serialNumber, and the codes of properties. You can run it again with the same',
        'file: no component is registered twice.',
      ].join('\n'),
    );
  addTableOptions(addWriteOptions(command))
    .option('--key <code>', 'property that is different in each line, such as LOCALNAME')
    .option('--journal <file>', 'file that records what is done (default: <file>.journal)')
    .action(
      action<Options, [file: string]>(async (cli, { key, journal, dryRun }, file) => {
        const { register } = await import('../components/register.js');
        const path = journal ?? (file === '-' ? undefined : `${file}.journal`);
        await register(cli, file, { key, journal: path, dryRun });
      }),
    );
}
