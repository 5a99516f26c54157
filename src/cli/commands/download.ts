import type { Command } from 'commander';
import { action } from '../action.js';
import { addComponents, addTableOptions, type ComponentsOption, toNames } from '../options.js';

interface Options extends ComponentsOption {
  readonly run?: readonly string[];
  readonly into: string;
  readonly only?: readonly string[];
}

/** `itkdb download` */
export function define(command: Command): void {
  addTableOptions(addComponents(command))
    .option('--run <ids>', 'ids of test runs whose files are wanted, separated by commas', toNames)
    .option('--into <folder>', 'folder for the files; several components get one folder each', '.')
    .option('--only <names>', 'file names or titles, such as "*.jpg,Top view"', toNames)
    .action(
      action<Options, [components: string[]]>(async (cli, { from, run, into, only }, words) => {
        const { download } = await import('../files/download.js');
        const { readComponentNames } = await import('../components/names.js');
        const hasNames = words.length > 0 || from !== undefined || run === undefined;
        const components = hasNames ? await readComponentNames(words, from) : [];
        const targets = [
          ...components.map((component) => ({ component })),
          ...(run ?? []).map((testRun) => ({ testRun })),
        ];
        await download(cli, targets, { into, only });
      }),
    );
}
