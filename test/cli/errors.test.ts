import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { startCli } from '../helpers/cli.js';

const cli = await startCli({ components: 30 });
const { serialNumber } = cli.pdb.dataset.components.find(
  ({ componentType, state }) => componentType.code === 'MODULE' && state === 'ready',
) as { serialNumber: string };
const NO_SERIAL_NUMBER = 'A serial number has 14 characters, in capitals, such as 20USBML1234567.';
const NO_COMPONENT = 'Check the serial number, or look for the component: itkdb list-components';

describe('an error has a reason in the words of the command line, and a line with a way out', () => {
  it.each<[words: readonly string[], code: number, reason: string | RegExp, advice: string]>([
    [['tree', 'nonesuch'], 4, /^there is no component with .* nonesuch$/, NO_COMPONENT],
    [
      ['tests', serialNumber.toLowerCase().slice(0, -2)],
      4,
      /^there is no component with .* 20[uU]\w+$/,
      NO_SERIAL_NUMBER,
    ],
    [['stage', 'BONDED', serialNumber.slice(1)], 4, /^there is no component with .*$/, NO_COMPONENT],
    [['report', serialNumber.slice(0, -1)], 4, /^there is no component with .* 20U\w+$/, NO_SERIAL_NUMBER],
    [['download', 'nonesuch'], 4, 'Component does not exist: component nonesuch', NO_COMPONENT],
    [
      ['get', 'getComponent', 'component=20U'],
      4,
      /^getComponent: Component does not .* 20U$/,
      NO_SERIAL_NUMBER,
    ],
    [
      ['get', 'getTestRun', 'testRun=0'],
      1,
      'getTestRun: Reading the test run failed: testRun 0',
      'The ids of the test runs of a component: itkdb tests SERIALNUMBER --json=id',
    ],
    [['list-components', '--project', 'Q'], 1, 'Project does not exist', 'The projects: itkdb list-projects'],
    [
      ['list-test-types', '--component-type', 'NONE'],
      4,
      'Component type does not exist: project S, componentType NONE',
      'The types of components: itkdb list-component-types',
    ],
    [
      ['register', 'none.csv'],
      2,
      'there is no file none.csv',
      'Check its name, and the folder in which you are.',
    ],
    [
      ['upload', 'none.json'],
      2,
      'there is no file none.json',
      'Check its name, and the folder in which you are.',
    ],
    [
      ['add-comment', serialNumber, '-m', ' '],
      2,
      /^option '-m, --message <text>' argument ' ' is invalid\. Write a text, such as -m "scratch on the edge"\.$/,
      'See itkdb add-comment --help',
    ],
    [
      ['--access-code1', 'wrong', 'list-projects'],
      3,
      'the access codes are wrong',
      'Check both access codes, also those in the environment and in .env. To type them: itkdb login',
    ],
    [
      ['--access-code1', '', 'list-projects'],
      2,
      'there is no access code 1 (ITKDB_ACCESS_CODE1)',
      'Give both access codes; or give none, and run: itkdb login',
    ],
    [['--auth-url', 'x', 'list-projects'], 2, /^--auth-url must be an http\(s\) URL .*$/, ''],
    [['--site-url', 'x', 'list-projects'], 2, /^--site-url must be an http\(s\) URL .*$/, ''],
  ])('%j ends with %i', async (words, code, reason, advice) => {
    const ran = await cli.run(words);
    const [first = '', ...others] = ran.stderr.trimEnd().split('\n');
    expect(first).toMatch(/^itkdb: /);
    if (typeof reason === 'string') expect(first).toBe(`itkdb: ${reason}`);
    else expect(first.slice('itkdb: '.length)).toMatch(reason);
    expect([ran.code, others.join('\n')]).toEqual([code, advice]);
  });

  it.each([
    ['--site-url', 'ITKDB_API_URL'],
    ['--auth-url', 'ITKDB_AUTH_URL'],
  ])('of an address at which nothing listens names %s', async (option, setting) => {
    const { code, stderr } = await cli.run([option, 'http://127.0.0.1:9', 'list-projects']);
    expect([code, stderr]).toEqual([
      5,
      'itkdb: cannot reach 127.0.0.1:9: nothing listens there\n' +
        'If this was the database of itkdb serve, it has ended: open a new terminal.\n' +
        `Check the network, and the address (${option} or ${setting}).\n`,
    ]);
  });

  it('of a host that does not exist has a warning without words of Node.js', async () => {
    const { code, stderr } = await cli.run(['--site-url', 'http://nothere.invalid', 'list-projects']);
    expect([code, stderr]).toEqual([
      5,
      'itkdb: warning: http://nothere.invalid is not https: everybody on the way to it can read your credentials.\n' +
        'itkdb: cannot reach nothere.invalid: the host name does not resolve\n' +
        'Check the network, and the address (--site-url or ITKDB_API_URL).\n',
    ]);
  });

  it('of a connection that breaks off names the host', async () => {
    cli.pdb.fault({ on: 'listProjects', drop: 'before-headers', times: 20 });
    const { code, stderr } = await cli.run(['list-projects']);
    expect(stderr).toMatch(/^itkdb: the request to 127\.0\.0\.1:\d+ failed: the connection broke off.*\n/);
    expect(code).toBe(5);
  });

  it('of several components that are not there names each, and what a serial number looks like', async () => {
    const { code, stderr } = await cli.run(['tests', '20usb', 'B']);
    expect([code, stderr]).toEqual([
      4,
      `itkdb: there is no component 20usb\nitkdb: there is no component B\nitkdb: components: 2 of 2 not in the database\n${NO_SERIAL_NUMBER}\n`,
    ]);
  });

  it('of a row of a table says what is missing', async () => {
    const rows = 'project,institution,componentType,serialNumber\nS,CERN,MODULE,20us\n';
    await writeFile(join(cli.folder, 'rows.csv'), rows);
    const { code, stderr } = await cli.run(['register', 'rows.csv', '--dry-run']);
    expect(stderr).toContain(
      '`subproject` is missing; the serial number 20us must have 14 characters, in capitals and without spaces, such as 20USBML1234567;',
    );
    expect(code).toBe(1);
  });

  it('has the whole message of the database with --debug', async () => {
    const { stderr } = await cli.run(['tree', 'nonesuch', '--debug']);
    expect(stderr).toMatch(
      /\nitkdb: there is no component with [\s\S]*\ngetComponent: there is no component .* \(400\)\n/,
    );
  });
});

