import type { CommandInput } from '../../commands/commands.js';
import type { BulkComponent, ComponentObject, FullComponent } from '../../commands/shapes.js';
import { BOOLEAN, must, type OptionTable } from '../../config/check-options.js';
import type { BulkPromise } from '../bulk/bulk-promise.js';
import { type Asker, bulkRead } from '../bulk/bulk-read.js';
import { ChunkSizes } from '../bulk/group-size.js';
import { type BulkOptions, checkBulk, checkIds } from '../bulk/options.js';
import type { Client } from '../client.js';
import { readAncestors } from '../components/ancestors.js';
import {
  type AssembledSlot,
  type AssembleOptions,
  assemble,
  type DisassembleOptions,
  disassemble,
} from '../components/assemble.js';
import {
  changeFlag,
  comment,
  deleteComponent,
  type SetStageOptions,
  setFlags,
  setProperty,
  setStage,
} from '../components/change.js';
import { type ComponentName, nameOf } from '../components/component-name.js';
import { ComponentTypes, type WriteContext } from '../components/definitions.js';
import {
  type ForEachRowOptions,
  forEachRow,
  type RowFunction,
  type RowsReport,
} from '../components/for-each-row.js';
import { MergedList } from '../components/merged-list.js';
import { findComponent } from '../components/read-component.js';
import { type RegisterOptions, register } from '../components/register.js';
import {
  type RegisterManyOptions,
  type RegisterReport,
  type RegisterRow,
  registerMany,
} from '../components/register-many.js';
import type { RegisterInput } from '../components/registration.js';
import { warnOfUnknownCodes } from '../components/unknown-codes.js';
import { checkComponentFilter } from '../filters.js';
import { formOf } from '../identifiers.js';
import { Component, type WalkOptions } from '../models/component.js';
import {
  checkJob,
  checkRead,
  LIST_TABLE,
  type ListOptions,
  optionsOfJob,
  type ReadOptions,
} from '../options.js';
import { tellIfEmpty } from '../pages/extended-list.js';
import type { PagePromise } from '../pages/page-promise.js';
import { progressTeller } from '../requests/progress.js';
import type { CommandResultOf, ItemOf } from '../results.js';
import type { WriteOptions } from '../writes/checks.js';
import type { ResourceContext } from './resource.js';

/** The `outputType` of commands about components. */
export type OutputType = 'full' | 'object';

/** The keys of `filterMap` of `listComponents`. */
export interface ComponentFilter extends FilterMap {}
type FilterMap = CommandInput<'listComponents'>['filterMap'];

/** Which components belong to a site or are there: the code of an institution, or several, and the keys of a filter. */
export interface SiteFilter extends Omit<ComponentFilter, 'institute' | 'currentLocation'> {
  /** The code of an institution, or several. */
  readonly site: string | readonly string[];
}

/** The type of a component that `getMany` reads. */
export type BulkComponentOf<O> = CommandResultOf<'getComponentBulk', O> extends (infer T)[] ? T : never;

/** The type of a component that `list` reads. */
export type ListedComponentOf<O> = ItemOf<CommandResultOf<'listComponents', O>>;

/** Options of `components.getMany`. */
export interface GetComponentsOptions<O extends OutputType | undefined = undefined> extends BulkOptions {
  /** How much of each component is read. @defaultValue `'full'` */
  outputType?: O;
}

/** Options of `components.list`. */
export interface ListComponentsOptions<O extends OutputType | undefined = undefined> extends ListOptions {
  /** How much of each component is read. @defaultValue what `listComponents` gives without it: no parts such as properties */
  outputType?: O;
}

/** Options of `components.get` and `components.find`. */
export interface GetComponentOptions<O extends OutputType | undefined = undefined> extends ReadOptions {
  /** How much of the component is read. @defaultValue `'full'` */
  outputType?: O;
  /** Whether the URLs of files on EOS have no token. @defaultValue as the database */
  noEosToken?: boolean | undefined;
}

