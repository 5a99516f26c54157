import type { CommandInput } from '../../commands/commands.js';
import { checkValue, must } from '../../config/check-options.js';
import { InvalidInvocation } from '../../exceptions/base.js';
import { isFilledString, isObject, isRecord } from '../../util/guards.js';
import { type BulkJob, ChunkSizes, toChunks } from '../bulk/bulk-job.js';
import { BulkPromise } from '../bulk/bulk-promise.js';
import { type BulkOptions, checkBulk, checkIds } from '../bulk/options.js';
import type { ListOptions } from '../options.js';
import type { PagePromise } from '../pages/page-promise.js';
import type { CommandResultOf, ItemOf } from '../results.js';
import { MergedList } from './merged-list.js';
import { progressOf, type ResourceContext } from './resource.js';

/** The `outputType` of commands about components. */
export type OutputType = 'full' | 'object';

/** The keys of `filterMap` of `listComponents`. */
export type ComponentFilter = CommandInput<'listComponents'>['filterMap'];

/** The type of a component that `getMany` reads. */
export type BulkComponentOf<O> = CommandResultOf<'getComponentBulk', O> extends (infer T)[] ? T : never;

/** The type of a component that `list` reads. */
export type ListedComponentOf<O> = ItemOf<CommandResultOf<'listComponents', O>>;

/** Options of `components.getMany`. */
export interface GetComponentsOptions<O extends OutputType | undefined = undefined> extends BulkOptions {
  /** How much of each component is read. @defaultValue `'full'` */
  outputType?: O;
}

/** Options of `components.list`. */
export interface ListComponentsOptions<O extends OutputType | undefined = undefined> extends ListOptions {
  /** How much of each component is read. @defaultValue what `listComponents` gives without it: no parts such as properties */
  outputType?: O;
}

const CHUNK_SIZE = 100;

const OUTPUT_TYPE = must((value) => value === 'full' || value === 'object', "'full' or 'object'");
const SITE = must(
  (site) => isFilledString(site) || (Array.isArray(site) && site.length > 0 && site.every(isFilledString)),
  'the code of an institution, or a list of at least one',
);

/** The kinds of names that a component has, as far as they are asked for in different ways. */
type IdKind = 'id' | 'name' | 'alternative';

const ID = /^[0-9a-f]{24}$/i;
const CODE = /^[0-9a-f]{32}$/i;
const SERIAL_NUMBER = /^20U[0-9A-Z]{11}$/i;

/** The components: `client.components`. */
export class Components {
  readonly #context: ResourceContext;
  readonly #sizes: Record<OutputType, ChunkSizes> = { full: new ChunkSizes(), object: new ChunkSizes() };

  /** @internal */
  constructor(context: ResourceContext) {
    this.#context = context;
  }

