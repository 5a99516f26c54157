import type { Command } from 'commander';
import { action } from '../action.js';
import { addRecordOptions } from '../options.js';

/** `itkdb stats` */
export function define(command: Command): void {
  addRecordOptions(command).action(
    action(async (cli) => {
      const client = await cli.client();
      const { signal } = cli;
      const { statistics } = await client.get('getItkpdOverallStatistics', { signal });
      const { formatPairs } = await import('../output/table.js');
      await cli.output.show(statistics, (style) => formatPairs(Object.entries(statistics ?? {}), style));
    }),
  );
}
