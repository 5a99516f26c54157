import { describe, expect, it } from 'vitest';
import { startCli } from '../helpers/cli.js';

const cli = await startCli();
const { pdb } = cli;

const read = async (args: readonly string[], input = ''): Promise<unknown> => {
  const { code, stdout, stderr } = await cli.run(args, { input });
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return JSON.parse(stdout);
};

const ofTypes = (...types: string[]): string[] =>
  pdb.dataset.components
    .filter(({ componentType }) => types.includes(componentType.code))
    .map(({ code }) => code);

describe('the words of a command', () => {
  it('may have an option of codes twice: it has the codes of both', async () => {
    const args = ['list-components', '--component-type', 'SENSOR', '--component-type', 'PWB', '--json=code'];
    const codes = ((await read(args)) as { code: string }[]).map(({ code }) => code);
    expect(codes.sort()).toEqual(ofTypes('SENSOR', 'PWB').sort());
  });

  it('may end a list of fields with a comma', async () => {
    expect(await read(['list-projects', '--json=code,', '-L', '1'])).toEqual([{ code: 'S' }]);
  });

  it.each(['json', 'ndjson', 'csv'])('may name a column that only later items have: --%s', async (format) => {
    pdb.answer('listProjects', {
      itemList: [{ id: '1' }, { id: '2', grade: 'A' }],
      pageInfo: { pageIndex: 0, pageSize: 100, total: 2 },
    });
    const { code, stdout } = await cli.run(['list-projects', `--${format}`, '--columns', 'grade']);
    expect(stdout).toContain('A');
    expect(code).toBe(0);
  });

  it('may have spaces around the name of a component', async () => {
    const [code = ''] = ofTypes('MODULE');
    expect(await read(['get-component-info', ` ${code}\r`, '--json=code'])).toEqual({ code });
  });

  it('come after the name of the command, which a message says', async () => {
    const { code, stderr } = await cli.run(['-L', '2', 'list-projects']);
    expect(stderr).toBe(
      "itkdb: unknown option '-L'\nOptions of a command are written after its name: itkdb stats --json\n",
    );
    expect(code).toBe(2);
  });
});

describe('the exit code', () => {
  it('is 5 where the identity service is out of order: it is to be tried later', async () => {
    pdb.fault({ on: 'grantToken', status: 501 });
    const { code, stderr } = await cli.run(['list-projects']);
    expect(stderr).toContain('the identity service failed');
    expect(stderr).toContain('Try again later.');
    expect(code).toBe(5);
  });

  it('is 5 where no server listens at the address', async () => {
    const { code, stderr } = await cli.run(['list-projects'], {
      env: { ITKDB_API_URL: 'http://127.0.0.1:9/' },
    });
    expect(stderr).toMatch(
      /^itkdb: cannot reach 127\.0\.0\.1:9: .*\n.*\nCheck the network, and the address .*\n$/,
    );
    expect(code).toBe(5);
  });
});

describe('itkdb get-component-info -', () => {
  it('reads the JSON list that list-components writes into a pipe', async () => {
    const { stdout } = await cli.run(['list-components', '--component-type', 'MODULE', '-L', '3']);
    const codes = (JSON.parse(stdout) as { code: string }[]).map(({ code }) => ({ code }));
    expect(codes).toHaveLength(3);
    expect(await read(['get-component-info', '-', '--json=code'], stdout)).toEqual(codes);
  });
});
