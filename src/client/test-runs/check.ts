import { refCode } from '../../commands/references.js';
import type { FullComponent, TestType } from '../../commands/shapes.js';
import { InvalidInvocation } from '../../exceptions/base.js';
import { isFilledString, isPlainObject } from '../../util/guards.js';
import { codesOf } from '../../util/lists.js';
import { suggest } from '../../util/similar.js';
import type { DefinitionCache } from '../components/definitions.js';
import { findComponent } from '../components/read-component.js';
import type { ResourceContext } from '../resources/resource.js';
import { reload } from '../writes/checks.js';
import { isPlaceholder } from '../writes/plan.js';
import { checkStage, type Facts, type Run, type StageChange } from './check-stage.js';
import { checkValues, toJson, type ValueContext } from './check-values.js';
import { DATE_EXPECTED, toDate } from './dates.js';
import type { Definitions } from './definitions.js';
import { readTestRunFile } from './json-file.js';
import type { CheckedOptions } from './options.js';
import { openFiles, type ResultFile } from './result-files.js';
import {
  describe,
  Problems,
  type TestRunInput,
  type TestRunTemplate,
  type UploadInput,
} from './test-run-input.js';

/** A test run after the check. */
export interface CheckedTestRun {
  readonly problems: Problems['list'];
  /** What is to be sent, where there are no problems. */
  readonly input: UploadInput;
  /** What is to be sent after it. */
  readonly files: readonly ResultFile[];
  /** The component, where it could be read. */
  readonly component: FullComponent | undefined;
  /** The stage that is to be set first; undefined where it is not to be changed. */
  readonly stage: StageChange | undefined;
}

const KEYS: readonly string[] = [
  ...['component', 'testType', 'institution', 'runNumber', 'date', 'passed', 'problems', 'properties'],
  ...['results', 'comments', 'defects', 'stage', 'isRetroactive'],
];

/**
 * Checks a test run that is to be uploaded, and finds every problem.
 *
 * @param given - the test run, or the path of a JSON file with one
 * @throws InvalidInvocation where it is not a test run at all
 * @throws what `client.get` throws
 */
export async function checkTestRun(
  { client }: ResourceContext,
  cache: DefinitionCache<Definitions>,
  subject: string,
  given: TestRunInput | TestRunTemplate | string,
  { own, call }: CheckedOptions,
): Promise<CheckedTestRun> {
  const { run, folder } = await read(subject, given);
  const component = await findIt(client, run['component'], call);
  const [project, type] = [refCode(component?.project), refCode(component?.componentType)];
  const examineWith = (definitions?: Definitions): Promise<CheckedTestRun> =>
    examine(run, folder, { own, component, definitions });
  if (project === undefined || type === undefined || isPlaceholder(type)) return examineWith();
  return cache.check({ project, code: type, call }, examineWith, ({ problems }) => problems.length === 0);
}

async function examine(run: Run, folder: string, facts: Facts): Promise<CheckedTestRun> {
  const { own, component, definitions } = facts;
  const problems = new Problems();
  const context: ValueContext = { problems, nanAsNull: own.nanAsNull === true, folder };
  checkComponent(run, component, problems);
  const testType = checkTestType(run, definitions, problems);
  checkPlace(run, component, problems);
  const runNumber = own.runNumber === 'next' ? '' : checkRunNumber(run, problems);
  const date = checkDate(run, problems);
  for (const key of ['passed', 'problems'] as const) checkBoolean(run, key, problems);
  const stage = checkStage(run, facts, testType, problems);
  const properties = checkValues(
    'properties',
    run['properties'],
    testType && (testType.properties ?? []),
    context,
  );
  const results = checkValues('results', run['results'], testType && (testType.parameters ?? []), context);
  const comments = checkComments(run, problems);
  const defects = checkDefects(run, context);
  for (const key of Object.keys(run))
    if (!KEYS.includes(key)) problems.add(key, `is not a key of a test run${suggest(key, KEYS)}`);
  const files = await openFiles(results.files, problems);
  const isRetroactive = run['isRetroactive'] === true;
  const input = {
    component: nameFor(run['component'], component),
    ...{ testType: run['testType'], institution: run['institution'], runNumber },
    ...(date !== undefined && { date }),
    ...{ passed: run['passed'], problems: run['problems'] },
    ...{ properties: properties.values, results: results.values },
    ...(comments.length > 0 && { comments }),
    ...(defects.length > 0 && { defects }),
    ...(isRetroactive && { isRetroactive, stage: run['stage'] }),
  } as UploadInput;
  return { problems: problems.list, input, files, component, stage };
}

