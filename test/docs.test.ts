import { existsSync } from 'node:fs';
import { cp, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, type ExpectStatic, expect, it } from 'vitest';
import * as itkdb from '../src/index.js';
import { DEFAULT_SETTINGS, ITkDBException } from '../src/index.js';
import { type EmbeddedPdb, startPdb } from '../src/testing/index.js';
import { type CodeBlock, codeBlocks, documents, toJavaScript } from './helpers/code-blocks.js';
import { InstalledPackage, ROOT } from './helpers/installed-package.js';

const read = (path: string): Promise<string> => readFile(join(ROOT, path), 'utf8');
const pages = await documents();
const blocks = (await Promise.all(pages.map(codeBlocks))).flat();

let installed: InstalledPackage;
let pdb: EmbeddedPdb;
/** The recipes write. */
let recipePdb: EmbeddedPdb;

beforeAll(async () => {
  [installed, pdb, recipePdb] = await Promise.all([
    InstalledPackage.install(['@types/node', 'undici-types', '@keyv/redis', '@redis/client', 'hookified']),
    startPdb({ components: 300 }),
    startPdb({ components: 300 }),
  ]);
  await cp(join(ROOT, 'test/fixtures/recipes'), installed.folder, { recursive: true });
}, 60_000);

afterAll(async () => {
  await Promise.all([installed.remove(), pdb.close(), recipePdb.close()]);
});

const fileOf = (place: string, extension: string): string => `${place.replaceAll(/\W/g, '-')}.${extension}`;

describe('the code in the documents', () => {
  it('type-checks, all of it', { timeout: 180_000 }, async () => {
    const checked = blocks.filter(({ language }) => language === 'ts');
    expect(checked.length).toBeGreaterThan(20);
    for (const { place, code } of checked)
      await writeFile(join(installed.folder, fileOf(place, 'mts')), `${code}\nexport {};\n`);
    const options = ['--exactOptionalPropertyTypes', '--module', 'nodenext'];
    const files = checked.map(({ place }) => fileOf(place, 'mts'));
    expect(await installed.typecheck(files, options)).toBe('');
  });

  const runnable = blocks.filter(({ isRunnable }) => isRunnable);
  const isRecipe = ({ place }: CodeBlock): boolean => place.startsWith('docs/recipes/');
  it.concurrent.for(runnable.filter((block) => !isRecipe(block)))(
    '$place runs, and prints what it says',
    (block, { expect }) => runBlock(block, pdb, expect),
  );

  it.for(runnable.filter(isRecipe))('$place runs, and prints what it says', (block, { expect }) => {
    recipePdb.restore();
    return runBlock(block, recipePdb, expect);
  });

  it('is a script of no more than ten lines where it is the first', async () => {
    const [first] = await codeBlocks('README.md');
    expect(first?.code.trim().split('\n').filter(Boolean).length).toBeLessThanOrEqual(10);
  });

  it('lists each component at an institution once', async () => {
    const listing = blocks.find(
      ({ code, place }) =>
        place.startsWith('docs/getting-started.md') && code.includes("client.list('listComponents'"),
    );
    const script = toJavaScript(listing as (typeof blocks)[number]);
    const { stdout } = await installed.runScript('listing.mjs', script, { env: pdb.env });
    const expected = pdb.dataset.components.filter(({ currentLocation }) => currentLocation.code === 'CERN');
    const lines = stdout.trim().split('\n');
    expect(lines.map((line) => line.slice(0, 14))).toEqual(expected.map(({ serialNumber }) => serialNumber));
  });
});

