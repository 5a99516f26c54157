import type { Command } from 'commander';
import { action } from '../action.js';
import { addComponents, addTableOptions, addWriteOptions, type ComponentsOption } from '../options.js';
import type { DryRunOptions } from '../writes/plan.js';

interface Options extends ComponentsOption, DryRunOptions {
  readonly comment?: string;
  readonly rework?: boolean;
}

const COLUMNS = ['component', 'before', 'now', 'changed'];

/** `itkdb stage` */
export function define(command: Command): void {
  command.argument('<stage>', 'code of the stage, such as BONDED');
  addTableOptions(addWriteOptions(addComponents(command)))
    .option('--comment <text>', 'a comment in the history of the stages')
    .option('--rework', 'the component goes back for rework')
    .action(
      action<Options, [stage: string, components: string[]]>(async (cli, options, stage, words) => {
        const { from, comment, rework, dryRun } = options;
        const { readComponentNames } = await import('../components/names.js');
        const { explainIncomplete, REPEATABLE } = await import('../writes/incomplete.js');
        const { titleOf } = await import('../output/format.js');
        const { writeEach } = await import('../writes/write-each.js');
        const { signal } = cli;
        await writeEach(cli, {
          items: await readComponentNames(words, from),
          nameOf: (name) => name,
          view: { noun: 'components', columns: COLUMNS },
          dryRun,
          work: async (client, name) => {
            const component = await client.components.get(name, { signal, cache: 'reload' });
            const before = component.currentStage?.code ?? null;
            try {
              await client.components.setStage(component, stage, { comment, rework, signal });
            } catch (error) {
              throw explainIncomplete(error, REPEATABLE);
            }
            return { component: titleOf(component), before, now: stage, changed: before !== stage };
          },
        });
      }),
    );
}
