import { isRecord } from '../../util/guards.js';
import { COMPONENT_TYPES, type ComponentType, PROJECTS, type Stage } from '../data/catalogue.js';
import type {
  BatchRecord,
  ComponentRecord,
  Institution,
  ShipmentRecord,
  TestRunRecord,
} from '../data/records.js';
import type { TestType } from '../data/test-types.js';
import type { CommandContext, DtoIn } from './command.js';
import { invalidKeys, refusal } from './command-error.js';

const DEFAULT_PAGE_SIZE = 1000;

/** Returns the component that the input names by serial number, code or id. */
export function componentOf(
  identifier: unknown,
  { command, store, quirks }: CommandContext,
  key = 'component',
): ComponentRecord {
  const component = store.find(String(identifier));
  if (component !== undefined && isShown(component, quirks)) return component;
  throw refusal(command, 'componentDoesNotExist', 'Component does not exist.', { [key]: identifier });
}

/**
 * Returns the component that the input names, unless it was deleted. That such a command refuses a deleted component is a
 * guess: it is only known that a deleted one can still be read.
 */
export function presentComponentOf(
  identifier: unknown,
  context: CommandContext,
  key = 'component',
): ComponentRecord {
  const component = componentOf(identifier, context, key);
  if (component.state !== 'deleted') return component;
  const message = 'The component is deleted.';
  throw refusal(context.command, 'componentIsDeleted', message, { [key]: identifier });
}

/** Returns the test run with an id. An id of a wrong form has an error of its own: that rule is a guess. */
export function testRunOf(id: unknown, { command, store, quirks }: CommandContext): TestRunRecord {
  const run = store.findTestRun(String(id));
  if (run !== undefined && isShown(run, quirks)) return run;
  if (!/^[0-9a-f]{24}$/.test(String(id)))
    throw refusal(command, 'testRunDaoGetFailed', 'Reading the test run failed.', { testRun: id });
  throw refusal(command, 'testRunDoesNotExist', 'Test run does not exist.', { testRun: id });
}

export function shipmentOf(id: unknown, { command, store }: CommandContext): ShipmentRecord {
  const shipment = store.shipments.find((one) => one.id === id);
  if (shipment !== undefined) return shipment;
  throw refusal(command, 'shipmentDoesNotExist', 'Shipment does not exist.', { shipment: id });
}

export function batchOf(id: unknown, { command, store }: CommandContext, key = 'id'): BatchRecord {
  const batch = store.batches.find((one) => one.id === id);
  if (batch !== undefined) return batch;
  throw refusal(command, 'batchDoesNotExist', 'Batch does not exist.', { [key]: id });
}

/**
 * Returns the code of a project that exists. Another one has been seen to be refused with the status 400. That the key is
 * `invalidDtoIn` is a guess.
 */
export function projectOf(
  project: unknown,
  { command }: CommandContext,
  path: '$.project' | '$.filterMap.project' = '$.project',
): string {
  const known = PROJECTS.find(({ code }) => code === project);
  if (known !== undefined) return known.code;
  throw invalidKeys(command, 'invalidValueKeyMap', { [path]: 'Project does not exist.' });
}

/** Returns the component type of a project with a code. */
export function componentTypeOf(project: unknown, code: unknown, context: CommandContext): ComponentType {
  const known = projectOf(project, context);
  const type = COMPONENT_TYPES.find((one) => one.project === known && one.code === code);
  if (type !== undefined) return type;
  const reason = 'componentTypeDaoGetByCodeFailed';
  throw refusal(context.command, reason, 'Component type does not exist.', { project, componentType: code });
}

export function componentTypeWithId(
  id: unknown,
  { command }: CommandContext,
  key: 'id' | 'componentType',
): ComponentType {
  const type = COMPONENT_TYPES.find((one) => one.id === id);
  if (type !== undefined) return type;
  throw refusal(command, 'componentTypeDoesNotExist', 'Component type does not exist.', { [key]: id });
}

/** Returns the test type of a component type with a code. */
export function testTypeOf(type: ComponentType, code: unknown, { command, store }: CommandContext): TestType {
  const testType = store.testTypesOf(type).find((one) => one.code === code);
  if (testType !== undefined) return testType;
  throw refusal(command, 'testTypeDaoGetByCodeFailed', 'Test type does not exist.', { testType: code });
}

/** Whether a record is shown. The real database shows deleted ones too: that is a quirk. */
export function isShown({ state }: { readonly state: string }, quirks: boolean): boolean {
  return quirks || state !== 'deleted';
}

export function institutionOf(code: unknown, { command, store }: CommandContext): Institution {
  const institution = store.findInstitution(String(code));
  if (institution !== undefined) return institution;
  throw refusal(command, 'institutionDoesNotExist', 'Institution does not exist.', { institution: code });
}

/** Returns the stage of a component type with a code. */
export function stageOf(type: ComponentType, code: unknown, { command }: CommandContext): Stage {
  const stage = type.stages.find((one) => one.code === code);
  if (stage !== undefined) return stage;
  throw refusal(command, 'stageDoesNotExist', 'Stage does not exist.', { stage: code });
}

/** Whether a value is true, or the text `true`, as some scripts and every query send it. */
export function isTrue(value: unknown): boolean {
  return value === true || value === 'true';
}

/** Returns a text of the input, or undefined. */
export function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

/** Returns the values that a filter compares with: it may be one value, a list of them, or none. */
export function toList(value: unknown): unknown[] {
  return value === undefined || value === null ? [] : [value].flat();
}

/** Returns the page of a list that `pageInfo` of the input selects. */
export function page<T>(
  key: 'itemList' | 'pageItemList',
  items: readonly T[],
  input: DtoIn,
  view: (item: T) => unknown,
): Record<string, unknown> {
  const { pageIndex, pageSize } = pageOf(input);
  const start = pageIndex * pageSize;
  return {
    [key]: items.slice(start, start + pageSize).map(view),
    pageInfo: { pageIndex, pageSize, total: items.length },
  };
}

/** Returns which page an input wants. */
export function pageOf(input: DtoIn): { readonly pageIndex: number; readonly pageSize: number } {
  const info = isRecord(input['pageInfo']) ? input['pageInfo'] : {};
  return {
    pageIndex: wholeNumber(info['pageIndex'], 0, 0),
    pageSize: wholeNumber(info['pageSize'], 1, DEFAULT_PAGE_SIZE),
  };
}

function wholeNumber(value: unknown, minimum: number, otherwise: number): number {
  return typeof value === 'number' && Number.isInteger(value) && value >= minimum ? value : otherwise;
}
