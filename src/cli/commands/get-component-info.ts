import type { Command } from 'commander';
import { action } from '../action.js';
import type { Cli } from '../cli.js';
import type { ComponentReader } from '../components/component-reader.js';
import { addComponents, addListOptions, type ComponentsOption } from '../options.js';

interface Options extends ComponentsOption {
  readonly component?: readonly string[];
}

const COLUMNS = ['serialNumber', 'componentType', 'type', 'currentStage', 'currentLocation', 'state'];

/** `itkdb get-component-info` */
export function define(command: Command): void {
  addListOptions(addComponents(command))
    .option('--component <name>', 'a component: the same as an argument', collect)
    .action(
      action<Options, [readonly string[]]>(async (cli, { component = [], from }, words) => {
        const { readComponentNames } = await import('../components/names.js');
        const { ComponentReader } = await import('../components/component-reader.js');
        const { output } = cli;
        const names = await readComponentNames([...words, ...component], from);
        const wanted = names.slice(0, output.limit);
        const reader = new ComponentReader(cli, wanted);
        if (output.format === 'text' && output.fields === undefined) {
          await showPages(cli, reader);
          output.sayRest(wanted.length, names.length, 'components');
        } else if (output.format === 'json' && names.length === 1) {
          for await (const one of reader) await output.show(one);
        } else {
          const { moreColumns } = await import('../components/columns.js');
          await output.list(reader, {
            noun: 'components',
            columns: COLUMNS,
            moreColumns,
            total: names.length,
          });
        }
        reader.check();
      }),
    );
}

function collect(name: string, others: readonly string[] = []): readonly string[] {
  return [...others, name];
}

async function showPages(cli: Cli, reader: ComponentReader): Promise<void> {
  const { formatComponent } = await import('../components/component-page.js');
  const { output } = cli;
  const { width } = output;
  const { StageOrder } = await import('../components/stage-order.js');
  const { codesOf } = await import('../../util/lists.js');
  const client = await cli.client();
  const site = client.session.prefixUrl;
  const order = new StageOrder(client, cli.signal);
  let space = '';
  for await (const component of reader) {
    const stages = codesOf(await order.of(component));
    await output.show(
      component,
      (style) => space + formatComponent(component, { style, width, site, stages }),
    );
    space = '\n\n';
  }
}
