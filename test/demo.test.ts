import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { ROOT } from './helpers/installed-package.js';

it('the demo prints at most 80 columns, and no colours without a terminal', async () => {
  const demo = join(ROOT, 'examples', 'demo', 'main.mjs');
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [demo]);
  expect(stderr).toBe('');
  expect(stdout).toContain('signed in   Alex Example (1234-567-1)');
  expect(stdout).toContain('page 3      QMUL to UT: 9 of 29');
  expect(stdout).toMatch(/read {8}351 modules in [\d.]+ s/);
  expect(stdout).toContain('retried     attempt 1 of one request failed');
  expect(stdout).toContain('code        ERR_BAD_REQUEST');
  expect(stdout).not.toContain('\u001b');
  expect(stdout).not.toContain('\r\n');
  for (const line of stdout.split('\n')) expect(line.length).toBeLessThanOrEqual(80);
});
