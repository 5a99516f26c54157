import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import {
  type Client,
  DuplicateTestRuns,
  IncompleteWrite,
  InvalidInvocation,
  InvalidTestRun,
  Session,
  type TestRunTemplate,
  type UploadedTestRun,
  User,
  type Warning,
} from '../../src/index.js';
import { startDatabase } from '../helpers/database.js';
import { failure } from '../helpers/failure.js';

const { pdb, newClient } = await startDatabase({ components: 300 });
const folder = await mkdtemp(join(tmpdir(), 'itkdb-upload-'));
afterAll(() => rm(folder, { recursive: true, force: true }));

beforeEach(() => pdb.restore());

/** A strip module at its first stage. */
const moduleAtFirstStage = () => {
  const found = pdb.dataset.components.find(
    ({ componentType, currentStage, state }) =>
      componentType.project === 'S' &&
      componentType.code === 'MODULE' &&
      currentStage.code === 'HV_TAB_ATTACHED' &&
      state === 'ready',
  );
  if (found === undefined) throw new Error('no such module');
  return found;
};

/** A filled run of a visual inspection. */
async function filled(client: Client, testType = 'VISUAL_INSPECTION'): Promise<TestRunTemplate> {
  const run = await client.testRuns.template(moduleAtFirstStage().serialNumber, testType);
  Object.assign(run, { runNumber: '7', passed: false });
  Object.assign(run.properties, { OPERATOR: 'Sam Sample' });
  Object.assign(run.results, { TEMPERATURE: 21.5, HUMIDITY: 30 });
  return run;
}

const uploads = (): number => pdb.count('uploadTestRunResults');
const png = Buffer.from('89504e470d0a1a0a0000000d4948445200000001', 'hex');

