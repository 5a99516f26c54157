import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import ts from 'typescript';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as itkdb from '../src/index.js';
import { DEFAULT_SETTINGS, ITkDBException, VERSION } from '../src/index.js';
import { startPdb } from '../src/testing/index.js';

const run = promisify(execFile);
const ROOT = fileURLToPath(new URL('..', import.meta.url));
const read = (path: string): Promise<string> => readFile(join(ROOT, path), 'utf8');

/** A folder in which the package, as built, is installed. */
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'itkdb-package-'));
  await mkdir(join(folder, 'node_modules'));
  await symlink(ROOT, join(folder, 'node_modules', 'itkdb'));
});

afterAll(() => rm(folder, { recursive: true }));

async function runScript(name: string, source: string, env: NodeJS.ProcessEnv = {}): Promise<string> {
  await writeFile(join(folder, name), source);
  const { NODE_TEST_CONTEXT: _, ...environment } = process.env;
  const { stdout, stderr } = await run(process.execPath, [name], {
    cwd: folder,
    env: { ...environment, ...env },
  });
  return stdout + stderr;
}

/** The code blocks of a document in one language. */
async function blocks(path: string, language: string): Promise<string[]> {
  return [...(await read(path)).matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\``, 'gms'))].map(
    ([, code = '']) => code,
  );
}

describe('the package', () => {
  it('knows its version', async () => {
    expect(JSON.parse(await read('package.json')).version).toBe(VERSION);
  });

  it('works by import and by require, the same classes in both', async () => {
    const source = `
      const required = require('itkdb');
      const testing = require('itkdb/testing');
      import('itkdb').then((imported) => console.log(imported.Session === required.Session, typeof testing.startPdb));
    `;
    expect(await runScript('both.cjs', source)).toMatch(/^true function\n/);
  });

  it('does nothing when it is imported', async () => {
    const source = `
      const before = JSON.stringify(process.env);
      const { Session } = await import('itkdb');
      const handles = process.getActiveResourcesInfo().filter((name) => !/TTY|Pipe|Req/.test(name));
      console.log(typeof Session, JSON.stringify(process.env) === before, handles);
    `;
    await writeFile(join(folder, '.env'), 'ITKDB_LEEWAY=nonsense\n');
    const output = await runScript('import.mjs', source).finally(() => rm(join(folder, '.env')));
    expect(output).toBe('function true []\n');
  });

  it('loads jose, zod, dotenv and tough-cookie only when they are needed', async () => {
    const source = `
      import 'itkdb';
      import { createRequire } from 'node:module';
      const loaded = Object.keys(createRequire(import.meta.url).cache).join();
      console.log(/zod|dotenv|tough-cookie|jose/.test(loaded));
    `;
    expect(await runScript('lazy.mjs', source)).toBe('false\n');
    const statics = await Promise.all(
      ['zod', 'jose', 'dotenv', 'tough-cookie'].map(async (name) => {
        const { stdout } = await run(
          'grep',
          ['-rlE', `^import [^t].* from '${name}'`, 'dist', '--include=*.js', '--exclude-dir=testing'],
          { cwd: ROOT },
        ).catch(() => ({ stdout: '' }));
        return stdout;
      }),
    );
    expect(statics.join('')).toBe('');
  });
});

