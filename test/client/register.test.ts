import { mkdtemp, open, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  Aborted,
  BadRequest,
  type Client,
  Forbidden,
  type FullComponent,
  IncompleteWrite,
  InvalidInvocation,
  type Progress,
  property,
  type RegisterInput,
  ServerError,
} from '../../src/index.js';
import type { FaultKind } from '../../src/testing/index.js';
import { startDatabase } from '../helpers/database.js';
import { failure } from '../helpers/failure.js';

const { pdb, newClient } = await startDatabase({ components: 300 });
const start = pdb.snapshot();
const count = pdb.dataset.components.length;
beforeEach(() => pdb.restore(start));

const folder = await mkdtemp(join(tmpdir(), 'itkdb-register-'));
afterAll(() => rm(folder, { recursive: true, force: true }));
let files = 0;
/** The path of a file that does not exist yet. */
const newFile = (): string => {
  files += 1;
  return join(folder, `journal-${files}`);
};

const COMMON = { project: 'S', subproject: 'SB', institution: 'CERN' };
/** The database makes the serial number of a module. */
const MODULE = { ...COMMON, componentType: 'MODULE', type: 'BARREL_LS_MODULE' };
/** A sensor needs one. */
const SENSOR = { ...COMMON, componentType: 'SENSOR', type: 'ATLAS18LS' };
const sensorNumber = (index: number): string => `20USBSL${9_100_000 + index}`;
const sensors = (count: number) =>
  Array.from({ length: count }, (_, index) => ({
    ...SENSOR,
    serialNumber: sensorNumber(index),
    LOCALNAME: `NEW_${index}`,
    ORDER: String(index),
  }));

const registered = (): number => pdb.count('registerComponent');
/** All components that were registered since the start. */
const added = async (client: Client): Promise<FullComponent[]> => {
  const ids = pdb.dataset.components.slice(count).map(({ id }) => id);
  return Promise.all(
    ids.map((component) => client.get('getComponent', { data: { component }, fresh: true })),
  );
};

/** What can happen to a write, and whether the database did it. */
const FAULTS: readonly (readonly [string, FaultKind, boolean])[] = [
  ['is answered 503 and not done', { status: 503 }, false],
  ['gets no response and is not done', { drop: 'before-headers' }, false],
  ['is done, and its response is cut off', { truncate: 5 }, true],
  ['is done, and its response is lost', { drop: 'after-headers' }, true],
];

