import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  appendFile,
  chmod,
  lstat,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  Aborted,
  type BulkComponent,
  Client,
  InvalidInvocation,
  PartFailed,
  type Progress,
  type SyncBatch,
  type SyncOptions,
  type SyncQuery,
  User,
} from '../../src/index.js';
import { fixture } from '../helpers/cache-process.js';
import { startDatabase } from '../helpers/database.js';
import { failure } from '../helpers/failure.js';

const { pdb } = await startDatabase({ components: 600 });
const QUERY = { project: 'S' };

let folder: string;
let file: string;
let client: Client;

beforeEach(async () => {
  pdb.restore();
  folder = await mkdtemp(join(tmpdir(), 'itkdb-sync-'));
  file = join(folder, 'components.ndjson');
  client = new Client({
    ...{ user: new User(pdb.userOptions), prefixUrl: pdb.apiUrl, cache: false, retry: false },
  });
});

afterEach(async () => {
  await client.close();
  await rm(folder, { recursive: true });
});

const idsOf = (items: readonly { readonly id: string }[]): string[] => items.map(({ id }) => id);
const expectedIds = (): string[] =>
  idsOf(
    pdb.dataset.components.filter(
      ({ componentType, state }) => componentType.project === 'S' && state === 'ready',
    ),
  );
const readRecords = async (): Promise<BulkComponent[]> =>
  (await readFile(file, 'utf8'))
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line));
const syncAll = async (options?: SyncOptions): Promise<SyncBatch[]> => {
  const batches: SyncBatch[] = [];
  for await (const batch of client.sync(QUERY, file, options)) batches.push(batch);
  return batches;
};
const merged = (batches: readonly SyncBatch[], name: keyof SyncBatch): string[] =>
  batches.flatMap((batch) => idsOf(batch[name]));
const change = (component: string): Promise<unknown> =>
  client.post('setComponentProperty', {
    component,
    code: 'LOCALNAME',
    value: `new ${Math.random()}`,
  } as never);
/** How many components were read in bulk. */
const countRead = (): number =>
  pdb.requests
    .filter(({ command }) => command === 'getComponentBulk')
    .reduce((sum, { input }) => sum + (input['component'] as string[]).length, 0);

