import { isRecord } from '../../util/guards.js';
import { isValueOf, type Parameter } from '../data/test-types.js';
import type { CommandContext, DtoIn } from './command.js';
import { invalidKeys, missingKeys, refusal } from './command-error.js';

/**
 * Returns the values of properties or of results that an input has under a key. An unknown code is a warning.
 *
 * @throws CommandError where a required one is missing, or one has a value of a wrong type
 */
export function checkValues(
  key: 'properties' | 'results',
  parameters: readonly Parameter[],
  input: DtoIn,
  { command, warn }: CommandContext,
): Record<string, unknown> {
  const given = isRecord(input[key]) ? input[key] : {};
  const isAbsent = ({ code }: Parameter): boolean => given[code] === undefined || given[code] === null;
  const missing = parameters.filter((parameter) => parameter.required && isAbsent(parameter));
  if (missing.length > 0) {
    throw missingKeys(
      command,
      missing.map(({ code }) => `$.${key}.${code}`),
    );
  }
  const wrong = parameters.filter(
    (parameter) => !isAbsent(parameter) && !isValueOf(parameter, given[parameter.code]),
  );
  if (wrong.length > 0) {
    const reasons = wrong.map((parameter) => [`$.${key}.${parameter.code}`, expectation(parameter)]);
    throw invalidKeys(command, 'invalidTypeKeyMap', Object.fromEntries(reasons));
  }
  const unknown = Object.keys(given).filter((code) => !parameters.some((one) => one.code === code));
  warn(...unknown.map((code) => `$.${key}.${code}`));
  const known = parameters.filter((parameter) => !isAbsent(parameter)).map(({ code }) => [code, given[code]]);
  return Object.fromEntries(known);
}

/**
 * Checks the `code` and the `value` of an input that sets one value. Null removes a value that is not required.
 *
 * @throws CommandError where there is no such code, or the value has a wrong type
 */
export function checkValue(
  parameters: readonly Parameter[],
  { code, value }: DtoIn,
  reason: 'propertyDoesNotExist' | 'parameterDoesNotExist',
  { command }: CommandContext,
): Record<string, unknown> {
  const parameter = parameters.find((one) => one.code === code);
  if (parameter === undefined) throw refusal(command, reason, 'There is no such code.', { code });
  const isRemoved = value === null && !parameter.required;
  if (!isRemoved && !isValueOf(parameter, value))
    throw invalidKeys(command, 'invalidTypeKeyMap', { '$.value': expectation(parameter) });
  return { [parameter.code]: value };
}

function expectation({ dataType, valueType }: Parameter): string {
  return `Value must be of type ${valueType === 'array' ? `${dataType}[]` : dataType}.`;
}
