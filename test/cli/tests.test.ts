import { describe, expect, it } from 'vitest';
import type { TestRun } from '../../src/index.js';
import { expectGolden, startCli } from '../helpers/cli.js';
import { assembledModule, clientOf } from '../helpers/hostile-component.js';
import { itOnTerminal, runInTerminal } from '../helpers/terminal.js';

const cli = await startCli();
const { pdb } = cli;
const { serialNumber } = assembledModule(pdb);
const module = pdb.dataset.components.find((one) => one.serialNumber === serialNumber);
const STAVE = pdb.dataset.components.find(({ id }) => id === module?.parent?.id)?.serialNumber ?? '';
const other = pdb.dataset.components.find(
  ({ id, componentType, testRuns }) =>
    id !== module?.id && componentType.code === 'MODULE' && testRuns.some(({ passed }) => !passed),
);
const OTHER = other?.serialNumber ?? '';

const tests = async (...args: string[]): Promise<TestRun[]> => {
  const { code, stdout, stderr } = await cli.run(['tests', ...args]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return JSON.parse(stdout) as TestRun[];
};
const idsOf = (runs: readonly { id: string }[]): string[] => runs.map(({ id }) => id).sort();

describe('tests in a pipe', () => {
  it('prints whole test runs, of one component after the other, by their dates', async () => {
    await using client = clientOf(pdb);
    const runs = await tests(serialNumber, OTHER);
    const names = runs.map(({ components }) => components[0]?.serialNumber);
    expect([...new Set(names)]).toEqual([serialNumber, OTHER]);
    expect(names.lastIndexOf(serialNumber)).toBe(names.indexOf(OTHER) - 1);
    const own = runs.slice(0, names.indexOf(OTHER));
    expect(own.map(({ date }) => date)).toEqual(own.map(({ date }) => date).sort());
    const { items } = await client.testRuns.getMany(idsOf(runs));
    expect(idsOf(runs)).toEqual(
      idsOf([
        ...(await client.testRuns.list(serialNumber).toArray()),
        ...(await client.testRuns.list(OTHER).toArray()),
      ]),
    );
    expect([...runs].sort((a, b) => a.id.localeCompare(b.id))).toEqual(items);
  });

  it('--test-type and --stage give these alone', async () => {
    const types = await tests(serialNumber, '--test-type', 'GLUE_WEIGHT,MODULE_BOW');
    expect(types.map(({ testType }) => testType.code).sort()).toEqual(['GLUE_WEIGHT', 'MODULE_BOW']);
    const stages = await tests(serialNumber, '--stage', 'GLUED', '--test-type', 'GLUE_WEIGHT,MODULE_IV_AMAC');
    expect(stages.map(({ testType }) => testType.code)).toEqual(['GLUE_WEIGHT']);
  });

  it('--failed and --latest choose among them', async () => {
    const all = await tests(OTHER);
    const failed = await tests(OTHER, '--failed');
    expect(idsOf(failed)).toEqual(idsOf(all.filter(({ passed }) => !passed)));
    const latest = await tests(OTHER, '--latest');
    expect(latest).toHaveLength(new Set(all.map(({ testType }) => testType.code)).size);
    for (const { testType, cts } of latest)
      for (const run of all.filter((one) => one.testType.code === testType.code))
        expect(run.cts <= cts).toBe(true);
    const latestFailed = await tests(OTHER, '--latest', '--failed');
    expect(idsOf(latestFailed)).toEqual(idsOf(latest.filter(({ passed }) => !passed)));
  });

  it('--tree gives those of all that is in a component', async () => {
    await using client = clientOf(pdb);
    const expected: TestRun[] = [];
    for await (const run of client.testRuns.ofTree(STAVE)) expected.push(run);
    expect(idsOf(await tests(STAVE, '--tree'))).toEqual(idsOf(expected));
  });

  it('has the single values as columns of CSV with --results', async () => {
    const args = ['tests', serialNumber, '--test-type', 'MODULE_IV_PS_V1', '--csv'];
    const head = async (...more: string[]): Promise<string[] | undefined> =>
      (await cli.run([...args, ...more])).stdout.split(/\r?\n/)[0]?.split(',');
    const columns = await head();
    expect(columns?.slice(0, 7)).toEqual([
      ...['component', 'testType', 'stage', 'date', 'runNumber', 'passed', 'problems'],
    ]);
    expect(columns).not.toContain('TEMPERATURE');
    expect(await head('--results')).toEqual([...(columns ?? []), 'TEMPERATURE', 'HUMIDITY']);
    expect((await cli.run(args)).stderr).toBe('');
    expect((await cli.run([...args, '--results'])).stderr).toMatch(
      /^lists of values are not shown: VOLTAGE, CURRENT\nTo get them: itkdb plot [0-9a-f]{24} --csv\n$/,
    );
  });

  it('takes components from a file, and reads those that have no serial number on the command line by their code', async () => {
    const { code, stdout } = await cli.run(['tests', '--from', '-', '--json=id'], {
      input: `# modules\n${serialNumber}\n${JSON.stringify({ code: module?.code })}\n`,
    });
    expect(code).toBe(0);
    expect((JSON.parse(stdout) as object[]).length).toBeGreaterThan(0);
  });

  it('reads the test runs of a component whose database names none', async () => {
    await using client = clientOf(pdb);
    const { tests: _, ...component } = await client.components.get(serialNumber);
    const expected = await client.testRuns.latest(serialNumber);
    pdb.answer('getComponent', component);
    expect(idsOf(await tests(serialNumber, '--latest'))).toEqual(
      idsOf(Object.values(expected).flatMap((run) => run ?? [])),
    );
  });
});

describe('tests that finds none', () => {
  it('says of which test types there are test runs', async () => {
    expect(await cli.run(['tests', serialNumber, '--test-type', 'NOPE'])).toMatchObject({
      ...{ code: 0, stdout: '[]\n' },
      stderr: expect.stringMatching(/^itkdb: there are test runs of VISUAL_INSPECTION, /),
    });
  });

  it('fails with 1 where some of the components are missing, and with 4 for all', async () => {
    const some = await cli.run(['tests', '20USBMS9999999', serialNumber, '--latest', '--json=passed']);
    expect(some.code).toBe(1);
    expect((JSON.parse(some.stdout) as object[]).length).toBeGreaterThan(0);
    expect(some.stderr).toContain('itkdb: there is no component 20USBMS9999999\n');
    expect(await cli.run(['tests', '20USBMS9999999'])).toMatchObject({ code: 4, stdout: '' });
  });
});

describe('tests on a terminal', () => {
  for (const [name, args] of [
    ['tests', [serialNumber]],
    ['tests-several', [serialNumber, OTHER, '--failed']],
    ['tests-results', [serialNumber, '--results', '--test-type', 'MODULE_IV_PS_V1,MODULE_BOW']],
  ] as const)
    itOnTerminal(`shows ${name}`, async () => {
      const { code, screen } = await runInTerminal(cli, ['tests', ...args]);
      expect(code).toBe(0);
      await expectGolden(name, screen, cli);
    });

  itOnTerminal('reads 100 of them, and says how many there are', async () => {
    const { screen } = await runInTerminal(cli, ['tests', STAVE, '--tree']);
    const lines = screen.trimEnd().split('\n');
    expect(lines).toHaveLength(102);
    expect(lines.at(-1)).toMatch(/^100 of [\d,]+ test runs; for all: --limit all$/);
    expect(pdb.count('getTestRunBulk')).toBe(2);
  });
});