/** Options of `components.tree`. */
export interface TreeOptions extends Omit<WalkOptions, 'recurse' | 'componentType'> {}

const CHUNK_SIZE = 100;

/** The checks of the options that only methods about components have. */
const OWN_OPTIONS: OptionTable = {
  outputType: must((value) => value === 'full' || value === 'object', "'full' or 'object'"),
};
const GET_OPTIONS = optionsOfJob("{ outputType: 'object' }", { ...OWN_OPTIONS, noEosToken: BOOLEAN });
const TREE_OPTIONS = optionsOfJob("{ errors: 'collect' }", {
  errors: must((value) => value === 'throw' || value === 'collect', "'throw' or 'collect'"),
});
const LIST_OPTIONS = optionsOfJob('{ limit: 100 }', { ...LIST_TABLE, ...OWN_OPTIONS });

/** The components: `client.components`. */
export class Components {
  readonly #context: ResourceContext;
  readonly #sizes: Record<OutputType, ChunkSizes> = { full: new ChunkSizes(), object: new ChunkSizes() };
  readonly #writing: WriteContext;

  /** @internal */
  constructor(context: ResourceContext) {
    this.#context = context;
    this.#writing = { client: context.client, types: new ComponentTypes(context.client) };
  }

  /**
   * Reads many components, 100 with each request. Nothing is sent before the result is used: by `await`, which gives
   * `{ items, missing, failed }`, or by `for await`, which gives one component after the other and needs less memory.
   *
   * ```ts
   * const { items, missing } = await client.components.getMany(serialNumbers);
   * ```
   *
   * @param ids - ids, codes, serial numbers and alternative identifiers, in any mixture. One that is given twice is read
   * once, and is once in the result. An alternative identifier takes a request of its own, and so does what is not found otherwise
   * @throws PartFailed after all others were read, if some could not be read and `errors` is `'throw'`
   * @throws what `client.get` throws, if every further request would meet it too, such as `Aborted` or `Forbidden`
   */
  getMany<O extends OutputType | undefined = undefined>(
    ids: Iterable<string>,
    options: GetComponentsOptions<O> = {},
  ): BulkPromise<BulkComponentOf<O>> {
    const subject = 'client.components.getMany';
    const distinct = checkIds(subject, ids);
    const { bulk, call } = checkBulk(subject, options, OWN_OPTIONS);
    const { outputType = 'full', ...config } = call;
    const { client } = this.#context;
    const askBy =
      (own: { identifierType?: 'id' }): Asker =>
      (group, request) =>
        client.get('getComponentBulk', {
          ...request,
          data: { component: group, outputType, force: true, ...own },
        });
    const askById = askBy({ identifierType: 'id' });
    const askByName = askBy({});
    return bulkRead(
      this.#context,
      distinct,
      { bulk, call: config },
      {
        ...{
          noun: 'components',
          chunkSize: CHUNK_SIZE,
          sizes: this.#sizes[outputType],
          namesOf: identifiersOf,
        },
        askerOf: (id) => {
          const form = formOf(id);
          if (form === 'other') return undefined;
          return form === 'id' ? askById : askByName;
        },
        lookUp: (component, request) =>
          client.get('getComponent', {
            ...request,
            data: { component, alternativeIdentifier: true, outputType },
          }),
      },
    );
  }

