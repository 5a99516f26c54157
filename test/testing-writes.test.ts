import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { BadRequest, InvalidInvocation, NotFound } from '../src/index.js';
import type { ComponentRecord } from '../src/testing/index.js';
import { startDatabase } from './helpers/database.js';
import { failure } from './helpers/failure.js';

const { pdb, newSession } = await startDatabase({ components: 600 });
const session = newSession();
const start = pdb.snapshot();

beforeEach(() => pdb.restore(start));
afterAll(() => session.close());

// biome-ignore lint/suspicious/noExplicitAny: the results of many commands
type Result = any;

const read = async (command: string, data: object): Promise<Result> =>
  (await session.get<Result>(command, { data })).data;
const write = async (command: string, data: object): Promise<Result> =>
  (await session.post<Result>(command, data)).data;
const refused = async (command: string, data: object, reason: string): Promise<void> => {
  const error = await failure(write(command, data), BadRequest);
  expect(Object.keys(error.appErrors ?? {})).toEqual([`ucl-itkpd-main/${command}/${reason}`]);
};
const listed = async (filterMap: object): Promise<Result> =>
  (await read('listComponents', { filterMap, outputType: 'full' })).itemList[0];

const components = pdb.dataset.components;
const find = (wanted: (component: ComponentRecord) => boolean): ComponentRecord =>
  components.find(wanted) as ComponentRecord;
const module = find(({ type, stage }) => type.code === 'MODULE' && type.project === 'S' && stage === 0);
const { serialNumber } = module;
const elsewhere = module.location.code === 'KEK' ? 'CERN' : 'KEK';

const run = {
  component: serialNumber,
  testType: 'VISUAL_INSPECTION',
  institution: module.location.code,
  runNumber: '7',
  passed: true,
  problems: false,
  results: { TEMPERATURE: 21.5, HUMIDITY: 30 },
};
const registration = {
  project: 'S',
  subproject: 'SB',
  institution: 'CERN',
  componentType: 'MODULE',
  type: 'BARREL_LS_MODULE',
};

describe('a write to a component is seen by listComponents, with a risen sys.rev', () => {
  it.each<[string, object, object]>([
    ['setComponentStage', { stage: 'GLUED', comment: 'glued' }, { currentStage: { code: 'GLUED' } }],
    ['setComponentProperty', { code: 'LOCALNAME', value: 'mine' }, { properties: [{ value: 'mine' }, {}] }],
    ['addComponentFlag', { flag: 'CHROMIC' }, { flags: [{ code: 'CHROMIC' }] }],
    ['setComponentTrashed', { trashed: true }, { trashed: true }],
    ['setComponentCompleted', { completed: true }, { completed: true }],
    ['deleteComponent', {}, { state: 'requestedToDelete' }],
    ['approveDeleteComponent', { approve: true }, { state: 'deleted' }],
    ['createComponentComment', { comments: ['a', 'b'] }, { comments: [{ comment: 'a' }, { comment: 'b' }] }],
  ])('%s %j', async (command, input, expected) => {
    const before = await listed({ serialNumber });
    await write(command, { component: serialNumber, ...input });
    const after = await listed({ serialNumber });
    expect(before).not.toMatchObject(expected);
    expect(after).toMatchObject(expected);
    expect(after.sys.rev).toBeGreaterThan(before.sys.rev);
  });

  it('updateComponentSN', async () => {
    const { sys } = await read('getComponent', { component: module.code });
    await write('updateComponentSN', { component: module.code, serialNumber: '20USBML8888888' });
    expect((await listed({ serialNumber: '20USBML8888888' })).sys.rev).toBeGreaterThan(sys.rev);
    expect(await listed({ serialNumber })).toBeUndefined();
  });

  it('setComponentFlags, where the revision is the present one', async () => {
    const { sys } = await read('getComponent', { component: serialNumber });
    const input = { component: serialNumber, flags: ['CHROMIC'], revision: sys.rev };
    await write('setComponentFlags', input);
    expect(await listed({ serialNumber })).toMatchObject({
      flags: [{ code: 'CHROMIC' }],
      sys: { rev: sys.rev + 1 },
    });
    await refused('setComponentFlags', input, 'revisionDoesNotMatch');
  });

  it('setComponentStage moves it from one stage to another in the index', async () => {
    await write('setComponentStage', { component: serialNumber, stage: 'BONDED' });
    const { itemList } = await read('listComponents', { filterMap: { currentStage: 'BONDED' } });
    expect(itemList.some((one: Result) => one.serialNumber === serialNumber)).toBe(true);
    expect(
      (await read('getComponent', { component: serialNumber })).stages.map(({ code }: Result) => code),
    ).toEqual(['HV_TAB_ATTACHED', 'BONDED']);
  });
});

