import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { startDatabase } from '../helpers/database.js';

const { pdb } = await startDatabase({ components: 100 });
beforeEach(() => pdb.restore());
const count = pdb.dataset.components.length;
const folder = await mkdtemp(join(tmpdir(), 'itkdb-killed-'));
afterAll(() => rm(folder, { recursive: true, force: true }));

const JOB = fileURLToPath(new URL('../fixtures/register-job.mjs', import.meta.url));
const COMMON = { project: 'S', subproject: 'SB', institution: 'CERN' };

describe('client.components.registerMany in a process that is killed', () => {
  /** Runs it in another process. Kills it after so many rows, or when so many registrations have arrived. */
  const run = async (
    rows: readonly object[],
    journal: string,
    { afterRows = Infinity, atRequest = Infinity },
  ): Promise<Record<string, number> | undefined> => {
    const job = spawn(process.execPath, [
      JOB,
      JSON.stringify({ user: pdb.userOptions, prefixUrl: pdb.apiUrl, rows, journal }),
    ]);
    const ended = once(job, 'exit');
    const errors = text(job.stderr);
    const fault = pdb.fault({
      on: 'registerComponent',
      after: atRequest === Infinity ? 1_000_000 : atRequest,
      // The database acts, and the process does not live to see it.
      truncate: 1,
    });
    const kill = setInterval(() => fault.hits > 0 && job.kill('SIGKILL'), 1);
    let last = '';
    for await (const line of createInterface({ input: job.stdout })) {
      last = line;
      if (Number(line) === afterRows) job.kill('SIGKILL');
    }
    await ended;
    clearInterval(kill);
    fault.remove();
    expect(await errors).toBe('');
    return last.startsWith('{') ? JSON.parse(last) : undefined;
  };

  it('registers each row with a serial number exactly once', async () => {
    const rows = Array.from({ length: 12 }, (_, index) => ({
      ...{ ...COMMON, componentType: 'SENSOR', type: 'ATLAS18LS' },
      serialNumber: `20USBSL${9_300_000 + index}`,
    }));
    const journal = join(folder, 'serial-numbers');
    for (const afterRows of [2, 3, 1]) await run(rows, journal, { afterRows });
    await run(rows, journal, { atRequest: 1 });
    const report = await run(rows, journal, {});
    expect(report).toMatchObject({ unknown: 0 });
    expect((report?.registered ?? 0) + (report?.exists ?? 0)).toBe(12);
    const numbers = pdb.dataset.components.slice(count).map(({ serialNumber }) => serialNumber);
    expect(numbers.sort()).toEqual(rows.map(({ serialNumber }) => serialNumber));
  }, 60_000);

  it('registers each other row at most once, and says of which it is not known', async () => {
    const rows = Array.from({ length: 12 }, (_, index) => ({
      ...{ ...COMMON, componentType: 'MODULE', type: 'BARREL_LS_MODULE' },
      ORDER: index,
    }));
    const journal = join(folder, 'no-serial-numbers');
    for (const atRequest of [1, 0, 2]) await run(rows, journal, { atRequest });
    await run(rows, journal, { afterRows: 6 });
    const report = await run(rows, journal, {});
    const orders = pdb.dataset.components.slice(count).map(({ properties }) => properties?.['ORDER']);
    expect(new Set(orders).size).toBe(orders.length);
    const { registered = 0, exists = 0, unknown = 0 } = report ?? {};
    expect(registered + exists + unknown).toBe(12);
    // The database acted on those that are unknown too.
    expect(orders.length).toBeGreaterThanOrEqual(registered + exists);
    expect(unknown).toBeLessThanOrEqual(4);
  }, 60_000);
});
