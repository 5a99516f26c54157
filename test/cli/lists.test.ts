import { describe, expect, it } from 'vitest';
import type { Client } from '../../src/index.js';
import { expectGolden, startCli } from '../helpers/cli.js';
import { clientOf } from '../helpers/hostile-component.js';
import { itOnTerminal, runInTerminal } from '../helpers/terminal.js';

const cli = await startCli();
const { pdb } = cli;

const read = async (args: readonly string[]): Promise<unknown> => {
  const { code, stdout, stderr } = await cli.run(args);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return JSON.parse(stdout);
};

const testTypes = (client: Client, project: string, componentType: string): Promise<unknown[]> =>
  client.list('listTestTypes', { project, componentType }).toArray();

/** What the commands print in a pipe. */
const LISTS: readonly (readonly [args: readonly string[], expected: (client: Client) => Promise<unknown>])[] =
  [
    [['list-institutes'], (client) => client.list('listInstitutions', {}).toArray()],
    [['list-projects'], (client) => client.list('listProjects', {}).toArray()],
    [['list-component-types'], (client) => client.list('listComponentTypes', { project: 'S' }).toArray()],
    [
      ['list-component-types', '--project', 'P'],
      (client) => client.list('listComponentTypes', { project: 'P' }).toArray(),
    ],
    [['list-test-types', '--component-type', 'MODULE'], (client) => testTypes(client, 'S', 'MODULE')],
    [
      ['list-test-types', '--project', 'P', '--component-type', 'PCB,MODULE'],
      async (client) => [
        ...(await testTypes(client, 'P', 'PCB')),
        ...(await testTypes(client, 'P', 'MODULE')),
      ],
    ],
    [
      ['list-all-attachments'],
      (client) => client.list('uu-app-binarystore/listBinaries' as string, {}).toArray(),
    ],
    [['list-components'], (client) => client.components.list({ project: 'S' }).toArray()],
    [
      ['list-components', '--project', 'P', '--component-type', 'PCB,MODULE'],
      (client) => client.components.list({ project: 'P', componentType: ['PCB', 'MODULE'] }).toArray(),
    ],
    [['stats'], async (client) => (await client.get('getItkpdOverallStatistics')).statistics],
    [
      ['summary', '--project', 'P'],
      async (client) => {
        const types = await client.list('listComponentTypes', { project: 'P' }).toArray();
        return {
          institutions: await client.list('listInstitutions', {}).toArray(),
          componentTypes: await Promise.all(
            types.map(async (type) => ({ ...type, testTypes: await testTypes(client, 'P', type.code) })),
          ),
        };
      },
    ],
  ];

describe('in a pipe', () => {
  it.each(LISTS)('%s prints the data of the database, over all pages', async (args, expected) => {
    await using client = clientOf(pdb);
    expect(await read(args)).toEqual(await expected(client));
  });

  it('list-test-types lists those of all component types', async () => {
    await using client = clientOf(pdb);
    const types = await client.list('listComponentTypes', { project: 'S' }).toArray();
    const lists = await Promise.all(types.map(({ code }) => testTypes(client, 'S', code)));
    expect(await read(['list-test-types'])).toEqual(lists.flat());
  });

  it('list-test-types has the code of the component type in CSV', async () => {
    const { stdout } = await cli.run([
      'list-test-types',
      '--csv',
      '--columns',
      'componentType,code',
      '-L',
      '6',
    ]);
    expect(stdout).toMatch(/^componentType,code\r?\nSENSOR,ATLAS18_IV_TEST_V1\r?\n/);
    expect(stdout.trimEnd().split('\n')).toHaveLength(7);
  });
});

interface Placed {
  readonly id: string;
  readonly institution: { readonly code: string };
  readonly currentLocation: { readonly code: string };
}

