import type { Command } from 'commander';
import { action } from '../action.js';
import { addListOptions } from '../options.js';

/** `itkdb list-institutes` */
export function define(command: Command): void {
  addListOptions(command).action(
    action(async (cli) => {
      const client = await cli.client();
      const institutions = client.list('listInstitutions', {}, cli.listOptions);
      await cli.output.list(institutions, { noun: 'institutions', columns: ['code', 'name'] });
    }),
  );
}
