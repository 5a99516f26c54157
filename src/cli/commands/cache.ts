import { Argument, type Command } from 'commander';
import { messageOf } from '../../util/errors.js';
import { action } from '../action.js';
import { CliError, EXIT } from '../errors.js';
import { addRecordOptions } from '../options.js';

/** `itkdb cache` */
export function define(command: Command): void {
  addRecordOptions(command)
    .addArgument(
      new Argument('<action>', '"size" shows the size of the cache, "clear" empties it').choices([
        'size',
        'clear',
      ]),
    )
    .action(
      action<object, ['size' | 'clear']>(async (cli, _, what) => {
        const { entries, bytes, folder } = await useCache(what);
        const { formatSize } = await import('../output/format.js');
        const { formatCounted } = await import('../output/style.js');
        const contents = `${formatCounted(entries, 'response')}, ${formatSize(bytes)}`;
        await cli.output.show({ entries, bytes, folder }, () => {
          if (entries === 0) return `The cache is empty: ${folder}`;
          return what === 'clear' ? `Removed ${contents} from ${folder}` : `${contents} in ${folder}`;
        });
      }),
    );
}

/** What is in the cache of the command line. */
interface CacheContents {
  /** The number of stored responses. */
  readonly entries: number;
  readonly bytes: number;
  readonly folder: string;
}

/**
 * Returns what is in the cache. With `clear`, removes the stored responses of all users after that.
 *
 * @throws CliError where the folder cannot be read or emptied
 */
async function useCache(what: 'size' | 'clear'): Promise<CacheContents> {
  const { cacheFolder } = await import('../../config/places.js');
  const { DirectoryStore } = await import('../../cache/directory-store.js');
  const folder = cacheFolder();
  const store = new DirectoryStore(folder, Number.POSITIVE_INFINITY);
  const failed = (verb: string) => (error: unknown) => {
    throw new CliError(`the cache cannot be ${verb}: ${messageOf(error)}`, {
      exitCode: EXIT.failed,
      advice: `Its folder is ${folder}`,
    });
  };
  const { entries, bytes = 0 } = await store.size().catch(failed('read'));
  if (what === 'clear') await store.clear().catch(failed('emptied'));
  return { entries, bytes, folder };
}
