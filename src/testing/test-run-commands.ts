import { isRecord } from '../util/guards.js';
import { CommandError } from './app-error.js';
import type { CommandContext } from './commands.js';
import type { ComponentRecord, TestRunRecord } from './data/dataset.js';
import { viewTestRun, viewWholeTestRun } from './data/test-run-view.js';
import {
  componentDoesNotExist,
  type DtoIn,
  missingKey,
  NAMESPACE,
  page,
  requireText,
  toList,
} from './dto-in.js';

/** The runs of one component, or of several; without their results. */
export function listTestRunsByComponent(
  input: DtoIn,
  { command, dataset }: CommandContext,
): Record<string, unknown> {
  const isFiltered = isRecord(input['filterMap']);
  const filter = isRecord(input['filterMap']) ? input['filterMap'] : input;
  const identifiers = isFiltered
    ? [filter['serialNumber'], filter['code']].flatMap(toList)
    : [requireText(filter, 'component', command)];
  if (identifiers.length === 0) throw missingKey(command, 'filterMap.serialNumber', 'string');
  const tested = identifiers.map((identifier) => dataset.find(String(identifier)));
  const missing = tested.indexOf(undefined);
  if (missing !== -1) throw componentDoesNotExist(command, String(identifiers[missing]));
  const runs = tested
    .filter((component) => component !== undefined)
    .flatMap((component) => component.testRuns.map((run) => [component, run] as const))
    .filter(([component, run]) => matches(component, run, filter));
  return page(isFiltered ? 'itemList' : 'pageItemList', runs, input, ([component, run]) =>
    viewTestRun(component, run),
  );
}

/** One run with its results. */
export function getTestRun(input: DtoIn, context: CommandContext): Record<string, unknown> {
  return wholeTestRun(requireText(input, 'testRun', context.command), context);
}

/** Several runs with their results. */
export function getTestRunBulk(input: DtoIn, context: CommandContext): Record<string, unknown> {
  const ids = input['testRun'];
  if (!Array.isArray(ids)) throw missingKey(context.command, 'testRun', 'array');
  return { itemList: ids.map((id) => wholeTestRun(String(id), context)) };
}

function wholeTestRun(testRun: string, { command, dataset }: CommandContext): Record<string, unknown> {
  const component = dataset.findTested(testRun);
  const run = component?.testRuns.find(({ id }) => id === testRun);
  if (component !== undefined && run !== undefined) return viewWholeTestRun(component, run);
  const key = `${NAMESPACE}/${command}/testRunDoesNotExist`;
  throw new CommandError(400, key, 'Test run does not exist.', { testRun });
}

/** How each key of a filter reads what it compares with. */
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
