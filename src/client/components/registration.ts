import type { CommandInput } from '../../commands/commands.js';
import { type Ref, refCode } from '../../commands/references.js';
import type {
  CodeReference,
  ComponentObject,
  ComponentType,
  FullListedComponent,
  PropertyValue,
} from '../../commands/shapes.js';
import { InvalidInvocation, ITkDBException } from '../../exceptions/base.js';
import { BadRequest } from '../../exceptions/response.js';
import { isFilledString, isRecord } from '../../util/guards.js';
import { asList, codesOf } from '../../util/lists.js';
import { similarNames, suggest } from '../../util/similar.js';
import { saysMissing } from '../bulk/failures.js';
import { reload, type WriteOptions } from '../writes/checks.js';
import { answerOf, runSteps, type Step } from '../writes/steps.js';
import type { WriteContext } from './definitions.js';
import { checkProperty } from './property-value.js';

/** The input of `registerComponent`. */
export type RegisterInput = CommandInput<'registerComponent'>;

/** A registration after the checks. */
export interface Registration {
  /** The input, with the values of properties as the database wants them. */
  readonly input: RegisterInput;
  /** The properties of the input that are unique, by their definitions. */
  readonly uniqueCodes: readonly string[];
  /** A sentence for each problem. */
  readonly problems: readonly string[];
}

/** What a component is recognised by that has no serial number. */
export interface Key {
  readonly code: string;
  readonly value: unknown;
}

const REQUIRED = ['project', 'subproject', 'institution', 'componentType'] as const;
const TEXTS = [...REQUIRED, 'type', 'serialNumber', 'flag', 'stage'] as const;

/** The keys of an input. */
export const INPUT_KEYS: readonly string[] = [...TEXTS, 'properties', 'comments', 'batches'];

const HINTS: Readonly<Record<string, string>> = {
  alternativeIdentifier: 'it is the value of one of the `properties`',
  currentLocation: 'a new component is at its `institution`',
  currentStage: 'write `stage`',
  comment: 'write `comments`, a list of texts',
};

/** Letters and digits as the database takes them. */
const SERIAL_NUMBER = /^20U[A-Z]{2}[A-Za-z0-9]{2}[A-Z0-9]{7}$/;

/**
 * Checks an input with what the database says of the component type.
 *
 * @param suggestCode - returns a suggestion for an unknown property, or the list of properties
 */
export async function checkRegistration(
  { types }: WriteContext,
  input: Readonly<Record<string, unknown>>,
  call: WriteOptions,
  suggestCode: (code: string, known: readonly string[]) => string = suggest,
): Promise<Registration> {
  const problems = checkKeys(input);
  const { project, componentType, institution } = input;
  if (isFilledString(institution)) {
    const problem = await types.problemOfInstitution(institution, call);
    if (problem !== undefined) problems.push(problem);
  }
  let properties: Record<string, unknown> | undefined;
  let uniqueCodes: string[] = [];
  if (isFilledString(project) && isFilledString(componentType)) {
    const check = (type: ComponentType): string[] => {
      const given = isRecord(input['properties']) ? input['properties'] : {};
      const checked = checkProperties(type, given, suggestCode);
      properties = checked.properties;
      uniqueCodes = asList(type.properties)
        .filter((one) => one.unique && checked.properties[one.code] !== undefined)
        .map(({ code }) => code);
      return [...checkType(type, input), ...checked.problems];
    };
    problems.push(...(await types.problems(project, componentType, call, check)));
  }
  const { properties: given, ...others } = input;
  const hasProperties = given !== undefined || Object.keys(properties ?? {}).length > 0;
  const checked = { ...others, ...(hasProperties && { properties: properties ?? given }) };
  return { input: checked as RegisterInput, uniqueCodes, problems };
}

/** Returns a suggestion for a column that is neither a key of the input nor a property. */
export function suggestColumn(column: string, codes: readonly string[]): string {
  if (Object.hasOwn(HINTS, column)) return `; ${HINTS[column]}`;
  const similar = similarNames(column, [...codes, ...INPUT_KEYS]);
  return suggest(column, similar.length > 0 ? similar : codes);
}

