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
  /** The items of this page. */
  itemList: T[];
  /** Which page this is, and how many items all pages have. */
  pageInfo: PageInfo;
}

/** A page of a list whose input has no `filterMap`, which has another key. */
export interface FlatListResult<T> extends CommandResult {
  /** The items of this page. */
  pageItemList: T[];
  /** Which page this is, and how many items all pages have. */
  pageInfo: PageInfo;
}

/** A list without pages. */
export interface BulkResult<T> extends CommandResult {
  /** All items. Their order is not always that of the input. */
  itemList: T[];
}

/** A reference with a name. */
export interface NamedReference {
  /** 24 hexadecimal digits. */
  id: string;
  /** A short name, such as `CERN` or `MODULE`: what filters take. */
  code: string;
  /** The name for people. */
  name: string;
}

/** A reference to a project, a subproject, or to what has only a code in some responses. */
export interface CodeReference {
  /** 24 hexadecimal digits. Only in some responses. */
  id?: string;
  /** A short name, such as `S` or `BARREL_LS_MODULE`: what filters take. */
  code: string;
  /** The name for people. */
  name: string;
}

/** Who did something. */
export interface UserReference {
  /** Such as `1234-567-1`. */
  userIdentity: string;
  /** First name. */
  firstName: string;
  /** Last name. */
  lastName: string;
  /** Null or missing where there is none. */
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
  /** Such as `BONDED`: what `setComponentStage` takes. */
  code: string;
  /** The name for people. */
  name: string;
  /** The position among the stages of the component type. */
  order: number;
  /** Whether components start here. */
  initial: boolean;
  /** Whether it ends the life of a component, such as `FAILED`. */
  final: boolean;
}

/** An entry of the history of stages. */
export interface StageEntry {
  /** The code of the stage. */
  code: string;
  /** The name of the stage. */
  name: string;
  /** When the component came to this stage. */
  dateTime: string;
  /** Whether the component went back to be reworked. */
  rework?: boolean;
  /** The comment of `setComponentStage`; null or missing without one. */
  comment?: string | null;
  /** Who set the stage, such as `1234-567-1`. */
  userIdentity?: string;
}

/** An entry of the history of locations. */
export interface LocationEntry {
  /** The id of the institution. */
  institution: string;
  /** When the component came there. */
  dateTime: string;
  /** The stage at that time. Only in some responses. */
  stage?: Ref;
}

/** The value of a property. */
export interface PropertyValue {
  /** The code of the property, such as `LOCALNAME`. */
  code: string;
  /** The name for people. Only in some responses. */
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
  /** 24 hexadecimal digits. */
  id: string;
  /** 32 hexadecimal digits. */
  code: string;
  /** 14 characters, such as `20USBML1234567`; null where it has none. */
  serialNumber: string | null;
  /** A name that the laboratory gave; null or missing where it has none. */
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
  /** The position among the slots. Only in some responses. */
  order?: number;
  /** What fits into the slot. */
  componentType: CodeReference;
  /** The type that fits; null where each type fits. */
  type: CodeReference | null;
  /** The child; null while the slot is free. */
  component: C;
  /** The properties of the slot, such as `POSITION`; null where it has none. */
  properties: PropertyValue[] | null;
  /** Which children were in it; null where it is not known. */
  history: unknown[] | null;
}

/**
 * A link to a parent. Former parents are in the list too.
 *
 * @typeParam C - how it refers to the parent; null where the component was taken out of it
 */
export interface ParentLink<C extends Ref> {
  /** The kind of the parent. */
  componentType: CodeReference;
  /** The type of the parent. Only in some responses. */
  type?: CodeReference | null;
  /** The parent. */
  component: C;
  /** Whether it is still the parent. Only in some responses. */
  state?: string;
}

/** The test runs of a component that are of one test type. */
export interface ComponentTest {
  /** The id of the test type. Only in some responses. */
  id?: string;
  /** The code of the test type, such as `MODULE_IV_AMAC`. */
  code: string;
  /** The name of the test type. */
  name: string;
  /** The test runs, without stage, properties and results: `client.testRuns.getMany` reads them whole. */
  testRuns: {
    /** 24 hexadecimal digits: what `getTestRun` takes. */
    id: string;
    /** `ready`, unless it was deleted. */
    state: TestRunState;
    /** A text such as `1` or `189-6`. Only in some responses. */
    runNumber?: string;
    /** Whether the component passed the test, as the upload said. */
    passed: boolean;
    /** Whether there were problems in the test, as the upload said. */
    problems: boolean;
    /** When the test was done, as the upload said. Old ones have other forms than ISO 8601. */
    date: string;
    /** Time of the upload. */
    cts: string;
    /** Time of the last change of `state`. */
    stateTs: string;
    /** Where the test was done. Only in some responses. */
    institution?: Ref;
  }[];
}

