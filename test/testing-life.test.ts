import { afterAll, beforeEach, expect, it } from 'vitest';
import { COMMANDS } from '../src/commands/catalogue.js';
import {
  BadRequest,
  type CommandInput,
  type CommandName,
  type CommandOutput,
  Forbidden,
} from '../src/index.js';
import { startDatabase } from './helpers/database.js';
import { failure } from './helpers/failure.js';

const { pdb, newSession } = await startDatabase({ components: 300 });
const session = newSession();
beforeEach(() => pdb.restore());
afterAll(() => session.close());

const HOME = 'CERN';
const AWAY = 'BNL';
const SENSORS = ['20USBSL0990101', '20USBSL0990102', '20USBSL0990103'] as const;
const CLIMATE = { TEMPERATURE: 21.5, HUMIDITY: 30 };

it('drives a stave through its life with more than 60 commands, and reads each write back by another one', async () => {
  await lookAround();
  await prepareTheInstitution();
  await registerTheSensorsOfAWafer();
  await describeASensor();
  await testTheSensors();
  const modules = await buildTwoModules();
  await testAModule(modules[0]);
  const stave = await loadAStave(modules);
  await attachFilesToTheStave(stave);
  await shipTheStave(stave, modules);
  await takeTheStaveApart(stave, modules);
  await deleteTheStave(stave);

  const commands = new Set(pdb.requests.map(({ command }) => command));
  expect([...commands].filter((command) => command in COMMANDS).length).toBeGreaterThanOrEqual(60);
});

it('setShipmentStatus moves each item when it is delivered, also one that comes later', async () => {
  const first = await register('MODULE', 'BARREL_LS_MODULE');
  const late = await register('MODULE', 'BARREL_LS_MODULE');
  const shipmentItems = [first, late];
  await write('createShipment', { sender: HOME, recipient: AWAY, type: 'continental', shipmentItems });
  const id = (await read('listShipmentsByComponent', { component: late })).itemList[0]?.id ?? '';
  const codes = (await read('listShipmentItems', { shipment: id })).itemList.map(({ code }) => code);
  const deliver = (...delivered: boolean[]) => {
    const items = delivered.map((one, index) => ({ code: codes[index], delivered: one }));
    return write('setShipmentStatus', { shipment: id, status: 'delivered', shipmentItems: items });
  };
  const places = () =>
    Promise.all([first, late].map(async (one) => (await listed(one)).currentLocation.code));
  await deliver(true, false);
  expect(await places()).toEqual([AWAY, HOME]);
  await deliver(true, true);
  expect(await places()).toEqual([AWAY, AWAY]);
  expect((await listed(first)).locations).toHaveLength(2);
});

it('createComponentAttachment takes a link without a file, but no file without one', async () => {
  const component = await register('MODULE', 'BARREL_LS_MODULE');
  const fields = { component, title: 'Drawing', description: '', url: 'https://example.org/drawing' };
  await write('createComponentAttachment', form({ ...fields, type: 'link' }));
  const { attachments } = await read('getComponent', { component });
  expect(attachments).toMatchObject([{ type: 'link', url: fields.url, contentType: 'text/x-uri' }]);
  await refused('createComponentAttachment', form({ ...fields, type: 'file' }), 'invalidDtoIn');
});

/** Who am I, where do I work, and what is there to be made? */
async function lookAround(): Promise<void> {
  const { institutions } = await read('getUser', { userIdentity: pdb.user.identity });
  const home = await read('getInstitutionByCode', { code: HOME });
  expect(institutions[0]).toMatchObject({ id: home.id, code: HOME });
  expect(await read('getInstitution', { id: home.id })).toMatchObject({ code: HOME, name: home.name });
  const sites = (await read('listInstitutions', {})).pageItemList;
  expect(sites.map(({ code }) => code)).toEqual(expect.arrayContaining([HOME, AWAY]));
  const projects = (await read('listProjects', {})).itemList;
  expect(projects.find(({ name }) => name === 'Strips')?.code).toBe('S');
  const subprojects = (await read('listSubprojects', { project: 'S' })).itemList;
  expect(subprojects.map(({ code }) => code)).toContain('SB');

  const types = (await read('listComponentTypes', { project: 'S' })).pageItemList;
  const sensor = types.find(({ code }) => code === 'SENSOR');
  expect(sensor).toMatchObject({ snRequired: true, snAutomatically: false });
  const id = sensor?.id ?? '';
  expect(await read('getComponentTypeByCode', { project: 'S', code: 'SENSOR' })).toMatchObject({ id });
  expect(await read('getComponentType', { id })).toMatchObject({ code: 'SENSOR' });
  const found = await read('searchComponentTypeByName', { project: 'S', componentType: 'Sensor' });
  expect(found.itemList.map(({ code }) => code)).toContain('SENSOR');
  const tests = (await read('listTestTypes', { project: 'S', componentType: 'SENSOR' })).pageItemList;
  expect(tests.map(({ code }) => code)).toContain('ATLAS18_IV_TEST_V1');
  const both = { project: 'S', componentTypes: ['SENSOR', 'MODULE'] };
  const testsOfBoth = (await read('listTestTypesByComponentTypes', both)).itemList;
  expect(testsOfBoth.length).toBeGreaterThan(tests.length);
}

