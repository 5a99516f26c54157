import type { Command } from 'commander';
import { action } from '../action.js';
import { addListOptions, addProject, type ProjectOption, toNames } from '../options.js';

interface Options extends ProjectOption {
  readonly componentType?: readonly string[];
}

/** `itkdb list-test-types` */
export function define(command: Command): void {
  addProject(addListOptions(command))
    .option(
      '--component-type <codes>',
      'codes of component types, separated by commas; all if left out',
      toNames,
    )
    .action(
      action<Options>(async (cli, { project, componentType }) => {
        const client = await cli.client();
        const { signal, output } = cli;
        const { toRows } = await import('../../client/models/rows.js');
        const codes =
          componentType ??
          (await client.list('listComponentTypes', { project }, { signal }).toArray()).map(
            ({ code }) => code,
          );
        const lists = await Promise.all(
          codes.map((code) =>
            client.list('listTestTypes', { project, componentType: code }, { signal }).toArray(),
          ),
        );
        const testTypes = lists.flat();
        // A test type has the id of its component type.
        const owners = new Map(lists.flatMap((list, index) => list.map((one) => [one, codes[index]])));
        await output.list(testTypes.slice(0, output.limit), {
          noun: 'test types',
          total: testTypes.length,
          columns: ['componentType', 'code', 'name', 'state'],
          toRows: (items) =>
            toRows(items).map((row, index) => ({ ...row, componentType: owners.get(items[index] as never) })),
        });
      }),
    );
}
