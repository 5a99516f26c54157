import {
  BOOLEAN,
  both,
  type Check,
  checkOptions,
  FILLED_STRING,
  listOf,
  must,
  numberOf,
  type OptionsExpected,
  type OptionTable,
  optionsOf,
  wholeNumber,
} from '../config/check-options.js';
import { inspectAsString } from '../util/inspect.js';
import { type AnswerOptions, Answers, type PlannedAnswer } from './answers.js';
import type { PdbUser } from './commands/command.js';
import { createDataset } from './data/generator.js';
import type { Dataset, Snapshot, Store } from './data/store.js';
import { Eos } from './eos.js';
import { checkFault, type Fault } from './faults.js';
import { AUTH_PATH, apiHandler, identityHandler } from './handlers.js';
import { IdentityProvider, type TokenOverrides } from './identity-provider.js';
import { LATENCY, Latency, type LatencyModel } from './latency.js';
import type { RecordedRequest } from './messages.js';
import { type PlannedFault, Plans } from './plans.js';
import { RequestRecord } from './request-record.js';
import { LoopbackServer, type LoopbackServerOptions } from './server.js';

/** Options of {@link startPdb}. */
export interface PdbOptions {
  /** The same seed makes the same data. @defaultValue `1` */
  readonly seed?: number | undefined;
  /** The minimum number of components. @defaultValue `3000` */
  readonly components?: number | undefined;
  /** The port of the API, so that stored responses are found again; the identity service and EOS are on the next two ports. @defaultValue free ones */
  readonly port?: number | undefined;
  /** The users that have access codes. @defaultValue one user, in {@link EmbeddedPdb.user} */
  readonly users?: readonly PdbUser[] | undefined;
  /** Bearer tokens that are accepted in addition to the granted ones, for a `UserBearer`. @defaultValue none */
  readonly bearers?: readonly string[] | undefined;
  /** The lifetime of tokens in seconds. @defaultValue `7200` */
  readonly tokenLifetime?: number | undefined;
  /** The number of requests that are recorded; the oldest are dropped. @defaultValue `10000` */
  readonly keptRequests?: number | undefined;
  /**
   * Whether the quirks of the real database are shown: null in place of an empty list, references that are ids or codes,
   * deleted records that stay, pages of `useOrInLocationSearch` that overlap, unknown keys that are only a warning.
   *
   * @defaultValue `true`
   */
  readonly quirks?: boolean | undefined;
  /** How `getComponentBulk` refers to parents and children, if there are quirks. @defaultValue `object` */
  readonly bulkReferences?: 'id' | 'object' | undefined;
  /** How long commands take: a number of milliseconds for each, or a model. @defaultValue `0` */
  readonly latency?: number | LatencyModel | undefined;
  /** Whether the process keeps running until `close()`. @defaultValue `false` */
  readonly keepRunning?: boolean | undefined;
}

const DEFAULT_USER: PdbUser = {
  accessCode1: 'first-code-of-alex',
  accessCode2: 'second-code-of-alex',
  name: 'Alex Example',
  identity: '1234-567-1',
  institution: 'CERN',
};

/**
 * A production database of your own, for tests and for trying things out: the API, the identity service and the file
 * store EOS, each an HTTP server on loopback with a port of its own, over made-up data.
 *
 * ```ts
 * await using pdb = await startPdb();
 * const session = new Session({ user: new User(pdb.userOptions), prefixUrl: pdb.apiUrl });
 * ```
 */
export class EmbeddedPdb {
  /** The identity service. Tests can change its clock, its keys and its tokens. */
  readonly identity: IdentityProvider;
  readonly #store: Store;
  readonly #api: LoopbackServer;
  readonly #auth: LoopbackServer;
  readonly #eos: LoopbackServer;
  readonly #record: RequestRecord;
  readonly #faults: Plans<Fault>;
  readonly #answers: Answers;

  static {
    inspectAsString(this);
  }

  /** @internal */
  constructor(parts: PdbParts) {
    this.identity = parts.identity;
    this.#store = parts.store;
    this.#api = parts.api;
    this.#auth = parts.auth;
    this.#eos = parts.eos;
    this.#record = parts.record;
    this.#faults = parts.faults;
    this.#answers = parts.answers;
  }

