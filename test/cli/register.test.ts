import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { expectGolden, startCli } from '../helpers/cli.js';
import { itOnTerminal, runInTerminal } from '../helpers/terminal.js';
import { writeInto } from '../helpers/test-run-files.js';

const cli = await startCli({ components: 100 });

const HEAD = 'project,subproject,institution,componentType,type,LOCALNAME\n';
const row = (name: string, institution = 'CERN'): string =>
  `S,SB,${institution},MODULE,BARREL_LS_MODULE,${name}\n`;
const registered = (): number => cli.pdb.count('registerComponent');

describe('itkdb register', () => {
  it('registers the rows of a file, and goes on where it stopped when it is run again', async () => {
    await writeInto(cli, 'rows.csv', HEAD + row('A1') + row('A2', 'CERNN') + row('A3'));
    const first = await cli.run(['register', 'rows.csv', '--table']);
    expect(first.code).toBe(1);
    await expectGolden('register', first.stdout + first.stderr, cli);
    await writeInto(cli, 'rows.csv', HEAD + row('A1') + row('A2') + row('A3'));
    const second = await cli.run(['register', 'rows.csv']);
    expect(second).toMatchObject({
      code: 0,
      stderr: '2 of 3 components were registered before; continued with the others\n',
    });
    const rows = JSON.parse(second.stdout) as { status: string; serialNumber: string; error?: unknown }[];
    expect(rows.map(({ status }) => status)).toEqual(['exists', 'registered', 'exists']);
    expect(new Set(rows.map(({ serialNumber }) => serialNumber)).size).toBe(3);
    expect(rows.some((one) => 'error' in one)).toBe(false);
    expect(registered()).toBe(3);
    expect(await readFile(join(cli.folder, 'rows.csv.journal'), 'utf8')).toContain('registered');
  });

  itOnTerminal('shows the serial numbers on a terminal', async () => {
    await writeInto(cli, 'rows.csv', HEAD + row('A1') + row('A2'));
    const { code, screen } = await runInTerminal(cli, ['register', 'rows.csv', '--journal', 'own.journal']);
    expect(code).toBe(0);
    await expectGolden('register-terminal', screen, cli);
    expect(await readFile(join(cli.folder, 'own.journal'), 'utf8')).toContain('registered');
  });

  it('registers nothing twice where a response is lost, and says where to look', async () => {
    await writeInto(cli, 'rows.csv', HEAD + row('A1'));
    cli.pdb.fault({ on: 'registerComponent', drop: 'after-headers' });
    const first = await cli.run(['register', 'rows.csv']);
    const second = await cli.run(['register', 'rows.csv']);
    expect(registered()).toBe(1);
    for (const { code, stderr } of [first, second]) {
      expect(code).toBe(1);
      expect(stderr).toMatch(/^line 2: unknown: /);
      expect(stderr).not.toContain('resume');
    }
    expect(first.stderr).toContain('Run the same command again');
    expect(second.stderr).toMatch(
      /\n {2}Look in the database\. .* delete line \d+ of rows\.csv\.journal, .*\nitkdb: 1 of 1 components was not registered\n$/,
    );
  });

  it('reads standard input, where --key recognises the rows', async () => {
    const input = HEAD + row('A1');
    const { code, stderr } = await cli.run(['register', '-'], { input });
    expect(code).toBe(2);
    expect(stderr).toContain('Add --journal FILE, or --key CODE');
    for (const status of ['registered', 'exists']) {
      const { stdout } = await cli.run(['register', '-', '--key', 'LOCALNAME', '--json=status'], { input });
      expect(JSON.parse(stdout)).toEqual([{ status }]);
    }
  });

  it('names the lines of the file, and finds wrong institutions without writing', async () => {
    await writeInto(cli, 'rows.csv', `${HEAD}\n${row('A1', 'CERNN')}\n${row('A2')}${row('A2')}`);
    const { code, stderr } = await cli.run(['register', 'rows.csv', '--key', 'LOCALNAME', '--dry-run']);
    expect(code).toBe(1);
    expect(stderr).toBe(
      [
        'line 3: failed: there is no institution CERNN; is it CERN?',
        'line 5: failed: lines 5, 6 have the same LOCALNAME, A2',
        'line 6: failed: lines 5, 6 have the same LOCALNAME, A2',
        'itkdb: 3 of 3 components could not be registered',
        'Correct the file, and run the same command again.\n',
      ].join('\n'),
    );
    expect(cli.pdb.count('listInstitutions')).toBe(1);
  });

  it('prints a file to start with, which can be registered', async () => {
    const { code, stdout, stderr } = await cli.run(['register', '--example', '--component-type', 'MODULE']);
    expect(code).toBe(0);
    await expectGolden('register-example', stdout + stderr, cli);
    await writeInto(cli, 'modules.csv', stdout);
    expect(await cli.run(['register', 'modules.csv'])).toMatchObject({ code: 0, stderr: '' });
    expect(registered()).toBe(1);
    const sensor = await cli.run(['register', '--example', '--component-type', 'SENSOR']);
    expect(sensor.stdout).toContain(',20UXXYY1234567');
  });

  it('says how to go on where the database cannot be reached', async () => {
    await writeInto(cli, 'rows.csv', HEAD + row('A1') + row('A2'));
    cli.pdb.fault({ on: 'registerComponent', after: 1, status: 403 });
    const { code, stderr } = await cli.run(['register', 'rows.csv']);
    expect(code).not.toBe(0);
    expect(stderr).toContain('run the same command again when the reason is gone');
    expect(await cli.run(['register', 'rows.csv'])).toMatchObject({ code: 0 });
    expect(registered()).toBe(3);
  });

  it.each([
    [['register', 'none.csv'], 'there is no file none.csv'],
    [['register'], 'no file was given\nA file to start with: itkdb register --example'],
    [
      ['register', '--example'],
      'For example: itkdb register --example --component-type MODULE > modules.csv',
    ],
    [['register', 'a.csv', '--component-type', 'MODULE'], '--example, --component-type and no file belong'],
  ])('refuses %j with exit code 2', async (words, reason) => {
    const { code, stderr } = await cli.run(words);
    expect(code).toBe(2);
    expect(stderr).toContain(reason);
  });
});
