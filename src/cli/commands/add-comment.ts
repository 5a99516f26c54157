import { type Command, InvalidArgumentError } from 'commander';
import type { Client } from '../../client/client.js';
import { action } from '../action.js';
import { addComponents, addRecordOptions, addWriteOptions, type ComponentsOption } from '../options.js';
import type { DryRunOptions } from '../writes/plan.js';

interface Options extends ComponentsOption, DryRunOptions {
  readonly component?: string;
  readonly message: string;
}

function toText(text: string): string {
  if (text.trim() === '') throw new InvalidArgumentError('Write a text, such as -m "scratch on the edge".');
  return text;
}

/** `itkdb add-comment` */
export function define(command: Command): void {
  addRecordOptions(addWriteOptions(addComponents(command)))
    .option('--component <name>', 'one component; its result is not in a list')
    .requiredOption('-m, --message <text>', 'the comment', toText)
    .action(
      action<Options, [components: string[]]>(async (cli, options, words) => {
        const { component, from, message, dryRun } = options;
        const { readComponentNames } = await import('../components/names.js');
        const { explainIncomplete } = await import('../writes/incomplete.js');
        const { resultOfCommand } = await import('../writes/command-result.js');
        const { writeEach } = await import('../writes/write-each.js');
        const { signal } = cli;
        await writeEach<string, { component: string; answer: object }>(cli, {
          items: await readComponentNames(component === undefined ? words : [component, ...words], from),
          isSingle: component !== undefined && words.length === 0 && from === undefined,
          nameOf: (name) => name,
          view: { noun: 'comments', columns: [] },
          toData: ({ answer }) => answer,
          toText: (result) => `the comment is added to ${result.component}`,
          dryRun,
          work: async (client: Client, name) => {
            try {
              const answer = await resultOfCommand(client, 'createComponentComment', () =>
                client.components.comment(name, message, { signal }),
              );
              return { component: name, answer: answer ?? {} };
            } catch (error) {
              throw explainIncomplete(
                error,
                `Look for it before you add it again: itkdb get-component-info ${name}`,
              );
            }
          },
        });
      }),
    );
}
