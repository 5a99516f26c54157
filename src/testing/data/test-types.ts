import { isRecord } from '../../util/guards.js';
import { type ComponentType, idOf, type Named } from './catalogue.js';

export const DATA_TYPES = ['string', 'integer', 'float', 'boolean', 'object', 'date', 'image'] as const;

/** A property or a parameter of a test type, or a property of a component type. */
export interface Parameter extends Named {
  readonly dataType: (typeof DATA_TYPES)[number];
  readonly valueType: 'single' | 'array';
  readonly required: boolean;
}

/** A test type of a component type. */
export interface TestType extends Named {
  readonly id: string;
  readonly state: 'active' | 'inactive';
  /** The codes of the stages in which it is done. */
  readonly stages: readonly string[];
  readonly properties: readonly Parameter[];
  readonly parameters: readonly Parameter[];
}

/** The properties that each component type has. */
export const COMPONENT_PROPERTIES: readonly Parameter[] = [
  { code: 'LOCALNAME', name: 'Local name', dataType: 'string', valueType: 'single', required: false },
  { code: 'ORDER', name: 'Order', dataType: 'integer', valueType: 'single', required: false },
];

/** The flags that a component can have. */
export const FLAGS: readonly Named[] = [
  { code: 'BAD_AT_BUMPING', name: 'Bad at bumping' },
  { code: 'BAD_AT_DICING', name: 'Bad at dicing' },
  { code: 'BAD_AT_TESTINGONWAFER', name: 'Bad at testing on wafer' },
  { code: 'CHROMIC', name: 'Chromic' },
  { code: 'WARRANTY_WAFER', name: 'Warranty wafer' },
  { code: 'YELLOW_AT_TESTINGONWAFER', name: 'Yellow at testing on wafer' },
];

/** The properties that each test type has. */
const TEST_PROPERTIES: readonly Parameter[] = [
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
function parametersOf(code: string): readonly Parameter[] {
  if (/(?:^|_)IV(?:_|$)/.test(code)) return [...CLIMATE, ...CURVE];
  if (code.includes('VISUAL_INSPECTION')) return [...CLIMATE, PICTURE];
  return CLIMATE;
}

const TEST_TYPES = new WeakMap<ComponentType, readonly TestType[]>();

/** Returns the test types of a component type, each once, in the order of its stages. */
export function testTypesOf(type: ComponentType): readonly TestType[] {
  const known = TEST_TYPES.get(type);
  if (known !== undefined) return known;
  const stagesOf = (test: Named) =>
    Object.keys(type.tests).filter((stage) => type.tests[stage]?.some(({ code }) => code === test.code));
  const tests = [...Object.values(type.tests).flat(), ...(type.inactiveTests ?? [])].map((test) => ({
    id: testTypeId(type, test.code),
    ...test,
    state: type.inactiveTests?.includes(test) ? ('inactive' as const) : ('active' as const),
    stages: stagesOf(test),
    properties: TEST_PROPERTIES,
    parameters: parametersOf(test.code),
  }));
  const testTypes = [...new Map(tests.map((test) => [test.code, test])).values()];
  TEST_TYPES.set(type, testTypes);
  return testTypes;
}

/** Returns the id of a test type. Tests of different component types may have the same code. */
export function testTypeId({ project, code }: ComponentType, test: string): string {
  return idOf(`${project}/${code}/${test}`);
}

/** Whether a value is one of a property or parameter. That a list may have null in it, for what failed, is a guess. */
export function isValueOf({ dataType, valueType }: Parameter, value: unknown): boolean {
  if (valueType === 'array') {
    return Array.isArray(value) && value.every((item) => item === null || isOne(dataType, item));
  }
  return isOne(dataType, value);
}

function isOne(dataType: Parameter['dataType'], value: unknown): boolean {
  if (dataType === 'float') return typeof value === 'number';
  if (dataType === 'integer') return Number.isInteger(value);
  if (dataType === 'boolean') return typeof value === 'boolean';
  if (dataType === 'object') return isRecord(value);
  return typeof value === 'string';
}
