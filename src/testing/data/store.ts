import { InvalidInvocation } from '../../exceptions/base.js';
import type { Named } from './catalogue.js';
import type { Random } from './random.js';
import type {
  BatchRecord,
  ComponentRecord,
  Institution,
  ShipmentRecord,
  StoredObject,
  TestRunRecord,
} from './records.js';

/** All there is in an embedded database. */
export interface Dataset {
  readonly projects: readonly (Named & { readonly id: string })[];
  readonly institutions: readonly Institution[];
  readonly components: readonly ComponentRecord[];
  readonly shipments: readonly ShipmentRecord[];
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

/** The keys of `listComponents` that have an index, with the value that a component has for them. */
const GROUPS: Readonly<Record<string, (component: ComponentRecord) => string>> = {
  componentType: ({ type }) => type.code,
  type: ({ typeCode }) => typeCode,
  currentStage: ({ type, stage }) => type.stages[stage]?.code ?? '',
  currentLocation: ({ location }) => location.code,
  institute: ({ institution }) => institution.code,
};

/** What is stored, with its indexes. Every change goes through it and can be undone. */
export class Store implements Dataset {
  readonly projects: Dataset['projects'];
  readonly institutions: readonly Institution[];
  readonly components: ComponentRecord[] = [];
  readonly shipments: ShipmentRecord[] = [];
  readonly batches: BatchRecord[] = [];
  readonly #byIdentifier = new Map<string, ComponentRecord>();
  readonly #byAlternative = new Map<string, ComponentRecord>();
  readonly #byTestRun = new Map<string, TestRunRecord>();
  readonly #groups = new Map<string, Map<string, Set<ComponentRecord>>>();
  readonly #random: Random;
  readonly #undo: (() => void)[] = [];
  #snapshots: Snapshot[] = [];

  constructor(random: Random, projects: Dataset['projects'], institutions: readonly Institution[]) {
    this.#random = random;
    this.projects = projects;
    this.institutions = institutions;
    for (const key of Object.keys(GROUPS)) this.#groups.set(key, new Map());
  }

  find(identifier: string): ComponentRecord | undefined {
    return this.#byIdentifier.get(identifier);
  }

  findAlternative(identifier: string): ComponentRecord | undefined {
    return this.#byAlternative.get(identifier);
  }

  findTestRun(id: string): TestRunRecord | undefined {
    return this.#byTestRun.get(id);
  }

  findInstitution(code: string): Institution | undefined {
    return this.institutions.find((institution) => institution.code === code);
  }

  /** Returns the components that have one of the values, in the order of registration; undefined for a key without index. */
  group(key: string, values: readonly unknown[]): ComponentRecord[] | undefined {
    const index = this.#groups.get(key);
    if (index === undefined) return undefined;
    const sets = [...new Set(values)].map((value) => index.get(String(value)) ?? []);
    return sets.flatMap((set) => [...set]).sort((a, b) => a.position - b.position);
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
    this.#assign(component, changes);
    this.#index(component);
    const assign = this.#undo.pop() as () => void;
    this.#undo.push(() => {
      this.#unindex(component);
      assign();
      this.#index(component);
    });
  }

  /** Adds a test run to its component. */
  addTestRun(run: TestRunRecord): void {
    this.#byTestRun.set(run.id, run);
    this.#undo.push(() => this.#byTestRun.delete(run.id));
    this.updateComponent(run.component, { testRuns: [...run.component.testRuns, run] });
  }

  /** Changes a test run, a shipment or a batch. */
  update<T extends StoredObject>(record: T, changes: Partial<T>): void {
    this.#assign(record, changes);
  }

  addShipment(shipment: ShipmentRecord): void {
    this.shipments.push(shipment);
    this.#undo.push(() => this.shipments.pop());
  }

  addBatch(batch: BatchRecord): void {
    this.batches.push(batch);
    this.#undo.push(() => this.batches.pop());
  }

  /** Indexes test runs that are already in their components. */
  indexTestRuns(runs: readonly TestRunRecord[]): void {
    for (const run of runs) this.#byTestRun.set(run.id, run);
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
        'restore: there must be a snapshot of this database that is not later than a restored one',
      );
    }
    this.#snapshots.length = index + 1;
    while (this.#undo.length > snapshot.changes) this.#undo.pop()?.();
    this.#random.state = snapshot.random;
  }

  #assign<T extends StoredObject>(record: T, changes: Partial<T>): void {
    const before = { ...record };
    Object.assign(record, changes, { rev: record.rev + 1, changed: Date.now() });
    this.#undo.push(() => Object.assign(record, before));
  }

  #index(component: ComponentRecord): void {
    for (const key of [component.serialNumber, component.code, component.id])
      this.#byIdentifier.set(key, component);
    if (component.alternativeIdentifier) this.#byAlternative.set(component.alternativeIdentifier, component);
    for (const [key, index] of this.#groups) {
      const value = (GROUPS[key] as (component: ComponentRecord) => string)(component);
      const group = index.get(value);
      if (group === undefined) index.set(value, new Set([component]));
      else group.add(component);
    }
  }

  #unindex(component: ComponentRecord): void {
    for (const key of [component.serialNumber, component.code, component.id]) this.#byIdentifier.delete(key);
    if (component.alternativeIdentifier) this.#byAlternative.delete(component.alternativeIdentifier);
    for (const [key, index] of this.#groups)
      index.get((GROUPS[key] as (component: ComponentRecord) => string)(component))?.delete(component);
  }
}
