import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { BadRequest } from '../src/index.js';
import type { ComponentRecord } from '../src/testing/index.js';
import { DESCRIPTIONS, type Description, type Keys } from './commands/commands-page.js';
import { startDatabase } from './helpers/database.js';
import { failure } from './helpers/failure.js';

const { pdb, newSession } = await startDatabase({ components: 400 });
const session = newSession();

// biome-ignore lint/suspicious/noExplicitAny: the results of many commands
type Result = any;
type Input = Readonly<Record<string, unknown>>;

const read = async (command: string, data: object): Promise<Result> =>
  (await session.get<Result>(command, { data })).data;
const write = async (command: string, data: object): Promise<Result> =>
  (await session.post<Result>(command, data)).data;
const find = (wanted: (component: ComponentRecord) => boolean): ComponentRecord =>
  pdb.dataset.components.find(wanted) as ComponentRecord;

const module = find(({ type, currentStage }) => type.code === 'BARREL_LS_MODULE' && currentStage.initial);
const whole = find(
  ({ type, children }) => type.code === 'BARREL_LS_MODULE' && children.every((slot) => slot.component),
);
const [slot, other] = whole.children as [(typeof whole.children)[0], (typeof whole.children)[0]];
const component = module.serialNumber;
const parent = whole.serialNumber;
const child = slot.component?.serialNumber;
const place = module.currentLocation.code;
const batch = module.batches[0] as NonNullable<(typeof module.batches)[0]>;
const file = new Blob(['bytes'], { type: 'text/plain' });
const form = (input: Input): FormData => {
  const data = new FormData();
  for (const [key, value] of Object.entries(input)) data.set(key, value as string);
  return data;
};

// What the rows below need.
const componentType = await read('getComponentTypeByCode', { project: 'S', code: 'MODULE' });
const institution = await read('getInstitutionByCode', { code: 'KEK' });
await write('disassembleComponent', { parent, child, trashed: false });
const run = {
  component,
  testType: 'VISUAL_INSPECTION',
  institution: place,
  runNumber: '1',
  results: { TEMPERATURE: 21.5, HUMIDITY: 30 },
};
const testRun: string = (await write('uploadTestRunResults', run)).testRun.id;
const load = { sender: place, recipient: 'KEK', type: 'continental', shipmentItems: [component] };
const shipment: string = (await write('createShipment', load)).id;
const attachment = { title: 'Title', description: 'Text', type: 'file', data: file };
const attach = async (kind: string, id: Input): Promise<string> =>
  (await write(`create${kind}Attachment`, form({ ...id, ...attachment }))).code;
const attached = {
  component: await attach('Component', { component }),
  testRun: await attach('TestRun', { testRun }),
  shipment: await attach('Shipment', { shipment }),
};
const comments = ['text'];
await write('createComponentComment', { component, comments });
await write('createTestRunComment', { testRun, comments });
await write('createShipmentComment', { shipment, comments });
const comment = {
  component: (await read('getComponent', { component })).comments[0].code,
  testRun: (await read('getTestRun', { testRun })).comments[0].code,
  shipment: (await read('getShipment', { shipment })).comments[0].code,
};
const { rev } = (await read('getComponent', { component })).sys;
const start = pdb.snapshot();

const testType = { project: 'S', componentType: 'MODULE', testType: 'VISUAL_INSPECTION' };
const pageInfo = { pageIndex: 0, pageSize: 2 };