describe('client.testRuns.upload', () => {
  it('uploads a filled template, and returns its id and the address of its web page', async () => {
    await using client = newClient();
    const run = await filled(client);
    const before = structuredClone(run);
    const { id, runNumber, webUrl, testRun } = await client.testRuns.upload(run);
    expect(webUrl).toBe(`${pdb.apiUrl}testRunView?id=${id}`);
    expect(runNumber).toBe('7');
    expect(testRun.id).toBe(id);
    expect(await client.get('getTestRun', { data: { testRun: id } })).toMatchObject({
      runNumber: '7',
      passed: false,
      date: run.date,
      results: [
        { code: 'TEMPERATURE', value: 21.5 },
        { code: 'HUMIDITY', value: 30 },
      ],
    });
    expect(run).toEqual(before);
  });

  it('throws InvalidTestRun with every problem of a template that is not filled, and sends nothing', async () => {
    await using client = newClient();
    const run = await client.testRuns.template(moduleAtFirstStage().serialNumber, 'VISUAL_INSPECTION');
    const error = await failure(client.testRuns.upload(run), InvalidTestRun);
    expect(error).toBeInstanceOf(InvalidInvocation);
    expect(error.code).toBe('ERR_INVALID_TEST_RUN');
    expect(error.problems.map(({ path }) => path)).toEqual([
      'runNumber',
      'passed',
      'results.TEMPERATURE',
      'results.HUMIDITY',
    ]);
    expect(error.message).toBe(
      [
        `client.testRuns.upload: the test run of ${run.component} has 4 problems, and was not uploaded`,
        "- runNumber is missing; give a text such as '1', or upload with { runNumber: 'next' }",
        '- passed is missing; give true or false',
        '- results.TEMPERATURE is required, and is missing',
        '- results.HUMIDITY is required, and is missing',
      ].join('\n'),
    );
    expect(uploads()).toBe(0);
  });

  it('shows the first of many problems in the message, and has all of them', async () => {
    await using client = newClient();
    const run = await filled(client, 'MODULE_IV_PS_V1');
    Object.assign(run.results, { VOLTAGE: [0], CURRENT: Array(100).fill(Number.NaN) });
    const error = await failure(client.testRuns.upload(run), InvalidTestRun);
    expect(error.problems).toHaveLength(100);
    expect(error.message.split('\n')).toHaveLength(32);
    expect(error.message).toContain('\n- and 70 more');
  });

  it('names a component by serial number where it was given by its alternative identifier or its id', async () => {
    await using client = newClient();
    const { serialNumber, id, alternativeIdentifier } = moduleAtFirstStage();
    const run = await filled(client);
    for (const component of [id, alternativeIdentifier as string])
      await client.testRuns.upload({ ...run, component });
    const sent = pdb.requests.filter(({ command }) => command === 'uploadTestRunResults');
    expect(sent.map(({ json }) => (json as { component: string }).component)).toEqual([
      serialNumber,
      serialNumber,
    ]);
  });

  it('uploads a test run as it was at the call, whatever the caller changes later', async () => {
    await using client = newClient();
    const run = await filled(client, 'MODULE_IV_PS_V1');
    const pending = [1, 2, 3].map((index) => {
      run.runNumber = `reused-${index}`;
      run.results['VOLTAGE'] = [index];
      run.results['CURRENT'] = [index];
      return client.testRuns.upload(run);
    });
    run.runNumber = 'too late';
    (run.results['VOLTAGE'] as number[]).push(99);
    const runs = await Promise.all((await Promise.all(pending)).map(({ id }) => client.testRuns.get(id)));
    expect(runs.map(({ runNumber }) => runNumber)).toEqual(['reused-1', 'reused-2', 'reused-3']);
    const voltages = runs.map(({ results }) => results?.find(({ code }) => code === 'VOLTAGE')?.value);
    expect(voltages).toEqual([[1], [2], [3]]);
  });

  it('throws InvalidInvocation where a getter of the test run throws', async () => {
    await using client = newClient();
    const run = {
      get component(): string {
        throw new RangeError('not today');
      },
    };
    const error = await failure(client.testRuns.upload(run as TestRunTemplate), InvalidInvocation);
    expect(error.message).toContain('client.testRuns.upload');
    expect(error.message).toContain('not today');
  });

  it('refuses options that do not exist, by name', async () => {
    await using client = newClient();
    const options = { retoreStage: true } as object;
    const error = await failure(client.testRuns.upload('x.json', options), InvalidInvocation);
    expect(error.message).toContain('there is no option `retoreStage`; is it `restoreStage`?');
    const alone = await failure(client.testRuns.upload('x.json', { restoreStage: true }), InvalidInvocation);
    expect(alone.message).toContain('`restoreStage: true` is for `setStage: true`');
  });
});

describe('client.testRuns.upload of a file', () => {
  const write = async (name: string, text: string): Promise<string> => {
    const path = join(folder, name);
    await writeFile(path, text);
    return path;
  };

  it('reads a JSON file with NaN and Infinity as Python writes them, and names them by their path', async () => {
    await using client = newClient();
    const run = await filled(client, 'MODULE_IV_PS_V1');
    const text = JSON.stringify({ ...run, comments: ['NaN is "NaN", not Infinity'] });
    const path = await write(
      'iv.json',
      text
        .replace('"VOLTAGE":null', '"VOLTAGE":[0,-10,-20]')
        .replace('"CURRENT":null', '"CURRENT":[NaN, -Infinity,3]'),
    );
    const error = await failure(client.testRuns.upload(path), InvalidTestRun);
    expect(error.problems.map(({ path, message }) => `${path} ${message}`)).toEqual([
      'results.CURRENT[0] is NaN, which the database cannot store; send null, or upload with { nanAsNull: true }',
      'results.CURRENT[1] is -Infinity, which the database cannot store; send null, or upload with { nanAsNull: true }',
    ]);
    const { id } = await client.testRuns.upload(path, { nanAsNull: true });
    const stored = await client.testRuns.get(id);
    expect(stored.results).toMatchObject([
      { code: 'TEMPERATURE' },
      { code: 'HUMIDITY' },
      { code: 'VOLTAGE', value: [0, -10, -20] },
      { code: 'CURRENT', value: [null, null, 3] },
    ]);
    expect(stored.comments).toMatchObject([{ comment: 'NaN is "NaN", not Infinity' }]);
  });

  it('reads a JSON file that starts with a byte order mark', async () => {
    await using client = newClient();
    const path = await write('bom.json', `\uFEFF${JSON.stringify(await filled(client))}`);
    await client.testRuns.upload(path);
    expect(uploads()).toBe(1);
  });

  it('reads a JSON file in UTF-16, as Notepad and PowerShell write it', async () => {
    await using client = newClient();
    const path = join(folder, 'utf16.json');
    await writeFile(path, `\uFEFF${JSON.stringify(await filled(client))}`, 'utf16le');
    await client.testRuns.upload(path);
    expect(uploads()).toBe(1);
  });

  it.each([
    [
      '{"component": ',
      'is not JSON: line 1, column 15: the text ends, but the { of line 1, column 1 is not closed',
    ],
    [
      '{\n  "runNumber": "1"\n  "passed": true\n}',
      'is not JSON: line 3, column 3: a comma is missing before "passed"',
    ],
    ['[{}]', 'must hold one test run, an object'],
  ])('throws InvalidInvocation for a file with %s', async (text, message) => {
    await using client = newClient();
    const path = await write('bad.json', text);
    const error = await failure(client.testRuns.upload(path), InvalidInvocation);
    expect(error.message).toContain(`client.testRuns.upload: the file ${path} ${message}`);
  });

  it('throws InvalidInvocation for a file that does not exist', async () => {
    await using client = newClient();
    const path = join(folder, 'none.json');
    const error = await failure(client.testRuns.upload(path), InvalidInvocation);
    expect(error.message).toContain(`the file ${path} cannot be read: ENOENT`);
  });
});

