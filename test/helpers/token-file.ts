import { randomUUID } from 'node:crypto';
import { mkdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach } from 'vitest';
import { User, type UserOptions } from '../../src/index.js';
import type { EmbeddedPdb } from '../../src/testing/index.js';
import { keepLogs } from './logs.js';

/** A folder that is empty before each of the tests of one file, and users who keep their tokens there. */
export function tokenFile(pdb: EmbeddedPdb): {
  readonly folder: string;
  readonly saveAuth: string;
  /** Of all users; it has no lines before a test. */
  readonly logger: ReturnType<typeof keepLogs>;
  readonly newUser: (options?: UserOptions) => User;
  /** A user who has a token already. */
  readonly signIn: (options?: UserOptions) => Promise<User>;
} {
  const folder = join(tmpdir(), `itkdb-tokens-${randomUUID()}`);
  const saveAuth = join(folder, 'auth.json');
  const logger = keepLogs();
  beforeEach(async () => {
    await mkdir(folder, { mode: 0o700 });
    logger.lines.length = 0;
  });
  afterEach(() => rm(folder, { recursive: true }));
  const newUser = (options: UserOptions = {}): User =>
    new User({ ...pdb.userOptions, saveAuth, logger, ...options });
  const signIn = async (options?: UserOptions): Promise<User> => {
    const user = newUser(options);
    await user.authenticate();
    return user;
  };
  return { folder, saveAuth, logger, newUser, signIn };
}