/** An institution says what it makes. A test type that is exported can be imported under another code. */
async function prepareTheInstitution(): Promise<void> {
  const { id: institution, sys } = await read('getInstitutionByCode', { code: HOME });
  const { id: componentType } = await read('getComponentTypeByCode', { project: 'S', code: 'STAVE' });
  await write('addInstitutionComponentType', { institution, componentType });
  const home = await read('getInstitution', { id: institution });
  expect(home.sys?.rev).toBeGreaterThan(sys?.rev ?? Number.NaN);
  const strips = home.componentTypes?.find(({ code }) => code === 'S');
  expect(strips?.itemList.map(({ code }) => code)).toContain('STAVE');

  const project = 'S';
  const bow = { project, componentType: 'MODULE', testType: 'MODULE_BOW' };
  const exported = (await read('exportTestType', bow)) as object;
  await write('importTestType', { ...exported, code: 'MODULE_BOW_COLD', name: 'Bow when cold' });
  const tests = (await read('listTestTypes', { project, componentType: 'MODULE' })).pageItemList;
  expect(tests.find(({ code }) => code === 'MODULE_BOW_COLD')).toMatchObject({ name: 'Bow when cold' });
}

/** The sensors of a wafer are one batch. A sensor has its serial number before it is registered. */
async function registerTheSensorsOfAWafer(): Promise<void> {
  const batch = { project: 'S', batchType: 'SENSORS_PROD_BATCH', number: 'VPX99001' };
  await write('createBatch', batch);
  const batches = (await read('listBatches', { filterMap: { project: 'S' } })).itemList;
  const id = batches.find(({ number }) => number === 'VPX99001')?.id ?? '';

  const sample = await read('generateComponentTypeDtoSample', { project: 'S', code: 'SENSOR' });
  expect(sample.dtoSample).toMatchObject({ project: 'S', componentType: 'SENSOR' });
  const [first, second, forgotten] = SENSORS;
  for (const serialNumber of [first, second]) {
    await write('registerComponent', {
      project: 'S',
      subproject: 'SB',
      institution: HOME,
      componentType: 'SENSOR',
      type: 'ATLAS18LS',
      serialNumber,
      properties: { LOCALNAME: `wafer ${serialNumber.slice(-3)}` },
      comments: ['delivered by the vendor'],
      batches: { SENSORS_PROD_BATCH: 'VPX99001' },
    });
  }
  await register('SENSOR', 'ATLAS18LS', forgotten);
  expect(await batchesOf(forgotten)).toEqual([]);
  await write('addBatchComponent', { id, component: forgotten });
  expect(await batchesOf(forgotten)).toEqual(['VPX99001']);
  await write('setBatchProperty', { id, code: 'VENDOR', value: 'Example' });

  const found = await read('getBatchByNumber', batch);
  expect(found.components?.map(({ serialNumber }) => serialNumber)).toEqual(SENSORS);
  // It was created, three components were added, and a property was set.
  expect(found).toMatchObject({ properties: [{ code: 'VENDOR', value: 'Example' }], sys: { rev: 5 } });
  const mine = (await read('listMyComponents', { project: 'S', pageInfo: { pageSize: 100_000 } })).itemList;
  expect(mine.map(({ serialNumber }) => serialNumber)).toEqual(expect.arrayContaining([...SENSORS]));
}

async function batchesOf(component: string): Promise<string[]> {
  return (await read('listBatchesByComponent', { component })).itemList.map(({ number }) => number);
}

