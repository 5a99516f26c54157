import { refCode } from '../../commands/references.js';
import { checkValue, FILLED_STRING } from '../../config/check-options.js';
import { InvalidInvocation } from '../../exceptions/base.js';
import { BadRequest } from '../../exceptions/response.js';
import { isRecord } from '../../util/guards.js';
import { type ComponentName, nameOf } from '../components/component-name.js';
import { readComponent } from '../components/read-component.js';
import type { ResourceContext } from '../resources/resource.js';
import { checkWrite, type WriteOptions } from '../writes/checks.js';
import type { TestRunTemplate } from './test-run-input.js';
import { refuseUnknownTestType } from './unknown-test-types.js';

const SUBJECT = 'client.testRuns.template';

/** Makes a test run that is to be filled. See `TestRuns.template`. */
export async function makeTemplate(
  context: ResourceContext,
  name: ComponentName,
  testType: string,
  options: WriteOptions,
): Promise<TestRunTemplate> {
  const { client } = context;
  const call = checkWrite(SUBJECT, options);
  checkValue(SUBJECT, 'testType', testType, FILLED_STRING);
  const component = await readComponent(client, nameOf(SUBJECT, name), call);
  const [project, componentType] = [refCode(component.project), refCode(component.componentType)];
  if (project === undefined || componentType === undefined)
    throw new InvalidInvocation(`${SUBJECT}: the component has no project or no component type`);
  const data = { project, componentType, code: testType };
  const sample = await client.get('generateTestTypeDtoSample', { ...call, data }).catch(async (error) => {
    if (error instanceof BadRequest)
      await refuseUnknownTestType(context, SUBJECT, component.code, testType, call);
    throw error;
  });
  return {
    component: component.serialNumber ?? component.code,
    testType,
    institution: refCode(component.currentLocation) ?? '',
    runNumber: '',
    date: new Date().toISOString(),
    passed: null,
    problems: false,
    properties: emptied(sample.properties),
    results: emptied(sample.results),
  };
}

function emptied(sample: unknown): Record<string, unknown> {
  // In a plan it may stand for what a write would give.
  return Object.fromEntries(Object.keys(isRecord(sample) ? sample : {}).map((code) => [code, null]));
}
