import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { Client, User } from '../../src/index.js';
import { expectGolden, startCli } from '../helpers/cli.js';
import { itOnTerminal, runInTerminal } from '../helpers/terminal.js';
import { freshModules, JPEG } from '../helpers/test-run-files.js';

const cli = await startCli({ components: 300 });
const [sn, other] = freshModules(cli).map(({ serialNumber }) => serialNumber) as [string, string];

const newClient = (): Client =>
  new Client({ user: new User(cli.pdb.userOptions), prefixUrl: cli.pdb.apiUrl, cache: false });

beforeEach(async () => {
  await using client = newClient();
  const add = (component: string, bytes: Buffer, filename: string, title = filename) =>
    client.attachments.add({ component }, bytes, { filename, title });
  await add(sn, JPEG, 'top.jpg', 'Top view');
  await add(sn, Buffer.from('first'), 'notes.txt');
  await add(sn, Buffer.from('second'), 'notes.txt', 'More notes');
  await add(other, Buffer.from('third'), '../../evil.txt'.replaceAll('../', ''));
  await client.attachments.add({ component: sn }, new URL('https://example.org/plots'), { title: 'Plots' });
  cli.pdb.reset();
});

const files = async (folder = '.'): Promise<string[]> => (await readdir(join(cli.folder, folder))).sort();
const read = (...path: string[]): Promise<string> => readFile(join(cli.folder, ...path), 'utf8');

describe('itkdb download', () => {
  it('downloads the attachments of a component, and says which are links', async () => {
    const { code, stdout, stderr } = await cli.run(['download', sn, '--into', 'photos']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: 'Plots is a link: https://example.org/plots\n' });
    expect(await files('photos')).toHaveLength(3);
    expect(await read('photos', 'notes.txt')).toBe('first');
    expect(await read('photos', 'notes (2).txt')).toBe('second');
    const list = JSON.parse(stdout) as { file: string; component: string; new: boolean }[];
    expect(list.map(({ file }) => file)).toContain('photos/notes.txt');
    expect(list.every((one) => one.component === sn && one.new)).toBe(true);
  });

  it('keeps no second copy of a file that is there, and overwrites none that differs', async () => {
    await cli.run(['download', sn]);
    await writeFile(join(cli.folder, 'notes.txt'), 'my own notes');
    const before = await files();
    const { code, stdout } = await cli.run(['download', sn]);
    expect(code).toBe(0);
    expect((JSON.parse(stdout) as { new: boolean }[]).map((one) => one.new)).toEqual([false, true, false]);
    expect(await files()).toEqual([...before, 'notes (3).txt'].sort());
    expect(await read('notes.txt')).toBe('my own notes');
    expect(await read('notes (3).txt')).toBe('first');
  });

  itOnTerminal('makes a folder for each of several components', async () => {
    await writeFile(join(cli.folder, 'modules.txt'), `${sn}\n${other}\n`);
    const words = ['download', '--from', 'modules.txt', '--into', 'all', '--only', 'notes*,evil.txt'];
    const { code, screen } = await runInTerminal(cli, words);
    expect(code).toBe(0);
    await expectGolden('download', screen, cli);
    expect(await files('all')).toEqual([sn, other].sort());
    expect(await files(`all/${sn}`)).toEqual(['notes (2).txt', 'notes.txt']);
  });

  it('downloads only what is named by title or file name', async () => {
    await cli.run(['download', sn, '--only', 'top view']);
    expect(await files()).toHaveLength(1);
    const none = await cli.run(['download', sn, '--only', 'nothing*']);
    expect(none).toMatchObject({ code: 0, stdout: '[]\n' });
  });

  it('lists what fails, downloads the others, and exits with 1', async () => {
    cli.pdb.fault({ on: 'getComponentAttachment', status: 404 });
    const { code, stderr } = await cli.run(['download', sn, 'nope', '--into', 'all', '--only', '*notes*']);
    expect(code).toBe(1);
    expect(stderr).toMatch(
      new RegExp(`^${sn}: notes.txt: .*404.*\\nnope: .*\\nitkdb: 2 downloads failed\\n`),
    );
    expect(await files(`all/${sn}`)).toEqual(['notes.txt']);
  });

  it('exits with 4 where the component is not there, and with 2 where the folder cannot be written', async () => {
    expect(await cli.run(['download', 'nope'])).toMatchObject({ code: 4, stdout: expect.any(String) });
    await writeFile(join(cli.folder, 'taken'), '');
    const { code, stderr } = await cli.run(['download', sn, '--into', 'taken']);
    expect(code).toBe(2);
    expect(stderr).toContain('cannot be written');
    expect(await cli.run(['download'])).toMatchObject({ code: 2 });
  });

  it('downloads the files of a test run with --run', async () => {
    await using client = newClient();
    const run = await client.testRuns.template(sn, 'VISUAL_INSPECTION');
    Object.assign(run, { passed: true });
    Object.assign(run.results, { TEMPERATURE: 21, HUMIDITY: 30, IMAGE: JPEG });
    const { id } = await client.testRuns.upload(run, { runNumber: 'next' });
    await client.attachments.add({ testRun: id }, Buffer.from('log'), { filename: 'log.txt' });
    const { code, stdout } = await cli.run(['download', '--run', id, '--into', 'run']);
    expect(code).toBe(0);
    expect(await files('run')).toHaveLength(2);
    expect(JSON.parse(stdout)).toMatchObject([
      { testRun: id, size: 3 },
      { testRun: id, size: JPEG.length },
    ]);
  });
});
