import { hash } from 'node:crypto';
import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import { build } from 'esbuild';
import { KeyvFile } from 'keyv-file';
import { formatSpread, interleave, printTable, progress, ratio, repeat } from '../harness.mjs';

// The built package has no file for it.
const source = await build({
  ...{ entryPoints: ['src/cache/directory-store.ts'], write: false },
  ...{ bundle: true, platform: 'node', format: 'esm' },
});
/** @type {typeof import('../../src/cache/directory-store.js')} */
const { DirectoryStore } = await import(
  `data:text/javascript,${encodeURIComponent(source.outputFiles[0].text)}`
);

const FEW = 100;
const MANY = 10_000;
const SETS = 100;
const BYTES = 20_000;

/**
 * Compares what a set costs where there are few entries and where there are many. A set replaces an entry, so that
 * their number stays.
 *
 * @param {string} directory where the stores may be made
 * @param {number} rounds
 */
export async function compareSets(directory, rounds) {
  const body = Buffer.alloc(BYTES, 'x');
  const rows = [];
  progress('sets');
  for (const [name, open] of Object.entries(STORES)) {
    /** @type {Record<string, () => Promise<void>>} */
    const contenders = {};
    for (const count of [FEW, MANY]) {
      const folder = await mkdtemp(join(directory, 'sets-'));
      const set = await open(folder, body);
      await repeat(count, 8, (index) => set(`key-${index}`));
      contenders[count] = () => repeat(SETS, 1, (index) => set(`key-${(index * 7919) % count}`));
    }
    const samples = await interleave(contenders, { rounds });
    rows.push([name, formatSpread(ratio(samples, String(MANY), String(FEW)))]);
  }
  printTable(
    `A set of ${BYTES / 1000} kB at ${MANY} entries, as a multiple of one at ${FEW} (smaller is better)`,
    ['store', 'multiple'],
    rows,
  );
}

/** @type {Record<string, (folder: string, body: Buffer) => Promise<(key: string) => Promise<unknown>>>} */
const STORES = {
  itkdb: async (folder, body) => {
    const store = new DirectoryStore(folder, Number.POSITIVE_INFINITY);
    return (key) => store.write(hash('sha256', key), [body], Date.now() + 3_600_000);
  },
  'keyv-file': async (folder, body) => {
    const store = new KeyvFile({ filename: join(folder, 'keyv'), separatedFile: true });
    return (key) => store.set(key, { value: body.toString('latin1') });
  },
};