describe('registerComponent', () => {
  it('makes a serial number, and starts in the first stage at the institution', async () => {
    const { component } = await write('registerComponent', registration);
    const found = await listed({ serialNumber: component.serialNumber });
    expect(found).toMatchObject({
      id: component.id,
      currentStage: { code: 'HV_TAB_ATTACHED', initial: true },
      currentLocation: { code: 'CERN' },
    });
    expect(found.children).toHaveLength(3);
  });

  it('refuses a serial number that is used, and one that is missing', async () => {
    await refused('registerComponent', { ...registration, serialNumber }, 'serialNumberDuplicity');
    await refused(
      'registerComponent',
      { ...registration, componentType: 'X' },
      'componentTypeDaoGetByCodeFailed',
    );
    await refused(
      'registerComponent',
      { ...registration, batches: { MODULE_BATCH: 1 } },
      'batchDoesNotExist',
    );
    const sensor = { ...registration, componentType: 'SENSOR', type: 'ATLAS18LS' };
    await refused('registerComponent', sensor, 'invalidDtoIn');
  });
});

describe('test runs', () => {
  it('uploadTestRunResults is seen by listTestRunsByComponent, until deleteTestRun', async () => {
    const before = await read('getComponent', { component: serialNumber });
    const { testRun } = await write('uploadTestRunResults', run);
    const runs = async (): Promise<Result[]> =>
      (await read('listTestRunsByComponent', { filterMap: { serialNumber } })).itemList;
    expect((await runs()).find(({ id }) => id === testRun.id)).toMatchObject({
      runNumber: '7',
      state: 'ready',
    });
    expect((await read('getTestRun', { testRun: testRun.id })).results).toMatchObject([
      { value: 21.5 },
      { value: 30 },
    ]);
    expect((await read('getComponent', { component: serialNumber })).sys.rev).toBeGreaterThan(before.sys.rev);
    await write('deleteTestRun', { testRun: testRun.id });
    expect((await runs()).find(({ id }) => id === testRun.id)).toMatchObject({ state: 'deleted' });
    expect((await read('getTestRun', { testRun: testRun.id })).sys.rev).toBe(2);
  });

  it.each<[string, object]>([
    ['componentAtDifferentLocation', { institution: elsewhere }],
    ['unassociatedStageWithTestType', { testType: 'GLUE_WEIGHT' }],
    ['componentDoesNotExist', { component: 'none' }],
    ['invalidDtoIn', { results: { TEMPERATURE: 21.5 } }],
    ['invalidDtoIn', { results: { TEMPERATURE: '21.5', HUMIDITY: 30 } }],
  ])('uploadTestRunResults is refused with %s for %j', (reason, change) =>
    refused('uploadTestRunResults', { ...run, ...change }, reason),
  );
});

describe('assembly', () => {
  const whole = find(({ type, slots }) => type.code === 'MODULE' && slots.every(({ child }) => child));
  const child = whole.slots[0]?.child as ComponentRecord;
  const pair = { parent: whole.serialNumber, child: child.serialNumber };

  it('disassembleComponent frees the slot and trashes the child, assembleComponent fills it again', async () => {
    const before = await read('getComponent', { component: pair.parent });
    await write('disassembleComponent', pair);
    const freed = await read('getComponent', { component: pair.parent });
    expect(freed.children[0].component).toBeNull();
    expect(freed.sys.rev).toBeGreaterThan(before.sys.rev);
    expect(await read('getComponent', { component: pair.child })).toMatchObject({
      trashed: true,
      assembled: false,
    });
    await write('assembleComponent', { ...pair, properties: { SIDE: 1 } });
    expect((await read('getComponent', { component: pair.parent })).children[0]).toMatchObject({
      component: { serialNumber: pair.child },
      properties: [{ code: 'SIDE', value: 1 }],
    });
    await refused('assembleComponent', pair, 'childComponentAlreadyAssembled');
  });

  it('disassembleComponent does not trash where it is told not to', async () => {
    await write('disassembleComponent', { ...pair, trashed: false });
    expect((await read('getComponent', { component: pair.child })).trashed).toBe(false);
  });
});

