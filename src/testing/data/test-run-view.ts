import type { ComponentRecord, TestRunRecord } from './dataset.js';
import { AWID, idOf, USER_IDENTITY, viewLink, viewStage } from './views.js';

/** A test run as lists show it: neither its results nor its component. */
export function viewTestRun({ type }: ComponentRecord, run: TestRunRecord): Record<string, unknown> {
  const { id, test, stage, runNumber, passed, date, institution } = run;
  return {
    id,
    state: 'ready',
    stateTs: date,
    stateUserIdentity: USER_IDENTITY,
    cts: date,
    stage: viewStage(type, stage),
    userIdentity: USER_IDENTITY,
    runNumber,
    passed,
    problems: false,
    date,
    institution: { id: institution.id, code: institution.code, name: institution.name },
    testType: { id: idOf(test.code), code: test.code, name: test.name },
  };
}

/** A test run as `getTestRun` shows it. */
export function viewWholeTestRun(component: ComponentRecord, run: TestRunRecord): Record<string, unknown> {
  const { type, typeCode } = component;
  return {
    ...viewTestRun(component, run),
    awid: AWID,
    sys: { cts: run.date, mts: run.date, rev: 1 },
    user: { userIdentity: USER_IDENTITY, firstName: 'Alex', lastName: 'Example' },
    properties: [parameter('OPERATOR', 'Operator', 'string', 'single', 'Alex Example')],
    results: results(run),
    components: [
      {
        ...viewLink(component),
        componentType: { code: type.code, name: type.name },
        type: { code: typeCode, name: type.types[typeCode]?.name ?? '' },
        testedAtStage: { code: type.stages[run.stage]?.code, name: type.stages[run.stage]?.name },
      },
    ],
    defects: null,
    comments: null,
    attachments: null,
  };
}

/** What was measured, the same for the same run; a test whose name says so has a current-voltage curve. */
function results({ id, test, passed }: TestRunRecord): unknown[] {
  const noise = Number.parseInt(id.slice(0, 2), 16) / 256;
  const climate = [
    parameter('TEMPERATURE', 'Temperature (°C)', 'float', 'single', round(20 + 2 * noise)),
    parameter('HUMIDITY', 'Relative humidity (%)', 'float', 'single', round(30 + 10 * noise)),
  ];
  if (!/(?:^|_)IV(?:_|$)/.test(test.code)) return climate;
  const voltages = Array.from({ length: 71 }, (_, step) => -10 * step);
  // In nA. A sensor that fails breaks down well before the end of the scan.
  const breakdown = passed ? 690 : 350;
  const currents = voltages.map((voltage) =>
    round(-3.5 - Math.sqrt(-voltage) * (2 + noise) * (-voltage > breakdown ? 40 : 1)),
  );
  return [
    ...climate,
    parameter('VOLTAGE', 'Voltage (V)', 'float', 'array', voltages),
    parameter('CURRENT', 'Current (nA)', 'float', 'array', currents),
  ];
}

function parameter(
  code: string,
  name: string,
  dataType: string,
  valueType: 'single' | 'array',
  value: unknown,
): Record<string, unknown> {
  return { code, name, dataType, valueType, required: true, value };
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
