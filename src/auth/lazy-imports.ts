import { closeSync, openSync } from 'node:fs';
import { devNull } from 'node:os';
import { ConnectionFailed } from '../exceptions/transport.js';
import { messageOf } from '../util/errors.js';

/** What verifies an id token. */
export interface Jose {
  readonly decodeJwt: typeof import('jose')['decodeJwt'];
  readonly decodeProtectedHeader: typeof import('jose')['decodeProtectedHeader'];
  readonly errors: typeof import('jose')['errors'];
  readonly importJWK: typeof import('jose')['importJWK'];
  readonly jwtVerify: typeof import('jose')['jwtVerify'];
}

/** @internal What checks the values of an id token and of a token file. */
export type Zod = typeof import('zod');

/**
 * Loads the parts of jose that verify a token. Not all of jose, which takes twice as long.
 *
 * @throws ConnectionFailed where a file cannot be read; a later call may succeed
 */
export const loadJose: () => Promise<Jose> = lazily('jose', 16, async () => {
  const [decode, header, errors, key, verify] = await Promise.all([
    import('jose/jwt/decode'),
    import('jose/decode/protected_header'),
    import('jose/errors'),
    import('jose/key/import'),
    import('jose/jwt/verify'),
  ]);
  const { decodeJwt } = decode;
  const { decodeProtectedHeader } = header;
  const { importJWK } = key;
  const { jwtVerify } = verify;
  return { decodeJwt, decodeProtectedHeader, errors, importJWK, jwtVerify };
});

/**
 * @internal
 * Loads zod, which reads more than sixty files at once.
 *
 * @throws ConnectionFailed where a file cannot be read; a later call may succeed
 */
export const loadZod: () => Promise<Zod> = lazily('zod', 96, () => import('zod'));

/** @internal What reads and stores the sign-in of the command line. */
export type StoredSignIns = typeof import('./stored-sign-in.js');

/**
 * @internal
 * Loads what reads the stored sign-in.
 *
 * @throws ConnectionFailed where a file cannot be read; a later call may succeed
 */
export const loadStoredSignIns: () => Promise<StoredSignIns> = lazily(
  'what reads the stored sign-in',
  4,
  () => import('./stored-sign-in.js'),
);

/** Runs `load` until it succeeds once. */
function lazily<T>(name: string, files: number, load: () => Promise<T>): () => Promise<T> {
  let loaded: T | undefined;
  return async () => {
    try {
      if (loaded === undefined) {
        checkDescriptors(files);
        loaded = await load();
      }
      return loaded;
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      throw new ConnectionFailed(`sign-in failed: ${name} could not be loaded (${messageOf(error)})`, {
        cause: Object.assign(new Error(messageOf(error)), { code }),
        neverReached: true,
      });
    }
  };
}

/**
 * Throws the error of the platform (EMFILE, ENFILE) where the process cannot open the given number of files. Node 20 never
 * repeats an `import()` that failed, so it must not be tried then; later versions do.
 */
function checkDescriptors(count: number): void {
  if (!process.version.startsWith('v20.')) return;
  const descriptors: number[] = [];
  try {
    while (descriptors.length < count) descriptors.push(openSync(devNull, 'r'));
  } finally {
    for (const descriptor of descriptors) closeSync(descriptor);
  }
}
