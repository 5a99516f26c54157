import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { inspect } from 'node:util';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Contents, Spool } from '../../src/client/files/contents.js';
import { makeFile } from '../../src/client/files/file.js';
import { numberedName, safeName } from '../../src/client/files/safe-name.js';
import { BinaryFile, ImageFile, InvalidInvocation, TextFile, ZipFile } from '../../src/index.js';
import { failure } from '../helpers/failure.js';
import { zip } from '../helpers/zip.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'itkdb-files-'));
});
afterEach(() => rm(folder, { recursive: true }));

const made = (contentType: string, contents = 'x'): BinaryFile =>
  makeFile(new Contents(Buffer.from(contents), contents.length), { contentType });

/** A file that is too large for memory. */
async function large(size = 3 * 1024 * 1024): Promise<{ file: BinaryFile; bytes: Buffer }> {
  const bytes = Buffer.alloc(size, 'abcdefg');
  const spool = new Spool();
  for (let at = 0; at < size; at += 65_536) await spool.write(bytes.subarray(at, at + 65_536));
  const details = { contentType: 'application/x-tar', suggestedFilename: 'data.tar' };
  return { file: makeFile(await spool.finish(), details), bytes };
}

describe('the class of a file', () => {
  it.each([
    ['image/png', ImageFile],
    ['Image/JPEG; quality=1', ImageFile],
    ['text/plain; charset=UTF-8', TextFile],
    ['application/json', TextFile],
    ['application/JSON; charset=utf-8', TextFile],
    ['application/zip', ZipFile],
    ['application/zip; x=1', ZipFile],
    ['application/x-zip-compressed', ZipFile],
    ['application/pdf', BinaryFile],
    ['application/octet-stream', BinaryFile],
    ['textual/x', BinaryFile],
    ['', BinaryFile],
  ])('of the type %j is right', (contentType, Model) => {
    expect(made(contentType).constructor).toBe(Model);
  });
});

describe('a file', () => {
  it('can be made of bytes and of text, for a test with a mock', async () => {
    const source = Buffer.from([1, 2, 255]);
    const file = new ImageFile(source, { contentType: 'image/PNG; x=1', suggestedFilename: '../a b.png' });
    source[0] = 0;
    expect(file).toMatchObject({ size: 3, contentType: 'image/png', suggestedFilename: 'a b.png' });
    expect(await file.bytes()).toEqual(Buffer.from([1, 2, 255]));
    expect(await buffer(file.stream())).toEqual(Buffer.from([1, 2, 255]));
    expect(await new TextFile('Grüße').text()).toBe('Grüße');
    expect(await new BinaryFile(new Uint8Array([65])).text()).toBe('A');
    expect(() => new BinaryFile(17 as never)).toThrow(InvalidInvocation);
  });

  it('has no traps: an empty one is true, has the size 0 and no length', async () => {
    const file = new BinaryFile('');
    expect(Boolean(file)).toBe(true);
    expect(file.size).toBe(0);
    expect('length' in file).toBe(false);
    expect(await buffer(file.stream())).toHaveLength(0);
    expect(await file.bytes()).toHaveLength(0);
  });

  it.each([
    ['text/plain; charset=ISO-8859-1', 'latin1'],
    ['text/plain; charset="utf-16le"', 'utf16le'],
    ['text/plain', 'utf8'],
    ['', 'utf8'],
  ] as const)('of the type %j gives its text', async (contentType, encoding) => {
    expect(await new TextFile(Buffer.from('Größe', encoding), { contentType }).text()).toBe('Größe');
  });

  it.each([
    ['a.tar.GZ', 'image/png', 'gz'],
    ['dot.', 'image/png', 'png'],
    ['../x', 'text/plain; charset=UTF-8', 'txt'],
    [undefined, 'application/xml', 'xml'],
    [undefined, 'image/jpeg', 'jpg'],
    [undefined, 'application/x-unknown', undefined],
  ])('called %j, of the type %j, has the extension %j', (suggestedFilename, contentType, extension) => {
    expect(new BinaryFile('x', { suggestedFilename, contentType }).extension).toBe(extension);
  });

  it('is inspected without its contents', () => {
    const details = { contentType: 'image/png', suggestedFilename: 'top\u001b[2J.png' };
    const file = new ImageFile('secret contents', details);
    const text = 'ImageFile(suggestedFilename=top\\u001b[2J.png, contentType=image/png, size=15)';
    expect(inspect(file)).toBe(text);
    expect(String(file)).toBe(text);
    expect(JSON.parse(JSON.stringify(file))).toEqual({ ...details, size: 15 });
    expect(inspect(new ZipFile('x'))).toBe('ZipFile(contentType=, size=1)');
  });
});

