import { cp, readFile, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import xterm from '@xterm/headless';
import { describe, expect, it } from 'vitest';
import { COMMANDS } from '../../src/cli/commands.js';
import { DEFAULT_SETTINGS } from '../../src/index.js';
import { PACKAGE, startCli } from '../helpers/cli.js';
import { documents } from '../helpers/code-blocks.js';
import { ROOT } from '../helpers/installed-package.js';
import { itOnTerminal, TerminalRun } from '../helpers/terminal.js';

/** As many components as `itkdb serve` has. */
const cli = await startCli({ components: 3000 });
const COLUMNS = 80;
/** Of the shell in the tests: no command prints it. */
const PROMPT = 'itk> ';
/** Blocks of a document that show a terminal, without their fences. */
const BLOCKS = /(?<=^```console\n).*?(?=^```$)/gms;
const pages = await Promise.all(
  (await documents()).map(async (path) => ({ path, text: await readFile(join(ROOT, path), 'utf8') })),
);

/** The rows of the table of all commands. */
const COMMAND_ROWS = /(?<=^\| command \| what it does \| example \|\n\| --- \| --- \| --- \|\n)(?:\|.*\n)*/m;

function commandRows(): string {
  return Object.entries(COMMANDS)
    .flatMap(([group, entries]) => [
      `| **${group.replace(':', '')}** | | |\n`,
      ...entries.map(({ name, summary, example }) => `| \`${name}\` | ${summary} | \`${example}\` |\n`),
    ])
    .join('');
}

/** A command in a document, with the lines that it prints. */
interface Step {
  readonly command: string;
  readonly output: readonly string[];
}

function stepsOf(block: string): Step[] {
  const [before, ...steps] = block.trimEnd().split(/^\$ /m);
  if (before !== '') throw new Error(`This block does not start with a command:\n${block}`);
  return steps.map((step) => {
    const [command = '', ...output] = step.trimEnd().split('\n');
    return { command, output };
  });
}

/** Whether a command printed what the document says. There, a line with `…` alone stands for lines that are left out. */
function isAsShown([first, ...others]: readonly string[], printed: readonly string[]): boolean {
  if (first === undefined) return printed.length === 0;
  if (first === '…') return printed.some((_, at) => isAsShown(others, printed.slice(at + 1)));
  const [line, ...rest] = printed;
  return line !== undefined && timeless(first) === timeless(line) && isAsShown(others, rest);
}

/** Replaces what differs between two runs: ports, and times that are about now. All times of the data are in the past. */
function timeless(line: string): string {
  return line
    .replace(/\b127\.0\.0\.1:\d+/g, '<host>')
    .replace(/\b(?:202[6-9]|20[3-9]\d)-\d\d-\d\d(?: \d\d:\d\d(?::\d\d)?)?/g, '<time>')
    .replace(/\b\d+ minutes from now/g, '<duration> from now');
}

/** What a person types when a command asks. */
const ANSWERS: Readonly<Record<string, readonly (readonly [RegExp, string])[]>> = {
  'npx itkdb login': [
    [/code 1: $/, cli.pdb.user.accessCode1],
    [/code 2: $/, cli.pdb.user.accessCode2],
    [/\[y\/N\] $/, 'n'],
  ],
};

/** Types commands at a terminal, in a folder in which the package is installed. Returns all lines that a person saw. */
async function typeAll(commands: readonly string[]): Promise<string[]> {
  await symlink(dirname(PACKAGE), join(cli.folder, 'node_modules'));
  await cp(join(ROOT, 'test/fixtures/tour'), cli.folder, { recursive: true });
  await writeFile(join(cli.home, '.hushlogin'), '');
  // Without an editor of lines, long ones are wrapped by the terminal.
  await writeFile(join(cli.home, '.bashrc'), `PS1='${PROMPT}'; set +o emacs\n`);
  const env = {
    // Only npx finds the command, and the settings are in the home directory: as for a new user.
    ...{ PATH: process.env['PATH'], ITKDB_CONFIG_DIR: undefined, XDG_CACHE_HOME: undefined },
    ...{
      NPM_CONFIG_PROGRESS: 'false',
      NPM_CONFIG_UPDATE_NOTIFIER: 'false',
      BASH_SILENCE_DEPRECATION_WARNING: '1',
    },
  };
  const terminal = new TerminalRun(cli, [], { program: 'bash', columns: COLUMNS, anonymous: true, env });
  await terminal.shows(/itk> $/);
  for (const command of commands) {
    terminal.type(`${command}\r`);
    for (const [when, answer] of ANSWERS[command] ?? []) {
      await terminal.shows(when);
      terminal.type(`${answer}\r`);
    }
    await terminal.shows(/itk> $/);
  }
  terminal.kill('SIGHUP');
  const { raw } = await terminal.ended;
  return linesOf(raw);
}

/** The lines on a terminal, and those that have been scrolled out of it. Lines that the terminal has wrapped are whole. */
async function linesOf(raw: string): Promise<string[]> {
  const screen = new xterm.Terminal({ cols: COLUMNS, rows: 24, scrollback: 10_000, allowProposedApi: true });
  await new Promise<void>((resolve) => screen.write(raw, resolve));
  const { active } = screen.buffer;
  const lines: string[] = [];
  for (let at = 0; at < active.length; at++) {
    const line = active.getLine(at);
    const isWrapped = line?.isWrapped === true;
    lines.push(`${isWrapped ? lines.pop() : ''}${line?.translateToString(false) ?? ''}`);
  }
  return lines.filter((line) => !ADDRESS_OF_TEST.test(line)).map((line) => plain(line.trimEnd()));
}

/** What `itkdb login` says only where the environment names another database, as in tests. */
const ADDRESS_OF_TEST = /^The (?:identity service|database) is .* in the environment\)/;