describe('client.testRuns.upload with results that are files', () => {
  const stored = async (client: Client, id: string): Promise<Buffer> => {
    const run = await client.testRuns.get(id);
    const code = run.results?.find((one) => one.code === 'IMAGE')?.value;
    const session = new Session({ user: new User(pdb.userOptions), prefixUrl: pdb.apiUrl, cache: false });
    const { data } = await session.get('uu-app-binarystore/getBinaryData', {
      data: { code: code as string },
      responseType: 'arraybuffer',
    });
    await session.close();
    return data;
  };

  it.each([
    ['a path', () => ({ file: join(folder, 'wafer.png') }), 'wafer.png'],
    ['a Buffer', () => png, 'IMAGE'],
    ['a Blob', () => new Blob([png]), 'IMAGE'],
    ['a File', () => new File([png], 'scan.png'), 'scan.png'],
  ])('sends %s after the upload, with its name and the type of its contents', async (_, source, name) => {
    await using client = newClient();
    await writeFile(join(folder, 'wafer.png'), png);
    const run = await filled(client);
    run.results['IMAGE'] = source();
    const { id } = await client.testRuns.upload(run);
    expect(await stored(client, id)).toEqual(png);
    const commands = pdb.requests.map(({ command }) => command);
    expect(commands.indexOf('createBinaryTestRunParameter')).toBeGreaterThan(
      commands.indexOf('uploadTestRunResults'),
    );
    const sent = pdb.requests.find(({ command }) => command === 'createBinaryTestRunParameter');
    expect(sent?.input).toMatchObject({
      testRun: id,
      parameter: 'IMAGE',
      data: { filename: name, contentType: 'image/png' },
    });
    const upload = pdb.requests.find(({ command }) => command === 'uploadTestRunResults');
    expect(upload?.input['results']).toEqual({ TEMPERATURE: 21.5, HUMIDITY: 30 });
  });

  it('finds a file beside the JSON file that names it', async () => {
    await using client = newClient();
    await writeFile(join(folder, 'wafer.png'), png);
    const run = await filled(client);
    run.results['IMAGE'] = { file: 'wafer.png' };
    await writeFile(join(folder, 'run.json'), JSON.stringify(run));
    const { id } = await client.testRuns.upload(join(folder, 'run.json'));
    expect(await stored(client, id)).toEqual(png);
  });

  it.each([
    [
      'a text',
      'wafer.png',
      'must be one file: { file: \'wafer.png\' }, a Blob or a Buffer, not the text "wafer.png"',
    ],
    ['a file that does not exist', { file: '/nowhere/x.png' }, 'is a file that cannot be read: ENOENT'],
    ['an empty file', new Blob([]), 'is an empty file'],
    ['a folder', { file: tmpdir() }, `is a file that cannot be read: ${tmpdir()} is not a file`],
  ])('refuses %s, and sends nothing', async (_, value, message) => {
    await using client = newClient();
    const run = await filled(client);
    run.results['IMAGE'] = value;
    const error = await failure(client.testRuns.upload(run), InvalidTestRun);
    expect(error.problems).toEqual([{ path: 'results.IMAGE', message: expect.stringContaining(message) }]);
    expect(uploads()).toBe(0);
  });

  it('refuses a file as a result that is a number', async () => {
    await using client = newClient();
    const run = await filled(client);
    run.results['TEMPERATURE'] = png;
    const error = await failure(client.testRuns.upload(run), InvalidTestRun);
    expect(error.problems).toEqual([
      {
        path: 'results.TEMPERATURE',
        message: 'is a file; only a result of the data type image or file can be one',
      },
    ]);
  });
});

