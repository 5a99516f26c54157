import type { Command } from 'commander';
import type { Client } from '../../client/client.js';
import { action } from '../action.js';
import { addComponents, addRecordOptions, addWriteOptions, type OutputOptions } from '../options.js';
import type { DryRunOptions } from '../plan.js';

interface Options extends OutputOptions, DryRunOptions {
  readonly component?: string;
  readonly from?: string;
  readonly message: string;
}

/** `itkdb add-comment` */
export function define(command: Command): void {
  addRecordOptions(addWriteOptions(addComponents(command)))
    .option('--component <name>', 'one component; its result is not in a list')
    .requiredOption('-m, --message <text>', 'the comment')
    .action(
      action<Options, [components: string[]]>(async (cli, options, words) => {
        const { component, from, message, dryRun } = options;
        const { readComponents } = await import('../components.js');
        const { explainIncomplete } = await import('../incomplete.js');
        const { answerTo } = await import('../keep-answer.js');
        const { writeEach } = await import('../write-each.js');
        const { signal } = cli;
        await writeEach<string, { component: string; answer: object }>(cli, {
          items: await readComponents(component === undefined ? words : [component, ...words], from),
          isSingle: component !== undefined && words.length === 0 && from === undefined,
          nameOf: (name) => name,
          view: { noun: 'comments', columns: [] },
          toData: ({ answer }) => answer,
          toText: (result) => `the comment is added to ${result.component}`,
          ...(dryRun && { dryRun }),
          work: async (client: Client, name) => {
            try {
              const answer = await answerTo(client, 'createComponentComment', () =>
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
