import { readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { InvalidInvocation } from '../../exceptions/base.js';
import { messageOf } from '../../util/errors.js';
import { isPlainObject } from '../../util/guards.js';
import { findJsonFault } from '../../util/json-fault.js';

/** Texts, and the numbers that Python writes into JSON although JSON has none of them. */
const TEXT_OR_NUMBER = /"[^"\\]*(?:\\.[^"\\]*)*"|\bNaN\b|-?\bInfinity\b/g;
/** What starts the texts that stand for these numbers while the rest is parsed. */
const MARK = '\0number:';

/** A test run in a file, and the folder of this file: the paths in it are relative to that. */
export interface TestRunFile {
  readonly run: Record<string, unknown>;
  readonly folder: string;
}

/**
 * Reads a test run from a JSON file, in which `NaN` and `Infinity` may stand.
 *
 * @throws InvalidInvocation where the file cannot be read, or is not an object in JSON
 */
export async function readTestRunFile(subject: string, path: string): Promise<TestRunFile> {
  let text: string;
  try {
    const bytes = await readFile(path);
    // As Notepad and older versions of PowerShell write it.
    text = bytes.toString(bytes[0] === 0xff && bytes[1] === 0xfe ? 'utf16le' : 'utf8');
  } catch (error) {
    throw new InvalidInvocation(`${subject}: the file ${path} cannot be read: ${messageOf(error)}`);
  }
  let run: unknown;
  try {
    run = parseJson(text.replace(/^\uFEFF/, ''));
  } catch (error) {
    throw new InvalidInvocation(`${subject}: the file ${path} is not JSON: ${messageOf(error)}`);
  }
  if (!isPlainObject(run))
    throw new InvalidInvocation(`${subject}: the file ${path} must hold one test run, an object`);
  return { run, folder: dirname(path) };
}

/**
 * Parses JSON in which `NaN` and `Infinity` may stand.
 *
 * @throws SyntaxError where it is not JSON; the message has the line and the column
 */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const fault = findJsonFault(text);
    if (fault !== undefined) throw new SyntaxError(fault);
    const marked = text.replace(TEXT_OR_NUMBER, (found) =>
      found.startsWith('"') ? found : JSON.stringify(MARK + found),
    );
    if (marked === text) throw error;
    return JSON.parse(marked, (_, value: unknown) =>
      typeof value === 'string' && value.startsWith(MARK) ? Number(value.slice(MARK.length)) : value,
    );
  }
}
