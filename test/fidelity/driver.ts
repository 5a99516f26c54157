import { lstatSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  DEFAULT_SETTINGS,
  type Logger,
  type PreparedRequest,
  type RequestConfig,
  Session,
  type SessionOptions,
  User,
  UserBearer,
  type UserLike,
  type UserOptions,
} from '../../src/index.js';
import type { FidelityOrigin, Plan } from './origin.js';
import {
  classOf,
  type Outcome,
  OwnError,
  outcomeOfError,
  outcomeOfRequest,
  outcomeOfResponse,
  readableAuthorization,
  textOf,
} from './outcome.js';

/** A case that was run on the Python package: what was done, and what came out. */
export interface Vector {
  readonly id: string;
  readonly group: string;
  readonly plan?: Plan;
  readonly session?: SessionSpec;
  readonly steps: readonly Step[];
  readonly expected: readonly Outcome[];
}

/** Options by their Python names. */
interface SessionSpec {
  readonly cache?: SessionOptions['cache'];
  readonly prefix?: string;
  readonly retry?: false | 'default';
  readonly user?: 'current' | 'default' | UserSpec;
  readonly expires_after?: unknown;
  readonly save_auth?: string;
  readonly auth_expiry_threshold?: number;
}

type UserSpec = { readonly kind?: 'mock' | 'bearer' | 'user' } & Record<string, unknown>;

interface Step extends Readonly<Record<string, unknown>> {
  readonly op: string;
  /** What the outcome has besides the usual. */
  readonly show?: readonly string[];
}

/** The steps after which the outcome lists what the servers received. */
const OF_THE_NETWORK = ['request', 'authenticate', 'user', 'settings', 'new_session'];

const HOME = process.cwd();

/** Replays vectors, one after the other, each in a folder of its own. It changes the environment until it is closed. */
export class Driver {
  readonly #origin: FidelityOrigin;
  readonly #root = mkdtempSync(join(tmpdir(), 'itkdb-fidelity-'));
  readonly #environment = { ...process.env };
  #count = 0;

