import type { AppErrors } from '../exceptions/app-errors.js';
import type { Ref } from './references.js';

/** What every response has besides its own fields. */
export interface CommandResult {
  /** Warnings by key; empty if there are none. The server has also been seen to send a string. */
  uuAppErrorMap: AppErrors | string;
}

/** Which page a list was asked for, and the number of items of all pages. */
export interface PageInfo {
  /** From 0. */
  pageIndex: number;
  /** The number of items that each page has, except the last. */
  pageSize: number;
  /** The number of items of all pages together. */
  total: number;
}

/** A page of a list. */
export interface ListResult<T> extends CommandResult {
  itemList: T[];
  pageInfo: PageInfo;
}

/** A page of a list whose input has no `filterMap`, which has another key. */
export interface FlatListResult<T> extends CommandResult {
  pageItemList: T[];
  pageInfo: PageInfo;
}

/** A list without pages. */
export interface BulkResult<T> extends CommandResult {
  itemList: T[];
}

/** A reference with a name. */
export interface NamedReference {
  id: string;
  code: string;
  name: string;
}

/** A reference to a project, a subproject, or to what has only a code in some responses. */
export interface CodeReference {
  id?: string;
  code: string;
  name: string;
}

/** Who did something. */
export interface UserReference {
  /** Such as `1234-567-1`. */
  userIdentity: string;
  firstName: string;
  lastName: string;
  middleName?: string | null;
}

/** When a record was created and last changed. */
export interface SystemFields {
  /** Time of creation, in ISO 8601 as all times are. */
  cts: string;
  /** Time of the last change. */
  mts: string;
  /** Rises with each change. */
  rev: number;
}

/** A stage. */
export interface Stage {
  code: string;
  name: string;
  order: number;
  initial: boolean;
  final: boolean;
}

/** An entry of the history of stages. */
export interface StageEntry {
  code: string;
  name: string;
  dateTime: string;
  rework?: boolean;
  comment?: string | null;
  userIdentity?: string;
}

/** An entry of the history of locations. */
export interface LocationEntry {
  /** The id of the institution. */
  institution: string;
  dateTime: string;
  stage?: Ref;
}

/** The value of a property. */
export interface PropertyValue {
  code: string;
  name?: string;
  /** Such as `string`, `integer`, `float`, `boolean`, `codeTable` or `date`. */
  dataType?: string;
  /** Whether each component of the type must have a value. */
  required?: boolean;
  /** Whether its value is the `alternativeIdentifier` of the component. */
  default?: boolean;
  /** Whether no two components may have the same value. */
  unique?: boolean;
  /** A value of a `codeTable` is a string such as `'4'`. */
  value: unknown;
}

/** A reference to a component. */
export interface ComponentReference {
  id: string;
  code: string;
  serialNumber: string | null;
  alternativeIdentifier?: string | null;
}

/**
 * A slot for a child, which exists before a child is in it.
 *
 * @typeParam C - how it refers to the child; null while the slot is free
 */
export interface ChildSlot<C extends Ref> {
  /** The `slot` of `assembleComponentBySlot`. */
  id: string;
  order?: number;
  componentType: CodeReference;
  type: CodeReference | null;
  component: C;
  properties: PropertyValue[] | null;
  history: unknown[] | null;
}

/**
 * A link to a parent. Former parents are in the list too.
 *
 * @typeParam C - how it refers to the parent; null where the component was taken out of it
 */
export interface ParentLink<C extends Ref> {
  componentType: CodeReference;
  type?: CodeReference | null;
  component: C;
  state?: string;
}

/** The test runs of a component that are of one test type. */
export interface ComponentTest {
  id?: string;
  code: string;
  name: string;
  testRuns: {
    id: string;
    state: TestRunState;
    runNumber?: string;
    passed: boolean;
    problems: boolean;
    date: string;
    cts: string;
    stateTs: string;
    institution?: Ref;
  }[];
}

