import { execFile } from 'node:child_process';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type EmbeddedPdb, startPdb } from '../src/testing/index.js';
import { codeBlocks } from './helpers/code-blocks.js';
import { ROOT } from './helpers/installed-package.js';

const run = promisify(execFile);

/** Signs in, reads twice with a cache, fails in three ways, and prints what happened as JSON. */
const SCRIPT = `
  import { Session } from 'itkdb';

  const failureOf = async (promise) => {
    const { name, code, stack } = await promise.catch((error) => error);
    return [name, code, stack.split(':', 1)[0]];
  };

  async function main() {
    const options = { cache: 'cache', expiresAfter: { hours: 1 }, retry: false };
    const session = new Session(options);
    const institutions = () => session.get('listInstitutions', { data: { pageInfo: { pageSize: 1 } } });
    const first = await institutions();
    const second = await institutions();
    const badRequest = await failureOf(session.get('getComponent', { data: { component: 'none' } }));
    const refused = await failureOf(new Session({ ...options, prefixUrl: 'http://127.0.0.1:1/' }).get('x'));
    const invalid = await failureOf((async () => new Session({ timeout: 'soon' }))());
    const name = session.user.name;
    await session.close();
    console.log(JSON.stringify({
      name,
      code: first.data.pageItemList[0].code,
      fromCache: [first.fromCache, second.fromCache],
      failures: [badRequest, refused, invalid],
    }));
  }
  main();
`;

let folder: string;
let pdb: EmbeddedPdb;
let banner: string;

beforeAll(async () => {
  [folder, pdb, banner] = await Promise.all([
    mkdtemp(join(tmpdir(), 'itkdb-bundle-')),
    startPdb({ components: 10 }),
    documentedBanner(),
  ]);
});

afterAll(async () => {
  await Promise.all([pdb.close(), rm(folder, { recursive: true })]);
});

/** The banner of ES modules, as the documents show it. */
async function documentedBanner(): Promise<string> {
  const blocks = await codeBlocks('docs/getting-started.md');
  const [, text] = blocks.map(({ code }) => /banner: \{\s+js: "(.+?)"/.exec(code)).find(Boolean) ?? [];
  if (text === undefined) throw new Error('docs/getting-started.md shows no banner');
  return text;
}

describe('a one-file bundle without node_modules', () => {
  it.for([
    ['cjs', false],
    ['cjs', true],
    ['esm', false],
    ['esm', true],
  ] as const)('signs in, reads, caches and names exceptions: %s, minified %s', async ([format, minify]) => {
    const name = `script-${minify}.${format === 'cjs' ? 'cjs' : 'mjs'}`;
    const cwd = await mkdtemp(join(folder, `${format}-`));
    const { warnings } = await build({
      stdin: { contents: SCRIPT, resolveDir: ROOT, sourcefile: 'script.mjs' },
      outfile: join(cwd, name),
      bundle: true,
      platform: 'node',
      target: 'node20',
      format,
      minify,
      ...(format === 'esm' && { banner: { js: banner } }),
    });
    expect(warnings).toEqual([]);
    expect(await readdir(cwd)).toEqual([name]);
    const { stdout, stderr } = await run(process.execPath, [name], {
      cwd,
      env: { ...process.env, ...pdb.env },
    });
    expect(stderr).toBe('');
    expect(JSON.parse(stdout)).toEqual({
      name: 'Alex Example',
      code: 'ANL',
      fromCache: [false, true],
      failures: [
        ['BadRequest', 'ERR_BAD_REQUEST', 'BadRequest'],
        ['ConnectionRefused', 'ERR_CONNECTION_REFUSED', 'ConnectionRefused'],
        ['InvalidInvocation', 'ERR_INVALID_INVOCATION', 'InvalidInvocation'],
      ],
    });
  });
});