describe('shipments', () => {
  it('move components, with what is in them, when they are delivered', async () => {
    const inside = module.slots[0]?.child as ComponentRecord;
    const shipment = await write('createShipment', {
      sender: module.location.code,
      recipient: elsewhere,
      type: 'continental',
      shipmentItems: [serialNumber],
    });
    expect(shipment).toMatchObject({ status: 'prepared', sys: { rev: 1 } });
    const input = { shipment: shipment.id, recipient: elsewhere, type: 'continental' };
    await write('updateShipment', { ...input, status: 'inTransit' });
    expect((await listed({ serialNumber })).currentLocation.code).toBe(module.location.code);
    await write('updateShipment', { ...input, status: 'delivered' });
    expect((await listed({ serialNumber, currentLocation: elsewhere })).locations).toHaveLength(2);
    expect((await listed({ serialNumber: inside.serialNumber })).currentLocation.code).toBe(elsewhere);
    const { itemList } = await read('listShipmentsByComponent', { component: serialNumber });
    expect(itemList).toMatchObject([{ status: 'delivered', sys: { rev: 3 } }]);
  });
});

describe('attachments', () => {
  it('come back byte by byte', async () => {
    const bytes = Buffer.from([0, 13, 10, 45, 45, 255, 13, 10, 13, 10, 1]);
    const form = new FormData();
    for (const [key, value] of Object.entries({
      component: serialNumber,
      title: 't',
      description: '',
      type: 'file',
    }))
      form.set(key, value);
    form.set('data', new Blob([bytes], { type: 'image/png' }), 'a b.png');
    const { code } = await write('createComponentAttachment', form);
    expect(pdb.requests.at(-1)?.rawBody.includes(bytes)).toBe(true);
    const { attachments } = await read('getComponent', { component: serialNumber });
    expect(attachments).toMatchObject([{ code, title: 't', filename: 'a b.png', filesize: bytes.length }]);
    const { data, headers } = await session.get<ArrayBuffer>('getComponentAttachment', {
      data: { component: serialNumber, code },
      responseType: 'arraybuffer',
    });
    expect(Buffer.from(data)).toEqual(bytes);
    expect(headers).toMatchObject({
      'content-type': 'image/png',
      'content-disposition': 'inline; filename="a b.png"',
    });
    await write('deleteComponentAttachment', { component: serialNumber, code });
    await refused('deleteComponentAttachment', { component: serialNumber, code }, 'attachmentDoesNotExist');
  });
});

describe('the input of a command', () => {
  const inputs: [command: string, input: Record<string, unknown>][] = [
    ['setComponentStage', { component: serialNumber, stage: 'GLUED' }],
    ['uploadTestRunResults', run],
    ['registerComponent', registration],
    ['setComponentTrashed', { trashed: true, component: serialNumber }],
    ['createComponentComment', { component: serialNumber, comments: ['x'] }],
    ['deleteComponent', { component: serialNumber }],
    ['addComponentFlag', { component: serialNumber, flag: 'CHROMIC' }],
    ['updateComponentSN', { component: serialNumber, serialNumber: '20USBML8888888' }],
  ];

  it.each(inputs)('%s names a missing key, a wrong one and an unknown one', async (command, input) => {
    const [key = '', ...others] = Object.keys(input);
    const problem = async (data: object): Promise<Result> =>
      Object.values((await failure(write(command, data), BadRequest)).appErrors ?? {})[0];
    const without = Object.fromEntries(others.map((other) => [other, input[other]]));
    expect((await problem(without)).paramMap.missingKeyMap).toHaveProperty([`$.${key}`]);
    expect((await problem({ ...input, [key]: 5 })).paramMap.invalidTypeKeyMap).toHaveProperty([`$.${key}`]);
    const { uuAppErrorMap } = await write(command, { ...input, ignoreme: 1 });
    expect(uuAppErrorMap).toMatchObject({
      [`cern-itkpd-main/${command}/unsupportedKeys`]: { paramMap: { unsupportedKeyList: ['$.ignoreme'] } },
    });
  });

  it('of a write is not taken by GET', async () => {
    await failure(read('setComponentStage', { component: serialNumber, stage: 'GLUED' }), NotFound);
  });
});

describe('restore', () => {
  it('undoes every write since the snapshot', async () => {
    const before = JSON.stringify(await read('getComponent', { component: serialNumber }));
    const total = components.length;
    const first = await write('registerComponent', registration);
    const later = pdb.snapshot();
    await write('setComponentStage', { component: serialNumber, stage: 'GLUED' });
    await write('uploadTestRunResults', { ...run, testType: 'GLUE_WEIGHT' });
    pdb.restore(later);
    expect(JSON.stringify(await read('getComponent', { component: serialNumber }))).toBe(before);
    expect(components.length).toBe(total + 1);
    pdb.restore(start);
    expect(components.length).toBe(total);
    expect(() => pdb.restore(later)).toThrow(InvalidInvocation);
    expect((await write('registerComponent', registration)).component.id).toBe(first.component.id);
  });
});
