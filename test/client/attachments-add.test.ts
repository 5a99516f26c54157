import { randomBytes } from 'node:crypto';
import { appendFileSync, createReadStream, openAsBlob } from 'node:fs';
import { mkdir, mkdtemp, readdir, rm, stat, utimes, writeFile } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { openFile } from '../../src/client/uploads/local-file.js';
import type { StreamedFile } from '../../src/client/uploads/streamed-file.js';
import {
  Aborted,
  type AddedAttachment,
  BadRequest,
  type Client,
  IncompleteWrite,
  InvalidInvocation,
  ServerError,
  type Target,
  type TransferProgress,
} from '../../src/index.js';
import type { RecordedRequest } from '../../src/testing/index.js';
import { startDatabase } from '../helpers/database.js';
import { failure } from '../helpers/failure.js';

const { pdb, newClient } = await startDatabase({ components: 60 });
const client = newClient();
const folder = await mkdtemp(join(tmpdir(), 'itkdb-add-'));
const dataset = pdb.dataset.components.find(
  ({ parent, testRuns }) => parent === undefined && testRuns.length > 0,
);
const { id = '', serialNumber: component = '' } = dataset ?? {};
const testRun = dataset?.testRuns[0]?.id ?? '';
const batch = pdb.dataset.batches[0]?.id ?? '';
const PNG = Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex');
const TEXT = 'a few words\n';

beforeEach(async () => {
  pdb.restore();
  await rm(folder, { recursive: true });
  await mkdir(folder);
});
afterAll(async () => {
  await client.close();
  await rm(folder, { recursive: true });
});

const write = async (name: string, contents: string | Buffer): Promise<string> => {
  const path = join(folder, name);
  await writeFile(path, contents);
  return path;
};
// biome-ignore lint/suspicious/noExplicitAny: the owner of attachments may be of any kind
const attachmentsOf = async (target: Target = { component }): Promise<any[]> => {
  const command = 'testRun' in target ? 'getTestRun' : 'shipment' in target ? 'getShipment' : 'getComponent';
  // biome-ignore lint/suspicious/noExplicitAny: as above
  const owner = await client.get<any>(command as string, { data: target });
  return owner.attachments ?? [];
};
const bytesOf = async ({ code }: AddedAttachment): Promise<Buffer> => {
  await using file = await client.get('getComponentAttachment', { data: { component, code } });
  return file.bytes();
};
/** Those of this process. */
const temporaryFiles = async (): Promise<string[]> =>
  (await readdir(tmpdir())).filter((name) => name.endsWith('.part') && name.includes(`-${process.pid}-`));
const writes = (): string[] =>
  pdb.requests.filter(({ method }) => method !== 'GET').map(({ command }) => command);