/** Properties, flags and comments say what is known of a sensor. */
async function describeASensor(): Promise<void> {
  const [component] = SENSORS;
  await write('setComponentProperty', { component, code: 'LOCALNAME', value: 'the good one' });
  const propertyFilter = [{ code: 'LOCALNAME', operator: '=', value: 'the good one' }];
  const named = (await read('listComponentsByProperty', { project: 'S', propertyFilter })).itemList;
  expect(named).toMatchObject([{ serialNumber: component }]);

  await write('addComponentFlag', { component, flag: 'CHROMIC' });
  await write('addComponentFlag', { component, flag: 'WARRANTY_WAFER' });
  await write('deleteComponentFlag', { component, flag: 'CHROMIC' });
  const { flags, sys } = await listed(component);
  expect(flags).toMatchObject([{ code: 'WARRANTY_WAFER' }]);
  const replaced = { component, flags: ['BAD_AT_DICING'], revision: sys.rev };
  await write('setComponentFlags', replaced);
  expect(await listed(component)).toMatchObject({ flags: [{ code: 'BAD_AT_DICING' }] });
  // The revision has risen since, so that the same request would undo what another script did.
  await failure(session.post('setComponentFlags', replaced), BadRequest);

  await write('createComponentComment', { component, comments: ['a scratch', 'seen twice'] });
  const [vendor, scratch, twice] = await commentsOf(component);
  const code = scratch?.code ?? '';
  await write('updateComponentComment', { component, code, comment: 'only dust' });
  await write('deleteComponentComment', { component, code: twice?.code ?? '' });
  expect(await commentsOf(component)).toMatchObject([vendor, { code, comment: 'only dust' }]);

  // A serial number may change. The code of a component stays.
  const sensor = await read('getComponent', { component });
  const misread = '20USBSL0990901';
  await write('updateComponentSN', { component: sensor.code, serialNumber: misread });
  expect((await listed(misread)).id).toBe(sensor.id);
  await write('updateComponentSN', { component: sensor.code, serialNumber: component });
  await write('setScriptState', { component, type: 'registration', state: 'completed' });
}

async function commentsOf(component: string) {
  return (await read('getComponentBulk', { component: [component] })).itemList[0]?.comments ?? [];
}

/** A test run belongs to the stage that its component is in, and to the institution where the component is. */
async function testTheSensors(): Promise<void> {
  const [component] = SENSORS;
  const testType = { project: 'S', componentType: 'SENSOR', code: 'ATLAS18_IV_TEST_V1' };
  const { dtoSample } = await read('generateTestTypeDtoSample', testType);
  const run = {
    ...dtoSample,
    component,
    institution: HOME,
    runNumber: '1',
    date: '2026-03-02T09:30:00.000Z',
    results: { ...CLIMATE, VOLTAGE: [0, -10, -20], CURRENT: [-3.5, -4.1, -4.6] },
    comments: ['first scan'],
  };
  await refused('uploadTestRunResults', run, 'unassociatedStageWithTestType');
  await write('setComponentStage', { component, stage: 'SENS_TEST_STAGE', comment: 'on the probe station' });
  expect(await listed(component)).toMatchObject({ currentStage: { code: 'SENS_TEST_STAGE' } });
  await refused('uploadTestRunResults', { ...run, institution: AWAY }, 'componentAtDifferentLocation');
  await write('uploadTestRunResults', run);
  await write('uploadTestRunResults', { ...run, runNumber: '2', passed: false, problems: true });

  const filterMap = { serialNumber: component, testType: ['ATLAS18_IV_TEST_V1'] };
  const [good, bad] = (await read('listTestRunsByComponent', { filterMap })).itemList;
  expect([good, bad]).toMatchObject([
    { runNumber: '1', passed: true, stage: { code: 'SENS_TEST_STAGE' }, institution: { code: HOME } },
    { runNumber: '2', passed: false, problems: true },
  ]);
  await correctARun(good?.id ?? '');
  await attachToARun(good?.id ?? '');
  await write('deleteTestRun', { testRun: bad?.id ?? '' });
  await findTheRuns(good?.id ?? '', bad?.id ?? '');

  await write('setComponentGrade', { component, grade: 'A', comment: 'low current' });
  await write('setComponentCompleted', { component, completed: true });
  expect(await listed(component)).toMatchObject({ currentGrade: { grade: 'A' }, completed: true });
  await write('setComponentCompletedBulk', { components: [SENSORS[1], SENSORS[2]], completed: true });
  const { itemList } = await read('getComponentBulk', { component: SENSORS });
  expect(itemList.map(({ completed }) => completed)).toEqual([true, true, true]);
}

