import {
  BARE_MODULE,
  BATCH_TYPES,
  type ComponentType,
  FE_CHIP,
  HYBRID,
  idOf,
  type Named,
  type Part,
  PCB,
  PIXEL_MODULE,
  POWERBOARD,
  PROJECTS,
  SENSOR,
  SENSOR_TILE,
  SITES,
  STAVE,
  STRIP_MODULE,
  type Stage,
  type TypeVariant,
  typeOf,
} from './catalogue.js';
import { Random } from './random.js';
import {
  type AttachmentRecord,
  type BatchRecord,
  type ComponentRecord,
  GENERATED_BY,
  type Institution,
  type TestRunRecord,
} from './records.js';
import { Store } from './store.js';
import { testTypesOf } from './test-types.js';

const DAY = 24 * 3600 * 1000;
const FIRST_DAY = Date.UTC(2024, 0, 8, 9);
const SUPERVISORS = ['A. Example', 'B. Sample', 'C. Placeholder', 'D. Invented', 'E. Imaginary'];

/** An empty list for all records: lists are never changed, but replaced. */
const NONE: readonly never[] = Object.freeze([]);
const NOTHING = Object.freeze({});

/**
 * Makes a data set: staves of 28 modules, loose modules, and their parts, until there are at least so many components.
 * The same arguments make the same data.
 */
export function createDataset(seed: number, size: number): Store {
  return new Generator(new Random(seed)).generate(size);
}

/** A record that is still being put together. */
type DraftOf<T> = { -readonly [Key in keyof T]: T[Key] };
type Draft = DraftOf<ComponentRecord>;

class Generator {
  readonly #random: Random;
  readonly #institutions: readonly DraftOf<Institution>[];
  readonly #components: Draft[] = [];
  readonly #lastNumbers = new Map<string, number>();

