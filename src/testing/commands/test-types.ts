import { isRecord } from '../../util/guards.js';
import type { ComponentType } from '../data/catalogue.js';
import { DATA_TYPES, type Parameter, type TestType, testTypeId } from '../data/test-types.js';
import { listOrNull, viewNamed } from '../data/views.js';
import type { Command, CommandContext, DtoIn } from './command.js';
import { invalidKeys } from './command-error.js';
import { componentTypeOf, page, stageOf, testTypeOf, textOf, toList } from './input.js';

/** Lists the test types of a component type. Inactive ones are in it. */
export const listTestTypes: Command = (input, context) => {
  const type = componentTypeOf(input['project'], input['componentType'], context);
  return page('pageItemList', context.store.testTypesOf(type), input, (testType) =>
    viewTestType(type, testType, context),
  );
};

/** Lists the test types of several component types. */
export const listTestTypesByComponentTypes: Command = (input, context) => {
  const types = toList(input['componentTypes']).map((code) =>
    componentTypeOf(input['project'], code, context),
  );
  const all = types.flatMap((type) =>
    context.store.testTypesOf(type).map((testType) => ({ type, testType })),
  );
  return page('itemList', all, input, ({ type, testType }) => viewTestType(type, testType, context));
};

/** Returns what `importTestType` takes. Its form is made up: that of the real database is not known. */
export const exportTestType: Command = (input, context) => {
  const type = componentTypeOf(input['project'], input['componentType'], context);
  const { code, name, stages, properties, parameters } = testTypeOf(type, input['testType'], context);
  return { project: type.project, componentType: type.code, code, name, stages, properties, parameters };
};

/** Adds a test type to a component type, or replaces the one with the same code. */
export const importTestType: Command = (input, context) => {
  const type = componentTypeOf(input['project'], input['componentType'], context);
  const code = String(input['code']);
  const testType: TestType = {
    id: testTypeId(type, code),
    code,
    name: String(input['name']),
    state: 'active',
    stages: toList(input['stages']).map((stage) => stageOf(type, stage, context).code),
    properties: parametersOf('properties', input, context),
    parameters: parametersOf('parameters', input, context),
  };
  context.store.addTestType(type, testType);
  return { testType: viewTestType(type, testType, context) };
};

function viewTestType(
  type: ComponentType,
  { id, code, name, state, properties, parameters }: TestType,
  { quirks }: CommandContext,
): Record<string, unknown> {
  return {
    id,
    code,
    name,
    state,
    description: null,
    componentType: quirks ? type.id : viewNamed(type),
    properties: listOrNull(properties.map(viewParameter), quirks),
    parameters: listOrNull(parameters.map(viewParameter), quirks),
    automaticGrading: false,
  };
}

function viewParameter(parameter: Parameter, index: number): Record<string, unknown> {
  return { ...parameter, description: null, order: index + 1, children: null, codeTable: null };
}

/** Returns the parameters that an input has under a key, such as an export has them. */
function parametersOf(
  key: 'properties' | 'parameters',
  input: DtoIn,
  { command }: CommandContext,
): readonly Parameter[] {
  return toList(input[key]).map((item, index) => {
    const { code, name, dataType, valueType = 'single', required = false } = isRecord(item) ? item : {};
    const known = DATA_TYPES.find((one) => one === dataType);
    const isKnownForm = valueType === 'single' || valueType === 'array';
    if (typeof code !== 'string' || known === undefined || !isKnownForm) {
      const expected = `An entry has a code and one of the data types ${DATA_TYPES.join(', ')}.`;
      throw invalidKeys(command, 'invalidValueKeyMap', { [`$.${key}[${index}]`]: expected });
    }
    return { code, name: textOf(name) ?? code, dataType: known, valueType, required: required === true };
  });
}