describe('client.testRuns.upload({ stage })', () => {
  const stages = async (client: Client, component: string): Promise<readonly string[]> => {
    const { stages } = await client.get('getComponent', { data: { component } });
    return (stages ?? []).map(({ code }) => code);
  };
  const bow = async (client: Client): Promise<TestRunTemplate> => {
    const run = await client.testRuns.template(moduleAtFirstStage().serialNumber, 'MODULE_BOW');
    Object.assign(run.results, { TEMPERATURE: 21.5, HUMIDITY: 30 });
    return Object.assign(run, { runNumber: '7', passed: true });
  };

  it('uploads where the component is at this stage', async () => {
    await using client = newClient();
    await client.testRuns.upload(await filled(client), { stage: 'HV_TAB_ATTACHED' });
    expect(pdb.count('setComponentStage')).toBe(0);
    expect(uploads()).toBe(1);
  });

  it('names both stages where the component is at another one, and changes nothing', async () => {
    await using client = newClient();
    const run = await bow(client);
    const error = await failure(client.testRuns.upload(run, { stage: 'GLUED' }), InvalidTestRun);
    expect(error.problems).toEqual([
      {
        path: 'stage',
        message: `is expected to be GLUED, but ${run.component} is at HV_TAB_ATTACHED; { setStage: true } would set it`,
      },
    ]);
    expect(pdb.count('setComponentStage') + uploads()).toBe(0);
  });

  it('takes the stage of the test run as the one that is expected', async () => {
    await using client = newClient();
    const run = { ...(await bow(client)), stage: 'GLUED' };
    const error = await failure(client.testRuns.upload(run), InvalidTestRun);
    expect(error.problems.map(({ path }) => path)).toEqual(['stage']);
    await client.testRuns.upload(run, { setStage: true });
    const upload = pdb.requests.find(({ command }) => command === 'uploadTestRunResults');
    expect(upload?.input).not.toHaveProperty('stage');
  });

  it('sets the stage with `setStage: true`', async () => {
    await using client = newClient();
    const run = await bow(client);
    const before = await stages(client, run.component);
    const { id } = await client.testRuns.upload(run, { stage: 'GLUED', setStage: true });
    expect(await stages(client, run.component)).toEqual([...before, 'GLUED']);
    expect((await client.testRuns.get(id)).stage?.code).toBe('GLUED');
  });

  it('puts the stage back with `restoreStage: true`', async () => {
    await using client = newClient();
    const run = await bow(client);
    const before = await stages(client, run.component);
    await client.testRuns.upload(run, { stage: 'GLUED', setStage: true, restoreStage: true });
    expect(await stages(client, run.component)).toEqual([...before, 'GLUED', 'HV_TAB_ATTACHED']);
  });

  it('puts the stage back after an upload that failed', async () => {
    await using client = newClient();
    const run = await bow(client);
    const before = await stages(client, run.component);
    pdb.fault({ on: 'uploadTestRunResults', status: 403 });
    const options = { stage: 'GLUED', setStage: true, restoreStage: true };
    const error = await failure(client.testRuns.upload(run, options), IncompleteWrite);
    expect(error.steps.map(({ name, outcome }) => `${outcome}: ${name}`)).toEqual([
      `done: set the stage of ${run.component} to GLUED`,
      `not done: upload the test run 7 of ${run.component} (MODULE_BOW)`,
      `done: set the stage of ${run.component} back to HV_TAB_ATTACHED`,
    ]);
    expect(await stages(client, run.component)).toEqual([...before, 'GLUED', 'HV_TAB_ATTACHED']);
    const { id } = (await error.resume()) as UploadedTestRun;
    expect((await client.testRuns.get(id)).stage?.code).toBe('GLUED');
    expect((await stages(client, run.component)).at(-1)).toBe('HV_TAB_ATTACHED');
    expect(uploads()).toBe(2);
  });

  it('puts the stage back after the signal was aborted', async () => {
    await using client = newClient();
    const run = await bow(client);
    const controller = new AbortController();
    pdb.fault({
      on: 'uploadTestRunResults',
      respond: () => controller.abort(),
    });
    const options = { stage: 'GLUED', setStage: true, restoreStage: true, signal: controller.signal };
    await failure(client.testRuns.upload(run, options), IncompleteWrite);
    expect((await stages(client, run.component)).at(-1)).toBe('HV_TAB_ATTACHED');
  });

  it('suggests a stage where there is no such one', async () => {
    await using client = newClient();
    const run = await bow(client);
    const error = await failure(
      client.testRuns.upload(run, { stage: 'GLEUD', setStage: true }),
      InvalidTestRun,
    );
    expect(error.problems).toEqual([
      { path: 'stage', message: 'is the text "GLEUD", which MODULE does not have; is it GLUED?' },
    ]);
  });

  it('says at which stages a test is done that is not done at this one', async () => {
    await using client = newClient();
    const error = await failure(client.testRuns.upload(await bow(client)), InvalidTestRun);
    expect(error.problems).toEqual([
      {
        path: 'testType',
        message: 'is MODULE_BOW, which is not done at the stage HV_TAB_ATTACHED; it is done at GLUED',
      },
    ]);
  });

  it('sends `isRetroactive` with the stage of the test run, and only when asked for', async () => {
    await using client = newClient();
    const run = await filled(client);
    await client.post('setComponentStage', { component: run.component, stage: 'GLUED' });
    const retroactive = { ...run, isRetroactive: true, stage: 'HV_TAB_ATTACHED' };
    const { id } = await client.testRuns.upload(retroactive);
    expect((await client.testRuns.get(id)).stage?.code).toBe('HV_TAB_ATTACHED');
    const error = await failure(
      client.testRuns.upload({ ...run, isRetroactive: true }, { setStage: true }),
      InvalidTestRun,
    );
    expect(error.problems.map(({ path }) => path)).toContain('stage');
  });
});

