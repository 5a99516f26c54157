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
const module = find(({ type, currentStage }) => type.code === 'BARREL_LS_MODULE' && currentStage.initial);
const { serialNumber } = module;
// A shipment changes the location of the record.
const place = module.currentLocation.code;
const elsewhere = place === 'KEK' ? 'CERN' : 'KEK';

const run = {
  component: serialNumber,
  testType: 'VISUAL_INSPECTION',
  institution: place,
  runNumber: '7',
  passed: true,
  problems: false,
  results: { TEMPERATURE: 21.5, HUMIDITY: 30 },
};
const load = { sender: place, recipient: elsewhere, type: 'continental', shipmentItems: [serialNumber] };
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
  const full = find(
    ({ componentType, children }) =>
      componentType.code === 'MODULE' && children.every(({ component }) => component),
  );
  const child = full.children[0]?.component as ComponentRecord;
  const pair = { parent: full.serialNumber, child: child.serialNumber };

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
    const inside = module.children[0]?.component as ComponentRecord;
    const shipment = await write('createShipment', {
      sender: place,
      recipient: elsewhere,
      type: 'continental',
      shipmentItems: [serialNumber],
    });
    expect(shipment).toMatchObject({ status: 'prepared', sys: { rev: 1 } });
    const input = { shipment: shipment.id, recipient: elsewhere, type: 'continental' };
    await write('updateShipment', { ...input, status: 'inTransit' });
    expect((await listed({ serialNumber })).currentLocation.code).toBe(place);
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

/** What the writes below change. It is there from the start, so that one read before each write sees it. */
const whole = find(
  ({ type, children }) => type.code === 'BARREL_LS_MODULE' && children.every((slot) => slot.component),
);
const free = module.children.find((slot) => slot.component === undefined);
const loose = whole.children.find(({ type }) => type.code === free?.type.code)?.component as ComponentRecord;
const batch = module.batches[0] as NonNullable<(typeof module.batches)[0]>;

interface Prepared {
  readonly testRun: string;
  readonly shipment: string;
  readonly item: string;
  readonly code: string;
}

const readRun = async ({ testRun }: Prepared): Promise<Result> =>
  (await read('getTestRunBulk', { testRun: [testRun] })).itemList[0];
const readShipment = async ({ shipment }: Prepared): Promise<Result> => {
  const { itemList } = await read('listShipmentsByInstitution', {
    filterMap: { sender: place, recipient: [elsewhere], state: ['ready'] },
  });
  return itemList.find(({ id }: Result) => id === shipment);
};
const readComponent = async (): Promise<Result> => listed({ serialNumber });
const readBatch = (): Promise<Result> =>
  read('getBatchByNumber', { project: 'S', batchType: 'MODULE_BATCH', number: batch.number });
const readInstitution = async (): Promise<Result> =>
  (await read('listInstitutions', {})).pageItemList.find(({ code }: Result) => code === elsewhere);

type Look = (prepared: Prepared) => Promise<Result>;
type Proof = readonly [command: string, input: (prepared: Prepared) => object, look: Look, expected: object];

const ofComponent = (input: object) => () => ({ component: serialNumber, ...input });
const ofRun =
  (input: object) =>
  ({ testRun, code }: Prepared) => ({ testRun, code, ...input });
const ofShipment =
  (input: object) =>
  ({ shipment, code }: Prepared) => ({ shipment, code, ...input });

