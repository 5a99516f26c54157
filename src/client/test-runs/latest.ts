import { refCode } from '../../commands/references.js';
import type { LightTestRun, TestRun } from '../../commands/shapes.js';
import { checkValue, FILLED_STRING } from '../../config/check-options.js';
import { type ComponentName, nameOf } from '../components/component-name.js';
import { readListedBy } from '../components/read-component.js';
import { checkRead, type ReadOptions } from '../options.js';
import type { ResourceContext } from '../resources/resource.js';
import { refuseUnknownTestType } from './unknown-test-types.js';

const SUBJECT = 'client.testRuns.latest';

/** Reads the latest ready test run of each test type, by the code of the test type. See `TestRuns.latest`. */
export async function readLatest(
  context: ResourceContext,
  component: ComponentName,
  testType: string | undefined,
  options: ReadOptions,
): Promise<Record<string, TestRun>> {
  const { client } = context;
  const call = checkRead(SUBJECT, options);
  if (testType !== undefined) checkValue(SUBJECT, 'testType', testType, FILLED_STRING);
  const name = nameOf(SUBJECT, component);
  const filterMap = {
    ...(await readListedBy(client, name, call)),
    ...(testType !== undefined && { testType: [testType] }),
    state: ['ready'],
  };
  const latest = new Map<string, LightTestRun>();
  for await (const run of client.list('listTestRunsByComponent', { filterMap }, call)) {
    const code = refCode(run.testType) ?? testType ?? '';
    const other = latest.get(code);
    if (run.state === 'ready' && (other === undefined || isLater(run, other))) latest.set(code, run);
  }
  if (testType !== undefined && latest.size === 0)
    await refuseUnknownTestType(context, SUBJECT, name, testType, call);
  const ids = [...latest.values()].map(({ id }) => id);
  const { items } = await client.testRuns.getMany(ids, { ...call, errors: 'stop' });
  return Object.fromEntries(items.map((run) => [refCode(run.testType) ?? testType ?? '', run]));
}

/** Whether a test run was uploaded after another one. `date` is what a person wrote. */
function isLater(run: LightTestRun, other: LightTestRun): boolean {
  const [time, otherTime] = [Date.parse(run.cts), Date.parse(other.cts)];
  return time === otherTime ? run.id > other.id : time > otherTime;
}
