import type { COMMANDS } from './catalogue.js';
import type {
  Batch,
  BatchWithComponents,
  BulkComponent,
  BulkResult,
  CommandResult,
  ComponentCommentResult,
  ComponentObject,
  ComponentSample,
  ComponentType,
  CreateAttachmentResult,
  DeleteAttachmentResult,
  EosUpload,
  FlatListResult,
  FullComponent,
  FullListedComponent,
  Institution,
  LightTestRun,
  ListedComponent,
  ListResult,
  OverallStatistics,
  Project,
  RegisterComponentResult,
  Shipment,
  ShipmentItem,
  TestRun,
  TestRunObject,
  TestRunOfType,
  TestRunSample,
  TestType,
  UploadTestRunResult,
  UserRecord,
} from './shapes.js';

/**
 * The commands that TypeScript knows, by name. A command of your own is added by declaration merging. `result` is the
 * body of the response, which a `Client` turns into a result: here into a page.
 *
 * ```ts
 * import type { ListResult } from 'itkdb';
 *
 * declare module 'itkdb' {
 *   interface Commands {
 *     listMyTools: { method: 'GET'; input: { project: string }; result: ListResult<{ code: string }> };
 *   }
 * }
 * ```
 */
export interface Commands extends CatalogueCommands {}

/** The types of the commands of the catalogue. */
export type CatalogueCommands = {
  [K in keyof typeof COMMANDS]: CommandOf<(typeof COMMANDS)[K]>;
};

/** The types of a command: of its input, and of the response by the form of the input. */
export type CommandOf<C extends Description> = {
  /** `GET` for a command that reads, `POST` for one that writes. */
  method: C['method'];
  /** The input, with optional keys. */
  input: C extends { multipart: true }
    ? FormData
    : C extends { openInput: true }
      ? Readonly<Record<string, unknown>>
      : InputOf<C['input']>;
  /** The body of the response. */
  result: ResultOf<C, C['result']>;
  /** The results where `outputType` changes them. */
  outputTypes: C extends { outputTypes: infer O }
    ? { [P in keyof O]: ResultOf<C, O[P]> }
    : Record<never, never>;
} & (C extends { flatInput: infer F extends Keys; flatList: string }
  ? { flatInput: InputOf<F>; flatResult: FlatListResult<NamedResult<C['result']>> }
  : unknown);

/** What the types need of a command of the catalogue. */
export interface Description {
  /** `GET` for a command that reads, `POST` for one that writes. */
  readonly method: 'GET' | 'POST';
  /** The keys of its input. */
  readonly input: Keys;
  /** The name of the type of its result, or of an item of a list. */
  readonly result: string;
}

/** The keys of an input, as the catalogue has them. */
export interface Keys {
  /** The keys that must be given, with the names of their types. */
  readonly required: object;
  /** The keys that may be missing, with the names of their types. */
  readonly optional: object;
}

/** The type of an input with these keys. */
export type InputOf<I extends Keys> = { [P in keyof I['required']]: ValueOf<I['required'][P]> } & {
  [P in keyof I['optional']]?: ValueOf<I['optional'][P]> | undefined;
} extends infer Input
  ? { [P in keyof Input]: Input[P] }
  : never;

/** The type of the value of a key of an input. */
export type ValueOf<V> = V extends Keys
  ? InputOf<V>
  : V extends `${infer First} | ${infer Rest}`
    ? ValueOf<First> | ValueOf<Rest>
    : V extends `${infer Item}[]`
      ? readonly ValueOf<Item>[]
      : V extends `"${infer Text}"`
        ? Text
        : V extends keyof InputTypes
          ? InputTypes[V]
          : never;

/** The types of values that the catalogue has a word for. */
export interface InputTypes {
  string: string;
  boolean: boolean;
  integer: number;
  object: object;
  any: unknown;
  file: Blob;
  PageInfo: { readonly pageIndex?: number | undefined; readonly pageSize?: number | undefined };
}

