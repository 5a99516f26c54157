import type { Command } from 'commander';
import { action } from '../action.js';
import { addListOptions } from '../options.js';

/** `itkdb list-all-attachments` */
export function define(command: Command): void {
  addListOptions(command).action(
    action(async (cli) => {
      const client = await cli.client();
      const files = client.list<object>('uu-app-binarystore/listBinaries' as string, {}, cli.listOptions);
      await cli.output.list(files, { noun: 'attachments', columns: ['code', 'filename', 'contentType'] });
    }),
  );
}
