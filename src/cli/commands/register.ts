import type { Command } from 'commander';
import { action } from '../action.js';
import { addTableOptions, addWriteOptions, type OutputOptions } from '../options.js';
import type { DryRunOptions } from '../plan.js';

interface Options extends OutputOptions, DryRunOptions {
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
        'serialNumber, and the codes of properties. It can be run again with the same',
        'file: what is registered is not registered twice.',
      ].join('\n'),
    );
  addTableOptions(addWriteOptions(command))
    .option('--key <code>', 'a property with another value in each line, such as LOCALNAME')
    .option('--journal <file>', 'file that keeps what is done; else <file>.journal')
    .action(
      action<Options, [file: string]>(async (cli, { key, journal, dryRun }, file) => {
        const { register } = await import('../register.js');
        const path = journal ?? (file === '-' ? undefined : `${file}.journal`);
        await register(cli, file, {
          ...(key !== undefined && { key }),
          ...(path !== undefined && { journal: path }),
          dryRun: dryRun === true,
        });
      }),
    );
}