/** Checks what can be checked without the component type. */
function checkKeys(input: Readonly<Record<string, unknown>>): string[] {
  const unknown = Object.keys(input).filter((key) => !INPUT_KEYS.includes(key));
  const problems = unknown.map((key) => {
    const hint = Object.hasOwn(HINTS, key) ? `; ${HINTS[key]}` : suggest(key, INPUT_KEYS);
    return `there is no key \`${key}\`${hint}`;
  });
  for (const key of TEXTS) {
    const value = input[key];
    const isRequired = (REQUIRED as readonly string[]).includes(key);
    if (value === undefined ? isRequired : !isFilledString(value))
      problems.push(`\`${key}\` ${value === undefined ? 'is missing' : 'must be a text'}`);
  }
  const { serialNumber, properties, comments, batches } = input;
  if (isFilledString(serialNumber) && !SERIAL_NUMBER.test(serialNumber))
    problems.push(
      `the serial number ${serialNumber} must have 14 characters, in capitals and without spaces, such as 20USBML1234567`,
    );
  if (properties !== undefined && !isRecord(properties))
    problems.push('`properties` must be an object with the values by code');
  if (comments !== undefined && !(Array.isArray(comments) && comments.every(isFilledString)))
    problems.push('`comments` must be a list of texts');
  if (batches !== undefined && !isRecord(batches))
    problems.push('`batches` must be an object with the number of a batch by the code of its type');
  return problems;
}

/** Checks codes of an input with the component type that they belong to. */
function checkType(componentType: ComponentType, input: Readonly<Record<string, unknown>>): string[] {
  const { code, types, stages, flags, subprojects, snRequired, snAutomatically } = componentType;
  const problems: string[] = [];
  const check = (key: string, known: readonly string[], title = `a ${code}`): void => {
    const value = input[key];
    // A component type without such a list does not say what there is.
    if (!isFilledString(value) || known.length === 0 || known.includes(value)) return;
    problems.push(`${title} has no ${key} ${value}${suggest(value, known)}`);
  };
  const variants = asList(types);
  const variant = variants.find((one) => one.code === input['type']);
  if (variants.length > 0 && input['type'] === undefined)
    problems.push(`\`type\` is required: a ${code} has the types ${codesOf(variants).join(', ')}`);
  check('type', codesOf(variants));
  if (asList(variant?.subprojects).length > 0)
    check('subproject', codesOf(variant?.subprojects), `a ${code} ${variant?.code}`);
  else check('subproject', codesOf(subprojects));
  check('stage', codesOf(stages));
  check('flag', codesOf(flags));
  if (input['serialNumber'] === undefined && snRequired && !snAutomatically)
    problems.push(`\`serialNumber\` is required: the database makes none for a ${code}`);
  return problems;
}

function checkProperties(
  { code: type, properties }: ComponentType,
  given: Readonly<Record<string, unknown>>,
  suggestCode: (code: string, known: readonly string[]) => string,
): { readonly properties: Record<string, unknown>; readonly problems: string[] } {
  const definitions = asList(properties);
  const problems: string[] = [];
  const checked: Record<string, unknown> = {};
  for (const [code, value] of Object.entries(given)) {
    if (value === undefined) continue;
    const definition = definitions.find((one) => one.code === code);
    if (definition === undefined) {
      problems.push(`a ${type} has no property ${code}${suggestCode(code, codesOf(definitions))}`);
      continue;
    }
    const { problem, value: converted } = checkProperty(definition, value);
    if (problem === undefined) checked[code] = converted;
    else problems.push(problem);
  }
  const missing = definitions.filter(({ code, required }) => required && given[code] === undefined);
  if (missing.length > 0) problems.push(`required properties are missing: ${codesOf(missing).join(', ')}`);
  return { properties: checked, problems };
}