/** A reference to a batch. */
export interface BatchReference {
  /** 24 hexadecimal digits. */
  id: string;
  /** The number that `getBatchByNumber` takes. */
  number: string;
  /** The kind of batch. */
  batchType: NamedReference;
  /** Such as `ready`. */
  state: string;
  /** Time of the last change of `state`. */
  stateTs: string;
}

/** A flag. */
export interface Flag {
  /** What `addComponentFlag` takes, such as `CHROMIC`. */
  code: string;
  /** The name for people. Only in some responses. */
  name?: string;
  /** Such as `ready`. */
  state: string;
}

/** A comment. */
export interface Comment {
  /** The code of the comment. */
  code: string;
  /** When it was made, in ISO 8601. */
  dateTime: string;
  /** The text. */
  comment: string;
  /** Who wrote it. */
  user: UserReference;
}

/** An attachment: a file, a link, or a file on EOS. */
export interface Attachment {
  /** What reads and deletes it. */
  code: string;
  /** When it was made, in ISO 8601. */
  dateTime: string;
  /** The title, as the upload said. */
  title: string;
  /** The description, as the upload said. */
  description: string;
  /** `file` is in the database, `link` is only a URL, `eos` is a file on EOS. */
  type: 'file' | 'link' | 'eos';
  /** The name of the file, as it was uploaded. */
  filename: string;
  /** Such as `image/png`. */
  contentType: string;
  /** In bytes. */
  filesize?: number;
  /** Where a link or a file on EOS is; null for a file in the database. */
  url: string | null;
  /** Who uploaded it. */
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
  /** 14 characters, such as `20USBML1234567`; null where it has none. */
  serialNumber: string | null;
  /** A name that the laboratory gave, unique in the project; null where it has none. */
  alternativeIdentifier: string | null;
  /** `ready`, unless somebody wanted to delete it. */
  state: ComponentState;
  /** Time of the last change of `state`. */
  stateTs: string;
  /** Who changed `state` last. */
  stateUserIdentity: string;
  /** Time of registration. */
  cts: string;
  /** The id of the database: the same in each record. */
  awid: string;
  /** When it was created and last changed. `rev` tells whether it changed. */
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
  /** As `setComponentGrade` sets it. Its form is not confirmed. */
  currentGrade?: unknown;
  /** Mostly missing. Its form is not confirmed. */
  grade?: unknown;
  /** Mostly null. Its form is not confirmed. */
  qaPassed?: unknown;
  /** Mostly null. */
  qaState?: unknown;
  /** Mostly null. Its form is not confirmed. */
  shipmentDestination?: unknown;
}

/** The references of a component, as objects. */
export interface ExpandedReferences {
  /** `S` strips, `P` pixels, and others. */
  project: CodeReference;
  /** A part of the project, such as `SB`. */
  subproject: CodeReference;
  /** The owner. */
  institution: NamedReference;
  /** Where it is. */
  currentLocation: NamedReference;
  /** The kind of component, such as `MODULE`. */
  componentType: NamedReference;
  /** The type within the component type, such as `BARREL_LS_MODULE`; null where the component type has none. */
  type: NamedReference | null;
  /** The stage that it is at; null where it has none. */
  currentStage: Stage | null;
}

/** The parts of a component that only full output has. */
export interface ComponentParts<C extends Ref> {
  /** The history of stages, oldest first. */
  stages: StageEntry[] | null;
  /** The history of locations, oldest first. Only in some responses. */
  locations?: LocationEntry[] | null;
  /** The properties with their values: `property(component, code)` finds one. Null where there are none. */
  properties: PropertyValue[] | null;
  /** The slots for children, free ones too. Null where the component type has none. */
  children: ChildSlot<C>[] | null;
  /** What it is built into, and was. Null where there is none. */
  parents: ParentLink<C>[] | null;
  /** The test runs by test type, without results, deleted ones too. Null where there are none. */
  tests?: ComponentTest[] | null;
  /** Null where there are none. */
  batches: BatchReference[] | null;
  /** Null where there are none. */
  flags: Flag[] | null;
  /** Null where there are none. */
  comments: Comment[] | null;
  /** Null where there are none. */
  attachments: Attachment[] | null;
}