/** A reference to a batch. */
export interface BatchReference {
  id: string;
  number: string;
  batchType: NamedReference;
  state: string;
  stateTs: string;
}

/** A flag. */
export interface Flag {
  code: string;
  name?: string;
  state: string;
}

/** A comment. */
export interface Comment {
  code: string;
  dateTime: string;
  comment: string;
  user: UserReference;
}

/** An attachment: a file, a link, or a file on EOS. */
export interface Attachment {
  code: string;
  dateTime: string;
  title: string;
  description: string;
  type: 'file' | 'link' | 'eos';
  filename: string;
  contentType: string;
  /** In bytes. */
  filesize?: number;
  url: string | null;
  user: UserReference;
}

/** The state of a component. */
export type ComponentState = 'ready' | 'requestedToDelete' | 'deleted';

/** The fields that a component has in each command and with each `outputType`. */
export interface ComponentFields {
  /** 24 hexadecimal digits. */
  id: string;
  /** 32 hexadecimal digits. */
  code: string;
  serialNumber: string | null;
  alternativeIdentifier: string | null;
  state: ComponentState;
  /** Time of the last change of `state`. */
  stateTs: string;
  /** Who changed `state` last. */
  stateUserIdentity: string;
  /** Time of registration. */
  cts: string;
  /** The id of the database: the same in each record. */
  awid: string;
  sys: SystemFields;
  /** Whether it stands for a component that does not exist, such as those of `createDummyChildren`. */
  dummy: boolean;
  /** As `setComponentCompleted` sets it. */
  completed: boolean;
  /** Whether it is in another component, its parent. */
  assembled: boolean;
  /** Often null. */
  reusable: boolean | null;
  /** As `setComponentTrashed` and `disassembleComponent` set it. */
  trashed: boolean;
  /** Whether it went back to an earlier stage. */
  reworked: boolean;
  currentGrade?: unknown;
  grade?: unknown;
  qaPassed?: unknown;
  /** Mostly null. */
  qaState?: unknown;
  shipmentDestination?: unknown;
}

/** The references of a component, as objects. */
export interface ExpandedReferences {
  project: CodeReference;
  subproject: CodeReference;
  /** The owner. */
  institution: NamedReference;
  currentLocation: NamedReference;
  componentType: NamedReference;
  type: NamedReference | null;
  currentStage: Stage | null;
}

/** The parts of a component that only full output has. */
export interface ComponentParts<C extends Ref> {
  /** The history of stages, oldest first. */
  stages: StageEntry[] | null;
  locations?: LocationEntry[] | null;
  properties: PropertyValue[] | null;
  children: ChildSlot<C>[] | null;
  parents: ParentLink<C>[] | null;
  tests?: ComponentTest[] | null;
  batches: BatchReference[] | null;
  flags: Flag[] | null;
  comments: Comment[] | null;
  attachments: Attachment[] | null;
}

/** A component, as `getComponent` returns it. */
export interface FullComponent
  extends ComponentFields,
    ExpandedReferences,
    ComponentParts<ComponentReference | null> {
  user: UserReference;
}

/** A component, as `getComponentBulk` returns it. Its children and parents may be ids or objects. */
export interface BulkComponent extends ComponentFields, ExpandedReferences, ComponentParts<Ref> {
  user?: UserReference;
  userIdentity?: string;
}

/** A component in a list. The parts that are null or missing come with `outputType: 'full'`. */
export interface ListedComponent extends ComponentFields, ExpandedReferences {
  userIdentity?: string;
  stages?: null;
  properties?: null;
  children?: null;
  parents?: null;
  batches?: null;
}

/** A component in a list with `outputType: 'full'`. Its children and parents are ids. */
export interface FullListedComponent
  extends ComponentFields,
    ExpandedReferences,
    Partial<ComponentParts<string | null>> {
  userIdentity?: string;
}

