import type { Logger } from '../config/logger.js';
import { InvalidInvocation, ListChanged } from '../exceptions/base.js';
import { RETRIED_STATUSES as STATUSES } from '../http/retry-policy.js';
import type { RequestConfig, SessionResponse } from '../session/request-options.js';
import { withEither } from '../util/abort.js';
import { isPlainObject, isRecord } from '../util/guards.js';
import { commandOf } from './command-facts.js';
import { convert } from './convert.js';
import { refuseOptionsIn } from './filters.js';
import type { ClientOptions, ListOnly } from './options.js';
import type { Listing, PageAnswer, PageInfo } from './pages/listing.js';
import { type Segment, shrink, toPageInfo } from './pages/segments.js';
import { progressTeller } from './requests/progress.js';
import { SPLIT_STATUSES } from './requests/too-heavy.js';
import { readWarnings, type Warning, type WarningReporter } from './warnings.js';

const PAGE_SIZE = 100;
const FULL_PAGE_SIZE = 50;

/** Measured by users: the list had 3,799 rows, of 2,539 components. */
const UNRELIABLE = {
  key: 'unreliableList',
  message:
    '`useOrInLocationSearch` makes the database repeat some components and leave out others: ask for `institute` and for `currentLocation` in two lists',
  paramMap: {},
};

const UNKNOWN_LENGTH = {
  key: 'unknownLength',
  message: '`pageInfo` of the server does not say how long the list is: perhaps only a part of it was read',
  paramMap: {},
};

/** What the requests of lists get of their client. */
interface Context {
  /** Sends one request. */
  readonly send: (method: string, url: string, config: RequestConfig) => Promise<SessionResponse>;
  readonly report: WarningReporter['report'];
  readonly logger: Logger;
  /** The `retry` of the client's options. */
  readonly retry: ClientOptions['retry'];
  /** The most requests of one list that may be under way. */
  readonly maxInFlight: number;
}

/** Makes the requests of a client's lists. */
export class ListRequests {
  readonly #context: Context;
  /** The smallest page sizes that were too heavy, by command and output type. */
  readonly #tooHeavy = new Map<string, number>();

  constructor(context: Context) {
    this.#context = context;
  }

  /**
   * Makes a list of a call.
   *
   * @param config - the options of each of its requests; `data` is the input of the command
   * @param known - the warnings that were reported before
   * @throws InvalidInvocation where the input says in a wrong way where to start, or has an option of a list in its filter
   */
  toListing<T>(
    method: string,
    command: string,
    config: RequestConfig,
    list: ListOnly,
    known: readonly Warning[] = [],
  ): Listing<T> {
    const { logger, maxInFlight, retry } = this.#context;
    const reported = new Set(known.map((warning) => JSON.stringify(warning)));
    // The server repeats a warning about the input with each page.
    const report = (warning: Warning): void => {
      const text = JSON.stringify(warning);
      if (!reported.has(text)) this.#context.report(warning);
      reported.add(text);
    };
    const input = isPlainObject(config.data) ? config.data : {};
    const { filterMap, pageInfo, outputType, useOrInLocationSearch } = input;
    if (isRecord(filterMap)) refuseOptionsIn(command, filterMap);
    const { onChange = 'warn', onProgress, limit = Infinity } = list;
    const isHeavy = outputType === 'full';
    const asked = checkPageInfo(command, pageInfo, list.pageSize);
    const pageSize = list.pageSize ?? asked.pageSize ?? (isHeavy ? FULL_PAGE_SIZE : PAGE_SIZE);
    const key = `${commandOf(command)} ${String(outputType)}`;
    const tooHeavy = (): number => this.#tooHeavy.get(key) ?? Infinity;
    if (useOrInLocationSearch === true) report({ command, ...UNRELIABLE });
    return {
      start: (asked.pageIndex ?? 0) * pageSize,
      limit,
      pageSize,
      fit: (size) => shrink(size, tooHeavy() - 1),
      rememberTooHeavy: (size) => this.#tooHeavy.set(key, Math.min(size, tooHeavy())),
      maxInFlight,
      isHeavy,
      canSplit: method === 'GET',
      retries: (config.retry ?? retry) !== false,
      ask: (segment, signal) => this.#askPage(method, command, config, segment, signal, report),
      onProgress: progressTeller(onProgress, logger),
      onChange: (read, expected) => {
        const message = `the list changed while it was read: ${read} items were read, and the server now says ${expected}; some may be missing`;
        if (onChange === 'throw') throw new ListChanged(`${command}: ${message}`);
        report({ command, key: 'listChanged', message, paramMap: { read, expected } });
      },
    };
  }