  /**
   * Lists components: the ready ones, unless the filter has a `state`. Nothing is sent before the list is used. Where it is
   * empty, a code of the filter that does not exist is the warning `unknownCode`.
   *
   * @param filter - the keys of `filterMap` of `listComponents`
   * @throws what `client.list` throws
   */
  list<O extends OutputType | undefined = undefined>(
    filter: ComponentFilter & { readonly site?: undefined },
    options?: ListComponentsOptions<O>,
  ): PagePromise<ListedComponentOf<O>>;
  /**
   * Lists the components that belong to a site or are there, each of them once.
   *
   * @param filter - `site` is the code of an institution, or several; with the keys of `filterMap` of `listComponents`
   * @throws what `client.list` throws
   */
  list<O extends OutputType | undefined = undefined>(
    filter: SiteFilter,
    options?: ListComponentsOptions<O>,
  ): MergedList<ListedComponentOf<O>>;
  list(
    filter: (ComponentFilter & { readonly site?: undefined }) | SiteFilter,
    options: ListComponentsOptions<OutputType | undefined> = {},
  ): object {
    const subject = 'client.components.list';
    checkComponentFilter(subject, filter);
    const { site, ...filterMap } = filter;
    const { outputType, ...listOptions } = checkJob(subject, options, LIST_OPTIONS);
    const { client, logger } = this.#context;
    const list = (more: ComponentFilter, own: ListOptions): PagePromise<ListedComponentOf<OutputType>> =>
      client.list(
        'listComponents',
        {
          filterMap: { state: ['ready'], ...filterMap, ...more },
          ...(outputType !== undefined && { outputType }),
        },
        own,
      );
    const { limit, pageSize, onChange, onProgress, ...call } = listOptions;
    const onEmpty = (): Promise<void> => warnOfUnknownCodes(this.#context, filter, call);
    if (site === undefined) return tellIfEmpty(list({}, listOptions), onEmpty);
    return new MergedList(
      [{ institute: site }, { currentLocation: site }].map((where) =>
        list(where, { limit, pageSize, onChange, ...call }),
      ),
      {
        limit,
        onProgress: progressTeller(onProgress, logger),
        onEmpty,
      },
    );
  }

  /**
   * Reads a component. An identifier that is no serial number, code or id is looked up as an alternative identifier first.
   * One that looks like a serial number is looked up as an alternative identifier if there is no such serial number.
   *
   * ```ts
   * const module = await client.components.get('20USBML1234567');
   * ```
   *
   * @param identifier - serial number, code, id or alternative identifier
   * @throws BadRequest if there is none
   * @throws what `client.get` throws
   */
  async get<O extends OutputType | undefined = undefined>(
    identifier: string,
    options: GetComponentOptions<O> = {},
  ): Promise<CommandResultOf<'getComponent', O>> {
    const { component, refusal } = await this.#find('get', identifier, options);
    if (refusal !== undefined) throw refusal;
    return component;
  }

  /**
   * Reads a component as `get` does. Resolves to undefined if there is none.
   *
   * ```ts
   * if ((await client.components.find('20USBML1234567')) === undefined) console.log('not registered');
   * ```
   *
   * @throws what `client.get` throws
   */
  async find<O extends OutputType | undefined = undefined>(
    identifier: string,
    options: GetComponentOptions<O> = {},
  ): Promise<CommandResultOf<'getComponent', O> | undefined> {
    return (await this.#find('find', identifier, options)).component;
  }

  /**
   * Reads the components that a component is in now: normally one, or none.
   *
   * ```ts
   * const [parent] = await client.components.parents('20USBSL0000001');
   * ```
   *
   * @param component - serial number, code, id or alternative identifier, or the component itself
   * @throws BadRequest if there is no such component
   * @throws what `getMany` throws
   */
  parents(component: ComponentName, options: ReadOptions = {}): Promise<BulkComponent[]> {
    return this.#ancestors('parents', component, options, 1);
  }

  /**
   * Reads the components that a component is in now, from the inside out: its parents, then the parents of these.
   *
   * ```ts
   * const ancestors = await client.components.ancestors('20USBSL0000001');
   * const stave = ancestors.find(({ componentType }) => componentType.code === 'STAVE');
   * ```
   *
   * @param component - serial number, code, id or alternative identifier, or the component itself
   * @throws BadRequest if there is no such component
   * @throws what `getMany` throws
   */
  ancestors(component: ComponentName, options: ReadOptions = {}): Promise<BulkComponent[]> {
    return this.#ancestors('ancestors', component, options, Infinity);
  }

  /**
   * Reads a component with all that is in it, level by level, 100 components with each request.
   *
   * ```ts
   * const stave = await client.components.tree('20USBLA1234567');
   * for (const module of stave.children) console.log(module.serialNumber, module.children.length);
   * ```
   *
   * @param component - serial number, code, id or alternative identifier, or the component itself
   * @returns the component. Its `children` and theirs have all of their data
   * @throws PartFailed at the end, if children could not be read and `errors` is `'throw'`
   * @throws what `get` throws
   */
  async tree(component: ComponentName, options: TreeOptions = {}): Promise<Component> {
    const subject = 'client.components.tree';
    const name = nameOf(subject, component);
    const { errors, ...call } = checkJob(subject, options, TREE_OPTIONS);
    const data = await this.get(name, call);
    // The resources of a client send through it.
    const root = new Component(this.#context.client as Client, data);
    for await (const _ of root.walk({ ...call, errors }));
    return root;
  }

  /**
   * Registers a component. Codes, required properties, data types and the form of the serial number are checked first, and
   * that the serial number is free. Texts of numbers and booleans are converted.
   *
   * ```ts
   * const { serialNumber } = await client.components.register({
   *   project: 'S', subproject: 'SB', institution: 'CERN', componentType: 'MODULE', type: 'BARREL_LS_MODULE',
   *   properties: { LOCALNAME: 'CERN_LS_001' },
   * });
   * ```
   *
   * @param input - the input of `registerComponent`
   * @returns the new component
   * @throws InvalidInvocation with all problems; then nothing was registered
   * @throws IncompleteWrite if it is not known whether it was registered: only without a serial number and a `key`, or
   * if the database cannot be read
   * @throws what `client.post` throws, if it was not registered
   */
  register(input: RegisterInput, options: RegisterOptions = {}): Promise<ComponentObject> {
    return register(this.#writing, input, options);
  }

  /**
   * Registers a component for each row of a table, and tells what became of each row. It can be run again with the same
   * rows: what is registered already is recognised by its serial number, else by `key`, else by the `journal`.
   *
   * The columns are the keys of the input of `registerComponent`. Each other column is the code of a property; it may also
   * be written as `properties.CODE`. `batches.CODE` is the number of a batch. An empty cell stands for no value.
   *
   * ```ts
   * const report = await client.components.registerMany(await readCsv('modules.csv'), { key: 'LOCALNAME' });
   * console.log(report.registered, report.failed);
   * await writeFile('report.csv', toCsv(report.rows, ['row', 'status', 'serialNumber', 'reason']));
   * ```
   *
   * @param rows - such as those of `readCsv`
   * @returns what became of each row: a row with a problem does not keep the others from being registered
   * @throws InvalidInvocation if rows would not be recognised again: then nothing was registered
   * @throws what every further row would meet too, such as `Aborted` or `Forbidden`: run it again for the rest
   */
  registerMany(rows: Iterable<RegisterRow>, options: RegisterManyOptions = {}): Promise<RegisterReport> {
    const { logger, isPlan = false } = this.#context;
    return registerMany({ ...this.#writing, components: this, logger, isPlan }, rows, options);
  }

  /**
   * Calls a function for each row of a table, and tells what became of each row: for stages, properties, comments, test
   * runs and everything else that comes from a spreadsheet or a scanner.
   *
   * ```ts
   * const rows = await readCsv('bonded.csv'); // serialNumber,stage
   * await client.components.forEachRow(rows, (row) => client.components.setStage(row.serialNumber, row.stage), {
   *   journal: 'bonded.journal',
   * });
   * ```
   *
   * @param rows - such as those of `readCsv`, or a list of serial numbers
   * @param fn - called with each row and its number, from 1
   * @throws PartFailed after all rows, if one failed and `errors` is `'throw'`
   * @throws what every further row would meet too, such as `Aborted` or `Forbidden`
   */
  forEachRow<Row, T>(
    rows: Iterable<Row>,
    fn: RowFunction<Row, T>,
    options: ForEachRowOptions = {},
  ): Promise<RowsReport<T>> {
    return forEachRow(this.#context, rows, fn, options);
  }

  /**
   * Sets the stage. A component that is in this stage already is left as it is, so that its history has no second entry.
   *
   * ```ts
   * await client.components.setStage('20USBML1234567', 'BONDED', { comment: 'bonded at CERN' });
   * ```
   *
   * @param component - serial number, code, id or alternative identifier, or the component itself
   * @param stage - the code of a stage of its component type
   * @throws InvalidInvocation if there is no such stage: then nothing was written
   * @throws IncompleteWrite if it is not known whether it was set
   * @throws what `client.get` and `client.post` throw, if it was not set
   */
  setStage(component: ComponentName, stage: string, options: SetStageOptions = {}): Promise<void> {
    return setStage(this.#writing, component, stage, options);
  }

  /**
   * Sets a property. The value is checked and converted by its data type: `'5'` becomes 5 for an integer.
   *
   * ```ts
   * await client.components.setProperty('20USBML1234567', 'LOCALNAME', 'CERN_LS_001');
   * ```
   *
   * @param component - serial number, code, id or alternative identifier, or the component itself
   * @param code - the code of the property
   * @param value - null takes the value away
   * @throws InvalidInvocation if there is no such property, or the value is of another type: then nothing was written
   * @throws IncompleteWrite if it is not known whether it was set
   * @throws what `client.get` and `client.post` throw, if it was not set
   */
  setProperty(
    component: ComponentName,
    code: string,
    value: unknown,
    options: WriteOptions = {},
  ): Promise<void> {
    return setProperty(this.#writing, component, code, value, options);
  }

  /**
   * Replaces the flags. Where the component has changed since it was read, but not its flags, it is tried once more.
   *
   * ```ts
   * await client.components.setFlags('20USBML1234567', ['CHROMIC']); // [] takes all away
   * ```
   *
   * @param component - serial number, code, id or alternative identifier, or the component itself
   * @param flags - the codes of all flags that it has then
   * @throws InvalidInvocation if there is no such flag: then nothing was written
   * @throws BadRequest or Conflict if another user has changed the flags since they were read
   * @throws IncompleteWrite if it is not known whether they were set
   * @throws what `client.get` and `client.post` throw, if they were not set
   */
  setFlags(component: ComponentName, flags: Iterable<string>, options: WriteOptions = {}): Promise<void> {
    return setFlags(this.#writing, component, flags, options);
  }

  /**
   * Adds a flag, unless the component has it.
   *
   * ```ts
   * await client.components.addFlag('20USBML1234567', 'CHROMIC');
   * ```
   *
   * @param component - serial number, code, id or alternative identifier, or the component itself
   * @param flag - the code of a flag of its component type
   * @throws InvalidInvocation if there is no such flag: then nothing was written
   * @throws IncompleteWrite if it is not known whether it was added
   * @throws what `client.get` and `client.post` throw, if it was not added
   */
  addFlag(component: ComponentName, flag: string, options: WriteOptions = {}): Promise<void> {
    return changeFlag(this.#writing, 'addFlag', component, flag, options);
  }

  /**
   * Removes a flag, if the component has it.
   *
   * ```ts
   * await client.components.removeFlag('20USBML1234567', 'CHROMIC');
   * ```
   *
   * @param component - serial number, code, id or alternative identifier, or the component itself
   * @param flag - the code of a flag of its component type
   * @throws InvalidInvocation if there is no such flag: then nothing was written
   * @throws IncompleteWrite if it is not known whether it was removed
   * @throws what `client.get` and `client.post` throw, if it was not removed
   */
  removeFlag(component: ComponentName, flag: string, options: WriteOptions = {}): Promise<void> {
    return changeFlag(this.#writing, 'removeFlag', component, flag, options);
  }

  /**
   * Adds a comment, or several.
   *
   * ```ts
   * await client.components.comment('20USBML1234567', 'scratch next to the bond pads');
   * ```
   *
   * @param component - serial number, code, id or alternative identifier, or the component itself
   * @param text - one text, or a list
   * @throws IncompleteWrite if it is not known whether it was added
   * @throws what `client.get` and `client.post` throw, if it was not added
   */
  comment(
    component: ComponentName,
    text: string | readonly string[],
    options: WriteOptions = {},
  ): Promise<void> {
    return comment(this.#writing, component, text, options);
  }

  /**
   * Puts a component into another one. All of this is checked first: that both are at the same place, that the child is in
   * no other component, and that the slot is free and is for such a child. A child that is in the slot already is left there.
   *
   * ```ts
   * await client.components.assemble('20USBLA1234567', '20USBML1234567', { position: 3 });
   * ```
   *
   * @param parent - serial number, code, id or alternative identifier, or the component itself
   * @param child - in the same way
   * @returns the slot that the child is in
   * @throws InvalidInvocation with all problems: then nothing was written
   * @throws IncompleteWrite if it is not known whether it was assembled
   * @throws what `client.get` and `client.post` throw, if it was not assembled
   */
  assemble(
    parent: ComponentName,
    child: ComponentName,
    options: AssembleOptions = {},
  ): Promise<AssembledSlot> {
    return assemble(this.#writing, parent, child, options);
  }

  /**
   * Takes a component out of another one. It is not marked as trashed, unless `trash` is true.
   *
   * ```ts
   * await client.components.disassemble('20USBLA1234567', '20USBML1234567');
   * ```
   *
   * @param parent - serial number, code, id or alternative identifier, or the component itself
   * @param child - in the same way
   * @throws InvalidInvocation if the child is not in the parent: then nothing was written
   * @throws IncompleteWrite if it is not known whether it was taken out
   * @throws what `client.get` and `client.post` throw, if it was not taken out
   */
  disassemble(parent: ComponentName, child: ComponentName, options: DisassembleOptions = {}): Promise<void> {
    return disassemble(this.#writing, parent, child, options);
  }

  /**
   * Requests the deletion of a component, which another person has to approve. It stays readable. A component that is deleted
   * already is left as it is.
   *
   * ```ts
   * await client.components.delete('20USBML1234567');
   * ```
   *
   * @param component - serial number, code, id or alternative identifier, or the component itself
   * @throws IncompleteWrite if it is not known whether it was requested
   * @throws what `client.get` and `client.post` throw, if it was not requested
   */
  delete(component: ComponentName, options: WriteOptions = {}): Promise<void> {
    return deleteComponent(this.#writing, component, options);
  }

  #find<O extends OutputType | undefined>(
    method: 'get' | 'find',
    identifier: string,
    options: GetComponentOptions<O>,
  ) {
    const subject = `client.components.${method}`;
    const { outputType, noEosToken, ...call } = checkJob(subject, options, GET_OPTIONS);
    return findComponent<CommandResultOf<'getComponent', O>>(
      this.#context.client,
      nameOf(subject, identifier, 'identifier'),
      call,
      { ...(outputType !== undefined && { outputType }), ...(noEosToken !== undefined && { noEosToken }) },
    );
  }

  async #ancestors(
    method: 'parents' | 'ancestors',
    component: ComponentName,
    options: ReadOptions,
    levels: number,
  ): Promise<BulkComponent[]> {
    const subject = `client.components.${method}`;
    const name = nameOf(subject, component);
    const call = checkRead(subject, options);
    const whole: FullComponent = await this.get(name, call);
    return readAncestors({ client: this.#context.client, components: this }, whole, call, levels);
  }
}

function identifiersOf(item: object): readonly unknown[] {
  const { alternativeIdentifier, serialNumber, code, id } = item as Record<string, unknown>;
  return [alternativeIdentifier, serialNumber, code, id];
}
