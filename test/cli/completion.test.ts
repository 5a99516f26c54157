import { execFileSync, spawnSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { COMMANDS } from '../../src/cli/commands.js';
import { collectWords } from '../../src/cli/completion/known-words.js';
import { type CompletionShell, writeScript } from '../../src/cli/completion/scripts.js';
import { startCli } from '../helpers/cli.js';
import { itOnTerminal, TerminalRun } from '../helpers/terminal.js';

const cli = await startCli({ components: 1 });
const NAMES = Object.values(COMMANDS).flatMap((entries) => entries.map(({ name }) => name));

const hasShell = (shell: string): boolean => spawnSync(shell, ['--version']).error === undefined;

/** What completes the last word. */
const CASES: readonly (readonly [words: string[], expected: string[]])[] = [
  [['tre'], ['tree']],
  [['list-p'], ['list-projects']],
  [['--debug', 'who'], ['whoami']],
  [['--auth-url', 'x', 'who'], ['whoami']],
  [['get', 'getComponentB'], ['getComponentBulk']],
  [['get', '--input', 'tree', 'getComponentB'], ['getComponentBulk']],
  [['post', 'setComponentStage', 'sta'], ['stage=']],
  [
    ['get', 'listComponents', 'filterMap.current'],
    ['filterMap.currentLocation=', 'filterMap.currentStage='],
  ],
  [['list-components', '--proj'], ['--project']],
  [
    ['list-components', '--project', ''],
    ['CE', 'CM', 'P', 'S'],
  ],
  [['serve', '--shell', 'po'], ['powershell']],
  [
    ['cache', ''],
    ['clear', 'size'],
  ],
  [['completion', 'z'], ['zsh']],
  [['help', 'whoa'], ['whoami']],
];

describe('completion in a pipe', () => {
  it.each(['bash', 'zsh', 'fish'] as const)('%s prints a script that names all commands', async (shell) => {
    const { code, stdout, stderr } = await cli.run(['completion', shell], { anonymous: true });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^(?:#compdef itkdb\n)?# Makes the shell complete the words of itkdb\.\n# /);
    for (const name of [...NAMES, 'getComponent']) expect(stdout).toContain(name);
    expect(cli.pdb.requests).toEqual([]);
  });

  it.each([[['completion']], [['completion', 'tcsh']]])('%s is refused with exit code 2', async (words) => {
    const { code, stdout } = await cli.run(words);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  });
});

/** Runs the cases in a shell: a program that prints one line for each, with the completions. */
function describeShell(
  shell: CompletionShell,
  program: (path: string, cases: readonly (readonly string[])[]) => string,
  options: readonly string[],
): void {
  const isThere = hasShell(shell);
  describe.skipIf(!isThere)(`completion in ${shell}${isThere ? '' : ', which is not installed'}`, () => {
    let lines: string[];

    beforeAll(async () => {
      await cli.renew();
      const path = join(cli.folder, 'script');
      await writeFile(path, await writeScript(shell, await collectWords()));
      await writeFile(join(cli.folder, 'photo.jpg'), '');
      const text = program(path, [...CASES.map(([words]) => words), ...FILES.map(([words]) => words)]);
      const printed = execFileSync(shell, [...options, '-c', text], {
        ...{ cwd: cli.folder, encoding: 'utf8', env: cli.environment() },
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      lines = printed.split('\n');
    });

    it.each(CASES.map(([words, expected], index) => ({ words, expected, index })))(
      '$words becomes $expected',
      ({ expected, index }) => {
        expect(lines[index]?.trim().split(/ +/).sort()).toEqual(expected);
      },
    );

    it.each(FILES.map(([words, expected], index) => ({ words, expected: expected[shell], index })))(
      '$words becomes $expected',
      ({ expected, index }) => {
        expect(lines[CASES.length + index]?.trim()).toBe(expected);
      },
    );
  });
}

/** Words for which there are files. */
const FILES: readonly (readonly [words: string[], expected: Readonly<Record<CompletionShell, string>>])[] = [
  [['get', 'getComponent', '--input', 'ph'], { bash: 'photo.jpg', zsh: 'FILES', fish: 'photo.jpg' }],
  // What fish does with a word that has an @ is not ours.
  [['post', 'createComponentAttachment', '@ph'], { bash: '@photo.jpg', zsh: 'FILES', fish: '' }],
];

describeShell(
  'bash',
  (path, cases) =>
    [
      `source '${path}'`,
      ...cases.map((words) => {
        const list = ['itkdb', ...words].map((word) => `'${word}'`).join(' ');
        const last = `'${words.at(-1)}'`;
        return `COMP_WORDS=(${list}); COMP_CWORD=${words.length}; _itkdb itkdb ${last}; echo "\${COMPREPLY[*]}"`;
      }),
    ].join('\n'),
  ['--norc'],
);

// Its completions are not to be had without a terminal: what offers them prints them instead.
describeShell(
  'zsh',
  (path, cases) =>
    [
      'compdef() { :; }',
      '_files() { out=FILES; }',
      'compset() { :; }',
      `matching() { local -a all; all=($@); all=(\${(M)all:#$PREFIX*}); out="$all"; }`,
      `compadd() { if [[ $1 == -S ]]; then matching $arguments; else shift; matching $@; fi; }`,
      `_describe() { local name=$argv[-1]; matching "\${(@)\${(P)name}%%:*}"; }`,
      `source '${path}'`,
      ...cases.map((given) => {
        const list = ['itkdb', ...given].map((word) => `'${word}'`).join(' ');
        return `words=(${list}); CURRENT=${given.length + 1}; PREFIX='${given.at(-1)}'; out=''; _itkdb; print -r -- "$out"`;
      }),
    ].join('\n'),
  ['-f'],
);

describeShell(
  'fish',
  (path, cases) =>
    [
      `source '${path}'`,
      // A description stands behind a tab.
      ...cases.map(
        (words) => `echo (complete -C '${['itkdb', ...words].join(' ')}' | string split -f1 \\t | sort)`,
      ),
    ].join('\n'),
  ['--no-config'],
);

itOnTerminal('completion says on a terminal what to do with the script', async () => {
  // A terminal that ends may lose its last lines, so bash waits for Enter.
  const line = 'itkdb completion bash; code=$?; read -r; exit $code';
  const run = new TerminalRun(cli, ['-c', line], { program: 'bash' });
  // After the script, of which it is the first comment.
  await run.shows(/\n {2}eval "\$\(itkdb completion bash\)"/);
  run.type('\r');
  expect((await run.ended).code).toBe(0);
});