/** A component, as `getComponent` returns it. */
export interface FullComponent
  extends ComponentFields,
    ExpandedReferences,
    ComponentParts<ComponentReference | null> {
  /** Who registered it. */
  user: UserReference;
}

/** A component, as `getComponentBulk` returns it. Its children and parents may be ids or objects. */
export interface BulkComponent extends ComponentFields, ExpandedReferences, ComponentParts<Ref> {
  /** Who registered it. Either this or `userIdentity` comes. */
  user?: UserReference;
  /** Who registered it, such as `1234-567-1`. */
  userIdentity?: string;
}

/** A component in a list. The parts that are null or missing come with `outputType: 'full'`. */
export interface ListedComponent extends ComponentFields, ExpandedReferences {
  /** Who registered it, such as `1234-567-1`. */
  userIdentity?: string;
  /** Only with `outputType: 'full'`. */
  stages?: null;
  /** Only with `outputType: 'full'`. */
  properties?: null;
  /** Only with `outputType: 'full'`. */
  children?: null;
  /** Only with `outputType: 'full'`. */
  parents?: null;
  /** Only with `outputType: 'full'`. */
  batches?: null;
}

/** A component in a list with `outputType: 'full'`. Its children and parents are ids. */
export interface FullListedComponent
  extends ComponentFields,
    ExpandedReferences,
    Partial<ComponentParts<string | null>> {
  /** Who registered it, such as `1234-567-1`. */
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
  /** Where it is: an id, a code or an object. Only in some responses. */
  currentLocation?: Ref;
  /** An id. */
  componentType: string;
  /** A code. */
  type: string | null;
  /** A code. */
  currentStage: string | null;
  /** Who registered it, such as `1234-567-1`. */
  userIdentity?: string;
  /** Only in some responses. */
  properties?: PropertyValue[] | null;
}

/** What `registerComponent` returns. */
export interface RegisterComponentResult extends CommandResult {
  /** The new component, with its serial number. */
  component: ComponentObject;
}

/** What `createComponentComment` returns. */
export interface ComponentCommentResult extends CommandResult {
  /** The component with the comment. */
  component: ComponentObject;
}

/** The state of a test run. */
export type TestRunState = 'ready' | 'deleted' | 'requestedToTrash' | 'trashed';

/** A test run in a list, without its results. */
export interface LightTestRun {
  /** 24 hexadecimal digits. */
  id: string;
  /** `ready`, unless it was deleted. */
  state: TestRunState;
  /** Time of the last change of `state`. */
  stateTs: string;
  /** Who changed `state` last. */
  stateUserIdentity: string;
  /** Time of the upload. */
  cts: string;
  /** The stage of the component at the test. */
  stage: Stage | null;
  /** Who uploaded it, such as `1234-567-1`. */
  userIdentity: string;
  /** A text such as `1` or `189-6`. */
  runNumber: string;
  /** Whether the component passed the test, as the upload said. */
  passed: boolean;
  /** Whether there were problems in the test, as the upload said. A test run with problems can have passed. */
  problems: boolean;
  /** When the test was done, as the upload said. Old ones have other forms than ISO 8601. */
  date: string;
  /** Where the test was done. */
  institution: NamedReference;
  /** What was tested. Filters take its `code`. */
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
  /** Such as `VBD`: what `result(run, code)` and `property(run, code)` take. */
  code: string;
  /** The name for people. */
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
  /** The type of the component; null where it has none. */
  type: CodeReference | null;
  /** The kind of component. Only in some responses. */
  componentType?: CodeReference;
  /** The stage of the component at the test; null where it is not known. */
  testedAtStage: CodeReference | null;
}

/** A defect that a test run found. */
export interface Defect {
  /** Only in some responses. */
  code?: string;
  /** What is wrong. */
  name: string;
  /** A text for people. */
  description: string;
  /** Such as the position. Its form is not confirmed. */
  properties: unknown;
}

