import type { Command } from 'commander';
import { action } from '../action.js';
import { addComponents, addTableOptions, type OutputOptions, toNames } from '../options.js';

interface Options extends OutputOptions {
  readonly from?: string;
  readonly run?: readonly string[];
  readonly into: string;
  readonly only?: readonly string[];
}

/** `itkdb download` */
export function define(command: Command): void {
  addTableOptions(addComponents(command))
    .option('--run <ids>', 'ids of test runs, separated by commas: their files', toNames)
    .option('--into <folder>', 'folder for the files; of several components, one folder each', '.')
    .option('--only <names>', 'file names or titles, such as "*.jpg,Top view"', toNames)
    .action(
      action<Options, [components: string[]]>(async (cli, { from, run, into, only }, words) => {
        const { download } = await import('../download.js');
        const { readComponents } = await import('../components.js');
        const hasNames = words.length > 0 || from !== undefined || run === undefined;
        const components = hasNames ? await readComponents(words, from) : [];
        const targets = [
          ...components.map((component) => ({ component })),
          ...(run ?? []).map((testRun) => ({ testRun })),
        ];
        await download(cli, targets, { into, ...(only && { only }) });
      }),
    );
}
