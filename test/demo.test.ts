import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { startPdb } from '../src/testing/index.js';
import { ROOT } from './helpers/installed-package.js';

it('the demo prints at most 80 columns, and no colours without a terminal', async () => {
  const demo = join(ROOT, 'examples', 'demo', 'main.mjs');
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [demo]);
  expect(stderr).toBe('');
  expect(stdout).toContain('signed in   Alex Example (1234-567-1)');
  expect(stdout).toContain('page 3      QMUL to UT: 9 of 29');
  const pdb = await startPdb();
  const modules = pdb.dataset.components.filter(
    ({ componentType }) => componentType.code === 'MODULE' && componentType.project === 'S',
  );
  await pdb.close();
  expect(modules.length).toBeGreaterThan(300);
  // One request of up to 100 components each, and the retry of one that failed.
  const requests = Math.ceil(modules.length / 100) + 1;
  expect(stdout).toMatch(
    new RegExp(`read {8}${modules.length} modules in [\\d.]+ s, with ${requests} requests`),
  );
  expect(stdout).toContain('retried     attempt 1 of one request failed');
  expect(stdout).toContain('code        ERR_BAD_REQUEST');
  expect(stdout).not.toContain('\u001b');
  expect(stdout).not.toContain('\r\n');
  for (const line of stdout.split('\n')) expect(line.length).toBeLessThanOrEqual(80);
});
