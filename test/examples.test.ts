import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ComponentRecord, type EmbeddedPdb, startPdb } from '../src/testing/index.js';
import { InstalledPackage, type Printed, ROOT } from './helpers/installed-package.js';

const FOLDER = join(ROOT, 'examples');

let installed: InstalledPackage;
let pdb: EmbeddedPdb;

beforeAll(async () => {
  [installed, pdb] = await Promise.all([InstalledPackage.install(), startPdb({ components: 1500 })]);
}, 60_000);

afterAll(async () => {
  await Promise.all([installed.remove(), pdb.close()]);
});

async function run(name: string, ...args: string[]): Promise<Printed> {
  const source = await readFile(join(FOLDER, name), 'utf8');
  return installed.runScript(name, source, { env: pdb.env, args });
}

const linesOf = (text: string): string[] => text.trimEnd().split('\n');
const componentsAt = (code: string): ComponentRecord[] =>
  pdb.dataset.components.filter(({ currentLocation }) => currentLocation.code === code);

describe('each example', async () => {
  const files = await readdir(FOLDER);
  it.for(files.filter((name) => name.endsWith('.mjs')))(
    '%s is short, and says how it is called',
    async (name) => {
      const source = await readFile(join(FOLDER, name), 'utf8');
      expect(linesOf(source).length).toBeLessThan(40);
      expect(source).toContain(`//   node ${name}`);
    },
  );
});

describe('the examples', () => {
  it('who-am-i prints name, identity and institution', async () => {
    const { stdout, stderr } = await run('who-am-i.mjs');
    expect(linesOf(stdout)).toEqual(['Alex Example (1234-567-1): CERN']);
    expect(stderr).toBe('');
  });

  it('components-to-csv lists each component of my institution once', async () => {
    const [head, ...rows] = linesOf((await run('components-to-csv.mjs')).stdout);
    expect(head?.trim()).toBe('serialNumber,componentType,type,currentStage,institution,sys.mts');
    expect(rows.map((row) => row.slice(0, 14))).toEqual(
      componentsAt('CERN').map(({ serialNumber }) => serialNumber),
    );
  });

  it('components-to-csv of an institution without components is a head alone', async () => {
    const { stdout } = await run('components-to-csv.mjs', 'NOWHERE');
    expect(stdout).toMatch(/^serialNumber,.*,sys\.mts\r\n$/);
  });

  it('failed-tests finds the modules whose last run of a test failed', async () => {
    const modules = componentsAt('CERN').filter(({ componentType }) => componentType.code === 'MODULE');
    const expected = modules.flatMap(({ serialNumber, testRuns }) => {
      const last = new Map(testRuns.map((run) => [run.testType.code, run]));
      return [...last.values()]
        .filter((run) => !run.passed)
        .map((run) => `${serialNumber} ${run.testType.code}`);
    });
    const { stdout } = await run('failed-tests.mjs', 'CERN');
    const found = [...stdout.matchAll(/^(\w{14}) {2}[\d-]{10} {2}(\w+), run \d$/gm)].map(
      ([, serialNumber, test]) => `${serialNumber} ${test}`,
    );
    expect(expected.length).toBeGreaterThan(2);
    expect(found.sort()).toEqual(expected.sort());
    expect(linesOf(stdout).at(-1)).toBe(`${found.length} failed tests on ${modules.length} modules`);
  });

  it('family-tree starts at the top, whoever is asked for, and marks who it was', async () => {
    const part = pdb.dataset.components.find(({ parent }) => parent?.parent) as ComponentRecord;
    let top = part;
    while (top.parent) top = top.parent;
    const size = (component: ComponentRecord): number =>
      component.children.reduce(
        (sum, { component: child }) => sum + (child === undefined ? 0 : size(child)),
        1,
      );
    const lines = linesOf((await run('family-tree.mjs', part.serialNumber)).stdout);
    expect(lines[0]).toMatch(new RegExp(`^${top.serialNumber}  `));
    expect(lines.filter((line) => line.endsWith('<--'))).toEqual([
      expect.stringMatching(new RegExp(`^ {8}${part.serialNumber}  `)),
    ]);
    expect(lines).toHaveLength(size(top));
  });

  it('nightly saves every component through a failure that passes, and says which one it lost', async () => {
    const wanted = componentsAt('GL');
    const lost = wanted[3] as ComponentRecord;
    const isOfLost = ({ input }: { input: unknown }): boolean =>
      JSON.stringify(input ?? null).includes(lost.id);
    pdb.fault({ on: 'getComponentBulk', status: 503 });
    pdb.fault({ on: isOfLost, status: 409, times: 100 });
    const file = join(installed.folder, 'gl.ndjson');
    // A script that lost something ends with the code 1.
    const { stderr } = await run('nightly.mjs', 'GL', file).catch((error) => error);
    const saved = linesOf(await readFile(file, 'utf8')).flatMap((line) => JSON.parse(line).id ?? []);
    const others = wanted.map(({ id }) => id).filter((id) => id !== lost.id);
    expect(saved.sort()).toEqual(others.sort());
    expect(stderr).toMatch(/getComponentBulk: 503 Service Unavailable; retry in 1 s/);
    expect(stderr).toContain(`${lost.id}: getComponentBulk: Conflict (409)\n`);
    expect(stderr).toContain(`GL: { added: ${wanted.length - 1}, changed: 0, gone: 0 }`);
  });

  it('nightly reads only what changed since the last time', async () => {
    const file = join(installed.folder, 'cern.ndjson');
    await run('nightly.mjs', 'CERN', file);
    const { stderr } = await run('nightly.mjs', 'CERN', file);
    expect(stderr).toBe('CERN: { added: 0, changed: 0, gone: 0 }\n');
  });
});
