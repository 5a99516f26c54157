import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { isException } from '../../exceptions/base.js';
import { messageOf } from '../../util/errors.js';
import { bytesOf, isPlainObject } from '../../util/guards.js';
import { openFile } from '../uploads/local-file.js';
import type { Problems } from './test-run-input.js';

/** A result that is a file, as the caller gave it. */
export interface GivenFile {
  /** The code of the result. */
  readonly code: string;
  readonly source: FileSource;
}

/** A path, a `Blob` or bytes. */
type FileSource = { readonly path: string } | Blob | Uint8Array;

/** A result that is a file, ready to be sent. It is read while it is sent. */
export interface ResultFile {
  readonly code: string;
  readonly file: File;
}

/** Returns the source of a file, as results have it; undefined where a value is not one. */
export function sourceOf(value: unknown, folder: string): FileSource | undefined {
  if (value instanceof Blob) return value;
  const isPath = isPlainObject(value) && Object.keys(value).length === 1 && typeof value['file'] === 'string';
  return isPath ? { path: resolve(folder, value['file'] as string) } : bytesOf(value);
}

/** Opens the files. What is wrong with them goes into `problems`. */
export async function openFiles(given: readonly GivenFile[], problems: Problems): Promise<ResultFile[]> {
  const files: ResultFile[] = [];
  for (const { code, source } of given) {
    const path = `results.${code}`;
    try {
      const file = await open(path, code, source);
      if (file.size > 0) files.push({ code, file });
      else problems.add(path, `is an empty file: ${file.name}`);
    } catch (error) {
      const reason = isException(error) ? error.summary.replace(`${path}: `, '') : messageOf(error);
      problems.add(path, `is a file that cannot be read: ${reason}`);
    }
  }
  return files;
}

async function open(subject: string, code: string, source: FileSource): Promise<File> {
  if (!('path' in source)) {
    const filename = (source as Partial<File>).name || code;
    return (await openFile(subject, source, { filename })).file;
  }
  const { path } = source;
  // A pipe can be read only once.
  if (!(await stat(path)).isFile()) throw new Error(`${path} is not a file`);
  return (await openFile(subject, path, {})).file;
}
