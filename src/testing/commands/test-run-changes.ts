import type { TestRunRecord } from '../data/records.js';
import { viewWholeTestRun } from '../data/test-run-view.js';
import { parametersOf, TEST_PROPERTIES, testsOf } from '../data/test-types.js';
import { AWID } from '../data/views.js';
import type { Command } from './command.js';
import { refusal } from './command-error.js';
import { newComments } from './comments.js';
import { componentOf, institutionOf, isTrue, testRunOf, textOf } from './input.js';
import { checkValues } from './values.js';

/** Uploads a test run to the current stage of a component, which must be at the institution. */
export const uploadTestRunResults: Command = (input, context) => {
  const { command, store, user, quirks } = context;
  const component = componentOf(input['component'], context);
  const institution = institutionOf(input['institution'], context);
  const test = testsOf(component.type).find(({ code }) => code === input['testType']);
  if (test === undefined) {
    const { testType } = input;
    throw refusal(command, 'testTypeDaoGetByCodeFailed', 'Test type does not exist.', { testType });
  }
  if (component.location !== institution) {
    throw refusal(command, 'componentAtDifferentLocation', 'The component is at another location.', {
      institution: institution.code,
      currentLocation: component.location.code,
    });
  }
  const stage = component.type.stages[component.stage]?.code ?? '';
  if (!component.type.tests[stage]?.some(({ code }) => code === test.code)) {
    const message = 'The test type does not belong to the current stage of the component.';
    throw refusal(command, 'unassociatedStageWithTestType', message, { stage, testType: test.code });
  }
  const now = Date.now();
  const run: TestRunRecord = {
    id: store.newId(),
    component,
    test,
    stage: component.stage,
    runNumber: String(input['runNumber']),
    passed: isTrue(input['passed']),
    problems: isTrue(input['problems']),
    date: textOf(input['date']) ?? new Date(now).toISOString(),
    institution,
    state: 'ready',
    properties: checkValues('properties', TEST_PROPERTIES, input, context),
    results: checkValues('results', parametersOf(test), input, context),
    defects: Array.isArray(input['defects'])
      ? input['defects'].map((defect) => ({ code: store.newId(), ...defect }))
      : [],
    comments: newComments(input, context),
    attachments: [],
    user,
    uploaded: now,
    rev: 1,
    changed: now,
  };
  store.addTestRun(run);
  const { id, serialNumber } = component;
  return {
    testRun: viewWholeTestRun(component, run, quirks),
    componentTestRun: { awid: AWID, testRun: run.id, component: id, serialNumber },
  };
};

/** Marks a test run as deleted. It stays readable. */
export const deleteTestRun: Command = (input, context) => {
  const run = testRunOf(input['testRun'], context);
  context.store.update(run, { state: 'deleted' });
  return { testRun: viewWholeTestRun(run.component, run, context.quirks) };
};
