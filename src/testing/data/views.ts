import { idOf, type Named, PROJECTS, type Stage, SUBPROJECTS } from './catalogue.js';
import type {
  AttachmentRecord,
  BatchRecord,
  CommentRecord,
  ComponentRecord,
  Grade,
  Institution,
  Person,
  TestRunRecord,
} from './records.js';
import { COMPONENT_PROPERTIES, FLAGS, type Parameter, testTypeId } from './test-types.js';

/** How much of a component a result shows: `list` is the default of `listComponents`. */
export type View = 'full' | 'list' | 'object';

/** How a result shows a component. */
export interface ViewOptions {
  readonly view: View;
  /** Whether the quirks of the real database are shown. */
  readonly quirks: boolean;
  /** How a whole component shows its parents and children, if there are quirks. @defaultValue `object` */
  readonly references?: 'id' | 'object';
  /** Whether the properties are shown in each view. @defaultValue `false` */
  readonly properties?: boolean;
}

/** How a result shows a test run, a shipment or a batch. */
export interface RecordViewOptions {
  /** Whether the quirks of the real database are shown. */
  readonly quirks: boolean;
  /** Whether references are codes and ids in place of objects, if there are quirks. @defaultValue `false` */
  readonly asObject?: boolean;
}

export const AWID = 'dcb3f6d1f130482581ba1e7bbe34413c';
const DAY = 24 * 3600 * 1000;

/** A component as the database shows it. */
export function viewComponent(component: ComponentRecord, options: ViewOptions): Record<string, unknown> {
  const { componentType, type, user, grade } = component;
  const { view, quirks, properties = false } = options;
  // Codes and ids in place of objects are a quirk.
  const isObject = view === 'object' && quirks;
  const refer = (code: string, name: string): unknown => (isObject ? code : { id: idOf(code), code, name });
  const place = (site: Institution): unknown => (isObject ? site.id : viewNamed(site));
  return {
    id: component.id,
    code: component.code,
    serialNumber: component.serialNumber,
    alternativeIdentifier: component.alternativeIdentifier ?? null,
    state: component.state,
    stateTs: iso(component.stateTs),
    stateUserIdentity: user.userIdentity,
    cts: iso(component.cts),
    awid: AWID,
    sys: { cts: iso(component.cts), mts: iso(component.mts), rev: component.rev },
    project: refer(
      componentType.project,
      PROJECTS.find(({ code }) => code === componentType.project)?.name ?? '',
    ),
    subproject: refer(type.subproject, SUBPROJECTS[type.subproject] ?? ''),
    institution: place(component.institution),
    currentLocation: place(component.currentLocation),
    ...(view === 'full' && { user: viewPerson(user) }),
    userIdentity: user.userIdentity,
    componentType: isObject ? componentType.id : viewNamed(componentType),
    type: refer(type.code, type.name),
    currentStage: isObject ? component.currentStage.code : viewStage(component.currentStage),
    ...viewParts(component, options),
    ...(properties && { properties: listOrNull(viewProperties(component), quirks) }),
    flags: listOrNull(component.flags.map(viewFlag), quirks),
    dummy: component.dummy,
    completed: component.completed,
    assembled: component.parent !== undefined,
    reusable: null,
    trashed: component.trashed,
    reworked: component.stages?.some(({ rework }) => rework) ?? false,
    grade: grade?.grade ?? null,
    currentGrade: grade === undefined ? null : viewGrade(grade),
  };
}

/** The parts that only a whole component has. Without quirks another one has no such keys; with them they are null. */
function viewParts(component: ComponentRecord, options: ViewOptions): Record<string, unknown> {
  const { view, quirks, references = 'object' } = options;
  const isFull = view === 'full';
  const asIds = quirks && references === 'id';
  const link = (linked: ComponentRecord): unknown => (asIds ? linked.id : viewLink(linked));
  const runs = component.testRuns.filter(({ state }) => quirks || state !== 'deleted');
  const parts: Readonly<Record<string, () => readonly unknown[]>> = {
    stages: () => viewStageHistory(component),
    locations: () => viewLocationHistory(component, quirks),
    properties: () => viewProperties(component),
    children: () => viewChildren(component, quirks, link),
    parents: () => viewParents(component, link),
    tests: () => viewTests(component, runs),
    batches: () => component.batches.map(viewBatchLink),
    comments: () => component.comments.map(viewComment),
    attachments: () => component.attachments.map(viewAttachment),
  };
  if (!isFull && !quirks) return {};
  return Object.fromEntries(
    Object.entries(parts).map(([key, list]) => [key, isFull ? listOrNull(list(), quirks) : null]),
  );
}

/** An institution as the database shows it. */
export function viewInstitution(institution: Institution): Record<string, unknown> {
  const { id, code, name, supervisor, city, latitude, longitude, componentTypes } = institution;
  const projects = PROJECTS.map((project) => ({
    ...project,
    itemList: componentTypes.filter((type) => type.project === project.code).map(viewNamed),
  }));
  return {
    id,
    code,
    name,
    supervisor,
    address: { building: '', street: '', city, state: '', zip: '' },
    contacts: { email: `itk@${code.toLowerCase().replaceAll('_', '-')}.example`, phone: '', web: '' },
    latitude,
    longitude,
    componentTypes: projects.filter(({ itemList }) => itemList.length > 0),
    state: 'ready',
    awid: AWID,
    sys: { cts: iso(institution.mts), mts: iso(institution.mts), rev: institution.rev },
  };
}

/** An id, a code and a name. */
export function viewNamed({ id, code, name }: Named & { readonly id: string }): Record<string, unknown> {
  return { id, code, name };
}