describe('client.sync', () => {
  it('writes whole components into a new file, one in each line, and gives them as added in batches of 100', async () => {
    const batches = await syncAll();
    expect(merged(batches, 'added')).toEqual(expectedIds());
    expect(merged(batches, 'changed')).toEqual([]);
    expect(merged(batches, 'gone')).toEqual([]);
    expect(batches.slice(0, -1).every(({ added }) => added.length === 100)).toBe(true);
    const records = await readRecords();
    expect(idsOf(records)).toEqual(expectedIds());
    expect(records[0]?.stages).not.toBeNull();
    expect(records).toEqual(batches.flatMap(({ added }) => added));
  });

  it('reads nothing and gives no batch where nothing changed', async () => {
    await syncAll();
    const before = await readFile(file, 'utf8');
    pdb.reset();
    expect(await syncAll()).toEqual([]);
    expect(countRead()).toBe(0);
    expect(await readFile(file, 'utf8')).toBe(before);
  });

  it('reads only what was added or changed, and tells what is gone, as it was', async () => {
    await syncAll();
    const [first, second, third] = expectedIds() as [string, string, string];
    const serialNumber = pdb.dataset.find(third)?.serialNumber;
    await change(first);
    await change(second);
    await client.post('deleteComponent', { component: third } as never);
    const { id: added } = await register();
    pdb.reset();
    const [batch, ...others] = await syncAll();
    expect(others).toEqual([]);
    expect(idsOf(batch?.added ?? [])).toEqual([added]);
    expect(idsOf(batch?.changed ?? [])).toEqual([first, second]);
    expect(batch?.gone.map((item) => [item.id, item.serialNumber])).toEqual([[third, serialNumber]]);
    expect(countRead()).toBe(3);
    const records = await readRecords();
    expect(idsOf(records).sort()).toEqual(expectedIds().sort());
    expect(records.find(({ id }) => id === first)?.sys.rev).toBe(pdb.dataset.find(first)?.rev);
    expect(await syncAll()).toEqual([]);
  });

  it.skipIf(process.platform === 'win32')(
    'keeps the permissions of the file, and a symbolic link',
    async () => {
      const target = join(folder, 'data', 'real.ndjson');
      await mkdir(join(folder, 'data'));
      await writeFile(target, '');
      await symlink(target, file);
      await syncAll();
      for (const mode of [0o600, 0o666]) {
        await chmod(target, mode);
        const { ino } = await stat(target);
        await change(expectedIds()[0] as string);
        await syncAll();
        const { ino: after, mode: kept } = await stat(target);
        expect(after).not.toBe(ino);
        expect(kept & 0o777).toBe(mode);
      }
      expect((await lstat(file)).isSymbolicLink()).toBe(true);
      expect(await readdir(join(folder, 'data'))).toEqual(['real.ndjson', 'real.ndjson.query.json']);
    },
  );

  it('takes a site', async () => {
    const items: string[] = [];
    for await (const { added } of client.sync({ site: 'CERN' }, file)) items.push(...idsOf(added));
    const isThere = (code: string): boolean => code === 'CERN';
    const expected = pdb.dataset.components.filter(
      (one) => one.state === 'ready' && (isThere(one.institution.code) || isThere(one.currentLocation.code)),
    );
    expect(items.sort()).toEqual(idsOf(expected).sort());
  });

  it('warns of a site that does not exist with `unknownCode`', async () => {
    const onWarning = vi.fn();
    await using other = new Client({
      ...{ user: new User(pdb.userOptions), prefixUrl: pdb.apiUrl, cache: false, onWarning },
    });
    for await (const _ of other.sync({ site: 'CERM' }, file));
    expect(onWarning).toHaveBeenCalledExactlyOnceWith(
      expect.objectContaining({ key: 'unknownCode', paramMap: { site: 'CERM', similar: ['CERN'] } }),
    );
  });

  it('asks the server also where the cache has a response', async () => {
    await using cached = new Client({
      ...{ user: new User(pdb.userOptions), prefixUrl: pdb.apiUrl },
      ...{ cache: true, expiresAfter: { hours: 1 } },
    });
    for await (const _ of cached.sync(QUERY, file));
    const [first] = expectedIds() as [string];
    await change(first);
    const changed: string[] = [];
    for await (const batch of cached.sync(QUERY, file)) changed.push(...idsOf(batch.changed));
    expect(changed).toEqual([first]);
  });

  it('tells of its progress', async () => {
    const told: Progress[] = [];
    await syncAll({ onProgress: (progress) => void told.push(progress) });
    const total = expectedIds().length;
    await vi.waitFor(() => expect(told.at(-1)).toEqual({ done: total, total, failed: 0 }));
  });
});

describe('the query of client.sync', () => {
  const syncQuery = async (query: SyncQuery): Promise<SyncBatch[]> => {
    const batches: SyncBatch[] = [];
    for await (const batch of client.sync(query, file)) batches.push(batch);
    return batches;
  };

  it('is refused with InvalidInvocation that names both where the file is that of another query', async () => {
    await syncQuery({ project: 'S', componentType: ['MODULE'] });
    const before = await readFile(file, 'utf8');
    pdb.reset();
    for (const query of [{ project: 'S' }, { project: 'S', componentType: 'MODULE', state: 'deleted' }]) {
      const error = await failure(syncQuery(query), InvalidInvocation);
      const ofFile = '"query":{"componentType":"MODULE","project":"S","state":"ready"}}, and not of {"api":';
      expect(error.message).toContain(ofFile);
      expect(error.message).toContain(`"query":{"${'state' in query ? 'componentType' : 'project'}":`);
    }
    expect(await readFile(file, 'utf8')).toBe(before);
    expect(pdb.count()).toBe(0);
  });

  it('is refused with InvalidInvocation where the file is that of another database', async () => {
    await syncAll();
    const before = await readFile(file, 'utf8');
    await using other = new Client({ user: new User(pdb.userOptions), prefixUrl: `${pdb.apiUrl}other/` });
    const { message } = await failure(other.sync(QUERY, file).next(), InvalidInvocation);
    expect(message).toContain(`is the file of {"api":"${pdb.apiUrl}","query"`);
    expect(message).toContain(`and not of {"api":"${pdb.apiUrl}other/","query"`);
    expect(await readFile(file, 'utf8')).toBe(before);
  });

  it.each<[string, SyncQuery, SyncQuery]>([
    ['its keys have another order', { project: 'S', state: 'ready' }, { state: 'ready', project: 'S' }],
    ['its codes have another order', { project: ['S', 'P'] }, { project: ['P', 'S', 'P'] }],
    ['a code is in a list', { project: 'S', site: 'CERN' }, { project: ['S'], site: ['CERN'] }],
    [
      'the state is the usual one',
      { project: 'S' },
      { project: 'S', state: ['ready'], type: undefined } as never,
    ],
  ])('is the same where %s', async (_, first, second) => {
    await syncQuery(first);
    expect(await syncQuery(second)).toEqual([]);
  });

  it('may be another one where the file is empty', async () => {
    expect(await syncQuery({ serialNumber: 'nobody has it' })).toEqual([]);
    expect((await syncQuery({ project: 'S' })).length).toBeGreaterThan(0);
    await writeFile(file, '');
    expect((await syncQuery({ project: 'P' })).length).toBeGreaterThan(0);
    await failure(syncQuery({ project: 'S' }), InvalidInvocation);
  });
});

