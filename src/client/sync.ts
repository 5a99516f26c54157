import type { BulkComponent, ListedComponent } from '../commands/shapes.js';
import { both, checkValue, FILLED_STRING, NO_TILDE, wholeNumber } from '../config/check-options.js';
import { type ITkDBException, ListChanged } from '../exceptions/base.js';
import { isRecord } from '../util/guards.js';
import type { BulkFailure } from './bulk/bulk-job.js';
import type { BulkOptions } from './bulk/options.js';
import { partFailed } from './bulk/part-failed.js';
import { checkComponentFilter } from './filters.js';
import { checkJob, LIST_TABLE, type ListOptions, optionsOfJob } from './options.js';
import type { ComponentFilter, Components, SiteFilter } from './resources/components.js';
import { RecordFile } from './sync-file.js';

/** Which components `client.sync` keeps up to date: the keys of `filterMap` of `listComponents`, or a site. */
export type SyncQuery = (ComponentFilter & { readonly site?: undefined }) | SiteFilter;

/** Options of `client.sync`: those of a request, which count for every request, and those of a bulk read. */
export interface SyncOptions extends Omit<BulkOptions, 'errors'>, Pick<ListOptions, 'pageSize'> {}

/** What changed since the file was written last. */
export interface SyncBatch {
  /** Components that the file did not have. */
  readonly added: BulkComponent[];
  /** Components that the file had with another `sys.rev`. */
  readonly changed: BulkComponent[];
  /** Components that the query does not give any more, as the file had them. */
  readonly gone: BulkComponent[];
}

/** The components of one batch. */
const BATCH = 100;
/** How often the list is read where it changes meanwhile. */
const LISTINGS = 3;

/** Starts the messages about arguments. */
const SUBJECT = 'client.sync';
// Neither `errors` nor `limit`: what is left out would look gone.
const OPTIONS = optionsOfJob('{ pageSize: 50 }', {
  ...{ pageSize: LIST_TABLE.pageSize, onProgress: LIST_TABLE.onProgress },
  chunkSize: wholeNumber('a whole number, at least 1', 1),
});
const PATH = both(FILLED_STRING, NO_TILDE);

/**
 * See `Client.sync`. Checks the arguments at once; the file is opened when the first batch is asked for.
 *
 * @param api - the URL of the database
 */
export function sync(
  components: Components,
  api: string,
  query: SyncQuery,
  path: string,
  options: SyncOptions,
): AsyncGenerator<SyncBatch, void, undefined> {
  checkValue(SUBJECT, 'file', path, PATH);
  checkComponentFilter(SUBJECT, query as ComponentFilter, 'query');
  const { chunkSize, pageSize, onProgress, ...shared } = checkJob(SUBJECT, options, OPTIONS);
  // What is stored says how it was. Only the server knows what changed.
  const fresh = { ...shared, ...(shared.cache === undefined && { fresh: true }) };
  const list = components.list(query as ComponentFilter, { ...fresh, pageSize, onChange: 'throw' });
  const openFile = (): Promise<RecordFile> => RecordFile.open(path, canonicalQuery(api, query));
  return readChanges(components, list, openFile, { ...fresh, chunkSize, onProgress });
}

/**
 * Returns a query and the database that it is for as text, in the same way for queries that mean the same: the order of
 * keys and of the codes of a list does not count.
 *
 * @param api - the URL of the database
 */
function canonicalQuery(api: string, query: SyncQuery): string {
  const sort = (value: unknown): unknown => {
    if (Array.isArray(value)) {
      const texts = new Set(value.map((item) => JSON.stringify(sort(item))));
      const items = [...texts].sort().map((text): unknown => JSON.parse(text));
      return items.length === 1 && !isRecord(items[0]) ? items[0] : items;
    }
    if (!isRecord(value)) return value;
    return Object.fromEntries(
      Object.keys(value)
        .sort()
        .map((key) => [key, sort(value[key])]),
    );
  };
  return JSON.stringify({ api, query: sort({ state: 'ready', ...query }) });
}

async function* readChanges(
  components: Components,
  list: AsyncIterable<ListedComponent>,
  openFile: () => Promise<RecordFile>,
  options: BulkOptions,
): AsyncGenerator<SyncBatch, void, undefined> {
  const file = await openFile();
  try {
    const { listed, isCertain } = await listRevisions(list);
    const toRead = [...listed].filter(([id, rev]) => rev === undefined || file.revisionOf(id) !== rev);
    const ids = toRead.map(([id]) => id);
    const outcomes = components.getMany(ids, { ...options, errors: 'collect' }).outcomes();
    const failed: BulkFailure[] = [];
    let batch: BulkComponent[] = [];
    for await (const { id, item, error } of outcomes) {
      if (error !== undefined) failed.push({ id, error: error as ITkDBException });
      else if (item === undefined) listed.delete(id);
      else batch.push(item);
      if (batch.length < BATCH) continue;
      yield toBatch(batch, file);
      await file.append(batch);
      batch = [];
    }
    const goneIds = isCertain ? file.ids.filter((id) => !listed.has(id)) : [];
    const gone = (await file.read(goneIds)) as BulkComponent[];
    if (batch.length + gone.length > 0) yield { ...toBatch(batch, file), gone };
    await file.append(batch);
    await file.compact(goneIds);
    if (failed.length > 0)
      throw partFailed({ items: [], missing: [], failed }, `${ids.length} components that changed`);
  } finally {
    await file.close();
  }
}

function toBatch(items: readonly BulkComponent[], file: RecordFile): SyncBatch {
  const isKnown = ({ id }: BulkComponent): boolean => file.has(id);
  return { added: items.filter((item) => !isKnown(item)), changed: items.filter(isKnown), gone: [] };
}

/** Lists the components with their revisions, again where the list changed meanwhile: then some can be missing in it. */
async function listRevisions(
  list: AsyncIterable<ListedComponent>,
): Promise<{ readonly listed: Map<string, number | undefined>; readonly isCertain: boolean }> {
  const listed = new Map<string, number | undefined>();
  for (let listing = 0; listing < LISTINGS; listing += 1) {
    try {
      for await (const { id, sys } of list) listed.set(id, sys?.rev);
      return { listed, isCertain: true };
    } catch (error) {
      if (!(error instanceof ListChanged)) throw error;
    }
  }
  return { listed, isCertain: false };
}
