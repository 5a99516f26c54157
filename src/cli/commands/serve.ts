import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { constants } from 'node:os';
import { basename } from 'node:path';
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
ends, with the same exit code.

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
  sh: (name, value) => `export ${name}='${value}'`,
  fish: (name, value) => `set -gx ${name} '${value}'`,
  powershell: (name, value) => `$env:${name} = '${value}'`,
  cmd: (name, value) => `set "${name}=${value}"`,
};

/** Starts an embedded database. It runs until Ctrl-C, or until the command ends that is run with it. */
async function serve(cli: Cli, options: ServeOptions, words: readonly string[]): Promise<void> {
  await using pdb = await start(options);
  if (words.length > 0) {
    process.exitCode = await run(words, pdb.env);
    return;
  }
  const { shell = defaultShell() } = options;
  if (options.json !== undefined) await cli.output.show(pdb.env);
  else process.stdout.write(linesFor(shell, pdb.env));
  cli.say(`An embedded database with made-up parts runs at ${pdb.apiUrl}`);
  cli.say('Copy the lines into a second terminal, and try there: itkdb list-components');
  cli.say('Ctrl-C ends it.');
  await new Promise<void>((resolve) => onSignals({ SIGINT: resolve, SIGTERM: resolve }));
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

function linesFor(shell: Shell, env: Readonly<Record<string, string>>): string {
  return Object.entries(env)
    .map(([name, value]) => `${LINES[shell](name, value)}\n`)
    .join('');
}

function defaultShell(): Shell {
  if (process.platform === 'win32') return 'powershell';
  return basename(process.env['SHELL'] ?? '') === 'fish' ? 'fish' : 'sh';
}

/** Runs a command, and returns its exit code. */
async function run(words: readonly string[], env: Readonly<Record<string, string>>): Promise<number> {
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
