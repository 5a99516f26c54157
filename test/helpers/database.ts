import { afterAll, beforeEach } from 'vitest';
import {
  Client,
  type ClientOptions,
  Session,
  type SessionOptions,
  User,
  type UserOptions,
} from '../../src/index.js';
import { type EmbeddedPdb, type PdbOptions, startPdb } from '../../src/testing/index.js';

/** Starts an embedded database for the tests of one file: as new before each of them, and closed after the last. */
export async function startDatabase(options: PdbOptions): Promise<{
  readonly pdb: EmbeddedPdb;
  /** A client without a cache that does not try again, with a user of its own. */
  readonly newClient: (options?: ClientOptions) => Client;
  /** A session that does not try again, with a user of its own. */
  readonly newSession: (options?: SessionOptions) => Session;
  /** A user who does not try again. */
  readonly newUser: (options?: UserOptions) => User;
}> {
  const pdb = await startPdb(options);
  beforeEach(() => {
    pdb.reset();
    Object.assign(pdb.identity, { tokenLifetime: 7200, clockOffset: 0 });
  });
  afterAll(() => pdb.close());
  const newClient = (options: ClientOptions = {}): Client =>
    new Client({
      ...{ user: new User(pdb.userOptions), prefixUrl: pdb.apiUrl, cache: false, retry: false },
      ...options,
    });
  const newSession = (options: SessionOptions = {}): Session =>
    new Session({ user: new User(pdb.userOptions), prefixUrl: pdb.apiUrl, retry: false, ...options });
  const newUser = (options: UserOptions = {}): User =>
    new User({ ...pdb.userOptions, retry: false, ...options });
  return { pdb, newClient, newSession, newUser };
}
