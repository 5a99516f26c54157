import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { COMMANDS } from '../../src/cli/commands.js';
import { expectGolden, PACKAGE, type Ran, startCli } from '../helpers/cli.js';
import { ROOT } from '../helpers/installed-package.js';
import { itOnTerminal, runInTerminal } from '../helpers/terminal.js';

const cli = await startCli({ components: 50 });

const ENTRIES = Object.values(COMMANDS).flat();
/** The words of each command that does something, such as `['tree']` and `['eos', 'upload']`. */
const CALLS: string[][] = (
  await Promise.all(
    ENTRIES.map(async ({ name, load }) => {
      const command = new Command(name);
      (await load()).define(command);
      return callsOf(command);
    }),
  )
).flat();

function callsOf(command: Command): string[][] {
  if (command.commands.length === 0) return [[command.name()]];
  return command.commands.flatMap((one) => callsOf(one).map((words) => [command.name(), ...words]));
}

const linesOf = (text: string): string[] => text.trimEnd().split('\n');

/** Fails where a help page contains a secret, is too wide, or needed the database. */
function expectHelp({ code, stdout, stderr }: Ran): void {
  const { accessCode1, accessCode2 } = cli.pdb.user;
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout).toMatch(/^Usage: itkdb /);
  for (const secret of [accessCode1, accessCode2, 'code-in-file', 'token-of-eos', 'key-of-api'])
    expect(stdout).not.toContain(secret);
  expect(linesOf(stdout).filter((line) => line.length > 80)).toEqual([]);
  expect(cli.pdb.requests).toEqual([]);
}

describe('itkdb --help', () => {
  it('needs neither access codes nor a network, and creates no file', async () => {
    const nowhere = 'http://127.0.0.1:1/';
    const env = { ITKDB_AUTH_URL: nowhere, ITKDB_API_URL: nowhere };
    const ran = await cli.run(['--help'], { anonymous: true, env });
    expectHelp(ran);
    await expectGolden('help', ran.stdout, cli);
    expect(await readdir(cli.folder)).toEqual([]);
    expect(await readdir(cli.home)).toEqual([]);
    for (const folder of [cli.config, cli.cache]) await expect(stat(folder)).rejects.toThrow('ENOENT');
  });

  it('shows the commands in groups, each with a call that can be copied', async () => {
    const { stdout } = await cli.run(['--help']);
    for (const [group, entries] of Object.entries(COMMANDS)) {
      const section = stdout.split('\n\n').find((text) => text.startsWith(`${group}\n`)) ?? '';
      for (const { name, summary, example } of entries) {
        expect(section).toMatch(new RegExp(`^  ${name} +${summary.slice(0, 10)}`, 'm'));
        expect(section).toContain(`    ${example}\n`.trimEnd());
        expect(`${example} `).toContain(`itkdb ${name} `);
      }
    }
  });

  it('is printed also where the settings are wrong', async () => {
    await writeFile(join(cli.folder, '.env'), 'ITKDB_LEEWAY=nonsense\nITKDB_ACCESS_CODE1=code-in-file\n');
    expectHelp(await cli.run(['--help'], { env: { ITKDB_API_URL: 'nonsense' } }));
  });

  it('ends without a stack trace when its reader has gone', async () => {
    const many = Array.from({ length: 5 }, () => 'itkdb --help | true; echo $PIPESTATUS').join('; ');
    expect(await cli.shell(many)).toMatchObject({ stdout: '0\n'.repeat(5), stderr: '' });
  });

  itOnTerminal('is at most 80 columns wide on a wide terminal', async () => {
    const { code, screen } = await runInTerminal(cli, ['--help'], { columns: 200 });
    expect(code).toBe(0);
    expect(linesOf(screen).filter((line) => line.length > 80)).toEqual([]);
  });

  itOnTerminal('fits on a terminal of 60 columns', async () => {
    const { code, raw } = await runInTerminal(cli, ['list-components', '--help'], { columns: 60 });
    expect(code).toBe(0);
    expect(linesOf(raw).filter((line) => line.trimEnd().length > 60)).toEqual([]);
  });
});

