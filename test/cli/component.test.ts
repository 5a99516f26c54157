import { describe, expect, it } from 'vitest';
import { expectGolden, startCli } from '../helpers/cli.js';
import { assembledModule, clientOf, makeHostile } from '../helpers/hostile-component.js';
import { itOnTerminal, runInTerminal } from '../helpers/terminal.js';

const cli = await startCli();
const { pdb } = cli;
const module = assembledModule(pdb);
const others = pdb.dataset.components.filter(({ id }) => id !== module.id).slice(0, 2);
const [first, second] = others.map(({ serialNumber }) => serialNumber as string) as [string, string];
const { serialNumber } = module;
const MISSING = '20USBMS9999999';

const info = (...args: string[]): ReturnType<typeof cli.run> => cli.run(['get-component-info', ...args]);

describe('get-component-info in a pipe', () => {
  it('prints the component as the database sent it', async () => {
    await using client = clientOf(pdb);
    const { code, stdout } = await info('--component', serialNumber);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toEqual(
      await client.get('getComponent', { data: { component: serialNumber } }),
    );
  });

  it('takes codes, ids and alternative identifiers', async () => {
    const { code, id, alternativeIdentifier } = pdb.dataset.components.find(
      (one) => typeof one.alternativeIdentifier === 'string',
    ) as { code: string; id: string; alternativeIdentifier: string };
    for (const name of [code, id, alternativeIdentifier])
      expect(JSON.parse((await info(name, '--json=id')).stdout)).toEqual({ id });
  });

  it('prints several components as a list, in the order of the arguments', async () => {
    const { code, stdout } = await info(second, serialNumber, '--component', first, '--json=serialNumber');
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toEqual([second, serialNumber, first].map((name) => ({ serialNumber: name })));
  });

  it('reads them from another command', async () => {
    const { code, stdout } = await cli.shell(
      'itkdb list-components -L 3 --ndjson | itkdb get-component-info - --csv --columns serialNumber,currentStage',
    );
    expect(code).toBe(0);
    expect(stdout.trimEnd().split(/\r?\n/)).toEqual([
      'serialNumber,currentStage',
      ...Array.from({ length: 3 }, () => expect.stringMatching(/^20USB\w{9},\w+$/)),
    ]);
  });

  it('has the properties as columns of CSV', async () => {
    const { stdout } = await info(serialNumber, '--csv', '--columns', 'serialNumber,LOCALNAME');
    expect(stdout).toMatch(new RegExp(`^serialNumber,LOCALNAME\r?\n${serialNumber},CERN_MODULE_\\d+\r?\n$`));
  });
});

describe('get-component-info fails', () => {
  it('with 4 where there is no such component', async () => {
    expect(await info(MISSING)).toMatchObject({
      ...{ code: 4, stdout: '' },
      stderr: expect.stringMatching(new RegExp(`^itkdb: .*${MISSING}.*\n`)),
    });
  });

  it('with 4 where there is none of several', async () => {
    expect(await info(MISSING, '20USBMS9999998')).toMatchObject({
      ...{ code: 4, stdout: '[]\n' },
      stderr:
        `itkdb: there is no component ${MISSING}\nitkdb: there is no component 20USBMS9999998\n` +
        'itkdb: components: 2 of 2 not in the database\n' +
        'Check the serial number, or look for the component: itkdb list-components\n',
    });
  });

  it('with 1 where some are missing, and prints the others', async () => {
    const { code, stdout, stderr } = await info(MISSING, serialNumber, '--json=serialNumber');
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toEqual([{ serialNumber }]);
    expect(stderr).toContain('components: 1 of 2 not in the database');
  });

  it('with 5 where the database answers nonsense for all', async () => {
    pdb.fault({ on: 'getComponentBulk', times: Infinity, html: '<p>busy</p>' });
    const { code, stderr } = await info(first, second);
    expect(code).toBe(5);
    expect(stderr).toContain(`itkdb: ${first} could not be read: `);
  });

  it('with 2 without a component, or with a field that there is not', async () => {
    expect(await info()).toMatchObject({
      code: 2,
      stderr:
        'itkdb: no component was given\nGive serial numbers, or a file with one in each line: --from FILE\n',
    });
    const { code, stderr } = await info(serialNumber, '--json=serialNumbr');
    expect(code).toBe(2);
    expect(stderr).toContain('is it serialNumber?');
  });
});

describe('get-component-info on a terminal', () => {
  itOnTerminal('shows a page', async () => {
    await using client = clientOf(pdb);
    await client.components.comment(serialNumber, 'A scratch.\nOn the edge.');
    const sensor = pdb.dataset.components.find(({ parent }) => parent?.id === module.id);
    await client.components.disassemble(serialNumber, sensor?.serialNumber ?? '');
    await client.attachments.add({ component: serialNumber }, Buffer.from('text'), {
      ...{ title: 'Photo', filename: 'photo.txt', description: 'of the edge' },
    });
    const { code, screen } = await runInTerminal(cli, ['get-component-info', serialNumber]);
    expect(code).toBe(0);
    await expectGolden('get-component-info', screen, cli);
  });

  itOnTerminal('shows the pages of several components one below the other', async () => {
    const { screen } = await runInTerminal(cli, ['get-component-info', first, second]);
    expect(screen.match(/^serial number .*$/gm)).toEqual([
      expect.stringContaining(first),
      expect.stringContaining(second),
    ]);
  });

  itOnTerminal('shows what failed in red', async () => {
    const failed = pdb.dataset.components.find(({ testRuns }) =>
      testRuns.some(
        (run) =>
          !run.passed && run === testRuns.findLast(({ testType }) => testType.code === run.testType.code),
      ),
    );
    const { raw } = await runInTerminal(cli, ['get-component-info', failed?.serialNumber ?? '']);
    expect(raw).toMatch(new RegExp(`${'\u001b'}\\[31m\\w+ +failed`));
  });

  itOnTerminal('lets no control character through', async () => {
    await makeHostile(pdb, serialNumber);
    const { raw } = await runInTerminal(cli, ['get-component-info', serialNumber]);
    expect(raw).toContain('window.hacked=1');
    expect(raw).not.toContain('\u0007');
    expect(raw).not.toContain('\u202e');
  });

  itOnTerminal('--limit ends early', async () => {
    const { screen } = await runInTerminal(cli, ['get-component-info', first, second, '--limit', '1']);
    expect(screen).toContain(first);
    expect(screen).not.toContain(second);
  });
});
