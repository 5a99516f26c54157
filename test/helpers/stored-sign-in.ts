import { randomUUID } from 'node:crypto';
import { mkdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, vi } from 'vitest';
import { type NewSignIn, storeSignIn } from '../../src/auth/stored-sign-in.js';
import { DEFAULT_SETTINGS } from '../../src/config/settings.js';
import type { EmbeddedPdb } from '../../src/testing/index.js';

/**
 * A working directory and a folder of settings, new for each test of one file; the environment has the addresses of the
 * embedded database.
 */
export function withStoredSignIn(pdb: EmbeddedPdb): {
  /** The working directory. */
  readonly folder: string;
  /** `ITKDB_CONFIG_DIR`. It does not exist before there is a sign-in. */
  readonly config: string;
  /** Stores a sign-in, as `itkdb login` does. */
  readonly store: (changes?: Partial<NewSignIn> & { readonly expiresIn?: number }) => Promise<NewSignIn>;
} {
  const before = process.cwd();
  const folder = join(tmpdir(), `itkdb-sign-in-${randomUUID()}`);
  const config = join(folder, 'home', 'config');
  beforeEach(async () => {
    await mkdir(folder);
    process.chdir(folder);
    vi.stubEnv('ITKDB_CONFIG_DIR', config);
    vi.stubEnv('ITKDB_API_URL', pdb.apiUrl);
    vi.stubEnv('ITKDB_AUTH_URL', pdb.authUrl);
  });
  afterEach(async () => {
    process.chdir(before);
    await rm(folder, { recursive: true });
  });
  const store = async ({
    expiresIn = 7200,
    ...changes
  }: Partial<NewSignIn> & { readonly expiresIn?: number } = {}): Promise<NewSignIn> => {
    const exp = Math.floor(Date.now() / 1000) + expiresIn;
    const idToken = await pdb.issueToken({ claims: { exp, aud: DEFAULT_SETTINGS.ITKDB_ACCESS_AUDIENCE } });
    const signIn = {
      authUrl: pdb.authUrl,
      apiUrl: pdb.apiUrl,
      audience: DEFAULT_SETTINGS.ITKDB_ACCESS_AUDIENCE,
      tokens: { idToken, accessToken: 'opaque-access-token' },
      ...changes,
    };
    await storeSignIn(signIn);
    return signIn;
  };
  return { folder, config, store };
}