/** A test run with its results. */
export interface TestRun extends LightTestRun {
  /** The id of the database: the same in each record. */
  awid: string;
  /** When the record was created and last changed. */
  sys: SystemFields;
  /** Who uploaded it. */
  user: UserReference;
  /** The conditions of the test, such as instruments: `property(run, code)` finds one. Null where there are none. */
  properties: TestRunValue[] | null;
  /** What was measured: `result(run, code)` finds a value. Null where there are none. */
  results: TestRunValue[] | null;
  /** Normally one. */
  components: TestedComponent[];
  /** Null where there are none. */
  defects: Defect[] | null;
  /** Null where there are none. */
  comments: Comment[] | null;
  /** Null where there are none. */
  attachments: Attachment[] | null;
}

/** A test run with `outputType: 'object'`. That its references are codes and ids is not confirmed. */
export interface TestRunObject extends Omit<TestRun, 'stage' | 'institution' | 'testType'> {
  /** The stage of the component at the test. */
  stage: Ref;
  /** Where the test was done. */
  institution: Ref;
  /** What was tested. */
  testType: Ref;
}

/** What `uploadTestRunResults` returns. */
export interface UploadTestRunResult extends CommandResult {
  /** The new test run: `getTestRun` takes its `id`. */
  testRun: { id: string; awid: string };
  /** The link between the component and the test run. */
  componentTestRun: { awid: string };
}

/** A value that a property or a result with the data type `codeTable` can have. */
export interface CodeTableEntry {
  /** What is stored, such as `4`. */
  code: string;
  /** What it means. */
  value: string;
}

/** A property that components of a type have. */
export interface PropertyDefinition {
  /** The code of the property, such as `LOCALNAME`. */
  code: string;
  /** The name for people. */
  name: string;
  /** A text for people; null where there is none. */
  description: string | null;
  /** The kind of value, such as `string`, `integer`, `float`, `boolean`, `codeTable` or `date`. */
  dataType: string;
  /** The position among the properties; null where it has none. */
  order: number | null;
  /** Whether each component of the type must have a value. */
  required: boolean;
  /** Whether its value is the `alternativeIdentifier` of the component. */
  default: boolean;
  /** Whether no two components may have the same value. */
  unique: boolean;
  /** Where the value stands in the serial number. */
  snPosition: number | null;
  /** The values that it can have; null unless `dataType` is `codeTable`. */
  codeTable: CodeTableEntry[] | null;
}

/** A component type. */
export interface ComponentType {
  /** 24 hexadecimal digits. */
  id: string;
  /** Such as `MODULE`: what filters take. */
  code: string;
  /** The name for people. */
  name: string;
  /** `active`, or something else if it is not to be used. */
  state: string;
  /** A code, or an object with it. */
  project: string | CodeReference;
  /** Codes, or objects with them. */
  subprojects: (string | CodeReference)[];
  /** What kind of thing it is. */
  category: 'item' | 'assembly' | 'bulk' | 'wafer' | 'panel' | 'material' | 'reusable';
  /** Whether each component has a serial number. */
  snRequired: boolean;
  /** Whether the database makes the serial number. */
  snAutomatically: boolean;
  /** The part of serial numbers that stands for it; `''` where each type has its own. */
  snComponentIdentifier: string;
  /** Null where there are none. */
  properties: PropertyDefinition[] | null;
  /** Null where there are none. */
  types: ComponentTypeVariant[] | null;
  /** In their order. Null where there are none. */
  stages: ComponentTypeStage[] | null;
  /** The flags that its components can have. Only in some responses. */
  flags?: unknown[] | null;
  /** Always null. */
  parents: null;
  /** What is assembled into it, by the code of its type; `*` for each type. */
  children: Record<string, ComponentTypeChild[]> | null;
  /** Ids. */
  testTypes: string[] | null;
  /** The id of the database: the same in each record. */
  awid: string;
  /** When the record was created and last changed. */
  sys: SystemFields;
}

/** A type of a component type, such as `BARREL_LS_MODULE` of `MODULE`. */
export interface ComponentTypeVariant {
  /** Such as `BARREL_LS_MODULE`: the `type` of inputs. */
  code: string;
  /** The name for people. */
  name: string;
  /** Only in some responses. */
  version?: string | null;
  /** In which it is used: codes, or objects with them. */
  subprojects?: (string | CodeReference)[] | null;
  /** The part of serial numbers that stands for it; null where the component type says it. */
  snComponentIdentifier?: string | null;
  /** Whether it can be registered. Only in some responses. */
  existing?: boolean | null;
  /** The number of its drawing. Only in some responses. */
  cddNumber?: string | null;
}