/** Replaces what is only in tests: the folders, and the address of the database. */
function plain(line: string): string {
  const { folder, home, pdb } = cli;
  return line
    .replaceAll(folder, '/home/alex/itk')
    .replaceAll(home, '/home/alex')
    .replaceAll(pdb.apiUrl, String(DEFAULT_SETTINGS.ITKDB_API_URL));
}

/** Splits the lines on a terminal into what each command printed. */
function outputsOf(lines: readonly string[], commands: readonly string[]): string[][] {
  let at = 0;
  const starts = commands.map((command) => {
    at = lines.indexOf(`${PROMPT}${command}`, at) + 1;
    expect(at, `${command}, on the terminal`).toBeGreaterThan(0);
    return at;
  });
  const end = lines.lastIndexOf(PROMPT.trimEnd());
  return starts.map((start, index) => lines.slice(start, (starts[index + 1] ?? end + 1) - 1));
}

describe('the commands in the documents', () => {
  const shown = pages.filter(({ text }) => text.includes('\n```console\n'));
  for (const page of shown)
    itOnTerminal(
      `${page.path} shows what they print: renew it with vitest -u`,
      async () => {
        await expect(await renew(page.text)).toMatchFileSnapshot(join(ROOT, page.path));
      },
      180_000,
    );

  it('are on the page of the command line, and in the README', () => {
    expect(shown.map(({ path }) => path)).toEqual(expect.arrayContaining(['README.md', 'docs/cli.md']));
  });
});

/** Runs the commands of a document in their order. Returns the document with what they print now, and all commands in its table. */
async function renew(text: string): Promise<string> {
  const commands = (text.match(BLOCKS) ?? []).flatMap(stepsOf).map(({ command }) => command);
  const outputs = outputsOf(await typeAll(commands), commands);
  return text.replace(COMMAND_ROWS, commandRows()).replace(BLOCKS, (block) => {
    const steps = stepsOf(block).map(({ command, output }) => {
      const printed = outputs.shift() ?? [];
      return [`$ ${command}`, ...(isAsShown(output, printed) ? output : printed)].join('\n');
    });
    return `${steps.join('\n')}\n`;
  });
}
