import { gzipSync } from 'node:zlib';
import { DEFAULT_SETTINGS } from '../config/settings.js';
import { check, copyOptions, lazyZod, optionsSchema } from '../config/validation.js';
import { isObject } from '../util/guards.js';
import { inspectAsString } from '../util/inspect.js';
import { CommandError, commandNotFound } from './app-error.js';
import { type PdbUser, runCommand } from './commands.js';
import { createDataset, type Dataset } from './data/dataset.js';
import type { DtoIn } from './dto-in.js';
import { type Fault, Faults, type PlannedFault } from './faults.js';
import { IdentityProvider, type TokenOverrides } from './identity-provider.js';
import { type Answer, LoopbackServer, type RecordedRequest } from './server.js';

/** Options of {@link startPdb}. */
export interface PdbOptions {
  /** The same seed makes the same data. @defaultValue `1` */
  readonly seed?: number | undefined;
  /** How many components there are at least. @defaultValue `3000` */
  readonly components?: number | undefined;
  /** Where the API listens, so that what was cached is found again; the identity service is on the next port. @defaultValue free ones */
  readonly port?: number | undefined;
  /** Who has access codes. @defaultValue one user, in {@link EmbeddedPdb.user} */
  readonly users?: readonly PdbUser[] | undefined;
  /** Bearers that are accepted beside the granted tokens, for a `UserBearer`. @defaultValue none */
  readonly bearers?: readonly string[] | undefined;
  /** How long tokens live, in seconds. @defaultValue `7200` */
  readonly tokenLifetime?: number | undefined;
  /** How many of the last requests are kept. @defaultValue `10000` */
  readonly keptRequests?: number | undefined;
  /** Whether the process goes on until `close()`, even if nothing else does. @defaultValue `false` */
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
  /** The identity service; its clock, its keys and its tokens can be tampered with. */
  readonly identity: IdentityProvider;
  /** What is in the database. */
  readonly dataset: Dataset;
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
    this.dataset = parts.dataset;
    this.#api = parts.api;
    this.#auth = parts.auth;
    this.#record = parts.record;
    this.#faults = parts.faults;
  }

  /** Where the API is: the `prefixUrl` of a session. */
  get apiUrl(): string {
    return `${this.#api.origin}/`;
  }

  /** Where the identity service is: the `prefixUrl` of a user. */
  get authUrl(): string {
    return this.#auth.origin + AUTH_PATH;
  }

  /** The first of those who have access codes. */
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

  /** How many requests of a command there have been, such as `grantToken`; of all, where none is named. */
  count(command?: string): number {
    return this.#record.count(command);
  }

  /** How many connections to the two servers are open. */
  get openConnections(): number {
    return this.#api.openConnections + this.#auth.openConnections;
  }

  /** Lets something go wrong. Faults strike in the order in which they were planned, one a request. */
  fault(fault: Fault): PlannedFault {
    return this.#faults.add(fault);
  }

  /** Forgets the requests and the faults. */
  reset(): void {
    this.#record.clear();
    this.#faults.clear();
  }

  /** Makes an id token, right or deliberately wrong. */
  issueToken(overrides?: TokenOverrides): Promise<string> {
    return this.identity.issueToken(this.user, overrides);
  }

  /** What a template string shows. */
  toString(): string {
    return `EmbeddedPdb(apiUrl=${this.apiUrl}, authUrl=${this.authUrl})`;
  }

  /** Closes both servers and their connections. */
  async close(): Promise<void> {
    await Promise.all([this.#api.close(), this.#auth.close()]);
  }

  /** Closes it at the end of a block: `await using pdb = await startPdb()`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

interface PdbParts {
  readonly identity: IdentityProvider;
  readonly dataset: Dataset;
  readonly api: LoopbackServer;
  readonly auth: LoopbackServer;
  readonly record: RequestRecord;
  readonly faults: Faults;
}

/**
 * Starts an embedded production database.
 *
 * @throws InvalidInvocation where an option is wrong, or somebody else listens on the port
 */
export async function startPdb(options: PdbOptions = {}): Promise<EmbeddedPdb> {
  options = copyOptions('startPdb', options);
  checkPdbOptions(options);
  const { seed = 1, components = 3000, users = [DEFAULT_USER], tokenLifetime = 7200, port } = options;
  const dataset = createDataset(seed, components);
  const identity = await IdentityProvider.create({ users, tokenLifetime });
  const faults = new Faults();
  const record = new RequestRecord(options.keptRequests ?? 10_000);
  const onRequest = (request: RecordedRequest): void => record.add(request);
  const shared = { faults, onRequest, keepRunning: options.keepRunning ?? false };
  const api = await LoopbackServer.start({
    ...shared,
    name: 'api',
    port: port ?? 0,
    handler: apiHandler(dataset, identity, options.bearers ?? []),
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
  return new EmbeddedPdb({ identity, dataset, api, auth, record, faults });
}

function checkPdbOptions(options: PdbOptions): void {
  const z = lazyZod();
  const count = (what: string) => z.int(what).min(0, what).optional();
  const text = z.string('a string').min(1, 'a string that is not empty');
  const user = { accessCode1: text, accessCode2: text, name: text, identity: text, institution: text };
  const shape = {
    seed: count('a whole number'),
    components: count('a number of components'),
    port: z.int('a port').min(1, 'a port').max(65_534, 'a port').optional(),
    users: z.array(optionsSchema(user, 'a user'), 'a list of users').min(1, 'a list of users').optional(),
    bearers: z.array(text, 'a list of bearers').optional(),
    tokenLifetime: z.number('a number of seconds').min(0, 'a number of seconds').optional(),
    keptRequests: count('a number of requests'),
    keepRunning: z.boolean('true or false').optional(),
  };
  check('startPdb', optionsSchema(shape, 'given an object of options, such as { components: 500 }'), options);
}

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

function apiHandler(
  dataset: Dataset,
  identity: IdentityProvider,
  bearers: readonly string[],
): (request: RecordedRequest) => Promise<Answer> {
  return (request) =>
    answering(request, async () => {
      const [, token = ''] = /^Bearer (\S+)$/.exec(request.headers.authorization?.toString() ?? '') ?? [];
      if (!identity.accepts(token) && !bearers.includes(token)) {
        throw new CommandError(401, 'uu-oidc/invalidToken', 'The token is not valid.');
      }
      const command = pathOf(request).slice(1);
      return runCommand(inputOf(request), { command, dataset, users: identity.users });
    });
}

/** Answers in the manner of the database: its cookies, its headers, and gzip for all but the smallest bodies. */
async function answering(request: RecordedRequest, run: () => Promise<object>): Promise<Answer> {
  const { status, body } = await run().then(
    (result) => ({ status: 200, body: result }),
    (error: unknown) => {
      if (error instanceof CommandError) return error;
      return new CommandError(500, 'uu-app-server/internalServerError', String(error));
    },
  );
  const bytes = Buffer.from(JSON.stringify(body));
  const headers = {
    Server: 'Apache',
    'Set-Cookie': ['uu.app.bpl=0; Path=/', 'uu.app.cbu=https://uuapp.example/; Path=/'],
  };
  const isZipped =
    bytes.length >= GZIP_FROM && /\bgzip\b/.test(String(request.headers['accept-encoding'] ?? ''));
  if (!isZipped) return { status, headers, body: bytes };
  return { status, headers: { ...headers, 'Content-Encoding': 'gzip' }, body: gzipSync(bytes, { level: 1 }) };
}

function pathOf({ url }: RecordedRequest): string {
  return new URL(url, 'http://localhost').pathname;
}

/** The input of a command: the JSON body, or else the query. */
function inputOf({ json, url }: RecordedRequest): DtoIn {
  if (isObject(json)) return json as DtoIn;
  return Object.fromEntries(new URL(url, 'http://localhost').searchParams);
}
