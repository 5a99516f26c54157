import { isRecord } from '../../util/guards.js';
import type { TestRunRecord } from '../data/records.js';
import { valuesOf, viewTestRun, viewWholeTestRun } from '../data/test-run-view.js';
import type { Command, CommandContext, DtoIn } from './command.js';
import { missingKeys } from './command-error.js';
import { limited } from './component-lists.js';
import { isWanted, valueFilter } from './filters.js';
import {
  componentOf,
  componentTypeOf,
  isShown,
  page,
  projectOf,
  testRunOf,
  testTypeOf,
  toList,
} from './input.js';

/** Lists the test runs of one component or of several, without their results. */
export const listTestRunsByComponent: Command = (input, context) => {
  const filterMap = isRecord(input['filterMap']) ? input['filterMap'] : undefined;
  const filter = filterMap ?? input;
  const identifiers = filterMap
    ? [filter['serialNumber'], filter['code']].flatMap(toList)
    : [filter['component']];
  if (identifiers.length === 0) throw missingKeys(context.command, ['$.filterMap.serialNumber']);
  const components = new Set(identifiers.map((identifier) => componentOf(identifier, context)));
  const runs = [...components]
    .flatMap(({ testRuns }) => testRuns)
    .filter((run) => matches(run, filter, context));
  return page(filterMap ? 'itemList' : 'pageItemList', runs, input, viewTestRun);
};

/** Lists the test runs of a test type, without their results and their component. */
export const listTestRunsByTestType: Command = (input, context) =>
  page('itemList', runsOfType(input, context), input, viewTestRun);

/** Lists the test runs of a test type with given results. */
export const listTestRunsByParameter: Command = (input, context) => {
  const type = componentTypeOf(input['project'], input['componentType'], context);
  const { parameters } = testTypeOf(type, input['testType'], context);
  const codes = parameters.map(({ code }) => code);
  const hasResults = valueFilter(input['parameterFilter'], '$.parameterFilter', codes, context);
  const runs = runsOfType(input, context).filter((run) => hasResults(valuesOf(run, 'results')));
  return page('itemList', runs, input, viewTestRun);
};

/** Lists the test runs that the user uploaded. */
export const listMyTestRuns: Command = (input, context) => {
  const { store, user, quirks } = context;
  const project = toList(input['project']).map((code) => projectOf(code, context))[0];
  const mine = store.testRuns.filter(
    (run) =>
      run.user.userIdentity === user.userIdentity &&
      isShown(run, quirks) &&
      isWanted(project, run.component.componentType.project),
  );
  return page('itemList', limited(mine, input, context), input, viewTestRun);
};

/** Returns one test run with its results. */
export const getTestRun: Command = (input, context) =>
  viewWholeTestRun(testRunOf(input['testRun'], context), {
    quirks: context.quirks,
    asObject: input['outputType'] === 'object',
  });

/** Returns several test runs with their results. */
export const getTestRunBulk: Command = (input, context) => {
  const runs = toList(input['testRun']).map((id) => testRunOf(id, context));
  return { itemList: runs.map((run) => viewWholeTestRun(run, context)) };
};

/** Returns the test runs of the test type that an input names, in the order of their components. */
function runsOfType(input: DtoIn, context: CommandContext): TestRunRecord[] {
  const { store } = context;
  const type = componentTypeOf(input['project'], input['componentType'], context);
  const { code } = testTypeOf(type, input['testType'], context);
  return (store.group('componentType', [type.code]) ?? [])
    .filter(({ componentType }) => componentType === type)
    .flatMap(({ testRuns }) => testRuns)
    .filter((run) => run.testType.code === code && matches(run, { stage: input['stage'] }, context));
}

/** The value of a test run that each key of a filter is compared with. */
const FILTERS: Readonly<Record<string, (run: TestRunRecord) => unknown>> = {
  testType: ({ testType }) => testType.code,
  stage: ({ stage }) => stage.code,
  runNumber: ({ runNumber }) => runNumber,
  state: ({ state }) => state,
};

function matches(run: TestRunRecord, filter: DtoIn, { quirks }: CommandContext): boolean {
  return (
    isShown(run, quirks) && Object.entries(FILTERS).every(([key, read]) => isWanted(filter[key], read(run)))
  );
}
