import { isRecord } from '../util/guards.js';
import { CommandError } from './app-error.js';

/** What a command was given: its input, the parsed JSON body or query. */
export type DtoIn = Readonly<Record<string, unknown>>;

/** What the keys of errors start with. */
export const NAMESPACE = 'ucl-itkpd-main';
const DEFAULT_PAGE_SIZE = 1000;

/** One page of a list, as the command's `pageInfo` asks for it. */
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

function wholeNumber(value: unknown, least: number, otherwise: number): number {
  return typeof value === 'number' && Number.isInteger(value) && value >= least ? value : otherwise;
}

/** @throws CommandError where the input lacks a text */
export function requireText(input: DtoIn, key: string, command: string): string {
  const value = input[key];
  if (typeof value !== 'string' || value === '') throw missingKey(command, key, 'string');
  return value;
}

/** The error of an input that lacks a key. */
export function missingKey(command: string, key: string, type: string): CommandError {
  return new CommandError(400, `${NAMESPACE}/${command}/invalidDtoIn`, 'DtoIn is not valid.', {
    missingKeyMap: { [`$.${key}`]: { [`${type}.required`]: `Key ${key} is required.` } },
  });
}

/** What a filter compares with: one value, a list of them, or nothing. */
export function toList(value: unknown): unknown[] {
  return value === undefined || value === null ? [] : [value].flat();
}

/** The error of an identifier that no component has. */
export function componentDoesNotExist(command: string, component: string): CommandError {
  return new CommandError(400, `${NAMESPACE}/${command}/componentDoesNotExist`, 'Component does not exist.', {
    component,
  });
}