  constructor(origin: FidelityOrigin) {
    this.#origin = origin;
    const { api, auth } = origin.hosts;
    for (const name of Object.keys(process.env))
      if (/proxy|^ITKDB_|^NODE_DEBUG$/i.test(name)) delete process.env[name];
    // A folder that does not exist, so that no settings and no sign-in are found there.
    process.env['ITKDB_CONFIG_DIR'] = join(this.#root, 'no-config');
    process.env['ITKDB_ACCESS_CODE1'] = 'code-one';
    process.env['ITKDB_ACCESS_CODE2'] = 'code-two';
    process.env['ITKDB_AUTH_URL'] = `http://${auth}/oidc/`;
    process.env['ITKDB_API_URL'] = `http://${api}/`;
  }

  async replay(vector: Vector): Promise<Outcome[]> {
    const folder = join(this.#root, String(this.#count++));
    mkdirSync(folder);
    process.chdir(folder);
    this.#origin.plan(vector.plan);
    const replay = new Replay(vector, this.#origin);
    const outcomes: Outcome[] = [];
    for (const step of vector.steps) outcomes.push(await replay.run(step));
    await replay.close();
    return this.#withoutPorts(outcomes);
  }

  close(): void {
    process.chdir(HOME);
    rmSync(this.#root, { recursive: true, force: true });
    setEnvironment(this.#environment);
  }

  #withoutPorts(outcomes: Outcome[]): Outcome[] {
    let text = JSON.stringify(outcomes);
    for (const [name, host] of Object.entries(this.#origin.hosts)) text = text.replaceAll(host, `{${name}}`);
    return JSON.parse(text);
  }
}

/** One vector under way. */
class Replay {
  readonly #vector: Vector;
  readonly #origin: FidelityOrigin;
  readonly #logger: Logger;
  readonly #tokens: string[] = [];
  #debugLines: string[] = [];
  #warnings: string[] = [];
  #session: Session | undefined;
  #user: UserLike | undefined;
  #isOver = false;

  constructor(vector: Vector, origin: FidelityOrigin) {
    this.#vector = vector;
    this.#origin = origin;
    const debug = (line: unknown): void => void this.#debugLines.push(String(line));
    const warn = (line: unknown): void => void this.#warnings.push(String(line));
    this.#logger = { debug, info() {}, warn, error: warn };
  }

  async run(step: Step): Promise<Outcome> {
    const { op, show = [] } = step;
    const callsBefore = this.#calls();
    if (this.#isOver) return { ok: false, exception: { class: 'skipped' } };
    this.#origin.takeReceived();
    if (op === 'settings') this.#origin.plan(this.#vector.plan);
    let outcome: Outcome;
    try {
      outcome = { ok: true, ...(await this.#perform(step, show)) };
    } catch (error) {
      outcome = { ok: false, exception: outcomeOfError(error, show) };
      // Without its user or session the rest says nothing.
      this.#isOver = op === 'user' || op === 'new_session';
    }
    if (OF_THE_NETWORK.includes(op))
      outcome['wire'] = this.#origin.takeReceived().map((request) => outcomeOfRequest(request, show));
    if (show.includes('calls')) outcome['calls'] = this.#calls() - callsBefore;
    if (show.includes('debug'))
      outcome['debug'] = this.#debugLines.filter((line) => line.startsWith('Response'));
    // Of a warning, what comes before the names of files.
    if (show.includes('log'))
      outcome['log'] = this.#warnings.map((line) => line.split(/ (?:in|from|to) /)[0]);
    this.#debugLines = [];
    this.#warnings = [];
    return outcome;
  }

  /** How often the user of a unit test was asked. */
  #calls(): number {
    return this.#user instanceof MockUser ? this.#user.calls : 0;
  }

  async close(): Promise<void> {
    await this.#session?.close();
    this.#session = undefined;
  }

  async #perform(step: Step, show: readonly string[]): Promise<Outcome | undefined> {
    switch (step.op) {
      case 'join':
        return this.#join(step);
      case 'prepare':
        return this.#prepare(step, show);
      case 'request':
        return outcomeOfResponse(await this.#request(step), show);
      case 'sweep':
        return this.#sweep(step as unknown as { from: number; to: number });
      case 'last':
        return { status: this.#session?.lastResponse?.status ?? null };
      case 'sleep':
        return void (await sleep(step['ms'] as number));
      case 'new_session':
        await this.close();
        this.#session = this.#newSession(
          (step['session'] as SessionSpec | undefined) ?? this.#vector.session,
        );
        return;
      case 'user':
        this.#user = undefined;
        this.#user = this.#newUser({ kind: 'user', ...(step['options'] as object | undefined) });
        return;
      case 'authenticate':
        return { returned: await this.#user?.authenticate() };
      case 'state':
        return this.#state(this.#user as User);
      case 'repr':
        return { user: withoutSeconds(this.#user), session: null };
      case 'stat':
        return stat(String(step['path']));
      case 'write':
        return void writeFileSync(String(step['path']), this.#fill(String(step['text'])) as string);
      case 'settings':
        return this.#settings(step);
      default:
        throw new Error(`no step is called ${step.op}`);
    }
  }

  #theSession(): Session {
    this.#session ??= this.#newSession(this.#vector.session);
    return this.#session;
  }

  #newSession(given: SessionSpec = {}): Session {
    const spec = this.#fill(given) as SessionSpec;
    const { cache = false, prefix = `http://${this.#origin.hosts.api}/`, retry = false, user } = spec;
    if (user !== 'current' && user !== 'default') this.#user = this.#newUser(user);
    const options: Record<string, unknown> = {
      ...{ cache, prefixUrl: prefix, logger: this.#logger, timeout: 20_000 },
      retry: retry === 'default' ? { baseDelay: 1 } : retry,
      ...(user !== 'default' && { user: this.#user }),
    };
    for (const name of ['expires_after', 'save_auth', 'auth_expiry_threshold'] as const)
      if (name in spec) options[camelCase(name)] = spec[name];
    const session = new Session(options);
    this.#user = session.user;
    return session;
  }

  #newUser({ kind = 'mock', ...given }: UserSpec = {}): UserLike {
    const spec = this.#fill(given) as Record<string, unknown>;
    if (kind === 'mock') return new MockUser(spec);
    if (kind === 'bearer') return new UserBearer(spec);
    const options = { accessCode1: 'code-one', accessCode2: 'code-two', retry: false, logger: this.#logger };
    const more = Object.entries(spec).map(([name, value]) => [
      camelCase(name),
      name === 'jwt_options' ? jwtOptions(value as object) : value,
    ]);
    return new User({ ...options, ...Object.fromEntries(more) } as UserOptions);
  }

  /** The options of a request by the names that they have here. */
  #config(step: Step): RequestConfig {
    const { params, headers, json, data, files, auth, allow_redirects } = this.#fill(step) as Step;
    const config: Record<string, unknown> = { params, headers, data: json };
    const { $form: fields } = (data ?? {}) as { $form?: Record<string, unknown> };
    if (data !== undefined) config['data'] = fields ? toForm(fields) : data;
    if (files !== undefined) config['data'] = toMultipart(fields, files as Record<string, FileSpec>);
    if (auth === null || auth === 'none') config['auth'] = false;
    else if (Array.isArray(auth)) config['auth'] = { username: auth[0], password: auth[1] };
    if (allow_redirects === false) config['maxRedirects'] = 0;
    return config;
  }

  #prepared(step: Step): Promise<PreparedRequest> {
    const { method = 'GET', url } = this.#fill(step) as { method?: string; url: string };
    return this.#theSession().prepareRequest({ method, url, ...this.#config(step) } as RequestConfig);
  }

  async #join(step: Step): Promise<Outcome> {
    const { url, headers } = await this.#prepared(step);
    return { url, authorization: readableAuthorization(headers.get('Authorization')) };
  }

  async #prepare(step: Step, show: readonly string[]): Promise<Outcome> {
    const { method, url, headers, body } = await this.#prepared(step);
    const raw = textOf(body) ?? null;
    const contentType = headers.get('Content-Type')?.toString() || null;
    const isJson = contentType?.includes('json') && typeof raw === 'string';
    return {
      method,
      url,
      contentType,
      body: isJson ? JSON.parse(raw) : raw,
      ...(show.includes('raw') && { raw }),
    };
  }

  async #request(step: Step): Promise<Awaited<ReturnType<Session['get']>>> {
    const session = this.#theSession();
    const {
      method = 'GET',
      via = 'verb',
      url,
    } = this.#fill(step) as { method?: string; via?: string; url: string };
    const config = this.#config(step);
    if (via === 'prepared') return session.send(await this.#prepared(step));
    if (via === 'call-request') return session.request({ ...config, method: method as 'GET', url });
    const verb = method.toLowerCase();
    if (via !== 'verb' || !(verb in session)) return session.request(method, url, config);
    const { data, ...options } = config;
    if (['post', 'put', 'patch'].includes(verb)) return session[verb as 'post'](url, data, options);
    return session[verb as 'get'](url, config);
  }

  async #sweep({
    from,
    to,
    except = [],
    method = 'GET',
  }: {
    from: number;
    to: number;
    except?: number[];
    method?: string;
  }): Promise<Outcome> {
    const outcomes: Outcome = {};
    for (let status = from; status <= to; status++) {
      if (except.includes(status)) continue;
      this.#origin.plan({ api: [{ status, json: { status } }] });
      outcomes[status] = await this.#theSession()
        .request(method, 'x')
        .then((response) => (response.status === status ? 'ok' : response.status), classOf);
    }
    return { outcomes };
  }

  #state(user: User): Outcome {
    const { bearer, expiresAt } = user;
    if (bearer && !this.#tokens.includes(bearer)) this.#tokens.push(bearer);
    return {
      name: user.name,
      identity: user.identity,
      expires_at: expiresAt ? Math.round(expiresAt - Date.now() / 1000) : expiresAt,
      expires_in: user.expiresIn,
      hasAccessToken: Boolean(user.accessToken),
      claims: Object.keys(user.idToken).sort(),
      bearer: this.#tokens.indexOf(bearer) + 1,
      isAuthenticated: user.isAuthenticated(),
      isExpired: user.isExpired(),
      codes: [user.accessCode1, user.accessCode2],
      threshold: user.authExpiryThreshold,
    };
  }

  async #settings(step: Step): Promise<Outcome> {
    const before = { ...process.env };
    for (const name of Object.keys(process.env))
      if (name.startsWith('ITKDB_') && name !== 'ITKDB_CONFIG_DIR') delete process.env[name];
    Object.assign(process.env, this.#fill(step['env'] ?? {}));
    if (step['dotenv'] !== undefined) writeFileSync('.env', this.#fill(step['dotenv']) as string);
    if (step['dotenv64'] !== undefined)
      writeFileSync('.env', Buffer.from(String(step['dotenv64']), 'base64'));
    const outcome: Outcome = {};
    try {
      for (const action of step['actions'] as string[]) Object.assign(outcome, await readSettings(action));
      return outcome;
    } finally {
      setEnvironment(before);
    }
  }

  /** Puts hosts and the values that JSON lacks into a part of a vector. */
  #fill(value: unknown): unknown {
    if (typeof value === 'string') return this.#origin.fill(value);
    if (Array.isArray(value)) return value.map((item) => this.#fill(item));
    if (typeof value !== 'object' || value === null) return value;
    const { $float, $int, $bytes, $date, $tuple } = value as Record<string, unknown>;
    if ($float !== undefined)
      return Number({ nan: NaN, inf: Infinity, '-inf': -Infinity }[String($float)] ?? $float);
    if ($int !== undefined) return BigInt($int as string);
    if ($bytes !== undefined) return Buffer.from($bytes as string, 'base64');
    if ($date !== undefined) return new Date($date as string);
    if ($tuple !== undefined) return this.#fill($tuple);
    return Object.fromEntries(
      Object.entries(value).map(([name, item]) => [this.#origin.fill(name), this.#fill(item)]),
    );
  }
}

/** The user of a unit test, which counts how often it is asked. */
class MockUser implements UserLike {
  readonly bearer: string;
  readonly idToken?: Record<string, unknown>;
  readonly #returned: unknown;
  calls = 0;

  constructor(spec: {
    bearer?: string;
    id_token?: Record<string, unknown>;
    authenticate?: unknown;
    without?: string[];
  }) {
    const { bearer = 'mock-token', id_token = {}, authenticate = true, without = [] } = spec;
    this.bearer = bearer;
    this.#returned = authenticate;
    if (!without.includes('id_token')) this.idToken = id_token;
  }

  authenticate(): unknown {
    this.calls++;
    if (this.#returned === 'raise') throw new OwnError('no token today');
    return this.#returned;
  }
}

async function readSettings(action: string): Promise<Outcome> {
  const options: SessionOptions = { user: new MockUser({}), cache: false, retry: false };
  if (action === 'session') return { apiUrl: new Session(options).prefixUrl };
  if (action === 'bearer') return { bearer: new UserBearer().bearer };
  if (action === 'defaults') return { defaults: DEFAULT_SETTINGS };
  if (action === 'environ') return { environ: process.env['ITKDB_ACCESS_CODE1'] ?? null };
  if (action === 'authenticate') return { returned: await new User({ retry: false }).authenticate() };
  if (action === 'user') {
    const { accessCode1, accessCode2 } = new User();
    return { codes: [accessCode1, accessCode2] };
  }
  if (action !== 'get') throw new Error(`no action is called ${action}`);
  const session = new Session(options);
  const { request, config } = await session.get('x');
  await session.close();
  const names = Object.keys({ ...config.headers }).map((name) => name.toLowerCase());
  return { url: request.res.responseUrl, sentToken: names.includes('authorization') };
}

function setEnvironment(variables: NodeJS.ProcessEnv): void {
  for (const name of Object.keys(process.env)) delete process.env[name];
  Object.assign(process.env, variables);
}

function stat(path: string): Outcome {
  const stats = lstatSync(path, { throwIfNoEntry: false });
  if (stats === undefined) return { exists: false };
  const mode = (statSync(path).mode & 0o777).toString(8);
  if (!stats.isFile()) return { exists: true, mode, isFile: false };
  const text = readFileSync(path, 'latin1');
  return { exists: true, mode, hasCodes: /code-(?:one|two)/.test(text), isEmpty: text === '' };
}

type FileSpec = [name: string, text: string, type?: string];

function toForm(fields: Record<string, unknown>): URLSearchParams {
  const form = new URLSearchParams();
  for (const [name, value] of Object.entries(fields))
    for (const item of [value].flat()) if (item !== null) form.append(name, String(item));
  return form;
}

function toMultipart(fields: Record<string, unknown> = {}, files: Record<string, FileSpec>): FormData {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) form.set(name, String(value));
  for (const [name, [file, text, type]] of Object.entries(files))
    form.set(name, new Blob([text], type ? { type } : {}), file);
  return form;
}

/** The one option of python-jose that jose has by another name. */
function jwtOptions(options: object): object {
  return Object.fromEntries(
    Object.entries(options).map(([name, value]) => [name === 'leeway' ? 'clockTolerance' : name, value]),
  );
}

function camelCase(name: string): string {
  return name.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}

function withoutSeconds(value: unknown): string {
  return String(value).replace(/\d+s\)/, '<n>s)');
}