describe('the help of a command', () => {
  it.for(CALLS.map((words) => [words.join(' '), words] as const))(
    'itkdb %s --help prints no secret, and a call that can be copied',
    async ([name, words]) => {
      await writeFile(join(cli.folder, '.env'), 'ITKDB_ACCESS_CODE1=code-in-file\n');
      const env = { ITKDB_EOS_TOKEN: 'token-of-eos', ITKDB_API_KEY: 'key-of-api' };
      const [ran, other] = await Promise.all([
        cli.run([...words, '--help'], { env }),
        cli.run(['--access-code1', cli.pdb.user.accessCode1, 'help', words[0] ?? '']),
      ]);
      for (const one of [ran, other]) expectHelp(one);
      expect(ran.stdout).toContain(`Usage: itkdb ${name} `);
      expect(other.stdout).toContain(`Usage: itkdb ${words[0]} `);
      expect(ran.stdout).toMatch(/^Examples?:\n {2}itkdb /m);
      expect(`${ran.stdout.replaceAll('\n', ' ')} `).toContain(` itkdb ${words[0]} `);
    },
  );
});

describe('itkdb', () => {
  it('prints the help to stderr without a command, and exits with 2', async () => {
    const { code, stdout, stderr } = await cli.run([], { anonymous: true });
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain((await cli.run(['--help'])).stdout);
  });

  it('--version prints the version', async () => {
    const { version } = JSON.parse(await readFile(join(PACKAGE, 'package.json'), 'utf8'));
    const printed = { code: 0, stdout: `itkdb, version ${version}\n`, stderr: '' };
    expect(await cli.run(['--version'], { anonymous: true })).toMatchObject(printed);
  });

  it.for([
    ['an unknown command', ['list-project'], "unknown command 'list-project'", 'Did you mean list-projects?'],
    [
      'an unknown option',
      ['list-projects', '--limt', '3'],
      "unknown option '--limt'",
      'Did you mean --limit?',
    ],
    [
      'an unknown option before the command',
      ['--debg', 'stats'],
      "unknown option '--debg'",
      'Did you mean --debug?',
    ],
    [
      'an unknown option with a value, which may be an access code,',
      ['stats', '--acces-code1=mine'],
      "unknown option '--acces-code1'\n",
      'itkdb stats --help',
    ],
    ['an argument too many', ['stats', 'x'], "too many arguments for 'stats'", 'itkdb stats --help'],
    ['an option of itkdb without its value', ['--auth-url'], '--auth-url', 'itkdb --help'],
    ['a wrong value', ['list-projects', '--limit', '-3'], '-3', 'Give a number from 1'],
    ['an option without its value', ['list-projects', '--limit'], '--limit', 'itkdb list-projects --help'],
    [
      'a part of the name of a command',
      ['comment'],
      "unknown command 'comment'",
      'Did you mean add-comment?',
    ],
    ['a word for a command', ['info'], "unknown command 'info'", 'Did you mean get-component-info?'],
    ['another word for a command', ['Photo'], "unknown command 'Photo'", 'Did you mean add-attachment?'],
    ['a word that may be two commands', ['log'], "unknown command 'log'", 'Did you mean login or logout?'],
    ['a word that is like no command', ['qqqqqq'], "unknown command 'qqqqqq'", 'itkdb --help'],
    ['the help of an unknown command', ['help', 'list-project'], 'list-project', 'list-projects'],
    ['the option --help of an unknown command', ['list-project', '--help'], 'list-project', 'list-projects'],
    ['formats that exclude each other', ['list-projects', '--csv', '--ndjson'], '--ndjson', '--csv'],
  ] as const)('exits with 2 for %s, and says what would be right', async ([, words, reason, advice]) => {
    const { code, stdout, stderr } = await cli.run(words);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(/^itkdb: /);
    expect(stderr).toContain(reason);
    expect(stderr).toContain(advice);
    expect(linesOf(stderr).length).toBeLessThanOrEqual(2);
    expect(cli.pdb.requests).toEqual([]);
  });

  it('with --json writes a mistake in its words as JSON', async () => {
    const { code, stdout, stderr } = await cli.run(['list-projects', '--json', '--limt', '3']);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    const message = "unknown option '--limt'";
    expect(JSON.parse(stderr)).toMatchObject({ error: { message, exitCode: 2, advice: expect.any(String) } });
  });
});