describe('the documents', () => {
  it.for(pages)('%s links to files of the installed package', async (page) => {
    for (const [, target = ''] of (await read(page)).matchAll(/\]\((?!https?:)([^)#]*(?:#[\w-]+)?)\)/g)) {
      const [path = '', anchor] = target.split('#');
      const file = path === '' ? page : join(dirname(page), path);
      expect(existsSync(join(installed.folder, 'node_modules', 'itkdb', file)), `${page} → ${target}`).toBe(
        true,
      );
      if (anchor === undefined) continue;
      const headings = [...(await read(file)).matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
        slug(heading),
      );
      expect(headings, `${page} → ${target}`).toContain(anchor);
    }
  });

  it('are all in the list of the README', async () => {
    const readme = await read('README.md');
    const recipes = await read('docs/recipes/README.md');
    for (const page of pages.slice(1)) {
      const recipe = page.split('docs/recipes/')[1];
      if (recipe === undefined || recipe === 'README.md') expect(readme).toContain(`(${page})`);
      else expect(recipes).toContain(`(${recipe}#`);
    }
  });

  it('name every exception with its code', async () => {
    const rows = [...(await read('docs/errors.md')).matchAll(/^\| `(\w+)` \| `(ERR_\w+)` \|/gm)].map(
      ([, name, code]) => [name, code],
    );
    const base = [
      'ITkDBException',
      'ResponseException',
      'TransportException',
      'DuplicateObjectsInDB',
      'DuplicateTestRuns',
    ];
    const classes = Object.entries(itkdb).filter(
      ([name, value]) =>
        typeof value === 'function' && value.prototype instanceof ITkDBException && !base.includes(name),
    );
    const made = classes.map(([name, Exception]) => [
      name,
      new (Exception as new (response: unknown, message: unknown) => ITkDBException)(
        { status: 400 },
        name === 'InvalidTestRun' ? [] : '',
      ).code,
    ]);
    expect(rows.sort()).toEqual(made.sort());
  });

  it.for([
    ['src/session/options.ts', 'SessionOptions'],
    ['src/auth/user-options.ts', 'UserOptions'],
  ] as const)('name every option of %s', async ([path, name]) => {
    const [, members = ''] =
      new RegExp(`export interface ${name} \\{(.*?)^\\}`, 'ms').exec(await read(path)) ?? [];
    const options = [...members.matchAll(/^ {2}readonly (\w+)\?:/gm)].map(([, option]) => option);
    expect(options.length).toBeGreaterThan(5);
    const [, section = ''] = (await read('docs/options.md')).split(
      `\n## \`new ${name.replace('Options', '')}(`,
    );
    for (const option of options.filter((name) => name !== 'authenticate'))
      expect(section.split('\n## ')[0]).toContain(`\`${option}\``);
  });

  it('and .env.example name every setting with its default', async () => {
    const page = await read('docs/options.md');
    const example = await read('.env.example');
    for (const [name, value] of Object.entries(DEFAULT_SETTINGS)) {
      expect(page).toContain(`\`${name}\``);
      expect(example).toMatch(new RegExp(`^(# )?${name}=`, 'm'));
      if (value === '') continue;
      expect(page).toContain(`\`${value}\``);
      expect(example).toMatch(new RegExp(`^# ${name}="?${String(value).replaceAll('.', '\\.')}"?$`, 'm'));
    }
  });

  it('say why each dependency is there', async () => {
    const { dependencies } = JSON.parse(await read('package.json'));
    const [, table = ''] = (await read('README.md')).split('## Dependencies');
    const rows = [...table.matchAll(/^\| \[([\w-]+)\]/gm)].map(([, name]) => name);
    expect(rows.sort()).toEqual(Object.keys(dependencies).sort());
  });
});

/** Runs a block of code, and compares what it prints with what the document says. */
async function runBlock(block: CodeBlock, { env }: EmbeddedPdb, expect: ExpectStatic): Promise<void> {
  const script = toJavaScript(block);
  const { stdout, stderr } = await installed.runScript(fileOf(block.place, 'mjs'), script, { env });
  expect(stderr).toBe('');
  if (block.output === undefined) expect(stdout).not.toBe('');
  else expect(stdout).toBe(block.output);
}

/** The anchor that Markdown renderers give a heading. */
function slug(heading: string): string {
  return heading
    .toLowerCase()
    .replaceAll(/[^\w\s-]/g, '')
    .replaceAll(' ', '-');
}
