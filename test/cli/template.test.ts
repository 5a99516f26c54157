import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { startCli } from '../helpers/cli.js';
import { assembledModule } from '../helpers/hostile-component.js';

const cli = await startCli();
const { serialNumber: MODULE } = assembledModule(cli.pdb);

it('template prints a test run that upload takes once it is filled in', async () => {
  const { code, stderr } = await cli.shell(`itkdb template ${MODULE} GLUE_WEIGHT > run.json`);
  expect(code, stderr).toBe(0);
  const file = join(cli.folder, 'run.json');
  const run = JSON.parse(await readFile(file, 'utf8'));
  expect(run).toMatchObject({ component: MODULE, testType: 'GLUE_WEIGHT', passed: null });

  const refused = await cli.run(['upload', 'run.json']);
  expect(refused.code).toBe(1);
  expect(refused.stderr).toContain('passed');
  expect(cli.pdb.count('uploadTestRunResults')).toBe(0);

  const results = { ...run.results, TEMPERATURE: 21.5, HUMIDITY: 30 };
  await writeFile(file, JSON.stringify({ ...run, passed: true, runNumber: '7', results }));
  const uploaded = await cli.run(['upload', 'run.json', '--stage', 'GLUED', '--restore-stage']);
  expect(uploaded.code, uploaded.stderr).toBe(0);
  expect(cli.pdb.count('uploadTestRunResults')).toBe(1);
});

it('template suggests a test type where there is none of the code', async () => {
  const { code, stdout, stderr } = await cli.run(['template', MODULE, 'GLUE_WEIGH']);
  expect([code, stdout]).toEqual([2, '']);
  expect(stderr).toContain('GLUE_WEIGHT');
});
