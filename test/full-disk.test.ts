import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startPdb } from '../src/testing/index.js';

const folder = join(tmpdir(), `itkdb-full-${randomUUID()}`);
beforeEach(() => mkdir(folder, { mode: 0o700 }));
afterEach(() => rm(folder, { recursive: true }));

/**
 * Runs a program that can write no more than the first 512 or 1024 bytes of a file, as the shell counts. As on a full
 * disk, a write that begins below the limit writes a part and says so; only the next one fails.
 */
async function runOnFullDisk(script: string, env: NodeJS.ProcessEnv): Promise<string> {
  const program = `
    const warnings = [];
    const warn = (line) => void warnings.push(line);
    const logger = { debug() {}, info() {}, warn, error: warn };
    const { Session } = await import('itkdb');
    ${script}
    console.log(warnings.join('\\n'));`;
  const { stdout } = await promisify(execFile)(
    'sh',
    ['-c', 'ulimit -f 1 && exec "$0" --input-type=module -e "$1"', process.execPath, program],
    { env: { ...process.env, ...env } },
  );
  return stdout;
}

describe.skipIf(process.platform === 'win32')('on a full disk', () => {
  it('`saveAuth` leaves the tokens that are in the file, and warns', async () => {
    await using pdb = await startPdb({ components: 1 });
    const saveAuth = join(folder, 'auth.json');
    const former = '{"format":"itkdb-tokens-1","cut":"off"}';
    await writeFile(saveAuth, former);
    const script = `
      const session = new Session({ cache: false, logger, saveAuth: ${JSON.stringify(saveAuth)} });
      await session.get('listProjects');`;
    const warnings = await runOnFullDisk(script, pdb.env);
    expect(warnings).toContain(`Unable to save user session to ${saveAuth}: `);
    expect(await readFile(saveAuth, 'utf8')).toBe(former);
    expect(await readdir(folder)).toEqual(['auth.json']);
  });
});
