import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { inspect } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  Aborted,
  type Attachment,
  Client,
  type ClientOptions,
  ConnectionReset,
  Forbidden,
  InvalidInvocation,
  PartFailed,
  type Target,
  TextFile,
  User,
  type Warning,
} from '../../src/index.js';
import { startDatabase } from '../helpers/database.js';
import { failure } from '../helpers/failure.js';
import { QUICK } from '../helpers/scripted.js';

const { pdb, newSession } = await startDatabase({ components: 100 });
const { dataset } = pdb;
const ready = dataset.components.filter(({ state, parent }) => state === 'ready' && !parent);
const [first] = ready;
const sender = first?.currentLocation.code as string;
const recipient = dataset.institutions.find(({ code }) => code !== sender)?.code as string;
const items = [first?.serialNumber as string];
const { data: created } = await newSession().post('createShipment', {
  ...{ sender, recipient, type: 'domestic', shipmentItems: items },
});
const shipment = created.id;
const empty = pdb.snapshot();

let folder: string;
let client: Client;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'itkdb-download-'));
  pdb.restore(empty);
  client = newClient();
});
afterEach(async () => {
  await client.close();
  // A temporary file that is left would be here.
  expect((await readdir(folder)).filter((name) => name.startsWith('.'))).toEqual([]);
  await rm(folder, { recursive: true });
});

const newClient = (options: ClientOptions = {}): Client =>
  new Client({
    user: new User(pdb.userOptions),
    prefixUrl: pdb.apiUrl,
    cache: false,
    retry: QUICK,
    ...options,
  });

const component = first?.serialNumber as string;
const testRun = dataset.components.flatMap(({ testRuns }) => testRuns)[0]?.id as string;
const batch = dataset.batches[0]?.id as string;

/** Attaches a file or a link, and returns its code. */
async function attach(
  target: Target,
  title: string,
  contents: string | Buffer | URL,
  filename = `${title}.txt`,
): Promise<string> {
  const [[kind, id]] = Object.entries(target) as [[string, string]];
  const form = new FormData();
  form.set(kind, id);
  form.set('title', title);
  form.set('description', 'd');
  form.set('type', contents instanceof URL ? 'link' : 'file');
  if (contents instanceof URL) form.set('url', contents.href);
  else form.set('data', new Blob([contents], { type: 'text/plain' }), filename);
  const command = `create${kind[0]?.toUpperCase()}${kind.slice(1)}Attachment`;
  const { code } = await client.post<{ code: string }>(command as string, form);
  return code;
}

/** Attaches a file that is on EOS. */
async function attachOnEos(target: Target, title: string, contents: Buffer): Promise<string> {
  const [[type, id]] = Object.entries(target) as [['component', string]];
  const input = { type, id, title, description: 'd', filesize: contents.length };
  const { url, token, code } = await client.post('requestUploadEosFile', input);
  await client.session.put(url, contents, { headers: { Authorization: `Bearer ${token}` } });
  return code;
}

const png = Buffer.concat([
  Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex'),
  Buffer.alloc(2_000_000, 7),
]);

describe('client.attachments.list', () => {
  it.each<[string, Target]>([
    ['a component', { component }],
    ['a test run', { testRun }],
    ['a shipment', { shipment }],
  ])('lists the attachments of %s', async (_, target) => {
    const before = await client.attachments.list(target);
    const code = await attach(target, 'Note', 'text');
    const added = (await client.attachments.list(target)).filter(
      (one) => !before.some((b) => b.code === one.code),
    );
    expect(added).toEqual([expect.objectContaining({ code, title: 'Note', type: 'file', filesize: 4 })]);
  });

  it('lists those of a batch, which is named by its id or as an object', async () => {
    const [one] = await client.list('listBatches', { filterMap: {} }).toArray();
    expect(await client.attachments.list({ batch })).toEqual(one?.attachments ?? []);
    expect(await client.attachments.list({ batch: one as { id: string } })).toEqual(one?.attachments ?? []);
    const error = await failure(client.attachments.list({ batch: 'none' }), InvalidInvocation);
    expect(error.message).toContain('there is no batch with the id none');
  });

  it('takes an object that has an id', async () => {
    const run = await client.get('getTestRun', { data: { testRun } });
    expect(await client.attachments.list({ testRun: run })).toEqual(run.attachments ?? []);
  });

  it.each([
    [undefined, 'the target must be an object with one key'],
    ['20USBML1234567', 'the target must be an object with one key'],
    [{}, 'the target must be an object with one key'],
    [{ component, testRun }, 'the target must be an object with one key'],
    [{ module: component }, 'the target must be an object with one key'],
    [{ component: '' }, '`component` must be an id, or an object that has an `id`'],
    [{ component: { serialNumber: 'x' } }, '`component` must be an id, or an object that has an `id`'],
  ])('refuses %j before anything is sent', async (target, message) => {
    const error = await failure(client.attachments.list(target as never), InvalidInvocation);
    expect(error.message).toContain(`client.attachments.list: ${message}`);
    expect(pdb.count()).toBe(0);
  });
});

