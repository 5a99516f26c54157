/**
 * Uploads and downloads of a large file: the time compared with that of curl, and the memory.
 *
 *   node --expose-gc bench/files.mjs                 200 MB, five rounds
 *   node --expose-gc bench/files.mjs 2147483648 1    2 GiB, one round
 *
 * The server is another process, which keeps nothing. Each contender reads the file from the disk, or writes it there.
 */

import { execFile } from 'node:child_process';
import { mkdtemp, open, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Client, UserBearer } from '../dist/index.js';
import { startFileServer } from './file-server.mjs';
import { formatSpread, interleave, print, printTable, ratio } from './harness.mjs';

const MEGABYTE = 1e6;
const SIZE = Number(process.argv[2] ?? 200 * MEGABYTE);
const ROUNDS = Number(process.argv[3] ?? 5);
const run = promisify(execFile);

const folder = await mkdtemp(join(tmpdir(), 'itkdb-bench-'));
const path = join(folder, 'source.dat');
const { url, stop } = await startFileServer(SIZE);
const client = new Client({
  user: new UserBearer({ bearer: 'a-bearer' }),
  prefixUrl: url,
  cache: false,
  quiet: true,
});
try {
  await writeSource();
  const target = { component: '20USBML1234567' };
  const curl = (/** @type {string[]} */ ...args) =>
    run('curl', ['--silent', '--show-error', '--fail', ...args]);
  const received = join(folder, 'curl.dat');
  const contenders = {
    'upload to EOS': () => client.attachments.add(target, path, { eos: true }),
    'curl, PUT': () => curl('--upload-file', path, `${url}eos/file`),
    'upload to the database': () => client.attachments.add(target, path, { eos: false }),
    'curl, form': () =>
      curl('--form', `data=@${path}`, '--output', '/dev/null', `${url}createComponentAttachment`),
    download: async () => {
      const { path: file, size } = await client.attachments.download(
        target,
        { code: 'c0de', type: 'file', filename: 'zeros.dat' },
        folder,
        { overwrite: true },
      );
      if (size !== SIZE || (await stat(file)).size !== SIZE) throw new Error('the download is not whole');
    },
    'curl, GET': () => curl('--output', received, `${url}getComponentAttachment`),
  };
  // What is loaded with the first file does not count.
  await client.attachments.add(target, Buffer.from('a'), { filename: 'a' });
  const memory = watchMemory();
  const samples = await interleave(contenders, { rounds: ROUNDS, warmup: ROUNDS > 1 ? 1 : 0 });
  const growth = memory.end();
  const rows = [
    ['upload to EOS', 'curl, PUT'],
    ['upload to the database', 'curl, form'],
    ['download', 'curl, GET'],
  ].map(([ours, theirs]) => [
    ours,
    rate(samples[ours]),
    rate(samples[theirs]),
    cpu(samples[ours]),
    // Of the throughputs: the inverse of that of the times.
    formatSpread(ratio(samples, theirs, ours)),
  ]);
  printTable(
    `Files of ${SIZE / MEGABYTE} MB, ${ROUNDS} rounds`,
    ['', 'MB/s', 'curl, MB/s', 'CPU, ms per 100 MB', 'throughput: times that of curl'],
    rows,
  );
  print(`\nThe memory of the process (RSS) grew by at most ${growth.toFixed(0)} MB`);
} finally {
  await client.close();
  stop();
  await rm(folder, { recursive: true });
}

/** @param {{ wall: number }[]} samples */
function rate(samples) {
  const fastest = Math.min(...samples.map(({ wall }) => wall));
  return (SIZE / MEGABYTE / (fastest / 1000)).toFixed(0);
}

/**
 * Returns the processor time of this process, which depends less than the throughput on what else the computer does.
 *
 * @param {{ cpu: number }[]} samples
 */
function cpu(samples) {
  const least = Math.min(...samples.map(({ cpu }) => cpu));
  return (least / (SIZE / MEGABYTE / 100)).toFixed(0);
}

async function writeSource() {
  const file = await open(path, 'w');
  const chunk = Buffer.alloc(MEGABYTE, 'x');
  for (let left = SIZE; left > 0; left -= chunk.length)
    await file.write(chunk, 0, Math.min(left, chunk.length));
  await file.close();
}

function watchMemory() {
  globalThis.gc?.();
  const before = process.memoryUsage.rss();
  let most = before;
  const look = () => {
    most = Math.max(most, process.memoryUsage.rss());
  };
  const timer = setInterval(look, 20);
  return {
    end() {
      clearInterval(timer);
      look();
      return (most - before) / MEGABYTE;
    },
  };
}
