import { type ComponentType, type Named, PROJECTS, SUBPROJECTS } from './catalogue.js';
import type {
  AttachmentRecord,
  CommentRecord,
  ComponentRecord,
  Institution,
  Person,
  TestRunRecord,
} from './records.js';
import { COMPONENT_PROPERTIES, FLAGS, type Parameter } from './test-types.js';

/** How much of a component a result shows: `list` is the default of `listComponents`. */
export type View = 'full' | 'list' | 'object';

/** How a result shows a component. */
export interface ViewOptions {
  readonly view: View;
  /** Whether an empty list is null, as the real database shows it. */
  readonly quirks: boolean;
  /** How a whole component shows its parents and children. @defaultValue `object` */
  readonly references?: 'id' | 'object';
}

export const AWID = 'dcb3f6d1f130482581ba1e7bbe34413c';
const DAY = 24 * 3600 * 1000;

/** A component as the database shows it. */
export function viewComponent(component: ComponentRecord, options: ViewOptions): Record<string, unknown> {
  const { type, typeCode, user } = component;
  const { view, quirks, references = 'object' } = options;
  const variant = type.types[typeCode];
  const subproject = variant?.subproject ?? '';
  const isObject = view === 'object';
  const isFull = view === 'full';
  const refer = (code: string, name: string): unknown => (isObject ? code : { id: idOf(code), code, name });
  const place = (site: Institution): unknown => (isObject ? site.id : viewInstitutionLink(site));
  const link = (linked: ComponentRecord): unknown => (references === 'id' ? linked.id : viewLink(linked));
  const whenFull = (list: () => readonly unknown[]): unknown => (isFull ? listOrNull(list(), quirks) : null);
  return {
    id: component.id,
    code: component.code,
    serialNumber: component.serialNumber,
    alternativeIdentifier: component.alternativeIdentifier ?? null,
    state: component.state,
    stateTs: iso(component.stateChanged),
    stateUserIdentity: user.identity,
    cts: iso(component.registered),
    awid: AWID,
    sys: { cts: iso(component.registered), mts: iso(component.changed), rev: component.rev },
    project: refer(type.project, PROJECTS.find(({ code }) => code === type.project)?.name ?? ''),
    subproject: refer(subproject, SUBPROJECTS[subproject] ?? ''),
    institution: place(component.institution),
    currentLocation: place(component.location),
    user: isFull ? viewPerson(user) : user.identity,
    userIdentity: user.identity,
    componentType: isObject ? typeId(type) : { id: typeId(type), code: type.code, name: type.name },
    type: refer(typeCode, variant?.name ?? ''),
    currentStage: isObject ? type.stages[component.stage]?.code : viewStage(type, component.stage),
    stages: whenFull(() => viewStageHistory(component)),
    locations: whenFull(() => viewLocationHistory(component)),
    properties: whenFull(() => viewProperties(component)),
    children: whenFull(() => viewChildren(component, link)),
    parents: whenFull(() => viewParents(component, link)),
    tests: whenFull(() => viewTests(type, component.testRuns)),
    batches: null,
    flags: listOrNull(component.flags.map(viewFlag), quirks),
    comments: isFull ? component.comments.map(viewComment) : null,
    attachments: isFull ? component.attachments.map(viewAttachment) : null,
    dummy: false,
    completed: component.completed,
    assembled: component.parent !== undefined,
    reusable: null,
    trashed: component.trashed,
    reworked: component.stageHistory?.some(({ rework }) => rework) ?? false,
    currentGrade: component.grade,
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

/** What says which component is meant. */
export function viewLink({
  id,
  code,
  serialNumber,
  alternativeIdentifier,
}: ComponentRecord): Record<string, unknown> {
  return { id, code, serialNumber, alternativeIdentifier: alternativeIdentifier ?? null };
}

/** What says which institution is meant. */
export function viewInstitutionLink({ id, code, name }: Institution): Record<string, unknown> {
  return { id, code, name };
}

export function viewPerson({ identity, firstName, lastName }: Person): Record<string, unknown> {
  return { userIdentity: identity, firstName, lastName };
}

export function viewComment({ code, dateTime, comment, user }: CommentRecord): Record<string, unknown> {
  return { code, dateTime: iso(dateTime), comment, user: viewPerson(user) };
}

export function viewAttachment(attachment: AttachmentRecord): Record<string, unknown> {
  const { code, dateTime, title, description, type, filename, contentType, url, bytes, user } = attachment;
  return {
    code,
    dateTime: iso(dateTime),
    title,
    description,
    type,
    filename,
    contentType,
    ...(type === 'file' && { filesize: bytes.length }),
    url: url ?? null,
    userIdentity: user.identity,
    user: viewPerson(user),
  };
}

/** Returns null for an empty list, as the real database does, unless there are no quirks. */
export function listOrNull<T>(list: readonly T[], quirks: boolean): readonly T[] | null {
  return quirks && list.length === 0 ? null : list;
}

/** The id of a component type. Types of different projects may have the same code. */
function typeId({ project, code }: ComponentType): string {
  return idOf(`${project}/${code}`);
}

/** The same 24 hexadecimal digits for the same code. */
export function idOf(code: string): string {
  let hash = 0x811c9dc5;
  for (const character of code) hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 0x01000193) >>> 0;
  return hash.toString(16).padStart(8, '0').repeat(3);
}

export function iso(milliseconds: number): string {
  return new Date(milliseconds).toISOString();
}

/** Returns the stages of a component so far; a generated one was in each stage for a week. */
export function stageHistoryOf(component: ComponentRecord): NonNullable<ComponentRecord['stageHistory']> {
  const { stageHistory, stage, registered, user } = component;
  if (stageHistory !== undefined) return stageHistory;
  return Array.from({ length: stage + 1 }, (_, index) => ({
    stage: index,
    dateTime: registered + index * 7 * DAY,
    comment: undefined,
    rework: false,
    user,
  }));
}

/** Returns the locations of a component so far. */
export function locationHistoryOf(
  component: ComponentRecord,
): NonNullable<ComponentRecord['locationHistory']> {
  const { locationHistory, location, registered } = component;
  return locationHistory ?? [{ institution: location, dateTime: registered }];
}

/** Returns the properties of a component by code. */
export function propertiesOf(component: ComponentRecord): Readonly<Record<string, unknown>> {
  const { properties, location, type, serialNumber } = component;
  if (properties !== undefined) return properties;
  return {
    LOCALNAME: `${location.code}_${type.code}_${serialNumber.slice(-5)}`,
    ORDER: Number(serialNumber.slice(-3)),
  };
}

function viewStageHistory(component: ComponentRecord): unknown[] {
  return stageHistoryOf(component).map(({ stage, dateTime, comment, rework, user }) => ({
    code: component.type.stages[stage]?.code,
    name: component.type.stages[stage]?.name,
    dateTime: iso(dateTime),
    rework,
    ...(comment !== undefined && { comment }),
    userIdentity: user.identity,
  }));
}

function viewLocationHistory(component: ComponentRecord): unknown[] {
  return locationHistoryOf(component).map(({ institution, dateTime }) => ({
    institution: institution.id,
    dateTime: iso(dateTime),
  }));
}

function viewProperties(component: ComponentRecord): unknown[] {
  const values = propertiesOf(component);
  return COMPONENT_PROPERTIES.map(({ code, name, dataType, required }: Parameter) => ({
    code,
    name,
    dataType,
    required,
    default: false,
    unique: false,
    value: values[code] ?? null,
  }));
}

function viewChildren(
  { slots }: ComponentRecord,
  link: (component: ComponentRecord) => unknown,
): readonly unknown[] {
  return slots.map(({ id, order, type, typeCode, child, properties }) => ({
    id,
    order,
    componentType: { code: type.code, name: type.name },
    type: { code: typeCode, name: type.types[typeCode]?.name ?? '' },
    component: child === undefined ? null : link(child),
    properties:
      Object.keys(properties).length === 0
        ? null
        : Object.entries(properties).map(([code, value]) => ({ code, name: code, value })),
    history: null,
  }));
}

/** The parents so far; one that the component was taken out of has no `component`. */
function viewParents(
  { parent, formerParents }: ComponentRecord,
  link: (component: ComponentRecord) => unknown,
): unknown[] {
  const view = ({ type, typeCode }: ComponentRecord) => ({
    componentType: { code: type.code, name: type.name },
    type: { code: typeCode, name: type.types[typeCode]?.name ?? '' },
  });
  return [
    ...formerParents.map((former) => ({ ...view(former), component: null, state: 'deleted' })),
    ...(parent === undefined ? [] : [{ ...view(parent), component: link(parent), state: 'ready' }]),
  ];
}

function viewFlag(code: string): unknown {
  return { code, name: FLAGS.find((flag) => flag.code === code)?.name ?? code, state: 'ready' };
}

function viewTests(type: ComponentType, runs: readonly TestRunRecord[]): unknown[] {
  const tests = new Map(runs.map(({ test }) => [test.code, test]));
  return [...tests.values()].map(({ code, name }) => {
    const group = runs.filter(({ test }) => test.code === code);
    return {
      id: idOf(`${type.project}/${type.code}/${code}`),
      code,
      name,
      testRuns: group.map((run) => ({
        id: run.id,
        state: run.state,
        runNumber: run.runNumber,
        passed: run.passed,
        problems: run.problems,
        date: run.date,
        cts: iso(run.uploaded),
        stateTs: run.state === 'ready' ? iso(run.uploaded) : iso(run.changed),
        institution: viewInstitutionLink(run.institution),
      })),
    };
  });
}
