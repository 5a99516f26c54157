import type { Command } from 'commander';
import { action } from '../action.js';
import { addComponents, addListOptions, type ComponentsOption, toNames } from '../options.js';

interface Options extends ComponentsOption {
  readonly testType?: readonly string[];
  readonly stage?: readonly string[];
  readonly failed?: boolean;
  readonly latest?: boolean;
  readonly results?: boolean;
  readonly tree?: boolean;
}

/** `itkdb tests` */
export function define(command: Command): void {
  addListOptions(addComponents(command))
    .option('--test-type <codes>', 'codes of test types, separated by commas', toNames)
    .option('--stage <codes>', 'codes of the stages at which they were done', toNames)
    .option('--failed', 'those that did not pass')
    .option('--latest', 'the latest of each test type')
    .option('--results', 'with what was measured')
    .option('--tree', 'also those of all that is in the components')
    .action(
      action<Options, [readonly string[]]>(async (cli, options, words) => {
        const { readComponents } = await import('../components.js');
        const { listTestRuns } = await import('../test-run-list.js');
        await listTestRuns(cli, await readComponents(words, options.from), options);
      }),
    );
}
