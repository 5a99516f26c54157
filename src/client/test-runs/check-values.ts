import type { ParameterDefinition } from '../../commands/shapes.js';
import { bytesOf, isPlainObject, isRecord } from '../../util/guards.js';
import { codesOf } from '../../util/lists.js';
import { suggest } from '../../util/similar.js';
import { DATE_EXPECTED, toDate } from './dates.js';
import { type GivenFile, sourceOf } from './result-files.js';
import { describe, type Problems } from './test-run-input.js';

/** What the values of a test run are checked with. */
export interface ValueContext {
  readonly problems: Problems;
  /** Whether NaN and Infinity become null. */
  readonly nanAsNull: boolean;
  /** What paths of files are relative to. */
  readonly folder: string;
}

/** Values as they are sent, and the files that are sent after them. */
export interface CheckedValues {
  readonly values: Record<string, unknown>;
  readonly files: readonly GivenFile[];
}

/** The data types whose values are files. */
const FILES: readonly string[] = ['image', 'file'];

/** A value of a data type: what it must be, one and several. A data type that is not here may be anything. */
const DATA_TYPES: Readonly<
  Record<string, readonly [is: (value: unknown) => boolean, one: string, many: string]>
> = {
  string: [(value) => typeof value === 'string', 'a text', 'texts'],
  integer: [Number.isInteger, 'a whole number', 'whole numbers'],
  float: [(value) => typeof value === 'number', 'a number', 'numbers'],
  boolean: [(value) => typeof value === 'boolean', 'true or false', 'true and false'],
  object: [isRecord, 'an object', 'objects'],
  date: [
    (value) => typeof value === 'string' && toDate(value) !== undefined,
    DATE_EXPECTED,
    'dates and times, such as 2026-03-02T09:30:00Z or 02.03.2026 09:30',
  ],
  codeTable: [
    (value) => typeof value === 'string',
    'a text, the code of a value',
    'texts, the codes of values',
  ],
};

/**
 * Checks the properties or the results of a test run.
 *
 * @param definitions - what the test type has; undefined where it is not known: then only what JSON cannot hold is found
 */
export function checkValues(
  key: 'properties' | 'results',
  given: unknown,
  definitions: readonly ParameterDefinition[] | undefined,
  context: ValueContext,
): CheckedValues {
  const { problems } = context;
  const values: Record<string, unknown> = {};
  const files: GivenFile[] = [];
  if (given !== undefined && given !== null && !isPlainObject(given)) {
    problems.add(key, `must be an object with a value for each code, not ${describe(given)}`);
    return { values, files };
  }
  const entries = Object.entries(given ?? {}).filter(([, value]) => value !== undefined && value !== null);
  for (const [code, value] of entries) {
    const path = `${key}.${code}`;
    const definition = definitions?.find((one) => one.code === code);
    const source = key === 'results' && takesFile(definition) ? sourceOf(value, context.folder) : undefined;
    if (definitions !== undefined && definition === undefined)
      problems.add(path, `is not a code of this test type${suggest(code, codesOf(definitions))}`);
    else if (source !== undefined) files.push({ code, source });
    else if (definition !== undefined && FILES.includes(definition.dataType))
      problems.add(path, notAFile(key, value));
    else {
      const checked = checkValue(path, value, definition, context);
      if (checked !== null && checked !== undefined) values[code] = checked;
    }
  }
  for (const { code, required } of definitions ?? [])
    if (required && !entries.some(([one]) => one === code))
      problems.add(`${key}.${code}`, 'is required, and is missing');
  return { values, files };
}

/** Whether a result may be a file. Of a test type that is not known, each may. */
function takesFile(definition: ParameterDefinition | undefined): boolean {
  return definition === undefined || FILES.includes(definition.dataType);
}

function notAFile(key: 'properties' | 'results', value: unknown): string {
  if (key === 'properties') return 'is a file, and only results can be sent as files';
  return `must be one file: { file: 'wafer.png' }, a Blob or a Buffer, not ${describe(value)}`;
}

