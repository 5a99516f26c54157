import type { TestRunRecord } from './records.js';
import type { Parameter } from './test-types.js';
import {
  AWID,
  iso,
  listOrNull,
  type RecordViewOptions,
  viewAttachment,
  viewComment,
  viewLink,
  viewNamed,
  viewPerson,
  viewStage,
} from './views.js';

/** A test run as lists show it: neither its results nor its component. */
export function viewTestRun(run: TestRunRecord): Record<string, unknown> {
  const { id, testType, stage, runNumber, passed, problems, date, institution, state, user } = run;
  return {
    id,
    state,
    stateTs: state === 'ready' ? iso(run.cts) : iso(run.mts),
    stateUserIdentity: user.userIdentity,
    cts: iso(run.cts),
    stage: viewStage(stage),
    userIdentity: user.userIdentity,
    runNumber,
    passed,
    problems,
    date,
    institution: viewNamed(institution),
    testType: viewNamed(testType),
  };
}

/** A test run as `getTestRun` shows it. */
export function viewWholeTestRun(
  run: TestRunRecord,
  { quirks, asObject = false }: RecordViewOptions,
): Record<string, unknown> {
  const { component, testType, stage, institution } = run;
  const { componentType, type } = component;
  return {
    ...viewTestRun(run),
    ...(asObject && quirks && { stage: stage.code, institution: institution.id, testType: testType.id }),
    awid: AWID,
    sys: { cts: iso(run.cts), mts: iso(run.mts), rev: run.rev },
    user: viewPerson(run.user),
    properties: listOrNull(viewValues(testType.properties, valuesOf(run, 'properties')), quirks),
    results: listOrNull(viewValues(testType.parameters, valuesOf(run, 'results')), quirks),
    components: [
      {
        ...viewLink(component),
        componentType: { code: componentType.code, name: componentType.name },
        type: { code: type.code, name: type.name },
        testedAtStage: { code: stage.code, name: stage.name },
      },
    ],
    defects: listOrNull(run.defects, quirks),
    comments: listOrNull(run.comments.map(viewComment), quirks),
    attachments: listOrNull(run.attachments.map(viewAttachment), quirks),
  };
}

/** Returns the properties or the results of a test run by code. */
export function valuesOf(
  run: TestRunRecord,
  key: 'properties' | 'results',
): Readonly<Record<string, unknown>> {
  if (key === 'properties') return run.properties ?? { OPERATOR: 'Alex Example' };
  return run.results ?? generatedResults(run);
}

function viewValues(parameters: readonly Parameter[], values: Readonly<Record<string, unknown>>): unknown[] {
  return parameters
    .filter(({ code, required }) => required || values[code] !== undefined)
    .map((parameter) => ({ ...parameter, value: values[parameter.code] ?? null }));
}

/** What was measured, the same for the same run. */
function generatedResults({ id, testType, passed }: TestRunRecord): Record<string, unknown> {
  const noise = Number.parseInt(id.slice(0, 2), 16) / 256;
  const climate = { TEMPERATURE: round(20 + 2 * noise), HUMIDITY: round(30 + 10 * noise) };
  if (!testType.parameters.some(({ code }) => code === 'VOLTAGE')) return climate;
  const voltages = Array.from({ length: 71 }, (_, step) => -10 * step);
  // In nA. A sensor that fails breaks down well before the end of the scan.
  const breakdown = passed ? 690 : 350;
  const currents = voltages.map((voltage) =>
    round(-3.5 - Math.sqrt(-voltage) * (2 + noise) * (-voltage > breakdown ? 40 : 1)),
  );
  return { ...climate, VOLTAGE: voltages, CURRENT: currents };
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