describe('a write is seen by a read command other than its own, with a risen sys.rev', () => {
  it.each<Proof>([
    [
      'deleteComponentFlag',
      ofComponent({ flag: 'WARRANTY_WAFER' }),
      readComponent,
      { flags: [{ code: 'CHROMIC' }] },
    ],
    [
      'setComponentCompletedBulk',
      () => ({ components: [serialNumber], completed: true }),
      readComponent,
      { completed: true },
    ],
    [
      'setComponentGrade',
      ofComponent({ grade: 'A', comment: 'fine' }),
      readComponent,
      { grade: 'A', currentGrade: { grade: 'A', comment: 'fine' } },
    ],
    [
      'setComponentLocation',
      ofComponent({ location: elsewhere }),
      readComponent,
      { currentLocation: { code: elsewhere } },
    ],
    [
      'createDummyChildren',
      ofComponent({}),
      readComponent,
      { children: [{}, { component: expect.any(String) }, {}] },
    ],
    [
      'assembleComponentBySlot',
      () => ({ parent: serialNumber, slot: free?.id, child: loose.code, properties: { SIDE: 1 } }),
      readComponent,
      { children: [{}, { component: loose.id, properties: [{ code: 'SIDE', value: 1 }] }, {}] },
    ],
    [
      'setParentChildRelationPropertyBySlot',
      ofComponent({ slot: free?.id, property: 'POSITION', value: 3 }),
      readComponent,
      { children: [{}, { properties: [{ code: 'POSITION', value: 3 }] }, {}] },
    ],
    [
      'addBatchComponent',
      () => ({ id: batch.id, component: loose.code }),
      readBatch,
      { components: expect.arrayContaining([expect.objectContaining({ id: loose.id })]) },
    ],
    [
      'setBatchProperty',
      () => ({ id: batch.id, code: 'VENDOR', value: 'Example' }),
      readBatch,
      { properties: [{ code: 'VENDOR', value: 'Example' }] },
    ],
    [
      'setTestRunParameter',
      ofRun({ code: 'TEMPERATURE', value: 25 }),
      readRun,
      { results: [{ value: 25 }, { value: 30 }] },
    ],
    [
      'setTestRunProperty',
      ofRun({ code: 'OPERATOR', value: 'Kim' }),
      readRun,
      { properties: [{ value: 'Kim' }] },
    ],
    ['deleteTestRun', ofRun({}), readRun, { state: 'deleted' }],
    ['createTestRunComment', ofRun({ comments: ['new'] }), readRun, { comments: [{}, { comment: 'new' }] }],
    [
      'createShipmentComment',
      ofShipment({ comments: ['new'] }),
      readShipment,
      { comments: [{ comment: 'new' }] },
    ],
    [
      'updateShipment',
      ofShipment({ recipient: elsewhere, type: 'domestic', status: 'inTransit', name: 'box' }),
      readShipment,
      { status: 'inTransit', type: 'domestic', name: 'box', sentTs: expect.any(String) },
    ],
    [
      'setShipmentStatus',
      ({ shipment, item }) => ({
        shipment,
        status: 'delivered',
        shipmentItems: [{ code: item, delivered: true }],
      }),
      readShipment,
      { status: 'delivered', receivedTs: expect.any(String) },
    ],
    [
      'setShipmentStatus',
      ofShipment({ status: 'deliveredWithDamage' }),
      readComponent,
      { currentLocation: { code: elsewhere } },
    ],
    [
      'addInstitutionComponentType',
      () => ({ institution: findInstitution(elsewhere)?.id, componentType: module.componentType.id }),
      readInstitution,
      { componentTypes: expect.arrayContaining([expect.objectContaining({ code: 'S' })]) },
    ],
  ])('%s', async (command, input, look, expected) => {
    const prepared = await prepare();
    if (command === 'addInstitutionComponentType') expect(await look(prepared)).toBeDefined();
    const before = await look(prepared);
    await write(command, input(prepared));
    const after = await look(prepared);
    if (command !== 'addInstitutionComponentType') expect(before).not.toMatchObject(expected);
    expect(after).toMatchObject(expected);
    expect(after.sys.rev).toBeGreaterThan(before.sys.rev);
  });

  it('setScriptState, whose state no response shows', async () => {
    const before = await readComponent();
    await write('setScriptState', { component: serialNumber, type: 'registration', state: 'completed' });
    expect((await readComponent()).sys.rev).toBeGreaterThan(before.sys.rev);
    expect(module.scriptStates).toEqual({ registration: 'completed' });
  });

  it.each(['component', 'testRun', 'shipment'] as const)(
    'comments of a %s are changed and deleted',
    async (kind) => {
      const prepared = await prepare();
      const name = `${kind.charAt(0).toUpperCase()}${kind.slice(1)}`;
      const target = { [kind]: kind === 'component' ? serialNumber : prepared[kind] };
      const look = { component: readComponent, testRun: readRun, shipment: readShipment }[kind];
      await write(`create${name}Comment`, { ...target, comments: ['first', 'second'] });
      const before = await look(prepared);
      const code = before.comments.find(({ comment }: Result) => comment === 'first').code;
      await write(`update${name}Comment`, { ...target, code, comment: 'changed' });
      const changed = await look(prepared);
      expect(changed.comments.map(({ comment }: Result) => comment)).toEqual(
        before.comments.map(({ comment }: Result) => (comment === 'first' ? 'changed' : comment)),
      );
      await write(`delete${name}Comment`, { ...target, code });
      const after = await look(prepared);
      expect(after.comments).toHaveLength(before.comments.length - 1);
      expect([before, changed, after].map(({ sys }) => sys.rev)).toEqual([
        before.sys.rev,
        before.sys.rev + 1,
        before.sys.rev + 2,
      ]);
      await refused(`delete${name}Comment`, { ...target, code }, 'commentDoesNotExist');
    },
  );

  it.each(['testRun', 'shipment'] as const)(
    'attachments of a %s are there until they are deleted',
    async (kind) => {
      const prepared = await prepare();
      const name = kind === 'testRun' ? 'TestRun' : 'Shipment';
      const look = kind === 'testRun' ? readRun : readShipment;
      const before = await look(prepared);
      const form = new FormData();
      for (const [key, value] of Object.entries({
        [kind]: prepared[kind],
        title: 't',
        description: '',
        type: 'file',
      }))
        form.set(key, value);
      form.set('data', new Blob(['some bytes'], { type: 'text/plain' }), 'a.txt');
      const { code } = await write(`create${name}Attachment`, form);
      const after = await look(prepared);
      expect(after.attachments).toMatchObject([{ code, filename: 'a.txt', filesize: 10 }]);
      expect(after.sys.rev).toBeGreaterThan(before.sys.rev);
      const target = { [kind]: prepared[kind], code };
      expect(String(await read(`get${name}Attachment`, target))).toBe('some bytes');
      await write(`delete${name}Attachment`, target);
      expect((await look(prepared)).attachments).toBeNull();
    },
  );

  it('createBatch and registerComponent with `batches`', async () => {
    const named = { project: 'S', batchType: 'MODULE_BATCH', number: 'NEW' };
    await write('createBatch', { ...named, ownerInstituteList: ['CERN'] });
    await refused('createBatch', named, 'batchNumberDuplicity');
    const before = await read('getBatchByNumber', named);
    expect(before).toMatchObject({
      components: null,
      ownerInstituteList: [{ code: 'CERN' }],
      sys: { rev: 1 },
    });
    const input = { ...registration, batches: { MODULE_BATCH: 'NEW' } };
    const { component } = await write('registerComponent', input);
    expect(await read('getBatchByNumber', named)).toMatchObject({
      components: [{ id: component.id }],
      sys: { rev: 2 },
    });
  });

  it('importTestType of what exportTestType returned, with another code', async () => {
    const source = { project: 'S', componentType: 'MODULE', testType: 'VISUAL_INSPECTION' };
    const { uuAppErrorMap: _, ...exported } = await read('exportTestType', source);
    await write('importTestType', { ...exported, code: 'NEW_INSPECTION', name: 'New inspection' });
    const { pageItemList } = await read('listTestTypes', { project: 'S', componentType: 'MODULE' });
    expect(pageItemList.at(-1)).toMatchObject({
      code: 'NEW_INSPECTION',
      parameters: [{}, {}, { code: 'IMAGE' }],
    });
    const { testRun } = await write('uploadTestRunResults', { ...run, testType: 'NEW_INSPECTION' });
    expect((await read('getTestRun', { testRun: testRun.id })).testType.code).toBe('NEW_INSPECTION');
  });

  it('setShipmentStatus leaves items that were not delivered where they are', async () => {
    const { shipment, item } = await prepare();
    const unknown = { shipment, status: 'delivered', shipmentItems: [{ code: 'none', delivered: true }] };
    await refused('setShipmentStatus', unknown, 'shipmentItemDoesNotExist');
    await write('setShipmentStatus', { ...unknown, shipmentItems: [{ code: item, delivered: false }] });
    expect((await readComponent()).currentLocation.code).toBe(place);
    const { itemList } = await read('listShipmentItems', { shipment });
    expect(itemList).toMatchObject([{ code: item, component: { serialNumber }, delivered: false }]);
    const flat = await read('listShipmentsByInstitution', { code: elsewhere, status: 'delivered' });
    expect(flat.pageItemList.map(({ id }: Result) => id)).toContain(shipment);
  });
});

