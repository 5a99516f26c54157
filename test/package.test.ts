import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { VERSION } from '../src/index.js';
import { InstalledPackage, ROOT } from './helpers/installed-package.js';

const run = promisify(execFile);

let installed: InstalledPackage;

beforeAll(async () => {
  installed = await InstalledPackage.install(['@types/node', 'undici-types']);
}, 60_000);

afterAll(() => installed.remove());

/** A script that uses every entry point against an embedded database; prints `ok` when all of it is right. */
const SMOKE = `
  async function smoke({ BadRequest, Session, User }, { startPdb }) {
    const pdb = await startPdb({ components: 50 });
    const session = new Session({ user: new User(pdb.userOptions), prefixUrl: pdb.apiUrl });
    const { serialNumber } = pdb.dataset.components[0];
    const { data } = await session.get('getComponent', { data: { component: serialNumber } });
    const error = await session.get('getComponent', { data: { component: 'none' } }).catch((error) => error);
    await session.close();
    await pdb.close();
    const isRight = data.serialNumber === serialNumber && error instanceof BadRequest;
    console.log(isRight ? 'ok' : [data, error], process.version);
  }
`;

describe('the tarball', () => {
  it('holds the build and its sources, documentation, examples, and nothing else', () => {
    const others = installed.files.filter((path) => !/^(?:dist|src)\//.test(path));
    expect(others).toEqual([
      '.env.example',
      'CHANGELOG.md',
      'LICENSE',
      'README.md',
      'docs/authentication.md',
      'docs/caching.md',
      'docs/cli.md',
      'docs/client.md',
      'docs/coming-from-python.md',
      'docs/commands.md',
      'docs/differences.md',
      'docs/errors.md',
      'docs/files.md',
      'docs/getting-started.md',
      'docs/network.md',
      'docs/options.md',
      'docs/performance.md',
      'docs/recipes/README.md',
      'docs/recipes/attachments.md',
      'docs/recipes/reading.md',
      'docs/recipes/registering.md',
      'docs/recipes/shipments.md',
      'docs/recipes/test-runs.md',
      'docs/reliability.md',
      'docs/rituals.md',
      'docs/testing.md',
      'examples/components-to-csv.mjs',
      'examples/failed-tests.mjs',
      'examples/family-tree.mjs',
      'examples/nightly.mjs',
      'examples/who-am-i.mjs',
      'examples/without-account.mjs',
      'package.json',
    ]);
  });

  it('holds for each source file its types, and the code in a few files with their maps', () => {
    const sources = installed.files.filter((path) => /^src\/.*(?<!\.d)\.ts$/.test(path));
    const built = installed.files.filter((path) => path.startsWith('dist/'));
    expect(sources.length).toBeGreaterThan(40);
    const types = sources.flatMap((path) => {
      const stem = path.replace(/^src/, 'dist').replace(/ts$/, '');
      return [`${stem}d.ts`, `${stem}d.ts.map`];
    });
    expect(built.filter((path) => /\.d\.ts(?:\.map)?$/.test(path))).toEqual(types.sort());
    const code = built.filter((path) => path.endsWith('.js'));
    expect(code).toEqual(
      expect.arrayContaining(['dist/index.js', 'dist/testing/index.js', 'dist/cli/main.js']),
    );
    // Each command of the command line is in a file of its own.
    expect(code.filter((path) => !path.startsWith('dist/cli/')).length).toBeLessThan(30);
    expect(built).toEqual(expect.arrayContaining(code.map((path) => `${path}.map`)));
    expect(built).toHaveLength(types.length + 2 * code.length);
  });

  it('names no type of zod in its declarations', async () => {
    const declarations = installed.files.filter((path) => path.endsWith('.d.ts'));
    const texts = await Promise.all(declarations.map((path) => readFile(join(ROOT, path), 'utf8')));
    expect(declarations.filter((_, index) => /['"]zod\b/.test(texts[index] ?? ''))).toEqual([]);
  });

  it('is what publint calls flawless', async () => {
    const tarball = new Uint8Array(await readFile(installed.tarball)).buffer;
    const { messages, pkg } = await publint({ strict: true, pack: { tarball } });
    expect(messages.map((message) => formatMessage(message, pkg as object))).toEqual([]);
  });

  it('has types that every resolution of an ES module finds', async () => {
    const attw = join(ROOT, 'node_modules', '@arethetypeswrong', 'cli', 'dist', 'index.js');
    const args = [attw, installed.tarball, '--profile', 'esm-only', '--format', 'ascii', '--no-color'];
    const { stdout } = await run(process.execPath, args);
    expect(stdout).toMatch(/"itkdb"\n.*"itkdb\/testing"\n/s);
  });

  it('says what npm and bundlers need to know, and names no address that does not exist', async () => {
    const manifest = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8'));
    expect(manifest).toMatchObject({
      version: VERSION,
      license: 'GPL-3.0-or-later',
      type: 'module',
      sideEffects: ['./dist/chunks/*', './dist/cli/*'],
      engines: { node: '^20.19.0 || >=22.12.0' },
      keywords: expect.arrayContaining(['itk', 'production-database']),
    });
    expect(manifest).not.toHaveProperty('repository');
    expect(manifest).not.toHaveProperty('homepage');
  });
});

describe('the installed package', () => {
  it('works by import', async () => {
    const source = `import * as itkdb from 'itkdb'; import * as testing from 'itkdb/testing'; ${SMOKE} await smoke(itkdb, testing);`;
    expect(await installed.runScript('imported.mjs', source)).toEqual({
      stdout: `ok ${process.version}\n`,
      stderr: '',
    });
  });

  it('has the same classes by import and by require', async () => {
    const source = `
      const required = require('itkdb');
      import('itkdb').then((imported) => console.log(imported.Session === required.Session));
    `;
    expect((await installed.runScript('both.cjs', source)).stdout).toBe('true\n');
  });

  it.for(['20', '22', '24'])('works by require on Node %s', { timeout: 180_000 }, async (major, context) => {
    const node = await nodeOf(major);
    if (node === undefined) return context.skip(`could not get Node ${major} through npx`);
    const source = `${SMOKE} smoke(require('itkdb'), require('itkdb/testing'));`;
    const { stdout, stderr } = await installed.runScript(`required-${major}.cjs`, source, { node });
    expect(stdout).toMatch(new RegExp(`^ok v${major}\\.`));
    // Node 20 and 22 call require() of an ES module experimental.
    expect(stderr).toMatch(/^$|^\(node:\d+\) ExperimentalWarning: CommonJS module .+ is loading ES Module/);
  });

  it.for([
    ['nodenext', ['--module', 'nodenext'], ['consumer.mts', 'consumer.cts']],
    ['bundler', ['--module', 'esnext', '--moduleResolution', 'bundler'], ['consumer.mts']],
  ] as const)(
    'type-checks with %s resolution, the declarations too',
    { timeout: 180_000 },
    async ([, options, files]) => {
      const consumer = `
      import { BadRequest, isITkDBException, Session, User, UserBearer, type SessionOptions } from 'itkdb';
      import { startPdb, type Fault } from 'itkdb/testing';
      export const options: SessionOptions = { user: new User(), retry: false };
      export const fault: Fault = { on: 'getComponent', status: 503 };
      export const answer = async (): Promise<string> =>
        (await new Session(options).get<{ code: string }>('getComponent')).data.code;
      export const all: unknown[] = [BadRequest, isITkDBException, UserBearer, startPdb];
    `;
      await writeFile(join(installed.folder, 'consumer.mts'), consumer);
      await writeFile(join(installed.folder, 'consumer.cts'), consumer);
      const strictest = ['--skipLibCheck', 'false', '--exactOptionalPropertyTypes', '--verbatimModuleSyntax'];
      const strict = files.length > 1 ? strictest.slice(0, -1) : strictest;
      expect(await installed.typecheck(files, [...strict, ...options])).toBe('');
    },
  );

  it('leads a stack trace into its sources', async () => {
    const source = `
      const { Session } = await import('itkdb');
      try { new Session({ timeout: 'soon' }); } catch (error) { console.log(error.stack); }
    `;
    const nodeArgs = ['--enable-source-maps'];
    const { stdout } = await installed.runScript('stack.mjs', source, { nodeArgs });
    const [, path = '', line = ''] =
      /^ +at checkOptions .*?(node_modules\/itkdb\/src\/.+?\.ts):(\d+)/m.exec(stdout) ?? [];
    const lines = (await readFile(join(installed.folder, path), 'utf8')).split('\n');
    expect(lines[Number(line) - 1]).toContain('throw new InvalidInvocation');
  });
});

describe('an import', () => {
  it('leaves environment, handles, files and stderr as they were', async () => {
    const source = `
      import { readdirSync } from 'node:fs';
      const state = () => JSON.stringify([
        process.env,
        process.cwd(),
        readdirSync('.'),
        Object.keys(globalThis),
        process.eventNames(),
        process.getActiveResourcesInfo().filter((name) => !/TTY|Pipe|Req/.test(name)),
      ]);
      const before = state();
      await import('itkdb');
      await import('itkdb/testing');
      console.log(state() === before);
    `;
    await writeFile(join(installed.folder, '.env'), 'ITKDB_LEEWAY=nonsense\n');
    expect(await installed.runScript('import.mjs', source)).toEqual({ stdout: 'true\n', stderr: '' });
  });

  it('loads no package but axios and what that needs, and dotenv', async () => {
    // Both module systems: a loader hook sees what is imported, the cache of require() what is required.
    const source = `
      import { createRequire, register } from 'node:module';
      const hook = 'export const load = (url, context, next) => (console.log(url), next(url, context));';
      register('data:text/javascript,' + encodeURIComponent(hook));
      await import('itkdb');
      console.log(Object.keys(createRequire(import.meta.url).cache).join('\\n'));
    `;
    const { stdout } = await installed.runScript('loaded.mjs', source);
    const names = [...stdout.matchAll(/node_modules\/((?:@[\w-]+\/)?[\w-]+)\//g)].map(([, name]) => name);
    expect(names).toContain('axios');
    expect(names).toContain('itkdb');
    for (const name of ['zod', 'jose', 'tough-cookie', 'keyv', 'cacheable-request', 'socks'])
      expect(names).not.toContain(name);
  });
});

/** The executable of another major version; undefined where it cannot be had, such as without a network. */
async function nodeOf(major: string): Promise<string | undefined> {
  if (process.versions.node.startsWith(`${major}.`)) return process.execPath;
  const args = ['-y', '--prefer-offline', '--fetch-retries=0', '-p', `node@${major}`];
  const find = run('npx', [...args, 'node', '-p', 'process.execPath'], { timeout: 120_000 });
  return find.then(
    ({ stdout }) => stdout.trim(),
    () => undefined,
  );
}