describe('client.components.register', () => {
  it('registers a component, with converted values, and gives it back', async () => {
    await using client = newClient();
    const component = await client.components.register({
      ...SENSOR,
      serialNumber: sensorNumber(0),
      properties: { LOCALNAME: 'NEW_0', ORDER: '12' },
      comments: ['first'],
      flag: 'CHROMIC',
      stage: 'BLESSING',
    });
    expect(component).toMatchObject({ serialNumber: sensorNumber(0), state: 'ready' });
    const [read, ...others] = await added(client);
    expect(others).toEqual([]);
    expect(read?.id).toBe(component.id);
    expect(read && [property(read, 'LOCALNAME'), property(read, 'ORDER')]).toEqual(['NEW_0', 12]);
    expect(read).toMatchObject({ currentStage: { code: 'BLESSING' }, flags: [{ code: 'CHROMIC' }] });
    const module = await client.components.register(MODULE);
    expect(module.serialNumber).toMatch(/^20USBML/);
  });

  it('says all that is wrong at once, and sends nothing', async () => {
    await using client = newClient();
    const input = {
      ...{
        project: 'S',
        subproject: 'SE',
        componentType: 'SENSOR',
        type: 'ATLAS18L',
        stage: 'BONDED',
        flag: 'CHROMIK',
      },
      properties: { LOCAL_NAME: 'x', ORDER: '1,5' },
      comment: 'x',
      institut: 'CERN',
    };
    const error = await client.components.register(input as never).catch((thrown) => thrown);
    expect(error).toBeInstanceOf(InvalidInvocation);
    expect(error.message.split('\n')).toEqual([
      'client.components.register: there are 10 problems, so nothing was written',
      '- there is no key `comment`; write `comments`, a list of texts',
      '- there is no key `institut`; is it institution?',
      '- `institution` is missing',
      '- a SENSOR has no type ATLAS18L; is it ATLAS18LS?',
      '- a SENSOR has no subproject SE; is it SB?',
      expect.stringContaining('- a SENSOR has no stage BONDED; there are REGISTERED'),
      '- a SENSOR has no flag CHROMIK; is it CHROMIC?',
      '- `serialNumber` is required: the database makes none for a SENSOR',
      '- a SENSOR has no property LOCAL_NAME; is it LOCALNAME?',
      '- the property ORDER must be a whole number',
    ]);
    expect(registered()).toBe(0);
  });

  it('says which project or component type there is, and what is wrong with other keys', async () => {
    await using client = newClient();
    const cases = [
      [
        { ...MODULE, componentType: 'MODUL' },
        'there is no component type MODUL in the project S; is it MODULE?',
      ],
      [{ ...MODULE, project: 'X' }, 'there is no project X; there are S, P, CE, CM'],
      [
        { ...MODULE, type: undefined },
        '`type` is required: a MODULE has the types BARREL_LS_MODULE, BARREL_SS_MODULE',
      ],
      [
        { ...SENSOR, serialNumber: '20usbsl9100000' },
        'must have 14 characters, in capitals and without spaces, such as 20USBML1234567',
      ],
      [{ ...MODULE, comments: 'x' }, '`comments` must be a list of texts'],
      [{ ...MODULE, properties: [] }, '`properties` must be an object'],
      [{ ...MODULE, batches: 'x' }, '`batches` must be an object'],
      [{ ...MODULE, flag: 5 }, '`flag` must be a text'],
      [undefined, 'the input must be an object'],
    ] as const;
    for (const [input, problem] of cases)
      await expect(client.components.register(input as never)).rejects.toThrow(problem);
    await expect(client.components.register(MODULE, { key: 'LOCALNAME' })).rejects.toThrow(
      'the input has no property LOCALNAME, which is the `key`',
    );
    await expect(client.components.register(MODULE, { keys: 'X' } as never)).rejects.toThrow('is it `key`?');
    expect(registered()).toBe(0);
  });

  it('names required properties that are missing', async () => {
    await using client = newClient();
    const type = await client.get('getComponentTypeByCode', { data: { project: 'S', code: 'MODULE' } });
    pdb.answer('getComponentTypeByCode', {
      ...type,
      properties: type.properties?.map((one) => ({ ...one, required: true })),
    });
    await expect(client.components.register({ ...MODULE, properties: { ORDER: 1 } })).rejects.toThrow(
      'required properties are missing: LOCALNAME',
    );
  });

  it('refuses a serial number or a key that is taken', async () => {
    await using client = newClient();
    await client.components.register({ ...SENSOR, serialNumber: sensorNumber(0) });
    await expect(client.components.register({ ...SENSOR, serialNumber: sensorNumber(0) })).rejects.toThrow(
      `${sensorNumber(0)} has the serial number ${sensorNumber(0)} already; its state is ready`,
    );
    const input = { ...MODULE, properties: { LOCALNAME: 'NEW' } };
    await client.components.register(input, { key: 'LOCALNAME' });
    await expect(client.components.register(input, { key: 'LOCALNAME' })).rejects.toThrow(
      'has the value of LOCALNAME already',
    );
    expect(registered()).toBe(2);
  });

  const INPUTS: readonly (readonly [string, RegisterInput, string | undefined])[] = [
    ['a serial number', { ...SENSOR, serialNumber: sensorNumber(1) }, undefined],
    ['a key', { ...MODULE, properties: { LOCALNAME: 'NEW' } }, 'LOCALNAME'],
  ];
  describe.each(INPUTS)('with %s', (_, input, key) => {
    it.each(FAULTS)(
      'tells the truth where the write %s, and resume() finishes',
      async (__, fault, wasDone) => {
        await using client = newClient();
        pdb.fault({ on: 'registerComponent', ...fault });
        const outcome = await client.components.register(input, { key }).catch((error: unknown) => error);
        expect(registered()).toBe(1);
        expect(await added(client)).toHaveLength(wasDone ? 1 : 0);
        if (wasDone) expect(outcome).toMatchObject({ id: (await added(client))[0]?.id });
        else {
          expect(outcome).toBeInstanceOf(IncompleteWrite);
          expect((outcome as IncompleteWrite).outcome).toBe('unknown');
          const component = await (outcome as IncompleteWrite).resume();
          expect(await added(client)).toMatchObject([{ id: (component as FullComponent).id }]);
        }
      },
    );
  });

  it.each([null, {}, []])('looks for the component where the response to the write is %j', async (answer) => {
    await using client = newClient();
    const { post } = client;
    client.post = (async (...call: [never, never]) => {
      await post.apply(client, call);
      return answer;
    }) as never;
    const input = { ...SENSOR, serialNumber: sensorNumber(1) };
    await expect(client.components.register(input)).resolves.toMatchObject({ serialNumber: sensorNumber(1) });
    const report = await client.components.registerMany([{ ...SENSOR, serialNumber: sensorNumber(2) }]);
    expect(report.rows).toMatchObject([{ status: 'registered', serialNumber: sensorNumber(2) }]);
  });

  it('does not register a second component in resume() where the first cannot be looked for', async () => {
    await using client = newClient();
    pdb.fault({ on: 'registerComponent', drop: 'after-headers' });
    const error = await failure(client.components.register(MODULE), IncompleteWrite);
    expect(error.outcome).toBe('unknown');
    const again = await failure(error.resume(), IncompleteWrite);
    expect(again.message).toContain('neither a serial number nor a `key`');
    expect(registered()).toBe(1);
  });

  it('takes a property that is unique by its definition for the key', async () => {
    await using client = newClient();
    const type = await client.get('getComponentTypeByCode', { data: { project: 'S', code: 'MODULE' } });
    const properties = type.properties?.map((one) => ({ ...one, unique: one.code === 'LOCALNAME' }));
    pdb.answer('getComponentTypeByCode', { ...type, properties });
    pdb.fault({ on: 'registerComponent', drop: 'after-headers' });
    const component = await client.components.register({ ...MODULE, properties: { LOCALNAME: 'NEW' } });
    expect(await added(client)).toMatchObject([{ id: component.id }]);
  });

  it('says that it is unknown after a lost response, where nothing tells which component it is', async () => {
    await using client = newClient();
    pdb.fault({ on: 'registerComponent', drop: 'after-headers' });
    const error = await client.components.register(MODULE).catch((thrown) => thrown);
    expect(error).toBeInstanceOf(IncompleteWrite);
    expect(error.outcome).toBe('unknown');
    expect(await added(client)).toHaveLength(1);
  });

  it('is recorded by client.plan, and the result can be used in the next step', async () => {
    await using client = newClient();
    const { requests } = await client.plan(async (c) => {
      const module = await c.components.register(MODULE);
      await c.components.setStage(module, 'GLUED');
      await c.components.setProperty(module, 'ORDER', 5);
      await c.components.addFlag(module, 'CHROMIC');
      await c.components.setFlags(module, []);
      await c.components.comment(module, 'new');
      await c.components.assemble(module, sensorNumber(0), { position: 0 }).catch(() => {});
      const sensor = await c.components.register({ ...SENSOR, serialNumber: sensorNumber(0) });
      await c.components.assemble(module, sensor, { position: 0 });
      await c.components.disassemble(module.id, sensor.id);
      await c.components.delete(sensor);
    });
    expect(requests.map(({ command }) => command)).toEqual([
      ...[
        'registerComponent',
        'setComponentStage',
        'setComponentProperty',
        'addComponentFlag',
        'setComponentFlags',
      ],
      ...['createComponentComment', 'registerComponent', 'assembleComponentBySlot', 'disassembleComponent'],
      'deleteComponent',
    ]);
    expect(requests[1]?.input).toEqual({ component: '<code of step 1>', stage: 'GLUED' });
    expect(requests[7]?.input).toMatchObject({ slot: '<slot at position 0>', child: '<code of step 7>' });
    expect(registered()).toBe(0);
  });
});