describe('a file of more than 1 MiB', () => {
  beforeEach(() => vi.stubEnv('TMPDIR', folder));

  it('is in a temporary file that only its owner can read, until it is disposed of', async () => {
    const { file, bytes } = await large();
    const [name = ''] = await readdir(folder);
    expect(name).toMatch(/^\.itkdb-.*\.part$/);
    if (process.platform !== 'win32') expect((await stat(join(folder, name))).mode & 0o777).toBe(0o600);
    expect(file.size).toBe(bytes.length);
    expect((await file.bytes()).equals(bytes)).toBe(true);
    expect((await buffer(file.stream())).equals(bytes)).toBe(true);
    await file[Symbol.asyncDispose]();
    expect(await readdir(folder)).toEqual([]);
    expect(() => file.stream()).toThrow('disposed');
    await failure(file.bytes(), InvalidInvocation);
    await failure(file.save(join(folder, 'x')), InvalidInvocation);
    await file.dispose();
  });

  it('is whole if it arrives in many small parts', async () => {
    const bytes = Buffer.from(Array.from({ length: 5000 }, (_, index) => index % 251));
    for (const where of [undefined, folder]) {
      const spool = new Spool(where);
      for (const byte of bytes) await spool.write(Buffer.from([byte]));
      const contents = await spool.finish();
      expect((await contents.bytes()).equals(bytes)).toBe(true);
      await contents.dispose();
    }
  });

  it('is not in a temporary file if it has exactly 1 MiB', async () => {
    const { file } = await large(1024 * 1024);
    expect(await readdir(folder)).toEqual([]);
    expect(file.size).toBe(1024 * 1024);
  });

  it('removes what a process left behind that was killed, but not what may still be needed', async () => {
    const { file } = await large();
    const [own = ''] = await readdir(folder);
    await file.dispose();
    // Each folder is swept once, so this is another one.
    const swept = join(folder, 'swept');
    await mkdir(swept);
    vi.stubEnv('TMPDIR', swept);
    const dead = own.replace(/-\d+-/, '-999999999-');
    const foreign = own.replace(/-[\da-f]{8}-/, '-00000000-');
    const [young, old, ancient] = [0, 3600, 100_000].map((age) => Date.now() / 1000 - age) as [
      number,
      number,
      number,
    ];
    const files: [string, number, boolean][] = [
      [dead.replace(/.{12}\.part/, '000000000001.part'), old, false],
      [dead.replace(/.{12}\.part/, '000000000002.part'), young, true],
      [own.replace(/.{12}\.part/, '000000000003.part'), old, true],
      [foreign.replace(/.{12}\.part/, '000000000004.part'), old, true],
      [foreign.replace(/.{12}\.part/, '000000000005.part'), ancient, false],
      ['mine.part', ancient, true],
    ];
    for (const [name, time] of files) {
      await writeFile(join(swept, name), 'x');
      await utimes(join(swept, name), time, time);
    }
    await using _ = (await large()).file;
    const left = await readdir(swept);
    for (const [name, , isKept] of files) expect([name, left.includes(name)]).toEqual([name, isKept]);
  });
});