/** The stage of a component or of a test run. Only component types say whether it is an alternative one. */
export function viewStage({ code, name, order, initial, final }: Stage): Record<string, unknown> {
  return { code, name, order, initial, final };
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

/** What says which batch is meant. */
export function viewBatchLink({ id, number, batchType, state, cts }: BatchRecord): Record<string, unknown> {
  const { code, name } = batchType;
  return { id, number, batchType: { id: idOf(code), code, name }, state, stateTs: iso(cts) };
}

export function viewPerson({ userIdentity: identity, firstName, lastName }: Person): Record<string, unknown> {
  return { userIdentity: identity, firstName, lastName };
}

export function viewComment({ code, dateTime, comment, user }: CommentRecord): Record<string, unknown> {
  return { code, dateTime: iso(dateTime), comment, user: viewPerson(user) };
}

export function viewAttachment(attachment: AttachmentRecord): Record<string, unknown> {
  const { code, dateTime, title, description, type, filename, contentType, filesize, url, user } = attachment;
  return {
    code,
    dateTime: iso(dateTime),
    title,
    description,
    type,
    filename,
    contentType,
    ...(filesize !== undefined && { filesize }),
    url: url ?? null,
    userIdentity: user.userIdentity,
    user: viewPerson(user),
  };
}

/** Returns null for an empty list, as the real database does, unless there are no quirks. */
export function listOrNull<T>(list: readonly T[], quirks: boolean): readonly T[] | null {
  return quirks && list.length === 0 ? null : list;
}

export function iso(milliseconds: number): string {
  return new Date(milliseconds).toISOString();
}

/** Returns the stages of a component so far; a generated one was in each stage for a week. */
export function stagesOf(component: ComponentRecord): NonNullable<ComponentRecord['stages']> {
  const { stages, componentType, currentStage, cts, user } = component;
  if (stages !== undefined) return stages;
  return componentType.stages.slice(0, currentStage.order).map((stage, index) => ({
    stage,
    dateTime: cts + index * 7 * DAY,
    comment: undefined,
    rework: false,
    user,
  }));
}

/** Returns the locations of a component so far. */
export function locationsOf(component: ComponentRecord): NonNullable<ComponentRecord['locations']> {
  const { locations, currentLocation, cts } = component;
  return locations ?? [{ institution: currentLocation, dateTime: cts }];
}

/** Returns the properties of a component by code. */
export function propertiesOf(component: ComponentRecord): Readonly<Record<string, unknown>> {
  const { properties, currentLocation, componentType, serialNumber } = component;
  if (properties !== undefined) return properties;
  return {
    LOCALNAME: `${currentLocation.code}_${componentType.code}_${serialNumber.slice(-5)}`,
    ORDER: Number(serialNumber.slice(-3)),
  };
}

function viewStageHistory(component: ComponentRecord): unknown[] {
  return stagesOf(component).map(({ stage, dateTime, comment, rework, user }) => ({
    code: stage.code,
    name: stage.name,
    dateTime: iso(dateTime),
    rework,
    ...(comment !== undefined && { comment }),
    userIdentity: user.userIdentity,
  }));
}

function viewLocationHistory(component: ComponentRecord, quirks: boolean): unknown[] {
  return locationsOf(component).map(({ institution, dateTime }) => ({
    institution: quirks ? institution.id : viewNamed(institution),
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

function viewGrade({ grade, comment, dateTime, user }: Grade): Record<string, unknown> {
  return { grade, comment: comment ?? null, dateTime: iso(dateTime), userIdentity: user.userIdentity };
}

function viewTypes({ componentType, type }: Pick<ComponentRecord, 'componentType' | 'type'>) {
  return {
    componentType: { code: componentType.code, name: componentType.name },
    type: { code: type.code, name: type.name },
  };
}

/** The slots of a component, free ones too. */
function viewChildren(
  { children }: ComponentRecord,
  quirks: boolean,
  link: (component: ComponentRecord) => unknown,
): readonly unknown[] {
  return children.map((slot) => ({
    id: slot.id,
    order: slot.order,
    ...viewTypes(slot),
    component: slot.component === undefined ? null : link(slot.component),
    properties: listOrNull(
      Object.entries(slot.properties).map(([code, value]) => ({ code, name: code, value })),
      quirks,
    ),
    history: listOrNull([], quirks),
  }));
}

/** The parents so far; one that the component was taken out of has no `component`. */
function viewParents(
  { parent, formerParents }: ComponentRecord,
  link: (component: ComponentRecord) => unknown,
): unknown[] {
  return [
    ...formerParents.map((former) => ({ ...viewTypes(former), component: null, state: 'deleted' })),
    ...(parent === undefined ? [] : [{ ...viewTypes(parent), component: link(parent), state: 'ready' }]),
  ];
}

function viewFlag(code: string): unknown {
  return { code, name: FLAGS.find((flag) => flag.code === code)?.name ?? code, state: 'ready' };
}

function viewTests({ componentType }: ComponentRecord, runs: readonly TestRunRecord[]): unknown[] {
  const testTypes = new Map(runs.map(({ testType }) => [testType.code, testType]));
  return [...testTypes.values()].map(({ code, name }) => {
    const group = runs.filter(({ testType }) => testType.code === code);
    return {
      id: testTypeId(componentType, code),
      code,
      name,
      testRuns: group.map((run) => ({
        id: run.id,
        state: run.state,
        runNumber: run.runNumber,
        passed: run.passed,
        problems: run.problems,
        date: run.date,
        cts: iso(run.cts),
        stateTs: run.state === 'ready' ? iso(run.cts) : iso(run.mts),
        institution: viewNamed(run.institution),
      })),
    };
  });
}
