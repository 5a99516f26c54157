import { type Command, Option } from 'commander';
import { action } from '../action.js';
import { addListOptions, addProject, type ProjectOption, toNames } from '../options.js';

interface Options extends ProjectOption {
  readonly componentType?: readonly string[];
  readonly type?: readonly string[];
  readonly stage?: readonly string[];
  readonly location?: readonly string[];
  readonly owner?: readonly string[];
  readonly site?: readonly string[];
  readonly state?: readonly string[];
  readonly full?: boolean;
}

const COLUMN_ADVICE =
  'If it is a property, such as LOCALNAME, add --full. For all columns there are: --columns all';

/** `itkdb list-components` */
export function define(command: Command): void {
  addProject(addListOptions(command))
    .option('--component-type <codes>', 'codes of component types, separated by commas', toNames)
    .option('--type <codes>', 'codes of the types of a component type', toNames)
    .option('--stage <codes>', 'codes of their present stages', toNames)
    .option('--location <codes>', 'codes of institutions where they are now', toNames)
    .option('--owner <codes>', 'codes of institutions that own them, wherever they are', toNames)
    .addOption(
      new Option('--site <codes>', 'codes of institutions that own them or where they are: both')
        .argParser(toNames)
        .conflicts(['location', 'owner']),
    )
    .option('--state <states>', 'ready, requestedToDelete or deleted; ready if left out', toNames)
    .option('--full', 'reads all data of each component, such as its properties: slower')
    .action(
      action<Options>(async (cli, { project, componentType, type, stage, full, ...where }) => {
        const { location, owner, site, state } = where;
        const { COLUMNS, moreColumns } = await import('../components/columns.js');
        const client = await cli.client();
        const filter = {
          project,
          ...(state && { state }),
          ...(componentType && { componentType }),
          ...(type && { type }),
          ...(stage && { currentStage: stage }),
          ...(location && { currentLocation: location }),
          ...(owner && { institute: owner }),
        };
        const options = { ...cli.listOptions, ...(full && { outputType: 'full' as const }) };
        const components =
          site === undefined
            ? client.components.list(filter, options)
            : client.components.list({ ...filter, site }, options);
        await cli.output.list(components, {
          ...{ noun: 'components', columns: COLUMNS, moreColumns },
          ...(!full && { columnAdvice: COLUMN_ADVICE }),
        });
      }),
    );
}