  /** The contents of the database. */
  get dataset(): Dataset {
    return this.#store;
  }

  /** The URL of the API: the `prefixUrl` of a session. */
  get apiUrl(): string {
    return `${this.#api.origin}/`;
  }

  /** The URL of the identity service: the `prefixUrl` of a user. */
  get authUrl(): string {
    return this.#auth.origin + AUTH_PATH;
  }

  /** The URL of EOS. The URLs of files on it are in responses of the API. */
  get eosUrl(): string {
    return `${this.#eos.origin}/`;
  }

  /** The first of the users that have access codes. */
  get user(): PdbUser {
    return this.identity.users[0] as PdbUser;
  }

  /** Options for `new User` that make it this database's {@link EmbeddedPdb.user}. */
  get userOptions(): { accessCode1: string; accessCode2: string; prefixUrl: string } {
    const { accessCode1, accessCode2 } = this.user;
    return { accessCode1, accessCode2, prefixUrl: this.authUrl };
  }

  /** The environment variables that make `new Session()` in a script use this database. */
  get env(): Record<string, string> {
    return {
      ITKDB_ACCESS_CODE1: this.user.accessCode1,
      ITKDB_ACCESS_CODE2: this.user.accessCode2,
      ITKDB_AUTH_URL: this.authUrl,
      ITKDB_API_URL: this.apiUrl,
    };
  }

  /** The last requests, oldest first, to all three servers; at most `keptRequests`. */
  get requests(): readonly RecordedRequest[] {
    return this.#record.requests;
  }

  /** Returns the number of requests of a command, such as `grantToken`, or of all commands. */
  count(command?: string): number {
    return this.#record.count(command);
  }

  /** The number of open connections to the three servers. */
  get openConnections(): number {
    return this.#api.openConnections + this.#auth.openConnections + this.#eos.openConnections;
  }

  /**
   * Makes the next matching request fail, or as many as `times` says. If several faults match, the first one is used.
   * A misspelt command is not reported: check `hits` of the returned object.
   *
   * @throws InvalidInvocation where the fault is wrong
   */
  fault(fault: Fault): PlannedFault {
    const checked = checkFault(fault);
    return this.#faults.add(checked, checked);
  }

  /**
   * Plans the response to a command, in place of what the database would do: its data stay as they are. The token is
   * checked, the input is not. Answers apply in the order in which they were planned, one to a request.
   *
   * @param command - a command of the API or of the identity service; it need not be one that the database knows
   * @param response - an object or a list that becomes JSON, bytes, or a function of the request that returns one of
   * them. If it throws, the response has the status 500 and the message
   * @throws InvalidInvocation where the answer is wrong
   */
  answer(command: string, response: PlannedAnswer, options?: AnswerOptions): PlannedFault {
    return this.#answers.add(command, response, options);
  }

  /** Returns the present state of the data, for {@link EmbeddedPdb.restore}. */
  snapshot(): Snapshot {
    return this.#store.snapshot();
  }

  /**
   * Undoes every write since a snapshot. This snapshot can be used again. Those that were taken after it cannot.
   *
   * @param snapshot - without it, the data are as they were at the start
   * @throws InvalidInvocation where the snapshot cannot be used
   */
  restore(snapshot?: Snapshot): void {
    this.#store.restore(snapshot);
  }

  /** Forgets the requests, the faults and the answers. */
  reset(): void {
    this.#record.clear();
    this.#faults.clear();
    this.#answers.clear();
  }

  /** Issues an id token, valid or deliberately invalid. */
  issueToken(overrides?: TokenOverrides): Promise<string> {
    return this.identity.issueToken(this.user, overrides);
  }

  /** Returns what a template string shows. */
  toString(): string {
    return `EmbeddedPdb(apiUrl=${this.apiUrl}, authUrl=${this.authUrl})`;
  }