describe('a process that is killed during client.sync', () => {
  /** Runs client.sync in another process, and kills it when it has printed so many batches. Returns their ids. */
  const run = async (batches: number): Promise<string[][]> => {
    const options = { user: pdb.userOptions, prefixUrl: pdb.apiUrl, query: QUERY, file };
    const job = spawn(process.execPath, [fixture('sync-job.mjs'), JSON.stringify(options)]);
    const ended = once(job, 'exit');
    const errors = text(job.stderr);
    const told: string[][] = [];
    for await (const line of createInterface({ input: job.stdout })) {
      told.push(JSON.parse(line) as string[]);
      if (told.length === batches) job.kill('SIGKILL');
    }
    await ended;
    expect(await errors).toBe('');
    return told;
  };

  it('loses nothing, and has nothing twice in its file', async () => {
    const wanted = expectedIds();
    expect(wanted.length).toBeGreaterThan(300);
    const told = new Set<string>();
    for (const batches of [1, 2, 2, Infinity]) for (const id of (await run(batches)).flat()) told.add(id);
    expect([...told].sort()).toEqual([...wanted].sort());
    expect(idsOf(await readRecords()).sort()).toEqual([...wanted].sort());
  }, 60_000);

  it('loses no change, and reads what was written before not again', async () => {
    await syncAll();
    const changed = expectedIds().slice(0, 350);
    for (const id of changed) await change(id);
    const told = new Set<string>();
    for (const id of (await run(3)).flat()) told.add(id);
    pdb.reset();
    for (const id of (await run(Infinity)).flat()) told.add(id);
    // Two batches were written before the third one was printed.
    expect(countRead()).toBeLessThanOrEqual(150);
    expect([...told].sort()).toEqual([...changed].sort());
    const records = await readRecords();
    expect(idsOf(records).sort()).toEqual(expectedIds().sort());
    for (const { id, sys } of records) expect(sys.rev).toBe(pdb.dataset.find(id)?.rev);
  }, 60_000);
});

