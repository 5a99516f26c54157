import { describe, expect, it } from 'vitest';
import { startCli } from '../helpers/cli.js';
import { freshModule, freshModules, writeInto } from '../helpers/test-run-files.js';

const cli = await startCli();
const { serialNumber: sn } = freshModule(cli);
const [, other] = freshModules(cli).map(({ serialNumber }) => serialNumber) as [string, string];
const code = freshModule(cli).code;

const read = (input: string) =>
  cli.run(['get-component-info', '--from', '-', '--ndjson', '--columns', 'serialNumber'], { input });
const lines = (...names: readonly string[]): string =>
  names.map((serialNumber) => `${JSON.stringify({ serialNumber })}\n`).join('');

describe('--from takes', () => {
  it.each([
    ['names', `${sn}\n# a comment\n\n"${other}"\n`],
    ['names below the word serialNumber', `\ufeffserialNumber\r\n${sn}\r\n${other}\r\n`],
    ['names below the words Serial number', `Serial number\n${sn}\n${other}\n`],
    ['a list of objects', JSON.stringify([{ serialNumber: sn, code: 'x' }, { code: other }], null, 2)],
    ['a list of texts', JSON.stringify([sn, other])],
    ['test runs', JSON.stringify([{ id: 'x', components: [{ serialNumber: sn }, { serialNumber: other }] }])],
    ['lines of JSON', `{"serialNumber":"${sn}"}\n{"component":"${other}"}\n`],
    ['CSV', `type,serialNumber,id\nA,${sn},1\nB,,${other}\n`],
    ['CSV with semicolons, of Excel', `\ufeffType;Serial Number\r\n"A;B";${sn}\r\nB;${other}\r\n`],
    ['CSV with the column component', `component,id\n${sn},1\n${other},2\n`],
  ])('%s', async (_, input) => {
    expect(await read(input)).toMatchObject({ code: 0, stdout: lines(sn, other), stderr: '' });
  });

  it('an object in several lines', async () => {
    expect(await read(JSON.stringify({ serialNumber: sn, children: null }, null, 2))).toMatchObject({
      ...{ code: 0, stdout: `${JSON.stringify({ serialNumber: sn }, null, 0)}\n` },
    });
  });

  it.each(['--json', '--ndjson', '--csv', '--csv --excel'])(
    'what list-components writes with %s',
    async (format) => {
      const { stdout, stderr } = await cli.shell(
        `itkdb list-components --stage HV_TAB_ATTACHED -L 3 ${format} | itkdb tests --from - --csv --columns component`,
      );
      expect(stderr).toBe('');
      expect(new Set(stdout.trim().split(/\r?\n/)).size).toBeGreaterThan(1);
    },
  );

  it('10,000 names', async () => {
    const names = Array.from({ length: 10_000 }, (_, index) => `20USBML8${String(index).padStart(6, '0')}`);
    await writeInto(
      cli,
      'names.csv',
      `serialNumber,type\n${[...names, sn].map((name) => `${name},A\n`).join('')}`,
    );
    const { stdout, stderr } = await cli.run([
      ...['get-component-info', '--from', 'names.csv', '--ndjson', '--columns', 'serialNumber'],
    ]);
    expect(stdout).toBe(lines(sn));
    expect(stderr).toContain('components: 10000 of 10001 not in the database');
  });
});

it.each([
  ['a table without such a column', `Type;Place\nA;${sn}\n`, 'no column in its first line names components'],
  ['a table without a first line', `${sn},A\n${other},B\n`, 'no column in its first line names components'],
  ['a table with a broken line', `serialNumber,type\n${sn}\n`, 'line 2 has 1 values'],
  ['a table of a terminal', `serialNumber    type\n${sn}  A\n`, 'more than one word in a line'],
  ['JSON without a name', '[{"a":1}]', 'there is no component in this part of standard input: {"a":1}'],
  ['JSON that is cut off', `[{"serialNumber":"${sn}"},`, 'is not JSON as a whole'],
  [
    'a line that starts like JSON and is cut off',
    `{"serialNumber":"${sn}"}\n{"serial\n`,
    'the line {"serial is not JSON',
  ],
  ['a web page', `<!doctype html>\n<p>${sn}\n`, 'is not a list of components'],
  ['a file of Excel', 'PK\u0003\u0004\u0000\u0000', 'is not a list of components'],
])('--from refuses %s, in three lines', async (_, input, reason) => {
  const { code, stdout, stderr } = await read(input);
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(stderr.split('\n')).toEqual([
    expect.stringContaining(reason),
    'Write one serial number in each line, or a table (CSV) with a column serialNumber, component, code or id.',
    'What list-components writes with --csv, --json or --ndjson will do, too.',
    '',
  ]);
  expect(cli.pdb.requests).toEqual([]);
});

it('a serial number may be in lower case', async () => {
  const lower = sn.toLowerCase();
  for (const words of [
    ['get-component-info', lower, '--json=serialNumber'],
    ['tree', lower],
    ['tests', lower],
    ['stage', 'GLUED', lower],
    ['add-comment', lower, '-m', 'a'],
    ['template', lower, 'VISUAL_INSPECTION'],
    ['report', lower, '-o', '-'],
    ['add-attachment', lower, '-f', '-', '--filename', 'a.txt'],
  ])
    expect(await cli.run(words, { input: 'a' })).toMatchObject({ code: 0, stderr: '' });
  expect(await cli.run(['get-component-info', code, '--json=code'])).toMatchObject({ code: 0 });
});
