import type { Command } from 'commander';
import { action } from '../action.js';
import type { CallOptions } from '../call/call.js';
import { addCallOptions, inputHelp } from '../call/call-options.js';
import { addRecordOptions, addWriteOptions } from '../options.js';
import type { DryRunOptions } from '../writes/plan.js';

interface Options extends CallOptions, DryRunOptions {
  readonly yes?: boolean;
}

const EXAMPLES = [
  'itkdb post setComponentTrashed component=20USBML1234567 trashed=true --dry-run',
  'itkdb post uploadTestRunResults @run.json results.TEMPERATURE:=21.5',
  'itkdb post createComponentAttachment component=20US… title=Photo \\\n    description=top type=file data=@photo.jpg',
];

/** `itkdb post` */
export function define(command: Command): void {
  addRecordOptions(addWriteOptions(addCallOptions(command, { kind: 'write' })))
    .option('--yes', 'deletes without a question')
    .addHelpText('after', inputHelp(EXAMPLES))
    .action(
      action<Options, [string | undefined, string[]]>(async (cli, options, name, words) => {
        const { readCall, showHelp } = await import('../call/call.js');
        if (await showHelp(cli, 'post', name, options)) return;
        const call = await readCall(cli, 'post', name as string, words, options);
        const { sendWrite } = await import('../call/send-write.js');
        await sendWrite(cli, call, options);
      }),
    );
}