/** Sends a registration. Where the response is lost, the component is looked for. */
export function sendRegistration(
  subject: string,
  { client }: WriteContext,
  input: RegisterInput,
  key: Key | undefined,
  call: WriteOptions,
): Promise<ComponentObject> {
  let component: ComponentObject | undefined;
  const { serialNumber, componentType } = input;
  const step: Step = {
    name: `register a ${componentType}${serialNumber === undefined ? '' : ` with the serial number ${serialNumber}`}`,
    write: async (sending) => {
      const answer = answerOf(await client.post('registerComponent', input, sending));
      answerOf(answer.component?.code);
      component = answer.component;
    },
    isDone: async (reading) => {
      // It is not there to be found: resume() must not register a second one.
      if (serialNumber === undefined && key === undefined)
        throw new ITkDBException(
          'it has neither a serial number nor a `key`, so it cannot be found again. If it is not in the database, call register once more',
        );
      [component] = await findRegistered(client, input, key, reading);
      return component !== undefined;
    },
  };
  return runSteps(subject, [step], call, () => component as ComponentObject);
}

/** Finds the components that an input may be about: those with its serial number, else those with the value of the key. */
export async function findRegistered(
  client: WriteContext['client'],
  input: RegisterInput,
  key: Key | undefined,
  call: WriteOptions,
): Promise<ComponentObject[]> {
  const { serialNumber } = input;
  if (serialNumber === undefined)
    return key === undefined
      ? []
      : ((await listByKey(client, input, key, call)) as unknown as ComponentObject[]);
  try {
    const data = { component: serialNumber, outputType: 'object' as const };
    return [await client.get('getComponent', { ...reload(call), data })];
  } catch (error) {
    if (error instanceof BadRequest && saysMissing(error)) return [];
    throw error;
  }
}

/** Lists the ready components of a type that have a value of a property. */
export async function listByKey(
  client: WriteContext['client'],
  { project, componentType }: Pick<RegisterInput, 'project' | 'componentType'>,
  { code, value }: Key,
  call: WriteOptions,
): Promise<FullListedComponent[]> {
  const filter = { project, componentType, propertyFilter: [{ code, operator: '=', value }] };
  const found: FullListedComponent[] = [];
  for await (const component of client.list('listComponentsByProperty', filter, reload(call))) {
    const { state, properties } = component;
    const has = properties?.find((one) => one.code === code)?.value;
    if (state === 'ready' && (!properties || isSame(has, value))) found.push(component);
  }
  return found;
}

/** A component as some command shows it. */
export interface Registered {
  readonly serialNumber: string | null;
  readonly state: string;
  readonly project: string | CodeReference;
  readonly subproject: string | CodeReference;
  readonly componentType: Ref;
  readonly type: Ref;
  readonly institution: Ref;
  readonly properties?: readonly PropertyValue[] | null;
}

/** Returns a sentence for each value of an input that a component does not have. */
export function differences(input: RegisterInput, component: Registered): string[] {
  const wanted: Record<string, unknown> = {};
  const has: Record<string, unknown> = {};
  for (const key of ['project', 'subproject', 'componentType', 'type', 'institution'] as const) {
    wanted[key] = input[key];
    has[key] = refCode(component[key]);
  }
  wanted['serialNumber'] = input.serialNumber;
  has['serialNumber'] = component.serialNumber ?? undefined;
  for (const [code, value] of Object.entries(input.properties ?? {})) {
    wanted[code] = value ?? undefined;
    has[code] = asList(component.properties).find((one) => one.code === code)?.value ?? undefined;
  }
  const names = Object.keys(wanted).filter(
    (name) => wanted[name] !== undefined && !isSame(wanted[name], has[name]),
  );
  const show = (value: unknown): string => (value === undefined ? 'not set' : (JSON.stringify(value) ?? ''));
  const sentences = names.map(
    (name) => `${name} is ${show(has[name])} in the database, not ${show(wanted[name])}`,
  );
  return component.state === 'ready' ? sentences : [`its state is ${component.state}`, ...sentences];
}

/** Whether two values are the same, where one may be the text of the other. */
function isSame(one: unknown, other: unknown): boolean {
  const text = (value: unknown): string =>
    typeof value === 'string' ? value : JSON.stringify(value ?? null);
  return text(one) === text(other);
}

/** @throws InvalidInvocation where an input is not an object */
export function checkInput(subject: string, input: unknown): Readonly<Record<string, unknown>> {
  if (isRecord(input)) return { ...input };
  throw new InvalidInvocation(
    `${subject}: the input must be an object, such as { project: 'S', subproject: 'SB', institution: 'CERN', componentType: 'MODULE' }`,
  );
}