/** A component with `outputType: 'object'`, and as some writes return it: its references are codes and ids. */
export interface ComponentObject extends ComponentFields {
  /** A code. */
  project: string;
  /** A code. */
  subproject: string;
  /** The id of the owner. */
  institution: string;
  currentLocation?: Ref;
  /** An id. */
  componentType: string;
  /** A code. */
  type: string | null;
  /** A code. */
  currentStage: string | null;
  userIdentity?: string;
  properties?: PropertyValue[] | null;
}

/** What `registerComponent` returns. */
export interface RegisterComponentResult extends CommandResult {
  component: ComponentObject;
}

/** What `createComponentComment` returns. */
export interface ComponentCommentResult extends CommandResult {
  component: ComponentObject;
}

/** The state of a test run. */
export type TestRunState = 'ready' | 'deleted' | 'requestedToTrash' | 'trashed';

/** A test run in a list, without its results. */
export interface LightTestRun {
  id: string;
  state: TestRunState;
  /** Time of the last change of `state`. */
  stateTs: string;
  /** Who changed `state` last. */
  stateUserIdentity: string;
  /** Time of the upload. */
  cts: string;
  /** The stage of the component at the test. */
  stage: Stage | null;
  userIdentity: string;
  /** A text such as `1` or `189-6`. */
  runNumber: string;
  /** Whether the component passed the test, as the upload said. */
  passed: boolean;
  /** Whether there were problems in the test, as the upload said. A test run with problems can have passed. */
  problems: boolean;
  /** When the test was done, as the upload said. Old ones have other forms than ISO 8601. */
  date: string;
  institution: NamedReference;
  testType: NamedReference;
}

/** A test run in a list of the runs of a test type. */
export interface TestRunOfType extends LightTestRun {
  /** Not confirmed. */
  component?: Ref;
  /** Not confirmed. */
  components?: TestedComponent[];
}

/** A property or a result of a test run. */
export interface TestRunValue {
  code: string;
  name: string;
  /** Such as `string`, `integer`, `float`, `boolean`, `object`, `image`, `date` or `codeTable`. */
  dataType: string;
  /** Such as `single` or `array`. */
  valueType: string;
  /** Whether each test run of the type must have a value. */
  required: boolean;
  /** The value of an image is the code of its file. */
  value: unknown;
}

/** The component of a test run. */
export interface TestedComponent extends ComponentReference {
  type: CodeReference | null;
  componentType?: CodeReference;
  testedAtStage: CodeReference | null;
}

/** A defect that a test run found. */
export interface Defect {
  code?: string;
  name: string;
  description: string;
  properties: unknown;
}

/** A test run with its results. */
export interface TestRun extends LightTestRun {
  awid: string;
  sys: SystemFields;
  user: UserReference;
  properties: TestRunValue[] | null;
  results: TestRunValue[] | null;
  /** Normally one. */
  components: TestedComponent[];
  defects: Defect[] | null;
  comments: Comment[] | null;
  attachments: Attachment[] | null;
}

/** A test run with `outputType: 'object'`. That its references are codes and ids is not confirmed. */
export interface TestRunObject extends Omit<TestRun, 'stage' | 'institution' | 'testType'> {
  stage: Ref;
  institution: Ref;
  testType: Ref;
}

/** What `uploadTestRunResults` returns. */
export interface UploadTestRunResult extends CommandResult {
  testRun: { id: string; awid: string };
  componentTestRun: { awid: string };
}

/** A value that a property or a result with the data type `codeTable` can have. */
export interface CodeTableEntry {
  code: string;
  value: string;
}

/** A property that components of a type have. */
export interface PropertyDefinition {
  code: string;
  name: string;
  description: string | null;
  dataType: string;
  order: number | null;
  /** Whether each component of the type must have a value. */
  required: boolean;
  /** Whether its value is the `alternativeIdentifier` of the component. */
  default: boolean;
  /** Whether no two components may have the same value. */
  unique: boolean;
  /** Where the value stands in the serial number. */
  snPosition: number | null;
  codeTable: CodeTableEntry[] | null;
}

