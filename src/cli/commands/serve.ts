import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { constants, tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { type Command, InvalidArgumentError, Option } from 'commander';
import type { EmbeddedPdb } from '../../testing/index.js';
import { messageOf } from '../../util/errors.js';
import { action } from '../action.js';
import type { Cli } from '../cli.js';
import { CliError, EXIT } from '../errors.js';

/** `itkdb serve` */
export function define(command: Command): void {
  command
    .argument('[command...]', 'after "--": a command to run with this database')
    .option(
      '--port <number>',
      'port of the database; it uses the next two, too (default: free ones)',
      toNumber,
    )
    .option('--seed <number>', 'a different seed makes different data', toNumber, 1)
    .option('--components <number>', 'minimum number of components', toNumber, 3000)
    .option('--latency <milliseconds>', 'time that each request takes', toNumber, 0)
    .addOption(
      new Option('--shell <name>', 'shell that the lines are for (default: your shell)').choices(
        Object.keys(LINES),
      ),
    )
    .option('--json [fields]', 'the environment as JSON')
    .addHelpText('after', HELP)
    .action(action<ServeOptions, [string[]]>(serve));
}

const HELP = `
The data are made up. They are gone when the database ends. Ctrl-C ends it, with
exit code 0. With a command after "--", the database ends when that command
ends, with the same exit code. Your own sign-in is not touched: there, login and
logout work with a sign-in of a made-up user.

Examples:
  itkdb serve --port 8900
  itkdb serve -- npx itkdb list-projects`;

function toNumber(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError('Give a whole number.');
  return Number(text);
}

/** The shells for which lines are printed. */
type Shell = 'sh' | 'fish' | 'powershell' | 'cmd';

/** The options of `itkdb serve`. */
interface ServeOptions {
  readonly port?: number;
  readonly seed: number;
  readonly components: number;
  /** In milliseconds. */
  readonly latency: number;
  readonly shell?: Shell;
  readonly json?: string;
}

/** How a shell sets a variable. */
const LINES: Readonly<Record<Shell, (name: string, value: string) => string>> = {
  sh: (name, value) => `export ${name}='${value.replaceAll("'", "'\\''")}'`,
  fish: (name, value) => `set -gx ${name} '${value.replaceAll(/[\\']/g, '\\$&')}'`,
  powershell: (name, value) => `$env:${name} = '${value.replaceAll("'", "''")}'`,
  cmd: (name, value) => `set "${name}=${value}"`,
};

/** Starts an embedded database. It runs until Ctrl-C, or until the command ends that is run with it. */
async function serve(cli: Cli, options: ServeOptions, words: readonly string[]): Promise<void> {
  await using pdb = await start(options);
  const folder = await mkdtemp(join(tmpdir(), 'itkdb-serve-'));
  try {
    const env = await prepare(pdb, folder);
    if (words.length > 0) await runWith(cli, pdb, words, env);
    else await showAndWait(cli, pdb, options, env);
  } finally {
    await rm(folder, { recursive: true, force: true, maxRetries: 3 });
  }
}

/** The variables that make other commands use a database. */
type Environment = Readonly<Record<string, string>>;

/**
 * Returns the environment of commands that use the database. Their settings, sign-in and cache are in this folder, so that
 * they do not change those of the user.
 */
async function prepare(pdb: EmbeddedPdb, folder: string): Promise<Environment> {
  const cache = process.platform === 'win32' ? 'LOCALAPPDATA' : 'XDG_CACHE_HOME';
  const folders = { ITKDB_CONFIG_DIR: join(folder, 'config'), [cache]: join(folder, 'cache') };
  const { accessCode1, accessCode2 } = pdb.user;
  const { ITKDB_ACCESS_CODE1: _1, ITKDB_ACCESS_CODE2: _2, ...addresses } = pdb.env;
  // For this process too: the sign-in is stored there.
  Object.assign(process.env, addresses, folders);
  const { SignInPlace } = await import('../sign-in.js');
  const place = new SignInPlace({ cache: false });
  // Access codes of the user, such as those in `.env`, come before a stored sign-in. So these must come before them.
  if (place.originOfCodes !== undefined) return { ...pdb.env, ...folders };
  const { audience } = place.addresses;
  const grant = await pdb.identity.grantToken({ accessCode1, accessCode2, scope: audience });
  const tokens = { idToken: String(grant['id_token']), accessToken: String(grant['access_token']) };
  const { storeSignIn } = await import('../../auth/stored-sign-in.js');
  await storeSignIn({ ...place.addresses, tokens, codes: { accessCode1, accessCode2 } });
  return { ...addresses, ...folders };
}

/** Runs a command with the database, and sets the exit code. */
async function runWith(
  cli: Cli,
  pdb: EmbeddedPdb,
  words: readonly string[],
  env: Environment,
): Promise<void> {
  const say = (line: string): void => {
    if (process.stderr.isTTY) cli.say(line);
  };
  for (const line of aboutPractice(pdb)) say(line);
  say(`It ends with ${words[0]}. To leave a shell, type: exit`);
  process.exitCode = await run(words, env);
  say('The database of made-up parts has ended.');
}

/** Prints the environment, and waits for Ctrl-C. */
async function showAndWait(
  cli: Cli,
  pdb: EmbeddedPdb,
  { shell = defaultShell(), json }: ServeOptions,
  env: Environment,
): Promise<void> {
  if (json !== undefined) await cli.output.show(env);
  else process.stdout.write(linesFor(shell, env));
  for (const line of aboutPractice(pdb)) cli.say(line);
  cli.say('Copy the lines into a second terminal, and try there: itkdb list-components');
  cli.say('Ctrl-C ends it.');
  await new Promise<void>((resolve) => onSignals({ SIGINT: resolve, SIGTERM: resolve }));
}

/** The access codes are made up, and no secret. */
function aboutPractice({ apiUrl, user }: EmbeddedPdb): string[] {
  return [
    `A database of made-up parts runs at ${apiUrl}. Your own sign-in is not touched.`,
    `To practise itkdb login, use the codes ${user.accessCode1} and ${user.accessCode2}`,
  ];
}

/** Replaces the listeners of signals, which would end the command with exit code 130. */
function onSignals(actions: Readonly<Record<'SIGINT' | 'SIGTERM', () => void>>): void {
  process.removeAllListeners('SIGINT').on('SIGINT', actions.SIGINT);
  process.removeAllListeners('SIGTERM').on('SIGTERM', actions.SIGTERM);
}

async function start({ port, seed, components, latency }: ServeOptions): Promise<EmbeddedPdb> {
  try {
    const { startPdb } = await import('../../testing/index.js');
    return await startPdb({ ...{ port, seed, components, latency }, keptRequests: 0, keepRunning: true });
  } catch (error) {
    if (port === undefined || !messageOf(error).includes('EADDRINUSE')) throw error;
    throw new CliError(`one of the ports ${port} to ${port + 2} is in use`, {
      exitCode: EXIT.failed,
      advice: 'Choose another --port, or leave it out.',
    });
  }
}

function linesFor(shell: Shell, env: Environment): string {
  return Object.entries(env)
    .map(([name, value]) => `${LINES[shell](name, value)}\n`)
    .join('');
}

function defaultShell(): Shell {
  if (process.platform === 'win32') return 'powershell';
  return basename(process.env['SHELL'] ?? '') === 'fish' ? 'fish' : 'sh';
}

/** Runs a command, and returns its exit code. */
async function run(words: readonly string[], env: Environment): Promise<number> {
  const isWindows = process.platform === 'win32';
  // There, `npx` is a script that only a shell can run.
  const [file = '', ...rest] = isWindows ? [words.map(quote).join(' ')] : words;
  const child = spawn(file, rest, { stdio: 'inherit', shell: isWindows, env: { ...process.env, ...env } });
  // The terminal sends Ctrl-C to the command too, which may ignore it.
  onSignals({ SIGINT: () => {}, SIGTERM: () => void child.kill('SIGTERM') });
  try {
    const [code, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null];
    return code ?? 128 + (signal === null ? 0 : constants.signals[signal]);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new CliError(code === 'ENOENT' ? `there is no program ${words[0]}` : message);
  }
}

function quote(word: string): string {
  return /^[\w@%+=:,./\\-]+$/.test(word) ? word : `"${word.replaceAll('"', '\\"')}"`;
}
