import { isRecord } from '../../util/guards.js';
import type { ComponentType } from '../data/catalogue.js';
import type { ComponentRecord, Institution, ShipmentRecord, TestRunRecord } from '../data/records.js';
import type { CommandContext, DtoIn } from './command.js';
import { refusal } from './command-error.js';

const DEFAULT_PAGE_SIZE = 1000;

/** Returns the component that the input names by serial number, code or id. */
export function componentOf(
  identifier: unknown,
  { command, store }: CommandContext,
  key = 'component',
): ComponentRecord {
  const component = store.find(String(identifier));
  if (component !== undefined) return component;
  throw refusal(command, 'componentDoesNotExist', 'Component does not exist.', { [key]: identifier });
}

export function testRunOf(id: unknown, { command, store }: CommandContext): TestRunRecord {
  const run = store.findTestRun(String(id));
  if (run !== undefined) return run;
  throw refusal(command, 'testRunDoesNotExist', 'Test run does not exist.', { testRun: id });
}

export function shipmentOf(id: unknown, { command, store }: CommandContext): ShipmentRecord {
  const shipment = store.shipments.find((one) => one.id === id);
  if (shipment !== undefined) return shipment;
  throw refusal(command, 'shipmentDoesNotExist', 'Shipment does not exist.', { shipment: id });
}

export function institutionOf(code: unknown, { command, store }: CommandContext): Institution {
  const institution = store.findInstitution(String(code));
  if (institution !== undefined) return institution;
  throw refusal(command, 'institutionDoesNotExist', 'Institution does not exist.', { institution: code });
}

/** Returns the index of a stage in the stages of a component type. */
export function stageOf(type: ComponentType, code: unknown, { command }: CommandContext): number {
  const index = type.stages.findIndex((stage) => stage.code === code);
  if (index !== -1) return index;
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
  const info = isRecord(input['pageInfo']) ? input['pageInfo'] : {};
  const pageIndex = wholeNumber(info['pageIndex'], 0, 0);
  const pageSize = wholeNumber(info['pageSize'], 1, DEFAULT_PAGE_SIZE);
  const start = pageIndex * pageSize;
  return {
    [key]: items.slice(start, start + pageSize).map(view),
    pageInfo: { pageIndex, pageSize, total: items.length },
  };
}

function wholeNumber(value: unknown, minimum: number, otherwise: number): number {
  return typeof value === 'number' && Number.isInteger(value) && value >= minimum ? value : otherwise;
}
