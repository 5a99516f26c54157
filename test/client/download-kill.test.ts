import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, utimes } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { Client } from '../../src/index.js';
import { MockUser } from '../helpers/mock-user.js';
import { json, Origin } from '../helpers/origin.js';

/** `KILLS=200` tries it more often. */
const KILLS = Number(process.env['KILLS'] || 12);
const BYTES = Buffer.from(Array.from({ length: 1_500_000 }, (_, index) => (index * 7) % 251));
const JOB = fileURLToPath(new URL('../fixtures/download-job.mjs', import.meta.url));

it(`leaves whole files or none where the process is killed during a download, ${KILLS} times`, async () => {
  const attachments = [1, 2, 3].map((code) => ({
    ...{ code: `${code}`, title: 't', filename: `f${code}.bin`, type: 'file' },
  }));
  await using origin = await Origin.start(async ({ url }, response) => {
    if (url === '/getComponent') return json(response, { attachments });
    response.writeHead(200, { 'Content-Type': 'application/x-tar', 'Content-Length': BYTES.length });
    for (let at = 0; at < BYTES.length && !response.destroyed; at += 100_000) {
      response.write(BYTES.subarray(at, at + 100_000));
      await sleep(1);
    }
    response.end();
  });
  const folder = await mkdtemp(join(tmpdir(), 'itkdb-kill-'));
  const options = { prefixUrl: origin.url, folder };
  let whole = 0;
  let isCut = false;
  // It may take more kills before one comes after the first whole file, and one in the middle of a file.
  for (let kill = 0; kill < KILLS || (!(whole > 0 && isCut) && kill < 10 * KILLS); kill++) {
    const job = spawn(process.execPath, [JOB, JSON.stringify(options)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const ended = once(job, 'exit');
    await Promise.race([once(job.stdout, 'data'), ended]);
    await sleep(Math.random() * 250);
    job.kill('SIGKILL');
    expect(await ended).toEqual([null, 'SIGKILL']);
    for (const name of await readdir(folder)) {
      if (/^\.itkdb-.*\.part$/.test(name)) continue;
      const bytes = await readFile(join(folder, name));
      if (!bytes.equals(BYTES)) expect.unreachable(`${name} is not whole`);
      await rm(join(folder, name));
      whole += 1;
    }
    isCut = (await readdir(folder)).length > 0;
  }
  // Otherwise no process was killed in the middle of a transfer, or each before the first file.
  expect(await readdir(folder)).not.toEqual([]);
  expect(whole).toBeGreaterThan(0);

  const hourAgo = Date.now() / 1000 - 3600;
  for (const name of await readdir(folder)) await utimes(join(folder, name), hourAgo, hourAgo);
  await using client = new Client({ user: new MockUser(), prefixUrl: origin.url, cache: false });
  await client.attachments.downloadAll({ component: 'x' }, folder);
  expect((await readdir(folder)).filter((name) => name.endsWith('.part'))).toEqual([]);
  await rm(folder, { recursive: true });
}, 600_000);

describe('the temporary file of a file that nobody disposes of', () => {
  /** Runs the end of a script that has received a large file. Returns what is left in the folder for temporary files. */
  const leftBy = async (end: string): Promise<string[]> => {
    await using origin = await Origin.start((_, response) => response.end(BYTES));
    const folder = await mkdtemp(join(tmpdir(), 'itkdb-exit-'));
    const script = `
      import { readdirSync } from 'node:fs';
      import { setTimeout as sleep } from 'node:timers/promises';
      import { Client } from ${JSON.stringify(new URL('../../dist/index.js', import.meta.url).href)};
      const user = { authenticate: () => true, bearer: 'token' };
      const client = new Client({ user, prefixUrl: '${origin.url}', cache: false });
      let file = await client.get('getComponentAttachment', { data: { component: 'x', code: 'y' } });
      const count = () => readdirSync(process.env.TMPDIR).length;
      if (count() !== 1) throw new Error('there is no temporary file');
      ${end}`;
    const args = ['--expose-gc', '--input-type=module', '-e', script];
    const env = { ...process.env, TMPDIR: folder };
    const job = spawn(process.execPath, args, { env, stdio: ['ignore', 'ignore', 'inherit'] });
    expect(await once(job, 'exit')).toEqual([0, null]);
    const left = await readdir(folder);
    await rm(folder, { recursive: true });
    return left;
  };

  it('is removed when the process ends', async () => {
    expect(await leftBy('await client.close();')).toEqual([]);
    expect(await leftBy('process.exit();')).toEqual([]);
  });

  it('is removed when the object is collected', async () => {
    const end = `
      file = undefined;
      for (let round = 0; count() > 0; round++) {
        if (round > 1000) process.exit(1);
        gc();
        await sleep(10);
      }
      process.exit();`;
    expect(await leftBy(end)).toEqual([]);
  });
});