  /** Closes the servers and their connections. */
  async close(): Promise<void> {
    await Promise.all([this.#api, this.#auth, this.#eos].map((server) => server.close()));
  }

  /** Closes the database at the end of a block: `await using pdb = await startPdb()`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

interface PdbParts {
  readonly identity: IdentityProvider;
  readonly store: Store;
  readonly api: LoopbackServer;
  readonly auth: LoopbackServer;
  readonly eos: LoopbackServer;
  readonly record: RequestRecord;
  readonly faults: Plans<Fault>;
  readonly answers: Answers;
}

/**
 * Starts an embedded production database.
 *
 * @throws InvalidInvocation where an option is wrong, or the port is in use
 */
export async function startPdb(given: PdbOptions = {}): Promise<EmbeddedPdb> {
  const options = checkOptions('startPdb', given, PDB_OPTIONS);
  const { seed = 1, components = 3000, users = [DEFAULT_USER], tokenLifetime = 7200, port } = options;
  const store = createDataset(seed, components);
  const identity = await IdentityProvider.create({ users, tokenLifetime });
  const faults = new Plans<Fault>();
  const answers = new Answers();
  const record = new RequestRecord(options.keptRequests ?? 10_000);
  const eosStore = new Eos(store, () => identity.now());
  const handler = apiHandler({
    ...{ store, identity, answers, eos: eosStore },
    latency: new Latency(options.latency),
    bearers: options.bearers ?? [],
    quirks: options.quirks ?? true,
    bulkReferences: options.bulkReferences,
  });
  const shared = {
    faults,
    onRequest: (request: RecordedRequest): void => record.add(request),
    keepRunning: options.keepRunning ?? false,
  };
  const [api, auth, eos] = await startServers(port, [
    { ...shared, name: 'api', handler },
    { ...shared, name: 'identity', handler: identityHandler(identity, answers) },
    {
      ...{ ...shared, name: 'eos', handler: (request) => eosStore.handle(request) },
      keepsBody: (request) => eosStore.keepsBody(request),
    },
  ]);
  eosStore.origin = eos.origin;
  return new EmbeddedPdb({ identity, store, api, auth, eos, record, faults, answers });
}

type ServerOptions = Omit<LoopbackServerOptions, 'port'>;

/** Starts the servers on consecutive ports, or on any; none where one of them cannot start. */
async function startServers(
  port: number | undefined,
  options: readonly [ServerOptions, ServerOptions, ServerOptions],
): Promise<[LoopbackServer, LoopbackServer, LoopbackServer]> {
  const started: LoopbackServer[] = [];
  try {
    for (const [index, one] of options.entries())
      started.push(await LoopbackServer.start({ ...one, port: port === undefined ? 0 : port + index }));
  } catch (error) {
    await Promise.all(started.map((server) => server.close()));
    throw error;
  }
  return started as [LoopbackServer, LoopbackServer, LoopbackServer];
}

const USER_TABLE: OptionTable = {
  accessCode1: FILLED_STRING,
  accessCode2: FILLED_STRING,
  name: FILLED_STRING,
  identity: FILLED_STRING,
  institution: FILLED_STRING,
};

/** A user, with all members that are texts. */
const USER: Check = both(
  optionsOf({ table: { ...USER_TABLE, readOnly: BOOLEAN }, expectation: 'a user' }),
  (value, name, faults) => {
    const user = value as Record<string, unknown>;
    for (const member of Object.keys(USER_TABLE))
      if (user[member] === undefined) faults.push(`\`${name}.${member}\` must be a string`);
    return user;
  },
);

const PDB_OPTIONS: OptionsExpected = {
  expectation: 'given an object of options, such as { components: 500 }',
  table: {
    seed: wholeNumber('a whole number'),
    components: wholeNumber('a number of components'),
    port: wholeNumber('a port', 1, 65_533),
    users: both(
      must((value) => Array.isArray(value) && value.length > 0, 'a list of users'),
      listOf(USER, 'a list of users'),
    ),
    bearers: listOf(FILLED_STRING, 'a list of bearers'),
    tokenLifetime: numberOf('seconds'),
    keptRequests: wholeNumber('a number of requests'),
    quirks: BOOLEAN,
    bulkReferences: must((value) => value === 'id' || value === 'object', "'id' or 'object'"),
    latency: LATENCY,
    keepRunning: BOOLEAN,
  },
};