async function correctARun(testRun: string): Promise<void> {
  await write('setTestRunParameter', { testRun, code: 'TEMPERATURE', value: 22.5 });
  await write('setTestRunProperty', { testRun, code: 'OPERATOR', value: 'B. Sample' });
  await write('createTestRunComment', { testRun, comments: ['the cable was loose', 'twice'] });
  const [, cable, twice] = (await read('getTestRun', { testRun })).comments ?? [];
  await write('updateTestRunComment', { testRun, code: cable?.code ?? '', comment: 'the cable is mended' });
  await write('deleteTestRunComment', { testRun, code: twice?.code ?? '' });

  const [run] = (await read('getTestRunBulk', { testRun: [testRun] })).itemList;
  expect(run?.comments?.map(({ comment }) => comment)).toEqual(['first scan', 'the cable is mended']);
  const value = (code: string, value: unknown) => expect.objectContaining({ code, value });
  expect(run?.results).toContainEqual(value('TEMPERATURE', 22.5));
  expect(run?.results).toContainEqual(value('CURRENT', [-3.5, -4.1, -4.6]));
  expect(run?.properties).toContainEqual(value('OPERATOR', 'B. Sample'));
}

async function attachToARun(testRun: string): Promise<void> {
  const raw = Buffer.from('V,I\r\n0,-3.5\r\n');
  const fields = { testRun, title: 'Raw data', description: 'IV curve', type: 'file' };
  await write('createTestRunAttachment', form(fields, raw));
  const [attachment] = (await read('getTestRun', { testRun })).attachments ?? [];
  expect(attachment).toMatchObject({ title: 'Raw data', filename: 'a file', filesize: raw.length });
  const code = attachment?.code ?? '';
  expect(await bytes('getTestRunAttachment', { testRun, code })).toEqual(raw);
  await write('deleteTestRunAttachment', { testRun, code });
  expect((await read('getTestRun', { testRun })).attachments ?? []).toEqual([]);
}

/** A deleted run stays in the lists. */
async function findTheRuns(good: string, bad: string): Promise<void> {
  const type = { project: 'S', componentType: 'SENSOR', testType: 'ATLAS18_IV_TEST_V1' };
  const ofType = (await read('listTestRunsByTestType', type)).itemList;
  expect(ofType.find(({ id }) => id === bad)?.state).toBe('deleted');
  const parameterFilter = [{ code: 'TEMPERATURE', operator: '=', value: 22.5 }];
  const warm = (await read('listTestRunsByParameter', { ...type, parameterFilter })).itemList;
  expect(warm.map(({ id }) => id)).toEqual([good]);
  const mine = (await read('listMyTestRuns', { project: 'S', pageInfo: { pageSize: 100_000 } })).itemList;
  expect(mine.map(({ id }) => id)).toEqual(expect.arrayContaining([good, bad]));
  const filterMap = { serialNumber: SENSORS[0], state: ['ready'] };
  expect((await read('listTestRunsByComponent', { filterMap })).itemList).toMatchObject([{ id: good }]);
}

/** A module has slots for a sensor, a hybrid and a powerboard. The database makes its serial number. */
async function buildTwoModules(): Promise<readonly [string, string]> {
  const first = await register('MODULE', 'BARREL_LS_MODULE');
  const second = await register('MODULE', 'BARREL_LS_MODULE');
  expect(first).not.toBe(second);
  await write('assembleComponent', { parent: first, child: SENSORS[0] });
  await refused('assembleComponent', { parent: second, child: SENSORS[0] }, 'childComponentAlreadyAssembled');
  await write('assembleComponent', { parent: second, child: SENSORS[1] });
  expect(await childrenOf(first)).toEqual([SENSORS[0], null, null]);
  expect(await read('getComponent', { component: SENSORS[0] })).toMatchObject({
    assembled: true,
    parents: [{ component: { serialNumber: first } }],
  });

  const hybrid = await register('HYBRID_ASSEMBLY', 'X');
  const slots = await slotsOf(first);
  const slot = slots.find(({ componentType }) => componentType.code === 'HYBRID_ASSEMBLY')?.id ?? '';
  await write('assembleComponentBySlot', { parent: first, slot, child: hybrid });
  expect(await childrenOf(first)).toEqual([SENSORS[0], hybrid, null]);
  // It is not known yet which powerboard it will be.
  await write('createDummyChildren', { component: first });
  expect(await childrenOf(first)).not.toContain(null);
  return [first, second];
}

