import type { UserLike } from '../auth/user-like.js';
import type {
  CommandInput,
  CommandName,
  Commands,
  CommandWithoutInput,
  FlatCommandInput,
  FlatCommandName,
  WithOutputType,
} from '../commands/commands.js';
import { FUNCTION } from '../config/check-options.js';
import { createLogger } from '../config/logger.js';
import { InvalidInvocation } from '../exceptions/base.js';
import { ConcurrencyLimit } from '../http/interceptors/concurrency.js';
import { checkSessionOptions } from '../session/options.js';
import type { RequestConfig } from '../session/request-options.js';
import { Session } from '../session/session.js';
import { isRecord } from '../util/guards.js';
import { inspectAsString } from '../util/inspect.js';
import { checkListInput, subjectOf } from './call-checks.js';
import { CommandSender } from './command-sender.js';
import { refuseDuplicates } from './duplicates.js';
import { FileReceiver } from './files/receive.js';
import { ListRequests } from './list-requests.js';
import {
  type CallOptions,
  type ClientOptions,
  checkCall,
  EOS,
  type GetOptions,
  type ListOptions,
  type PostOptions,
} from './options.js';
import { PagePromise } from './pages/page-promise.js';
import { Attachments } from './resources/attachments.js';
import { Batches } from './resources/batches.js';
import { Components } from './resources/components.js';
import { Institutions } from './resources/institutions.js';
import { Shipments } from './resources/shipments.js';
import { TestRuns } from './resources/test-runs.js';
import { Users } from './resources/users.js';
import { type Answer, ResultPromise } from './result-promise.js';
import type { CommandResultOf, FlatCommandResultOf, ItemOf, ListCommandName } from './results.js';
import { type SyncBatch, type SyncOptions, type SyncQuery, sync } from './sync.js';
import { WarningReporter } from './warnings.js';
import { type Plan, PlanRecorder, plannedResponse } from './writes/plan.js';

const MAX_IN_FLIGHT = 16;

/** The input of a command, in the options of a call: as `data`, or as `json`. */
export type InputOption<I> = { data: I; json?: never } | { json: I; data?: never };

/**
 * The database, as scripts use it: commands give results instead of responses, and lists are read page by page.
 *
 * ```ts
 * import { Client } from 'itkdb';
 *
 * await using client = new Client(); // access codes from the environment or from .env
 * const component = await client.get('getComponent', { data: { component: '20USBML1234567' } });
 * for await (const module of client.list('listComponents', { filterMap: { project: 'S', componentType: 'MODULE' } }))
 *   console.log(module.serialNumber);
 * ```
 */
export class Client {
  /** The session that sends the requests: for raw responses, and for the cache. */
  readonly session: Session;
  /** Components: reads, lists, registers, changes and assembles them. */
  readonly components: Components;
  /** Test runs: checks and uploads them, reads and lists those of a component. */
  readonly testRuns: TestRuns;
  /** Attachments: lists, adds and deletes them, and downloads their files. */
  readonly attachments: Attachments;
  /** Shipments: creates, sends, receives and lists them. */
  readonly shipments: Shipments;
  /** Batches: finds and lists them, and adds components. */
  readonly batches: Batches;
  /** Institutions: reads and lists them, and says which are the user's. */
  readonly institutions: Institutions;
  /** Users: reads who the requests are made for, and others. */
  readonly users: Users;
  readonly #options: ClientOptions;
  readonly #lists: ListRequests;
  readonly #sender: CommandSender;
  /** Records the writes of a plan; undefined where they are sent. */
  readonly #recorder: PlanRecorder | undefined;

  static {
    inspectAsString(this);
  }

