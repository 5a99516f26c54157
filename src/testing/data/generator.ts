import {
  BARE_MODULE,
  type ComponentType,
  FE_CHIP,
  HYBRID,
  PCB,
  PIXEL_MODULE,
  POWERBOARD,
  PROJECTS,
  SENSOR,
  SENSOR_TILE,
  SITES,
  STAVE,
  STRIP_MODULE,
} from './catalogue.js';
import { Random } from './random.js';
import { type ComponentRecord, GENERATED_BY, type Institution, type TestRunRecord } from './records.js';
import { Store } from './store.js';

const DAY = 24 * 3600 * 1000;
const FIRST_DAY = Date.UTC(2024, 0, 8, 9);
const SUPERVISORS = ['A. Example', 'B. Sample', 'C. Placeholder', 'D. Invented', 'E. Imaginary'];

/**
 * Makes a data set: staves of 28 modules, loose modules, and their parts, until there are at least so many components.
 * The same arguments make the same data.
 */
export function createDataset(seed: number, size: number): Store {
  return new Generator(new Random(seed)).generate(size);
}

/** A component that is still being put together. */
type Draft = { -readonly [Key in keyof ComponentRecord]: ComponentRecord[Key] };

class Generator {
  readonly #random: Random;
  readonly #institutions: readonly Institution[];
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
    }));
  }

  generate(size: number): Store {
    const projects = PROJECTS.map((project) => ({ id: this.#random.hex(24), ...project }));
    while (this.#components.length < size) this.#addFamily(size);
    const store = new Store(this.#random, projects, this.#institutions);
    for (const component of this.#components) {
      store.addComponent(component);
      store.indexTestRuns(component.testRuns);
    }
    store.start();
    return store;
  }

  #addFamily(size: number): void {
    const kind = this.#random.next();
    const isRoomForStave = size - this.#components.length > 140;
    if (kind < 0.01 && isRoomForStave) this.#stave();
    else if (kind < 0.55) this.#stripModule(this.#random.pick(['BARREL_LS_MODULE', 'BARREL_SS_MODULE']));
    else this.#pixelModule();
  }

  #stave(): Draft {
    const typeCode = this.#random.pick(['LS-A', 'SS-A']);
    const moduleType = typeCode === 'LS-A' ? 'BARREL_LS_MODULE' : 'BARREL_SS_MODULE';
    const site = this.#site(['BNL', 'QMUL', 'CERN']);
    const modules = Array.from({ length: 28 }, () => this.#stripModule(moduleType, site));
    return this.#add(STAVE, typeCode, site, this.#random.integer(1, 4), modules);
  }

  #stripModule(typeCode: string, finishedAt?: Institution): Draft {
    const site = finishedAt ?? this.#site();
    const stage = finishedAt === undefined ? this.#random.integer(0, 5) : 5;
    const isShort = typeCode === 'BARREL_SS_MODULE';
    // A sensor gets its hybrids and its powerboard when it is glued.
    const isGlued = stage >= 1;
    const parts: (Draft | [ComponentType, string])[] = [
      this.#add(SENSOR, isShort ? 'ATLAS18SS' : 'ATLAS18LS', site, 3),
      isGlued ? this.#add(HYBRID, 'X', site, 4) : [HYBRID, 'X'],
      ...(isShort
        ? [isGlued ? this.#add(HYBRID, 'Y', site, 4) : ([HYBRID, 'Y'] as [ComponentType, string])]
        : []),
      isGlued ? this.#add(POWERBOARD, 'B3', site, 3) : [POWERBOARD, 'B3'],
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
    type: ComponentType,
    typeCode: string,
    location: Institution,
    stage: number,
    parts: readonly (Draft | [ComponentType, string])[] = [],
  ): Draft {
    const random = this.#random;
    const serialNumber = this.#serialNumber(type, typeCode);
    const registered = FIRST_DAY + random.integer(0, 600) * DAY + random.integer(0, 8 * 3600) * 1000;
    const slots = parts.map((part, order) => {
      const child = Array.isArray(part) ? undefined : part;
      const [slotType, slotTypeCode] = Array.isArray(part) ? part : [part.type, part.typeCode];
      return { id: random.hex(24), order, type: slotType, typeCode: slotTypeCode, child, properties: {} };
    });
    const record: Draft = {
      id: random.hex(24),
      code: random.hex(32),
      serialNumber,
      alternativeIdentifier: random.chance(0.4) ? `${location.code}_${serialNumber.slice(5)}` : undefined,
      type,
      typeCode,
      institution: random.chance(0.8) ? location : random.pick(this.#institutions),
      location,
      stage,
      registered,
      slots,
      testRuns: [],
      parent: undefined,
      formerParents: [],
      state: 'ready',
      stateChanged: registered,
      trashed: false,
      completed: stage === type.stages.length - 1,
      grade: null,
      flags: [],
      properties: undefined,
      stageHistory: undefined,
      locationHistory: undefined,
      comments: [],
      attachments: [],
      user: GENERATED_BY,
      rev: stage + 1,
      changed: registered + stage * 7 * DAY,
      position: this.#components.length,
    };
    record.testRuns = this.#testRuns(record);
    for (const slot of slots) if (slot.child !== undefined) slot.child.parent = record;
    this.#components.push(record);
    return record;
  }

  /** Every test of every stage that the component has been through; one in twelve fails at first and is repeated. */
  #testRuns(component: ComponentRecord): TestRunRecord[] {
    const { type, stage, registered, location } = component;
    return type.stages.slice(0, stage + 1).flatMap(({ code }, index) =>
      (type.tests[code] ?? []).flatMap((test) => {
        const outcomes = this.#random.chance(1 / 12) ? [false, this.#random.chance(0.7)] : [true];
        return outcomes.map((passed, run) => {
          const uploaded = registered + (index * 7 + run) * DAY;
          return {
            id: this.#random.hex(24),
            component,
            test,
            stage: index,
            runNumber: String(run + 1),
            passed,
            problems: false,
            date: new Date(uploaded).toISOString(),
            institution: location,
            state: 'ready',
            properties: undefined,
            results: undefined,
            defects: [],
            comments: [],
            attachments: [],
            user: GENERATED_BY,
            uploaded,
            rev: 1,
            changed: uploaded,
          };
        });
      }),
    );
  }

  #serialNumber(type: ComponentType, typeCode: string): string {
    const variant = type.types[typeCode];
    const prefix = `20U${variant?.subproject}${variant?.block}`;
    const number = (this.#lastNumbers.get(prefix) ?? 1_000_000) + this.#random.integer(1, 9);
    this.#lastNumbers.set(prefix, number);
    return `${prefix}${number}`;
  }

  #site(codes?: readonly string[]): Institution {
    return this.#random.pick(this.#institutions.filter((site) => codes?.includes(site.code) ?? true));
  }
}
