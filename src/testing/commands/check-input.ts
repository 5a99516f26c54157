import { COMMANDS } from '../../commands/catalogue.js';
import { isRecord } from '../../util/guards.js';
import type { DtoIn } from './command.js';
import { invalidInput } from './command-error.js';

/** The type of a key, or the keys of an object. */
type InputType = string | InputShape;

interface InputShape {
  readonly required: Readonly<Record<string, InputType>>;
  readonly optional: Readonly<Record<string, InputType>>;
}

interface CatalogueEntry {
  readonly method: string;
  readonly input: InputShape;
  readonly flatInput?: InputShape;
  readonly openInput?: boolean;
}

const PAGE_INFO: InputShape = { required: {}, optional: { pageIndex: 'integer', pageSize: 'integer' } };

type KeyMap = Record<string, Record<string, string>>;

interface Findings {
  readonly missing: KeyMap;
  readonly wrong: KeyMap;
  readonly unsupported: string[];
}

/** Returns what the catalogue says of a command. */
export function catalogueEntry(command: string): CatalogueEntry | undefined {
  return Object.hasOwn(COMMANDS, command) ? (COMMANDS as Record<string, CatalogueEntry>)[command] : undefined;
}

/**
 * Checks the keys of an input and their types.
 *
 * @returns the keys that the command does not know, such as `$.ignoreme`
 * @throws CommandError where a key is missing, or has a value of a wrong type
 */
export function checkInput(command: string, entry: CatalogueEntry, input: DtoIn): readonly string[] {
  const isFlat = entry.flatInput !== undefined && !('filterMap' in input);
  const findings: Findings = { missing: {}, wrong: {}, unsupported: [] };
  checkObject('$', isFlat ? (entry.flatInput as InputShape) : entry.input, input, findings);
  const { missing, wrong, unsupported } = findings;
  // The older form of the input is not the one to recommend.
  if (isFlat)
    for (const [path, reasons] of Object.entries(missing))
      for (const rule of Object.keys(reasons))
        reasons[rule] = `Key filterMap (or ${nameOf(path)}) is required.`;
  if (Object.keys(missing).length > 0 || Object.keys(wrong).length > 0) {
    throw invalidInput(command, {
      ...(Object.keys(missing).length > 0 && { missingKeyMap: missing }),
      ...(Object.keys(wrong).length > 0 && { invalidTypeKeyMap: wrong }),
      ...(unsupported.length > 0 && { unsupportedKeyList: unsupported }),
    });
  }
  return entry.openInput ? [] : unsupported;
}

function checkObject(
  path: string,
  { required, optional }: InputShape,
  value: DtoIn,
  findings: Findings,
): void {
  for (const [key, type] of Object.entries(required)) {
    if (value[key] === undefined || (value[key] === null && type !== 'any')) {
      const rule = `${typeof type === 'string' ? type : 'object'}.required`;
      findings.missing[`${path}.${key}`] = { [rule]: `Key ${nameOf(`${path}.${key}`)} is required.` };
    } else checkValue(`${path}.${key}`, type, value[key], findings);
  }
  for (const [key, type] of Object.entries(optional)) {
    if (value[key] !== undefined && value[key] !== null)
      checkValue(`${path}.${key}`, type, value[key], findings);
  }
  for (const key of Object.keys(value)) {
    if (!Object.hasOwn(required, key) && !Object.hasOwn(optional, key))
      findings.unsupported.push(`${path}.${key}`);
  }
}

function checkValue(path: string, type: InputType, value: unknown, findings: Findings): void {
  if (type === 'PageInfo') checkValue(path, PAGE_INFO, value, findings);
  else if (typeof type !== 'string' && isRecord(value)) checkObject(path, type, value, findings);
  else if (typeof type !== 'string' || !type.split(' | ').some((one) => isOf(one, value))) {
    const name = typeof type === 'string' ? type : 'object';
    findings.wrong[path] = { [`${name}.type`]: `Key ${nameOf(path)} must be of type ${name}.` };
  }
}

/** Returns the path of a key below the input: `filterMap.state` for `$.filterMap.state`. */
function nameOf(path: string): string {
  return path.slice('$.'.length);
}

function isOf(type: string, value: unknown): boolean {
  if (type.endsWith('[]'))
    return Array.isArray(value) && value.every((item) => isOf(type.slice(0, -2), item));
  if (type.startsWith('"')) return value === JSON.parse(type);
  switch (type) {
    case 'string':
      return typeof value === 'string';
    // Scripts send `"true"` and `"false"` too, and a query has nothing but text.
    case 'boolean':
      return typeof value === 'boolean' || value === 'true' || value === 'false';
    case 'integer':
      return Number.isInteger(value);
    case 'number':
      return typeof value === 'number';
    case 'object':
      return isRecord(value);
    case 'file':
      return isRecord(value) && Buffer.isBuffer(value['bytes']);
    default:
      return true;
  }
}
