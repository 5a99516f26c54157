import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect } from 'vitest';

const run = promisify(execFile);

/** The path of a script in `test/fixtures`. */
export const fixture = (name: string): string =>
  fileURLToPath(new URL(`../fixtures/${name}`, import.meta.url));

interface Read {
  readonly answers: readonly { readonly fromCache: boolean; readonly data: unknown }[];
  readonly warnings: readonly string[];
}

/** Asks for URLs with a session in another process, whose command may be wrapped into another one. */
export async function readInProcess(
  options: object,
  wrap: (command: string[]) => string[] = (command) => command,
): Promise<Read> {
  const [command = '', ...args] = wrap([
    process.execPath,
    fixture('cache-reader.mjs'),
    JSON.stringify(options),
  ]);
  const { stdout, stderr } = await run(command, args, { maxBuffer: 1e8 });
  expect(stderr).toBe('');
  return JSON.parse(stdout);
}