describe('save', () => {
  it('writes a file under the given path, and numbers what is there already', async () => {
    const file = new TextFile('new');
    const path = join(folder, 'deep', 'er', 'note.txt');
    expect(await file.save(path)).toBe(path);
    expect(await file.save(path)).toBe(join(folder, 'deep', 'er', 'note (2).txt'));
    expect(await readFile(path, 'utf8')).toBe('new');
    expect(await readdir(join(folder, 'deep', 'er'))).toEqual(['note (2).txt', 'note.txt']);
  });

  it('replaces a file with `overwrite: true`', async () => {
    const path = join(folder, 'note.txt');
    await writeFile(path, 'old');
    expect(await new TextFile('new').save(path, { overwrite: true })).toBe(path);
    expect(await readFile(path, 'utf8')).toBe('new');
    expect(await readdir(folder)).toEqual(['note.txt']);
  });

  it('takes the name of the server in a folder, reduced to what is safe', async () => {
    const file = new TextFile('x', { suggestedFilename: '..\\..\\CON' });
    expect(await file.save(folder)).toBe(join(folder, '_CON'));
    expect(await file.save(`${folder}/new/`)).toBe(join(folder, 'new', '_CON'));
  });

  it('keeps the file, in memory or not', async () => {
    vi.stubEnv('TMPDIR', folder);
    const { file, bytes } = await large();
    const path = await file.save(join(folder, 'a.tar'));
    if (process.platform !== 'win32') expect((await stat(path)).mode & 0o044).not.toBe(0);
    await writeFile(path, 'changed');
    expect((await file.bytes()).equals(bytes)).toBe(true);
    await file.dispose();
    expect(await readdir(folder)).toEqual(['a.tar']);
  });

  it('gives 50 files of one name that are saved at once a number each', async () => {
    const files = Array.from({ length: 50 }, (_, index) => new TextFile(String(index)));
    const paths = await Promise.all(files.map((file) => file.save(join(folder, 'a.txt'))));
    expect(new Set(paths).size).toBe(50);
    const contents = await Promise.all(paths.map((path) => readFile(path, 'utf8')));
    expect(contents).toEqual(files.map((_, index) => String(index)));
    expect((await readdir(folder)).filter((name) => name.endsWith('.part'))).toEqual([]);
  });

  it('refuses a path that cannot be written, and a file without a name', async () => {
    await writeFile(join(folder, 'file'), '');
    const error = await failure(new TextFile('x').save(join(folder, 'file', 'x')), InvalidInvocation);
    expect(error.message).toMatch(/^TextFile\.save: .*file cannot be written: it is not a folder$/);
    const nameless = await failure(new TextFile('x').save(folder), InvalidInvocation);
    expect(nameless.message).toBe('TextFile.save: the server gave no name: give a path with one');
    await failure(new TextFile('x').save(7 as never), InvalidInvocation);
    await failure(new TextFile('x').save(folder, { overwite: true } as never), InvalidInvocation);
    await mkdir(join(folder, 'is-folder'));
    const path = join(folder, 'is-folder', '..', 'is-folder', '.');
    await failure(new TextFile('x').save(path, { overwrite: true }), InvalidInvocation);
    expect((await readdir(folder)).sort()).toEqual(['file', 'is-folder']);
  });
});

