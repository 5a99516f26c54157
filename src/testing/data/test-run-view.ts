import type { Named } from './catalogue.js';
import type { ComponentRecord, TestRunRecord } from './records.js';
import { type Parameter, parametersOf, TEST_PROPERTIES } from './test-types.js';
import {
  AWID,
  idOf,
  iso,
  listOrNull,
  viewAttachment,
  viewComment,
  viewInstitutionLink,
  viewLink,
  viewPerson,
  viewStage,
} from './views.js';

/** A test run as lists show it: neither its results nor its component. */
export function viewTestRun({ type }: ComponentRecord, run: TestRunRecord): Record<string, unknown> {
  const { id, test, stage, runNumber, passed, problems, date, institution, state, user } = run;
  return {
    id,
    state,
    stateTs: state === 'ready' ? iso(run.uploaded) : iso(run.changed),
    stateUserIdentity: user.identity,
    cts: iso(run.uploaded),
    stage: viewStage(type, stage),
    userIdentity: user.identity,
    runNumber,
    passed,
    problems,
    date,
    institution: viewInstitutionLink(institution),
    testType: { id: testTypeId(type.project, type.code, test), code: test.code, name: test.name },
  };
}

/** A test run as `getTestRun` shows it. */
export function viewWholeTestRun(
  component: ComponentRecord,
  run: TestRunRecord,
  quirks: boolean,
): Record<string, unknown> {
  const { type, typeCode } = component;
  const stage = type.stages[run.stage];
  return {
    ...viewTestRun(component, run),
    awid: AWID,
    sys: { cts: iso(run.uploaded), mts: iso(run.changed), rev: run.rev },
    user: viewPerson(run.user),
    properties: viewParameters(TEST_PROPERTIES, run.properties ?? { OPERATOR: 'Alex Example' }),
    results: viewParameters(parametersOf(run.test), run.results ?? generatedResults(run)),
    components: [
      {
        ...viewLink(component),
        componentType: { code: type.code, name: type.name },
        type: { code: typeCode, name: type.types[typeCode]?.name ?? '' },
        testedAtStage: { code: stage?.code, name: stage?.name },
      },
    ],
    defects: listOrNull(run.defects, quirks),
    comments: listOrNull(run.comments.map(viewComment), quirks),
    attachments: listOrNull(run.attachments.map(viewAttachment), quirks),
  };
}

/** The id of a test type. Tests of different component types may have the same code. */
function testTypeId(project: string, componentType: string, test: Named): string {
  return idOf(`${project}/${componentType}/${test.code}`);
}

function viewParameters(parameters: readonly Parameter[], values: Readonly<Record<string, unknown>>) {
  return parameters
    .filter(({ code, required }) => required || values[code] !== undefined)
    .map((parameter) => ({ ...parameter, value: values[parameter.code] ?? null }));
}

/** What was measured, the same for the same run. */
function generatedResults({ id, test, passed }: TestRunRecord): Record<string, unknown> {
  const noise = Number.parseInt(id.slice(0, 2), 16) / 256;
  const climate = { TEMPERATURE: round(20 + 2 * noise), HUMIDITY: round(30 + 10 * noise) };
  if (!parametersOf(test).some(({ code }) => code === 'VOLTAGE')) return climate;
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