  /**
   * Reads many components, 100 with each request. Nothing is sent before the result is used: by `await`, which gives
   * `{ items, missing, failed }`, or by `for await`, which gives one component after the other and needs less memory.
   *
   * ```ts
   * const { items, missing } = await client.components.getMany(serialNumbers);
   * ```
   *
   * @param ids - ids, codes, serial numbers and alternative identifiers, in any mixture. One that is given twice is read
   * once, and is once in the result. An alternative identifier takes a request of its own
   * @throws PartFailed after all others were read, where some could not be read and `errors` is `'throw'`
   * @throws what `client.get` throws, where every further request would meet it too, such as `Aborted` or `Forbidden`
   */
  getMany<O extends OutputType | undefined = undefined>(
    ids: Iterable<string>,
    options: GetComponentsOptions<O> = {},
  ): BulkPromise<BulkComponentOf<O>> {
    const subject = 'client.components.getMany';
    const distinct = checkIds(subject, ids);
    const { bulk, call } = checkBulk(subject, options);
    const { outputType = 'full', retry, ...config } = call;
    checkValue(subject, 'outputType', outputType, OUTPUT_TYPE);
    const { client, maxInFlight, retryOfPart, logger } = this.#context;
    const { chunkSize = CHUNK_SIZE, errors = 'throw' } = bulk;
    const ask = async (kind: IdKind, group: readonly string[], signal: AbortSignal): Promise<unknown[]> => {
      if (kind === 'alternative') {
        const data = { component: group[0] as string, alternativeIdentifier: true, outputType };
        return [await client.get('getComponent', { ...config, retry, signal, data })];
      }
      const data = {
        ...{ component: group, outputType, force: true },
        ...(kind === 'id' && { identifierType: 'id' as const }),
      };
      const part = group.length > 1 ? retryOfPart(retry) : retry;
      return client.get('getComponentBulk', { ...config, retry: part, signal, data });
    };
    const chunks = toChunks(distinct, kindOf, (kind) => (kind === 'alternative' ? 1 : chunkSize));
    const job: BulkJob = {
      ...{ noun: 'components', ids: distinct, errors, maxInFlight },
      chunks: chunks.map(({ kind, ids }) => ({ ids, ask: (group, signal) => ask(kind, group, signal) })),
      namesOf,
      sizes: this.#sizes[outputType],
      signal: config.signal as AbortSignal | undefined,
      onProgress: progressOf(bulk, logger),
    };
    return new BulkPromise(job);
  }

  /**
   * Lists components: the ready ones, unless the filter has a `state`. Nothing is sent before the list is used.
   *
   * @param filter - the keys of `filterMap` of `listComponents`
   * @throws what `client.list` throws
   */
  list<O extends OutputType | undefined = undefined>(
    filter: ComponentFilter & { readonly site?: undefined },
    options?: ListComponentsOptions<O>,
  ): PagePromise<ListedComponentOf<O>>;
  /**
   * Lists the components that belong to a site or are there, each of them once.
   *
   * @param filter - `site` is the code of an institution, or several; with the keys of `filterMap` of `listComponents`
   * @throws what `client.list` throws
   */
  list<O extends OutputType | undefined = undefined>(
    filter: Omit<ComponentFilter, 'institute' | 'currentLocation'> & {
      readonly site: string | readonly string[];
    },
    options?: ListComponentsOptions<O>,
  ): MergedList<ListedComponentOf<O>>;
  list(
    filter: ComponentFilter & { readonly site?: string | readonly string[] | undefined },
    options: ListComponentsOptions<OutputType | undefined> = {},
  ): object {
    const subject = 'client.components.list';
    if (!isRecord(filter) || !isObject(options))
      throw new InvalidInvocation(`${subject}: the filter and the options must be objects`);
    const { site, ...filterMap } = filter;
    const { outputType, ...listOptions } = options;
    const { client, logger } = this.#context;
    const list = (more: ComponentFilter, own: ListOptions): PagePromise<ListedComponentOf<OutputType>> =>
      client.list(
        'listComponents',
        {
          filterMap: { state: ['ready'], ...filterMap, ...more },
          ...(outputType !== undefined && { outputType }),
        },
        own,
      );
    if (site === undefined) return list({}, listOptions);
    checkValue(subject, 'site', site, SITE);
    if (filterMap.institute !== undefined || filterMap.currentLocation !== undefined)
      throw new InvalidInvocation(`${subject}: give \`site\`, or \`institute\` and \`currentLocation\``);
    const { onProgress, ...shared } = listOptions;
    return new MergedList(
      [{ institute: site }, { currentLocation: site }].map((where) => list(where, shared)),
      { limit: shared.limit, onProgress: progressOf({ onProgress }, logger) },
    );
  }
}

function kindOf(id: string): IdKind {
  if (ID.test(id)) return 'id';
  return CODE.test(id) || SERIAL_NUMBER.test(id) ? 'name' : 'alternative';
}

function namesOf(item: object): readonly unknown[] {
  const { alternativeIdentifier, serialNumber, code, id } = item as Record<string, unknown>;
  return [alternativeIdentifier, serialNumber, code, id];
}