/** Each stage of a module has its tests. A file may be the result of one. */
async function testAModule(component: string): Promise<void> {
  const run = { component, institution: HOME, runNumber: '1', passed: true, results: CLIMATE };
  await write('uploadTestRunResults', { ...run, testType: 'VISUAL_INSPECTION' });
  const { tests } = await read('getComponent', { component });
  const testRun = tests?.find(({ code }) => code === 'VISUAL_INSPECTION')?.testRuns[0]?.id ?? '';
  const image = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0, 13, 10, 255]);
  await write('createBinaryTestRunParameter', form({ testRun, parameter: 'IMAGE' }, image));
  const { results } = await read('getTestRun', { testRun });
  const code = String(results?.find((result) => result.code === 'IMAGE')?.value);
  expect(await bytes('uu-app-binarystore/getBinaryData', { code })).toEqual(image);

  for (const [stage, testType] of [
    ['GLUED', 'GLUE_WEIGHT'],
    ['STITCH_BONDING', undefined],
    ['BONDED', 'MODULE_WIRE_BONDING'],
    ['TESTED', 'PEDESTAL_TRIM'],
    ['FINISHED', undefined],
  ] as const) {
    await write('setComponentStage', { component, stage });
    if (testType) await write('uploadTestRunResults', { ...run, testType });
  }
  const { stages, currentStage } = await listed(component);
  expect(stages).toHaveLength(6);
  expect(currentStage).toMatchObject({ code: 'FINISHED', final: true });
  const runs = (await read('listTestRunsByComponent', { filterMap: { serialNumber: component } })).itemList;
  expect(runs.map(({ stage }) => stage?.code)).toEqual(['HV_TAB_ATTACHED', 'GLUED', 'BONDED', 'TESTED']);
}

/** A stave has 28 slots. Each module is put into the slot of its position. */
async function loadAStave(modules: readonly string[]): Promise<string> {
  const parent = await register('STAVE', 'LS-A');
  await write('setComponentStage', { component: parent, stage: 'MODULE_LOADING' });
  const slots = (await slotsOf(parent)).map(({ id }) => id);
  expect(slots).toHaveLength(28);
  const [first = '', , , fourth = ''] = slots;
  for (const [position, slot, child] of [
    [0, first, modules[0] ?? ''],
    [3, fourth, modules[1] ?? ''],
  ] as const) {
    await write('assembleComponentBySlot', { parent, slot, child, properties: { POSITION: position } });
    const assembler = { property: 'ASSEMBLER', value: 'A. Example' };
    await write('setParentChildRelationPropertyBySlot', { component: parent, slot, ...assembler });
  }
  const loaded = (await slotsOf(parent)).filter(({ component }) => component !== null);
  const properties = (position: number) => [
    { code: 'POSITION', value: position },
    { code: 'ASSEMBLER', value: 'A. Example' },
  ];
  expect(loaded).toMatchObject([
    { id: first, component: { serialNumber: modules[0] }, properties: properties(0) },
    { id: fourth, component: { serialNumber: modules[1] }, properties: properties(3) },
  ]);
  return parent;
}

/** A small file goes to the database. A large one goes to EOS, with a token of the database for each request. */
async function attachFilesToTheStave(component: string): Promise<void> {
  const fields = { component, title: 'Drawing', description: 'as built', type: 'file' };
  const drawing = Buffer.from('%PDF-1.4');
  await write('createComponentAttachment', form(fields, drawing));
  const [small] = (await read('getComponent', { component })).attachments ?? [];
  const code = small?.code ?? '';
  expect(await bytes('getComponentAttachment', { component, code })).toEqual(drawing);
  await write('deleteComponentAttachment', { component, code });
  expect((await read('getComponent', { component })).attachments ?? []).toEqual([]);

  const photo = Buffer.alloc(1_000_000, 'photo');
  const file = { title: 'Photo', description: 'front', filesize: photo.length };
  const { id, sys } = await listed(component);
  const upload = { type: 'component', id, ...file } as const;
  const { url, token } = (await session.post('requestUploadEosFile', upload)).data;
  await session.put(url, photo, { headers: { Authorization: `Bearer ${token}` } });
  await failure(session.get(url), Forbidden);
  const stave = await read('getComponent', { component, noEosToken: false });
  expect(stave.sys.rev).toBeGreaterThan(sys.rev);
  const [large] = stave.attachments ?? [];
  expect(large).toMatchObject({ type: 'eos', title: 'Photo', filesize: photo.length });
  expect((await bytes(large?.url ?? '')).equals(photo)).toBe(true);
}

