import type { Command } from 'commander';
import { action } from '../action.js';
import type { CallOptions } from '../call/call.js';
import { addCallOptions, inputHelp } from '../call/call-options.js';
import { addListOptions } from '../options.js';

interface Options extends CallOptions {
  /** A file or a folder. */
  readonly output?: string;
}

const EXAMPLES = [
  'itkdb get getComponentTypeByCode project=S code=MODULE',
  'itkdb get listComponents filterMap.project=S filterMap.currentStage=BONDED',
  'itkdb get getComponentAttachment component=20US… code=65a0c1… -o photo.jpg',
];

/** `itkdb get` */
export function define(command: Command): void {
  addListOptions(addCallOptions(command, { kind: 'read' }))
    .option('-o, --output <file>', 'file or folder, for a command that gives a file')
    .addHelpText('after', inputHelp(EXAMPLES))
    .action(
      action<Options, [string | undefined, string[]]>(async (cli, options, name, words) => {
        const { readCall, showHelp } = await import('../call/call.js');
        if (await showHelp(cli, 'get', name, options)) return;
        const call = await readCall(cli, 'get', name as string, words, options);
        const { sendRead } = await import('../call/send-read.js');
        await sendRead(cli, call, options);
      }),
    );
}