describe('attachments.add', () => {
  it('sends a file by its path, with its base name as its name and title and the type that its contents have', async () => {
    const path = await write('iv.jpg', TEXT);
    const added = await client.attachments.add({ component }, path);
    expect(added).toEqual({
      code: expect.stringMatching(/^[0-9a-f]{32}$/),
      ...{ type: 'file', title: 'iv.jpg', description: '', filename: 'iv.jpg', contentType: 'text/plain' },
      ...{ filesize: TEXT.length, url: null },
    });
    const { code, ...fields } = added;
    expect(await attachmentsOf()).toMatchObject([{ ...fields, code }]);
    expect((await bytesOf(added)).toString()).toBe(TEXT);
  });

  it('takes title, description, filename and contentType from the options', async () => {
    const options = {
      ...{ title: 'Kurve é', description: 'at −20 °C', filename: 'Meßwerte "1".dat' },
      contentType: 'application/x-iv',
    };
    const added = await client.attachments.add({ component }, await write('a.txt', TEXT), options);
    expect(added).toMatchObject({ ...options, filename: expect.stringContaining('Meßwerte') });
    expect(await attachmentsOf()).toMatchObject([
      { ...options, filename: expect.stringContaining('Meßwerte') },
    ]);
  });

  it.each<[string, () => Target]>([
    ['test run', () => ({ testRun })],
    ['component that is an object', () => ({ component: { id } })],
  ])('adds a file to a %s', async (_, target) => {
    const { code } = await client.attachments.add(target(), Buffer.from(TEXT), { filename: 'a.txt' });
    const found = await attachmentsOf('testRun' in target() ? { testRun } : { component });
    expect(found.map((one) => one.code)).toEqual([code]);
  });

  it('sends a file of a batch to the database, also if it is an image', async () => {
    pdb.answer('createBatchAttachment', { code: 'c0de' });
    const added = await client.attachments.add({ batch }, PNG, { filename: 'p.png' });
    expect(added).toMatchObject({ code: 'c0de', type: 'file', contentType: 'image/png' });
    expect(pdb.requests.at(-1)?.input).toMatchObject({ batch, type: 'file', data: { bytes: PNG } });
  });

  it.each<[string, () => Parameters<Client['attachments']['add']>[1]]>([
    ['a Buffer', () => Buffer.from(TEXT)],
    [
      'a Uint8Array that is a part of its buffer',
      () => new Uint8Array(Buffer.from(`--${TEXT}--`)).subarray(2, -2),
    ],
    ['an ArrayBuffer', () => new Uint8Array(Buffer.from(TEXT)).buffer],
    ['a Blob', () => new Blob([TEXT])],
    ['a Readable', () => Readable.from([Buffer.from('a few '), Buffer.from('words\n')])],
    ['a stream of text', () => Readable.from(['a few ', 'words\n'])],
    ['a web stream', () => new Blob([TEXT]).stream()],
    ['a function that returns a Readable', () => () => Readable.from([Buffer.from(TEXT)])],
    ['a function that returns a web stream', () => () => new Blob([TEXT]).stream()],
  ])('sends %s as it is', async (_, source) => {
    for (const size of [undefined, TEXT.length]) {
      const added = await client.attachments.add({ component }, source(), { filename: 'a.txt', size });
      expect(added).toMatchObject({ contentType: 'text/plain', filesize: TEXT.length });
      expect((await bytesOf(added)).toString()).toBe(TEXT);
    }
  });

  it.each([true, false])('sends a large file byte by byte, with eos: %s', async (eos) => {
    const bytes = randomBytes(4_500_000);
    const path = await write('large.dat', bytes);
    const totals: number[] = [];
    const onProgress = ({ done }: TransferProgress): void => void totals.push(done);
    await client.attachments.add({ component }, path, { eos, onProgress });
    const { input, rawBody } = pdb.requests.at(-1) as RecordedRequest;
    const received = eos ? rawBody : (input['data'] as { bytes: Buffer }).bytes;
    expect(received.equals(bytes)).toBe(true);
    expect(totals.at(-1)).toBe(bytes.length);
  });

  it('knows the name of a file: URL, of a File and of a stream that reads a file', async () => {
    const path = await write('a b.txt', TEXT);
    const file = new File([TEXT], 'c.txt');
    for (const source of [pathToFileURL(path), createReadStream(path), () => createReadStream(path)])
      expect(await client.attachments.add({ component }, source)).toMatchObject({ filename: 'a b.txt' });
    expect(await client.attachments.add({ component }, file)).toMatchObject({ filename: 'c.txt' });
  });

  it('keeps a large stream in a temporary file that only the user may read, and removes it', async () => {
    const bytes = Buffer.alloc(3_000_000, 'x');
    let mode = 0;
    const chunks = async function* (): AsyncGenerator<Buffer> {
      for (let at = 0; at < bytes.length; at += 50_000) yield bytes.subarray(at, at + 50_000);
      const [name = ''] = await temporaryFiles();
      mode = (await stat(join(tmpdir(), name))).mode & 0o777;
    };
    const added = await client.attachments.add({ component }, Readable.from(chunks()), {
      ...{ filename: 'x.txt', eos: false },
    });
    expect(mode).toBe(process.platform === 'win32' ? 0o666 : 0o600);
    expect(added.filesize).toBe(bytes.length);
    expect(await temporaryFiles()).toEqual([]);
    expect((await bytesOf(added)).equals(bytes)).toBe(true);
  });

  it('adds a link as an empty file of the type text/x-uri, also with the option eos', async () => {
    const link = 'https://example.org/plots?run=1';
    for (const eos of [undefined, true]) {
      const added = await client.attachments.add({ component }, new URL(link), { title: 'Plots', eos });
      expect(added).toMatchObject({ type: 'link', title: 'Plots', url: link, filesize: undefined });
    }
    expect(await attachmentsOf()).toMatchObject([
      { type: 'link', url: link, contentType: 'text/x-uri' },
      { type: 'link', url: link },
    ]);
    const form = pdb.requests.filter(({ command }) => command === 'createComponentAttachment')[0];
    expect(form?.input).toMatchObject({
      type: 'link',
      url: link,
      data: { filename: link, bytes: Buffer.alloc(0) },
    });
  });

  it('tells of its progress', async () => {
    const events: TransferProgress[] = [];
    const onProgress = (event: TransferProgress): void => void events.push(event);
    await client.attachments.add({ component }, Buffer.alloc(50_000, 'x'), { filename: 'x', onProgress });
    expect(events.at(-1)).toEqual({ done: 50_000, total: 50_000 });
  });

  it.each<[string, () => Promise<unknown>, string]>([
    ['a MIME type that is none', () => add({ contentType: 'jpg' }), '`contentType` must be a media type'],
    [
      'a path as filename',
      () => add({ filename: '/home/me/a.txt' }),
      '`filename` must be a name without folders',
    ],
    ['a path of Windows as filename', () => add({ filename: 'C:\\a.txt' }), '`filename` must be a name'],
    ['an unknown option', () => add({ mimetype: 'x' } as object), 'there is no option `mimetype`'],
    ['bytes without a name', () => add({ filename: undefined }), 'give { filename:'],
    ['a wrong size', () => add({ size: 3 }), 'the file has 12 bytes, and `size` says 3'],
    ['an empty title', () => add({ title: '' }), '`title` must be a string that is not empty'],
    ['a wrong eos', () => add({ eos: 'yes' } as object), "`eos` must be 'auto', true or false"],
    [
      'EOS for a batch',
      () => client.attachments.add({ batch }, Buffer.from(TEXT), { filename: 'a', eos: true }),
      '`eos` must be left out',
    ],
    [
      'a file that is not there',
      () => client.attachments.add({ component }, join(folder, 'none.png')),
      'there is no file',
    ],
    ['a folder', () => client.attachments.add({ component }, folder), 'is a folder'],
    [
      'a URL as a text',
      () => client.attachments.add({ component }, 'https://a.example/x'),
      "for a link, give new URL('…')",
    ],
    [
      'a name for a link',
      () => client.attachments.add({ component }, new URL('https://a.example'), { filename: 'x' }),
      'a link is no file',
    ],
    ['another source', () => client.attachments.add({ component }, 5 as never), 'the source must be a path'],
    [
      'a target that is none',
      () => client.attachments.add(component as never, Buffer.from(TEXT), { filename: 'a' }),
      'the target must be',
    ],
    [
      'a stream of objects',
      () => client.attachments.add({ component }, Readable.from([{}]), { filename: 'a' }),
      'not of objects',
    ],
    [
      'a function that returns no stream',
      () => client.attachments.add({ component }, (() => 'x') as never, { filename: 'a' }),
      'must return a stream',
    ],
  ])('refuses %s before anything is written', async (_, call, message) => {
    const error = await failure(call(), InvalidInvocation);
    expect(error.message).toContain(message);
    expect(writes()).toEqual([]);
  });

  const add = (options: object): Promise<unknown> =>
    client.attachments.add({ component }, Buffer.from(TEXT), { filename: 'a.txt', ...options });

  it('refuses a stream that was opened as text, and one that was read before', async () => {
    const path = await write('photo.png', PNG);
    const text = createReadStream(path, 'utf8');
    const refused = await failure(client.attachments.add({ component }, text), InvalidInvocation);
    expect(refused.message).toContain('decodes text (utf8)');
    text.destroy();
    const read = Readable.from([Buffer.from(TEXT)]);
    await read.toArray();
    const error = await failure(
      client.attachments.add({ component }, read, { filename: 'a' }),
      InvalidInvocation,
    );
    expect(error.message).toContain('has been read or destroyed');
  });

  it('fails with the message of a stream that failed before it is read', async () => {
    const source = createReadStream(join(folder, 'none.png'));
    const add = client.attachments.add({ component }, source);
    expect((await failure(add, InvalidInvocation)).message).toContain('ENOENT');
    const failed = createReadStream(join(folder, 'none.png')).on('error', () => {});
    await new Promise<void>((resolve) => failed.on('close', () => resolve()));
    expect(
      (await failure(client.attachments.add({ component }, failed), InvalidInvocation)).message,
    ).toContain('ENOENT');
  });

  it('fails for a file that was changed after it was opened', async () => {
    const path = await write('a.txt', TEXT);
    const blob = await openAsBlob(path);
    await writeFile(path, `${TEXT}more`);
    const error = await failure(
      client.attachments.add({ component }, blob, { filename: 'a' }),
      InvalidInvocation,
    );
    expect(error.message).toContain('the file cannot be read');
    pdb.fault({
      on: 'getComponent',
      respond: (_, response) => {
        appendFileSync(path, '!');
        response.writeHead(200, { 'Content-Type': 'application/json' }).end('{"attachments":null}');
      },
    });
    await expect(client.attachments.add({ component }, path)).rejects.toThrow(
      'was changed after it was opened',
    );
    expect(await attachmentsOf()).toEqual([]);
  });

  it('fails for a file that was changed while it was read, before its last bytes are sent', async () => {
    const path = await write('a.bin', Buffer.alloc(3_000_000, 'x'));
    const { file } = await openFile('test', path, {});
    const read = async (): Promise<void> => {
      for await (const _ of (file as StreamedFile).openStream()) await utimes(path, 1, 1);
    };
    await expect(read()).rejects.toThrow('was changed after it was opened');
  });

  it('says that the folder for temporary files cannot be written, where a stream needs it', async () => {
    for (const name of ['TMPDIR', 'TEMP']) vi.stubEnv(name, join(folder, 'none'));
    try {
      const source = Readable.from([Buffer.alloc(2_000_000)]);
      const error = await failure(
        client.attachments.add({ component }, source, { filename: 'a' }),
        InvalidInvocation,
      );
      expect(error.message).toContain('the folder for temporary files cannot be written: ENOENT');
    } finally {
      vi.unstubAllEnvs();
    }
    expect(writes()).toEqual([]);
  });

  it('destroys a stream that it does not read', async () => {
    const source = createReadStream(await write('a.txt', TEXT));
    await failure(client.attachments.add({ component }, source, { filename: 'a/b' }), InvalidInvocation);
    expect(source.destroyed).toBe(true);
  });

  it('fails with the message of a stream that fails, and keeps nothing', async () => {
    const chunks = async function* (): AsyncGenerator<Buffer> {
      yield Buffer.alloc(2_000_000);
      throw new Error('the camera is off');
    };
    const source = Readable.from(chunks());
    const error = await failure(
      client.attachments.add({ component }, source, { filename: 'a' }),
      InvalidInvocation,
    );
    expect(error.message).toContain('the camera is off');
    expect(writes()).toEqual([]);
  });

  it('sends nothing of a function that gives more or fewer bytes than size says', async () => {
    for (const size of [TEXT.length - 1, TEXT.length + 1]) {
      const source = (): Readable => Readable.from([Buffer.from(TEXT)]);
      await expect(
        client.attachments.add({ component }, source, { filename: 'a.txt', size }),
      ).rejects.toThrow('was said to have');
    }
    expect(await attachmentsOf()).toEqual([]);
  });

  it('is refused for a component that is not there, before a large file is sent', async () => {
    const add = client.attachments.add({ component: 'none' }, Buffer.alloc(100_000), { filename: 'a' });
    expect((await failure(add, BadRequest)).hasAppError('componentDoesNotExist')).toBe(true);
    expect(writes()).toEqual([]);
  });

  it('ends when it is aborted, also while it reads a stream that does not end', async () => {
    const controller = new AbortController();
    const chunks = async function* (): AsyncGenerator<Buffer> {
      yield Buffer.from(TEXT);
      controller.abort();
      await new Promise(() => {});
    };
    const { signal } = controller;
    const add = client.attachments.add({ component }, Readable.from(chunks()), { filename: 'a', signal });
    await failure(add, Aborted);
    expect(writes()).toEqual([]);
  });

  it('keeps transformRequest and headers of the caller', async () => {
    await client.attachments.add({ component }, Buffer.from(TEXT), {
      ...{ filename: 'a.txt', headers: { 'X-Note': 'mine' } },
    });
    expect(pdb.requests.at(-1)?.headers.get('x-note')).toBe('mine');
  });

  it('shows in a plan what it would write', async () => {
    const { requests } = await client.plan(async (c) => {
      const { component: made } = await c.post('registerComponent', { project: 'S' } as never);
      await c.attachments.add({ component: made.code }, Buffer.from(TEXT), { filename: 'a.txt' });
      await c.attachments.add({ component }, PNG, { filename: 'p.png' });
    });
    expect(requests.slice(1)).toMatchObject([
      {
        command: 'createComponentAttachment',
        input: { component: '<code of step 1>', data: '<a.txt, 12 bytes>' },
      },
      { command: 'requestUploadEosFile', input: { id: component, filesize: PNG.length } },
      { method: 'PUT', command: '<url of step 3>' },
    ]);
  });

  it('shows in a plan what it would write to a batch that is still to be made', async () => {
    const { requests } = await client.plan(async (c) => {
      const made = await c.post<{ id: string }>('createBatch' as string, { project: 'S' });
      await c.attachments.add({ batch: made }, Buffer.from(TEXT), { filename: 'a.txt' });
    });
    expect(requests.slice(1)).toMatchObject([
      { command: 'createBatchAttachment', input: { batch: '<id of step 1>', data: '<a.txt, 12 bytes>' } },
    ]);
  });

  it('uses get, post and put of the client, so that a unit test can replace them', async () => {
    const mocked = newClient();
    const sent: string[] = [];
    const answer = async (command: string): Promise<object> => {
      sent.push(command);
      return { code: 'c', url: 'https://eos.example/c', token: 't', attachments: null };
    };
    Object.assign(mocked, { get: answer, post: answer, put: answer });
    expect(await mocked.attachments.add({ component }, PNG, { filename: 'p.png' })).toMatchObject({
      code: 'c',
    });
    expect(sent).toEqual(['getComponent', 'requestUploadEosFile', 'https://eos.example/c']);
    await mocked.close();
  });
});