/** An input for each command, or one for each of its forms. A command without a row fails. */
const ROWS: Readonly<Record<string, Input | readonly Input[]>> = {
  getComponent: { component },
  getComponentBulk: { component: [component] },
  listComponents: [
    { filterMap: { project: 'S' }, pageInfo },
    { project: 'S', pageInfo },
  ],
  listComponentsByProperty: { project: 'S', propertyFilter: [{ code: 'ORDER', operator: '>', value: 1 }] },
  listMyComponents: { pageInfo },
  registerComponent: {
    project: 'S',
    subproject: 'SB',
    institution: 'CERN',
    componentType: 'MODULE',
    type: 'BARREL_LS_MODULE',
  },
  updateComponentSN: { component, serialNumber: '20USBML8888888' },
  deleteComponent: { component },
  approveDeleteComponent: { component, approve: true },
  createDummyChildren: { component },
  setComponentStage: { component, stage: 'GLUED' },
  setComponentProperty: { component, code: 'LOCALNAME', value: 'mine' },
  setComponentFlags: { component, flags: ['CHROMIC'], revision: rev },
  addComponentFlag: { component, flag: 'CHROMIC' },
  deleteComponentFlag: { component, flag: 'CHROMIC' },
  setComponentTrashed: { component, trashed: true },
  setComponentCompleted: { component, completed: true },
  setComponentCompletedBulk: { components: [component], completed: true },
  setComponentGrade: { component, grade: 'A' },
  setComponentLocation: { component, location: 'KEK' },
  setScriptState: { component, type: 'registration', state: 'completed' },
  assembleComponent: { parent, child },
  assembleComponentBySlot: { parent, slot: slot.id, child },
  disassembleComponent: { parent, child: other.component?.serialNumber },
  setParentChildRelationPropertyBySlot: { component: parent, slot: slot.id, property: 'SIDE', value: 1 },
  getTestRun: { testRun },
  getTestRunBulk: { testRun: [testRun] },
  listTestRunsByComponent: [{ filterMap: { serialNumber: component } }, { component }],
  listTestRunsByTestType: { ...testType, pageInfo },
  listTestRunsByParameter: {
    ...testType,
    parameterFilter: [{ code: 'TEMPERATURE', operator: '>', value: 20 }],
    pageInfo,
  },
  listMyTestRuns: { pageInfo },
  uploadTestRunResults: run,
  setTestRunParameter: { testRun, code: 'TEMPERATURE', value: 22 },
  setTestRunProperty: { testRun, code: 'OPERATOR', value: 'A. Example' },
  createBinaryTestRunParameter: { testRun, parameter: 'IMAGE', data: file },
  deleteTestRun: { testRun },
  createComponentComment: { component, comments },
  updateComponentComment: { component, code: comment.component, comment: 'other' },
  deleteComponentComment: { component, code: comment.component },
  createTestRunComment: { testRun, comments },
  updateTestRunComment: { testRun, code: comment.testRun, comment: 'other' },
  deleteTestRunComment: { testRun, code: comment.testRun },
  createShipmentComment: { shipment, comments },
  updateShipmentComment: { shipment, code: comment.shipment, comment: 'other' },
  deleteShipmentComment: { shipment, code: comment.shipment },
  getComponentAttachment: { component, code: attached.component },
  getTestRunAttachment: { testRun, code: attached.testRun },
  getShipmentAttachment: { shipment, code: attached.shipment },
  getBatchAttachment: { batch: batch.id, code: batch.attachments[0]?.code },
  createComponentAttachment: { component, ...attachment },
  createTestRunAttachment: { testRun, ...attachment },
  createShipmentAttachment: { shipment, ...attachment },
  requestUploadEosFile: {
    type: 'component',
    id: module.id,
    title: 'Title',
    description: 'Text',
    filesize: 5,
  },
  deleteComponentAttachment: { component, code: attached.component },
  deleteTestRunAttachment: { testRun, code: attached.testRun },
  deleteShipmentAttachment: { shipment, code: attached.shipment },
  'uu-app-binarystore/getBinaryData': { code: attached.component },
  'uu-app-binarystore/listBinaries': { pageInfo },
  listComponentTypes: { project: 'S', pageInfo },
  getComponentType: { id: componentType.id },
  getComponentTypeByCode: { project: 'S', code: 'MODULE' },
  searchComponentTypeByName: { project: 'S', componentType: 'mod' },
  generateComponentTypeDtoSample: { project: 'S', code: 'MODULE' },
  listTestTypes: { project: 'S', componentType: 'MODULE' },
  listTestTypesByComponentTypes: { project: 'S', componentTypes: ['MODULE'] },
  generateTestTypeDtoSample: { project: 'S', componentType: 'MODULE', code: 'VISUAL_INSPECTION' },
  exportTestType: testType,
  importTestType: { project: 'S', componentType: 'MODULE', code: 'NEW_TEST', name: 'New test' },
  listInstitutions: { pageInfo },
  getInstitution: { id: institution.id },
  getInstitutionByCode: { code: 'KEK' },
  addInstitutionComponentType: { institution: institution.id, componentType: componentType.id },
  listProjects: { pageInfo },
  listSubprojects: { project: 'S', pageInfo },
  getUser: { userIdentity: '1234-567-1' },
  getItkpdOverallStatistics: {},
  listBatches: { filterMap: { project: 'S' }, pageInfo },
  getBatchByNumber: { project: 'S', batchType: 'MODULE_BATCH', number: batch.number },
  listBatchesByComponent: { component },
  createBatch: { project: 'S', batchType: 'MODULE_BATCH', number: 'NEW' },
  addBatchComponent: { id: batch.id, component: parent },
  setBatchProperty: { id: batch.id, code: 'VENDOR', value: 'Example' },
  getShipment: { shipment },
  listShipmentsByInstitution: [
    { filterMap: { recipient: 'KEK' }, pageInfo },
    { code: 'KEK', pageInfo },
  ],
  listShipmentsByComponent: { component },
  listShipmentItems: { shipment, pageInfo },
  createShipment: load,
  updateShipment: { shipment, recipient: 'KEK', type: 'continental', status: 'inTransit' },
  setShipmentStatus: { shipment, status: 'inTransit' },
};

