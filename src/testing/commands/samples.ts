import type { Parameter } from '../data/test-types.js';
import { COMPONENT_PROPERTIES } from '../data/test-types.js';
import type { Command } from './command.js';
import { componentTypeOf, isTrue, testTypeOf } from './input.js';

/** Makes an input of `registerComponent`, with examples as values. */
export const generateComponentTypeDtoSample: Command = (input, context) => {
  const type = componentTypeOf(input['project'], input['code'], context);
  const requiredOnly = isTrue(input['requiredOnly']);
  const [variant] = type.types;
  return {
    dtoSample: {
      project: type.project,
      subproject: variant?.subproject,
      institution: 'CERN',
      componentType: type.code,
      type: variant?.code,
      ...((type.needsSerialNumber || !requiredOnly) && {
        serialNumber: `20U${variant?.subproject}${variant?.block}0000000`,
      }),
      properties: sampleOf(COMPONENT_PROPERTIES, requiredOnly),
    },
  };
};

/** Makes an input of `uploadTestRunResults`, with examples as values. */
export const generateTestTypeDtoSample: Command = (input, context) => {
  const type = componentTypeOf(input['project'], input['componentType'], context);
  const { code, properties, parameters } = testTypeOf(type, input['code'], context);
  const requiredOnly = isTrue(input['requiredOnly']);
  return {
    dtoSample: {
      component: 'COMPONENT_CODE',
      testType: code,
      institution: 'INSTITUTION_CODE',
      runNumber: '1',
      date: '2024-01-31T12:00:00.000Z',
      passed: true,
      problems: false,
      properties: sampleOf(properties, requiredOnly),
      results: sampleOf(parameters, requiredOnly),
    },
  };
};

/** A file is uploaded by another command, so there is no example of it. */
const EXAMPLES: Readonly<Record<Parameter['dataType'], unknown>> = {
  string: 'text',
  integer: 1,
  float: 1.5,
  boolean: true,
  object: {},
  date: '2024-01-31T12:00:00.000Z',
  image: null,
};

function sampleOf(parameters: readonly Parameter[], requiredOnly: boolean): Record<string, unknown> {
  const wanted = parameters.filter(({ required }) => required || !requiredOnly);
  return Object.fromEntries(
    wanted.map(({ code, dataType, valueType }) => [
      code,
      valueType === 'array' ? [EXAMPLES[dataType]] : EXAMPLES[dataType],
    ]),
  );
}
