import { InvalidInvocation } from '../exceptions/base.js';
import { BadJSON } from '../exceptions/response.js';
import type { RequestConfig, SessionResponse } from '../session/request-options.js';
import type { Session } from '../session/session.js';
import { isObject } from '../util/guards.js';
import { refuseInput, refuseListOptions, subjectOf } from './call-checks.js';
import { type CommandFacts, factsOf } from './command-facts.js';
import { convert } from './convert.js';
import { BinaryFile } from './files/file.js';
import { type FileReceiver, isEosUrl } from './files/receive.js';
import type { ListRequests } from './list-requests.js';
import { checkCall, type GetOptions, type ListOnly } from './options.js';
import type { PageAnswer } from './pages/listing.js';
import { Page } from './pages/page.js';
import { PagePromise } from './pages/page-promise.js';
import type { Answer } from './result-promise.js';
import { readWarnings, type Warning, type WarningReporter } from './warnings.js';
import { type PlanRecorder, plannedResponse } from './writes/plan.js';

const SAFE_METHODS: readonly string[] = ['GET', 'HEAD', 'OPTIONS'];

/** What requests are sent with. */
interface Parts {
  readonly session: Session;
  readonly lists: ListRequests;
  readonly files: FileReceiver;
  readonly report: WarningReporter['report'];
  /** Records the writes of a plan; undefined where they are sent. */
  readonly recorder: PlanRecorder | undefined;
}

/** Sends the requests of a client, and converts the responses. */
export class CommandSender {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /**
   * Sends a request with any method.
   *
   * @param body - the input of a method that has it in the body
   * @throws see `client.get`
   */
  send(
    method: string,
    url: string | URL,
    options: GetOptions,
    body: { readonly input: unknown } | undefined,
  ): Promise<Answer<unknown>> {
    const answer = this.#send(method, url, options, body);
    return this.#parts.recorder?.watch(answer) ?? answer;
  }

  async #send(
    method: string,
    url: string | URL,
    options: GetOptions,
    body: { readonly input: unknown } | undefined,
  ): Promise<Answer<unknown>> {
    const command = String(url);
    const subject = subjectOf(method.toLowerCase(), url);
    const facts = await factsOf(command);
    if (facts !== undefined && body === undefined && isObject(options))
      refuseInput(subject, command, options, facts);
    const { config, list, directory } = checkCall(subject, options);
    const planned = this.#plan(method, command, body === undefined ? config.data : body.input, facts);
    if (planned !== undefined) return { data: planned, response: plannedResponse(planned), warnings: [] };
    if (facts?.isPaged)
      return new PagePromise(this.#parts.lists.toListing(method, command, config, list)).withResponse();
    if (facts !== undefined) refuseListOptions(subject, list);
    if (method === 'GET' && (facts?.isFile || isEosUrl(command))) {
      const { file, response } = await this.#parts.files.receive(subject, command, config, directory);
      return { data: file, response, warnings: [] };
    }
    if (directory !== undefined)
      throw new InvalidInvocation(`${subject}: \`directory\` is for commands that give a file`);
    const response = await this.#request(method, url, config, body);
    const warnings = this.#takeWarnings(command, response);
    const content = convert(response, method, facts?.isPaged);
    if (content.kind === 'value') {
      if (facts?.isFile === false && content.value instanceof BinaryFile)
        throw new BadJSON(response as never, undefined, { reason: 'a file came in place of JSON' });
      return { data: content.value, response, warnings };
    }
    if (content.kind === 'list') return { data: content.items, response, warnings };
    // The next pages are asked for with the same input.
    const again = body === undefined ? config : { ...config, data: body.input };
    const page = this.#toPage(method, command, again, list, { ...content, response, warnings });
    return { data: facts?.isPaged === false ? await page.toArray() : page, response, warnings };
  }

  /** Returns what stands for the result of a request that is not sent because the client only plans. */
  #plan(
    method: string,
    command: string,
    input: unknown,
    facts: CommandFacts | undefined,
  ): object | undefined {
    if (this.#parts.recorder === undefined || facts?.isPaged) return undefined;
    if (!SAFE_METHODS.includes(method)) return this.#parts.recorder.record(method, command, input);
    const planned = this.#parts.recorder.resultFor(input);
    return planned !== undefined && facts?.isPaged === false ? [] : planned;
  }

  /** Makes the first page of a list of which it was not known that it is one. The others are asked for in the same way. */
  #toPage(
    method: string,
    command: string,
    config: RequestConfig,
    list: ListOnly,
    { items, pageInfo, warnings, response }: PageAnswer<unknown>,
  ): Page<unknown> {
    const { pageIndex, pageSize, total } = pageInfo ?? {
      pageIndex: 0,
      pageSize: items.length,
      total: items.length,
    };
    const offset = pageIndex * pageSize;
    const listing = {
      ...this.#parts.lists.toListing(method, command, config, list, warnings),
      start: offset,
      pageSize,
    };
    const end = pageInfo === undefined || pageSize === 0 ? Infinity : offset + pageSize;
    const data = items.slice(0, listing.limit);
    return new Page({ listing, data, total, pageIndex, pageSize, offset, end, warnings, response });
  }

  #takeWarnings(command: string, response: SessionResponse): Warning[] {
    const warnings = readWarnings(command, response.data);
    for (const warning of warnings) this.#parts.report(warning);
    return warnings;
  }

  #request(
    method: string,
    url: string | URL,
    config: RequestConfig,
    body?: { readonly input: unknown },
  ): Promise<SessionResponse> {
    const { session } = this.#parts;
    if (body === undefined) return session.request(method, url, config);
    const verb = method.toLowerCase() as 'post' | 'put' | 'patch';
    const send = session[verb] as Session['put'];
    return send.call(session, url, body.input, config);
  }
}
