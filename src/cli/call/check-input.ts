import { isObject, isRecord } from '../../util/guards.js';
import { similarNames } from '../../util/similar.js';
import { CliError } from '../errors.js';
import {
  type CatalogueEntry,
  describeType,
  exampleOf,
  type InputShape,
  type InputType,
  keysOf,
  shapeOf,
  typeAt,
  type Verb,
} from './command-entry.js';

/** The faults of an input. */
interface Findings {
  readonly unknown: string[];
  readonly missing: string[];
  readonly wrong: { readonly name: string; readonly type: InputType; readonly value: unknown }[];
}

/** Returns the form of the input that these keys are of. */
export function inputShapeOf({ input, flatInput }: CatalogueEntry, names: ReadonlySet<string>): InputShape {
  const isFlat = flatInput !== undefined && !names.has('filterMap');
  // Without one of its keys it is the newer form, of which the examples are.
  return isFlat && [...names].some((name) => typeAt(flatInput, [name]) !== undefined) ? flatInput : input;
}

/**
 * Checks the keys of an input and their types.
 *
 * @throws CliError where a key is not known or missing, or has a value of a wrong type
 */
export function checkInput(
  verb: Verb,
  command: string,
  entry: CatalogueEntry,
  input: Record<string, unknown>,
): void {
  const findings: Findings = { unknown: [], missing: [], wrong: [] };
  const shape = inputShapeOf(entry, new Set(Object.keys(input)));
  visit(shape, input, '', findings);
  const { unknown, missing, wrong } = findings;
  const [name] = entry.openInput ? [] : unknown;
  if (name !== undefined) throw unknownKey(name, shape, { verb, command, entry });
  if (missing.length > 0)
    throw new CliError(`${command} needs ${missing.join(', ')}`, {
      advice: `For example: ${exampleOf(verb, command, entry)}`,
    });
  const [first] = wrong;
  if (first === undefined) return;
  const { type, value } = first;
  const isText = typeof type === 'string' && type.split(' | ').includes('string') && !isObject(value);
  throw new CliError(`${first.name} must be ${describeType(type)}, and is ${shown(value)}`, {
    advice: isText
      ? `Write: ${first.name}=${value}, in JSON "${value}"`
      : `Keys and values: itkdb ${verb} ${command} --keys`,
  });
}

function unknownKey(
  name: string,
  shape: InputShape,
  { verb, command, entry }: { readonly verb: Verb; readonly command: string; readonly entry: CatalogueEntry },
): CliError {
  const known = keysOf(shape).map(({ key }) => key);
  if (known.length === 0)
    return new CliError(`${command} has no keys`, { advice: `Write: itkdb ${verb} ${command}` });
  // It may be a key of the other form of the input.
  const inner = keysOf(entry.input)
    .map(({ key }) => key)
    .filter((key) => key.endsWith(`.${name}`));
  const similar = [...new Set([...inner, ...similarNames(name, known)])];
  return new CliError(
    `${command} has no key ${name}${similar.length > 0 ? `; is it ${similar.join(', ')}?` : ''}`,
    { advice: `Its keys: ${known.join(', ')}. To send it anyway, add --raw` },
  );
}

function visit(
  { required, optional }: InputShape,
  value: Record<string, unknown>,
  path: string,
  findings: Findings,
): void {
  const check = (name: string, type: InputType): void => {
    const member = Object.hasOwn(value, name) ? value[name] : undefined;
    const isRequired = Object.hasOwn(required, name);
    if (member === undefined || (member === null && type !== 'any')) {
      if (isRequired) findings.missing.push(path + name);
      return;
    }
    const shape = shapeOf(type);
    if (shape !== undefined && isRecord(member)) visit(shape, member, `${path}${name}.`, findings);
    else if (shape !== undefined || !isOf(type as string, member))
      findings.wrong.push({ name: path + name, type, value: member });
  };
  for (const [name, type] of Object.entries(required)) check(name, type);
  for (const [name, type] of Object.entries(optional)) check(name, type);
  const isKnown = (name: string): boolean => Object.hasOwn(required, name) || Object.hasOwn(optional, name);
  findings.unknown.push(
    ...Object.keys(value)
      .filter((name) => !isKnown(name))
      .map((name) => path + name),
  );
}

function isOf(types: string, value: unknown): boolean {
  return types.split(' | ').some((type) => {
    if (type.endsWith('[]'))
      return Array.isArray(value) && value.every((item) => isOf(type.slice(0, -2), item));
    if (type.startsWith('"')) return value === JSON.parse(type);
    switch (type) {
      case 'integer':
        return Number.isSafeInteger(value);
      case 'object':
        return isRecord(value);
      case 'file':
        return value instanceof File;
      case 'any':
        return true;
      default:
        return typeof value === type;
    }
  });
}

function shown(value: unknown): string {
  const text = JSON.stringify(value);
  return text.length > 40 ? `${text.slice(0, 40)}…` : text;
}