describe('client.components.registerMany', () => {
  it('registers each row once, however often it is run', async () => {
    await using client = newClient();
    const rows = sensors(5);
    const first = await client.components.registerMany(rows);
    expect(first).toMatchObject({ registered: 5, exists: 0, conflict: 0, failed: 0, unknown: 0 });
    expect(first.rows[4]).toMatchObject({ row: 5, status: 'registered', serialNumber: sensorNumber(4) });
    const components = await added(client);
    expect(components.map((one) => property(one, 'ORDER'))).toEqual([0, 1, 2, 3, 4]);
    const second = await client.components.registerMany(rows);
    expect(second).toMatchObject({ registered: 0, exists: 5 });
    expect(second.rows.map(({ id }) => id)).toEqual(components.map(({ id }) => id));
    expect(registered()).toBe(5);
    expect(pdb.count('getComponentBulk')).toBe(2);
  });

  it('recognises rows without a serial number by the key', async () => {
    await using client = newClient();
    const rows = [1, 2].map((index) => ({ ...MODULE, 'properties.LOCALNAME': `NEW_${index}` }));
    expect(await client.components.registerMany(rows, { key: 'LOCALNAME' })).toMatchObject({ registered: 2 });
    expect(await client.components.registerMany(rows, { key: 'LOCALNAME' })).toMatchObject({ exists: 2 });
    expect(await added(client)).toHaveLength(2);
  });

  it('reports a conflict where the same serial number or key has other values', async () => {
    await using client = newClient();
    await client.components.registerMany([...sensors(2), { ...MODULE, LOCALNAME: 'M' }], {
      key: 'LOCALNAME',
    });
    const [first, second] = sensors(2);
    const { rows, conflict } = await client.components.registerMany(
      [
        { ...first, ORDER: '7', institution: 'BNL' },
        { ...second, type: 'ATLAS18SS' },
        { ...MODULE, LOCALNAME: 'M', ORDER: 3 },
      ],
      { key: 'LOCALNAME' },
    );
    expect(conflict).toBe(3);
    expect(rows.map(({ reason }) => reason)).toEqual([
      'institution is "CERN" in the database, not "BNL"; ORDER is 0 in the database, not 7',
      'type is "ATLAS18LS" in the database, not "ATLAS18SS"',
      'ORDER is not set in the database, not 3',
    ]);
    await client.components.delete(sensorNumber(0));
    const again = await client.components.registerMany(sensors(1));
    expect(again.rows).toMatchObject([{ status: 'conflict', reason: 'its state is requestedToDelete' }]);
    expect(registered()).toBe(3);
  });

  it('registers none of the rows with the same serial number or key, and names them', async () => {
    await using client = newClient();
    const [first, second] = sensors(2);
    const { rows } = await client.components.registerMany(
      [first, second, first, { ...first, ORDER: '9' }] as never,
      { concurrency: 3 },
    );
    expect(rows.map(({ status }) => status)).toEqual(['failed', 'registered', 'failed', 'failed']);
    expect(rows[0]?.reason).toBe(`rows 1, 3, 4 have the same serial number, ${sensorNumber(0)}`);
    expect(rows[3]?.reason).toBe(rows[0]?.reason);
    const twin = { ...MODULE, LOCALNAME: 'M' };
    const other = { ...MODULE, LOCALNAME: 'N' };
    const key = { key: 'LOCALNAME', concurrency: 2 };
    const report = await client.components.registerMany([twin, other, { ...twin, type: 'NONE' }], key);
    expect(report.rows.map(({ status }) => status)).toEqual(['failed', 'registered', 'failed']);
    expect(report.rows[0]?.reason).toBe('rows 1, 3 have the same LOCALNAME, M');
    expect(report.rows[2]?.reason).toMatch(/^a MODULE has no type NONE; .*; rows 1, 3 have the same /);
    const numbered = sensors(2).map((row) => ({ ...row, LOCALNAME: 'S' }));
    expect(await client.components.registerMany(numbered, key)).toMatchObject({ failed: 2 });
    expect(await added(client)).toHaveLength(2);
  });

  it('suggests the key or the property that a misspelt column may be meant for', async () => {
    await using client = newClient();
    const { institution, componentType, ...sensor } = sensors(1)[0] as Record<string, string>;
    const { rows } = await client.components.registerMany([
      { ...sensor, componentType, institutionn: institution, LOCALNAM: 'x', currentStage: 'X' },
      { ...sensor, serialNumber: sensorNumber(1), institution, component_type: componentType, NOTE: 'x' },
    ] as never);
    expect(rows.map(({ reason }) => reason?.split('; '))).toEqual([
      [
        '`institution` is missing',
        'a SENSOR has no property institutionn',
        'is it institution?',
        'a SENSOR has no property LOCALNAM',
        'is it LOCALNAME?',
        'a SENSOR has no property currentStage',
        'write `stage`',
      ],
      ['`componentType` is missing', 'there is no key component_type', 'is it componentType?'],
    ]);
    expect(await added(client)).toEqual([]);
  });

  it('registers the other rows where some have problems, which it names', async () => {
    await using client = newClient();
    const [one, two, three] = sensors(3);
    const {
      rows,
      registered: done,
      failed,
    } = await client.components.registerMany([
      { ...one, ORDER: 'x' },
      { ...two, LOCAL_NAME: 'typo', institution: '' },
      { ...three },
    ]);
    expect([done, failed]).toEqual([1, 2]);
    expect(rows.map(({ reason }) => reason)).toEqual([
      'the property ORDER must be a whole number',
      '`institution` is missing; a SENSOR has no property LOCAL_NAME; is it LOCALNAME?',
      undefined,
    ]);
    expect(rows[0]?.error).toBeInstanceOf(InvalidInvocation);
    expect(rows[0]?.error?.message).toContain('client.components.registerMany: row 1: the property ORDER');
    expect(pdb.count('getComponentTypeByCode')).toBe(1);
    await expect(
      client.components.registerMany([{ ...one, 'properties.ORDER': 1 }] as never),
    ).resolves.toMatchObject({
      rows: [{ reason: 'there are two values of ORDER' }],
    });
  });

  it('names institutions that do not exist, which it reads once, and sends nothing', async () => {
    await using client = newClient();
    const rows = sensors(3).map((row, index) => ({ ...row, institution: index === 1 ? 'CERN' : 'CERNN' }));
    const { result, requests } = await client.plan((c) => c.components.registerMany(rows));
    expect(requests).toHaveLength(1);
    expect(result.rows.map(({ reason }) => reason)).toEqual([
      'there is no institution CERNN; is it CERN?',
      undefined,
      'there is no institution CERNN; is it CERN?',
    ]);
    expect(pdb.count('listInstitutions')).toBe(1);
    const error = await failure(
      client.components.register({ ...MODULE, institution: 'CERNN' }),
      InvalidInvocation,
    );
    expect(error.message).toContain('there is no institution CERNN; is it CERN?');
    expect(registered()).toBe(0);
  });

  it('leaves it to the database whether institutions exist where it does not list them', async () => {
    await using client = newClient();
    pdb.fault({ on: 'listInstitutions', status: 403, times: 100 });
    expect(await client.components.registerMany(sensors(1))).toMatchObject({ registered: 1 });
  });

  it('reports what the database refuses', async () => {
    await using client = newClient();
    pdb.fault({ on: 'registerComponent', status: 400, body: { uuAppErrorMap: {} }, after: 1 });
    const { rows } = await client.components.registerMany(sensors(3));
    expect(rows.map(({ status }) => status)).toEqual(['registered', 'failed', 'registered']);
    expect(rows[1]?.error).toBeInstanceOf(BadRequest);
  });

  it('recognises a serial number that somebody else registers meanwhile', async () => {
    await using client = newClient();
    const { post } = client;
    client.post = (async (command: 'registerComponent', input: RegisterInput) => {
      client.post = post;
      await client.post(command, { ...input, properties: { LOCALNAME: 'THEIRS' } });
      return client.post(command, input);
    }) as never;
    const { rows } = await client.components.registerMany(sensors(2));
    expect(rows.map(({ status }) => status)).toEqual(['conflict', 'registered']);
    expect(rows[0]?.reason).toBe(
      'LOCALNAME is "THEIRS" in the database, not "NEW_0"; ORDER is not set in the database, not 0',
    );
  });

  describe.each(FAULTS)('where a write %s', (_, fault, wasDone) => {
    it.each([0, 1, 2])(
      'reports the truth on row %i and the others, and the next run registers the rest',
      async (index) => {
        await using client = newClient();
        pdb.fault({ on: 'registerComponent', after: index, ...fault });
        const rows = sensors(3);
        const report = await client.components.registerMany(rows, { journal: newFile() });
        expect(report.rows.map(({ status }) => status === 'unknown')).toEqual(
          rows.map((__, at) => at === index && !wasDone),
        );
        expect(report.registered).toBe(wasDone ? 3 : 2);
        expect(await added(client)).toHaveLength(wasDone ? 3 : 2);
        expect(registered()).toBe(3);
        expect(await client.components.registerMany(rows)).toMatchObject({
          exists: report.registered,
          unknown: 0,
        });
        const numbers = (await added(client)).map(({ serialNumber }) => serialNumber);
        expect(numbers.sort()).toEqual([0, 1, 2].map(sensorNumber));
      },
    );
  });

  it('wants a key or a journal where rows have no serial number', async () => {
    await using client = newClient();
    const rows = [{ ...MODULE, LOCALNAME: 'A' }, { ...SENSOR, serialNumber: sensorNumber(0) }, { ...MODULE }];
    await expect(client.components.registerMany(rows)).rejects.toThrow('(row 1, 3)');
    await expect(client.components.registerMany(rows, { key: 'LOCALNAME' })).rejects.toThrow('(row 3)');
    await expect(client.components.registerMany(rows, { key: 'LOCALNAM' })).rejects.toThrow(
      'rows without a serial number and without a value of LOCALNAM are not recognised',
    );
    expect(registered()).toBe(0);
  });

  it('keeps in the journal what was done with rows that are not recognised', async () => {
    await using client = newClient();
    const journal = newFile();
    const rows = [{ ...MODULE }, { ...MODULE }, { ...MODULE, type: 'BARREL_SS_MODULE' }];
    const first = await client.components.registerMany(rows, { journal });
    expect(first.registered).toBe(3);
    const lines = (await readFile(journal, 'utf8')).trimEnd().split('\n');
    expect(lines).toHaveLength(7);
    expect(JSON.parse(lines[0] as string)).toEqual({ journal: 'client.components.registerMany' });
    expect(JSON.parse(lines[6] as string)).toMatchObject({
      row: 3,
      status: 'registered',
      id: first.rows[2]?.id,
    });
    // The order of the rows may change, and rows may be added.
    const again = await client.components.registerMany(
      [rows[2], ...rows.slice(0, 2), { ...MODULE }] as never,
      {
        journal,
      },
    );
    expect(again.rows.map(({ status }) => status)).toEqual(['exists', 'exists', 'exists', 'registered']);
    expect(again.rows[0]?.id).toBe(first.rows[2]?.id);
    expect(await added(client)).toHaveLength(4);
  });

  it('writes to the journal that a row is sent before it sends it', async () => {
    await using client = newClient();
    const journal = newFile();
    let seen = '';
    pdb.fault({
      on: 'registerComponent',
      respond: async (__, response) => {
        seen = await readFile(journal, 'utf8');
        response.destroy();
      },
    });
    const { rows } = await client.components.registerMany([{ ...MODULE }], { journal });
    expect(seen).toContain('"status":"started"');
    expect(rows).toMatchObject([{ status: 'unknown' }]);
  });

  it('does not register a row again of which it is unknown whether it was registered, until its line is deleted', async () => {
    await using client = newClient();
    const journal = newFile();
    pdb.fault({ on: 'registerComponent', drop: 'after-headers' });
    const rows = [{ ...MODULE }, { ...MODULE, ORDER: 5 }];
    expect(await client.components.registerMany(rows, { journal })).toMatchObject({
      unknown: 1,
      registered: 1,
    });
    const again = await client.components.registerMany(rows, { journal });
    expect(again).toMatchObject({ unknown: 1, exists: 1 });
    expect(again.rows[0]?.error?.message).toMatch(
      /it is not known whether row 1 was done: .*\nLook in the database. If it was not done, delete line 3 of /,
    );
    // A process that was killed leaves a line that is not whole, or only the start of a row.
    const lines = (await readFile(journal, 'utf8')).split('\n');
    await writeFile(journal, [...lines.slice(0, 2), '{"key":"torn'].join('\n'));
    expect(await client.components.registerMany(rows, { journal })).toMatchObject({
      unknown: 1,
      registered: 1,
    });
    await writeFile(journal, `${lines[0]}\n`);
    expect(await client.components.registerMany(rows.slice(0, 1), { journal })).toMatchObject({
      registered: 1,
    });
    expect(await added(client)).toHaveLength(4);
  });

  it('refuses a file that is no journal of it, and leaves it as it is', async () => {
    await using client = newClient();
    for (const text of ['a,b\n1,2\n', '{"journal":"client.components.forEachRow"}\n', 'x', '{"id":"1"}\n']) {
      const journal = newFile();
      await writeFile(journal, text);
      await expect(client.components.registerMany([{ ...MODULE }], { journal })).rejects.toThrow('line 1 of');
      expect(await readFile(journal, 'utf8')).toBe(text);
    }
    await expect(client.components.registerMany([{ ...MODULE }], { journal: folder })).rejects.toThrow(
      'cannot be opened',
    );
    expect(registered()).toBe(0);
  });

  it('ends where the journal cannot be written', async () => {
    await using client = newClient();
    const rows = [{ ...MODULE }, { ...MODULE }];
    const journal = newFile();
    const handle = await open(journal, 'a');
    const { appendFile } = Object.getPrototypeOf(handle);
    await handle.close();
    const spy = vi.spyOn(Object.getPrototypeOf(handle), 'appendFile').mockImplementation(function (
      this: unknown,
      text: unknown,
    ) {
      if (String(text).includes('"registered"')) return Promise.reject(new Error('no space left'));
      return appendFile.call(this, text);
    });
    const error = await client.components.registerMany(rows, { journal }).catch((thrown) => thrown);
    spy.mockRestore();
    expect(error.message).toContain(`the journal ${journal} cannot be written: no space left`);
    expect(registered()).toBe(1);
    expect(await client.components.registerMany(rows, { journal })).toMatchObject({
      unknown: 1,
      registered: 1,
    });
  });

  it('is recorded by client.plan, and then writes no journal', async () => {
    await using client = newClient();
    const journal = newFile();
    const { requests } = await client.plan((c) =>
      c.components.registerMany([{ ...MODULE }, ...sensors(1)], { journal }),
    );
    expect(requests).toHaveLength(2);
    await expect(readFile(journal)).rejects.toThrow('ENOENT');
    expect(registered()).toBe(0);
  });

  it('registers one row after the other, or as many at once as concurrency says, and tells of progress', async () => {
    await using client = newClient();
    const { post } = client;
    let running = 0;
    let most = 0;
    client.post = (async (command: 'registerComponent', input: RegisterInput) => {
      running += 1;
      most = Math.max(most, running);
      try {
        return await post.call(client, command, input as never);
      } finally {
        running -= 1;
      }
    }) as never;
    const progress: Progress[] = [];
    await client.components.registerMany(sensors(6), { onProgress: (one) => progress.push(one) });
    expect(most).toBe(1);
    expect(progress.map(({ done }) => done)).toEqual([1, 2, 3, 4, 5, 6]);
    expect(progress.at(-1)).toEqual({ done: 6, total: 6, failed: 0 });
    pdb.restore(start);
    await client.components.registerMany(sensors(6), { concurrency: 3 });
    expect(most).toBe(3);
  });

  it('ends with what every further row would meet too, and goes on when it is run again', async () => {
    await using client = newClient();
    pdb.fault({ on: 'registerComponent', status: 403, after: 2 });
    await expect(client.components.registerMany(sensors(6))).rejects.toBeInstanceOf(Forbidden);
    expect(registered()).toBe(3);
    expect(await client.components.registerMany(sensors(6))).toMatchObject({ exists: 2, registered: 4 });
    const stop = new AbortController();
    const work = client.components.registerMany(sensors(12).slice(6), {
      signal: stop.signal,
      onProgress: ({ done }) => done === 2 && stop.abort(),
    });
    await expect(work).rejects.toBeInstanceOf(Aborted);
    expect(await client.components.registerMany(sensors(12).slice(6))).toMatchObject({
      exists: 2,
      registered: 4,
    });
  });

  it('reports rows whose serial number could not be looked up as failed, and does not send them', async () => {
    await using client = newClient();
    pdb.fault({ on: 'getComponentBulk', status: 500, times: Infinity });
    const { rows } = await client.components.registerMany(sensors(2));
    expect(rows.map(({ status }) => status)).toEqual(['failed', 'failed']);
    expect(rows[0]?.error).toBeInstanceOf(ServerError);
    expect(registered()).toBe(0);
  });

  it('refuses rows that are not a list of objects', async () => {
    await using client = newClient();
    await expect(client.components.registerMany({} as never)).rejects.toThrow('the rows must be a list');
    await expect(client.components.registerMany(['x'] as never)).rejects.toThrow('row 1 must be an object');
    await expect(client.components.registerMany([], { journl: 'x' } as never)).rejects.toThrow(
      'is it `journal`?',
    );
    expect(await client.components.registerMany([])).toMatchObject({ rows: [], registered: 0 });
  });
});
