import { open, readdir, writeFile } from 'node:fs/promises';
import { createServer, request } from 'node:http';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { RecordedRequest } from '../../src/testing/index.js';
import { type Ran, type Running, startCli } from '../helpers/cli.js';
import { listen } from '../helpers/listen.js';
import { itOnTerminal, TerminalRun } from '../helpers/terminal.js';

const cli = await startCli({ components: 600 });
const { components } = cli.pdb.dataset;
const strips = components.filter(
  ({ componentType, state }) => componentType.project === 'S' && state === 'ready',
);

/** In milliseconds. */
const LIMIT = 1000;

/**
 * Checks that something ends within a second: on a busy computer not each time, so the fastest of several attempts counts.
 *
 * @param attempt - returns how long it took, in milliseconds
 */
async function expectQuick(attempt: () => Promise<number>): Promise<void> {
  const times: number[] = [];
  do times.push(await attempt());
  while (Math.min(...times) > LIMIT && times.length < 4);
  expect(Math.min(...times)).toBeLessThan(LIMIT);
}

/** Sends a signal, and waits for the end. */
async function interrupt(running: Running, signal: NodeJS.Signals): Promise<Ran & { milliseconds: number }> {
  const start = performance.now();
  running.process.kill(signal);
  const ran = await running.ended;
  return { ...ran, milliseconds: performance.now() - start };
}

/** Lets the first two pages of a list arrive, and none of the others. */
function stallList(): void {
  cli.pdb.reset();
  cli.pdb.fault({ on: 'listComponents', after: 2, times: Infinity, delay: Infinity });
}

/** A page of a list of 100,000 components. */
function hugeList({ input }: RecordedRequest): object {
  const { pageIndex = 0, pageSize = 100 } = (input['pageInfo'] ?? {}) as {
    pageIndex?: number;
    pageSize?: number;
  };
  const itemList = Array.from({ length: pageSize }, (_, index) => {
    const number = pageIndex * pageSize + index;
    return { id: number.toString(16).padStart(24, '0'), serialNumber: `20USEXX${1_000_000 + number}` };
  });
  return { itemList, pageInfo: { pageIndex, pageSize, total: 100_000 } };
}

/** Fails where a command left something in the folders. */
async function expectNoFiles(expected: readonly string[] = []): Promise<void> {
  expect(await readdir(cli.folder)).toEqual(expected);
  expect(await readdir(cli.temporary)).toEqual([]);
}

