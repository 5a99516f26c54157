import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { mkdir, mkdtemp, readFile, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { afterAll, beforeEach, expect, inject, onTestFinished, vi } from 'vitest';
import { type EmbeddedPdb, type PdbOptions, startPdb } from '../../src/testing/index.js';
import { ROOT } from './installed-package.js';

/** How the environment of a command differs from that of a user who has the access codes in the environment. */
export interface EnvironmentOptions {
  /** Variables on top. `undefined` removes one. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Whether the access codes are left out. The addresses of the database are still there. @defaultValue `false` */
  readonly anonymous?: boolean;
}

/** How a command is run. */
export interface RunOptions extends EnvironmentOptions {
  /** What the command reads from stdin. @defaultValue nothing */
  readonly input?: string | Uint8Array;
  /** The working directory. @defaultValue {@link Cli.folder} */
  readonly cwd?: string;
}

/** What became of a command. */
export interface Ran {
  /** The exit code; `null` where a signal ended the process. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
  /** What stdout got, as bytes. */
  readonly bytes: Buffer;
}

/** A command that runs. */
export interface Running {
  readonly process: ChildProcessByStdio<Writable, Readable, Readable>;
  readonly ended: Promise<Ran>;
  /** Resolves when stdout or stderr has matched. */
  readonly prints: (pattern: RegExp) => Promise<void>;
}

const INSTALLATION: string = inject('cliInstallation');
const BIN: string = join(INSTALLATION, 'node_modules', '.bin');

/** The installed binary, as npm links it. */
export const BINARY: string = join(BIN, 'itkdb');

/** The installed package. */
export const PACKAGE: string = join(INSTALLATION, 'node_modules', 'itkdb');

/** The installed command line, with an embedded database and folders that are as new before each test. */
export class Cli {
  readonly pdb: EmbeddedPdb;
  #base = '';

  constructor(pdb: EmbeddedPdb) {
    this.pdb = pdb;
  }

  /** The working directory. It is empty at first. */
  get folder(): string {
    return join(this.#base, 'work');
  }

  /** `ITKDB_CONFIG_DIR`. It does not exist at first, as for a new user. */
  get config(): string {
    return join(this.#base, 'config');
  }

  /** `XDG_CACHE_HOME`. It does not exist at first. */
  get cache(): string {
    return join(this.#base, 'cache');
  }

  /** The home directory. It is empty at first. */
  get home(): string {
    return join(this.#base, 'home');
  }

  /** The folder for temporary files. It is empty at first. */
  get temporary(): string {
    return join(this.#base, 'tmp');
  }

  /** Makes the folders and the database as new. */
  async renew(): Promise<void> {
    await this.remove();
    this.#base = await realpath(await mkdtemp(join(tmpdir(), 'itkdb-cli-')));
    for (const folder of [this.folder, this.home, this.temporary]) await mkdir(folder);
    this.pdb.reset();
    this.pdb.restore();
    Object.assign(this.pdb.identity, { tokenLifetime: 7200, clockOffset: 0 });
  }

  async remove(): Promise<void> {
    if (this.#base !== '') await rm(this.#base, { recursive: true, force: true });
  }

  /** The whole environment of a command: nothing is from the person who runs the tests, except where programs are. */
  environment({ env = {}, anonymous = false }: EnvironmentOptions = {}): Record<string, string> {
    const { ITKDB_ACCESS_CODE1, ITKDB_ACCESS_CODE2, ...addresses } = this.pdb.env;
    const codes = { ITKDB_ACCESS_CODE1, ITKDB_ACCESS_CODE2 };
    const all = {
      PATH: [BIN, dirname(process.execPath), process.env['PATH']].join(delimiter),
      HOME: this.home,
      TMPDIR: this.temporary,
      TZ: 'UTC',
      ITKDB_CONFIG_DIR: this.config,
      XDG_CACHE_HOME: this.cache,
      ...addresses,
      ...(anonymous ? {} : codes),
      ...env,
    };
    return Object.fromEntries(
      Object.entries(all).filter((entry): entry is [string, string] => entry[1] !== undefined),
    );
  }

  /** Runs `itkdb` in pipes, and waits for its end. */
  run(args: readonly string[], options: RunOptions = {}): Promise<Ran> {
    return this.#start(BINARY, args, options).ended;
  }

  /** Starts `itkdb` in pipes. It is killed at the end of the test if it still runs. */
  spawn(args: readonly string[], options: RunOptions = {}): Running {
    return this.#start(BINARY, args, options);
  }

  /** Runs a line of bash, in which `itkdb` is the installed one, such as `itkdb list-components | head -1`. */
  shell(line: string, options: RunOptions = {}): Promise<Ran> {
    return this.#start('bash', ['-c', line], options).ended;
  }

  #start(file: string, args: readonly string[], options: RunOptions): Running {
    const { input = '', cwd = this.folder } = options;
    const child = spawn(file, args, { cwd, env: this.environment(options), stdio: 'pipe' });
    onTestFinished(() => void child.kill('SIGKILL'));
    let isRunning = true;
    child.once('close', () => {
      isRunning = false;
    });
    let printed = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk: Buffer) => {
        printed += chunk.toString();
      });
    // A command need not read its stdin.
    child.stdin.on('error', () => {}).end(input);
    return {
      process: child,
      ended: endOf(child),
      prints: (pattern) =>
        expectSoon(
          pattern,
          () => printed,
          () => isRunning,
        ),
    };
  }
}

/** Waits until a text matches, and fails when the process has ended without it. */
export async function expectSoon(
  pattern: RegExp,
  text: () => string,
  isRunning: () => boolean,
): Promise<void> {
  const isDecided = (): boolean => !isRunning() || pattern.test(text());
  await vi.waitUntil(isDecided, { timeout: 30_000, interval: 20 }).catch(() => {});
  expect(text()).toMatch(pattern);
}

async function endOf(child: Running['process']): Promise<Ran> {
  const exit = new Promise<Pick<Ran, 'code' | 'signal'>>((resolve, reject) => {
    child.once('error', reject).once('close', (code, signal) => resolve({ code, signal }));
  });
  const [{ code, signal }, stdout, stderr] = await Promise.all([
    exit,
    buffer(child.stdout),
    buffer(child.stderr),
  ]);
  return { code, signal, stdout: stdout.toString(), stderr: stderr.toString(), bytes: stdout };
}

/** Starts an embedded database for the tests of one file, and a command line that uses it. */
export async function startCli(options: PdbOptions = {}): Promise<Cli> {
  const cli = new Cli(await startPdb({ components: 300, ...options }));
  beforeEach(() => cli.renew());
  afterAll(async () => {
    await cli.pdb.close();
    await cli.remove();
  });
  return cli;
}

const { version } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8')) as { version: string };

/** The time in which what a test writes lies, and when a token that it gets ends, in milliseconds. */
const NEAR = 2 * 24 * 3600_000;

/** Replaces what differs between two runs: folders, ports, the version, and times that are about now. */
function stable(text: string, cli: Cli): string {
  const { pdb } = cli;
  const words: [string, string][] = [
    [cli.folder, '<folder>'],
    [cli.config, '<config>'],
    [cli.cache, '<cache>'],
    [cli.home, '<home>'],
    [cli.temporary, '<tmp>'],
    [pdb.apiUrl, 'http://<api>/'],
    [pdb.authUrl, 'http://<auth>/'],
    [pdb.eosUrl, 'http://<eos>/'],
    [version, '<version>'],
  ];
  return words
    .reduce((result, [from, to]) => result.replaceAll(from, to), text)
    .replace(/\b\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z| UTC)?)?/g, (time) => {
      return isNear(Date.parse(time.replace(' UTC', 'Z'))) ? '<time>' : time;
    })
    .replace(/\b\d{13}\b/g, (time) => (isNear(Number(time)) ? '<time>' : time));
}

const isNear = (time: number): boolean => Math.abs(time - Date.now()) < NEAR;

/** Compares a text with the file `test/cli/golden/<name>.txt`, after {@link stable}. `vitest -u` writes that file. */
export async function expectGolden(name: string, text: string, cli: Cli): Promise<void> {
  await expect(stable(text, cli)).toMatchFileSnapshot(join(ROOT, 'test', 'cli', 'golden', `${name}.txt`));
}
