import type { ComponentType, Named } from './catalogue.js';

/** A property or a parameter of a test type, or a property of a component type. */
export interface Parameter extends Named {
  readonly dataType: 'string' | 'integer' | 'float' | 'boolean' | 'image';
  readonly valueType: 'single' | 'array';
  readonly required: boolean;
}

/** The properties that each component type has. */
export const COMPONENT_PROPERTIES: readonly Parameter[] = [
  { code: 'LOCALNAME', name: 'Local name', dataType: 'string', valueType: 'single', required: false },
  { code: 'ORDER', name: 'Order', dataType: 'integer', valueType: 'single', required: false },
];

/** The flags that a component can have. */
export const FLAGS: readonly Named[] = [
  { code: 'BAD_AT_DICING', name: 'Bad at dicing' },
  { code: 'CHROMIC', name: 'Chromic' },
  { code: 'WARRANTY_WAFER', name: 'Warranty wafer' },
];

/** The properties that each test type has. */
export const TEST_PROPERTIES: readonly Parameter[] = [
  { code: 'OPERATOR', name: 'Operator', dataType: 'string', valueType: 'single', required: false },
];

const CLIMATE: readonly Parameter[] = [
  { code: 'TEMPERATURE', name: 'Temperature (°C)', dataType: 'float', valueType: 'single', required: true },
  { code: 'HUMIDITY', name: 'Relative humidity (%)', dataType: 'float', valueType: 'single', required: true },
];

const CURVE: readonly Parameter[] = [
  { code: 'VOLTAGE', name: 'Voltage (V)', dataType: 'float', valueType: 'array', required: true },
  { code: 'CURRENT', name: 'Current (nA)', dataType: 'float', valueType: 'array', required: true },
];

const PICTURE: Parameter = {
  code: 'IMAGE',
  name: 'Image',
  dataType: 'image',
  valueType: 'single',
  required: false,
};

/** Returns what a test measures: a test whose name says so has a current-voltage curve or an image. */
export function parametersOf(test: Named): readonly Parameter[] {
  if (/(?:^|_)IV(?:_|$)/.test(test.code)) return [...CLIMATE, ...CURVE];
  if (test.code.includes('VISUAL_INSPECTION')) return [...CLIMATE, PICTURE];
  return CLIMATE;
}

/** Returns the tests of all stages of a component type, each once. */
export function testsOf(type: ComponentType): readonly Named[] {
  const tests = Object.values(type.tests).flat();
  return [...new Map(tests.map((test) => [test.code, test])).values()];
}

/** Whether a value is one of a property or parameter. */
export function isValueOf({ dataType, valueType }: Parameter, value: unknown): boolean {
  if (valueType === 'array') {
    return Array.isArray(value) && value.every((item) => isOne(dataType, item));
  }
  return isOne(dataType, value);
}

function isOne(dataType: Parameter['dataType'], value: unknown): boolean {
  if (dataType === 'float') return typeof value === 'number';
  if (dataType === 'integer') return Number.isInteger(value);
  if (dataType === 'boolean') return typeof value === 'boolean';
  return typeof value === 'string';
}