  constructor(random: Random) {
    this.#random = random;
    this.#institutions = SITES.map(([code, name, city, latitude, longitude]) => ({
      id: random.hex(24),
      code,
      name,
      city,
      latitude,
      longitude,
      supervisor: random.pick(SUPERVISORS),
      componentTypes: [],
      rev: 1,
      mts: FIRST_DAY,
    }));
  }

  generate(size: number): Store {
    const projects = PROJECTS.map((project) => ({ id: idOf(project.code), ...project }));
    // With 300 components or more there is a stave at CERN, whatever the seed is.
    if (size >= 300) this.#stave(['CERN']);
    while (this.#components.length < size) this.#addFamily(size);
    const store = new Store(this.#random, projects, this.#institutions);
    for (const component of this.#components) store.addComponent(component);
    for (const institution of this.#institutions) {
      const there = store.group('currentLocation', [institution.code]) ?? [];
      institution.componentTypes = [...new Set(there.map(({ componentType }) => componentType))];
    }
    this.#addBatches(store);
    store.start();
    return store;
  }

  /** Puts the sensors and the PCBs into batches, in the order in which they were made, and the strip modules by site. */
  #addBatches(store: Store): void {
    const groups = new Map<string, Draft[]>();
    const counts = new Map<ComponentType, number>();
    for (const component of this.#components) {
      const { componentType, currentLocation } = component;
      const count = counts.get(componentType) ?? 0;
      counts.set(componentType, count + 1);
      const key = batchOf(componentType, count, currentLocation);
      if (key === undefined) continue;
      const group = groups.get(key);
      if (group === undefined) groups.set(key, [component]);
      else group.push(component);
    }
    for (const [key, components] of groups) {
      const batch = this.#batch(key, components);
      store.addBatch(batch);
      for (const { code, filename, contentType, bytes } of batch.attachments)
        store.setBinary(code, { filename, contentType, bytes });
    }
  }

  #batch(key: string, components: readonly Draft[]): BatchRecord {
    const [batchType = '', number = ''] = key.split(' ');
    const type = BATCH_TYPES.find(({ code }) => code === batchType) as (typeof BATCH_TYPES)[number];
    const [{ cts, currentLocation }] = components as [Draft];
    const batch: BatchRecord = {
      id: this.#random.hex(24),
      number,
      batchType: type,
      project: type.project,
      ownerInstituteList: [currentLocation],
      properties: {},
      components,
      comments: [],
      attachments: [this.#certificate(number, cts)],
      state: 'ready',
      cts,
      user: GENERATED_BY,
      rev: 1,
      mts: cts,
    };
    for (const component of components) component.batches = [batch];
    return batch;
  }

  #certificate(number: string, dateTime: number): AttachmentRecord {
    const bytes = Buffer.from(`Certificate of batch ${number}\n`);
    return {
      code: this.#random.hex(32),
      dateTime,
      title: 'Certificate',
      description: `of batch ${number}`,
      type: 'file',
      filename: `${number}.txt`,
      contentType: 'text/plain',
      filesize: bytes.length,
      url: undefined,
      bytes,
      user: GENERATED_BY,
    };
  }

  #addFamily(size: number): void {
    const kind = this.#random.next();
    const isRoomForStave = size - this.#components.length > 140;
    if (kind < 0.01 && isRoomForStave) this.#stave(['BNL', 'QMUL', 'CERN']);
    else if (kind < 0.55) this.#stripModule(this.#random.pick(['BARREL_LS_MODULE', 'BARREL_SS_MODULE']));
    else this.#pixelModule();
  }

  #stave(sites: readonly string[]): Draft {
    const typeCode = this.#random.pick(['LS-A', 'SS-A']);
    const moduleType = typeCode === 'LS-A' ? 'BARREL_LS_MODULE' : 'BARREL_SS_MODULE';
    const site = this.#site(sites);
    const modules = Array.from({ length: 28 }, () => this.#stripModule(moduleType, site));
    return this.#add(STAVE, typeCode, site, this.#random.integer(1, 4), modules);
  }

  #stripModule(typeCode: string, finishedAt?: Institution): Draft {
    const site = finishedAt ?? this.#site();
    const stage = finishedAt === undefined ? this.#random.integer(0, 5) : 5;
    const isShort = typeCode === 'BARREL_SS_MODULE';
    // A sensor gets its hybrids and its powerboard when it is glued.
    const isGlued = stage >= 1;
    const glue = (type: ComponentType, code: string, last: number): Draft | Part =>
      isGlued ? this.#add(type, code, site, last) : [type, typeOf(type, code)];
    const parts = [
      this.#add(SENSOR, isShort ? 'ATLAS18SS' : 'ATLAS18LS', site, 3),
      glue(HYBRID, 'X', 4),
      ...(isShort ? [glue(HYBRID, 'Y', 4)] : []),
      glue(POWERBOARD, 'B3', 3),
    ];
    return this.#add(STRIP_MODULE, typeCode, site, stage, parts);
  }

  #pixelModule(): Draft {
    const site = this.#site();
    const chips = Array.from({ length: 4 }, () => this.#add(FE_CHIP, 'ITKPIX_V2', site, 3));
    const tile = this.#add(SENSOR_TILE, 'OUTER_SENSOR_TILE', site, 3);
    const bare = this.#add(BARE_MODULE, 'QUAD_BARE_MODULE', site, 1, [tile, ...chips]);
    const pcb = this.#add(PCB, 'QUAD_PCB', site, 4);
    return this.#add(PIXEL_MODULE, 'OUTER_SYSTEM_QUAD_MODULE', site, this.#random.integer(0, 6), [bare, pcb]);
  }

  #add(
    componentType: ComponentType,
    typeCode: string,
    location: Institution,
    stage: number,
    parts: readonly (Draft | Part)[] = [],
  ): Draft {
    const random = this.#random;
    const type = typeOf(componentType, typeCode);
    const serialNumber = this.#serialNumber(type);
    const registered = FIRST_DAY + random.integer(0, 600) * DAY + random.integer(0, 8 * 3600) * 1000;
    const slots = parts.map((part, order) => {
      const child = 'id' in part ? part : undefined;
      const [slotType, slotVariant] = 'id' in part ? [part.componentType, part.type] : part;
      return {
        id: random.hex(24),
        order,
        componentType: slotType,
        type: slotVariant,
        component: child,
        properties: {},
      };
    });
    const record: Draft = {
      id: random.hex(24),
      code: random.hex(32),
      serialNumber,
      alternativeIdentifier: random.chance(0.4) ? `${location.code}_${serialNumber.slice(5)}` : undefined,
      componentType,
      type,
      institution: random.chance(0.8) ? location : random.pick(this.#institutions),
      currentLocation: location,
      currentStage: componentType.stages[stage] as Stage,
      cts: registered,
      children: slots,
      testRuns: [],
      parent: undefined,
      formerParents: NONE,
      state: 'ready',
      stateTs: registered,
      trashed: false,
      completed: (componentType.stages[stage] as Stage).final,
      dummy: false,
      grade: undefined,
      flags: NONE,
      properties: undefined,
      stages: undefined,
      locations: undefined,
      comments: NONE,
      attachments: NONE,
      batches: NONE,
      scriptStates: NOTHING,
      user: GENERATED_BY,
      rev: stage + 1,
      mts: registered + stage * 7 * DAY,
      position: this.#components.length,
    };
    record.testRuns = this.#testRuns(record);
    for (const { component } of slots) if (component !== undefined) component.parent = record;
    this.#components.push(record);
    return record;
  }

  /** Every test of every stage that the component has been through; one in twelve fails at first and is repeated. */
  #testRuns(component: ComponentRecord): TestRunRecord[] {
    const { componentType, currentStage, cts, currentLocation } = component;
    const testTypes = testTypesOf(componentType);
    return componentType.stages.slice(0, currentStage.order).flatMap((stage, index) =>
      testTypes.flatMap((testType) => {
        if (!testType.stages.includes(stage.code)) return [];
        const outcomes = this.#random.chance(1 / 12) ? [false, this.#random.chance(0.7)] : [true];
        return outcomes.map((passed, run) => {
          const uploaded = cts + (index * 7 + run) * DAY;
          return {
            id: this.#random.hex(24),
            component,
            testType,
            stage,
            runNumber: String(run + 1),
            passed,
            problems: false,
            date: new Date(uploaded).toISOString(),
            institution: currentLocation,
            state: 'ready',
            properties: undefined,
            results: undefined,
            defects: NONE,
            comments: NONE,
            attachments: NONE,
            user: GENERATED_BY,
            cts: uploaded,
            rev: 1,
            mts: uploaded,
          };
        });
      }),
    );
  }

  #serialNumber({ subproject, block }: TypeVariant): string {
    const prefix = `20U${subproject}${block}`;
    const number = (this.#lastNumbers.get(prefix) ?? 1_000_000) + this.#random.integer(1, 9);
    this.#lastNumbers.set(prefix, number);
    return `${prefix}${number}`;
  }

  #site(codes?: readonly string[]): Institution {
    return this.#random.pick(this.#institutions.filter((site) => codes?.includes(site.code) ?? true));
  }
}

/** Returns the type and the number of the batch of a component that is the given one of its type. */
function batchOf(type: ComponentType, index: number, location: Named): string | undefined {
  const group = 1 + Math.floor(index / 20);
  if (type === SENSOR) return `SENSORS_PROD_BATCH VPX${32_000 + group}`;
  if (type === PCB) return `PIXEL_POPULATED_PCB_BATCH PCB-${group}`;
  return type === STRIP_MODULE ? `MODULE_BATCH DUMMY_${location.code}` : undefined;
}
