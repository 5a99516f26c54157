import { DirectoryStore } from '../cache/directory-store.js';
import { cacheFolder } from '../config/places.js';
import { messageOf } from '../util/errors.js';
import { CliError, EXIT } from './errors.js';

/** What is in the cache of the command line. */
export interface CacheContents {
  /** The number of stored responses. */
  readonly entries: number;
  readonly bytes: number;
  readonly folder: string;
}

/** The stored responses of the command line, in a folder that is not created here. */
export class Cache {
  readonly #folder: string = cacheFolder();
  readonly #store: DirectoryStore = new DirectoryStore(this.#folder, Number.POSITIVE_INFINITY);

  /** @throws CliError where the folder cannot be read */
  async size(): Promise<CacheContents> {
    const { entries, bytes = 0 } = await this.#store
      .size()
      .catch((error: unknown) => this.#fail('read', error));
    return { entries, bytes, folder: this.#folder };
  }

  /**
   * Removes the stored responses of all users. Returns what there was.
   *
   * @throws CliError where they cannot be removed
   */
  async clear(): Promise<CacheContents> {
    const contents = await this.size();
    await this.#store.clear().catch((error: unknown) => this.#fail('emptied', error));
    return contents;
  }

  #fail(what: string, error: unknown): never {
    throw new CliError(`the cache cannot be ${what}: ${messageOf(error)}`, {
      exitCode: EXIT.failed,
      advice: `Its folder is ${this.#folder}`,
    });
  }
}
