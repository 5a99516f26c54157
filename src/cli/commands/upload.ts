import { type Command, Option } from 'commander';
import { action } from '../action.js';
import { CliError } from '../errors.js';
import { addTableOptions, addWriteOptions } from '../options.js';
import type { DryRunOptions } from '../writes/plan.js';

interface Options extends DryRunOptions {
  readonly spool?: string;
  readonly stage?: string;
  readonly restoreStage?: boolean;
  readonly runNumber?: 'next';
  readonly nanAsNull?: boolean;
  readonly allowDuplicate?: boolean;
  readonly check?: boolean;
}

/** `itkdb upload` */
export function define(command: Command): void {
  command.argument('[files...]', 'JSON files, one test run in each; "-" for standard input');
  addTableOptions(addWriteOptions(command))
    .addOption(
      new Option('--spool <folder>', 'uploads all test runs in a folder').conflicts([
        'check',
        'allowDuplicate',
      ]),
    )
    .option('--stage <code>', 'moves the component to this stage first')
    .option('--restore-stage', 'with --stage: moves it back after the upload')
    .addOption(new Option('--run-number <next>', 'chooses the next run number').choices(['next']))
    .option('--nan-as-null', 'NaN and Infinity, which the database cannot store, become null')
    .option('--allow-duplicate', 'uploads a test run that the database has already')
    .option('--check', 'only looks for problems')
    .action(
      action<Options, [files: string[]]>(async (cli, options, files) => {
        const { spool, stage, restoreStage, runNumber, nanAsNull, allowDuplicate, dryRun } = options;
        if (spool !== undefined && files.length > 0)
          throw new CliError('files and a spool were given', { advice: 'Give one of them.' });
        if (spool === undefined && files.length === 0)
          throw new CliError('no file was given', { advice: 'For example: itkdb upload run.json' });
        if (restoreStage && stage === undefined)
          throw new CliError('--restore-stage belongs to --stage', { advice: 'For example: --stage BONDED' });
        const { signal } = cli;
        const settings = { stage, restoreStage, runNumber, nanAsNull, allowDuplicate, signal, dryRun };
        if (spool !== undefined) {
          const { uploadSpool } = await import('../test-runs/spool.js');
          return uploadSpool(cli, spool, settings);
        }
        const { checkEach, uploadEach } = await import('../test-runs/upload-each.js');
        await (options.check ? checkEach : uploadEach)(cli, files, settings);
      }),
    );
}
