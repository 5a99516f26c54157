import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readCall } from '../../src/cli/call/call.js';
import type { Cli as CommandLine } from '../../src/cli/cli.js';
import { CliError } from '../../src/cli/errors.js';
import { expectGolden, startCli } from '../helpers/cli.js';
import { clientOf, PNG } from '../helpers/hostile-component.js';
import { itOnTerminal, runInTerminal } from '../helpers/terminal.js';

const cli = await startCli();
const { pdb } = cli;
const ready = pdb.dataset.components.filter(
  ({ serialNumber, state }) => serialNumber?.startsWith('20US') && state === 'ready',
);
const [component, other] = ready.map(({ serialNumber }) => serialNumber) as [string, string];

/** The input that the last request of a command had. */
const inputOf = (command: string): unknown => pdb.requests.findLast((one) => one.command === command)?.input;

/** What `get` and `post` make of words, before anything is sent. */
async function read(verb: 'get' | 'post', command: string, ...words: string[]): Promise<unknown> {
  const context = { say: () => {}, signal: new AbortController().signal } as unknown as CommandLine;
  const options = { raw: words.includes('--raw') };
  const call = await readCall(
    context,
    verb,
    command,
    words.filter((word) => word !== '--raw'),
    options,
  );
  // As it is sent: without what JSON leaves out.
  return JSON.parse(JSON.stringify(call.input));
}

/** What is said of a wrong call: the reason, and what to do. */
async function refusal(verb: 'get' | 'post', command: string, ...words: string[]): Promise<[string, string]> {
  const error = await read(verb, command, ...words).catch((reason: unknown) => reason);
  if (!(error instanceof CliError)) throw error;
  expect(error.exitCode).toBe(2);
  return [error.message, error.advice];
}

