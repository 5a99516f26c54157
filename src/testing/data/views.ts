import { type ComponentType, type Named, PROJECTS, SUBPROJECTS } from './catalogue.js';
import type { ComponentRecord, Institution, TestRunRecord } from './dataset.js';

/** How much of a component a result shows: `list` is the default of `listComponents`. */
export type View = 'full' | 'list' | 'object';

export const AWID = 'dcb3f6d1f130482581ba1e7bbe34413c';
export const USER_IDENTITY = '1234-567-1';
const DAY = 24 * 3600 * 1000;

/** A component as the database shows it. */
export function viewComponent(component: ComponentRecord, view: View): Record<string, unknown> {
  const { type, typeCode } = component;
  const variant = type.types[typeCode];
  const subproject = variant?.subproject ?? '';
  const isObject = view === 'object';
  const isFull = view === 'full';
  const refer = (code: string, name: string): unknown => (isObject ? code : { id: idOf(code), code, name });
  const place = (site: Institution): unknown =>
    isObject ? site.id : { id: site.id, code: site.code, name: site.name };
  return {
    id: component.id,
    code: component.code,
    serialNumber: component.serialNumber,
    alternativeIdentifier: component.alternativeIdentifier ?? null,
    state: 'ready',
    stateTs: iso(component.registered),
    stateUserIdentity: USER_IDENTITY,
    cts: iso(component.registered),
    awid: AWID,
    sys: { cts: iso(component.registered), mts: iso(lastChange(component)), rev: component.stage + 1 },
    project: refer(type.project, PROJECTS.find(({ code }) => code === type.project)?.name ?? ''),
    subproject: refer(subproject, SUBPROJECTS[subproject] ?? ''),
    institution: place(component.institution),
    currentLocation: place(component.location),
    user: isFull ? { userIdentity: USER_IDENTITY, firstName: 'Alex', lastName: 'Example' } : USER_IDENTITY,
    userIdentity: USER_IDENTITY,
    componentType: isObject ? idOf(type.code) : { id: idOf(type.code), code: type.code, name: type.name },
    type: refer(typeCode, variant?.name ?? ''),
    currentStage: isObject ? type.stages[component.stage]?.code : viewStage(type, component.stage),
    stages: isFull ? viewStageHistory(component) : null,
    locations: isFull ? [{ institution: component.location.id, dateTime: iso(component.registered) }] : null,
    properties: isFull ? viewProperties(component) : null,
    children: isFull ? viewChildren(component) : null,
    parents: isFull ? viewParents(component) : null,
    tests: isFull ? viewTests(component.testRuns) : null,
    batches: null,
    flags: null,
    comments: isFull ? [] : null,
    attachments: isFull ? [] : null,
    dummy: false,
    completed: component.stage === type.stages.length - 1,
    assembled: component.parent !== undefined,
    reusable: null,
    trashed: false,
    reworked: false,
  };
}

/** An institution as the database shows it. */
export function viewInstitution(institution: Institution): Record<string, unknown> {
  const { id, code, name, supervisor, city, latitude, longitude } = institution;
  return {
    id,
    code,
    name,
    supervisor,
    address: { building: '', street: '', city, state: '', zip: '' },
    contacts: { email: `itk@${code.toLowerCase().replaceAll('_', '-')}.example`, phone: '', web: '' },
    latitude,
    longitude,
    componentTypes: [],
    state: 'ready',
    awid: AWID,
  };
}

/** A stage of a type of component, by its index. */
export function viewStage(type: ComponentType, index: number): unknown {
  const stage = type.stages[index] as Named;
  return { ...stage, order: index + 1, initial: index === 0, final: index === type.stages.length - 1 };
}

function viewStageHistory({ type, stage, registered }: ComponentRecord): unknown[] {
  return type.stages.slice(0, stage + 1).map(({ code, name }, index) => ({
    code,
    name,
    dateTime: iso(registered + index * 7 * DAY),
    rework: false,
    userIdentity: USER_IDENTITY,
  }));
}

function viewProperties({ serialNumber, location, type }: ComponentRecord): unknown[] {
  const localName = `${location.code}_${type.code}_${serialNumber.slice(-5)}`;
  return [
    {
      code: 'LOCALNAME',
      name: 'Local name',
      dataType: 'string',
      required: false,
      default: false,
      value: localName,
    },
    {
      code: 'ORDER',
      name: 'Order',
      dataType: 'integer',
      required: false,
      default: false,
      value: Number(serialNumber.slice(-3)),
    },
  ];
}

function viewChildren({ slots }: ComponentRecord): unknown[] {
  return slots.map(({ id, order, type, typeCode, child }) => ({
    id,
    order,
    componentType: { code: type.code, name: type.name },
    type: { code: typeCode, name: type.types[typeCode]?.name ?? '' },
    component: child === undefined ? null : viewLink(child),
    properties: null,
    history: null,
  }));
}

function viewParents({ parent }: ComponentRecord): unknown[] | null {
  if (parent === undefined) return null;
  const { type, typeCode } = parent;
  return [
    {
      componentType: { code: type.code, name: type.name },
      type: { code: typeCode, name: type.types[typeCode]?.name ?? '' },
      component: viewLink(parent),
      state: 'ready',
    },
  ];
}

/** What says which component is meant. */
export function viewLink({
  id,
  code,
  serialNumber,
  alternativeIdentifier,
}: ComponentRecord): Record<string, unknown> {
  return { id, code, serialNumber, alternativeIdentifier: alternativeIdentifier ?? null };
}

function viewTests(runs: readonly TestRunRecord[]): unknown[] {
  const tests = new Map(runs.map(({ test }) => [test.code, test]));
  return [...tests.values()].map(({ code, name }) => ({
    id: idOf(code),
    code,
    name,
    testRuns: runs
      .filter(({ test }) => test.code === code)
      .map(({ id, runNumber, passed, date, institution }) => ({
        id,
        state: 'ready',
        runNumber,
        passed,
        problems: false,
        date,
        cts: date,
        stateTs: date,
        institution: { id: institution.id, code: institution.code, name: institution.name },
      })),
  }));
}

function lastChange({ registered, stage }: ComponentRecord): number {
  return registered + stage * 7 * DAY;
}

/** The same 24 hexadecimal digits for the same code. */
export function idOf(code: string): string {
  let hash = 0x811c9dc5;
  for (const character of code) hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 0x01000193) >>> 0;
  return hash.toString(16).padStart(8, '0').repeat(3);
}

function iso(milliseconds: number): string {
  return new Date(milliseconds).toISOString();
}
