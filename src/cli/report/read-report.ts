import type { Client } from '../../client/client.js';
import { readAncestors } from '../../client/components/ancestors.js';
import { Component } from '../../client/models/component.js';
import type { BulkComponent, FullComponent, TestRun } from '../../commands/shapes.js';
import { titleOf } from '../output/format.js';
import { type Failure, toFailure } from './failures.js';
import { type Images, readImages } from './images.js';

/** The data of a report. */
export interface ReportData {
  readonly component: FullComponent;
  /** The parents of the component, from the nearest to the outermost. */
  readonly ancestors: readonly BulkComponent[];
  /** The component with all components in it. */
  readonly tree: Component;
  /** The ready test runs, the latest first. */
  readonly runs: readonly TestRun[];
  /** The number of deleted test runs, which are left out. */
  readonly deletedRuns: number;
  /** The names of institutions, by their ids. */
  readonly institutions: ReadonlyMap<string, string>;
  readonly images: Images;
  readonly failures: readonly Failure[];
  /** The URL of the website. */
  readonly site: string;
  readonly readAt: Date;
}

/** Options of {@link readReport}. */
export interface ReadReportOptions {
  readonly signal: AbortSignal;
  /** In bytes: a larger image is not in the page. */
  readonly largestImage: number;
  /** Called with the progress. */
  readonly onProgress: (
    progress: { readonly done: number; readonly total?: number | undefined; readonly failed: number },
    noun: string,
  ) => void;
}

/**
 * Reads the data of a report with few requests. The parts that cannot be read are in `failures`.
 *
 * @param identifier - serial number, code, id or alternative identifier
 * @throws what `client.components.get` throws
 */
export async function readReport(
  client: Client,
  identifier: string,
  { signal, largestImage, onProgress }: ReadReportOptions,
): Promise<ReportData> {
  const failures: Failure[] = [];
  const attempt = async <T>(what: string, fallback: T, read: () => Promise<T>): Promise<T> => {
    try {
      return await read();
    } catch (error) {
      failures.push(toFailure(what, error));
      return fallback;
    }
  };
  const component = await client.components.get(identifier, { signal });
  const ancestors = await attempt('what it is in', [], () =>
    readAncestors({ client, components: client.components }, component, { signal }, Number.POSITIVE_INFINITY),
  );
  const tree = new Component(client, component);
  await attempt('what is in it', undefined, async () => {
    let done = 0;
    for await (const child of tree.walk({ signal, errors: 'collect' })) {
      done += 1;
      if (child.error) failures.push(toFailure(`the part ${titleOf(child)}`, child.error));
      onProgress({ done, failed: failures.length }, 'parts');
    }
  });
  const all = (component.tests ?? []).flatMap(({ testRuns }) => testRuns ?? []);
  const ready = all.filter(({ state }) => state === 'ready');
  const runs = await attempt('the test runs', [], async () => {
    const { items, missing, failed } = await client.testRuns.getMany(
      ready.map(({ id }) => id),
      { signal, errors: 'collect', onProgress: (progress) => onProgress(progress, 'test runs') },
    );
    for (const { id, error } of failed) failures.push(toFailure(`the test run ${id}`, error));
    for (const id of missing)
      failures.push({ what: `the test run ${id}`, reason: 'the database did not return it' });
    return items;
  });
  const institutions = await attempt('the names of institutions', institutionsOf(component), () =>
    readInstitutions(client, component, signal),
  );
  const { images, failures: failedImages } = await readImages(client, component, runs, {
    ...{ largest: largestImage, signal },
    onProgress: (progress) => onProgress(progress, 'images'),
  });
  return {
    ...{ component, ancestors, tree, institutions, images },
    runs: [...runs].sort((a, b) => timeOf(b) - timeOf(a)),
    deletedRuns: all.length - ready.length,
    failures: [...failures, ...failedImages],
    site: client.session.prefixUrl,
    readAt: new Date(),
  };
}

/** The time of the test; that of the upload where it cannot be read. */
function timeOf({ date, cts }: TestRun): number {
  const time = Date.parse(date);
  return Number.isNaN(time) ? Date.parse(cts) || 0 : time;
}

function institutionsOf({ institution, currentLocation }: FullComponent): Map<string, string> {
  return new Map(
    [institution, currentLocation].flatMap((one) =>
      one?.id ? [[one.id, one.name || one.code] as const] : [],
    ),
  );
}

/** The history of locations has only ids. */
async function readInstitutions(
  client: Client,
  component: FullComponent,
  signal: AbortSignal,
): Promise<Map<string, string>> {
  const names = institutionsOf(component);
  if ((component.locations ?? []).every(({ institution }) => names.has(institution))) return names;
  for await (const { id, name, code } of client.institutions.list({ signal })) names.set(id, name || code);
  return names;
}
