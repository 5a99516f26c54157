import { gzipSync } from 'node:zlib';
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
import { DEFAULT_SETTINGS } from '../config/settings.js';
import { isObject } from '../util/guards.js';
import { inspectAsString } from '../util/inspect.js';
import { type DtoIn, FileResult, type PdbUser } from './commands/command.js';
import { CommandError, commandNotFound } from './commands/command-error.js';
import { runCommand } from './commands/run-command.js';
import { personOf } from './commands/users.js';
import { createDataset } from './data/generator.js';
import type { Dataset, Snapshot, Store } from './data/store.js';
import { type Fault, Faults, type PlannedFault } from './faults.js';
import { IdentityProvider, type TokenOverrides } from './identity-provider.js';
import type { Answer, RecordedRequest } from './messages.js';
import { parseForm } from './multipart.js';
import { LoopbackServer } from './server.js';

/** Options of {@link startPdb}. */
export interface PdbOptions {
  /** The same seed makes the same data. @defaultValue `1` */
  readonly seed?: number | undefined;
  /** The minimum number of components. @defaultValue `3000` */
  readonly components?: number | undefined;
  /** The port of the API, so that stored responses are found again; the identity service is on the next port. @defaultValue free ones */
  readonly port?: number | undefined;
  /** The users that have access codes. @defaultValue one user, in {@link EmbeddedPdb.user} */
  readonly users?: readonly PdbUser[] | undefined;
  /** Bearer tokens that are accepted in addition to the granted ones, for a `UserBearer`. @defaultValue none */
  readonly bearers?: readonly string[] | undefined;
  /** The lifetime of tokens in seconds. @defaultValue `7200` */
  readonly tokenLifetime?: number | undefined;
  /** The number of requests that are recorded; the oldest are dropped. @defaultValue `10000` */
  readonly keptRequests?: number | undefined;
  /** Whether quirks of the real database are shown, such as null in place of an empty list. @defaultValue `true` */
  readonly quirks?: boolean | undefined;
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

const AUTH_PATH = new URL(DEFAULT_SETTINGS.ITKDB_AUTH_URL).pathname;
const GZIP_FROM = 1024;

/**
 * A production database of your own, for tests and for trying things out: the identity service and the API, each an
 * HTTP server on loopback with a port of its own, over made-up data.
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
  readonly #record: RequestRecord;
  readonly #faults: Faults;

  static {
    inspectAsString(this);
  }

  /** @internal */
  constructor(parts: PdbParts) {
    this.identity = parts.identity;
    this.#store = parts.store;
    this.#api = parts.api;
    this.#auth = parts.auth;
    this.#record = parts.record;
    this.#faults = parts.faults;
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

  /** The first of the users that have access codes. */
  get user(): PdbUser {
    return this.identity.users[0] as PdbUser;
  }

  /** Options for `new User` that make it this database's {@link EmbeddedPdb.user}. */
  get userOptions(): { accessCode1: string; accessCode2: string; prefixUrl: string } {
    const { accessCode1, accessCode2 } = this.user;
    return { accessCode1, accessCode2, prefixUrl: this.authUrl };
  }

  /** The environment variables that point a script at this database. */
  get env(): Record<string, string> {
    return {
      ITKDB_ACCESS_CODE1: this.user.accessCode1,
      ITKDB_ACCESS_CODE2: this.user.accessCode2,
      ITKDB_AUTH_URL: this.authUrl,
      ITKDB_API_URL: this.apiUrl,
    };
  }

  /** The last requests, oldest first, to both servers; at most `keptRequests`. */
  get requests(): readonly RecordedRequest[] {
    return this.#record.requests;
  }

  /** Returns the number of requests of a command, such as `grantToken`, or of all commands. */
  count(command?: string): number {
    return this.#record.count(command);
  }

  /** The number of open connections to the two servers. */
  get openConnections(): number {
    return this.#api.openConnections + this.#auth.openConnections;
  }

  /** Plans a fault. Faults apply in the order in which they were planned, one to a request. */
  fault(fault: Fault): PlannedFault {
    return this.#faults.add(fault);
  }

  /** Returns the present state of the data, for {@link EmbeddedPdb.restore}. */
  snapshot(): Snapshot {
    return this.#store.snapshot();
  }

  /**
   * Undoes every write since a snapshot. Later snapshots cannot be used any more.
   *
   * @param snapshot - without it, the data are as they were at the start
   * @throws InvalidInvocation where the snapshot cannot be used
   */
  restore(snapshot?: Snapshot): void {
    this.#store.restore(snapshot);
  }

  /** Forgets the requests and the faults. */
  reset(): void {
    this.#record.clear();
    this.#faults.clear();
  }

  /** Issues an id token, valid or deliberately invalid. */
  issueToken(overrides?: TokenOverrides): Promise<string> {
    return this.identity.issueToken(this.user, overrides);
  }

  /** Returns what a template string shows. */
  toString(): string {
    return `EmbeddedPdb(apiUrl=${this.apiUrl}, authUrl=${this.authUrl})`;
  }

  /** Closes both servers and their connections. */
  async close(): Promise<void> {
    await Promise.all([this.#api.close(), this.#auth.close()]);
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
  readonly record: RequestRecord;
  readonly faults: Faults;
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
  const faults = new Faults();
  const record = new RequestRecord(options.keptRequests ?? 10_000);
  const onRequest = (request: RecordedRequest): void => record.add(request);
  const shared = { faults, onRequest, keepRunning: options.keepRunning ?? false };
  const api = await LoopbackServer.start({
    ...shared,
    name: 'api',
    port: port ?? 0,
    handler: apiHandler({ store, identity, bearers: options.bearers ?? [], quirks: options.quirks ?? true }),
  });
  const auth = await LoopbackServer.start({
    ...shared,
    name: 'identity',
    port: port === undefined ? 0 : port + 1,
    handler: identityHandler(identity),
  }).catch(async (error) => {
    await api.close();
    throw error;
  });
  return new EmbeddedPdb({ identity, store, api, auth, record, faults });
}

const USER_TABLE: OptionTable = {
  accessCode1: FILLED_STRING,
  accessCode2: FILLED_STRING,
  name: FILLED_STRING,
  identity: FILLED_STRING,
  institution: FILLED_STRING,
};

/** A user, with all of its members. */
const USER: Check = both(optionsOf({ table: USER_TABLE, expectation: 'a user' }), (value, name, faults) => {
  const user = value as Record<string, unknown>;
  for (const member of Object.keys(USER_TABLE))
    if (user[member] === undefined) faults.push(`\`${name}.${member}\` must be a string`);
  return user;
});

const PDB_OPTIONS: OptionsExpected = {
  expectation: 'given an object of options, such as { components: 500 }',
  table: {
    seed: wholeNumber('a whole number'),
    components: wholeNumber('a number of components'),
    port: wholeNumber('a port', 1, 65_534),
    users: both(
      must((value) => Array.isArray(value) && value.length > 0, 'a list of users'),
      listOf(USER, 'a list of users'),
    ),
    bearers: listOf(FILLED_STRING, 'a list of bearers'),
    tokenLifetime: numberOf('seconds'),
    keptRequests: wholeNumber('a number of requests'),
    quirks: BOOLEAN,
    keepRunning: BOOLEAN,
  },
};

class RequestRecord {
  readonly #kept: number;
  readonly #counts = new Map<string, number>();
  #requests: RecordedRequest[] = [];

  constructor(kept: number) {
    this.#kept = kept;
  }

  get requests(): readonly RecordedRequest[] {
    return this.#requests.slice(-this.#kept);
  }

  add(request: RecordedRequest): void {
    this.#counts.set(request.command, this.count(request.command) + 1);
    this.#requests.push(request);
    if (this.#requests.length > 2 * this.#kept) this.#requests = this.#requests.slice(-this.#kept);
  }

  count(command?: string): number {
    if (command !== undefined) return this.#counts.get(command) ?? 0;
    return [...this.#counts.values()].reduce((sum, count) => sum + count, 0);
  }

  clear(): void {
    this.#counts.clear();
    this.#requests = [];
  }
}

function identityHandler(identity: IdentityProvider): (request: RecordedRequest) => Promise<Answer> {
  return (request) =>
    answering(request, async () => {
      const is = (method: string, command: string): boolean =>
        request.method === method && pathOf(request) === AUTH_PATH + command;
      if (is('POST', 'grantToken')) return identity.grantToken(inputOf(request));
      if (is('GET', 'listKeys')) return identity.keySet();
      throw commandNotFound(`POST ${AUTH_PATH}grantToken and GET ${AUTH_PATH}listKeys`);
    });
}

interface ApiParts {
  readonly store: Store;
  readonly identity: IdentityProvider;
  readonly bearers: readonly string[];
  readonly quirks: boolean;
}

function apiHandler({
  store,
  identity,
  bearers,
  quirks,
}: ApiParts): (request: RecordedRequest) => Promise<Answer> {
  return (request) =>
    answering(request, async () => {
      const [, token = ''] = /^Bearer (\S+)$/.exec(request.headers.authorization?.toString() ?? '') ?? [];
      const user = identity.userOf(token) ?? (bearers.includes(token) ? identity.users[0] : undefined);
      if (user === undefined) throw new CommandError(401, 'uu-oidc/invalidToken', 'The token is not valid.');
      const command = pathOf(request).slice(1);
      const { users } = identity;
      return runCommand(request.method, inputOf(request), {
        command,
        store,
        users,
        user: personOf(user),
        quirks,
      });
    });
}

/** Makes responses as the database does: with its cookies, its header fields, and gzip for all but the smallest bodies. */
async function answering(request: RecordedRequest, run: () => Promise<object>): Promise<Answer> {
  const { status, body } = await run().then(
    (result) => ({ status: 200, body: result }),
    (error: unknown) => {
      if (error instanceof CommandError) return error;
      return new CommandError(500, 'uu-app-server/internalServerError', String(error));
    },
  );
  if (body instanceof FileResult) return fileAnswer(body);
  const bytes = Buffer.from(JSON.stringify(body));
  const headers = {
    Server: 'Apache',
    'Set-Cookie': ['uu.app.bpl=0; Path=/', 'uu.app.cbu=https://uuapp.example/; Path=/'],
  };
  const usesGzip =
    bytes.length >= GZIP_FROM && /\bgzip\b/.test(String(request.headers['accept-encoding'] ?? ''));
  if (!usesGzip) return { status, headers, body: bytes };
  return { status, headers: { ...headers, 'Content-Encoding': 'gzip' }, body: gzipSync(bytes, { level: 1 }) };
}

function fileAnswer({ bytes, contentType, filename }: FileResult): Answer {
  const name = filename.replaceAll(/["\\\r\n]/g, '_').replaceAll(/[^\x20-\x7e]/g, '?');
  const full = `inline; filename="${name}"; filename*=UTF-8''${encodeURIComponent(filename)}`;
  return {
    status: 200,
    type: contentType,
    headers: {
      'Content-Disposition': name === filename ? `inline; filename="${name}"` : full,
    },
    body: bytes,
  };
}

function pathOf({ url }: RecordedRequest): string {
  return new URL(url, 'http://localhost').pathname;
}

/** The input of a command: the JSON body, the fields of the form, or else the query. */
function inputOf({ json, url, rawBody, headers }: RecordedRequest): DtoIn {
  const form = parseForm(rawBody, String(headers['content-type'] ?? ''));
  if (form !== undefined) return form;
  if (isObject(json)) return json as DtoIn;
  return Object.fromEntries(new URL(url, 'http://localhost').searchParams);
}
