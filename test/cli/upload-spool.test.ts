import { utimesSync } from 'node:fs';
import { mkdir, readdir, readFile, symlink, utimes, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { startPdb } from '../../src/testing/index.js';
import { expectGolden, startCli } from '../helpers/cli.js';
import { itOnTerminal, runInTerminal } from '../helpers/terminal.js';
import { freshModule, JPEG, newRun, writeInto } from '../helpers/test-run-files.js';

const cli = await startCli();

const uploads = (): number => cli.pdb.count('uploadTestRunResults');
const runs = () => freshRuns().map(({ runNumber }) => runNumber);
const before = freshModule(cli).testRuns.length;
const freshRuns = () => freshModule(cli).testRuns.slice(before);

/** Writes a file of the spool that was last changed some seconds ago. */
async function spool(name: string, contents: object | string, age = 120): Promise<void> {
  await cli.shell('mkdir -p spool');
  const path = await writeInto(cli, join('spool', name), contents);
  const time = Date.now() / 1000 - age;
  await utimes(path, time, time);
}
const files = async (folder = ''): Promise<string[]> =>
  (await readdir(join(cli.folder, 'spool', folder)).catch(() => [])).sort();
const read = (...path: string[]): Promise<string> => readFile(join(cli.folder, 'spool', ...path), 'utf8');
const send = (...more: string[]) => cli.run(['upload', '--spool', 'spool', ...more]);

describe('itkdb upload', () => {
  it('uploads test runs, and none that the database has', async () => {
    await writeInto(cli, 'run.json', newRun(cli));
    await writeInto(cli, 'next.json', newRun(cli, { runNumber: undefined, passed: true }));
    const { code, stdout, stderr } = await cli.run([
      'upload',
      'run.json',
      'next.json',
      '--run-number',
      'next',
    ]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(JSON.parse(stdout)).toMatchObject([
      { file: 'run.json', status: 'uploaded', id: expect.stringMatching(/^[0-9a-f]{24}$/) },
      { file: 'next.json', status: 'uploaded', webUrl: expect.stringContaining(cli.pdb.apiUrl) },
    ]);
    const again = await cli.run(['upload', 'run.json', 'next.json', '--run-number', 'next']);
    expect(again).toMatchObject({ code: 0, stderr: '' });
    expect(JSON.parse(again.stdout)).toMatchObject([
      { file: 'run.json', status: 'equal', id: freshRuns()[0]?.id },
      { file: 'next.json', status: 'equal', id: freshRuns()[1]?.id },
    ]);
    const dry = await cli.run(['upload', 'run.json', '--run-number', 'next', '--dry-run']);
    expect(dry).toMatchObject({ code: 0, stderr: 'run.json: the database has this test run already\n' });
    expect(freshRuns()).toHaveLength(2);
    expect(await cli.run(['upload', 'run.json', '--allow-duplicate'])).toMatchObject({ code: 0 });
    expect(freshRuns()).toHaveLength(3);
  });

  it('refuses the values of a test run with another date or run number', async () => {
    await writeInto(cli, 'run.json', newRun(cli));
    await cli.run(['upload', 'run.json']);
    for (const change of [{ date: '2026-03-03T09:30:00.000Z' }, { runNumber: '8' }]) {
      await writeInto(cli, 'other.json', newRun(cli, change));
      const { code, stdout, stderr } = await cli.run(['upload', 'other.json']);
      expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
      expect(stderr).toMatch(/with another date or run number: [0-9a-f]{24}\n.* add --allow-duplicate\.\n$/);
    }
    expect(freshRuns()).toHaveLength(1);
  });

  it('shows every problem of a test run', async () => {
    const results = { TEMPERATUR: 21.5, HUMIDITY: 'wet' };
    await writeInto(cli, 'bad.json', newRun(cli, { runNumber: undefined, results }));
    const { code, stdout, stderr } = await cli.run(['upload', 'bad.json']);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    await expectGolden('upload-problems', stderr, cli);
    const checked = await cli.run(['upload', '--check', 'bad.json', '-'], {
      input: JSON.stringify(newRun(cli)),
    });
    expect(checked.code).toBe(1);
    expect(JSON.parse(checked.stdout)).toMatchObject([
      { file: 'bad.json', problems: [{}, {}, {}, {}] },
      { file: 'standard input', problems: [] },
    ]);
    expect(uploads()).toBe(0);
  });

  it('counts the files that are not JSON among those with problems', async () => {
    await writeInto(cli, 'a.json', newRun(cli, { institution: 'NOWHERE' }));
    await writeInto(cli, 'b.json', '{\n  "runNumber": "1"\n  "passed": true\n}');
    await writeInto(cli, 'c.json', newRun(cli));
    const words = ['upload', 'a.json', 'b.json', 'c.json', 'none.json', '--check'];
    const { code, stdout, stderr } = await cli.run([...words, '--table']);
    expect(code).toBe(1);
    expect(stdout).toMatch(
      /^a\.json: institution .*\nthe file b\.json is not JSON: line 3, column 3: a comma is missing before "passed"\nc\.json: no problem\nthere is no file none\.json\n$/,
    );
    expect(stderr).toBe('itkdb: 3 of 4 test runs have problems\n');
    const all = await cli.run(words);
    expect(JSON.parse(all.stdout)).toMatchObject([
      { problems: [{}] },
      { problems: [{ path: '', message: expect.stringContaining('line 3, column 3') }] },
      { problems: [] },
      { problems: [{}] },
    ]);
  });

  it('remarks on lists of different lengths, and on a run number that is taken', async () => {
    const iv = (runNumber: string, currents: number[]) =>
      newRun(cli, {
        ...{ testType: 'MODULE_IV_PS_V1', runNumber, properties: {} },
        results: { TEMPERATURE: 20, HUMIDITY: 30, VOLTAGE: [0, -100, -200], CURRENT: currents },
      });
    const check = async (run: object, ...more: string[]) => {
      await writeInto(cli, 'run.json', run);
      const { code, stdout, stderr } = await cli.run(['upload', 'run.json', '--check', ...more]);
      expect({ code, stdout: JSON.parse(stdout) }).toMatchObject({ code: 0, stdout: [{ problems: [] }] });
      return stderr;
    };
    expect(await check(iv('70', [1, 2]))).toBe(
      'run.json: remark: the lists have different numbers of values: VOLTAGE has 3, CURRENT has 2\n',
    );
    expect(await check(iv('70', [1, 2, 3]))).toBe('');
    expect(await cli.run(['upload', 'run.json'])).toMatchObject({ code: 0 });
    expect(await check(iv('70', [1, 2, 3]))).toMatch(
      /remark: the database has this test run already: [0-9a-f]{24}\n$/,
    );
    expect(await check(iv('70', [1, 2, 4]))).toMatch(
      /remark: there is a run 70 with other values: [0-9a-f]{24}; --run-number next chooses another number\n$/,
    );
    expect(await check(iv('70', [1, 2, 4]), '--run-number', 'next')).toBe('');
  });

  itOnTerminal('shows a table on a terminal, and moves the component for the upload', async () => {
    const { serialNumber } = freshModule(cli);
    await writeInto(cli, 'run.json', newRun(cli));
    await cli.run(['stage', 'GLUED', serialNumber]);
    const refused = await cli.run(['upload', 'run.json']);
    expect(refused.stderr).toContain('which is not done at the stage GLUED');
    const words = ['upload', 'run.json', '--stage', 'HV_TAB_ATTACHED', '--restore-stage'];
    const { code, screen } = await runInTerminal(cli, words);
    expect(code).toBe(0);
    expect(screen).toMatch(
      /^file {6}status {4}runNumber {2}id\nrun\.json {2}uploaded {2}7 {10}[0-9a-f]{24}\n$/,
    );
    const moved = cli.pdb.dataset.components.find((one) => one.serialNumber === serialNumber);
    expect(moved?.currentStage.code).toBe('GLUED');
    expect(cli.pdb.count('setComponentStage')).toBe(3);
  });

  it('sends the files that are missing where the last upload ended before them', async () => {
    await writeInto(cli, 'photo.jpg', JPEG);
    const results = { TEMPERATURE: 21.5, HUMIDITY: 30, IMAGE: { file: 'photo.jpg' } };
    await writeInto(cli, 'run.json', newRun(cli, { results }));
    cli.pdb.fault({ on: 'createBinaryTestRunParameter', status: 403 });
    const first = await cli.run(['upload', 'run.json']);
    expect(first.code).toBe(1);
    expect(first.stderr).toMatch(
      /- done: upload the test run 7 .*\n- not done: send the file photo\.jpg as the result IMAGE\nRun the same command again/,
    );
    const second = await cli.run(['upload', 'run.json']);
    expect(JSON.parse(second.stdout)).toMatchObject([{ status: 'completed' }]);
    const third = await cli.run(['upload', 'run.json']);
    expect(JSON.parse(third.stdout)).toMatchObject([{ status: 'equal' }]);
    expect({ uploads: uploads(), runs: runs() }).toEqual({ uploads: 1, runs: ['7'] });
  });

  it.each([
    [['upload'], 'no file was given'],
    [['upload', 'a.json', '--spool', '.'], 'files and a spool were given'],
    [['upload', '--spool', '.', '--allow-duplicate'], 'cannot be used with'],
    [['upload', 'a.json', '--restore-stage'], '--restore-stage belongs to --stage'],
    [['upload', 'a.json', '--run-number', '5'], 'Allowed choices are next'],
    [['upload', 'none.json'], 'there is no file none.json'],
    [['upload', '--spool', 'none'], 'there is no folder none'],
  ])('refuses %j with exit code 2', async (words, reason) => {
    const { code, stderr } = await cli.run(words);
    expect(code).toBe(2);
    expect(stderr).toContain(reason);
  });
});

describe('itkdb upload --spool', () => {
  it('uploads the oldest first, and moves the files to done and to failed, with the reason', async () => {
    await spool('b.json', newRun(cli, { runNumber: '1' }), 300);
    await spool('a.json', newRun(cli, { runNumber: '2', passed: true }), 200);
    await spool('c.json', newRun(cli, { institution: 'NOWHERE' }));
    await spool('notes.txt', 'not a test run');
    const { code, stdout, stderr } = await send('--table');
    expect(code).toBe(1);
    await expectGolden('upload-spool', (stdout + stderr).replace(/[0-9a-f]{24}/g, '<id>'), cli);
    expect(runs()).toEqual(['1', '2']);
    expect(await files()).toEqual(['done', 'failed', 'notes.txt']);
    expect(await files('done')).toEqual(['a.json', 'b.json']);
    expect(await files('failed')).toEqual(['c.json', 'c.json.reason.txt']);
    expect(await read('failed', 'c.json.reason.txt')).toMatch(/^1 problem, .*\n- institution is NOWHERE, /);
  });

  it('counts a test run that the database has as done, and overwrites nothing', async () => {
    await spool('run.json', newRun(cli));
    await send();
    await spool('run.json', newRun(cli));
    const { code, stdout } = await send();
    expect({ code, status: JSON.parse(stdout) }).toMatchObject({ code: 0, status: [{ status: 'equal' }] });
    expect(await files('done')).toEqual(['run (2).json', 'run.json']);
    expect(runs()).toEqual(['7']);
  });

  it('uploads equal results of another date: they are another test run', async () => {
    await spool('1.json', newRun(cli, { runNumber: '1' }));
    await spool('2.json', newRun(cli, { runNumber: '2', date: '2026-03-03T09:30:00.000Z' }));
    expect(await send()).toMatchObject({ code: 0 });
    expect(runs().sort()).toEqual(['1', '2']);
  });

  it('leaves files that are perhaps still being written', async () => {
    await spool('new.json', newRun(cli));
    const writer = setInterval(() => {
      const now = new Date();
      utimesSync(join(cli.folder, 'spool', 'new.json'), now, now);
    }, 20);
    onTestFinished(() => clearInterval(writer));
    await spool('half.json', '{"component": "20US', 5);
    await spool('broken.json', '{"component": "20US', 3600);
    const { code, stdout, stderr } = await send();
    expect({ code, stdout }).toEqual({ code: 1, stdout: '[]\n' });
    expect(stderr).toMatch(
      /^half\.json is not JSON \(line 1, column 15: .*\): it is perhaps still being written, and was left for the next time$/m,
    );
    expect(await files()).toEqual(['failed', 'half.json', 'new.json']);
    expect(await files('failed')).toEqual(['broken.json', 'broken.json.reason.txt']);
    expect(await read('failed', 'broken.json.reason.txt')).toContain(
      'broken.json is not JSON: line 1, column 15: ',
    );
  });

  it('leaves everything where the database cannot be reached, and exits with 5', async () => {
    await spool('1.json', newRun(cli));
    await spool('2.json', newRun(cli, { passed: true }));
    const unreachable = await startPdb({ components: 1 });
    await unreachable.close();
    const env = { ITKDB_API_URL: unreachable.apiUrl, ITKDB_AUTH_URL: unreachable.authUrl };
    const { code } = await cli.run(['upload', '--spool', 'spool'], { env });
    expect(code).toBe(5);
    expect(await files()).toEqual(['1.json', '2.json']);
    expect(await send()).toMatchObject({ code: 0 });
    expect(runs()).toHaveLength(2);
  });

  it('leaves one where it is not known whether it was uploaded, and finds out the next time', async () => {
    await spool('run.json', newRun(cli));
    cli.pdb.fault({ on: 'uploadTestRunResults', drop: 'after-headers' });
    cli.pdb.fault({ on: 'listTestRunsByComponent', after: 1, times: 100, status: 500 });
    const { code, stderr } = await send();
    expect(code).toBe(5);
    expect(stderr).toContain('- unknown: upload the test run 7 ');
    expect(await files()).toEqual(['run.json']);
    cli.pdb.reset();
    const next = await send();
    expect(JSON.parse(next.stdout)).toMatchObject([{ status: 'equal' }]);
    expect(runs()).toEqual(['7']);
  });

  it('sends files of the spool, and refuses paths that lead out of it', async () => {
    const run = (file: string, runNumber: string) =>
      newRun(cli, { runNumber, results: { TEMPERATURE: 1, HUMIDITY: Number(runNumber), IMAGE: { file } } });
    await writeFile(join(cli.folder, 'secret.jpg'), JPEG);
    await spool('good.json', run('photo.jpg', '1'));
    await spool('photo.jpg', JPEG.toString('latin1'));
    await spool('up.json', run('../secret.jpg', '2'));
    await spool('absolute.json', run(join(cli.folder, 'secret.jpg'), '3'));
    await spool('link.json', run('link.jpg', '4'));
    await symlink('../secret.jpg', join(cli.folder, 'spool', 'link.jpg'));
    await writeFile(join(cli.folder, 'run.json'), JSON.stringify(newRun(cli)));
    await symlink('../run.json', join(cli.folder, 'spool', 'linked.json'));
    const { code, stderr } = await send();
    expect(code).toBe(1);
    expect(await files('done')).toEqual(['good.json']);
    expect((await files('failed')).filter((name) => name.endsWith('.json'))).toEqual([
      'absolute.json',
      'link.json',
      'up.json',
    ]);
    expect(await read('failed', 'link.json.reason.txt')).toContain('is not in the folder of the spool');
    expect(stderr).toContain('linked.json is a link, and was left');
    expect(runs()).toEqual(['1']);
  });

  it('writes no reason to where a link leads, and goes on where a reason cannot be written', async () => {
    const long = `${'a'.repeat(245)}.json`;
    await spool(long, {});
    await spool('bad.json', {});
    await mkdir(join(cli.folder, 'spool', 'failed'));
    await writeFile(join(cli.folder, 'mine.txt'), 'mine');
    await symlink('../../mine.txt', join(cli.folder, 'spool', 'failed', 'bad.json.reason.txt'));
    const { code, stderr } = await send();
    expect(code).toBe(1);
    expect(await readFile(join(cli.folder, 'mine.txt'), 'utf8')).toBe('mine');
    expect(await files('failed')).toEqual([long, 'bad.json', 'bad.json.reason.txt']);
    expect(await read('failed', 'bad.json.reason.txt')).toContain('problems, nothing was uploaded');
    expect(stderr).toContain('the reason could not be written: ENAMETOOLONG');
  });

  it('sends a file once where two processes do the same', async () => {
    for (let index = 1; index <= 3; index++)
      await spool(
        `${index}.json`,
        newRun(cli, { runNumber: String(index), results: { TEMPERATURE: index, HUMIDITY: 1 } }),
      );
    const both = await Promise.all([send(), send()]);
    const again = await send();
    expect([...both, again].map(({ code }) => code)).toContain(0);
    for (const { code, stderr } of both) if (code !== 0) expect(stderr).toContain('another process uploads');
    expect(runs().sort()).toEqual(['1', '2', '3']);
    expect(uploads()).toBe(3);
  });

  it('ignores the lock of a process that was killed, and respects that of another computer', async () => {
    await spool('run.json', newRun(cli));
    await writeInto(cli, 'spool/.itkdb-upload.lock', `1 not-${hostname()} 1`);
    const refused = await send();
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain('If none does, delete spool/.itkdb-upload.lock\n');
    // No process has this number.
    await writeInto(cli, 'spool/.itkdb-upload.lock', `4194305 ${hostname()} 1`);
    expect(await send()).toMatchObject({ code: 0 });
    expect(await files()).toEqual(['done']);
  });

  it('loses nothing and uploads nothing twice where it is killed', async () => {
    for (let index = 1; index <= 4; index++)
      await spool(
        `${index}.json`,
        newRun(cli, { runNumber: String(index), results: { TEMPERATURE: index, HUMIDITY: 1 } }),
      );
    // The database acts, and the response does not end.
    cli.pdb.fault({ on: 'uploadTestRunResults', after: 1, drip: 1000 });
    const running = cli.spawn(['upload', '--spool', 'spool']);
    await expect.poll(() => runs().length).toBe(2);
    running.process.kill('SIGKILL');
    await running.ended;
    expect(await send()).toMatchObject({ code: 0 });
    expect(runs().sort()).toEqual(['1', '2', '3', '4']);
    expect(await files('done')).toHaveLength(4);
    expect(await files()).toEqual(['done']);
  });

  it('ends at once on Ctrl-C, with exit code 130', async () => {
    await spool('1.json', newRun(cli));
    await spool('2.json', newRun(cli, { passed: true }));
    cli.pdb.fault({ on: 'uploadTestRunResults', delay: 30_000 });
    const running = cli.spawn(['upload', '--spool', 'spool']);
    await expect.poll(uploads).toBe(1);
    running.process.kill('SIGINT');
    expect((await running.ended).code).toBe(130);
    expect(await files()).toEqual(expect.arrayContaining(['1.json', '2.json']));
    cli.pdb.reset();
    expect(await send()).toMatchObject({ code: 0 });
    expect(runs()).toHaveLength(2);
  });
});
