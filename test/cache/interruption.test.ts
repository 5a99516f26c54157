import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import { fixture } from '../helpers/cache-process.js';
import { CacheWorld, entriesIn, numbered } from '../helpers/cache-world.js';

async function interrupt(world: CacheWorld, how: string) {
  const options = JSON.stringify({ prefixUrl: world.origin.url, cache: world.directory });
  const job = spawn(process.execPath, [fixture('interrupted-job.mjs'), options, how]);
  const ended = once(job, 'exit');
  const [arrived, stderr] = await Promise.all([text(job.stdout), text(job.stderr)]);
  const [code] = await ended;
  return { arrived: Number(arrived), stderr, code, stored: (await entriesIn(world.directory)).length };
}

describe('a job that is interrupted', () => {
  it('as in the documentation has stored the responses that arrived, and exits with 130', async () => {
    await using world = await CacheWorld.start(numbered({ 'Cache-Control': 'max-age=3600' }));
    const { arrived, stderr, code, stored } = await interrupt(world, 'recipe');
    expect([stderr, code]).toEqual(['', 130]);
    expect(arrived).toBeGreaterThanOrEqual(300);
    expect(arrived).toBeLessThan(600);
    expect(stored).toBeGreaterThanOrEqual(0.99 * arrived);
  });

  it('by a handler that calls session.close() has stored the responses that arrived', async () => {
    await using world = await CacheWorld.start(numbered({ 'Cache-Control': 'max-age=3600' }));
    const { arrived, stored } = await interrupt(world, 'handler');
    expect(arrived).toBeGreaterThanOrEqual(300);
    expect(stored).toBeGreaterThanOrEqual(0.99 * arrived);
  });
});
