import { refCode } from '../../commands/references.js';
import type { FullComponent, LightTestRun, TestRun } from '../../commands/shapes.js';
import { checkValue, FILLED_STRING } from '../../config/check-options.js';
import { isFilledString, isRecord } from '../../util/guards.js';
import { findComponent } from '../components/find-component.js';
import { checkName } from '../components/name.js';
import { formOf } from '../identifiers.js';
import type { ResourceContext } from '../resources/resource.js';
import type { ComponentName } from '../shipments/component-names.js';
import { checkRead, type ReadOptions } from './options.js';

const SUBJECT = 'client.testRuns.latest';

/** Reads the latest ready test run of each test type, by the code of the test type. See `TestRuns.latest`. */
export async function readLatest(
  { client }: ResourceContext,
  component: ComponentName,
  testType: string | undefined,
  options: ReadOptions,
): Promise<Record<string, TestRun>> {
  const call = checkRead(SUBJECT, options);
  if (testType !== undefined) checkValue(SUBJECT, 'testType', testType, FILLED_STRING);
  const filterMap = {
    ...(await filterOf(client, component, call)),
    ...(testType !== undefined && { testType: [testType] }),
    state: ['ready'],
  };
  const latest = new Map<string, LightTestRun>();
  for await (const run of client.list('listTestRunsByComponent', { filterMap }, call)) {
    const code = refCode(run.testType) ?? testType ?? '';
    const other = latest.get(code);
    if (run.state === 'ready' && (other === undefined || isLater(run, other))) latest.set(code, run);
  }
  const ids = [...latest.values()].map(({ id }) => id);
  const { items } = await client.testRuns.getMany(ids, { ...call, errors: 'stop' });
  return Object.fromEntries(items.map((run) => [refCode(run.testType) ?? testType ?? '', run]));
}

/** Returns how lists of test runs name a component: they know neither ids nor alternative identifiers. */
async function filterOf(
  client: ResourceContext['client'],
  component: ComponentName,
  call: ReadOptions,
): Promise<{ code: string } | { serialNumber: string }> {
  const name = checkName(SUBJECT, component);
  const given: unknown = component;
  if (isRecord(given) && isFilledString(given['code']) && formOf(given['code']) === 'code')
    return { code: given['code'] };
  if (formOf(name) === 'code') return { code: name };
  if (formOf(name) === 'serialNumber') return { serialNumber: name };
  const { component: found, refusal } = await findComponent<FullComponent>(client, name, call);
  if (refusal !== undefined) throw refusal;
  return { code: found.code };
}

/** Whether a test run was uploaded after another one. `date` is what a person wrote. */
function isLater(run: LightTestRun, other: LightTestRun): boolean {
  const [time, otherTime] = [Date.parse(run.cts), Date.parse(other.cts)];
  return time === otherTime ? run.id > other.id : time > otherTime;
}