describe('a warning', () => {
  it('of a code that does not exist does not name a command of the database', async () => {
    const { stderr } = await cli.run(['list-components', '--site', 'cern']);
    expect(stderr).toBe('itkdb: warning: there is no institution with the code cern; is it CERN?\n');
  });
});

describe('a sign-in for another database', () => {
  it('says which one is in use, where that comes from, and how to sign in there', async () => {
    const { accessCode1, accessCode2 } = cli.pdb.user;
    const input = `${accessCode1}\n${accessCode2}\n`;
    await cli.run(['login', '--with-codes'], { anonymous: true, input });
    const reason = `itkdb: the stored sign-in of Alex Example is for the database ${cli.pdb.apiUrl}, but`;
    const byOption = await cli.run(['--site-url', 'https://other.example', 'whoami'], { anonymous: true });
    expect([byOption.code, byOption.stderr]).toEqual([
      3,
      `${reason} https://other.example/ is in use\n` +
        'That comes from the option --site-url. If it is right, run itkdb login to sign in there. If not, remove it, and do not sign in there.\n',
    ]);
    const env = { ITKDB_API_URL: undefined };
    const byDefault = await cli.run(['whoami'], { anonymous: true, env });
    expect([byDefault.code, byDefault.stderr]).toEqual([
      3,
      `${reason} https://itkpd.unicornuniversity.net/ is in use\nThat is the default. To sign in there, run itkdb login.\n`,
    ]);
  });
});