function checkValue(
  path: string,
  value: unknown,
  definition: ParameterDefinition | undefined,
  context: ValueContext,
): unknown {
  const { problems } = context;
  const before = problems.list.length;
  const json = toJson(path, value, context, []);
  if (problems.list.length > before || definition === undefined) return json;
  if (json === null && definition.required) problems.add(path, 'is required, and is not a finite number');
  if (json === null) return null;
  checkType(path, json, definition, problems);
  return definition.dataType === 'date' ? toIso(json) : json;
}

/** Returns a value as JSON has it: a copy, so that the object of the caller is never changed. */
export function toJson(
  path: string,
  value: unknown,
  context: ValueContext,
  holders: readonly object[] = [],
): unknown {
  const { problems, nanAsNull } = context;
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return value;
  if (typeof value === 'number') {
    if (Number.isFinite(value)) return value;
    if (!nanAsNull)
      problems.add(
        path,
        `is ${value}, which the database cannot store; send null, or upload with { nanAsNull: true }`,
      );
    return null;
  }
  if (value instanceof Date) {
    if (!Number.isNaN(value.getTime())) return value.toISOString();
    problems.add(path, 'is an invalid Date');
    return null;
  }
  const isContainer = Array.isArray(value) || isPlainObject(value);
  if (!isContainer || holders.includes(value)) {
    problems.add(path, isContainer ? 'holds itself' : `is ${kindOf(value)}`);
    return null;
  }
  const inside = [...holders, value];
  if (Array.isArray(value)) {
    // A list of measurements has thousands of numbers, and a path is only made where it is needed.
    return Array.from(value, (item: unknown, index) =>
      typeof item === 'number' && Number.isFinite(item)
        ? item
        : toJson(`${path}[${index}]`, item, context, inside),
    );
  }
  const entries = Object.entries(value).filter(([, item]) => item !== undefined);
  return Object.fromEntries(
    entries.map(([key, item]) => [key, toJson(`${path}.${key}`, item, context, inside)]),
  );
}

function kindOf(value: unknown): string {
  if (value === undefined) return 'undefined; send null';
  if (value instanceof Blob || Buffer.isBuffer(value) || value instanceof ArrayBuffer)
    return 'a file; only a result of the data type image or file can be one';
  if (bytesOf(value) !== undefined || value instanceof Set) return 'not a list; send Array.from(it)';
  if (value instanceof Map) return 'a Map; send Object.fromEntries(it)';
  return typeof value === 'object'
    ? 'an object that JSON cannot hold'
    : `a ${typeof value}; send a number or a text`;
}

function checkType(path: string, value: unknown, definition: ParameterDefinition, problems: Problems): void {
  const { dataType, valueType } = definition;
  const [is, one, many] = Object.hasOwn(DATA_TYPES, dataType) ? (DATA_TYPES[dataType] ?? ANY) : ANY;
  if (valueType === 'array') {
    if (!Array.isArray(value)) {
      problems.add(path, `must be a list of ${many}, not ${describe(value)}`);
      return;
    }
    for (const [index, item] of value.entries()) {
      // Null is a measurement that failed.
      const fault = item === null ? undefined : faultOf(item, definition, is, one);
      if (fault !== undefined) problems.add(`${path}[${index}]`, fault);
    }
  } else if (valueType === 'single') {
    const fault = faultOf(value, definition, is, one);
    if (fault !== undefined) problems.add(path, fault);
  }
}

const ANY = [() => true, 'a value', 'values'] as const;

function faultOf(
  value: unknown,
  { dataType, codeTable }: ParameterDefinition,
  is: (value: unknown) => boolean,
  one: string,
): string | undefined {
  if (dataType === 'codeTable' && Array.isArray(codeTable) && codeTable.length > 0) {
    if (codeTable.some(({ code }) => code === value)) return undefined;
    const meant = codeTable.find((entry) => entry.value === value || entry.code === String(value));
    if (meant !== undefined) return `must be the text ${JSON.stringify(meant.code)}, not ${describe(value)}`;
    const codes = codeTable.map((entry) => `${JSON.stringify(entry.code)} (${entry.value})`);
    return `must be one of ${codes.join(', ')}, not ${describe(value)}`;
  }
  return is(value) ? undefined : `must be ${one}, not ${describe(value)}`;
}

/** Makes dates of one form. */
function toIso(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(toIso);
  return typeof value === 'string' ? (toDate(value)?.toISOString() ?? value) : value;
}