describe('a sync that broke off', () => {
  it('goes on where it was: a batch is written when the next one is asked for', async () => {
    const killed = client.sync(QUERY, file);
    const first = (await killed.next()).value as SyncBatch;
    const second = (await killed.next()).value as SyncBatch;
    // The process is killed here: nothing after this line of the first sync runs.
    expect(idsOf(await readRecords())).toEqual(idsOf(first.added));
    pdb.reset();
    const batches = await syncAll();
    expect(merged(batches, 'added')).toEqual(expectedIds().slice(100));
    expect(idsOf(batches[0]?.added ?? [])).toEqual(idsOf(second.added));
    expect(countRead()).toBe(expectedIds().length - 100);
    expect(idsOf(await readRecords())).toEqual(expectedIds());
    await killed.return?.();
  });

  it('reads a last line that is broken again', async () => {
    await syncAll();
    const text = await readFile(file, 'utf8');
    await writeFile(file, text.slice(0, -1000));
    pdb.reset();
    const batches = await syncAll();
    expect(merged(batches, 'added')).toEqual(expectedIds().slice(-countRead()));
    expect(countRead()).toBeLessThan(10);
    expect(idsOf(await readRecords())).toEqual(expectedIds());
  });

  it('reads a last line again where only its first bytes were written', async () => {
    await syncAll();
    await appendFile(file, '{"i');
    expect(await syncAll()).toEqual([]);
    expect(idsOf(await readRecords())).toEqual(expectedIds());
  });

  it('keeps a complete last line without a line feed, and writes the next component to a line of its own', async () => {
    await syncAll();
    await writeFile(file, (await readFile(file, 'utf8')).slice(0, -1));
    pdb.reset();
    expect(await syncAll()).toEqual([]);
    expect(countRead()).toBe(0);
    const { id: added } = await register();
    // The loop is left in the second batch: the first one was written, and the file is not replaced.
    for (const id of expectedIds().slice(0, 100)) await change(id);
    for await (const { changed } of client.sync(QUERY, file)) if (changed.length < 100) break;
    expect(idsOf(await readRecords()).slice(0, -100)).toEqual(expectedIds().filter((id) => id !== added));
    await syncAll();
    expect(idsOf(await readRecords()).sort()).toEqual(expectedIds().sort());
  });

  it('tells that a component is gone whose line is the last one and has no line feed', async () => {
    await syncAll();
    await writeFile(file, (await readFile(file, 'utf8')).slice(0, -1));
    const last = expectedIds().at(-1) as string;
    await client.post('deleteComponent', { component: last } as never);
    expect(merged(await syncAll(), 'gone')).toEqual([last]);
    expect(idsOf(await readRecords())).toEqual(expectedIds());
  });

  it('leaves the file whole where the loop is left, and only the query beside it', async () => {
    for await (const _ of client.sync(QUERY, file)) break;
    expect(await readRecords()).toEqual([]);
    expect(merged(await syncAll(), 'added')).toEqual(expectedIds());
    await change(expectedIds()[0] as string);
    await syncAll();
    expect(await readdir(folder)).toEqual(['components.ndjson', 'components.ndjson.query.json']);
  });

  it('tells again what is gone where the loop was left before it was over', async () => {
    await syncAll();
    const [id] = expectedIds() as [string];
    await client.post('deleteComponent', { component: id } as never);
    for await (const { gone } of client.sync(QUERY, file)) {
      expect(idsOf(gone)).toEqual([id]);
      break;
    }
    expect(merged(await syncAll(), 'gone')).toEqual([id]);
    expect(await syncAll()).toEqual([]);
  });

  it('ends with Aborted where the signal of the caller fires, and keeps what was written', async () => {
    const controller = new AbortController();
    const read = async (): Promise<void> => {
      let count = 0;
      for await (const _ of client.sync(QUERY, file, { signal: controller.signal, chunkSize: 10 }))
        if (++count === 2) controller.abort();
    };
    await expect(read()).rejects.toThrow(Aborted);
    expect((await readRecords()).length).toBeGreaterThanOrEqual(100);
  });
});

