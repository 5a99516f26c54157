import { isRecord } from '../../util/guards.js';
import type { CommandContext, DtoIn } from './command.js';
import { invalidKeys, refusal } from './command-error.js';
import { toList } from './input.js';

/** Whether a filter leaves a value: it wants it, or it is missing, null or an empty list and wants none in particular. */
export function isWanted(wanted: unknown, value: unknown): boolean {
  const values = toList(wanted);
  return values.length === 0 || values.includes(value);
}

const OPERATORS: Readonly<Record<string, (value: unknown, wanted: unknown) => boolean>> = {
  '=': (value, wanted) => String(value) === String(wanted),
  '!=': (value, wanted) => String(value) !== String(wanted),
  '<': (value, wanted) => Number(value) < Number(wanted),
  '<=': (value, wanted) => Number(value) <= Number(wanted),
  '>': (value, wanted) => Number(value) > Number(wanted),
  '>=': (value, wanted) => Number(value) >= Number(wanted),
};

/**
 * Returns whether values, by code, are as each entry of a filter says, such as
 * `{ code: 'LOCALNAME', operator: '=', value: 'LABX_LS_001' }`.
 *
 * @param path - of the filter in the input, such as `$.propertyFilter`
 * @param known - the codes that exist
 * @throws CommandError where an entry has no code or another operator, or the code does not exist
 */
export function valueFilter(
  filter: unknown,
  path: '$.propertyFilter' | '$.filterMap.propertyFilter' | '$.parameterFilter',
  known: readonly string[],
  { command }: CommandContext,
): (values: DtoIn) => boolean {
  const entries = toList(filter).map((entry, index) => {
    const { code, operator = '=', value } = isRecord(entry) ? entry : {};
    const read = Object.hasOwn(OPERATORS, String(operator)) ? OPERATORS[String(operator)] : undefined;
    if (typeof code !== 'string' || read === undefined) {
      const expected = `An entry has a code, a value, and one of the operators ${Object.keys(OPERATORS).join(' ')}.`;
      throw invalidKeys(command, 'invalidValueKeyMap', { [`${path}[${index}]`]: expected });
    }
    if (!known.includes(code)) {
      const reason = path === '$.parameterFilter' ? 'parameterDoesNotExist' : 'propertyDoesNotExist';
      throw refusal(command, reason, 'There is no such code.', { code });
    }
    return (values: DtoIn) =>
      values[code] !== undefined && values[code] !== null && read(values[code], value);
  });
  return (values) => entries.every((matches) => matches(values));
}
