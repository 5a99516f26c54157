import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

const SOAK = fileURLToPath(new URL('soak/soak.mjs', import.meta.url));

it('a short night: every request ends once, right or typed, and nothing is left of it', {
  timeout: 60_000,
}, async () => {
  const run = promisify(execFile)(process.execPath, ['--expose-gc', SOAK, '1500']);
  const { stdout, stderr } = await run.catch((error) => error);
  expect(stderr).toBe('');
  expect(stdout).not.toContain('FAIL');
  expect(stdout.match(/^ok /gm)).toHaveLength(10);
});