/** A stage of a component type. */
export interface ComponentTypeStage extends Stage {
  /** Whether it is an alternative to another stage. Only in some responses. */
  alternative?: boolean;
  /** The tests that can be done at this stage. Null or missing where there are none. */
  testTypes?: { testType: NamedReference; order?: number }[] | null;
}

/** A kind of children of a component type. Its references are ids and codes, or an object. */
export interface ComponentTypeChild {
  /** The id of its component type. */
  child?: string;
  /** The code of its type; null where each type fits. */
  childType?: string | null;
  /** The id of its component type, in the form with objects. */
  id?: string;
  /** The code of its component type, in the form with objects. */
  code?: string;
  /** The name of its component type, in the form with objects. */
  name?: string;
  /** Its type, in the form with objects. */
  type?: CodeReference | null;
  /** How many of them fit. */
  quantity: number;
  /** The properties of the slots. Null where there are none. */
  properties: unknown[] | null;
}

/** A property or a result that test runs of a type have. */
export interface ParameterDefinition {
  /** The code, such as `VBD`. */
  code: string;
  /** The name for people. */
  name: string;
  /** A text for people; null or missing where there is none. */
  description?: string | null;
  /** Such as `string`, `integer`, `float`, `boolean`, `object`, `image`, `date` or `codeTable`. */
  dataType: string;
  /** Such as `single`, `array` or `child`. */
  valueType: string;
  /** Whether each test run must have a value. */
  required: boolean;
  /** The position among its neighbours. Only in some responses. */
  order?: number | null;
  /** What a value of the type `object` or `child` consists of. Null or missing where there is nothing. */
  children?: ParameterDefinition[] | null;
  /** The values that it can have; null or missing unless `dataType` is `codeTable`. */
  codeTable?: CodeTableEntry[] | null;
}

/** A test type. */
export interface TestType {
  /** 24 hexadecimal digits. */
  id: string;
  /** Such as `MODULE_IV_AMAC`: what filters take. */
  code: string;
  /** The name for people. */
  name: string;
  /** `active`, or something else if it is not to be used. */
  state: string;
  /** A text for people; null or missing where there is none. */
  description?: string | null;
  /** What is tested. Only in some responses. */
  componentType?: Ref;
  /** The conditions that a test run of it has. Null where there are none. */
  properties: ParameterDefinition[] | null;
  /** The results that a test run of it has. Null where there are none. */
  parameters: ParameterDefinition[] | null;
  /** How results become a grade. Its form is not confirmed. */
  automaticGrading?: unknown;
}

/** What `generateTestTypeDtoSample` returns: an input of `uploadTestRunResults`, with examples as values. */
export interface TestRunSample extends CommandResult {
  /** The input, with examples as values. */
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
  /** The input, with examples as values. */
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
  /** 24 hexadecimal digits. */
  id: string;
  /** Such as `CERN`: what filters take. */
  code: string;
  /** The name for people. */
  name: string;
  /** A name; null where it is not known. */
  supervisor: string | null;
  /** Null where it is not known. */
  address: {
    building?: string | null;
    street?: string | null;
    city?: string | null;
    state?: string | null;
    zip?: string | null;
  } | null;
  /** Null where they are not known. */
  contacts: { email?: string | null; phone?: string | null; web?: string | null } | null;
  /** In degrees; north is positive. Null where it is not known. */
  latitude: number | null;
  /** In degrees; east is positive. Null where it is not known. */
  longitude: number | null;
  /** What it works with, by project. The spelling of this key is not confirmed. */
  componentTypes?: { code: string; name: string; itemList: NamedReference[] }[] | null;
  /** Only in some responses. */
  state?: string;
  /** The id of the database. Only in some responses. */
  awid?: string;
  /** Only in some responses. */
  sys?: SystemFields;
}

/** A project or a subproject. */
export interface Project {
  /** 24 hexadecimal digits. */
  id: string;
  /** Such as `S` or `P`: what filters take. */
  code: string;
  /** The name for people. */
  name: string;
}