/** A component type. */
export interface ComponentType {
  id: string;
  code: string;
  name: string;
  state: string;
  /** A code, or an object with it. */
  project: string | CodeReference;
  /** Codes, or objects with them. */
  subprojects: (string | CodeReference)[];
  category: 'item' | 'assembly' | 'bulk' | 'wafer' | 'panel' | 'material' | 'reusable';
  snRequired: boolean;
  snAutomatically: boolean;
  /** The part of serial numbers that stands for it; `''` where each type has its own. */
  snComponentIdentifier: string;
  properties: PropertyDefinition[] | null;
  types: ComponentTypeVariant[] | null;
  stages: ComponentTypeStage[] | null;
  flags?: unknown[] | null;
  parents: null;
  /** What is assembled into it, by the code of its type; `*` for each type. */
  children: Record<string, ComponentTypeChild[]> | null;
  /** Ids. */
  testTypes: string[] | null;
  awid: string;
  sys: SystemFields;
}

/** A type of a component type, such as `BARREL_LS_MODULE` of `MODULE`. */
export interface ComponentTypeVariant {
  code: string;
  name: string;
  version?: string | null;
  subprojects?: (string | CodeReference)[] | null;
  snComponentIdentifier?: string | null;
  existing?: boolean | null;
  cddNumber?: string | null;
}

/** A stage of a component type. */
export interface ComponentTypeStage extends Stage {
  alternative?: boolean;
  testTypes?: { testType: NamedReference; order?: number }[] | null;
}

/** A kind of children of a component type. Its references are ids and codes, or an object. */
export interface ComponentTypeChild {
  /** The id of its component type. */
  child?: string;
  childType?: string | null;
  id?: string;
  code?: string;
  name?: string;
  type?: CodeReference | null;
  quantity: number;
  properties: unknown[] | null;
}

/** A property or a result that test runs of a type have. */
export interface ParameterDefinition {
  code: string;
  name: string;
  description?: string | null;
  /** Such as `string`, `integer`, `float`, `boolean`, `object`, `image`, `date` or `codeTable`. */
  dataType: string;
  /** Such as `single`, `array` or `child`. */
  valueType: string;
  required: boolean;
  order?: number | null;
  children?: ParameterDefinition[] | null;
  codeTable?: CodeTableEntry[] | null;
}

/** A test type. */
export interface TestType {
  id: string;
  code: string;
  name: string;
  /** `active`, or something else if it is not to be used. */
  state: string;
  description?: string | null;
  componentType?: Ref;
  properties: ParameterDefinition[] | null;
  parameters: ParameterDefinition[] | null;
  automaticGrading?: unknown;
}

/** What `generateTestTypeDtoSample` returns: an input of `uploadTestRunResults`, with examples as values. */
export interface TestRunSample extends CommandResult {
  dtoSample: {
    component: string;
    testType: string;
    institution: string;
    runNumber: string;
    date: string;
    passed: boolean;
    problems: boolean;
    properties?: Record<string, unknown>;
    results?: Record<string, unknown>;
  };
}

/** What `generateComponentTypeDtoSample` returns: an input of `registerComponent`, with examples as values. */
export interface ComponentSample extends CommandResult {
  dtoSample: {
    project: string;
    subproject: string;
    institution: string;
    componentType: string;
    type?: string;
    serialNumber?: string;
    properties?: Record<string, unknown>;
  };
}

/** An institution. */
export interface Institution {
  id: string;
  code: string;
  name: string;
  supervisor: string | null;
  address: {
    building?: string | null;
    street?: string | null;
    city?: string | null;
    state?: string | null;
    zip?: string | null;
  } | null;
  contacts: { email?: string | null; phone?: string | null; web?: string | null } | null;
  latitude: number | null;
  longitude: number | null;
  /** What it works with, by project. The spelling of this key is not confirmed. */
  componentTypes?: { code: string; name: string; itemList: NamedReference[] }[] | null;
  state?: string;
  awid?: string;
  sys?: SystemFields;
}