describe('a sync in trouble', () => {
  it('gives everything else, then throws PartFailed, and tries the rest again the next time', async () => {
    const [, , rotten] = expectedIds() as [string, string, string];
    const fault = pdb.fault({
      on: ({ command, input }) =>
        command === 'getComponentBulk' && (input['component'] as string[]).includes(rotten),
      ...{ times: Infinity, status: 400, body: { uuAppErrorMap: {} } },
    });
    const added: string[] = [];
    const read = async (): Promise<void> => {
      for await (const batch of client.sync(QUERY, file)) added.push(...idsOf(batch.added));
    };
    const error = await read().catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(PartFailed);
    expect((error as PartFailed).failed.map(({ id }) => id)).toEqual([rotten]);
    expect(added).toEqual(expectedIds().filter((id) => id !== rotten));
    fault.remove();
    expect(merged(await syncAll(), 'added')).toEqual([rotten]);
  });

  it('takes nothing for gone where the list does not stop changing', async () => {
    await syncAll();
    const total = expectedIds().length;
    let asked = 0;
    const planned = pdb.answer(
      'listComponents',
      ({ input }) => {
        asked += 1;
        const { pageIndex, pageSize } = input['pageInfo'] as { pageIndex: number; pageSize: number };
        const known = pdb.dataset.components.filter(({ id }) => expectedIds().includes(id)).slice(3);
        const itemList = known
          .slice(pageIndex * pageSize, (pageIndex + 1) * pageSize)
          .map(({ id, rev }) => ({ id, sys: { rev } }));
        return { itemList, pageInfo: { pageIndex, pageSize, total: total + asked } };
      },
      { times: Infinity },
    );
    expect(await syncAll()).toEqual([]);
    planned.remove();
    expect(await syncAll()).toEqual([]);
  });

  it('tells what is gone where the list changed only while it was read first', async () => {
    await syncAll();
    const [gone, ...left] = expectedIds() as [string, ...string[]];
    await client.post('deleteComponent', { component: gone } as never);
    pdb.reset();
    const itemList = left.slice(0, 100).map((id) => ({ id, sys: { rev: pdb.dataset.find(id)?.rev } }));
    const pageInfo = { pageIndex: 0, pageSize: 100, total: left.length + 1 };
    pdb.answer('listComponents', { itemList, pageInfo });
    expect(merged(await syncAll(), 'gone')).toEqual([gone]);
    expect(pdb.count('listComponents')).toBe(2 * Math.ceil(left.length / 100));
  });

  it('tells that a component is gone which was listed, but does not exist when it is read', async () => {
    await syncAll();
    const [id] = expectedIds() as [string];
    await change(id);
    const key = 'ucl-itkpd-main/getComponent/componentDoesNotExist';
    pdb.fault({
      on: ({ command, input }) =>
        ['getComponent', 'getComponentBulk'].includes(command ?? '') &&
        [input['component']].flat().includes(id),
      ...{ times: Infinity, status: 400, body: { uuAppErrorMap: { [key]: { type: 'error' } } } },
    });
    expect(merged(await syncAll(), 'gone')).toEqual([id]);
    expect(idsOf(await readRecords())).toEqual(expectedIds().slice(1));
  });

  it('reads all components of a list that does not have their `sys.rev`', async () => {
    const ids = expectedIds().slice(0, 50);
    const pageInfo = { pageIndex: 0, pageSize: 100, total: ids.length };
    pdb.answer('listComponents', { itemList: ids.map((id) => ({ id })), pageInfo });
    expect(merged(await syncAll(), 'added')).toEqual(ids);
  });

  const component = JSON.stringify({ id: '0123456789abcdef01234567', sys: { rev: 3 } });
  it.each([
    ['is no JSON', 'serialNumber;stage\n20USBML1234567;GLUED\n'],
    ['is no JSON, and has one line', 'Hello'],
    ['has other records', '{"name":"x"}\n'],
    ['has records with an `id` that is not one of the database', '{"id":"1"}\n{"id":"2"}\n'],
    ['has one JSON object without a line feed', '{"important":"settings"}'],
    ['is no JSON, and starts with a brace', '{{template}} hello'],
  ])('refuses a file that %s, and leaves it as it is', async (_, text) => {
    await writeFile(file, text);
    await expect(syncAll()).rejects.toThrow('is not a file of client.sync: there is no');
    // Also where it took the place of a file of client.sync.
    const ofQuery = JSON.stringify({ api: pdb.apiUrl, query: { project: 'S', state: 'ready' } });
    await writeFile(`${file}.query.json`, `${ofQuery}\n`);
    await expect(syncAll()).rejects.toThrow('is not a record of client.sync');
    expect(await readFile(file, 'utf8')).toBe(text);
    expect(pdb.count()).toBe(0);
  });

  it('refuses a file of components that client.sync did not write', async () => {
    await writeFile(file, `${component}\n`);
    await expect(syncAll()).rejects.toThrow('is not a file of client.sync: there is no');
    expect(await readFile(file, 'utf8')).toBe(`${component}\n`);
  });

  it('refuses a broken line that is not the last one', async () => {
    await syncAll();
    await appendFile(file, '{"id":"broken\n');
    await expect(syncAll()).rejects.toThrow(InvalidInvocation);
  });

  it.each([
    ['null as options', [QUERY, 'FILE', null], 'must be given an object of options'],
    ['a misspelt option', [QUERY, 'FILE', { chunksize: 5 }], 'is it `chunkSize`?'],
    ['errors', [QUERY, 'FILE', { errors: 'stop' }], 'there is no option `errors`'],
    ['a limit', [QUERY, 'FILE', { limit: 5 }], 'there is no option `limit`'],
    ['a chunkSize of 0', [QUERY, 'FILE', { chunkSize: 0 }], '`chunkSize` must be a whole number, at least 1'],
    ['a pageSize of 0', [QUERY, 'FILE', { pageSize: 0 }], '`pageSize` must be a whole number, at least 1'],
    ['fresh and cache', [QUERY, 'FILE', { fresh: true, cache: false }], 'give only one of them'],
    ['a signal that is none', [QUERY, 'FILE', { signal: 5 }], '`signal` must be an AbortSignal'],
    ['no query', [null, 'FILE'], 'the query must be an object'],
    ['no file', [QUERY, undefined], '`file` must be a string that is not empty'],
    ['a file in the folder ~', [QUERY, '~/x.ndjson'], '`file` must be a path without ~'],
  ])('refuses %s before it creates the file', async (_, given, message) => {
    const call = (): unknown =>
      client.sync(...(given.map((one) => (one === 'FILE' ? file : one)) as never as [never, never]));
    expect(call).toThrow(InvalidInvocation);
    expect(call).toThrow('client.sync: ');
    expect(call).toThrow(message);
    expect(await readdir(folder)).toEqual([]);
  });

  it.each([
    ['a wrong site', { site: [] }, '`site` must be the code of an institution'],
    ['a site and an institute', { site: 'CERN', institute: 'X' }, 'give `site`, or `institute`'],
    ['a limit in the query', { site: 'CERN', limit: 5 }, '`limit` is in the filter'],
    ['`page_size` in the query', { page_size: 5 }, '`pageSize` is not a key of a filter, but an option'],
    ['`component_type` in the query', { component_type: 'MODULE' }, 'it is `componentType`'],
  ])('refuses %s before it creates the file, as client.sync', async (_, query, message) => {
    const call = (): unknown => client.sync(query as never, file);
    expect(call).toThrow(InvalidInvocation);
    expect(call).toThrow('client.sync: ');
    expect(call).toThrow(message);
    expect(await readdir(folder)).toEqual([]);
  });

  it('refuses a file that cannot be written, or that cannot have its query beside it', async () => {
    await failure(client.sync(QUERY, join(folder, 'no', 'folder')).next(), InvalidInvocation);
    await mkdir(`${file}.query.json`);
    const { message } = await failure(client.sync(QUERY, file).next(), InvalidInvocation);
    expect(message).toMatch(/^client\.sync: .*\.query\.json cannot be written: /);
  });

  it.each(['folder', 'device'])('refuses a %s in place of a file', async (kind) => {
    const path = kind === 'folder' ? folder : process.platform === 'win32' ? '\\\\.\\NUL' : '/dev/null';
    const { message } = await failure(client.sync(QUERY, path).next(), InvalidInvocation);
    expect(message).toContain('is not a regular file');
  });

  it('ends with InvalidInvocation where its folder is removed meanwhile', async () => {
    await syncAll();
    await change(expectedIds()[0] as string);
    const read = async (): Promise<void> => {
      for await (const _ of client.sync(QUERY, file)) await rm(folder, { recursive: true });
    };
    const { message } = await failure(read(), InvalidInvocation).finally(() => mkdir(folder));
    expect(message).toContain(`${file} cannot be written: `);
  });
});

async function register(): Promise<{ id: string }> {
  const like = pdb.dataset.components.find(
    ({ componentType }) => componentType.project === 'S' && componentType.code === 'MODULE',
  );
  const { component } = await client.post('registerComponent', {
    ...{
      project: 'S',
      subproject: 'SB',
      institution: 'CERN',
      componentType: 'MODULE',
      type: like?.type.code,
    },
  } as never);
  return component;
}
