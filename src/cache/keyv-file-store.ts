import { rmSync } from 'node:fs';
import { Keyv } from 'keyv';
import { KeyvFile, type WrappedValue } from 'keyv-file';
import { allow, type Files } from './files.js';

/**
 * Opens a Keyv over keyv-file with one file an entry. They compute when an entry expires, and remove it where it has. The
 * parts of keyv-file that lose data are replaced by {@link Files}:
 *
 * | keyv-file                                              | here                                               |
 * | ------------------------------------------------------ | -------------------------------------------------- |
 * | writes in place: a reader sees half, a crash leaves it | writes a new file and renames it                   |
 * | mode 0644; follows links                               | 0600 in a folder of 0700; opens regular files only |
 * | prints errors to stderr                                | throws them                                        |
 * | never sweeps: looks for names that it escapes twice    | see `sweep.ts`                                     |
 * | values as JSON in JSON, bytes in base64                | bytes as they are                                  |
 * | `clear()` removes the folder with all that is in it    | removes the entries                                |
 */
export function openKeyvFile(files: Files): Keyv {
  const note = files.pathOf('.lastExpire');
  // keyv-file would read this file, and print an error where it cannot.
  allow(['EROFS', 'EACCES'], () => rmSync(note, { recursive: true, force: true }));
  const store = new KeyvFile({ filename: files.folder, separatedFile: true, expiredCheckDelay: Infinity });
  Object.assign(store, { _separated: accessTo(files) });
  // Without serialisation Keyv passes bytes on as they are; its types do not know that.
  const asBytes = { serialize: undefined, deserialize: undefined } as object;
  return new Keyv({ store, useKeyPrefix: false, throwOnErrors: true, emitErrors: false, ...asBytes });
}

/** The part of keyv-file that reads and writes files. */
function accessTo(files: Files): object {
  return {
    get: async (key: string): Promise<WrappedValue<{ value: Buffer }> | undefined> => {
      const file = files.read(key);
      return file && { value: { value: file.bytes }, expire: file.expires };
    },
    set: async (key: string, { value, expire = 0 }: WrappedValue<{ value: Buffer[] }>) =>
      files.write(key, value.value, expire),
    delete: async (key: string) => files.delete(key),
    clear: async () => files.names().map((name) => files.delete(name)),
  };
}
