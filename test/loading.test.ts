import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';

const run = promisify(execFile);

const moduleOf = (source: string): string => `data:text/javascript,${encodeURIComponent(source)}`;

/** Returns a module that prints what a process loads, one a line. */
function printing(nameOfUrl: string): string {
  const hooks = `
    import { writeSync } from 'node:fs';
    export function load(url, context, next) {
      const name = ${nameOfUrl};
      if (name !== undefined) writeSync(1, name + '\\n');
      return next(url, context);
    }`;
  return moduleOf(`import { register } from 'node:module'; register(${JSON.stringify(moduleOf(hooks))});`);
}

const PRINT_PACKAGES: string = printing("url.split('/node_modules/').at(1)?.split('/')[0]");
/** Prints the files of this package, such as `index.js`. */
const PRINT_FILES: string = printing(
  "url.includes('/node_modules/') ? undefined : url.split('/dist/').at(1)",
);
/** Settings that are all in the environment, so that no `.env` is looked for. */
const SETTINGS = { ITKDB_ACCESS_AUDIENCE: 'audience', ITKDB_ACCESS_SCOPE: 'openid', ITKDB_LEEWAY: '2' };

const SERVER = `
  import { createServer } from 'node:http';
  const server = createServer((_, response) => response.setHeader('Content-Type', 'application/json').end('{}'));
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const prefixUrl = 'http://127.0.0.1:' + server.address().port + '/';`;

describe('a process', () => {
  it('loads neither jose nor zod for a request with a token that it has', async () => {
    const script = `${SERVER}
      import { Session } from 'itkdb';
      const session = new Session({ user: { authenticate: () => true, bearer: 'token' }, prefixUrl, cache: false });
      await session.get('x');
      process.exit();`;
    const args = ['--import', PRINT_PACKAGES, '--input-type=module', '-e', script];
    const { stdout } = await run(process.execPath, args);
    const packages = new Set(stdout.trim().split('\n'));
    expect(packages).toContain('axios');
    expect([...packages].filter((name) => ['jose', 'zod'].includes(name))).toEqual([]);
  });

  it('that imports itkdb loads neither the data of the catalogue of commands nor the embedded database', async () => {
    const args = (name: string): string[] => [
      '--import',
      PRINT_FILES,
      '--input-type=module',
      '-e',
      `import '${name}';`,
    ];
    const filesOf = async (name: string): Promise<string[]> =>
      (await run(process.execPath, args(name))).stdout.trim().split('\n');
    const files = await filesOf('itkdb');
    expect(files).toContain('index.js');
    expect(files.filter((file) => file.startsWith('testing/'))).toEqual([]);
    const texts = await Promise.all(files.map((file) => readFile(join('dist', file), 'utf8')));
    expect(texts.filter((text) => text.includes('listShipmentsByInstitution: {'))).toEqual([]);
    expect(await filesOf('itkdb/testing')).toContain('testing/index.js');
  });

  it.skipIf(process.platform === 'win32')(
    'without a free file descriptor gets exceptions of this package, and works once it has some',
    async () => {
      const script = `${SERVER}
        import { closeSync, openSync } from 'node:fs';
        import { Session, User } from 'itkdb';
        const options = { prefixUrl, retry: false };
        const user = new User({ ...options, accessCode1: 'first-code', accessCode2: 'second-code' });
        const session = new Session({ ...options, user: { authenticate: () => true, bearer: 'token' }, cache: false });
        const outcome = (promise) => promise.then(() => 'ok', ({ code }) => code);
        const both = async () => [await outcome(session.get('x')), await outcome(user.authenticate())].join(' ');
        const held = [];
        try { for (;;) held.push(openSync('/dev/null')); } catch {}
        const without = await both();
        for (const descriptor of held) closeSync(descriptor);
        console.log([without, await both()].join('; '));
        process.exit();`;
      const shell = [
        '-c',
        'ulimit -n 64; exec "$0" "$@"',
        process.execPath,
        '--input-type=module',
        '-e',
        script,
      ];
      const { stdout } = await run('sh', shell, { env: { ...process.env, ...SETTINGS } });
      expect(stdout.trim()).toBe('ERR_CONNECTION_FAILED ERR_CONNECTION_FAILED; ok ERR_AUTHENTICATION_FAILED');
    },
  );
});
