import type { Command } from 'commander';
import { action } from '../action.js';

/** `itkdb template` */
export function define(command: Command): void {
  command
    .argument('<component>', 'serial number, code or alternative identifier')
    .argument('<test-type>', 'code of the test type: see itkdb list-test-types')
    .action(
      action<object, [component: string, testType: string]>(async (cli, _options, word, testType) => {
        const { toComponentName } = await import('../components/names.js');
        const client = await cli.client();
        const run = await client.testRuns.template(toComponentName(word), testType, { signal: cli.signal });
        await cli.output.show(run);
        if (process.stdout.isTTY)
          cli.say('Keep it in a file with: > run.json. Fill in what is null, then: itkdb upload run.json');
      }),
    );
}
