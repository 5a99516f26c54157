import { describe, expect, it } from 'vitest';
import type { TreeNode } from '../../src/cli/components/trees.js';
import type { Component } from '../../src/index.js';
import { expectGolden, startCli } from '../helpers/cli.js';
import { assembledModule, clientOf } from '../helpers/hostile-component.js';
import { itOnTerminal, runInTerminal } from '../helpers/terminal.js';

const cli = await startCli();
const { pdb } = cli;
const { serialNumber } = assembledModule(pdb);
const module = pdb.dataset.components.find((one) => one.serialNumber === serialNumber);
const stave = pdb.dataset.components.find(({ id }) => id === module?.parent?.id);
const sensor = pdb.dataset.components.find(
  ({ parent, componentType }) => parent?.id === module?.id && componentType.code === 'SENSOR',
);
const STAVE = stave?.serialNumber ?? '';
const SENSOR = sensor?.serialNumber ?? '';

const tree = async (...args: string[]): Promise<unknown> => {
  const { code, stdout, stderr } = await cli.run(['tree', ...args]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return JSON.parse(stdout);
};

const shapeOf = (component: Component): object => ({
  serialNumber: component.serialNumber,
  children: component.children.map(shapeOf),
});

const shapeOfNode = ({ serialNumber: name, children = [] }: TreeNode): object => ({
  serialNumber: name,
  children: children.map(shapeOfNode),
});

describe('tree in a pipe', () => {
  it('is nested JSON, of all that is in a component', async () => {
    await using client = clientOf(pdb);
    const root = (await tree(STAVE)) as TreeNode;
    expect(shapeOfNode(root)).toEqual(shapeOf(await client.components.tree(STAVE)));
    expect(Object.keys(root)).toEqual([
      ...['serialNumber', 'code', 'id', 'componentType', 'type', 'currentStage', 'children'],
    ]);
    expect(root).toMatchObject({ componentType: 'STAVE', currentStage: expect.stringMatching(/^[A-Z_]+$/) });
  });

  it('--depth ends at a level', async () => {
    const { children = [] } = (await tree(STAVE, '--depth', '1')) as TreeNode;
    expect(children.length).toBeGreaterThan(0);
    expect(children.flatMap((child) => child.children)).toEqual([]);
    expect(pdb.count('getComponentBulk')).toBe(1);
  });

  it('--up shows what a component is in', async () => {
    expect(await tree(SENSOR, '--up')).toMatchObject({
      serialNumber: SENSOR,
      parents: [{ serialNumber, parents: [{ serialNumber: STAVE, parents: [] }] }],
    });
    expect(await tree(SENSOR, '--up', '--depth', '1')).toMatchObject({ parents: [{ parents: [] }] });
  });

  it('of several components is a list', async () => {
    expect(await tree(SENSOR, serialNumber)).toMatchObject([{ serialNumber: SENSOR }, { serialNumber }]);
  });

  it('is a list of components in CSV, NDJSON and with some fields', async () => {
    const { stdout } = await cli.run([
      'tree',
      serialNumber,
      '--csv',
      '--columns',
      'level,parent,serialNumber',
    ]);
    const lines = stdout.trimEnd().split(/\r?\n/);
    expect(lines.slice(0, 3)).toEqual([
      ...['level,parent,serialNumber', `0,,${serialNumber}`, `1,${serialNumber},${SENSOR}`],
    ]);
    const fields = await cli.run(['tree', serialNumber, '--json=level,serialNumber', '-L', '2']);
    expect(JSON.parse(fields.stdout)).toEqual([
      { level: 0, serialNumber },
      { level: 1, serialNumber: SENSOR },
    ]);
    const ndjson = await cli.run(['tree', serialNumber, '--ndjson']);
    expect(ndjson.stdout.trimEnd().split('\n')).toHaveLength(lines.length - 1);
  });
});

describe('tree fails', () => {
  it('with 1 where a part could not be read, and shows the others', async () => {
    pdb.answer('getComponentBulk', { itemList: [] });
    pdb.fault({ on: 'getComponent', after: 1, status: 400, body: {} });
    const { code, stdout, stderr } = await cli.run(['tree', serialNumber]);
    expect(code).toBe(1);
    expect((JSON.parse(stdout) as TreeNode).children?.map(({ componentType }) => componentType)).toContain(
      'PWB',
    );
    expect(stderr).toMatch(/^itkdb: 20USB\w{9} could not be read: .*\nitkdb: components: 1 not read\n$/);
  });

  it('with 4 where there is no such component', async () => {
    expect(await cli.run(['tree', '20USBMS9999999'])).toMatchObject({ code: 4, stdout: '' });
  });

  it('with 2 for a wrong depth', async () => {
    const { code, stderr } = await cli.run(['tree', STAVE, '--depth', '0']);
    expect(code).toBe(2);
    expect(stderr).toContain('Give a whole number, at least 1.');
  });
});

describe('tree on a terminal', () => {
  for (const [name, args] of [
    ['tree', [serialNumber]],
    ['tree-depth', [STAVE, '--depth', '1', '--limit', '5']],
    ['tree-up', [SENSOR, '--up']],
  ] as const)
    itOnTerminal(`draws lines: ${name}`, async () => {
      const { code, screen } = await runInTerminal(cli, ['tree', ...args]);
      expect(code).toBe(0);
      await expectGolden(name, screen, cli);
    });

  itOnTerminal('--free shows free positions', async () => {
    await using client = clientOf(pdb);
    await client.components.disassemble(serialNumber, SENSOR);
    const { screen } = await runInTerminal(cli, ['tree', serialNumber, '--free']);
    expect(screen).toMatch(/^├─ \(free\) +SENSOR ATLAS18SS$/m);
    expect((await runInTerminal(cli, ['tree', serialNumber])).screen).not.toContain('(free)');
  });

  itOnTerminal('is cut at the width of the terminal', async () => {
    const { screen } = await runInTerminal(cli, ['tree', serialNumber], { columns: 40 });
    for (const line of screen.trimEnd().split('\n')) expect(line).toMatch(/^.{39}…$/);
  });
});