describe('list-components', () => {
  const all = pdb.dataset.components.filter(({ state }) => state === 'ready');
  const [module] = all.filter(({ componentType }) => componentType.code === 'MODULE');

  it.each([
    ['--type', 'BARREL_SS_MODULE', { type: { code: 'BARREL_SS_MODULE' } }],
    ['--stage', 'FINISHED,BONDED', { currentStage: { code: expect.stringMatching(/^(FINISHED|BONDED)$/) } }],
    ['--component-type', 'PWB,SENSOR', { componentType: { code: expect.stringMatching(/^(PWB|SENSOR)$/) } }],
  ])('%s %s gives these alone', async (option, value, expected) => {
    const items = (await read(['list-components', option, value])) as object[];
    expect(items.length).toBeGreaterThan(0);
    for (const item of items) expect(item).toMatchObject(expected);
  });

  it('--site gives what belongs to a site or is there, each once', async () => {
    const items = (await read(['list-components', '--site', 'CERN,FZU'])) as Placed[];
    const sites = ({ institution, currentLocation }: Placed): string[] => [
      institution.code,
      currentLocation.code,
    ];
    expect(items.length).toBeGreaterThan(0);
    expect(new Set(items.map(({ id }) => id)).size).toBe(items.length);
    for (const item of items) expect(sites(item).some((site) => ['CERN', 'FZU'].includes(site))).toBe(true);
  });

  it('--location gives what is there, and --owner what belongs to it', async () => {
    const there = (await read(['list-components', '--location', 'CERN,FZU'])) as Placed[];
    const owned = (await read(['list-components', '--owner', 'CERN'])) as Placed[];
    const expected = (holds: (component: Placed) => boolean): string[] =>
      (all as unknown as Placed[])
        .filter(holds)
        .map(({ id }) => id)
        .sort();
    const ids = (items: readonly Placed[]): string[] => items.map(({ id }) => id).sort();
    const strips = new Set(((await read(['list-components'])) as Placed[]).map(({ id }) => id));
    expect(ids(there)).toEqual(
      expected(({ id, currentLocation: { code } }) => strips.has(id) && ['CERN', 'FZU'].includes(code)),
    );
    expect(ids(owned)).toEqual(
      expected(({ id, institution }) => strips.has(id) && institution.code === 'CERN'),
    );
    expect(ids(owned)).not.toEqual(ids(there));
  });

  it.each(['--location', '--owner'])('refuses --site with %s', async (option) => {
    const { code, stderr } = await cli.run(['list-components', '--site', 'CERN', option, 'CERN']);
    expect(code).toBe(2);
    expect(stderr).toContain(`option '--site <codes>' cannot be used with option '${option} <codes>'`);
  });

  describe('--csv', () => {
    const args = ['list-components', '--component-type', 'MODULE', '--csv'];
    const USEFUL =
      'serialNumber,componentType,type,currentStage,currentLocation,alternativeIdentifier,institution,state,cts,id';
    const headOf = async (...words: readonly string[]): Promise<string> =>
      (await cli.run([...args, ...words])).stdout.split(/\r?\n/)[0] ?? '';

    it('has the useful columns, also of an empty list, and all with --columns all', async () => {
      expect(await headOf()).toBe(USEFUL);
      expect(await headOf('--type', 'SS-A')).toBe(USEFUL);
      const columns = (await headOf('--columns', 'all')).split(',');
      expect(columns).toEqual(expect.arrayContaining([...USEFUL.split(','), 'awid', 'sys.rev']));
    });

    it('has the properties with --full', async () => {
      expect(await headOf('--full')).toBe(`${USEFUL},LOCALNAME,ORDER`);
      const words = [...args, '-L', '1', '--columns', 'serialNumber,LOCALNAME'];
      expect((await cli.run([...words, '--full'])).stdout).toMatch(/\r?\n20USB\w{9},\w+_MODULE_\d+\r?\n$/);
      expect(await cli.run(words)).toMatchObject({
        ...{ code: 2, stdout: '' },
        stderr:
          'itkdb: there is no column LOCALNAME\n' +
          'If it is a property, such as LOCALNAME, add --full. For all columns there are: --columns all\n',
      });
    });

    it('suggests a column whose name contains the word', async () => {
      const { stderr } = await cli.run([...args, '--columns', 'stage']);
      expect(stderr).toMatch(/^itkdb: there is no column stage; is it currentStage\?\n/);
    });
  });

  it('--columns all changes nothing in JSON', async () => {
    const args = ['list-components', '-L', '2'];
    expect(await read([...args, '--columns', 'all'])).toEqual(await read(args));
  });

  it('--state gives those that are to be deleted', async () => {
    await using client = clientOf(pdb);
    await client.components.delete(module?.serialNumber ?? '');
    const { state } = await client.components.get(module?.serialNumber ?? '');
    expect(state).not.toBe('ready');
    expect(await read(['list-components', '--state', state])).toMatchObject([{ id: module?.id }]);
  });

  it('warns of codes that do not exist, and gives nothing', async () => {
    expect(await cli.run(['list-components', '--component-type', 'MODUL'])).toMatchObject({
      ...{ code: 0, stdout: '[]\n' },
      stderr: expect.stringContaining('there is no component type MODUL in the project S; is it MODULE?'),
    });
    expect(await cli.run(['list-components', '--site', 'CRN'])).toMatchObject({
      ...{ code: 0, stdout: '[]\n' },
      stderr: expect.stringContaining('there is no institution with the code CRN; is it CERN?'),
    });
  });

  it('fails for a project that does not exist', async () => {
    const { code, stdout, stderr } = await cli.run(['list-components', '--project', 'Q']);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toContain('itkdb: Project does not exist\nThe projects: itkdb list-projects\n');
  });
});

