import type { TestRun } from '../../commands/shapes.js';
import { FILLED_STRING } from '../../config/check-options.js';
import { asList } from '../../util/lists.js';
import type { ComponentName } from '../components/component-name.js';
import type { Component } from '../models/component.js';
import { checkJob, optionsOfJob, type ReadOptions } from '../options.js';
import type { ResourceContext } from '../resources/resource.js';
import { warnOfUnknownTestType } from './unknown-test-types.js';

/** Options of `testRuns.ofTree`. */
export interface TestRunsOfTreeOptions extends ReadOptions {
  /** The code of the test type. @defaultValue all */
  testType?: string | undefined;
}

const OPTIONS = optionsOfJob("{ testType: 'VISUAL_INSPECTION' }", { testType: FILLED_STRING });

/** Reads the ready test runs of a component and of all that is in it. See `TestRuns.ofTree`. */
export async function* readRunsOfTree(
  context: ResourceContext,
  component: ComponentName,
  options: TestRunsOfTreeOptions,
): AsyncGenerator<TestRun, void, undefined> {
  const { client } = context;
  const { testType, ...call } = checkJob('client.testRuns.ofTree', options, OPTIONS);
  const ids: string[] = [];
  const components = flatten(await client.components.tree(component, call)).map(({ data }) => data);
  for (const { code, tests } of components) {
    if (tests === undefined) {
      const filterMap = { code, ...(testType !== undefined && { testType }), state: ['ready'] };
      for await (const { id } of client.list('listTestRunsByComponent', { filterMap }, call)) ids.push(id);
    }
    for (const { code: ofTests, testRuns } of asList(tests))
      if (testType === undefined || ofTests === testType)
        ids.push(...asList(testRuns).flatMap(({ id, state }) => (state === 'ready' ? [id] : [])));
  }
  if (testType !== undefined && ids.length === 0)
    await warnOfUnknownTestType(context, components, testType, call);
  yield* client.testRuns.getMany(ids, call);
}

function flatten(component: Component): Component[] {
  return [component, ...component.children.flatMap(flatten)];
}
