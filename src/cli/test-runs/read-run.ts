import { realpath } from 'node:fs/promises';
import { basename, dirname, isAbsolute, relative, resolve, sep } from 'node:path';
import { parseJson, readTestRunFile } from '../../client/test-runs/json-file.js';
import type { TestRunInput } from '../../client/test-runs/test-run-input.js';
import { isException } from '../../exceptions/base.js';
import { messageOf } from '../../util/errors.js';
import { isFilledString, isPlainObject } from '../../util/guards.js';
import { CliError, EXIT, explain } from '../errors.js';
import { readText, titleOfFile } from '../read-text.js';

/** A test run that was read from a file. */
export interface TestRunFile {
  /** The name of the file in messages. */
  readonly name: string;
  /** The argument of the upload: the test run, or the path of the file. */
  readonly source: TestRunInput | string;
  readonly run: Readonly<Record<string, unknown>>;
  /** The results that are files: the code of the result, and the path. */
  readonly files: readonly { readonly code: string; readonly path: string }[];
}

/**
 * Reads a test run from a file, or from standard input.
 *
 * @param path - of the file; `-` for standard input, where paths are relative to the current folder
 * @throws CliError or InvalidInvocation where it cannot be read, or is not a test run in JSON
 */
export async function readRun(path: string): Promise<TestRunFile> {
  const isInput = path === '-';
  const run = isInput ? await readInput() : await readFileOf(path);
  const folder = isInput ? '.' : dirname(path);
  const files = filesOf(run).map(({ code, file }) => ({ code, path: resolve(folder, file) }));
  return { name: titleOfFile(path), source: isInput ? inputOf(run) : path, run, files };
}

/**
 * Reads a test run from a file of a spool. Its files must be in the spool too, as other people may write into the spool.
 *
 * @throws CliError where a path leads out of the spool
 */
export async function readSpooledRun(folder: string, path: string): Promise<TestRunFile> {
  const run = await readFileOf(path);
  const spool = await realpath(folder);
  const files: { code: string; path: string }[] = [];
  for (const { code, file } of filesOf(run)) files.push({ code, path: await pathInside(spool, file) });
  // The path that was checked is sent, even if the file is changed after that.
  const results = { ...(run['results'] as object), ...Object.fromEntries(files.map(toResult)) };
  const source = inputOf(files.length === 0 ? run : { ...run, results });
  return { name: basename(path), source, run, files };
}

/** @throws CliError where a path leads out of a folder */
async function pathInside(folder: string, file: string): Promise<string> {
  const full = resolve(folder, file);
  // A link may lead out of the folder. A missing file is reported as a problem of the test run.
  const real = await realpath(full).catch(() => full);
  if (isInside(folder, full) && isInside(folder, real)) return real;
  throw new CliError(`the file ${file} is not in the folder of the spool`, {
    exitCode: EXIT.failed,
    advice: 'Copy it there, and write its name without folders.',
  });
}

/** The results that are files. */
function filesOf({ results }: Readonly<Record<string, unknown>>): { code: string; file: string }[] {
  return Object.entries(isPlainObject(results) ? results : {}).flatMap(([code, value]) => {
    const isFile = isPlainObject(value) && Object.keys(value).length === 1 && isFilledString(value['file']);
    return isFile ? [{ code, file: value['file'] as string }] : [];
  });
}

function toResult({ code, path }: TestRunFile['files'][number]): [string, object] {
  return [code, { file: path }];
}

/** Takes any object: the check before the upload finds its problems. */
function inputOf(run: Readonly<Record<string, unknown>>): TestRunInput {
  return run as unknown as TestRunInput;
}

async function readFileOf(path: string): Promise<Record<string, unknown>> {
  try {
    return (await readTestRunFile('upload', path)).run;
  } catch (error) {
    if (!isException(error)) throw error;
    const { reason, advice } = explain(error);
    throw new CliError(reason, { advice, cause: error });
  }
}

async function readInput(): Promise<Record<string, unknown>> {
  const input = await readText('-', 'The test run in JSON, then Ctrl-D:');
  let run: unknown;
  try {
    run = parseJson(input);
  } catch (error) {
    throw new CliError(`standard input is not JSON: ${messageOf(error)}`);
  }
  if (isPlainObject(run)) return run;
  throw new CliError('standard input must be one test run, an object');
}

function isInside(folder: string, path: string): boolean {
  const way = relative(folder, path);
  return way !== '' && way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way);
}
