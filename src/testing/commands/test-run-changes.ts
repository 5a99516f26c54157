import type { Stage } from '../data/catalogue.js';
import type { ComponentRecord, TestRunRecord } from '../data/records.js';
import { valuesOf, viewWholeTestRun } from '../data/test-run-view.js';
import { AWID, stagesOf } from '../data/views.js';
import type { Command, CommandContext, DtoIn } from './command.js';
import { invalidKeys, missingKeys, refusal } from './command-error.js';
import { newComments } from './comments.js';
import { institutionOf, isTrue, presentComponentOf, testRunOf, testTypeOf, textOf } from './input.js';
import { checkValue, checkValues } from './values.js';

/** Uploads a test run to the stage of a component, which must be at the institution. */
export const uploadTestRunResults: Command = (input, context) => {
  const { command, store, user } = context;
  const component = presentComponentOf(input['component'], context);
  const institution = institutionOf(input['institution'], context);
  const testType = testTypeOf(component.componentType, input['testType'], context);
  if (component.currentLocation !== institution) {
    throw refusal(command, 'componentAtDifferentLocation', 'The component is at another location.', {
      institution: institution.code,
      currentLocation: component.currentLocation.code,
    });
  }
  const stage = stageOfRun(component, input, context);
  if (!testType.stages.includes(stage.code)) {
    const message = 'The test type does not belong to the current stage of the component.';
    throw refusal(command, 'unassociatedStageWithTestType', message, {
      stage: stage.code,
      testType: testType.code,
    });
  }
  const now = Date.now();
  const date = dateOf(input, now, context);
  const properties = checkValues('properties', testType.properties, input, context);
  const results = checkValues('results', testType.parameters, input, context);
  const run: TestRunRecord = {
    id: store.newId(),
    component,
    testType,
    stage,
    runNumber: String(input['runNumber']),
    passed: isTrue(input['passed']),
    problems: isTrue(input['problems']),
    date,
    institution,
    state: 'ready',
    properties,
    results,
    defects: Array.isArray(input['defects'])
      ? input['defects'].map((defect) => ({ code: store.newId(), ...defect }))
      : [],
    comments: newComments(input, context),
    attachments: [],
    user,
    cts: now,
    rev: 1,
    mts: now,
  };
  store.addTestRun(run);
  const { id, serialNumber } = component;
  return {
    testRun: viewWholeTestRun(run, context),
    componentTestRun: { awid: AWID, testRun: run.id, component: id, serialNumber },
  };
};

/** Sets a result of a test run. */
export const setTestRunParameter: Command = (input, context) => {
  const run = testRunOf(input['testRun'], context);
  const changed = checkValue(run.testType.parameters, input, 'parameterDoesNotExist', context);
  context.store.update(run, { results: { ...valuesOf(run, 'results'), ...changed } });
  return { testRun: viewWholeTestRun(run, context) };
};

/** Sets a property of a test run. */
export const setTestRunProperty: Command = (input, context) => {
  const run = testRunOf(input['testRun'], context);
  const changed = checkValue(run.testType.properties, input, 'propertyDoesNotExist', context);
  context.store.update(run, { properties: { ...valuesOf(run, 'properties'), ...changed } });
  return { testRun: viewWholeTestRun(run, context) };
};

/** Marks a test run as deleted. It stays readable. */
export const deleteTestRun: Command = (input, context) => {
  const run = testRunOf(input['testRun'], context);
  context.store.update(run, { state: 'deleted' });
  return { testRun: viewWholeTestRun(run, context) };
};

/**
 * Returns the stage that a test run belongs to: the current one, or with `isRetroactive` the one that the input names. That rule
 * is a guess.
 */
function stageOfRun(component: ComponentRecord, input: DtoIn, { command }: CommandContext): Stage {
  const isRetroactive = isTrue(input['isRetroactive']);
  const code = textOf(input['stage']);
  if (isRetroactive && code === undefined) throw missingKeys(command, ['$.stage']);
  if (code === undefined || code === component.currentStage.code) return component.currentStage;
  const past = stagesOf(component).find(({ stage }) => stage.code === code);
  if (isRetroactive && past !== undefined) return past.stage;
  const reason = isRetroactive
    ? 'The component has not been in this stage.'
    : 'A stage other than the current one needs `isRetroactive`.';
  throw invalidKeys(command, 'invalidValueKeyMap', { '$.stage': reason });
}

/** Returns the date of a test run: the input has it in ISO 8601, or as `DD.MM.YYYY HH:MM`, which is kept as it is. */
function dateOf(input: DtoIn, now: number, { command }: CommandContext): string {
  const text = textOf(input['date']);
  if (text === undefined) return new Date(now).toISOString();
  const [, day, month, year, time] = /^(\d\d)\.(\d\d)\.(\d{4}) (\d\d:\d\d)$/.exec(text) ?? [];
  const instant = instantOf(day === undefined ? text : `${year}-${month}-${day}T${time}Z`);
  if (instant !== undefined) return day === undefined ? instant.toISOString() : text;
  throw invalidKeys(command, 'invalidValueKeyMap', { '$.date': 'The date has a wrong form.' });
}

const ISO_8601 = /^(\d{4}-\d\d-\d\d)(?:T\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d)?)?$/;

/** Returns the time of a text in ISO 8601; undefined where there is no such day or time. */
function instantOf(text: string): Date | undefined {
  const [, day = ''] = ISO_8601.exec(text) ?? [];
  const [midnight, instant] = [new Date(day), new Date(text)];
  if (Number.isNaN(midnight.getTime()) || Number.isNaN(instant.getTime())) return undefined;
  // `Date` takes February 31 for a day in March.
  return midnight.toISOString().startsWith(day) ? instant : undefined;
}
