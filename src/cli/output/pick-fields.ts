import { isRecord } from '../../util/guards.js';
import { similarNames } from '../../util/similar.js';
import { CliError } from '../errors.js';

/** Returns an object, or each object of a list, with some fields only. `currentStage.code` is a field of a field. */
export function pickFields(data: unknown, fields: readonly string[]): unknown {
  if (Array.isArray(data)) return data.map((item) => pickFields(item, fields));
  if (!isRecord(data)) return data;
  return Object.fromEntries(fields.map((field) => [field, valueAt(data, field) ?? null]));
}

/** @throws CliError where no record has a field, with the names of those that there are */
export function checkFields(records: readonly object[], fields: readonly string[]): void {
  const missing = fields.find((field) => records.every((record) => valueAt(record, field) === undefined));
  if (missing === undefined) return;
  throw noSuch('field', missing, [...new Set(records.flatMap((record) => Object.keys(record)))]);
}

/** Makes the error of a field or a column that does not exist. */
export function noSuch(
  kind: 'field' | 'column',
  name: string,
  known: readonly string[],
  advice = '',
): CliError {
  const similar = similarNames(name, known);
  const list = `The ${kind}s are: ${known.join(', ')}`;
  return similar.length > 0
    ? new CliError(`there is no ${kind} ${name}; is it ${similar.join(', ')}?`, { advice: list })
    : new CliError(`there is no ${kind} ${name}`, { advice: advice || list });
}

function valueAt(record: object, path: string): unknown {
  if (Object.hasOwn(record, path)) return (record as Record<string, unknown>)[path];
  let value: unknown = record;
  for (const key of path.split('.')) {
    if (value === null) return null;
    value = isRecord(value) && Object.hasOwn(value, key) ? value[key] : undefined;
  }
  return value;
}