/** Makes a test run with a comment, a shipment, two flags, and a component that is in no other. */
async function prepare(): Promise<Prepared> {
  const { testRun } = await write('uploadTestRunResults', { ...run, comments: ['old'] });
  const shipment = await write('createShipment', {
    sender: place,
    recipient: elsewhere,
    type: 'continental',
    shipmentItems: [serialNumber],
  });
  for (const flag of ['CHROMIC', 'WARRANTY_WAFER'])
    await write('addComponentFlag', { component: serialNumber, flag });
  await write('disassembleComponent', { parent: whole.code, child: loose.code, trashed: false });
  await write('setComponentLocation', { component: loose.code, location: place });
  const [{ code: item }] = shipment.shipmentItems;
  return { testRun: testRun.id, shipment: shipment.id, item, code: 'none' };
}

function findInstitution(code: string) {
  return pdb.dataset.institutions.find((institution) => institution.code === code);
}

describe('the stage of a write', () => {
  it('is where registerComponent starts', async () => {
    const { component } = await write('registerComponent', { ...registration, stage: 'GLUED' });
    const found = await listed({ serialNumber: component.serialNumber });
    expect(found).toMatchObject({ currentStage: { code: 'GLUED' }, stages: [{ code: 'GLUED' }] });
    await refused('registerComponent', { ...registration, stage: 'NOWHERE' }, 'stageDoesNotExist');
  });

  it('replaces the last entry of the history with `history: false`', async () => {
    await write('setComponentStage', { component: serialNumber, stage: 'GLUED' });
    await write('setComponentStage', { component: serialNumber, stage: 'BONDED', history: false });
    const { stages } = await readComponent();
    expect(stages.map(({ code }: Result) => code)).toEqual(['HV_TAB_ATTACHED', 'BONDED']);
  });

  it('is a former one only for a retroactive upload', async () => {
    await write('setComponentStage', { component: serialNumber, stage: 'GLUED' });
    await refused('uploadTestRunResults', run, 'unassociatedStageWithTestType');
    await refused('uploadTestRunResults', { ...run, stage: 'HV_TAB_ATTACHED' }, 'invalidDtoIn');
    await refused('uploadTestRunResults', { ...run, isRetroactive: true }, 'invalidDtoIn');
    await refused('uploadTestRunResults', { ...run, isRetroactive: true, stage: 'TESTED' }, 'invalidDtoIn');
    const input = { ...run, isRetroactive: true, stage: 'HV_TAB_ATTACHED' };
    const { testRun } = await write('uploadTestRunResults', input);
    expect(await read('getTestRun', { testRun: testRun.id })).toMatchObject({
      stage: { code: 'HV_TAB_ATTACHED' },
      components: [{ testedAtStage: { code: 'HV_TAB_ATTACHED' } }],
    });
  });
});