/** A user of the database. */
export interface UserRecord {
  /** 24 hexadecimal digits. Only in some responses. */
  id?: string;
  /** Such as `1234-567-1`. */
  userIdentity: string;
  /** First name. */
  firstName: string;
  /** Last name. */
  lastName: string;
  /** Null or missing where there is none. */
  middleName?: string | null;
  /** Null where it is not shown. */
  email: string | null;
  /** Only in some responses. */
  state?: string;
  /** Settings of the website. Null where there are none. */
  preferences: Record<string, unknown> | null;
  /** Where the user works; `default` marks the main one. */
  institutions: {
    id: string;
    /** Such as `CERN`: what filters take. */
    code: string;
    name: string;
    /** Whether it is the main one of the user. */
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
  /** 24 hexadecimal digits. */
  id: string;
  /** A name for people; null where it has none. */
  name: string | null;
  /** The institution that sends it. */
  sender: NamedReference;
  /** The institution that gets it. */
  recipient: NamedReference;
  /** How far it goes. */
  type: ShipmentType;
  /** How far it is. */
  status: ShipmentStatus;
  /** Such as `ready`. */
  state: string;
  /** Of the carrier. Null or missing where it has none. */
  trackingNumber?: string | null;
  /** The carrier. Null or missing where it is not known. */
  shippingService?: string | null;
  /** When it was sent; null before that. */
  sentTs: string | null;
  /** When it arrived; null or missing before that. */
  receivedTs?: string | null;
  /** Time of creation. */
  cts: string;
  /** The changes of `status`, oldest first. Null where they are not known. */
  history: { status?: ShipmentStatus; dateTime: string; user?: UserReference }[] | null;
  /** Not in lists: there, `listShipmentItems` has them. */
  shipmentItems?: ShipmentItem[] | null;
  /** Null where there are none. */
  comments: Comment[] | null;
  /** Null where there are none. */
  attachments: Attachment[] | null;
  /** Who made it. Only in some responses. */
  user?: UserReference;
  /** The id of the database: the same in each record. */
  awid: string;
  /** When the record was created and last changed. */
  sys: SystemFields;
}

/** A component in a shipment. */
export interface ShipmentItem {
  /** The code of the item. */
  code: string;
  /** The component. */
  component: ComponentReference & { componentType?: CodeReference };
  /** Whether it arrived. It counts only after the delivery: before, it may be null, missing or true. */
  delivered?: boolean | null;
}

/** A batch. */
export interface Batch extends BatchReference {
  /** A code, an id or an object. */
  project: Ref;
  /** Not confirmed. */
  ownerInstituteList?: Ref[] | null;
  /** Null where there are none. */
  properties: { code: string; value: unknown }[] | null;
  /** Null where there are none. */
  attachments: Attachment[] | null;
  /** Null where there are none. */
  comments: Comment[] | null;
  /** The id of the database: the same in each record. */
  awid: string;
  /** Not confirmed. */
  sys?: SystemFields;
}

/** A batch with its components, as `getBatchByNumber` returns it. */
export interface BatchWithComponents extends Batch {
  /** Null where there are none. */
  components: BulkComponent[] | null;
}

/** What the commands return that create an attachment. */
export interface CreateAttachmentResult extends CommandResult {
  /** The id of the database: the same in each record. */
  awid: string;
  /** What reads and deletes the attachment. */
  code: string;
  /** Such as `image/png`. */
  contentType: string;
  /** The description, as the upload said. */
  description: string;
  /** The name of the file, as it was uploaded. */
  filename: string;
  /** 24 hexadecimal digits. */
  id: string;
  /** The name of the file in the store. */
  name: string;
  /** When the record was created and last changed. */
  sys: SystemFields;
  /** Normally empty. */
  tagList: unknown[];
  /** Normally null. */
  versionName: string | null;
}

/** What the commands return that delete an attachment. */
export interface DeleteAttachmentResult extends CommandResult {
  /** What was deleted. */
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
  /** What reads and deletes the attachment. */
  code: string;
  /** Such as `image/png`. */
  contentType: string;
  /** When the upload was requested, in ISO 8601. */
  dateTime: string;
  /** The description, as the request said. */
  description: string;
  /** The name of the file, as it was uploaded. */
  filename: string;
  /** In bytes. */
  filesize: number;
  /** The title, as the request said. */
  title: string;
  /** Put it into the header `Authorization` of the PUT, as `Bearer` and the token. */
  token: string;
  /** Always `eos`. */
  type: 'eos';
  /** Send the file here by PUT. */
  url: string;
  /** Who requested it, such as `1234-567-1`. */
  userIdentity: string;
}

/** What `getItkpdOverallStatistics` returns. */
export interface OverallStatistics extends CommandResult {
  /** Its form is not confirmed. */
  statistics: unknown;
}
