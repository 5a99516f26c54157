import { Argument, type Command } from 'commander';
import { action } from '../action.js';
import { addRecordOptions } from '../options.js';

/** `itkdb cache` */
export function define(command: Command): void {
  addRecordOptions(command)
    .addArgument(
      new Argument('<action>', 'shows the size of the cache, or removes what is in it').choices([
        'size',
        'clear',
      ]),
    )
    .action(
      action<object, ['size' | 'clear']>(async (cli, _, what) => {
        const [{ Cache }, { formatSize }] = await Promise.all([
          import('../cache.js'),
          import('../report/format.js'),
        ]);
        const cache = new Cache();
        const { entries, bytes, folder } = what === 'clear' ? await cache.clear() : await cache.size();
        const responses = entries === 1 ? '1 response' : `${entries.toLocaleString('en')} responses`;
        const contents = `${responses}, ${formatSize(bytes)}`;
        await cli.output.show({ entries, bytes, folder }, () => {
          if (entries === 0) return `The cache is empty: ${folder}`;
          return what === 'clear' ? `Removed ${contents} from ${folder}` : `${contents} in ${folder}`;
        });
      }),
    );
}