it('list-test-types fails with 4 for a component type that does not exist', async () => {
  const { code, stderr } = await cli.run(['list-test-types', '--component-type', 'NOPE']);
  expect(code).toBe(4);
  expect(stderr).toContain('Component type does not exist: project S, componentType NOPE');
});

describe('texts of the database', () => {
  /** Lets the next list of institutions be one institution. */
  function answerWith(institution: object): void {
    const pageInfo = { pageIndex: 0, pageSize: 100, total: 1 };
    pdb.answer('listInstitutions', { itemList: [{ id: '1', ...institution }], pageInfo });
  }

  it('are no formulas in --csv --excel: not in the names of columns, and not after white space', async () => {
    answerWith({ code: ' =1+1', name: '-5', '@SUM(1)': '\u200b+1' });
    const { stdout } = await cli.run(['list-institutes', '--csv', '--excel']);
    expect(stdout).toBe("\ufeffcode,name,id,'@SUM(1)\r\n' =1+1,-5,1,'\u200b+1\r\n");
  });

  it('that are told on stderr have no colour, and look like no line of itkdb', async () => {
    const [{ code } = { code: '' }] = pdb.dataset.components;
    pdb.answer('getComponent', { id: '1', code, tests: [{ code: '\u001b[8mA\nitkdb: B', testRuns: [] }] });
    const { stderr } = await cli.run(['tests', code]);
    expect(stderr).toBe('itkdb: there are test runs of \\u001b[8mA\n  itkdb: B\n');
  });

  itOnTerminal('are no commands for a terminal in --csv', async () => {
    answerWith({ code: 'A\u001b]0;title\u0007', name: 'B' });
    const { raw } = await runInTerminal(cli, ['list-institutes', '--csv']);
    expect(raw).toContain('A\\u001b]0;title\\u0007,B,1');
  });
});

describe('on a terminal', () => {
  for (const args of [
    ['list-institutes', '--limit', '4'],
    ['list-test-types', '--limit', '3'],
    ['list-all-attachments', '--limit', '3'],
    ['list-components', '--component-type', 'MODULE', '--limit', '5'],
    ['stats'],
    ['summary', '--project', 'P'],
  ])
    itOnTerminal(`${args[0]} shows a table`, async () => {
      const { code, screen } = await runInTerminal(cli, args);
      expect(code).toBe(0);
      await expectGolden(args[0] as string, screen, cli);
    });

  itOnTerminal('lists end at 100 items, and say how many there are', async () => {
    const { screen } = await runInTerminal(cli, ['list-components']);
    const count = pdb.dataset.components.filter(({ serialNumber }) =>
      /^20USB/.test(serialNumber ?? ''),
    ).length;
    const lines = screen.trimEnd().split('\n');
    expect(lines).toHaveLength(102);
    expect(lines.at(-1)).toBe(`100 of ${count} components; for all: --limit all`);
  });

  itOnTerminal('an empty list is a sentence', async () => {
    const { code, screen } = await runInTerminal(cli, [
      'list-components',
      '--stage',
      'HV_TAB_ATTACHED',
      '--type',
      'SS-A',
    ]);
    expect(code).toBe(0);
    expect(screen).toBe('no components\n');
  });
});