beforeEach(() => pdb.restore(start));
afterAll(() => session.close());

const send = async (command: string, { method, multipart }: Description, input: Input): Promise<Result> => {
  if (method === 'GET') return read(command, input);
  return write(command, multipart ? form(input) : input);
};

/** Returns what the 400 says of the keys of an input. */
const refusal = async (command: string, description: Description, input: Input): Promise<Result> => {
  const { appErrors = {} } = await failure(send(command, description, input), BadRequest);
  expect(Object.keys(appErrors)).toEqual([`ucl-itkpd-main/${command}/invalidDtoIn`]);
  return Object.values(appErrors)[0]?.paramMap;
};

const without = (input: Input, key: string): Input =>
  Object.fromEntries(Object.entries(input).filter(([other]) => other !== key));

/** A value that a key does not take; in a form all other values are texts. */
const wrongValue = (type: string | Keys, { multipart }: Description): unknown => {
  if (multipart && type === 'string') return file;
  return typeof type === 'string' && type.includes('string') ? 5 : 'nonsense';
};

const FORMS = DESCRIPTIONS.flatMap(([command, description]) =>
  [description.input, description.flatInput].flatMap((keys, index) => {
    if (keys === undefined) return [];
    return [[index === 0 ? command : `${command} without filterMap`, command, keys, index] as const];
  }),
);

describe.each(FORMS)('%s', (_, command, keys, index) => {
  const description = DESCRIPTIONS.find(([name]) => name === command)?.[1] as Description;
  const input = ([ROWS[command]].flat()[index] ?? {}) as Input;
  const all = { ...keys.required, ...keys.optional };
  // Without `filterMap`, an input is in the other form of those commands that have two.
  const required = Object.keys(keys.required).filter(
    (key) => key !== 'filterMap' || description.flatInput === undefined,
  );
  const filterKeys = typeof all['filterMap'] === 'object' ? all['filterMap'].optional : {};

  it('is answered', async () => {
    expect(ROWS[command], 'there must be a row for each command').toBeDefined();
    await send(command, description, input);
  });

  it.runIf(required.length > 0)('names each missing key', async () => {
    for (const key of required) {
      const { missingKeyMap } = await refusal(command, description, without(input, key));
      expect(missingKeyMap).toHaveProperty([`$.${key}`]);
    }
  });

  it.runIf(Object.values(all).some((type) => type !== 'any'))('names each key of a wrong type', async () => {
    for (const [key, type] of Object.entries(all)) {
      if (type === 'any') continue;
      const wrong = { ...input, [key]: wrongValue(type, description) };
      const { invalidTypeKeyMap } = await refusal(command, description, wrong);
      expect(invalidTypeKeyMap).toHaveProperty([`$.${key}`]);
    }
    for (const [key, type] of Object.entries(filterKeys)) {
      const filterMap = { ...(input['filterMap'] as Input), [key]: wrongValue(type, description) };
      const { invalidTypeKeyMap } = await refusal(command, description, { ...input, filterMap });
      expect(invalidTypeKeyMap).toHaveProperty([`$.filterMap.${key}`]);
    }
  });

  it('does what it is told, with a warning of each unknown key', async () => {
    const paths = ['$.ignoreme'];
    const more: Record<string, unknown> = { ...input, ignoreme: '1' };
    for (const key of ['filterMap', 'pageInfo']) {
      if (!(key in all)) continue;
      more[key] = { ...(input[key] as Input), ignoreme: '1' };
      paths.push(`$.${key}.ignoreme`);
    }
    const result = await send(command, description, more);
    // A file has no place for a warning, and an open input has no unknown key.
    if (description.result === 'file') return expect(String(result)).toMatch(/^bytes|^Certificate/);
    if (description.openInput) return expect(result.uuAppErrorMap).toEqual({});
    const warning = result.uuAppErrorMap[`cern-itkpd-main/${command}/unsupportedKeys`];
    expect(warning.type).toBe('warning');
    expect(warning.paramMap.unsupportedKeyList.toSorted()).toEqual(paths.toSorted());
  });
});