describe('client.attachments.download', () => {
  it.each<[string, Target]>([
    ['a component', { component }],
    ['a test run', { testRun }],
    ['a shipment', { shipment }],
  ])('downloads an attachment of %s by its code, its title, its file name, or itself', async (_, target) => {
    const code = await attach(target, 'Bond photo', 'pixels', 'bonds é.txt');
    const attachment = (await client.attachments.list(target)).find((one) => one.code === code) as Attachment;
    const names: string[] = [];
    for (const which of [code, 'Bond photo', 'bonds é.txt', attachment, { code }]) {
      const file = await client.attachments.download(target, which, folder);
      expect(file).toEqual({
        ...{ path: join(folder, file.name), name: file.name, size: 6, contentType: 'text/plain', code },
      });
      expect(await readFile(file.path, 'utf8')).toBe('pixels');
      names.push(file.name);
    }
    expect(names).toEqual([1, 2, 3, 4, 5].map((n) => (n === 1 ? 'bonds é.txt' : `bonds é (${n}).txt`)));
  });

  it('downloads an attachment of a batch', async () => {
    const bytes = Buffer.from('of a batch');
    const attachment = { code: 'a'.repeat(32), title: 't', filename: 'b.txt', type: 'file' };
    pdb.answer('listBatches', { itemList: [{ id: batch, attachments: [attachment] }] });
    pdb.answer('getBatchAttachment', bytes);
    const { path } = await client.attachments.download({ batch }, 't', folder);
    expect(basename(path)).toBe('b.txt');
    expect(await readFile(path)).toEqual(bytes);
    expect(pdb.requests.at(-1)?.json).toEqual({ batch, code: attachment.code });
  });

  it('makes the folder, and replaces a file with `overwrite: true`', async () => {
    await attach({ component }, 'note', 'new');
    const deep = join(folder, 'a', 'b');
    const first = await client.attachments.download({ component }, 'note', deep);
    await writeFile(first.path, 'old');
    const second = await client.attachments.download({ component }, 'note', deep, { overwrite: true });
    expect(second.path).toBe(first.path);
    expect(await readFile(first.path, 'utf8')).toBe('new');
    expect(await readdir(deep)).toEqual(['note.txt']);
  });

  it('reduces the name of the server to one that stays in the folder', async () => {
    await attach({ component }, 'evil', 'x', '../../..\\CON');
    const { path } = await client.attachments.download({ component }, 'evil', folder);
    expect(path).toBe(join(folder, '_CON'));
  });

  it('tells of its progress in bytes', async () => {
    await attach({ component }, 'big', png);
    const seen: unknown[] = [];
    await client.attachments.download({ component }, 'big', folder, {
      onProgress: (progress) => seen.push(progress),
    });
    expect(seen.at(-1)).toEqual({ done: png.length, total: png.length });
  });

  it('refuses a link, and says where it leads', async () => {
    await attach({ component }, 'wiki', new URL('https://example.org/page'));
    const error = await failure(
      client.attachments.download({ component }, 'wiki', folder),
      InvalidInvocation,
    );
    expect(error.message).toBe(
      'client.attachments.download: the attachment is a link and has no file; it leads to https://example.org/page',
    );
  });

  it('refuses what does not name one attachment, and says which there are', async () => {
    const codes = [await attach({ component }, 'twin', 'a'), await attach({ component }, 'twin', 'b')];
    const twin = await failure(client.attachments.download({ component }, 'twin', folder), InvalidInvocation);
    expect(twin.message).toContain(`2 attachments are called twin: give a code (${codes.join(', ')})`);
    await attach({ component }, 'line\nbreak\u001b[2J', 'x', 'x.txt');
    const none = await failure(client.attachments.download({ component }, 'nope', folder), InvalidInvocation);
    expect(none.message).toMatch(
      /there is no attachment nope; there are .*twin, twin, line break\\u001b\[2J$/,
    );
    for (const [which, directory, options] of [
      ['', folder],
      [undefined, folder],
      ['twin', ''],
      ['twin', '~/photos'],
      ['twin', folder, { overwite: true }],
    ])
      await failure(
        client.attachments.download({ component }, which as never, directory as never, options as never),
        InvalidInvocation,
      );
    await writeFile(join(folder, 'file'), '');
    const inFile = client.attachments.download({ component }, codes[0] as string, join(folder, 'file'));
    expect((await failure(inFile, InvalidInvocation)).message).toContain(
      'file cannot be written: it is not a folder',
    );
  });

  it.each([0, 1000, 1_500_000])('starts over if the transfer breaks off after %d bytes', async (truncate) => {
    await attach({ component }, 'big', png);
    pdb.fault({ on: 'getComponentAttachment', truncate });
    const { path } = await client.attachments.download({ component }, 'big', folder);
    expect((await readFile(path)).equals(png)).toBe(true);
    expect(pdb.count('getComponentAttachment')).toBe(2);
  });

  it('leaves nothing behind if all attempts fail, or it is aborted', async () => {
    await attach({ component }, 'big', png);
    pdb.fault({ on: 'getComponentAttachment', truncate: 1_500_000, times: 4 });
    await failure(client.attachments.download({ component }, 'big', folder), ConnectionReset);
    const controller = new AbortController();
    pdb.fault({ on: 'getComponentAttachment', drip: 5 });
    const pending = client.attachments.download({ component }, 'big', folder, { signal: controller.signal });
    setTimeout(() => controller.abort(), 200);
    await failure(pending, Aborted);
    expect(await readdir(folder)).toEqual([]);
  });

  it('goes through `client.get`, so that one mock serves a unit test', async () => {
    const attachment = { code: 'c', title: 't', filename: 'f.txt', type: 'file' };
    client.get = ((command: string) =>
      Promise.resolve(
        command === 'getComponent'
          ? { attachments: [attachment] }
          : new TextFile('from the mock', { contentType: 'text/plain' }),
      )) as never;
    const { path, size } = await client.attachments.download({ component: 'x' }, 't', folder);
    expect([basename(path), size]).toEqual(['f.txt', 13]);
    expect(await readFile(path, 'utf8')).toBe('from the mock');
  });
});

describe('an attachment on EOS', () => {
  it('is downloaded with a token of its own, and no token of the database goes there', async () => {
    await attachOnEos({ component }, 'Scan', png);
    const file = await client.attachments.download({ component }, 'Scan', folder);
    expect(file).toMatchObject({ name: 'Scan.png', size: png.length, contentType: 'image/png' });
    expect((await readFile(file.path)).equals(png)).toBe(true);
    const request = pdb.requests.findLast(({ server, method }) => server === 'eos' && method === 'GET');
    expect(request?.headers.get('authorization')).toBeNull();
    expect(request?.url).toContain('authz=');
  });

  it('is downloaded with the warning otherSize, where the database says that it has another size', async () => {
    const input = { type: 'component', id: component, title: 'Scan', description: 'd', filesize: 9 } as const;
    const { url, token } = await client.post('requestUploadEosFile', input);
    await client.session.put(url, Buffer.from('cut'), { headers: { Authorization: `Bearer ${token}` } });
    const warnings: Warning[] = [];
    await using listening = newClient({ onWarning: (warning) => void warnings.push(warning) });
    const { size, code } = await listening.attachments.download({ component }, 'Scan', folder);
    expect(size).toBe(3);
    expect(warnings).toMatchObject([{ key: 'otherSize', paramMap: { code, size: 3, filesize: 9 } }]);
    expect(warnings[0]?.message).toBe(
      `the file of the attachment ${code} has 3 bytes, and the database says 9`,
    );
  });

  it('goes on where it was after an interruption', async () => {
    await attachOnEos({ component }, 'Scan', png);
    pdb.fault({ on: 'eosGet', truncate: 1_500_000 });
    const { path } = await client.attachments.download({ component }, 'Scan', folder);
    expect((await readFile(path)).equals(png)).toBe(true);
    expect(pdb.requests.at(-1)?.headers.get('range')).toMatch(/^bytes=1[0-9]{6}-$/);
  });

  it('gets a new token once, if the first one is refused', async () => {
    const code = await attachOnEos({ component }, 'Scan', png);
    pdb.fault({ on: 'eosGet', status: 403 });
    await client.attachments.download({ component }, 'Scan', folder);
    const given = (await client.attachments.list({ component })).find(
      (one) => one.code === code,
    ) as Attachment;
    await client.attachments.download(
      { component },
      { ...given, url: `${given.url}?authz=old` } as Attachment,
      folder,
    );
    pdb.fault({ on: 'eosGet', status: 403, times: 2 });
    const error = await failure(client.attachments.download({ component }, 'Scan', folder), Forbidden);
    expect(inspect(error, { depth: 9, showHidden: true }) + JSON.stringify(error)).not.toMatch(/zteos64:/);
  });

  it('shows its token in no log line', async () => {
    const lines: string[] = [];
    const write = (line: string): void => void lines.push(line);
    await using other = newClient({ logger: { debug: write, info: write, warn: write, error: write } });
    await attachOnEos({ component }, 'Scan', png);
    pdb.fault({ on: 'eosGet', truncate: 1_500_000 });
    await other.attachments.download({ component }, 'Scan', folder);
    expect(lines.join('\n')).toContain('was interrupted');
    expect(lines.join('\n')).not.toContain('zteos64');
  });
});

describe('client.attachments.downloadAll', () => {
  /** Attachments that a component of its own has. */
  const target = { component: ready[3]?.serialNumber as string };

  it('downloads all files at once, and lists links', async () => {
    const old = await client.attachments.list(target);
    await attach(target, 'a', 'first', 'same.txt');
    await attach(target, 'b', 'second', 'same.txt');
    await attach(target, 'wiki', new URL('https://example.org/'));
    await attachOnEos(target, 'Scan', png);
    const progress: unknown[] = [];
    const { files, links, failed } = await client.attachments.downloadAll(target, folder, {
      onProgress: (event) => progress.push(event),
    });
    const isFile = ({ type }: Attachment): boolean => type !== 'link';
    expect(files).toHaveLength(old.filter(isFile).length + 3);
    expect(links.map(({ title }) => title)).toContain('wiki');
    expect(failed).toEqual([]);
    expect((await readdir(folder)).sort()).toEqual(files.map(({ name }) => name).sort());
    expect(await Promise.all(files.slice(-3, -1).map(({ path }) => readFile(path, 'utf8')))).toEqual([
      'first',
      'second',
    ]);
    expect(progress.at(-1)).toEqual({ done: files.length, total: files.length, failed: 0 });
  });

  it('reports what failed, after all others', async () => {
    const old = (await client.attachments.list(target)).filter(({ type }) => type !== 'link').length;
    await attach(target, 'good', 'x');
    const bad = await attach(target, 'bad', 'x');
    const faulty = (): void => {
      pdb.fault({
        ...{ status: 400, body: 'out of order' },
        on: ({ command, input }) => command === 'getComponentAttachment' && input['code'] === bad,
      });
    };
    faulty();
    const report = await client.attachments.downloadAll(target, folder, { errors: 'collect' });
    expect(report.files).toHaveLength(old + 1);
    expect(report.failed).toEqual([
      { attachment: expect.objectContaining({ code: bad }), error: expect.objectContaining({ status: 400 }) },
    ]);
    faulty();
    const error = await failure(client.attachments.downloadAll(target, folder), PartFailed);
    expect(error.message).toContain('1 of');
    expect(error.message).toContain('- bad: getComponentAttachment: out of order (400)');
    expect(error.items).toHaveLength(old + 1);
    expect(error.failed).toMatchObject([{ id: bad }]);
    faulty();
    const options = { errors: 'stop', concurrency: 1 } as const;
    await expect(client.attachments.downloadAll(target, folder, options)).rejects.toMatchObject({
      status: 400,
    });
  });

  it('ends with `Aborted`, and leaves whole files only', async () => {
    for (const title of ['a', 'b', 'c', 'd']) await attach(target, title, png);
    const controller = new AbortController();
    const call = client.attachments.downloadAll(target, folder, {
      ...{ concurrency: 1, signal: controller.signal },
      onProgress: ({ done }) => {
        if (done === 1) controller.abort();
      },
    });
    await failure(call, Aborted);
    expect((await readdir(folder)).length).toBeLessThan(4);
  });

  it('downloads 500 files of 1 MB', async () => {
    const bytes = Buffer.alloc(1_000_000, 'x');
    const attachments = Array.from({ length: 500 }, (_, index) => ({
      ...{ code: `${index}`, title: `t${index}`, filename: `f${index}.bin`, type: 'file' },
    }));
    pdb.answer('getComponent', { attachments });
    pdb.answer('getComponentAttachment', () => bytes, { times: 500 });
    const { files } = await client.attachments.downloadAll({ component: 'x' }, folder);
    expect(files).toHaveLength(500);
    expect(files.every(({ size, name }, index) => size === bytes.length && name === `f${index}.bin`)).toBe(
      true,
    );
    expect(await readdir(folder)).toHaveLength(500);
  });
});
