import type { Command } from 'commander';
import { action } from '../action.js';
import { addListOptions, addProject, type ProjectOption, toNames } from '../options.js';

interface Options extends ProjectOption {
  readonly componentType?: readonly string[];
  readonly type?: readonly string[];
  readonly stage?: readonly string[];
  readonly site?: readonly string[];
  readonly state?: readonly string[];
}

const COLUMNS = ['serialNumber', 'componentType', 'type', 'currentStage', 'currentLocation'];

/** `itkdb list-components` */
export function define(command: Command): void {
  addProject(addListOptions(command))
    .option('--component-type <codes>', 'codes of component types, separated by commas', toNames)
    .option('--type <codes>', 'codes of the types of a component type', toNames)
    .option('--stage <codes>', 'codes of their present stages', toNames)
    .option('--site <codes>', 'codes of institutions that have them or own them', toNames)
    .option('--state <states>', 'ready, requestedToDelete or deleted; ready if left out', toNames)
    .action(
      action<Options>(async (cli, { project, componentType, type, stage, site, state }) => {
        const client = await cli.client();
        const filter = {
          project,
          ...(state && { state }),
          ...(componentType && { componentType }),
          ...(type && { type }),
          ...(stage && { currentStage: stage }),
        };
        const { listOptions } = cli;
        const components =
          site === undefined
            ? client.components.list(filter, listOptions)
            : client.components.list({ ...filter, site }, listOptions);
        await cli.output.list(components, { noun: 'components', columns: COLUMNS });
      }),
    );
}
