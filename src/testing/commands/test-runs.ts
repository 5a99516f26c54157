import { isRecord } from '../../util/guards.js';
import type { TestRunRecord } from '../data/records.js';
import { viewTestRun, viewWholeTestRun } from '../data/test-run-view.js';
import type { Command, DtoIn } from './command.js';
import { missingKeys } from './command-error.js';
import { componentOf, page, testRunOf, toList } from './input.js';

/** Lists the test runs of one component or of several, without their results. */
export const listTestRunsByComponent: Command = (input, context) => {
  const filterMap = isRecord(input['filterMap']) ? input['filterMap'] : undefined;
  const filter = filterMap ?? input;
  const identifiers = filterMap
    ? [filter['serialNumber'], filter['code']].flatMap(toList)
    : [filter['component']];
  if (identifiers.length === 0) throw missingKeys(context.command, ['$.filterMap.serialNumber']);
  const runs = identifiers
    .flatMap((identifier) => componentOf(identifier, context).testRuns)
    .filter((run) => matches(run, filter));
  return page(filterMap ? 'itemList' : 'pageItemList', runs, input, (run) => viewTestRun(run.component, run));
};

/** Returns one test run with its results. */
export const getTestRun: Command = (input, context) => {
  const run = testRunOf(input['testRun'], context);
  return viewWholeTestRun(run.component, run, context.quirks);
};

/** Returns several test runs with their results. */
export const getTestRunBulk: Command = (input, context) => {
  const runs = toList(input['testRun']).map((id) => testRunOf(id, context));
  return { itemList: runs.map((run) => viewWholeTestRun(run.component, run, context.quirks)) };
};

/** The value of a test run that each key of a filter is compared with. */
const FILTERS: Readonly<Record<string, (run: TestRunRecord) => unknown>> = {
  testType: ({ test }) => test.code,
  stage: ({ component, stage }) => component.type.stages[stage]?.code,
  runNumber: ({ runNumber }) => runNumber,
  state: ({ state }) => state,
};

function matches(run: TestRunRecord, filter: DtoIn): boolean {
  return Object.entries(FILTERS).every(([key, read]) => {
    const wanted = toList(filter[key]);
    return wanted.length === 0 || wanted.includes(read(run));
  });
}