describe('get in a pipe', () => {
  it('prints an object as JSON', async () => {
    await using client = clientOf(pdb);
    const { code, stdout, stderr } = await cli.run(['get', 'getComponent', `component=${component}`]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(JSON.parse(stdout)).toEqual(await client.get('getComponent', { data: { component } }));
  });

  it('prints all pages of a list, in the formats of lists', async () => {
    const words = ['get', 'listComponents', 'filterMap.project=S', 'pageInfo.pageSize=50'];
    expect(ready.length).toBeGreaterThan(100);
    const { stdout } = await cli.run([...words, 'filterMap.state=ready', '--json=serialNumber']);
    expect(new Set(JSON.parse(stdout).map((one: { serialNumber: string }) => one.serialNumber))).toEqual(
      new Set(ready.map(({ serialNumber }) => serialNumber)),
    );
    const csv = await cli.run([...words, '--csv', '--columns', 'serialNumber,state', '-L', '2']);
    expect(csv.stdout).toMatch(/^serialNumber,state\r?\n20U\w+,ready\r?\n20U\w+,ready\r?\n$/);
    const lines = await cli.run([...words, '--ndjson', '-L', '2']);
    expect(
      lines.stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line).state),
    ).toEqual(['ready', 'ready']);
  });

  it('prints a list without pages, and an object as CSV', async () => {
    const bulk = await cli.run([
      ...['get', 'getComponentBulk', `component=${component}`, `component=${other}`, '--json=serialNumber'],
    ]);
    expect(JSON.parse(bulk.stdout)).toEqual([{ serialNumber: component }, { serialNumber: other }]);
    expect(inputOf('getComponentBulk')).toMatchObject({ component: [component, other] });
    const csv = await cli.run([
      'get',
      'getComponent',
      `component=${component}`,
      '--csv',
      '--columns',
      'serialNumber',
    ]);
    expect(csv.stdout).toMatch(new RegExp(`^serialNumber\\r?\\n${component}\\r?\\n$`));
  });

  it('gives the bytes of a file to a pipe, and to --output', async () => {
    await using client = clientOf(pdb);
    const { code } = await client.attachments.add({ component }, PNG, {
      title: 'x',
      filename: 'x.png',
      eos: false,
    });
    const words = ['get', 'getComponentAttachment', `component=${component}`, `code=${code}`];
    expect((await cli.run(words)).bytes.equals(PNG)).toBe(true);
    const path = join(cli.folder, 'photo.png');
    await writeFile(path, 'older');
    const saved = await cli.run([...words, '--output', 'photo.png']);
    expect(saved).toMatchObject({ code: 0, stdout: '', stderr: `saved ${path} (1 kB)\n` });
    expect((await cli.shell('cat photo.png')).bytes.equals(PNG)).toBe(true);
  });

  it('--list and --keys print what there is', async () => {
    const list = JSON.parse((await cli.run(['get', '--list'])).stdout);
    expect(list).toContainEqual({ command: 'getComponent', summary: 'Reads a component.' });
    expect(await cli.run(['get'])).toMatchObject({
      code: 0,
      stdout: JSON.stringify(list, null, 2).concat('\n'),
    });
    expect(JSON.parse((await cli.run(['post', '--list', '--json=command'])).stdout)).toContainEqual({
      command: 'setComponentStage',
    });
    const { stdout } = await cli.run(['post', 'setComponentFlags', '--keys']);
    expect(JSON.parse(stdout)).toEqual({
      command: 'setComponentFlags',
      summary: expect.any(String),
      keys: [
        { key: 'component', required: true, value: 'text' },
        { key: 'flags', required: true, value: 'list of texts' },
        { key: 'revision', required: true, value: 'whole number' },
      ],
      example: expect.stringMatching(/^itkdb post setComponentFlags component=20US\w+ flags=\w+/),
    });
    expect(pdb.requests).toEqual([]);
  });

  it('--raw sends commands and keys that are not known as they are', async () => {
    pdb.answer('getMyTools', {
      pageItemList: [{ code: 'A' }],
      pageInfo: { pageIndex: 0, pageSize: 50, total: 1 },
    });
    const { stdout } = await cli.run([
      'get',
      'getMyTools',
      '--raw',
      'a=1',
      'b=true',
      'c.d:=[2]',
      'e=x',
      'e=y',
    ]);
    expect(JSON.parse(stdout)).toEqual([{ code: 'A' }]);
    expect(inputOf('getMyTools')).toMatchObject({ a: '1', b: 'true', c: { d: [2] }, e: ['x', 'y'] });
    const known = await cli.run([
      'get',
      'getComponent',
      '--raw',
      `component=${component}`,
      'other=1',
      '--json=state',
    ]);
    expect(JSON.parse(known.stdout)).toEqual({ state: 'ready' });
    expect(inputOf('getComponent')).toEqual({ component, other: '1' });
  });

  it('says what the database answers: exit code 4 for what does not exist', async () => {
    const { code, stderr } = await cli.run(['get', 'getComponent', 'component=20USBML0000000']);
    expect({ code, stderr }).toEqual({ code: 4, stderr: expect.stringMatching(/^itkdb: getComponent: /) });
  });

  it.each([
    [
      ['get', 'getComponent', 'componet=1'],
      /^itkdb: getComponent has no key componet; is it component\?\nIts keys: /,
    ],
    [
      ['get', 'getComponent', 'component=1', '-o', 'x'],
      /^itkdb: getComponent does not give a file\n.*result\.json/,
    ],
    [['post', 'setComponentStage', '--input', 'none.json'], /^itkdb: there is no file none\.json\n$/],
  ])('%s sends nothing, and ends with exit code 2', async (words, lines) => {
    const { code, stdout, stderr } = await cli.run(words);
    expect({ code, stdout, stderr }).toEqual({ code: 2, stdout: '', stderr: expect.stringMatching(lines) });
    expect(pdb.requests).toEqual([]);
  });
});

