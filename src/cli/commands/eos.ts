import { type Command, Option } from 'commander';
import { action } from '../action.js';
import { addWriteOptions } from '../options.js';
import type { DryRunOptions } from '../writes/plan.js';

interface Options extends DryRunOptions {
  readonly token: string;
  readonly path: string;
  readonly url: string;
}

/** `itkdb eos upload` and `itkdb eos delete` */
export function define(command: Command): void {
  addEosOptions(command.command('upload').description('Uploads a file to the file store EOS.'))
    .requiredOption('-f, --file <path>', 'the file; "-" for standard input')
    .addHelpText('after', '\nExample:\n  itkdb eos upload -t TOKEN -p /eos/PATH -f photo.jpg')
    .action(
      action<Options & { readonly file: string }>(async (cli, options) => {
        const { upload } = await import('../files/eos.js');
        await upload(cli, options, options.file);
      }),
    );
  addEosOptions(command.command('delete').description('Deletes a file of the file store EOS.'))
    .option('-y, --yes', 'deletes without a question')
    .addHelpText('after', '\nExample:\n  itkdb eos delete -t TOKEN -p /eos/PATH')
    .action(
      action<Options & { readonly yes?: boolean }>(async (cli, options) => {
        const { remove } = await import('../files/eos.js');
        await remove(cli, options, options.yes === true);
      }),
    );
}

function addEosOptions(command: Command): Command {
  return addWriteOptions(command)
    .addOption(
      new Option('-t, --token <token>', 'token of EOS for this file; other users can see it')
        .env('ITKDB_EOS_TOKEN')
        .makeOptionMandatory(),
    )
    .requiredOption('-p, --path <path>', 'path of the file on EOS')
    .addOption(
      new Option('--url <url>', 'address of EOS').env('ITKDB_EOS_URL').default('https://eosatlas.cern.ch'),
    );
}
