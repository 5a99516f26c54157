import * as fs from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { InvalidInvocation, TextFile } from '../../src/index.js';
import { failure } from '../helpers/failure.js';

vi.mock('node:fs/promises', async (importOriginal) => {
  const original = await importOriginal<typeof fs>();
  return { ...original, link: vi.fn(original.link), rename: vi.fn(original.rename) };
});

const failing = (code: string): Promise<never> => Promise.reject(Object.assign(new Error(code), { code }));

let folder: string;
beforeEach(async () => {
  folder = await fs.mkdtemp(join(tmpdir(), 'itkdb-place-'));
});
afterEach(() => fs.rm(folder, { recursive: true }));

it('save numbers files on a file system without links, too', async () => {
  vi.mocked(fs.link).mockImplementation(() => failing('EPERM'));
  const files = [1, 2, 3, 4].map((number) => new TextFile(String(number)));
  const paths = await Promise.all(files.map((file) => file.save(join(folder, 'a.txt'))));
  expect(new Set(paths).size).toBe(4);
  const contents = await Promise.all(paths.map((path) => fs.readFile(path, 'utf8')));
  expect(contents).toEqual(['1', '2', '3', '4']);
  expect(await fs.readdir(folder)).toHaveLength(4);
});

it.each(['EPERM', 'EBUSY', 'EACCES'])(
  'save renames again where another program has the file open: %s',
  async (code) => {
    vi.mocked(fs.rename).mockImplementationOnce(() => failing(code));
    vi.mocked(fs.rename).mockImplementationOnce(() => failing(code));
    const path = join(folder, 'a.txt');
    await fs.writeFile(path, 'old');
    await new TextFile('new').save(path, { overwrite: true });
    expect(await fs.readFile(path, 'utf8')).toBe('new');
  },
);

it('save fails where the disk is full, and leaves nothing', async () => {
  vi.mocked(fs.link).mockImplementation(() => failing('ENOSPC'));
  const error = await failure(new TextFile('x').save(join(folder, 'a.txt')), InvalidInvocation);
  expect(error.message).toContain('a.txt cannot be written: ENOSPC');
  expect(error.cause).toMatchObject({ code: 'ENOSPC' });
  expect(await fs.readdir(folder)).toEqual([]);
});