describe('entries of a ZIP archive', () => {
  it.each(['in memory', 'on the disk'])('are read %s', async (where) => {
    vi.stubEnv('TMPDIR', folder);
    const filler = where === 'in memory' ? '' : randomBytes(2e6);
    const bytes = zip({ 'a/Größe.txt': 'size', 'a/': '', 'big.bin': filler, empty: '' });
    const spool = new Spool();
    await spool.write(bytes);
    await using file = makeFile(await spool.finish(), { contentType: 'application/zip' }) as ZipFile;
    const entries = await file.entries();
    expect(entries.map(({ name, size }) => [name, size])).toEqual([
      ['a/Größe.txt', 4],
      ['big.bin', filler.length],
      ['empty', 0],
    ]);
    const [first, big, empty] = entries;
    expect(await first?.text()).toBe('size');
    expect((await big?.bytes())?.equals(Buffer.from(filler))).toBe(true);
    expect(await buffer(empty?.stream() as NodeJS.ReadableStream)).toHaveLength(0);
    expect(inspect(first)).toBe('ZipEntry(name=a/Größe.txt, size=4)');
  });

  it('never have a name that leads out of the folder into which they are unpacked', async () => {
    const names = ['../../etc/passwd', '/etc/x', 'C:\\x\\y.txt', 'a/./../b', '..', 'con/aux.txt'];
    const file = new ZipFile(zip(Object.fromEntries(names.map((name) => [name, '']))));
    expect((await file.entries()).map(({ name }) => name)).toEqual([
      'etc/passwd',
      'etc/x',
      'C/x/y.txt',
      'a/b',
      'file',
      '_con/_aux.txt',
    ]);
  });

  it('are an exception where the file is no archive, or is damaged', async () => {
    const error = await failure(new ZipFile('not a zip').entries(), InvalidInvocation);
    expect(error.message).toMatch(/^the file cannot be read as a ZIP archive: /);
    await failure(new ZipFile('').entries(), InvalidInvocation);
    const bytes = zip({ 'a.txt': 'some text that is long enough' });
    // The checksum in the directory at the end.
    bytes.writeUInt32LE(1, bytes.indexOf('PK\x01\x02') + 16);
    const [entry] = await new ZipFile(bytes).entries();
    const damaged = await failure(entry?.bytes() as Promise<Buffer>, InvalidInvocation);
    expect(damaged.message).toContain('checksum');
  });
});

describe('safeName', () => {
  it.each([
    ['photo.jpg', 'photo.jpg'],
    ['a b (1).jpg', 'a b (1).jpg'],
    ['../../etc/passwd', 'passwd'],
    ['C:\\temp\\y.txt', 'y.txt'],
    ['a<b>c:d"e|f?g*h.txt', 'abcdefgh.txt'],
    ['a\u0000\n\u007fb\u202e.txt', 'ab.txt'],
    ['name. . .', 'name'],
    ['.npmrc', 'npmrc'],
    ['CON', '_CON'],
    ['nul.txt', '_nul.txt'],
    ['COM1.tar.gz', '_COM1.tar.gz'],
    ['NUL .txt', '_NUL .txt'],
    ['LPT¹', '_LPT¹'],
    ['console.txt', 'console.txt'],
    ['', 'file'],
    ['..', 'file'],
    ['???', 'file'],
    ['folder/', 'file'],
    ['e\u0301.txt', 'é.txt'],
    ['🙂.png', '🙂.png'],
    ['a\ud800b', 'ab'],
  ])('makes of %j %j', (name, expected) => {
    expect(safeName(name)).toBe(expected);
  });

  it('shortens a name to 200 bytes, and keeps its extension', () => {
    const name = safeName(`${'ä'.repeat(300)}.tar.gz`);
    expect(Buffer.byteLength(name)).toBeLessThanOrEqual(200);
    expect(name).toMatch(/^ä{90,}\.tar\.gz$/);
    expect(Buffer.byteLength(safeName('x'.repeat(300)))).toBe(200);
    expect(Buffer.byteLength(safeName(`a.${'x'.repeat(300)}`))).toBe(200);
  });
});

describe('numberedName', () => {
  it.each([
    ['photo.jpg', 1, 'photo.jpg'],
    ['photo.jpg', 2, 'photo (2).jpg'],
    ['data.tar.gz', 3, 'data (3).tar.gz'],
    ['README', 2, 'README (2)'],
    ['v1.2 of the data', 2, 'v1.2 of the data (2)'],
  ])('makes of %j and %d %j', (name, number, expected) => {
    expect(numberedName(name, number)).toBe(expected);
  });
});
