import { InvalidInvocation } from '../../exceptions/base.js';
import { isObject, isRecord } from '../../util/guards.js';

/** A value with its code, as components and test runs list their properties and results. */
export interface CodedValue {
  /** The code of the property or the result, such as `LOCALNAME`. */
  readonly code: string;
  /** In the unit that the definition says; null where it is not set. */
  readonly value: unknown;
}

/** What has properties: a component, a test run, or a slot for a child. */
export interface WithProperties {
  /** Null where there are none; null or missing in a list without full output. */
  readonly properties?: readonly CodedValue[] | null | undefined;
}

/** What has results: a test run. */
export interface WithResults {
  /** Null where there are none; missing in a list. */
  readonly results?: readonly CodedValue[] | null | undefined;
}

/** The parts of a component of which at least one is a list where it was asked for as a whole. */
const PARTS = ['properties', 'stages', 'locations', 'children', 'parents', 'tests', 'batches', 'comments'];

/**
 * Returns the value of a property, in the unit that the property's definition says.
 *
 * ```ts
 * const component = await client.get('getComponent', { data: { component: '20USBML1234567' } });
 * property(component, 'LOCALNAME'); // 'LABX_LS_001'
 * ```
 *
 * @param record - a component, a test run, or a slot of `children`
 * @param code - the code of the property, such as `LOCALNAME`
 * @returns null where the property is not set; undefined where the record has no property with this code
 * @throws InvalidInvocation where the record comes from a list that was asked for without its properties
 */
export function property<T = unknown>(record: WithProperties, code: string): T | null | undefined {
  return findValue<T>(listOf(record, 'properties', 'property'), code);
}

/**
 * Returns a result of a test run, in the unit that the definition of the test type says. A result of the type `image`
 * is the code of its file.
 *
 * ```ts
 * const run = await client.get('getTestRun', { data: { testRun: '65a0c1d2e3f4051627384961' } });
 * result<number>(run, 'VBD'); // 512.5
 * ```
 *
 * @param run - a test run
 * @param code - the code of the result, such as `VBD`
 * @returns null where the result is not set; undefined where the test run has no result with this code
 * @throws InvalidInvocation where the test run comes from a list, which has no results
 */
export function result<T = unknown>(run: WithResults, code: string): T | null | undefined {
  return findValue<T>(listOf(run, 'results', 'result'), code);
}

function findValue<T>(list: readonly CodedValue[], code: string): T | null | undefined {
  const entry = list.find((one) => one.code === code);
  return entry === undefined ? undefined : ((entry.value ?? null) as T | null);
}

function listOf(
  record: WithProperties & WithResults,
  key: 'properties' | 'results',
  subject: string,
): readonly CodedValue[] {
  const noun = key === 'results' ? 'a test run' : 'a component or a test run';
  if (!isObject(record)) throw new InvalidInvocation(`${subject}: the first argument must be ${noun}`);
  if (lacks(record, key)) throw new InvalidInvocation(`${subject}: ${explainLack(record)}`);
  return record[key] ?? [];
}

/** Whether a record does not say what its properties or results are. Null says that there are none, with one exception. */
function lacks(record: object, key: 'properties' | 'results'): boolean {
  const { [key]: list, user } = record as Readonly<Record<string, unknown>>;
  if (list !== null) return list === undefined;
  // Components in a list have null in place of each part.
  const isComponent = key === 'properties' && 'serialNumber' in record;
  return isComponent && !isRecord(user) && !PARTS.some((part) => Array.isArray(Reflect.get(record, part)));
}

/** Whether a record is a component or a test run of a list, without properties or results. */
export function isListed(record: object): boolean {
  if (isTestRun(record)) return lacks(record, 'results');
  return 'serialNumber' in record && lacks(record, 'properties');
}

/** Whether a record is a test run. */
export function isTestRun(record: object): boolean {
  return 'testType' in record || 'runNumber' in record;
}

/** Says how to get what a record lacks. */
export function explainLack(record: object): string {
  const { id, serialNumber } = record as Readonly<Record<string, unknown>>;
  const name = [serialNumber, id].find((one) => typeof one === 'string') ?? 'this record';
  return isTestRun(record)
    ? `the test run ${name} comes from a list, without properties and results: read it with client.testRuns.getMany, or getTestRun`
    : `${name} comes from a list, without its properties: list with \`outputType: 'full'\`, or read it with getComponent or getComponentBulk`;
}