describe("client.testRuns.upload({ runNumber: 'next' })", () => {
  it('counts on from the largest number of digits, those of deleted test runs and other stages included', async () => {
    const warnings: Warning[] = [];
    await using client = newClient({ onWarning: (warning) => warnings.push(warning) });
    const run = await filled(client);
    const upload = async (runNumber: string): Promise<string> =>
      (await client.testRuns.upload({ ...run, runNumber })).id;
    await client.testRuns.delete(await upload('41'));
    await upload('77-1');
    await upload('9');
    const { runNumber, id } = await client.testRuns.upload({ ...run, runNumber: '' }, { runNumber: 'next' });
    expect(runNumber).toBe('42');
    expect((await client.testRuns.get(id)).runNumber).toBe('42');
    const retroactive = { ...run, isRetroactive: true, stage: 'HV_TAB_ATTACHED' };
    await client.post('setComponentStage', { component: run.component, stage: 'GLUED' });
    expect((await client.testRuns.upload(retroactive, { runNumber: 'next' })).runNumber).toBe('43');
    expect(warnings).toEqual([]);
  });

  it('is 1 for the first test run, and a number of any length is counted exactly', async () => {
    await using client = newClient();
    const run = await filled(client);
    const found = await client.testRuns.list(run.component, { testType: 'VISUAL_INSPECTION' }).toArray();
    const most = Math.max(0, ...found.map(({ runNumber }) => Number(runNumber)));
    const { runNumber } = await client.testRuns.upload(run, { runNumber: 'next' });
    expect(runNumber).toBe(String(most + 1));
    await client.testRuns.upload({ ...run, runNumber: '90071992547409929' });
    const next = await client.testRuns.upload(run, { runNumber: 'next' });
    expect(next.runNumber).toBe('90071992547409930');
  });

  it('warns with both ids where another test run got the same number', async () => {
    const warnings: Warning[] = [];
    await using client = newClient({ onWarning: (warning) => warnings.push(warning) });
    const run = await filled(client);
    // Another person uploads between the list of this upload and the upload itself.
    await using other = newClient();
    const post = client.post.bind(client) as (...sent: unknown[]) => Promise<unknown>;
    let twin = '';
    Object.assign(client, {
      post: async (command: string, input: never) => {
        twin = (await other.post('uploadTestRunResults', input)).testRun.id;
        return post(command, input);
      },
    });
    const { id, runNumber } = await client.testRuns.upload(run, { runNumber: 'next' });
    expect(warnings).toEqual([
      {
        command: 'uploadTestRunResults',
        key: 'runNumberTaken',
        message: `Two test runs of ${run.component} have the run number ${runNumber}: ${id} and ${twin}.`,
        paramMap: { runNumber, ids: [id, twin] },
      },
    ]);
  });

  it('warns of a twin also after resume(), where the caller had aborted the upload', async () => {
    const warnings: Warning[] = [];
    await using client = newClient({ onWarning: (warning) => warnings.push(warning) });
    const run = await filled(client);
    run.results['IMAGE'] = png;
    await using other = newClient();
    const controller = new AbortController();
    const post = client.post.bind(client) as (...sent: unknown[]) => Promise<unknown>;
    Object.assign(client, {
      post: async (command: string, input: never, options: unknown) => {
        if (command === 'uploadTestRunResults') await other.post('uploadTestRunResults', input);
        else controller.abort();
        return post(command, input, options);
      },
    });
    const options = { runNumber: 'next', signal: controller.signal } as const;
    const error = await failure(client.testRuns.upload(run, options), IncompleteWrite);
    expect(error.outcome).toBe('not done');
    expect(warnings).toEqual([]);
    const { id, runNumber } = (await error.resume()) as UploadedTestRun;
    expect(warnings).toMatchObject([{ key: 'runNumberTaken', paramMap: { runNumber } }]);
    expect(warnings[0]?.paramMap['ids']).toContain(id);
  });

  it('returns the test run also where the list after the upload fails', async () => {
    const warnings: Warning[] = [];
    await using client = newClient({ onWarning: (warning) => warnings.push(warning) });
    const run = await filled(client);
    pdb.fault({ on: 'listTestRunsByComponent', status: 500, after: 1, times: Infinity });
    const { id } = await client.testRuns.upload(run, { runNumber: 'next' });
    expect((await client.testRuns.get(id)).id).toBe(id);
    expect(warnings).toEqual([]);
  });

  it('does not count on from a stored response', async () => {
    await using client = newClient({ cache: true, expiresAfter: { hours: 1 } });
    const run = await filled(client);
    const first = await client.testRuns.upload(run, { runNumber: 'next' });
    await using other = newClient();
    const second = await other.testRuns.upload(run, { runNumber: 'next' });
    const third = await client.testRuns.upload(run, { runNumber: 'next' });
    expect(Number(second.runNumber)).toBe(Number(first.runNumber) + 1);
    expect(Number(third.runNumber)).toBe(Number(first.runNumber) + 2);
  });

  it('refuses a run number that is a number, or the text `next`', async () => {
    await using client = newClient();
    const run = await filled(client);
    const problemOf = async (runNumber: unknown): Promise<string | undefined> =>
      (await client.testRuns.check({ ...run, runNumber } as TestRunTemplate))[0]?.message;
    expect(await problemOf(7)).toBe("must be a text: '7', not the number 7");
    expect(await problemOf('next')).toContain("upload with { runNumber: 'next' }");
    const option = await failure(
      client.testRuns.upload(run, { runNumber: '5' as 'next' }),
      InvalidInvocation,
    );
    expect(option.message).toContain(
      "`runNumber` must be 'next'; any other run number belongs into the test run",
    );
  });
});

