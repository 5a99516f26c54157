import { mkdir, readdir, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { startPdb } from '../../src/testing/index.js';
import { expectGolden, startCli } from '../helpers/cli.js';
import { itOnTerminal, runInTerminal } from '../helpers/terminal.js';
import { freshModule, freshModules, JPEG, newRun, writeInto, writesOf } from '../helpers/test-run-files.js';

const cli = await startCli();
const { serialNumber: sn } = freshModule(cli);
const [, other] = freshModules(cli).map(({ serialNumber }) => serialNumber) as [string, string];

const component = () => cli.pdb.dataset.components.find(({ serialNumber }) => serialNumber === sn);
const posts = (command: string): number => cli.pdb.count(command);

describe('--dry-run', () => {
  const TOKEN = ['-t', 'zteos64:secret', '-p', '/eos/atlas/a.jpg'];
  const COMMANDS: readonly (readonly [words: string[], commands: string[]])[] = [
    [
      ['stage', 'GLUED', sn, other],
      ['setComponentStage', 'setComponentStage'],
    ],
    [['add-comment', sn, '-m', 'a scratch'], ['createComponentComment']],
    [['add-attachment', sn, '-f', 'a.txt'], ['createComponentAttachment']],
    [
      ['add-attachment', sn, '-f', 'a.jpg', '--eos', 'yes'],
      ['requestUploadEosFile', ''],
    ],
    [['upload', 'run.json'], ['uploadTestRunResults']],
    [['upload', 'run.json', '--stage', 'HV_TAB_ATTACHED'], ['uploadTestRunResults']],
    [['upload', '--spool', 'spool'], ['uploadTestRunResults']],
    [['register', 'rows.csv'], ['registerComponent']],
    [['eos', 'upload', ...TOKEN, '-f', 'a.jpg'], ['']],
    [['eos', 'delete', ...TOKEN], ['']],
  ];

  it.each(COMMANDS)('of %j shows the requests, and writes nothing', async (words, commands) => {
    await writeInto(cli, 'a.txt', 'a text');
    await writeInto(cli, 'a.jpg', JPEG);
    await writeInto(cli, 'run.json', newRun(cli));
    await writeInto(
      cli,
      'rows.csv',
      'project,subproject,institution,componentType,type,LOCALNAME\nS,SB,CERN,MODULE,BARREL_LS_MODULE,A1\n',
    );
    await mkdir(join(cli.folder, 'spool'));
    const waiting = await writeInto(cli, 'spool/run.json', newRun(cli));
    await utimes(waiting, 0, 0);
    const { code, stdout, stderr } = await cli.run([...words, '--dry-run']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(writesOf(cli)).toEqual([]);
    const { requests } = JSON.parse(stdout) as { requests: { command: string }[] };
    expect(requests.map(({ command }) => (/^(?:http|<)/.test(command) ? '' : command))).toEqual(commands);
    expect(stdout).not.toContain('secret');
    expect((await readdir(cli.folder)).sort()).toEqual(['a.jpg', 'a.txt', 'rows.csv', 'run.json', 'spool']);
    expect(await readdir(join(cli.folder, 'spool'))).toEqual(['run.json']);
  });

  it('shows the requests as a text on a terminal, and those that fail', async () => {
    const { code, stdout, stderr } = await cli.run(['stage', 'GLUED', sn, 'nope', '--dry-run', '--table']);
    expect(code).toBe(1);
    await expectGolden(
      'stage-dry-run',
      `${stdout}${stderr}`.replace(String(component()?.code), '<code>'),
      cli,
    );
    expect(writesOf(cli)).toEqual([]);
  });
});

describe('itkdb stage', () => {
  it('sets the stage of components of a file, and shows what changed', async () => {
    await writeInto(cli, 'modules.txt', `${sn}\n# a comment\n{"serialNumber":"${other}"}\n`);
    const { code, stdout, stderr } = await cli.run([
      'stage',
      'GLUED',
      '--from',
      'modules.txt',
      '--comment',
      'glued',
    ]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const expected = { before: 'HV_TAB_ATTACHED', now: 'GLUED', changed: true };
    expect(JSON.parse(stdout)).toEqual([
      { component: sn, ...expected },
      { component: other, ...expected },
    ]);
    expect(component()?.currentStage.code).toBe('GLUED');
    expect(writesOf(cli)[0]?.input).toMatchObject({ component: component()?.code, comment: 'glued' });
  });

  itOnTerminal('shows a table on a terminal, and writes nothing where the stage is the same', async () => {
    const { code, screen } = await runInTerminal(cli, ['stage', 'HV_TAB_ATTACHED', sn, '--rework']);
    expect(code).toBe(0);
    expect(writesOf(cli)).toEqual([]);
    await expectGolden('stage', screen, cli);
  });

  itOnTerminal('works with all components, not only with the first 100', async () => {
    const names = cli.pdb.dataset.components.flatMap(({ currentStage, state, serialNumber }) =>
      currentStage?.code === 'ON_MODULE' && state === 'ready' ? (serialNumber ?? []) : [],
    );
    const some = names.slice(0, 101);
    expect(some).toHaveLength(101);
    await writeInto(cli, 'names.txt', some.join('\n'));
    const { code, screen } = await runInTerminal(cli, ['stage', 'ON_MODULE', '--from', 'names.txt']);
    expect({ code, done: some.filter((name) => screen.includes(name)) }).toEqual({ code: 0, done: some });
  });

  it('does not move components back without --yes or --rework', async () => {
    await cli.run(['stage', 'GLUED', sn]);
    const back = ['stage', 'HV_TAB_ATTACHED', sn];
    const { code, stdout, stderr } = await cli.run(back);
    expect({ code, stdout, stderr }).toEqual({
      ...{ code: 2, stdout: '' },
      stderr:
        `itkdb: HV_TAB_ATTACHED comes before GLUED. Move ${sn} back? There is no terminal for the answer\n` +
        'To do it without a question, add --yes.\n',
    });
    expect(component()?.currentStage.code).toBe('GLUED');
    expect((await cli.run([...back, '--dry-run', '--table'])).stdout).toMatch(
      new RegExp(`^${sn}  GLUED → HV_TAB_ATTACHED\\n1\\. `),
    );
    for (const option of ['--yes', '--rework']) {
      expect(await cli.run([...back, option])).toMatchObject({ code: 0, stderr: '' });
      expect(component()?.currentStage.code).toBe('HV_TAB_ATTACHED');
      await cli.run(['stage', 'GLUED', sn]);
    }
  });

  itOnTerminal('asks once before it moves components back', async () => {
    await cli.run(['stage', 'GLUED', sn, other]);
    const back = ['stage', 'HV_TAB_ATTACHED', sn, other];
    const question = `HV_TAB_ATTACHED comes before GLUED. Move ${sn}, and others at that stage, back? [y/N] `;
    const no = await runInTerminal(cli, back, { columns: 140, answers: [[/y\/N/, 'n\r']] });
    expect(no.code).toBe(1);
    expect(no.screen.split(question)).toHaveLength(2);
    expect(component()?.currentStage.code).toBe('GLUED');
    const yes = await runInTerminal(cli, back, { columns: 140, answers: [[/y\/N/, 'y\r']] });
    expect(yes.code).toBe(0);
    expect(yes.screen.split(question)).toHaveLength(2);
    expect(component()?.currentStage.code).toBe('HV_TAB_ATTACHED');
  });

  it('tells which stages are skipped', async () => {
    const { code, stderr } = await cli.run(['stage', 'BONDED', sn]);
    expect({ code, stderr }).toEqual({
      code: 0,
      stderr: `itkdb: note: ${sn} skips GLUED, STITCH_BONDING\n`,
    });
  });

  it('says what is right where the component comes first', async () => {
    expect(await cli.run(['stage', sn.toLowerCase(), other, 'GLUED'])).toMatchObject({
      code: 2,
      stderr: `itkdb: the stage comes first, then the components\nitkdb stage GLUED ${sn} ${other}\n`,
    });
    expect((await cli.run(['stage', sn])).stderr).toContain(`\nitkdb stage STAGE ${sn}\n`);
    expect(cli.pdb.requests).toEqual([]);
  });

  it('suggests the stage that was perhaps meant', async () => {
    const { code, stdout, stderr } = await cli.run(['stage', 'GLUEDD', sn]);
    expect({ code, stdout, stderr }).toEqual({
      ...{ code: 2, stdout: '' },
      stderr: 'itkdb: a MODULE has no stage GLUEDD; is it GLUED?\nNothing was written.\n',
    });
  });

  it('sets the others where one fails, and exits with 1', async () => {
    const { code, stdout, stderr } = await cli.run(['stage', 'GLUED', 'nope', sn, '--ndjson']);
    expect(code).toBe(1);
    expect(stdout).toMatch(new RegExp(`^\\{"component":"${sn}".*\\}\\n$`));
    expect(stderr).toMatch(/^nope: .*\nitkdb: 1 of 2 components failed\n$/);
    expect(component()?.currentStage.code).toBe('GLUED');
  });

  it('exits with 4 where the only component is not there', async () => {
    const { code, stderr } = await cli.run(['stage', 'GLUED', 'nope']);
    expect(code).toBe(4);
    expect(stderr).toMatch(/^itkdb: .*nope/);
  });

  it('stops where the database cannot be reached, and says what is not done', async () => {
    const unreachable = await startPdb({ components: 1 });
    await unreachable.close();
    const env = { ITKDB_API_URL: unreachable.apiUrl };
    const { code, stdout, stderr } = await cli.run(['stage', 'GLUED', sn, other], { env });
    expect({ code, stdout: stdout.trim() }).toEqual({ code: 5, stdout: '[]' });
    expect(stderr).toContain(`0 of 2 components done\nnot done: ${sn} ${other}\nitkdb: `);
  });

  it('finds out what was done where the response is lost', async () => {
    cli.pdb.fault({ on: 'setComponentStage', drop: 'after-headers' });
    const { code, stdout } = await cli.run(['stage', 'GLUED', sn]);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject([{ now: 'GLUED' }]);
    expect(posts('setComponentStage')).toBe(1);
  });

  it('says how to go on where it is not known whether it was done', async () => {
    cli.pdb.fault({ on: 'setComponentStage', status: 503 });
    cli.pdb.fault({ on: 'getComponent', after: 2, times: 100, status: 500 });
    const { code, stdout, stderr } = await cli.run(['stage', 'GLUED', sn]);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(
      new RegExp(
        `^itkdb: it is unknown whether this was done: set the stage of ${sn} to GLUED .*\\n` +
          `- unknown: set the stage of ${sn} to GLUED\\n` +
          'Run the same command again: it does only what is not done yet\\.\\n$',
      ),
    );
  });

  it('sets the stages although the reader of the output has gone', async () => {
    const { code } = await cli.shell(
      `itkdb stage GLUED ${sn} ${other} --ndjson | true; exit \${PIPESTATUS[0]}`,
    );
    expect(code).toBe(0);
    expect(posts('setComponentStage')).toBe(2);
  });
});

describe('itkdb add-comment', () => {
  it('prints what the database answers, as the original, with --component', async () => {
    const { code, stdout, stderr } = await cli.run(['add-comment', '--component', sn, '-m', 'a scratch']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const answer = JSON.parse(stdout) as { component: { serialNumber: string } };
    expect(answer.component.serialNumber).toBe(sn);
    expect(component()?.comments).toMatchObject([{ comment: 'a scratch' }]);
  });

  it('prints a list for components that are arguments', async () => {
    const { stdout } = await cli.run(['add-comment', sn, other, '--message', 'a scratch']);
    expect(JSON.parse(stdout)).toMatchObject([
      { component: { serialNumber: sn } },
      { component: { serialNumber: other } },
    ]);
    expect(posts('createComponentComment')).toBe(2);
  });

  itOnTerminal('prints a sentence on a terminal', async () => {
    const { code, screen } = await runInTerminal(cli, ['add-comment', sn, '-m', 'a scratch']);
    expect({ code, screen }).toEqual({ code: 0, screen: `the comment is added to ${sn}\n` });
  });

  it('needs a message', async () => {
    const { code, stderr } = await cli.run(['add-comment', sn]);
    expect(code).toBe(2);
    expect(stderr).toContain("'-m, --message <text>'");
  });

  it('says how to look where it is not known whether it was added, and sends it once', async () => {
    cli.pdb.fault({ on: 'createComponentComment', drop: 'before-headers' });
    cli.pdb.fault({ on: 'getComponent', after: 1, times: 100, status: 500 });
    const { code, stderr } = await cli.run(['add-comment', sn, '-m', 'a scratch']);
    expect(code).toBe(1);
    expect(stderr).toContain(`Look for it before you add it again: itkdb get-component-info ${sn}\n`);
    expect(stderr).not.toContain('resume');
    expect(posts('createComponentComment')).toBe(1);
  });
});

describe('itkdb add-attachment', () => {
  it('prints what the database answers, as the original', async () => {
    await writeInto(cli, 'notes.txt', 'some notes');
    const words = [
      '--title',
      'Notes',
      '-d',
      'of today',
      '-f',
      'notes.txt',
      '--filename',
      'n.md',
      '--file-type',
      'text/markdown',
    ];
    const { code, stdout } = await cli.run(['add-attachment', '--component', sn, ...words]);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      ...{ name: 'Notes', description: 'of today', filename: 'n.md', contentType: 'text/markdown' },
      awid: expect.any(String),
    });
    expect(component()?.attachments).toMatchObject([{ title: 'Notes', type: 'file' }]);
  });

  itOnTerminal('sends an image to EOS, with the name of the file as its title', async () => {
    await writeInto(cli, 'top.jpg', JPEG);
    const { code, screen } = await runInTerminal(cli, ['add-attachment', sn, '-f', 'top.jpg']);
    expect(code).toBe(0);
    expect(screen).toBe(`top.jpg is attached to ${sn} (20 bytes, on EOS)\n`);
    expect(component()?.attachments).toMatchObject([{ title: 'top.jpg', type: 'eos' }]);
  });

  it('sends an image to the database with --eos no, and never prints the token of EOS', async () => {
    await writeInto(cli, 'top.jpg', JPEG);
    const inDatabase = await cli.run(['add-attachment', sn, '-f', 'top.jpg', '--eos', 'no']);
    const onEos = await cli.run(['add-attachment', sn, '-f', 'top.jpg', '--eos', 'yes', '--debug']);
    expect(component()?.attachments.map(({ type }) => type)).toEqual(['file', 'eos']);
    expect(JSON.parse(inDatabase.stdout)).toMatchObject({ name: 'top.jpg' });
    expect(JSON.parse(onEos.stdout)).toMatchObject({ title: 'top.jpg', type: 'eos' });
    expect(onEos.stdout + onEos.stderr).not.toContain('zteos64:');
  });

  it('reads standard input', async () => {
    const { code } = await cli.run(['add-attachment', sn, '-f', '-', '--filename', 'in.txt'], {
      input: 'typed',
    });
    expect(code).toBe(0);
    expect(component()?.attachments[0]?.bytes?.toString()).toBe('typed');
  });

  it.each([
    [['add-attachment', sn], "'-f, --file <path>'"],
    [['add-attachment', '-f', 'a.txt'], 'no component was given'],
    [['add-attachment', sn, '-f', 'none.txt'], 'there is no file none.txt'],
    [['add-attachment', sn, '--component', other, '-f', 'a.txt'], 'two components were given'],
  ])('refuses %j with exit code 2', async (words, reason) => {
    const { code, stdout, stderr } = await cli.run(words);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(reason);
    expect(writesOf(cli)).toEqual([]);
  });

  it('says what was done where EOS does not take the file', async () => {
    await writeInto(cli, 'top.jpg', JPEG);
    cli.pdb.fault({ on: 'eosPut', status: 403 });
    const { code, stderr } = await cli.run(['add-attachment', sn, '-f', 'top.jpg']);
    expect(code).toBe(1);
    expect(stderr).toContain(
      '- done: delete the attachment again\nTo attach it, run the same command again.\n',
    );
    expect(component()?.attachments).toEqual([]);
  });
});
