import { isRecord } from '../../util/guards.js';
import { isValueOf, type Parameter } from '../data/test-types.js';
import type { CommandContext, DtoIn } from './command.js';
import { invalidKeys, missingKeys } from './command-error.js';

/**
 * Returns the values of properties or of results that an input has under a key.
 *
 * @throws CommandError where a required one is missing, or one has a value of a wrong type
 */
export function checkValues(
  key: 'properties' | 'results',
  parameters: readonly Parameter[],
  input: DtoIn,
  { command }: CommandContext,
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
    const reasons = wrong.map(({ code, dataType, valueType }) => [
      `$.${key}.${code}`,
      `Value must be of type ${valueType === 'array' ? `${dataType}[]` : dataType}.`,
    ]);
    throw invalidKeys(command, 'invalidTypeKeyMap', Object.fromEntries(reasons));
  }
  const known = parameters.filter((parameter) => !isAbsent(parameter)).map(({ code }) => [code, given[code]]);
  return Object.fromEntries(known);
}