describe('client.testRuns.upload({ allowDuplicate: false })', () => {
  it('throws DuplicateTestRuns before the stage is set', async () => {
    await using client = newClient();
    const run = await filled(client);
    const { id } = await client.testRuns.upload(run);
    await client.post('setComponentStage', { component: run.component, stage: 'GLUED' });
    const options = { stage: 'HV_TAB_ATTACHED', setStage: true, allowDuplicate: false };
    const error = await failure(
      client.testRuns.upload({ ...run, runNumber: '8' }, options),
      DuplicateTestRuns,
    );
    expect(error.ids).toEqual([id]);
    expect(pdb.count('setComponentStage')).toBe(1);
    expect(uploads()).toBe(1);
  });

  it('uploads the same test run again without the option', async () => {
    await using client = newClient();
    const run = await filled(client);
    const [first, second] = [await client.testRuns.upload(run), await client.testRuns.upload(run)];
    expect(first.id).not.toBe(second.id);
  });
});

describe('client.plan with client.testRuns.upload', () => {
  it('shows each write, and sends none', async () => {
    await using client = newClient();
    const run = await filled(client);
    run.results['IMAGE'] = png;
    await client.post('setComponentStage', { component: run.component, stage: 'GLUED' });
    const options = { stage: 'HV_TAB_ATTACHED', setStage: true, restoreStage: true } as const;
    const { requests } = await client.plan((c) => c.testRuns.upload(run, { ...options, runNumber: 'next' }));
    expect(requests).toMatchObject([
      { command: 'setComponentStage', input: { stage: 'HV_TAB_ATTACHED' } },
      { command: 'uploadTestRunResults', input: { testType: 'VISUAL_INSPECTION' } },
      { command: 'createBinaryTestRunParameter', input: { testRun: '<id of step 2>', parameter: 'IMAGE' } },
      { command: 'setComponentStage', input: { stage: 'GLUED' } },
    ]);
    expect(uploads()).toBe(0);
  });

  it('takes a component that would be registered', async () => {
    await using client = newClient();
    const run = await filled(client);
    const { requests } = await client.plan(async (c) => {
      const { component } = await c.post('registerComponent', {
        ...{ project: 'S', subproject: 'SB', institution: 'CERN', componentType: 'MODULE' },
        type: 'BARREL_LS_MODULE',
      });
      const serialNumber = component.serialNumber as string;
      await c.testRuns.template(serialNumber, 'VISUAL_INSPECTION');
      const planned = { ...run, component: serialNumber };
      expect(await c.testRuns.check(planned, { stage: 'BONDED' })).toEqual([]);
      await c.testRuns.upload(
        { ...run, component: serialNumber },
        { runNumber: 'next', stage: 'BONDED', setStage: true },
      );
      expect(await c.testRuns.latest(serialNumber, 'VISUAL_INSPECTION')).toBeUndefined();
    });
    expect(requests).toMatchObject([
      { command: 'registerComponent' },
      { command: 'setComponentStage', input: { component: '<serialNumber of step 1>', stage: 'BONDED' } },
      { command: 'uploadTestRunResults', input: { component: '<serialNumber of step 1>', runNumber: '1' } },
    ]);
  });

  it('comments on the test run that it would upload, and deletes it', async () => {
    await using client = newClient();
    const run = await filled(client);
    const { requests } = await client.plan(async (c) => {
      const { id } = await c.testRuns.upload(run);
      await c.testRuns.comment(id, 'second try');
      await c.testRuns.delete(id);
    });
    expect(requests.map(({ command }) => command)).toEqual([
      'uploadTestRunResults',
      'createTestRunComment',
      'deleteTestRun',
    ]);
  });
});
