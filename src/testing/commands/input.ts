import { isRecord } from '../../util/guards.js';
import type { DtoIn } from './command.js';
import { missingKey } from './command-error.js';

const DEFAULT_PAGE_SIZE = 1000;

/** @throws CommandError where the input has no text under this key */
export function requireText(input: DtoIn, key: string, command: string): string {
  const value = input[key];
  if (typeof value !== 'string' || value === '') throw missingKey(command, key, 'string');
  return value;
}

/** @throws CommandError where the input has no list under this key */
export function requireList(input: DtoIn, key: string, command: string): readonly unknown[] {
  const value = input[key];
  if (!Array.isArray(value)) throw missingKey(command, key, 'array');
  return value;
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
