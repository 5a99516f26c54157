import type { Command } from 'commander';
import { action } from '../action.js';
import { addListOptions } from '../options.js';

/** `itkdb list-projects` */
export function define(command: Command): void {
  addListOptions(command).action(
    action(async (cli) => {
      const client = await cli.client();
      const projects = client.list('listProjects', {}, cli.listOptions);
      await cli.output.list(projects, { noun: 'projects', columns: ['code', 'name'] });
    }),
  );
}