describe('the input of get and post', () => {
  it('converts texts where the catalogue says so', async () => {
    expect(await read('post', 'setComponentFlags', 'component=1', 'flags=A', 'revision=007')).toEqual({
      ...{ component: '1', flags: ['A'], revision: 7 },
    });
    expect(await read('post', 'setComponentTrashed', 'component=1', 'trashed=false')).toEqual({
      ...{ component: '1', trashed: false },
    });
    const run = ['component=1', 'testType=T', 'institution=CERN', 'runNumber=1'];
    expect(
      await read('post', 'uploadTestRunResults', ...run, 'passed=true', 'results.A:=21.50', 'results.B=x=y'),
    ).toEqual({
      ...{ component: '1', testType: 'T', institution: 'CERN', runNumber: '1', passed: true },
      results: { A: 21.5, B: 'x=y' },
    });
  });

  it('reads files and stdin, under the keys of the words', async () => {
    const run = { component: '1', testType: 'T', institution: 'CERN', runNumber: '1', results: { A: 1 } };
    const file = (name: string): string => join(cli.folder, name);
    await writeFile(file('run.json'), `\ufeff${JSON.stringify(run)}`);
    await writeFile(file('windows.json'), Buffer.from(`\ufeff${JSON.stringify(run)}`, 'utf16le'));
    await writeFile(file('note.txt'), 'two\nlines\n');
    await writeFile(file('iv.json'), '[1, 2]');
    const rest = ['runNumber=2', `results.B=@${file('iv.json')}`, `comments=@${file('note.txt')}`];
    const expected = { ...run, runNumber: '2', results: { A: 1, B: [1, 2] }, comments: ['two\nlines'] };
    for (const name of ['run.json', 'windows.json'])
      expect(await read('post', 'uploadTestRunResults', `@${file(name)}`, ...rest)).toEqual(expected);
    for (const whole of [['--input', 'run.json'], ['--input', '-'], ['@-']]) {
      const words = ['post', 'uploadTestRunResults', ...whole, ...rest, '--dry-run'];
      const { stdout } = await cli.run(words, { input: JSON.stringify(run) });
      expect(JSON.parse(stdout).requests).toEqual([expect.objectContaining({ input: expected })]);
    }
  });

  it('keeps __proto__ and constructor away from what all objects have', async () => {
    const [line] = await refusal('post', 'setComponentStage', '--raw', '__proto__.polluted=1');
    expect(line).toBe('__proto__.polluted cannot be a key');
    const words = [
      'post',
      'setComponentStage',
      '--raw',
      '--dry-run',
      'constructor.a=1',
      'toString=2',
      '@x.json',
    ];
    await writeFile(join(cli.folder, 'x.json'), '{ "__proto__": { "b": 3 } }');
    const { stdout } = await cli.run(words);
    expect(stdout).toContain('"constructor": {\n          "a": "1"');
    expect(stdout).toContain('"toString": "2"');
  });

  it('says when a number of a measurement is sent as a text', async () => {
    const words = ['post', 'setComponentProperty', 'component=1', 'code=A', 'value=21.5', '--dry-run'];
    const { stderr } = await cli.run(words);
    expect(stderr).toContain('value is sent as a text; as JSON it is value:=21.5');
  });

  it.each([
    ['12345678901234567890', 'integers'],
    ['1e400', 'huge numbers'],
    ['0.12345678901234567890', 'decimals'],
  ])('refuses %s, which would lose digits (%s)', async (number) => {
    const [line] = await refusal(
      'post',
      'setComponentProperty',
      'component=1',
      'code=A',
      `value:={"a":[${number}]}`,
    );
    expect(line).toBe(`value: the number ${number} would lose digits`);
  });

  it('takes numbers that are sent with all their digits', async () => {
    const numbers =
      '[0, -0.0, 1.50, 1e3, 9007199254740991, 0.1, 0.30000000000000004, 0.10000000000000000555, 2.5e-10]';
    expect(
      await read('post', 'setComponentProperty', 'component=1', 'code=A', `value:=${numbers}`),
    ).toMatchObject({
      value: [0, 0, 1.5, 1000, 9007199254740991, 0.1, 0.30000000000000004, 0.1, 2.5e-10],
    });
  });
});

