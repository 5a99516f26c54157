import { type Command, Option } from 'commander';
import { action } from '../action.js';
import { CliError } from '../errors.js';
import { addRecordOptions, addWriteOptions } from '../options.js';
import type { DryRunOptions } from '../writes/plan.js';

interface Options extends DryRunOptions {
  readonly component?: string;
  readonly file: string;
  readonly title?: string;
  readonly description?: string;
  readonly filename?: string;
  readonly fileType?: string;
  readonly eos: keyof typeof EOS;
}

const EOS = { auto: 'auto', yes: true, no: false } as const;

/** `itkdb add-attachment` */
export function define(command: Command): void {
  command.argument('[component]', 'serial number, code or alternative identifier');
  addRecordOptions(addWriteOptions(command))
    .option('--component <name>', 'the same as the argument')
    .requiredOption('-f, --file <path>', 'the file; "-" for standard input')
    .option('--title <text>', 'title of the attachment; without it, the name of the file')
    .option('-d, --description <text>', 'description of the attachment')
    .option('--filename <name>', 'name of the file in the database')
    .option('--file-type <type>', 'such as image/jpeg; without it, found from the contents')
    .addOption(
      new Option('--eos <choice>', 'whether it goes to EOS; auto: images and large files')
        .choices(Object.keys(EOS))
        .default('auto'),
    )
    .action(
      action<Options, [component: string | undefined]>(async (cli, options, word) => {
        const { toComponentName } = await import('../components/names.js');
        const component = toComponentName(componentOf(word, options.component));
        const { add } = await import('../files/add-attachment.js');
        const { file, title, description, filename, fileType, eos, dryRun } = options;
        const attachment = { title, description, filename, contentType: fileType, eos: EOS[eos] };
        await add(cli, component, file, { ...attachment, dryRun });
      }),
    );
}

function componentOf(word: string | undefined, option: string | undefined): string {
  const component = word ?? option;
  if (component === undefined)
    throw new CliError('no component was given', {
      advice: 'For example: itkdb add-attachment 20USBML1234567 -f photo.jpg',
    });
  if (word !== undefined && option !== undefined && word !== option)
    throw new CliError('two components were given', { advice: 'Attach the file to one, then to the other.' });
  return component;
}