describe('README.md', () => {
  it('has a first script that runs as it stands, in no more than ten lines', async () => {
    const [script = ''] = await blocks('README.md', 'js');
    expect(script.trim().split('\n').filter(Boolean).length).toBeLessThanOrEqual(10);
    const output = await runScript('first.mjs', script);
    expect(output.trim().split('\n')).toHaveLength(5);
    expect(output).toMatch(/^20U[A-Z0-9]{11} \w+/);
  });

  it('has TypeScript that compiles', async () => {
    const scripts = await blocks('README.md', 'ts');
    expect(scripts.length).toBeGreaterThan(1);
    await Promise.all(scripts.map((script, index) => writeFile(join(folder, `block-${index}.mts`), script)));
    await symlink(join(ROOT, 'node_modules', '@types'), join(folder, 'node_modules', '@types')).catch(
      () => {},
    );
    const options = [
      '--noEmit',
      '--strict',
      '--exactOptionalPropertyTypes',
      '--module',
      'nodenext',
      '--target',
      'es2022',
      '--types',
      'node',
    ];
    const tsc = join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc');
    const files = scripts.map((_, index) => `block-${index}.mts`);
    const { stdout } = await run(process.execPath, [tsc, ...options, ...files], { cwd: folder }).catch(
      (error) => error,
    );
    expect(stdout).toBe('');
  }, 60_000);

  it('has a test example that runs as it stands', async () => {
    const script = (await blocks('README.md', 'ts')).find((code) => code.includes('startPdb')) ?? '';
    expect(await runScript('example.mjs', script)).toBe('true\n3 listProjects\n');
  });

  it('has a unit test and a listing that run once their types are stripped', async () => {
    const pdb = await startPdb({ components: 300 });
    const scripts = await blocks('README.md', 'ts');
    const find = (text: string): string => scripts.find((code) => code.includes(text)) ?? '';
    const strip = (code: string): string =>
      ts.transpile(code, { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext });
    expect(await runScript('unit.mjs', strip(find('node:test')))).toContain('# pass 1');
    const listing = await runScript('listing.mjs', strip(find('listComponents')), pdb.env);
    const wanted = pdb.dataset.components.filter(({ location }) => location.code === 'CERN');
    expect(
      listing
        .trim()
        .split('\n')
        .map((line) => line.slice(0, 14)),
    ).toEqual(wanted.map(({ serialNumber }) => serialNumber));
    await pdb.close();
  });

  it('names every exception with its code', async () => {
    const rows = [...(await read('README.md')).matchAll(/^\| `(\w+)` \| `(ERR_\w+)` \|/gm)].map(
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
      new (Exception as new (response: unknown, message: string) => ITkDBException)({ status: 400 }, '').code,
    ]);
    expect(rows.sort()).toEqual(made.sort());
  });

  it('names every option', async () => {
    const readme = await read('README.md');
    for (const [path, name] of [
      ['src/session/options.ts', 'SessionOptions'],
      ['src/user/user.ts', 'UserOptions'],
    ] as const) {
      const [, members = ''] =
        new RegExp(`export interface ${name} \\{(.*?)^\\}`, 'ms').exec(await read(path)) ?? [];
      const options = [...members.matchAll(/^ {2}readonly (\w+)\?:/gm)].map(([, option]) => option);
      expect(options.length).toBeGreaterThan(5);
      const [, section = ''] = readme.split(`### \`new ${name.replace('Options', '')}(`);
      for (const option of options.filter((name) => name !== 'authenticate'))
        expect(section.split('\n### ')[0]).toContain(`\`${option}\``);
    }
  });

  it('and .env.example name every setting with its default', async () => {
    const readme = await read('README.md');
    const example = await read('.env.example');
    for (const [name, value] of Object.entries(DEFAULT_SETTINGS)) {
      expect(readme).toContain(`\`${name}\``);
      expect(example).toMatch(new RegExp(`^(# )?${name}=`, 'm'));
      if (value === '') continue;
      expect(readme).toContain(`\`${value}\``);
      expect(example).toMatch(new RegExp(`^# ${name}="?${String(value).replaceAll('.', '\\.')}"?$`, 'm'));
    }
  });

  it('says why each dependency is there', async () => {
    const { dependencies } = JSON.parse(await read('package.json'));
    const [, table = ''] = (await read('README.md')).split('## Dependencies');
    const rows = [...table.matchAll(/^\| \[([\w-]+)\]/gm)].map(([, name]) => name);
    expect(rows.sort()).toEqual(Object.keys(dependencies).sort());
  });
});

describe('the demo', () => {
  it('runs, in 80 columns and without colours where there is no terminal', async () => {
    const { stdout, stderr } = await run(process.execPath, [join(ROOT, 'dist', 'demo', 'main.js')]);
    expect(stderr).toBe('');
    expect(stdout).toContain('signed in   Alex Example (1234-567-1)');
    expect(stdout).toContain('page 3      QMUL to UT: 9 of 29');
    expect(stdout).toContain('code        ERR_BAD_REQUEST');
    expect(stdout).not.toContain('\u001b');
    expect(stdout).not.toContain('\r\n');
    for (const line of stdout.split('\n')) expect(line.length).toBeLessThanOrEqual(80);
  });
});
