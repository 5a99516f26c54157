import { type Ref, refCode, refId } from '../../commands/references.js';
import type { ComponentType, FullComponent, TestType } from '../../commands/shapes.js';
import { isFilledString, isRecord } from '../../util/guards.js';
import { codesOf } from '../../util/lists.js';
import { suggest } from '../../util/similar.js';
import { titleOf } from '../components/component-name.js';
import { isPlaceholder } from '../writes/plan.js';
import type { Definitions } from './definitions.js';
import type { CheckedOptions } from './options.js';
import { describe, type Problems } from './test-run-input.js';

/** How the stage of a component is to be changed. */
export interface StageChange {
  /** The stage that the component is at. */
  readonly from: string;
  readonly to: string;
}

/** What a test run is checked with. */
export interface Facts {
  readonly own: CheckedOptions['own'];
  readonly component: FullComponent | undefined;
  readonly definitions: Definitions | undefined;
}

/** A test run as it was given. */
export type Run = Readonly<Record<string, unknown>>;

/** Checks the stage of a test run. Returns how that of the component is to be changed; undefined where it is not. */
export function checkStage(
  { isRetroactive, stage: ofRun }: Run,
  { component, definitions, own }: Facts,
  testType: TestType | undefined,
  problems: Problems,
): StageChange | undefined {
  if (ofRun !== undefined && !isFilledString(ofRun))
    problems.add('stage', `must be the code of a stage, not ${describe(ofRun)}`);
  if (isRetroactive !== undefined && typeof isRetroactive !== 'boolean')
    problems.add('isRetroactive', `must be true or false, not ${describe(isRetroactive)}`);
  if (isRetroactive === true && ofRun === undefined)
    problems.add('stage', 'is missing; with isRetroactive it is the stage that the test run belongs to');
  if (isRetroactive === true && own.setStage)
    problems.add(
      'isRetroactive',
      'is true, so setStage must not be: the test run belongs to an earlier stage',
    );
  if (isRetroactive !== true && own.stage !== undefined && ofRun !== undefined && own.stage !== ofRun)
    problems.add('stage', `is ${describe(ofRun)}, but the option stage is ${describe(own.stage)}`);
  if (own.setStage && own.stage === undefined && ofRun === undefined)
    problems.add('stage', 'is missing; setStage needs to know which one');
  const current = refCode(component?.currentStage);
  if (current === undefined || component === undefined) return undefined;
  const expected = own.stage ?? (isRetroactive !== true && isFilledString(ofRun) ? ofRun : current);
  const type = definitions?.type;
  const known = codesOf(type?.stages);
  for (const code of new Set([expected, ofRun]))
    if (isFilledString(code) && known.length > 0 && !known.includes(code))
      problems.add('stage', `is ${describe(code)}, which ${type?.code} does not have${suggest(code, known)}`);
  const mayChange = own.setStage === true && isRetroactive !== true;
  if (expected !== current && !mayChange && !isPlaceholder(current))
    problems.add(
      'stage',
      `is expected to be ${expected}, but ${titleOf(component)} is at ${current}; { setStage: true } would set it`,
    );
  checkAssociation(
    isRetroactive === true && isFilledString(ofRun) ? ofRun : expected,
    type,
    testType,
    problems,
  );
  return expected !== current && mayChange ? { from: current, to: expected } : undefined;
}

/** Checks that a test is done at a stage. Where no stage says which tests are done, it is not known. */
function checkAssociation(
  stage: string,
  type: ComponentType | undefined,
  testType: TestType | undefined,
  problems: Problems,
): void {
  if (testType === undefined) return;
  const stages = (type?.stages ?? []).map(({ code, testTypes }) => ({ code, tests: testsOf(testTypes) }));
  const isKnown = stages.some(({ code }) => code === stage) && stages.some(({ tests }) => tests.length > 0);
  const done = stages.filter(({ tests }) => tests.includes(testType.code) || tests.includes(testType.id));
  if (!isKnown || done.some(({ code }) => code === stage)) return;
  const where = done.length > 0 ? `it is done at ${codesOf(done).join(', ')}` : 'it is not done at any stage';
  problems.add('testType', `is ${testType.code}, which is not done at the stage ${stage}; ${where}`);
}

/** Returns the codes or the ids of the tests that are done at a stage. */
function testsOf(testTypes: unknown): string[] {
  if (!Array.isArray(testTypes)) return [];
  return testTypes.flatMap((one: unknown) => {
    const ref = (isRecord(one) && 'testType' in one ? one['testType'] : one) as Ref;
    return refCode(ref) ?? refId(ref) ?? [];
  });
}