describe('a write', () => {
  it('names properties that it does not know in a warning', async () => {
    const input = { ...registration, properties: { LOCALNAME: 'mine', UNKNOWN: 1 } };
    const { uuAppErrorMap } = await write('registerComponent', input);
    expect(Object.values(uuAppErrorMap)).toMatchObject([
      { type: 'warning', paramMap: { unsupportedKeyList: ['$.properties.UNKNOWN'] } },
    ]);
  });

  it.each([
    ['2024-01-31T12:00:00+08:00', '2024-01-31T04:00:00.000Z'],
    ['31.01.2024 12:00', '31.01.2024 12:00'],
  ])('takes the date %s', async (date, expected) => {
    const { testRun } = await write('uploadTestRunResults', { ...run, date });
    expect((await read('getTestRun', { testRun: testRun.id })).date).toBe(expected);
    await refused('uploadTestRunResults', { ...run, date: 'yesterday' }, 'invalidDtoIn');
  });

  it.each([
    '99.99.2024 99:99',
    '31.02.2024 12:00',
    '2024-02-31',
    '2024-02-30T12:00:00Z',
    '2024-01-31T25:00:00Z',
    '2024-01-31 (noon)',
  ])('does not take the date %s', async (date) => {
    await refused('uploadTestRunResults', { ...run, date }, 'invalidDtoIn');
  });

  it.each<[string, string, object, string]>([
    [
      'a negative size',
      'requestUploadEosFile',
      { type: 'component', id: module.id, filesize: -1 },
      '$.filesize',
    ],
    ['the sender as recipient', 'createShipment', { ...load, recipient: place }, '$.recipient'],
    [
      'one item twice',
      'createShipment',
      { ...load, shipmentItems: [serialNumber, module.id] },
      '$.shipmentItems[1]',
    ],
    ['a negative limit', 'listMyComponents', { limit: -1 }, '$.limit'],
  ])('does not take %s', async (_, command, input, path) => {
    const error = await failure(write(command, { title: 't', description: 'd', ...input }), BadRequest);
    const key = `ucl-itkpd-main/${command}/invalidDtoIn`;
    expect(error.appErrors?.[key]?.paramMap).toMatchObject({ invalidValueKeyMap: { [path]: {} } });
  });

  it('does not send a shipment back to its sender', async () => {
    const { id } = await write('createShipment', load);
    const changes = { recipient: place, type: 'continental', status: 'inTransit' };
    await refused('updateShipment', { shipment: id, ...changes }, 'invalidDtoIn');
  });

  it('does not ship a component that is in another one', async () => {
    const child = find(({ parent }) => parent !== undefined);
    const sender = child.currentLocation.code;
    const recipient = sender === 'KEK' ? 'CERN' : 'KEK';
    const input = { ...load, sender, recipient, shipmentItems: [child.code] };
    await refused('createShipment', input, 'componentIsAssembled');
  });

  it('does not put a component into a batch of another project', async () => {
    const pixel = find(({ componentType }) => componentType.project === 'P');
    await refused(
      'addBatchComponent',
      { id: batch.id, component: pixel.code },
      'componentInDifferentProject',
    );
    expect((await read('getComponent', { component: pixel.code })).batches ?? []).not.toMatchObject([
      { id: batch.id },
    ]);
  });

  it('does nothing new with a deleted component', async () => {
    await write('deleteComponent', { component: serialNumber });
    await write('uploadTestRunResults', run);
    const before = (await read('getComponent', { component: serialNumber })).tests;
    await write('approveDeleteComponent', { component: serialNumber, approve: true });
    await refused('uploadTestRunResults', run, 'componentIsDeleted');
    await refused('createShipment', load, 'componentIsDeleted');
    await refused('assembleComponent', { parent: serialNumber, child: loose.code }, 'componentIsDeleted');
    await refused('addBatchComponent', { id: batch.id, component: serialNumber }, 'componentIsDeleted');
    expect(await read('getComponent', { component: serialNumber })).toMatchObject({
      state: 'deleted',
      tests: before,
    });
  });

  it('knows final stages beside the usual order', async () => {
    await write('setComponentStage', { component: serialNumber, stage: 'FAILED' });
    const { currentStage } = await read('getComponent', { component: serialNumber });
    expect(currentStage).toEqual({ code: 'FAILED', name: 'Failed', order: 7, initial: false, final: true });
    const { stages } = await read('getComponentTypeByCode', { project: 'S', code: 'MODULE' });
    expect(stages.slice(-2)).toMatchObject([
      { code: 'FINISHED', final: true, alternative: false },
      { code: 'FAILED', final: true, alternative: true },
    ]);
  });

  it('takes only one of two writers who have read the same revision', async () => {
    const { rev: revision } = (await read('getComponent', { component: serialNumber })).sys;
    const writers = ['CHROMIC', 'BAD_AT_DICING'].map((flag) =>
      write('setComponentFlags', { component: serialNumber, flags: [flag], revision }),
    );
    const outcomes = await Promise.allSettled(writers);
    expect(outcomes.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
    expect((await read('getComponent', { component: serialNumber })).flags).toHaveLength(1);
  });

  it('is not taken by GET', async () => {
    await failure(read('setComponentStage', { component: serialNumber, stage: 'GLUED' }), NotFound);
  });
});

describe('restore', () => {
  it('undoes a hundred writes of all kinds, so that each record is as before', async () => {
    const state = async (): Promise<string> =>
      JSON.stringify([
        await readComponent(),
        await readBatch(),
        await readInstitution(),
        await read('listBatches', { filterMap: {} }),
      ]);
    const before = await state();
    for (let time = 0; time < 10; time += 1) {
      await prepare();
      await write('setBatchProperty', { id: batch.id, code: 'TIME', value: time });
      await write('addBatchComponent', { id: batch.id, component: whole.code });
      await write('createDummyChildren', { component: serialNumber });
      await write('setComponentLocation', { component: loose.code, location: whole.currentLocation.code });
      await write('assembleComponent', { parent: whole.code, child: loose.code });
    }
    expect(await state()).not.toBe(before);
    pdb.restore(start);
    expect(await state()).toBe(before);
  });

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
    expect(() => pdb.restore(later)).toThrow(
      /^restore: this snapshot cannot be used, .* Take a new snapshot\.$/,
    );
    expect((await write('registerComponent', registration)).component.id).toBe(first.component.id);
  });
});
