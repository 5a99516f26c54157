import type { Command } from 'commander';
import { action } from '../action.js';
import { addComponents, addListOptions, type ComponentsOption, toNames } from '../options.js';
import type { TestRunListOptions } from '../test-runs/list.js';

/** `itkdb tests` */
export function define(command: Command): void {
  addListOptions(addComponents(command))
    .option('--test-type <codes>', 'codes of test types, separated by commas', toNames)
    .option('--stage <codes>', 'codes of the stages at which the tests were done', toNames)
    .option('--failed', 'only the test runs that failed')
    .option('--latest', 'only the latest test run of each test type')
    .option('--results', 'shows the measured values')
    .option('--tree', 'also the test runs of all components in it')
    .action(
      action<ComponentsOption & TestRunListOptions, [readonly string[]]>(async (cli, options, words) => {
        const { readComponentNames } = await import('../components/names.js');
        const { listTestRuns } = await import('../test-runs/list.js');
        await listTestRuns(cli, await readComponentNames(words, options.from), options);
      }),
    );
}