  /** Returns how a page or a chunk is retried: what is too much for the server at once is asked for in parts instead. */
  retryOfPart(retry: RequestConfig['retry']): RequestConfig['retry'] {
    const { retry: usual } = this.#context;
    if (retry === false || (retry === undefined && usual === false)) return retry;
    const { statuses = STATUSES } = { ...(usual || {}), ...retry };
    return {
      ...retry,
      statuses: statuses.filter((status) => !SPLIT_STATUSES.includes(status)),
      timeouts: false,
    };
  }

  async #askPage<T>(
    method: string,
    command: string,
    config: RequestConfig,
    segment: Segment,
    signal: AbortSignal,
    report: WarningReporter['report'],
  ): Promise<PageAnswer<T>> {
    const input = config.data ?? {};
    // Anything else has no place for `pageInfo`.
    if (!isPlainObject(input))
      throw new InvalidInvocation(
        `${command}: the input of a list must be an object such as { filterMap: {} }`,
      );
    const request = {
      ...config,
      data: { ...input, pageInfo: toPageInfo(segment) },
      retry: method === 'GET' && segment.size > 1 ? this.retryOfPart(config.retry) : config.retry,
    };
    const send = (either: AbortSignal): Promise<SessionResponse> =>
      this.#context.send(method, command, { ...request, signal: either });
    const own = config.signal as AbortSignal | undefined;
    const response = await (own === undefined ? send(signal) : withEither(own, signal, send));
    const warnings = readWarnings(command, response.data);
    for (const warning of warnings) report(warning);
    const content = convert(response, method, true);
    if (content.kind === 'page' && content.pageInfo === undefined && hasPageInfo(response))
      report({ command, ...UNKNOWN_LENGTH });
    if (content.kind === 'page') return { ...content, items: content.items as T[], warnings, response };
    throw new InvalidInvocation(
      `\`${command}\` was not answered with a list: for a command without one, use client.get`,
    );
  }
}

function hasPageInfo({ data }: SessionResponse): boolean {
  return isRecord(data) && isRecord(data['pageInfo']);
}

/** Checks `pageInfo` of an input: where the list starts. */
function checkPageInfo(
  command: string,
  pageInfo: unknown,
  pageSize: number | undefined,
): { readonly pageIndex?: number; readonly pageSize?: number } {
  if (pageInfo === undefined || pageInfo === null) return {};
  const asked = (isPlainObject(pageInfo) ? pageInfo : { pageIndex: Number.NaN }) as Partial<PageInfo>;
  const isCount = (count: number | undefined, least: number): boolean =>
    count === undefined || (Number.isSafeInteger(count) && count >= least);
  if (!isCount(asked.pageIndex, 0) || !isCount(asked.pageSize, 1))
    throw new InvalidInvocation(
      `${command}: \`pageInfo\` must be an object such as { pageIndex: 0, pageSize: 100 }, with whole numbers`,
    );
  if (asked.pageSize !== undefined && pageSize !== undefined && asked.pageSize !== pageSize)
    throw new InvalidInvocation(
      `${command}: \`pageSize\` is ${pageSize} in the options and ${asked.pageSize} in \`pageInfo\`: give only one of them`,
    );
  return asked;
}
