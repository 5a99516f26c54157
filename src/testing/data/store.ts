import { InvalidInvocation } from '../../exceptions/base.js';
import type { FilePart } from '../multipart.js';
import type { ComponentType, Named } from './catalogue.js';
import type { Random } from './random.js';
import type {
  BatchRecord,
  ComponentRecord,
  Institution,
  ShipmentRecord,
  StoredObject,
  TestRunRecord,
} from './records.js';
import { type TestType, testTypesOf } from './test-types.js';

/** All there is in an embedded database. Records have the names of fields that responses have. */
export interface Dataset {
  /** The projects. */
  readonly projects: readonly (Named & { readonly id: string })[];
  /** The institutions. */
  readonly institutions: readonly Institution[];
  /** The components, in the order of their registration. */
  readonly components: readonly ComponentRecord[];
  /** The shipments. */
  readonly shipments: readonly ShipmentRecord[];
  /** The batches. */
  readonly batches: readonly BatchRecord[];
  /** Finds a component by serial number, code or id. */
  find(identifier: string): ComponentRecord | undefined;
  /** Finds a component by its alternative identifier. */
  findAlternative(identifier: string): ComponentRecord | undefined;
}

/** A state of the database, for `pdb.restore()`. */
export interface Snapshot {
  /** The number of changes made before it. */
  readonly changes: number;
  /** The state of the random numbers, so that new ids are the same too. */
  readonly random: number;
}

/** The components by the value that they have for a key of `listComponents`. */
class Group {
  readonly #read: (component: ComponentRecord) => string;
  readonly #sets = new Map<string, Set<ComponentRecord>>();

  constructor(read: (component: ComponentRecord) => string) {
    this.#read = read;
  }

  get(value: unknown): ReadonlySet<ComponentRecord> {
    return this.#sets.get(String(value)) ?? new Set();
  }

  add(component: ComponentRecord): void {
    const value = this.#read(component);
    const set = this.#sets.get(value);
    if (set === undefined) this.#sets.set(value, new Set([component]));
    else set.add(component);
  }

  delete(component: ComponentRecord): void {
    this.#sets.get(this.#read(component))?.delete(component);
  }
}