/** Wrong calls, and the two lines that they print. */
const WRONG: readonly (readonly [words: string[], reason: RegExp, advice: RegExp])[] = [
  [['get', 'getComponet'], /no command getComponet; is it getComponent/, /itkdb get --list.*--raw/],
  [['get', 'getBinaryData'], /is it uu-app-binarystore\/getBinaryData\?/, /--list/],
  [['get', 'registerComponen'], /is it registerComponent\?/, /itkdb post --list/],
  [['get', 'setComponentStage', 'a=1'], /is a command that writes/, /Use: itkdb post setComponentStage/],
  [['post', 'getComponent'], /is a command that reads/, /Use: itkdb get getComponent/],
  [['get', 'getComponent', 'componet=1'], /no key componet; is it component\?/, /Its keys: component, /],
  [['get', 'listComponents', 'filterMap.projct=S'], /is it filterMap\.project\?/, /--raw/],
  [['get', 'listComponents', 'project=S', 'serialNumber=1'], /is it filterMap\.serialNumber\?/, /Its keys/],
  [['get', 'getItkpdOverallStatistics', 'a=1'], /has no keys/, /Write: itkdb get getItkpdOverallStatistics/],
  [
    ['post', 'setComponentStage'],
    /setComponentStage needs component, stage$/,
    /For example: itkdb post setComponentStage component=/,
  ],
  [['get', 'listComponents'], /needs filterMap/, /filterMap\.project=S/],
  [
    ['get', 'getComponent', '20USBML1234567'],
    /is not key=value/,
    /Write: itkdb get getComponent component=20USBML1234567/,
  ],
  [['get', 'getComponent', 'component=1', 'component=2'], /is given 2 times, and takes one/, /once/],
  [['get', 'getComponent', 'component:=1'], /component must be text, and is 1/, /Write: component=1/],
  [['get', 'getComponent', 'component=1', 'outputType=objct'], /must be full or object/, /--keys/],
  [['get', 'getComponent', 'component=1', 'noEosToken=yes'], /must be true or false, and is "yes"/, /--keys/],
  [['get', 'getComponent', 'component:={'], /component is not JSON/, /key:=JSON/],
  [['get', 'getComponent', '@none.json'], /there is no file none\.json/, /^$/],
  [['get', 'getComponent', '@-', '@a.json'], /whole input is given twice/, /one file/],
  [['post', 'createComponentComment', 'component=1', 'comments=@joe'], /no file joe/, /comments:='"@joe"'/],
  [['post', 'uploadTestRunResults', 'results=1'], /results is an object/, /results\.KEY:=VALUE/],
  [
    ['post', 'uploadTestRunResults', 'results:=1', 'results.a=1'],
    /has a value that is no object/,
    /results\.a/,
  ],
  [['post', 'createComponentAttachment', 'data=photo.jpg'], /data is a file/, /Write: data=@photo\.jpg/],
];

it.each(WRONG)('%s is refused, with what to do about it', async (words, reason, advice) => {
  const [verb, command, ...rest] = words as ['get', string, ...string[]];
  const [message, way] = await refusal(verb, command, ...rest);
  expect(message).toMatch(reason);
  expect(way).toMatch(advice);
});

