import type { Command } from 'commander';
import { action } from '../action.js';
import { addListOptions, addProject, type ProjectOption } from '../options.js';

/** `itkdb list-component-types` */
export function define(command: Command): void {
  addProject(addListOptions(command)).action(
    action<ProjectOption>(async (cli, { project }) => {
      const client = await cli.client();
      const types = client.list('listComponentTypes', { project }, cli.listOptions);
      await cli.output.list(types, { noun: 'component types', columns: ['code', 'name', 'state'] });
    }),
  );
}