async function read(
  subject: string,
  given: TestRunInput | TestRunTemplate | string,
): Promise<{ readonly run: Run; readonly folder: string }> {
  if (isFilledString(given)) return readTestRunFile(subject, given);
  if (!isPlainObject(given))
    throw new InvalidInvocation(
      `${subject}: the test run must be an object, such as client.testRuns.template makes it, or the path of a JSON file`,
    );
  return { run: given as unknown as Run, folder: '.' };
}

async function findIt(
  client: ResourceContext['client'],
  name: unknown,
  call: CheckedOptions['call'],
): Promise<FullComponent | undefined> {
  if (!isFilledString(name)) return undefined;
  return (await findComponent<FullComponent>(client, name, reload(call))).component;
}

function checkComponent(
  { component: name }: Run,
  component: FullComponent | undefined,
  problems: Problems,
): void {
  if (!isFilledString(name))
    problems.add('component', `must be a serial number or a code, not ${describe(name)}`);
  else if (component === undefined)
    problems.add('component', `is ${describe(name)}, and the database has no such component`);
}

/** Returns the test type. The database may have an older one with the same code that is not active. */
function checkTestType(
  { testType: code }: Run,
  definitions: Definitions | undefined,
  problems: Problems,
): TestType | undefined {
  if (!isFilledString(code)) {
    problems.add('testType', `must be the code of a test type, not ${describe(code)}`);
    return undefined;
  }
  if (definitions === undefined) return undefined;
  const { testTypes, type } = definitions;
  const found = testTypes.filter((one) => one.code === code);
  if (found.length === 0)
    problems.add('testType', `is not a test type of ${type.code}${suggest(code, codesOf(testTypes))}`);
  return found.find(({ state }) => state === 'active') ?? found[0];
}

/** Returns the name of a component that the upload takes. */
function nameFor(given: unknown, component: FullComponent | undefined): unknown {
  const { code, serialNumber } = component ?? {};
  return given === code || given === serialNumber ? given : (serialNumber ?? code ?? given);
}

function checkPlace({ institution }: Run, component: FullComponent | undefined, problems: Problems): void {
  const given = refCode(component?.currentLocation);
  const location = isPlaceholder(given) ? undefined : given;
  const where = location === undefined ? '' : `: the component is at ${location}`;
  if (!isFilledString(institution))
    problems.add('institution', `must be the code of an institution, not ${describe(institution)}${where}`);
  else if (location !== undefined && location !== institution)
    problems.add('institution', `is ${institution}, but the component is at ${location}`);
}

function checkRunNumber({ runNumber }: Run, problems: Problems): string {
  if (runNumber === undefined || runNumber === null || runNumber === '')
    problems.add('runNumber', "is missing; give a text such as '1', or upload with { runNumber: 'next' }");
  else if (runNumber === 'next')
    problems.add('runNumber', "is the text 'next', which is an option: upload with { runNumber: 'next' }");
  else if (typeof runNumber === 'number')
    problems.add('runNumber', `must be a text: '${runNumber}', not the number ${runNumber}`);
  else if (typeof runNumber !== 'string')
    problems.add('runNumber', `must be a text, not ${describe(runNumber)}`);
  return String(runNumber);
}

function checkDate({ date }: Run, problems: Problems): string | undefined {
  if (date === undefined || date === null) return undefined;
  const time = typeof date === 'string' ? toDate(date) : date;
  if (time instanceof Date && !Number.isNaN(time.getTime())) return time.toISOString();
  problems.add(
    'date',
    `must be ${DATE_EXPECTED}, not ${date instanceof Date ? 'an invalid Date' : describe(date)}`,
  );
  return undefined;
}

function checkBoolean(run: Run, key: string, problems: Problems): void {
  const { [key]: value } = run;
  if (typeof value === 'boolean') return;
  const isMissing = value === undefined || value === null;
  problems.add(
    key,
    isMissing ? 'is missing; give true or false' : `must be true or false, not ${describe(value)}`,
  );
}

function checkComments({ comments }: Run, problems: Problems): string[] {
  if (comments === undefined || comments === null) return [];
  if (Array.isArray(comments) && comments.every(isFilledString)) return [...comments];
  problems.add('comments', 'must be a list of texts that are not empty');
  return [];
}

function checkDefects({ defects }: Run, context: ValueContext): object[] {
  if (defects === undefined || defects === null) return [];
  if (Array.isArray(defects) && defects.every((one) => isPlainObject(one) && isFilledString(one['name'])))
    return toJson('defects', defects, context) as object[];
  context.problems.add('defects', 'must be a list of objects with a name, a description and properties');
  return [];
}