/** What is stored, with its indexes. Every change goes through it and can be undone. */
export class Store implements Dataset {
  readonly projects: Dataset['projects'];
  readonly institutions: readonly Institution[];
  readonly components: ComponentRecord[] = [];
  readonly shipments: ShipmentRecord[] = [];
  readonly batches: BatchRecord[] = [];
  /** The test types that were imported, with the id of their component type; a later one replaces an earlier one. */
  readonly #importedTestTypes: (readonly [componentType: string, testType: TestType])[] = [];
  readonly #byIdentifier = new Map<string, ComponentRecord>();
  readonly #byAlternative = new Map<string, ComponentRecord>();
  /** Made when a test run is asked for: there are many more of them than components. */
  #byTestRun: Map<string, TestRunRecord> | undefined;
  readonly #binaries = new Map<string, FilePart>();
  readonly #groups: ReadonlyMap<string, Group> = new Map([
    ['componentType', new Group(({ componentType }) => componentType.code)],
    ['type', new Group(({ type }) => type.code)],
    ['currentStage', new Group(({ currentStage }) => currentStage.code)],
    ['currentLocation', new Group(({ currentLocation }) => currentLocation.code)],
    ['institute', new Group(({ institution }) => institution.code)],
  ]);
  readonly #random: Random;
  readonly #undo: (() => void)[] = [];
  #snapshots: Snapshot[] = [];

  constructor(random: Random, projects: Dataset['projects'], institutions: readonly Institution[]) {
    this.#random = random;
    this.projects = projects;
    this.institutions = institutions;
  }

  find(identifier: string): ComponentRecord | undefined {
    return this.#byIdentifier.get(identifier);
  }

  findAlternative(identifier: string): ComponentRecord | undefined {
    return this.#byAlternative.get(identifier);
  }

  findTestRun(id: string): TestRunRecord | undefined {
    this.#byTestRun ??= new Map(this.testRuns.map((run) => [run.id, run]));
    return this.#byTestRun.get(id);
  }

  findInstitution(code: string): Institution | undefined {
    return this.institutions.find((institution) => institution.code === code);
  }

  /** All test runs, in the order of their upload within a component. */
  get testRuns(): TestRunRecord[] {
    return this.components.flatMap(({ testRuns }) => testRuns);
  }

  /** Returns the test types of a component type, imported ones too. */
  testTypesOf(type: ComponentType): readonly TestType[] {
    const imported = this.#importedTestTypes.filter(([id]) => id === type.id).map(([, testType]) => testType);
    if (imported.length === 0) return testTypesOf(type);
    const all = [...testTypesOf(type), ...imported];
    return [...new Map(all.map((testType) => [testType.code, testType])).values()];
  }

  /** Files by the code of their attachment or result, or by their path on EOS. */
  get binaries(): ReadonlyMap<string, FilePart> {
    return this.#binaries;
  }

  /** Finds a file by the code of its attachment or result, or by its path on EOS. */
  binary(key: string): FilePart | undefined {
    return this.#binaries.get(key);
  }

  /** Stores a file, or removes it. */
  setBinary(key: string, file: FilePart | undefined): void {
    const before = this.#binaries.get(key);
    this.#putBinary(key, file);
    this.#undo.push(() => this.#putBinary(key, before));
  }

  /** Returns the components that have one of the values, in the order of registration; undefined for a key without index. */
  group(key: string, values: readonly unknown[]): ComponentRecord[] | undefined {
    const group = this.#groups.get(key);
    if (group === undefined) return undefined;
    return [...new Set(values)]
      .flatMap((value) => [...group.get(value)])
      .sort((a, b) => a.position - b.position);
  }

  /** A new id, the same for the same seed and the same changes. */
  newId(length: 24 | 32 = 24): string {
    return this.#random.hex(length);
  }

  addComponent(component: ComponentRecord): void {
    this.components.push(component);
    this.#index(component);
    this.#undo.push(() => {
      this.components.pop();
      this.#unindex(component);
    });
  }

  updateComponent(component: ComponentRecord, changes: Partial<ComponentRecord>): void {
    this.#unindex(component);
    const undo = assign(component, changes);
    this.#index(component);
    this.#undo.push(() => {
      this.#unindex(component);
      undo();
      this.#index(component);
    });
  }

  /** Adds a test run to its component. */
  addTestRun(run: TestRunRecord): void {
    this.#byTestRun?.set(run.id, run);
    this.#undo.push(() => this.#byTestRun?.delete(run.id));
    this.updateComponent(run.component, { testRuns: [...run.component.testRuns, run] });
  }

  /** Changes a record that is not a component. */
  update<T extends StoredObject>(record: T, changes: Partial<T>): void {
    this.#undo.push(assign(record, changes));
  }

  addShipment(shipment: ShipmentRecord): void {
    this.#push(this.shipments, shipment);
  }

  addBatch(batch: BatchRecord): void {
    this.#push(this.batches, batch);
  }

  addTestType(componentType: ComponentType, testType: TestType): void {
    this.#push(this.#importedTestTypes, [componentType.id, testType] as const);
  }

  /** Makes the present state the first one: what was changed before cannot be undone. */
  start(): void {
    this.#undo.length = 0;
    this.#snapshots = [];
    this.snapshot();
  }

  snapshot(): Snapshot {
    const snapshot = { changes: this.#undo.length, random: this.#random.state };
    this.#snapshots.push(snapshot);
    return snapshot;
  }

  /**
   * Goes back to a state, by default to the first one.
   *
   * @throws InvalidInvocation where the snapshot is of another database, or later than a state that was restored
   */
  restore(snapshot: Snapshot | undefined = this.#snapshots[0]): void {
    const index = this.#snapshots.indexOf(snapshot as Snapshot);
    if (snapshot === undefined || index === -1) {
      throw new InvalidInvocation(
        'restore: this snapshot cannot be used, because the database went back to an earlier state, or because it is of another database. Take a new snapshot.',
      );
    }
    this.#snapshots.length = index + 1;
    while (this.#undo.length > snapshot.changes) this.#undo.pop()?.();
    this.#random.state = snapshot.random;
  }

  #putBinary(key: string, file: FilePart | undefined): void {
    if (file === undefined) this.#binaries.delete(key);
    else this.#binaries.set(key, file);
  }

  #push<T>(list: T[], item: T): void {
    list.push(item);
    this.#undo.push(() => list.pop());
  }

  #index(component: ComponentRecord): void {
    for (const key of identifiersOf(component)) this.#byIdentifier.set(key, component);
    if (component.alternativeIdentifier) this.#byAlternative.set(component.alternativeIdentifier, component);
    for (const group of this.#groups.values()) group.add(component);
  }

  #unindex(component: ComponentRecord): void {
    for (const key of identifiersOf(component)) this.#byIdentifier.delete(key);
    if (component.alternativeIdentifier) this.#byAlternative.delete(component.alternativeIdentifier);
    for (const group of this.#groups.values()) group.delete(component);
  }
}

/** Changes a record. Returns the function that undoes it. */
function assign<T extends StoredObject>(record: T, changes: Partial<T>): () => void {
  const before = { ...record };
  Object.assign(record, changes, { rev: record.rev + 1, mts: Date.now() });
  return () => Object.assign(record, before);
}

function identifiersOf({ serialNumber, code, id }: ComponentRecord): readonly string[] {
  return [serialNumber, code, id];
}