/** What is delivered is at the recipient, with all that is in it. */
async function shipTheStave(stave: string, modules: readonly string[]): Promise<void> {
  await write('createShipment', {
    sender: HOME,
    recipient: AWAY,
    type: 'continental',
    shipmentItems: [stave],
    name: 'The first stave',
    comments: ['fragile'],
  });
  const [prepared] = (await read('listShipmentsByComponent', { component: stave })).itemList;
  expect(prepared).toMatchObject({ name: 'The first stave', status: 'prepared', sender: { code: HOME } });
  const shipment = prepared?.id ?? '';
  await describeAShipment(shipment);
  const sent = { recipient: AWAY, type: 'continental', status: 'inTransit', trackingNumber: 'X-1' } as const;
  await write('updateShipment', { shipment, ...sent });
  const filterMap = { recipient: [AWAY], status: ['inTransit'] };
  const onTheWay = (await read('listShipmentsByInstitution', { filterMap })).itemList;
  expect(onTheWay).toMatchObject([{ id: shipment, trackingNumber: 'X-1' }]);

  const testType = 'MODULE_PLACEMENT_ACCURACY_STAVE';
  const run = { component: stave, testType, institution: AWAY, runNumber: '1', results: CLIMATE };
  await refused('uploadTestRunResults', run, 'componentAtDifferentLocation');
  const items = (await read('listShipmentItems', { shipment })).itemList;
  const shipmentItems = items.map(({ code }) => ({ code, delivered: true }));
  await write('setShipmentStatus', { shipment, status: 'delivered', shipmentItems });
  const serialNumber = [stave, ...modules, SENSORS[0]];
  const arrived = await read('listComponents', { filterMap: { currentLocation: AWAY, serialNumber } });
  expect(arrived.itemList).toHaveLength(serialNumber.length);
  await write('uploadTestRunResults', run);
}

async function describeAShipment(shipment: string): Promise<void> {
  await write('createShipmentComment', { shipment, comments: ['one box', 'and a bag'] });
  const [fragile, box, bag] = (await read('getShipment', { shipment })).comments ?? [];
  await write('updateShipmentComment', { shipment, code: box?.code ?? '', comment: 'two boxes' });
  await write('deleteShipmentComment', { shipment, code: bag?.code ?? '' });

  const list = Buffer.from('1 stave\n');
  const fields = { shipment, title: 'Packing list', description: '', type: 'file' };
  await write('createShipmentAttachment', form({ ...fields, title: 'Draft' }, list));
  await write('createShipmentAttachment', form(fields, list));
  const { comments, attachments } = await read('getShipment', { shipment });
  expect(comments).toMatchObject([fragile, { comment: 'two boxes' }]);
  const [draft, packing] = attachments ?? [];
  expect(await bytes('getShipmentAttachment', { shipment, code: packing?.code ?? '' })).toEqual(list);
  await write('deleteShipmentAttachment', { shipment, code: draft?.code ?? '' });
  expect((await read('getShipment', { shipment })).attachments).toMatchObject([{ title: 'Packing list' }]);
}

/** What is taken out is trashed, unless the request says no. */
async function takeTheStaveApart(parent: string, [kept = '', lost = '']: readonly string[]): Promise<void> {
  await write('disassembleComponent', { parent, child: kept, trashed: false });
  await write('disassembleComponent', { parent, child: lost });
  expect((await childrenOf(parent)).filter((child) => child !== null)).toEqual([]);
  expect(await listed(kept)).toMatchObject({ trashed: false, assembled: false });
  expect(await listed(lost)).toMatchObject({ trashed: true, assembled: false });
  await write('setComponentTrashed', { component: lost, trashed: false });
  expect(await listed(lost)).toMatchObject({ trashed: false });
  await write('setComponentLocation', { component: kept, location: HOME });
  expect(await listed(kept)).toMatchObject({ currentLocation: { code: HOME } });
}

