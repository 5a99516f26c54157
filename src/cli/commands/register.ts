import type { Command } from 'commander';
import { action } from '../action.js';
import { CliError } from '../errors.js';
import { addProject, addTableOptions, addWriteOptions, type ProjectOption } from '../options.js';
import type { DryRunOptions } from '../writes/plan.js';

interface Options extends DryRunOptions, ProjectOption {
  readonly example?: boolean;
  readonly componentType?: string;
  readonly key?: string;
  readonly journal?: string;
}

/** `itkdb register` */
export function define(command: Command): void {
  command
    .argument('[file]', 'CSV file: a line for each component; "-" for standard input')
    .addHelpText(
      'after',
      [
        '',
        'The columns: project, subproject, institution, componentType, type, perhaps',
        'serialNumber, and the codes of properties. A file to start with:',
        '  itkdb register --example --component-type MODULE > modules.csv',
        'You can run it again with the same file: no component is registered twice.',
      ].join('\n'),
    );
  addTableOptions(addWriteOptions(command))
    .option('--key <code>', 'property that is different in each line, such as LOCALNAME')
    .option('--journal <file>', 'file that records what is done (default: <file>.journal)')
    .option('--example', 'prints a file with the columns of a component type')
    .option('--component-type <code>', 'with --example: code of the component type')
    .action(
      action<Options, [file: string | undefined]>(async (cli, options, file) => {
        const { key, journal, dryRun, example, componentType, project } = options;
        if (example || componentType !== undefined) {
          if (!example || componentType === undefined || file !== undefined)
            throw new CliError('--example, --component-type and no file belong together', {
              advice: 'For example: itkdb register --example --component-type MODULE > modules.csv',
            });
          const { writeExample } = await import('../components/register-example.js');
          return writeExample(cli, project, componentType);
        }
        if (file === undefined)
          throw new CliError('no file was given', {
            advice: 'A file to start with: itkdb register --example --component-type MODULE > modules.csv',
          });
        const { register } = await import('../components/register.js');
        const path = journal ?? (file === '-' ? undefined : `${file}.journal`);
        await register(cli, file, { key, journal: path, dryRun });
      }),
    );
  addProject(command);
}