describe('a list in a pipe', () => {
  it.for([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('ends after %s with exit code %i, and says so', async ([signal, exitCode]) => {
    await expectQuick(async () => {
      stallList();
      const running = cli.spawn(['list-components', '--ndjson']);
      await running.prints(new RegExp(strips[0]?.serialNumber ?? ''));
      const { code, stdout, stderr, milliseconds } = await interrupt(running, signal);
      expect({ code, stderr }).toEqual({ code: exitCode, stderr: 'itkdb: interrupted\n' });
      // Whole lines.
      for (const line of stdout.trimEnd().split('\n'))
        expect(JSON.parse(line)).toHaveProperty('serialNumber');
      return milliseconds;
    });
    await expect.poll(() => cli.pdb.openConnections).toBe(0);
    await expectNoFiles();
  });

  it('has the whole list when it is called again', async () => {
    stallList();
    const running = cli.spawn(['list-components']);
    await running.prints(new RegExp(strips[0]?.serialNumber ?? ''));
    expect(await interrupt(running, 'SIGINT')).toMatchObject({ code: 130 });
    cli.pdb.reset();
    const { code, stdout } = await cli.run(['list-components']);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toHaveLength(strips.length);
  });

  it('with --json writes the error as JSON', async () => {
    stallList();
    const running = cli.spawn(['list-components', '--json']);
    await running.prints(new RegExp(strips[0]?.serialNumber ?? ''));
    const { code, stderr } = await interrupt(running, 'SIGINT');
    expect(code).toBe(130);
    expect(JSON.parse(stderr)).toMatchObject({ error: { message: 'interrupted', exitCode: 130 } });
  });

  it('ends at the sign-in too', async () => {
    await expectQuick(async () => {
      cli.pdb.fault({ on: 'grantToken', times: Infinity, delay: Infinity });
      const running = cli.spawn(['list-components']);
      await expect.poll(() => cli.pdb.count('grantToken')).toBe(1);
      const { code, stdout, stderr, milliseconds } = await interrupt(running, 'SIGINT');
      cli.pdb.reset();
      expect({ code, stdout, stderr }).toEqual({ code: 130, stdout: '', stderr: 'itkdb: interrupted\n' });
      return milliseconds;
    });
  });
});

describe('a list whose reader has gone', () => {
  it.for([['--ndjson'], ['--csv'], ['--json'], ['--table']])(
    '%s: itkdb list-components | head -1 is done, and requests no more pages',
    async ([format]) => {
      cli.pdb.answer('listComponents', hugeList, { times: Infinity });
      const { stdout, stderr } = await cli.shell(
        `itkdb list-components ${format} | head -1; echo $PIPESTATUS >&2`,
      );
      expect(stdout.trimEnd().split('\n')).toHaveLength(1);
      expect(stderr).toBe('0\n');
      expect(cli.pdb.count('listComponents')).toBeLessThan(100);
      await expect.poll(() => cli.pdb.openConnections).toBe(0);
    },
  );
});

describe('a list on a terminal', () => {
  itOnTerminal('ends after Ctrl-C with exit code 130, and says so', async () => {
    await expectQuick(async () => {
      stallList();
      const terminal = new TerminalRun(cli, ['list-components', '--limit', 'all']);
      await terminal.shows(new RegExp(strips[0]?.serialNumber ?? ''));
      const start = performance.now();
      terminal.type('\x03');
      const { code, screen } = await terminal.ended;
      const milliseconds = performance.now() - start;
      expect(code).toBe(130);
      expect(screen).toMatch(/^(?:\^C)?itkdb: interrupted\n$/m);
      expect(screen).not.toMatch(/Error|\bat \S+:\d+/);
      return milliseconds;
    });
    await expectNoFiles();
  });
});

/** A way to the database and to EOS that is so slow that an upload stays in its middle. */
interface Bottleneck {
  /** The environment of a command that goes this way. */
  readonly env: Readonly<Record<string, string>>;
  /** Resolves when an upload is in its middle. Rejects if the command ends before. */
  readonly isReached: (ended: Promise<unknown>) => Promise<void>;
}

/** Forwards requests, but of a body only the given number of bytes. */
async function startBottleneck(bytes: number): Promise<Bottleneck> {
  let isFull = false;
  const forward = async (origin: string, rewrite: (text: string) => string): Promise<string> => {
    const proxy = createServer(async (incoming, response) => {
      let count = 0;
      const { method, url } = incoming;
      const { 'accept-encoding': _, ...headers } = incoming.headers;
      const outgoing = request(new URL(url ?? '', origin), { method, headers, agent: false });
      incoming.on('data', (chunk: Buffer) => {
        count += chunk.length;
        if (count <= bytes) outgoing.write(chunk);
        else {
          isFull = true;
          incoming.pause();
        }
      });
      incoming.on('end', () => outgoing.end());
      response.on('close', () => outgoing.destroy());
      outgoing.on('error', () => response.destroy());
      outgoing.on('response', async (answer) => {
        const { 'content-length': length, ...fields } = answer.headers;
        const body = await buffer(answer);
        response.writeHead(answer.statusCode ?? 500, fields);
        response.end(/json/.test(fields['content-type'] ?? '') ? rewrite(body.toString()) : body);
      });
    });
    const { url, close } = await listen(proxy);
    onTestFinished(close);
    return url;
  };
  const eos = await forward(cli.pdb.eosUrl, (text) => text);
  // The database says where EOS is.
  const api = await forward(cli.pdb.apiUrl, (text) => text.replaceAll(cli.pdb.eosUrl, eos));
  return {
    env: { ITKDB_API_URL: api },
    isReached: async (ended) => {
      const tooEarly = ended.then((outcome) => expect.fail(`it ended: ${JSON.stringify(outcome)}`));
      await Promise.race([expect.poll(() => isFull).toBe(true), tooEarly]);
    },
  };
}

describe('an upload of a large attachment', () => {
  const SIZE = 64 * 1024 * 1024;
  const target = strips.find(({ attachments }) => attachments.length === 0);
  const args = ['add-attachment', target?.serialNumber ?? '', '--file', 'scan.bin'];

  async function createFile(): Promise<void> {
    const file = await open(join(cli.folder, 'scan.bin'), 'w');
    await file.truncate(SIZE);
    await file.close();
  }

  it.for([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)(
    'that is half sent ends after %s with exit code %i, and attaches nothing',
    async ([signal, exitCode]) => {
      await createFile();
      await expectQuick(async () => {
        const bottleneck = await startBottleneck(SIZE / 2);
        const running = cli.spawn(args, { env: bottleneck.env });
        await bottleneck.isReached(running.ended);
        const { code, stdout, stderr, milliseconds } = await interrupt(running, signal);
        expect({ code, stdout }).toEqual({ code: exitCode, stdout: '' });
        expect(stderr).toMatch(/^itkdb: /);
        expect(stderr).not.toMatch(/^ +at /m);
        return milliseconds;
      });
      expect(target?.attachments).toEqual([]);
      await expectNoFiles(['scan.bin']);
    },
  );

  itOnTerminal('on a terminal ends after Ctrl-C with exit code 130, and attaches nothing', async () => {
    await createFile();
    await expectQuick(async () => {
      const bottleneck = await startBottleneck(SIZE / 2);
      const terminal = new TerminalRun(cli, args, { env: bottleneck.env });
      await bottleneck.isReached(terminal.ended);
      const start = performance.now();
      terminal.type('\x03');
      const { code, screen } = await terminal.ended;
      const milliseconds = performance.now() - start;
      expect(code).toBe(130);
      expect(screen).not.toMatch(/^ +at /m);
      return milliseconds;
    });
    expect(target?.attachments).toEqual([]);
  });

  it('that is wholly sent but not confirmed is in the database as a whole, and the user is told', async () => {
    await writeFile(join(cli.folder, 'scan.bin'), 'x'.repeat(1000));
    // The database does it, and its response is late.
    cli.pdb.fault({ on: 'createComponentAttachment', drip: 100_000 });
    const running = cli.spawn(args);
    await expect.poll(() => target?.attachments.length).toBe(1);
    const { code, stdout, stderr } = await interrupt(running, 'SIGINT');
    expect({ code, stderr }).toEqual({ code: 130, stderr: '' });
    expect(JSON.parse(stdout)).toMatchObject({ filename: 'scan.bin' });
    expect(target?.attachments).toMatchObject([{ filename: 'scan.bin' }]);
  });

  it('that the database does not answer ends too, and says what is not known', async () => {
    await writeFile(join(cli.folder, 'scan.bin'), 'x'.repeat(1000));
    cli.pdb.fault({ on: 'createComponentAttachment', delay: Infinity });
    const running = cli.spawn(args);
    await expect.poll(() => cli.pdb.count('createComponentAttachment')).toBe(1);
    const { code, stdout, stderr } = await interrupt(running, 'SIGINT');
    expect({ code, stdout }).toEqual({ code: 130, stdout: '' });
    expect(stderr).toMatch(/unknown.*scan\.bin/s);
    expect(stderr).toContain('Look for it before you attach it again');
  });

  it('whose file does not exist sends nothing', async () => {
    expect(await cli.run(args)).toMatchObject({ code: 2, stdout: '' });
    expect(cli.pdb.count('createComponentAttachment')).toBe(0);
  });
});

describe('a signal that a command does not wait for', () => {
  it('a second Ctrl-C ends it at once', async () => {
    stallList();
    const running = cli.spawn(['list-components', '--ndjson']);
    await running.prints(new RegExp(strips[0]?.serialNumber ?? ''));
    running.process.kill('SIGINT');
    running.process.kill('SIGINT');
    const { code, signal } = await running.ended;
    expect({ code, signal }).toEqual({ code: 130, signal: null });
  });
});