/** A project or a subproject. */
export interface Project {
  id: string;
  code: string;
  name: string;
}

/** A user of the database. */
export interface UserRecord {
  id?: string;
  userIdentity: string;
  firstName: string;
  lastName: string;
  middleName?: string | null;
  email: string | null;
  state?: string;
  preferences: Record<string, unknown> | null;
  institutions: {
    id: string;
    code: string;
    name: string;
    default: boolean;
    executive: boolean;
    authority: boolean;
    componentManager: boolean;
    clusterManager: boolean;
    notification: { shipping: boolean; tests: boolean; components: boolean } | null;
  }[];
}

/** The status of a shipment. */
export type ShipmentStatus = 'prepared' | 'inTransit' | 'delivered' | 'deliveredWithDamage' | 'undelivered';

/** The type of a shipment. */
export type ShipmentType = 'domestic' | 'intraContinental' | 'continental';

/** A shipment. */
export interface Shipment {
  id: string;
  name: string | null;
  sender: NamedReference;
  recipient: NamedReference;
  type: ShipmentType;
  status: ShipmentStatus;
  state: string;
  trackingNumber?: string | null;
  shippingService?: string | null;
  sentTs: string | null;
  receivedTs?: string | null;
  cts: string;
  history: { status?: ShipmentStatus; dateTime: string; user?: UserReference }[] | null;
  /** Not in lists: there, `listShipmentItems` has them. */
  shipmentItems?: ShipmentItem[] | null;
  comments: Comment[] | null;
  attachments: Attachment[] | null;
  user?: UserReference;
  awid: string;
  sys: SystemFields;
}

/** A component in a shipment. */
export interface ShipmentItem {
  code: string;
  component: ComponentReference & { componentType?: CodeReference };
  delivered?: boolean | null;
}

/** A batch. */
export interface Batch extends BatchReference {
  project: Ref;
  /** Not confirmed. */
  ownerInstituteList?: Ref[] | null;
  properties: { code: string; value: unknown }[] | null;
  attachments: Attachment[] | null;
  comments: Comment[] | null;
  awid: string;
  /** Not confirmed. */
  sys?: SystemFields;
}

/** A batch with its components, as `getBatchByNumber` returns it. */
export interface BatchWithComponents extends Batch {
  components: BulkComponent[] | null;
}

/** What the commands return that create an attachment. */
export interface CreateAttachmentResult extends CommandResult {
  awid: string;
  code: string;
  contentType: string;
  description: string;
  filename: string;
  id: string;
  name: string;
  sys: SystemFields;
  tagList: unknown[];
  versionName: string | null;
}

/** What the commands return that delete an attachment. */
export interface DeleteAttachmentResult extends CommandResult {
  attachment: {
    dateTime: string;
    title: string;
    description: string;
    type: 'file' | 'link' | 'eos';
    userIdentity: string;
    code: string;
    contentType: string;
    filename: string;
    filesize?: number;
    url?: string | null;
  };
  /** With which the file is deleted from EOS, if it is there. */
  token?: string;
}

/** What `requestUploadEosFile` returns: the file is then sent by PUT to `url`, with `token` as bearer token. */
export interface EosUpload extends CommandResult {
  code: string;
  contentType: string;
  dateTime: string;
  description: string;
  filename: string;
  /** In bytes. */
  filesize: number;
  title: string;
  /** Put it into the header `Authorization` of the PUT, as `Bearer` and the token. */
  token: string;
  type: 'eos';
  /** Send the file here by PUT. */
  url: string;
  userIdentity: string;
}

/** What `getItkpdOverallStatistics` returns. */
export interface OverallStatistics extends CommandResult {
  statistics: unknown;
}