/** The type of the response whose `result` has this name. */
export type ResultOf<C, Name> = C extends { list: infer Key; paged: infer Paged }
  ? Key extends 'pageItemList'
    ? FlatListResult<NamedResult<Name>>
    : Paged extends true
      ? ListResult<NamedResult<Name>>
      : BulkResult<NamedResult<Name>>
  : Name extends 'file' | 'unknown'
    ? unknown
    : NamedResult<Name> & CommandResult;

/** The type with this name. */
export type NamedResult<Name> = Name extends keyof ResultTypes ? ResultTypes[Name] : unknown;

/** The types that the catalogue has as `result`. */
export interface ResultTypes {
  Batch: Batch;
  BatchWithComponents: BatchWithComponents;
  BulkComponent: BulkComponent;
  CommandResult: CommandResult;
  FullComponent: FullComponent;
  ComponentCommentResult: ComponentCommentResult;
  ComponentObject: ComponentObject;
  ComponentSample: ComponentSample;
  ComponentType: ComponentType;
  CreateAttachmentResult: CreateAttachmentResult;
  DeleteAttachmentResult: DeleteAttachmentResult;
  EosUpload: EosUpload;
  FullListedComponent: FullListedComponent;
  Institution: Institution;
  LightTestRun: LightTestRun;
  ListedComponent: ListedComponent;
  OverallStatistics: OverallStatistics;
  Project: Project;
  RegisterComponentResult: RegisterComponentResult;
  Shipment: Shipment;
  ShipmentItem: ShipmentItem;
  TestRun: TestRun;
  TestRunObject: TestRunObject;
  TestRunOfType: TestRunOfType;
  TestRunSample: TestRunSample;
  TestType: TestType;
  UploadTestRunResult: UploadTestRunResult;
  UserRecord: UserRecord;
  /** Parsed JSON, a string or a `Buffer`, by its `Content-Type`; `responseType` decides it. */
  file: unknown;
  /** Not known. */
  unknown: unknown;
}

/** The names of the commands that are called with a method. */
export type CommandName<M extends 'GET' | 'POST' = 'GET' | 'POST'> = {
  [K in keyof Commands]: Commands[K]['method'] extends M ? K : never;
}[keyof Commands];

/** The names of the commands that need no input. */
export type CommandWithoutInput<M extends 'GET' | 'POST'> = {
  [K in CommandName<M>]: Record<never, never> extends Commands[K]['input'] ? K : never;
}[CommandName<M>];

/** The names of the commands that also take the older form of input, without `filterMap`. */
export type FlatCommandName = {
  [K in keyof Commands]: Commands[K] extends { flatInput: unknown } ? K : never;
}[keyof Commands];

/** The type of the input of a command. */
export type CommandInput<K extends keyof Commands> = Commands[K]['input'];

/**
 * The type of the response body of a command.
 *
 * @typeParam O - the `outputType` of the input
 */
export type CommandOutput<K extends keyof Commands, O = undefined> = Commands[K] extends {
  outputTypes: infer T;
}
  ? O extends keyof T
    ? T[O]
    : Commands[K]['result']
  : Commands[K]['result'];

/** The type of the older form of the input. */
export type FlatCommandInput<K extends FlatCommandName> = Extract<
  Commands[K],
  { flatInput: unknown }
>['flatInput'];

/** The type of the response body to the older form of the input. */
export type FlatCommandOutput<K extends FlatCommandName> = Extract<
  Commands[K],
  { flatResult: unknown }
>['flatResult'];

/** Makes the `outputType` of an input known, where the command has one. */
export type WithOutputType<K extends keyof Commands, O> = Commands[K]['input'] extends {
  outputType?: unknown;
}
  ? 'outputType' extends keyof Commands[K]['input']
    ? { outputType?: O | undefined }
    : unknown
  : unknown;
