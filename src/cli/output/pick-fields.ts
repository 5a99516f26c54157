import { isRecord } from '../../util/guards.js';
import { suggest } from '../../util/similar.js';
import { CliError } from '../errors.js';

/** Returns an object, or each object of a list, with some fields only. `currentStage.code` is a field of a field. */
export function pickFields(data: unknown, fields: readonly string[]): unknown {
  if (Array.isArray(data)) return data.map((item) => pickFields(item, fields));
  if (!isRecord(data)) return data;
  return Object.fromEntries(fields.map((field) => [field, valueAt(data, field) ?? null]));
}

/** @throws CliError where a record does not have a field, with the names of those that it has */
export function checkFields(record: object, fields: readonly string[]): void {
  for (const field of fields) {
    if (valueAt(record, field) !== undefined) continue;
    const known = Object.keys(record);
    throw new CliError(`there is no field ${field}${suggest(field, known)}`, {
      advice: `The fields are: ${known.join(', ')}`,
    });
  }
}

function valueAt(record: object, path: string): unknown {
  const own = (record as Record<string, unknown>)[path];
  if (own !== undefined) return own;
  let value: unknown = record;
  for (const key of path.split('.')) {
    if (value === null) return null;
    value = isRecord(value) && Object.hasOwn(value, key) ? value[key] : undefined;
  }
  return value;
}
