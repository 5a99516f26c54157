import { spawn } from 'node:child_process';
import { type AddressInfo, createServer } from 'node:net';
import { text } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import { startPdb } from '../../src/testing/index.js';
import { json, Origin } from '../helpers/origin.js';

const LINE = 'itkdb: 1 request is being retried: 503 Service Unavailable\n';

interface Program {
  readonly script: string;
  /** Options of a session. */
  readonly options?: string;
  readonly env?: NodeJS.ProcessEnv;
  readonly isTerminal?: boolean;
  /** Whether the other end of stderr is closed. */
  readonly isClosed?: boolean;
}

/** Runs a program that has a session, and whose stderr says whether it is a terminal. */
async function run({ script, options = '', env, isTerminal = true, isClosed = false }: Program) {
  const program = `
    Object.defineProperty(process.stderr, 'isTTY', { value: ${isTerminal} });
    const now = performance.now.bind(performance);
    let ahead = 0;
    let retries = 0;
    // A slow clock: on a busy computer, 5 s may pass between two retries.
    performance.now = () => now() / 1000 + ahead;
    const silent = { debug() {}, info() {}, warn() {}, error() {} };
    const { Session } = await import('itkdb');
    const user = { authenticate: () => true, bearer: 'opaque-bearer' };
    const session = new Session({ cache: false, user, retry: { tries: 2, baseDelay: 1 }, ${options} });
    const get = (url) => session.get(url).catch(() => {});
    ${script}
    await session.close();
    console.log('done');`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
    env: { ...process.env, NODE_DEBUG: '', ...env },
  });
  if (isClosed) child.stderr.destroy();
  const ended = new Promise((resolve) => child.once('close', resolve));
  const [stdout, stderr] = await Promise.all([text(child.stdout), isClosed ? '' : text(child.stderr)]);
  await ended;
  return { stdout, stderr };
}

/** A server that answers every request with 503. */
async function startBusy(): Promise<AsyncDisposable & { readonly env: NodeJS.ProcessEnv }> {
  const origin = await Origin.start((_, response) => json(response, {}, 503));
  return {
    env: { ITKDB_API_URL: origin.url },
    [Symbol.asyncDispose]: () => origin[Symbol.asyncDispose](),
  };
}

describe('the line about retries', () => {
  it('is written to a terminal at most every 5 s, with the number of requests being retried', async () => {
    const seen = new Set<string>();
    const held: (() => void)[] = [];
    // A second attempt is answered when all requests have failed once.
    await using origin = await Origin.start(({ url }, response) => {
      const answer = () => json(response, {}, url === '/go' ? 404 : 503);
      if (seen.has(url) && !seen.has('/go')) held.push(answer);
      else answer();
      seen.add(url);
      if (url === '/go') for (const release of held) release();
    });
    const { stdout, stderr } = await run({
      env: { ITKDB_API_URL: origin.url },
      options: "onRetry: () => { retries += 1; if (retries === 12) { ahead += 5000; void get('go'); } }",
      script: `
        await Promise.all(Array.from({ length: 12 }, (_, index) => get('x' + index)));
        await get('too early');
        ahead += 5000;
        await get('last');`,
    });
    expect(stdout).toBe('done\n');
    expect(stderr).toBe(`${LINE}itkdb: 12 requests are being retried: 503 Service Unavailable\n${LINE}`);
  });

  it.each<[string, Partial<Program>]>([
    ['stderr is not a terminal', { isTerminal: false }],
    ['`quiet` is true', { options: 'quiet: true' }],
    ['there is a `logger`', { options: 'logger: silent' }],
  ])('is not written if %s', async (_, program) => {
    await using busy = await startBusy();
    expect(await run({ env: busy.env, script: "await get('x');", ...program })).toEqual({
      stdout: 'done\n',
      stderr: '',
    });
  });

  it('is not written with NODE_DEBUG=itkdb, because the log has it', async () => {
    await using busy = await startBusy();
    const { stderr } = await run({ env: { ...busy.env, NODE_DEBUG: 'itkdb' }, script: "await get('x');" });
    expect(stderr).toContain('Try 1 of GET ');
    expect(stderr).not.toContain('being retried');
  });

  it('is also written for sign-in, unless the session is `quiet`', async () => {
    await using pdb = await startPdb({ components: 1 });
    const program = { env: pdb.env, script: "await get('listProjects');" };
    pdb.fault({ on: 'grantToken', status: 503 });
    expect((await run({ ...program, options: 'user: undefined' })).stderr).toBe(LINE);
    pdb.fault({ on: 'grantToken', status: 503 });
    expect((await run({ ...program, options: 'user: undefined, quiet: true' })).stderr).toBe('');
    expect(pdb.count('grantToken')).toBe(4);
  });

  it('has no credentials and no control characters', async () => {
    const server = createServer((socket) =>
      socket.once('data', () =>
        socket.end('HTTP/1.1 503 Bearer opaque-bearer of \u009bmine\r\nContent-Length: 0\r\n\r\n', 'latin1'),
      ),
    ).listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const { port } = server.address() as AddressInfo;
    const { stderr } = await run({
      env: { ITKDB_API_URL: `http://127.0.0.1:${port}/` },
      script: "await get('x');",
    });
    server.close();
    expect(stderr).toBe('itkdb: 1 request is being retried: 503 Bearer <TOKEN> of \\u009bmine\n');
  });

  it('does not end a program whose terminal was closed', async () => {
    await using busy = await startBusy();
    const { stdout } = await run({ env: busy.env, script: "await get('x');", isClosed: true });
    expect(stdout).toBe('done\n');
  });
});