describe('the start of itkdb', () => {
  /** Runs `itkdb` and returns which packages and which sources of this package it loads. */
  async function loadedBy(words: readonly string[]): Promise<{ packages: string[]; sources: string[] }> {
    const hooks = `
      import { appendFileSync } from 'node:fs';
      export function load(url, context, next) {
        appendFileSync(process.env.LOADED, url + '\\n');
        return next(url, context);
      }`;
    const moduleOf = (source: string): string => `data:text/javascript,${encodeURIComponent(source)}`;
    const hook = moduleOf(
      `import { register } from 'node:module'; register(${JSON.stringify(moduleOf(hooks))});`,
    );
    const list = join(cli.temporary, 'loaded');
    const env = { NODE_OPTIONS: `--import=${hook}`, LOADED: list };
    expect(await cli.run(words, { env })).toMatchObject({ code: 0 });
    const urls = linesOf(await readFile(list, 'utf8')).filter((url) => url.startsWith('file:'));
    const modules = urls.map((url) => url.slice(url.lastIndexOf('/node_modules/') + '/node_modules/'.length));
    const own = modules.filter((module) => module.startsWith('itkdb/'));
    const maps = await Promise.all(
      own.map(async (path) => JSON.parse(await readFile(join(PACKAGE, '..', `${path}.map`), 'utf8')).sources),
    );
    return {
      packages: [...new Set(modules.map((module) => module.split('/')[0] ?? ''))].sort(),
      sources: maps.flat().map((path: string) => path.slice(path.indexOf('src/'))),
    };
  }

  /** What is small: the registry, the program, the options. */
  const SMALL = /^src\/(?:cli\/(?:main|program|commands|options|action|commands\/[\w-]+)|util\/version)\.ts$/;

  it.for([[['--help']], [['--version']], [['list-components', '--help']]])(
    'itkdb %j loads the argument parser and nothing else',
    async ([words]) => {
      const { packages, sources } = await loadedBy(words as string[]);
      expect(packages).toEqual(['commander', 'itkdb']);
      expect(sources).toContain('src/cli/main.ts');
      expect(sources.filter((source) => !SMALL.test(source))).toEqual([]);
      const ofCommands = sources.filter((source) => source.startsWith('src/cli/commands/'));
      expect(ofCommands).toEqual(words?.length === 2 ? ['src/cli/commands/list-components.ts'] : []);
    },
  );

  it.for(ENTRIES.map(({ name }) => name))(
    'itkdb %s --help loads neither the client nor a table',
    async (name) => {
      const { packages } = await loadedBy([name, '--help']);
      expect(packages).toEqual(['commander', 'itkdb']);
    },
  );
});

describe('each command', () => {
  it('has a file of its own, with its name', async () => {
    const files = await readdir(join(ROOT, 'src', 'cli', 'commands'));
    const names = ENTRIES.map(({ name }) => `${name}.ts`);
    expect(files.filter((file) => file.endsWith('.ts')).sort()).toEqual(names.sort());
  });

  it('has a test that runs it', async () => {
    const folder = join(ROOT, 'test', 'cli');
    const files = (await readdir(folder)).filter((file) => /(?<!^start)\.test\.ts$/.test(file));
    const texts = await Promise.all(files.map((file) => readFile(join(folder, file), 'utf8')));
    const tests = texts.join('\n');
    const isTested = (words: readonly string[]): boolean =>
      new RegExp(`\\[\\s*${words.map((word) => `'${word}'`).join(',\\s*')}[,\\]]`).test(tests);
    expect(CALLS.filter((words) => !isTested(words)).map((words) => words.join(' '))).toEqual([]);
  });
});
