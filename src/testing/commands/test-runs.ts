import { isRecord } from '../../util/guards.js';
import type { ComponentRecord, TestRunRecord } from '../data/dataset.js';
import { viewTestRun, viewWholeTestRun } from '../data/test-run-view.js';
import type { Command, CommandContext, DtoIn } from './command.js';
import { CommandError, componentDoesNotExist, missingKey, NAMESPACE } from './command-error.js';
import { page, requireList, requireText, toList } from './input.js';

/** Lists the test runs of one component or of several, without their results. */
export const listTestRunsByComponent: Command = {
  keys: ['filterMap', 'pageInfo', 'outputType', 'component', 'testType', 'stage', 'runNumber'],
  run(input, { command, dataset }) {
    const filterMap = isRecord(input['filterMap']) ? input['filterMap'] : undefined;
    const filter = filterMap ?? input;
    const identifiers = filterMap
      ? [filter['serialNumber'], filter['code']].flatMap(toList)
      : [requireText(filter, 'component', command)];
    if (identifiers.length === 0) throw missingKey(command, 'filterMap.serialNumber', 'string');
    const tested = identifiers.map((identifier) => {
      const component = dataset.find(String(identifier));
      if (component === undefined) throw componentDoesNotExist(command, String(identifier));
      return component;
    });
    const runs = tested
      .flatMap((component) => component.testRuns.map((run) => [component, run] as const))
      .filter(([component, run]) => matches(component, run, filter));
    return page(filterMap ? 'itemList' : 'pageItemList', runs, input, ([component, run]) =>
      viewTestRun(component, run),
    );
  },
};

/** Returns one test run with its results. */
export const getTestRun: Command = {
  keys: ['testRun', 'noEosToken', 'outputType'],
  run: (input, context) => wholeTestRun(requireText(input, 'testRun', context.command), context),
};

/** Returns several test runs with their results. */
export const getTestRunBulk: Command = {
  keys: ['testRun', 'noEosToken', 'outputType'],
  run(input, context) {
    const ids = requireList(input, 'testRun', context.command);
    return { itemList: ids.map((id) => wholeTestRun(String(id), context)) };
  },
};

function wholeTestRun(testRun: string, { command, dataset }: CommandContext): Record<string, unknown> {
  const component = dataset.findTested(testRun);
  const run = component?.testRuns.find(({ id }) => id === testRun);
  if (component !== undefined && run !== undefined) return viewWholeTestRun(component, run);
  const key = `${NAMESPACE}/${command}/testRunDoesNotExist`;
  throw new CommandError(400, key, 'Test run does not exist.', { testRun });
}

/** The value of a test run that each key of a filter is compared with. */
const FILTERS: Readonly<Record<string, (component: ComponentRecord, run: TestRunRecord) => unknown>> = {
  testType: (_, { test }) => test.code,
  stage: ({ type }, { stage }) => type.stages[stage]?.code,
  runNumber: (_, { runNumber }) => runNumber,
  state: () => 'ready',
};

function matches(component: ComponentRecord, run: TestRunRecord, filter: DtoIn): boolean {
  return Object.entries(FILTERS).every(([key, read]) => {
    const wanted = toList(filter[key]);
    return wanted.length === 0 || wanted.includes(read(component, run));
  });
}
