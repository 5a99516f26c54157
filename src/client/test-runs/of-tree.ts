import type { TestRun } from '../../commands/shapes.js';
import { FILLED_STRING } from '../../config/check-options.js';
import { asList } from '../../util/lists.js';
import type { ComponentName } from '../components/component-name.js';
import type { Component } from '../models/component.js';
import { checkJob, optionsOfJob, type ReadOptions } from '../options.js';
import type { ResourceContext } from '../resources/resource.js';

/** Options of `testRuns.ofTree`. */
export interface TestRunsOfTreeOptions extends ReadOptions {
  /** The code of the test type. @defaultValue all */
  testType?: string | undefined;
}

const OPTIONS = optionsOfJob("{ testType: 'VISUAL_INSPECTION' }", { testType: FILLED_STRING });

/** Reads the ready test runs of a component and of all that is in it. See `TestRuns.ofTree`. */
export async function* readRunsOfTree(
  { client }: ResourceContext,
  component: ComponentName,
  options: TestRunsOfTreeOptions,
): AsyncGenerator<TestRun, void, undefined> {
  const { testType, ...call } = checkJob('client.testRuns.ofTree', options, OPTIONS);
  const ids: string[] = [];
  for (const { data } of flatten(await client.components.tree(component, call))) {
    if (data.tests === undefined) {
      const own = client.testRuns.list(data as { code: string }, { ...call, testType });
      for await (const { id } of own) ids.push(id);
    }
    for (const { code, testRuns } of asList(data.tests))
      if (testType === undefined || code === testType)
        ids.push(...asList(testRuns).flatMap(({ id, state }) => (state === 'ready' ? [id] : [])));
  }
  yield* client.testRuns.getMany(ids, call);
}

function flatten(component: Component): Component[] {
  return [component, ...component.children.flatMap(flatten)];
}
