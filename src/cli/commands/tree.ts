import { type Command, InvalidArgumentError } from 'commander';
import { action } from '../action.js';
import { addComponents, addListOptions, type ComponentsOption } from '../options.js';

interface Options extends ComponentsOption {
  readonly depth?: number;
  readonly up?: boolean;
  readonly free?: boolean;
}

/** `itkdb tree` */
export function define(command: Command): void {
  addListOptions(addComponents(command))
    .option('--depth <levels>', 'levels below the component; all if left out', toDepth)
    .option('--free', 'free positions too')
    .option('--up', 'what it is part of, instead of what is in it')
    .action(
      action<Options, [readonly string[]]>(async (cli, options, words) => {
        const { readComponents } = await import('../components.js');
        const { showTrees } = await import('../trees.js');
        await showTrees(cli, await readComponents(words, options.from), options);
      }),
    );
}

function toDepth(text: string): number {
  if (!/^[1-9]\d{0,2}$/.test(text)) throw new InvalidArgumentError('Give a whole number, at least 1.');
  return Number(text);
}
