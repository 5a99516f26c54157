import { type Command, InvalidArgumentError } from 'commander';
import { action } from '../action.js';
import type { TreeOptions } from '../components/trees.js';
import { addComponents, addListOptions, type ComponentsOption } from '../options.js';

/** `itkdb tree` */
export function define(command: Command): void {
  addListOptions(addComponents(command))
    .option('--depth <levels>', 'levels below the component; all if left out', toDepth)
    .option('--free', 'shows free positions too')
    .option('--up', 'what it is part of, instead of what is in it')
    .action(
      action<ComponentsOption & TreeOptions, [readonly string[]]>(async (cli, options, words) => {
        const { readComponentNames } = await import('../components/names.js');
        const { showTrees } = await import('../components/trees.js');
        await showTrees(cli, await readComponentNames(words, options.from), options);
      }),
    );
}

function toDepth(text: string): number {
  if (!/^[1-9]\d{0,2}$/.test(text)) throw new InvalidArgumentError('Give a whole number, at least 1.');
  return Number(text);
}