/** What is deleted can still be read, and stays in lists that do not ask for the state. */
async function deleteTheStave(component: string): Promise<void> {
  await write('deleteComponent', { component });
  expect(await listed(component)).toMatchObject({ state: 'requestedToDelete' });
  await write('approveDeleteComponent', { component, approve: true });
  expect(await listed(component)).toMatchObject({ state: 'deleted' });
  expect(await read('getComponent', { component })).toMatchObject({ state: 'deleted' });
  const filterMap = { serialNumber: component, state: ['ready'] };
  expect((await read('listComponents', { filterMap })).itemList).toEqual([]);
  expect(await read('getItkpdOverallStatistics', {})).toHaveProperty('statistics');
}

// How the story above reads and writes.

async function read<K extends CommandName<'GET'>>(
  command: K,
  data: CommandInput<K>,
): Promise<CommandOutput<K>> {
  return (await session.get<CommandOutput<K>>(command as string, { data })).data;
}

async function bytes(commandOrUrl: string, data?: object): Promise<Buffer> {
  return Buffer.from((await session.get(commandOrUrl, { data, responseType: 'arraybuffer' })).data);
}

/** Writes, and checks by reads that the revision of all that the input names has risen. */
async function write<K extends CommandName<'POST'>>(command: K, data: CommandInput<K>): Promise<void> {
  const before = await revisionsOf(data);
  await session.post(command as string, data);
  const after = await revisionsOf(data);
  for (const [name, revision] of Object.entries(after))
    expect(revision, `${command}: revision of ${name}`).toBeGreaterThan(before[name] ?? Number.NaN);
}

/** The revisions of the components, of the test run and of the shipment that an input names. */
async function revisionsOf(data: object): Promise<Record<string, number>> {
  const input = data instanceof FormData ? Object.fromEntries(data) : (data as Record<string, unknown>);
  const { component, components, parent, child, testRun, shipment } = input;
  const names = [component, components, parent, child]
    .flat()
    .map(String)
    .filter((name) => name !== 'undefined');
  const { itemList } = await read('getComponentBulk', { component: names });
  return Object.fromEntries([
    ...itemList.map(({ code, sys }) => [code, sys.rev]),
    ...(testRun ? [[testRun, (await read('getTestRun', { testRun: String(testRun) })).sys.rev]] : []),
    ...(shipment ? [[shipment, (await read('getShipment', { shipment: String(shipment) })).sys.rev]] : []),
  ]);
}

async function refused<K extends CommandName<'POST'>>(
  command: K,
  data: CommandInput<K>,
  reason: string,
): Promise<void> {
  const error = await failure(session.post(command as string, data), BadRequest);
  expect(Object.keys(error.appErrors ?? {})).toEqual([`ucl-itkpd-main/${command}/${reason}`]);
}

/** Registers a strip component at home, and returns its serial number. */
async function register(componentType: string, type: string, serialNumber?: string): Promise<string> {
  const input = { project: 'S', subproject: 'SB', institution: HOME, componentType, type, serialNumber };
  const { id } = (await session.post('registerComponent', input)).data.component;
  const component = await read('getComponent', { component: id });
  expect(component).toMatchObject({ currentLocation: { code: HOME }, currentStage: { initial: true } });
  return component.serialNumber ?? '';
}

/** A component as `listComponents` shows it. */
async function listed(serialNumber: string) {
  const data = { filterMap: { serialNumber }, outputType: 'full' } as const;
  const [component] = (await session.get('listComponents', { data })).data.itemList;
  if (component === undefined) throw new Error(`${serialNumber} is not in the list`);
  return component;
}

async function slotsOf(component: string) {
  return (await read('getComponent', { component })).children ?? [];
}

/** The serial number in each slot; null where it is free. */
async function childrenOf(component: string): Promise<(string | null)[]> {
  return (await slotsOf(component)).map((slot) => slot.component?.serialNumber ?? null);
}

function form(fields: Readonly<Record<string, string>>, content?: Buffer): FormData {
  const data = new FormData();
  for (const [key, value] of Object.entries(fields)) data.set(key, value);
  if (content !== undefined) data.set('data', new Blob([new Uint8Array(content)]), 'a file');
  return data;
}