describe('attachments.add, where the write of the form fails', () => {
  const add = (): Promise<AddedAttachment> =>
    client.attachments.add({ component }, Buffer.from(TEXT), { filename: 'a.txt', title: 'Curve' });
  const on = 'createComponentAttachment';

  it('throws the exception of the response, where the database refused it', async () => {
    pdb.fault({ on, status: 400 });
    await failure(add(), BadRequest);
    expect(await attachmentsOf()).toEqual([]);
  });

  it.each([
    ['an error of the server', { status: 503 }],
    ['a closed connection', { drop: 'before-headers' as const }],
  ])('says after %s that it is unknown, and resume() adds it once', async (_, fault) => {
    pdb.fault({ on, ...fault });
    const error = await failure(add(), IncompleteWrite);
    expect(error).toMatchObject({ outcome: 'unknown', steps: [{ outcome: 'unknown' }] });
    expect(await error.resume()).toMatchObject({ title: 'Curve', filename: 'a.txt' });
    expect(await attachmentsOf()).toHaveLength(1);
  });

  it.each([
    ['lost', { drop: 'after-headers' as const }],
    ['cut off', { truncate: 5 }],
  ])('finds the attachment that the database added, where the response was %s', async (_, fault) => {
    await add();
    const [other] = await attachmentsOf();
    pdb.fault({ on, ...fault });
    const added = await add();
    expect(added).toMatchObject({ title: 'Curve', filename: 'a.txt', filesize: TEXT.length });
    expect(added.code).not.toBe(other.code);
    expect((await attachmentsOf()).map(({ code }) => code)).toEqual([other.code, added.code]);
  });

  it('does not take an attachment with another title for its own', async () => {
    const other = async (response: ServerResponse): Promise<void> => {
      await client.attachments.add({ component }, Buffer.from(TEXT), { filename: 'a.txt', title: 'Other' });
      response.socket?.destroy();
    };
    pdb.fault({ on, respond: (_, response) => void other(response) });
    expect((await failure(add(), IncompleteWrite)).outcome).toBe('unknown');
    expect(await attachmentsOf()).toMatchObject([{ title: 'Other' }]);
  });

  it('does not take an attachment for its own that the cache did not know', async () => {
    const cache = join(folder, 'cache');
    await using cached = newClient({ cache, expiresAfter: { hours: 1 } });
    await cached.attachments.list({ component });
    await add();
    pdb.fault({ on, drop: 'before-headers' });
    const again = cached.attachments.add({ component }, Buffer.from(TEXT), {
      filename: 'a.txt',
      title: 'Curve',
    });
    expect((await failure(again, IncompleteWrite)).outcome).toBe('unknown');
    expect(await attachmentsOf()).toHaveLength(1);
  });

  it('throws what the first read throws, and writes nothing', async () => {
    pdb.fault({ on: 'getComponent', status: 500 });
    await failure(add(), ServerError);
    expect(writes()).toEqual([]);
  });
});