  /** @throws InvalidInvocation where an option or a setting is wrong */
  constructor(options?: ClientOptions);
  /** @internal */
  constructor(options: ClientOptions, plan: { readonly session: Session; readonly recorder: PlanRecorder });
  constructor(
    options: ClientOptions = {},
    plan?: { readonly session: Session; readonly recorder: PlanRecorder },
  ) {
    const checked = checkSessionOptions('new Client', options, { onWarning: FUNCTION, eos: EOS });
    const { onWarning, eos = 'auto', ...sessionOptions } = checked;
    this.#options = options;
    this.#recorder = plan?.recorder;
    this.session = plan?.session ?? new Session(sessionOptions);
    const { maxConcurrency, retry, quiet = false } = checked;
    const logger = createLogger(checked.logger);
    const { report } = new WarningReporter({ logger, onWarning, quiet });
    const maxInFlight = Math.min(
      MAX_IN_FLIGHT,
      typeof maxConcurrency === 'number' ? maxConcurrency : MAX_IN_FLIGHT,
    );
    const lists = new ListRequests({
      ...{ logger, maxInFlight, retry, report },
      send: async (method, url, config) => {
        if (this.#recorder?.resultFor(config.data) !== undefined) return plannedResponse({ itemList: [] });
        return this.session.request(method, url, config);
      },
    });
    this.#lists = lists;
    const files = new FileReceiver({
      ...{ logger, retry, onRetry: checked.onRetry, prefixUrl: this.session.prefixUrl },
      limit: maxConcurrency instanceof ConcurrencyLimit ? maxConcurrency : new ConcurrencyLimit(maxInFlight),
      send: (url, config) => this.session.request('GET', url, config),
    });
    this.#sender = new CommandSender({
      session: this.session,
      lists,
      files,
      report,
      recorder: plan?.recorder,
    });
    const context = {
      ...{ client: this, logger, report, maxInFlight, retry, eos },
      isPlan: plan !== undefined,
      site: this.session.prefixUrl,
      retryOfPart: (own: RequestConfig['retry']) => lists.retryOfPart(own),
    };
    this.components = new Components(context);
    this.testRuns = new TestRuns(context);
    this.attachments = new Attachments(context);
    this.users = new Users(context);
    this.institutions = new Institutions(context, this.users);
    this.shipments = new Shipments(context, this.components, this.institutions);
    this.batches = new Batches(context, this.components);
  }

  /** The user that requests are made for. */
  get user(): UserLike {
    return this.session.user;
  }

  /**
   * Sends a GET request: a command that reads. The result is an object, the first {@link Page} of a list, a list where the
   * command has no pages, or a file.
   *
   * @throws InvalidInvocation where the request is wrong
   * @throws ResponseException if the status of the response is an error
   * @throws TransportException if no complete response arrived
   */
  get<T = unknown, U extends string = string>(
    url: URL | (U extends keyof Commands ? never : U),
    options?: GetOptions,
  ): ResultPromise<T>;
  /** Sends a command that needs no input. */
  get<K extends CommandWithoutInput<'GET'>>(
    command: K,
    options?: GetOptions & { data?: CommandInput<K>; json?: CommandInput<K> },
  ): ResultPromise<CommandResultOf<K>>;
  /** Sends a command with the older form of its input, without `filterMap`. */
  get<K extends FlatCommandName & CommandName<'GET'>>(
    command: K,
    options: GetOptions & InputOption<FlatCommandInput<K>>,
  ): ResultPromise<FlatCommandResultOf<K>>;
  /** Sends a command that reads. */
  get<K extends CommandName<'GET'>, O = undefined>(
    command: K,
    options: GetOptions & InputOption<CommandInput<K> & WithOutputType<K, O>>,
  ): ResultPromise<CommandResultOf<K, O>>;
  get<T>(url: string | URL, options: GetOptions = {}): ResultPromise<T> {
    return this.#result('GET', url, options);
  }

  /** Sends a POST request: a command that writes, with its input. See {@link Client.get} for what it throws. */
  post<T = unknown, U extends string = string>(
    url: URL | (U extends CommandName<'POST'> ? never : U),
    input?: unknown,
    options?: PostOptions,
  ): ResultPromise<T>;
  /** Sends a command that writes, with its input. */
  post<K extends CommandName<'POST'>>(
    command: K,
    input: CommandInput<K>,
    options?: PostOptions,
  ): ResultPromise<CommandResultOf<K>>;
  post<T>(url: string | URL, input?: unknown, options: PostOptions = {}): ResultPromise<T> {
    if (!isRecord(options) || !('allowDuplicate' in options))
      return this.#withBody('POST', url, input, options);
    const { allowDuplicate: _, ...others } = options;
    checkCall(subjectOf('post', url), others);
    const answer = refuseDuplicates(this, String(url), input, options).then(() =>
      this.#sender.send('POST', url, others, { input }),
    );
    return new ResultPromise(answer as Promise<Answer<T>>);
  }

  /** Sends a PUT request with `input` as its JSON body. See {@link Client.get} for what it throws. */
  put<T = unknown>(url: string | URL, input?: unknown, options: CallOptions = {}): ResultPromise<T> {
    return this.#withBody('PUT', url, input, options);
  }

  /** Sends a PATCH request with `input` as its JSON body. See {@link Client.get} for what it throws. */
  patch<T = unknown>(url: string | URL, input?: unknown, options: CallOptions = {}): ResultPromise<T> {
    return this.#withBody('PATCH', url, input, options);
  }

  /** Sends a DELETE request. See {@link Client.get} for what it throws. */
  delete<T = unknown>(url: string | URL, options: CallOptions = {}): ResultPromise<T> {
    return this.#result('DELETE', url, options);
  }

  /** Sends an OPTIONS request. See {@link Client.get} for what it throws. */
  options<T = unknown>(url: string | URL, options: CallOptions = {}): ResultPromise<T> {
    return this.#result('OPTIONS', url, options);
  }

  /** Sends a HEAD request, whose response has no body: the result is `{}`, the headers are in `.withResponse()`. See {@link Client.get} for what it throws. */
  head(url: string | URL, options: CallOptions = {}): ResultPromise<object> {
    return this.#result('HEAD', url, options);
  }

  /** Sends a request with any method. See {@link Client.get} for what it throws. */
  request<T = unknown>(method: string, url: string | URL, options: GetOptions = {}): ResultPromise<T> {
    // A method of another type is refused by the session, by name.
    return this.#result(typeof method === 'string' ? method.toUpperCase() : method, url, options);
  }

  /**
   * Lists what a command gives, over all its pages. Nothing is sent before the list is used.
   *
   * @param input - the input of the command; its `pageInfo` says where to start
   * @throws what {@link Client.get} throws, with the page in `pageInfo`; after it, the same iterator goes on with the page that failed
   */
  list<T = unknown, U extends string = string>(
    command: URL | (U extends keyof Commands ? never : U),
    input?: object,
    options?: ListOptions,
  ): PagePromise<T>;
  /** Lists what a command gives that needs no input. */
  list<K extends ListCommandName & CommandWithoutInput<'GET'>>(
    command: K,
    input?: CommandInput<K>,
    options?: ListOptions,
  ): PagePromise<ItemOf<CommandResultOf<K>>>;
  /** Lists what a command gives for the older form of its input, without `filterMap`. */
  list<K extends ListCommandName & FlatCommandName>(
    command: K,
    input: FlatCommandInput<K>,
    options?: ListOptions,
  ): PagePromise<ItemOf<FlatCommandResultOf<K>>>;
  /** Lists what a command gives. */
  list<K extends ListCommandName, O = undefined>(
    command: K,
    input: CommandInput<K> & WithOutputType<K, O>,
    options?: ListOptions,
  ): PagePromise<ItemOf<CommandResultOf<K, O>>>;
  list<T>(command: string | URL, input: object = {}, options: ListOptions = {}): PagePromise<T> {
    const subject = subjectOf('list', command);
    checkListInput(subject, input, options);
    const { config, list } = checkCall(subject, options);
    return new PagePromise(this.#lists.toListing('GET', String(command), { ...config, data: input }, list));
  }

  /**
   * Keeps a file with one component in each line (NDJSON) up to date, and tells what changed: it lists the components of
   * the query without their parts, and reads those whose `sys.rev` is not that of the file, 100 with each request. What
   * is gone comes with the last batch; not this time where the list does not stop changing while it is read. Where
   * nothing changed there is no batch.
   *
   * ```ts
   * for await (const { added, changed, gone } of client.sync({ site: 'CERN' }, 'cern.ndjson'))
   *   console.log(added.length, changed.length, gone.length);
   * ```
   *
   * A batch has up to 100 components. It is written when the next one is asked for: one that was not dealt with to its end,
   * because the process was killed or the loop was left, comes again the next time. What was written before is not
   * read again. One file belongs to one query of one database, which are in a file beside it (`cern.ndjson.query.json`), and
   * to one process at a time.
   *
   * @param query - the keys of `filterMap` of `listComponents`, or `{ site }`: what belongs to a site or is there. Only
   * ready components, unless it has a `state`
   * @param file - the path of the file. It is created where there is none
   * @throws PartFailed at the end, where some could not be read: they are tried again the next time
   * @throws InvalidInvocation where the file is another kind of file, or that of another query or database, or cannot be
   * written
   * @throws what {@link Client.list} throws
   */
  sync(query: SyncQuery, file: string, options: SyncOptions = {}): AsyncIterableIterator<SyncBatch> {
    return sync(this.components, this.session.prefixUrl, query, file, options);
  }

  /**
   * Shows what a function would write, and writes nothing: its reads are sent, its writes are recorded. What a write would
   * give is not known, so its members are texts such as `<id of step 1>`.
   *
   * ```ts
   * const { requests } = await client.plan((c) => c.components.setStage('20USBML1234567', 'BONDED'));
   * console.log(requests); // [{ method: 'POST', command: 'setComponentStage', input: { … } }]
   * ```
   *
   * @param work - gets a client in place of this one, and must use it for all that it writes: the writes of any other client
   * are sent. It must return or await the promises of its calls
   * @returns the writes, and what the function returned
   * @throws InvalidInvocation if requests were under way when the function returned. A write after that is refused
   * @throws what the function throws
   */
  async plan<T>(work: (client: Client) => T): Promise<Plan<Awaited<T>>> {
    if (typeof work !== 'function')
      throw new InvalidInvocation(
        "client.plan: the argument must be a function, such as async (c) => c.post('setComponentStage', input)",
      );
    const recorder = new PlanRecorder();
    const result = await work(new Client(this.#options, { session: this.session, recorder }));
    recorder.finish();
    return { requests: recorder.requests, result };
  }

  /** Returns who the requests are made for, and signs in if needed. See {@link Session.whoAmI}. */
  whoAmI(): Promise<{ identity: string; name: string }> {
    return this.session.whoAmI();
  }

  /** Ends what is under way with `Aborted`, and closes the connections. The client cannot be used again. */
  async close(): Promise<void> {
    // The session of a plan belongs to the client that plans.
    if (this.#recorder === undefined) await this.session.close();
  }

  /** Closes the client at the end of a block: `await using client = new Client()`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** What a template string shows. */
  toString(): string {
    return `Client(prefixUrl=${this.session.prefixUrl})`;
  }

  /** What `JSON.stringify` shows. */
  toJSON(): { prefixUrl: string } {
    return this.session.toJSON();
  }

  #withBody<T>(
    method: 'POST' | 'PUT' | 'PATCH',
    url: string | URL,
    input: unknown,
    options: CallOptions,
  ): ResultPromise<T> {
    return this.#result(method, url, options, { input });
  }

  #result<T>(
    method: string,
    url: string | URL,
    options: GetOptions,
    body?: { readonly input: unknown },
  ): ResultPromise<T> {
    return new ResultPromise(this.#sender.send(method, url, options, body) as Promise<Answer<T>>);
  }
}
