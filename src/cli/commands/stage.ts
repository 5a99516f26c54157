import type { Command } from 'commander';
import { action } from '../action.js';
import { addComponents, addTableOptions, addWriteOptions, type OutputOptions } from '../options.js';
import type { DryRunOptions } from '../plan.js';

interface Options extends OutputOptions, DryRunOptions {
  readonly from?: string;
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
        const { readComponents } = await import('../components.js');
        const { explainIncomplete, REPEATABLE } = await import('../incomplete.js');
        const { writeEach } = await import('../write-each.js');
        const { signal } = cli;
        await writeEach(cli, {
          items: await readComponents(words, from),
          nameOf: (name) => name,
          view: { noun: 'components', columns: COLUMNS },
          ...(dryRun && { dryRun }),
          work: async (client, name) => {
            const component = await client.components.get(name, { signal, cache: 'reload' });
            const before = component.currentStage?.code ?? null;
            const more = { ...(comment !== undefined && { comment }), ...(rework && { rework }) };
            try {
              await client.components.setStage(component, stage, { ...more, signal });
            } catch (error) {
              throw explainIncomplete(error, REPEATABLE);
            }
            const title = component.serialNumber ?? component.alternativeIdentifier ?? component.code;
            return { component: title, before, now: stage, changed: before !== stage };
          },
        });
      }),
    );
}