describe('post in a pipe', () => {
  it('sends the input, and prints what the database answers', async () => {
    const { code, stdout } = await cli.run([
      ...['post', 'createComponentComment', `component=${component}`, 'comments=a', 'comments=b'],
    ]);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toBeTypeOf('object');
    expect(inputOf('createComponentComment')).toEqual({ component, comments: ['a', 'b'] });
  });

  it('--dry-run shows the request, and writes nothing', async () => {
    const { stdout } = await cli.run([
      ...['post', 'setComponentTrashed', `component=${component}`, 'trashed=true', '--dry-run'],
    ]);
    expect(JSON.parse(stdout).requests).toEqual([
      { method: 'POST', command: 'setComponentTrashed', input: { component, trashed: true } },
    ]);
    expect(pdb.count('setComponentTrashed')).toBe(0);
  });

  it('sends a file in a form', async () => {
    await writeFile(join(cli.folder, 'photo.png'), PNG);
    const words = ['title=Top', 'description=a=b', 'type=file', 'data=@photo.png'];
    const { code, stdout } = await cli.run([
      'post',
      'createComponentAttachment',
      `component=${component}`,
      ...words,
    ]);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ filename: 'photo.png' });
    const input = inputOf('createComponentAttachment') as { data: { bytes: Buffer } };
    expect(input).toMatchObject({ component, title: 'Top', description: 'a=b', type: 'file' });
    expect(input.data.bytes.equals(PNG)).toBe(true);
  });

  it('says that it is unknown whether it was done where the response is lost, and sends it once', async () => {
    const words = ['post', 'createComponentComment', `component=${component}`, 'comments=a'];
    for (const drop of ['before-headers', 'after-headers'] as const) {
      pdb.reset();
      pdb.fault({ on: 'createComponentComment', drop, times: Infinity });
      const { code, stderr } = await cli.run(words);
      const lines = /^itkdb: it is unknown .*\nLook in the database before you send it again\.\n$/;
      expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringMatching(lines) });
      expect(pdb.count('createComponentComment')).toBe(1);
    }
  });

  it('does not delete without --yes', async () => {
    const words = ['post', 'deleteComponent', `component=${component}`];
    const { code, stderr } = await cli.run(words);
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringMatching(/\?.*\n.*--yes/) });
    expect(pdb.count('deleteComponent')).toBe(0);
    expect((await cli.run([...words, '--dry-run'])).code).toBe(0);
    expect((await cli.run([...words, '--yes'])).code).toBe(0);
    expect(pdb.count('deleteComponent')).toBe(1);
  });
});

describe('on a terminal', () => {
  itOnTerminal('get shows a list as a table with the columns that matter', async () => {
    const words = ['get', 'listComponents', 'filterMap.project=S', '-L', '4'];
    const { code, screen } = await runInTerminal(cli, words);
    expect(code).toBe(0);
    await expectGolden('get-list', screen, cli);
  });

  itOnTerminal('get --keys shows the keys in words, and an example', async () => {
    await expectGolden(
      'get-keys',
      (await runInTerminal(cli, ['get', 'listComponents', '--keys'])).screen,
      cli,
    );
  });

  itOnTerminal('post --list shows what commands do', async () => {
    const { screen } = await runInTerminal(cli, ['post', '--list']);
    expect(screen).toContain('setComponentStage\n  ');
    expect(screen).toContain('The keys of one of them: itkdb post COMMAND --keys');
    expect(Math.max(...screen.split('\n').map((line) => line.length))).toBeLessThan(80);
  });

  itOnTerminal('get --help explains the input with examples', async () => {
    await expectGolden('get-help', (await runInTerminal(cli, ['get', '--help'])).screen, cli);
  });

  itOnTerminal('get refuses to write a file to the terminal, before it asks for it', async () => {
    const words = ['get', 'getComponentAttachment', `component=${component}`, 'code=1'];
    const { code, screen } = await runInTerminal(cli, words);
    expect({ code, screen }).toEqual({ code: 2, screen: expect.stringContaining('--output FILE') });
    expect(pdb.requests).toEqual([]);
  });

  itOnTerminal('post --dry-run shows the request', async () => {
    const words = ['post', 'setComponentTrashed', `component=${component}`, 'trashed=true', '--dry-run'];
    await expectGolden('post-dry-run', (await runInTerminal(cli, words)).screen, cli);
  });

  itOnTerminal('post asks before it deletes', async () => {
    const words = ['post', 'deleteComponent', `component=${component}`];
    const no = await runInTerminal(cli, words, { answers: [[/\[y\/N\]/, 'n\r']] });
    expect({ code: no.code, sent: pdb.count('deleteComponent') }).toEqual({ code: 1, sent: 0 });
    const yes = await runInTerminal(cli, words, {
      answers: [[/Send deleteComponent component=20U\w+\?/, 'y\r']],
    });
    expect({ code: yes.code, sent: pdb.count('deleteComponent') }).toEqual({ code: 0, sent: 1 });
  });
});
