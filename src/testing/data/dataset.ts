import {
  BARE_MODULE,
  type ComponentType,
  FE_CHIP,
  HYBRID,
  type Named,
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

/** An institution. */
export interface Institution extends Named {
  readonly id: string;
  readonly supervisor: string;
  readonly city: string;
  readonly latitude: number;
  readonly longitude: number;
}

/** A place in a component for another one. */
export interface Slot {
  readonly id: string;
  readonly order: number;
  readonly type: ComponentType;
  readonly typeCode: string;
  child: ComponentRecord | undefined;
}

/** One run of a test. */
export interface TestRunRecord {
  readonly id: string;
  readonly test: Named;
  /** Index in the stages of the component's type. */
  readonly stage: number;
  readonly runNumber: string;
  readonly passed: boolean;
  readonly date: string;
  readonly institution: Institution;
}

/** A component as it is stored; `views.ts` makes the results of commands from it. */
export interface ComponentRecord {
  readonly id: string;
  readonly code: string;
  readonly serialNumber: string;
  readonly alternativeIdentifier: string | undefined;
  readonly type: ComponentType;
  readonly typeCode: string;
  readonly institution: Institution;
  readonly location: Institution;
  /** Index in `type.stages`. */
  readonly stage: number;
  /** When it was registered, in milliseconds since the epoch. */
  readonly registered: number;
  readonly slots: readonly Slot[];
  readonly testRuns: readonly TestRunRecord[];
  parent: ComponentRecord | undefined;
}

/** All there is in an embedded database. */
export interface Dataset {
  readonly projects: readonly (Named & { readonly id: string })[];
  readonly institutions: readonly Institution[];
  readonly components: readonly ComponentRecord[];
  /** Finds a component by serial number, code or id. */
  find(identifier: string): ComponentRecord | undefined;
  /** Finds a component by its alternative identifier. */
  findAlternative(identifier: string): ComponentRecord | undefined;
  /** Finds the component that has a test run. */
  findTested(testRun: string): ComponentRecord | undefined;
}

const DAY = 24 * 3600 * 1000;
const FIRST_DAY = Date.UTC(2024, 0, 8, 9);
const SUPERVISORS = ['A. Example', 'B. Sample', 'C. Placeholder', 'D. Invented', 'E. Imaginary'];

/**
 * Makes a data set: staves of 28 modules, loose modules, and their parts, until there are at least so many components.
 * The same arguments make the same data.
 */
export function createDataset(seed: number, size: number): Dataset {
  return new Generator(new Random(seed)).generate(size);
}

class Generator {
  readonly #random: Random;
  readonly #institutions: readonly Institution[];
  readonly #components: ComponentRecord[] = [];
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

  generate(size: number): Dataset {
    const projects = PROJECTS.map((project) => ({ id: this.#random.hex(24), ...project }));
    while (this.#components.length < size) this.#addFamily(size);
    const components = this.#components;
    const byIdentifier = new Map<string, ComponentRecord>();
    const byAlternative = new Map<string, ComponentRecord>();
    const byTestRun = new Map<string, ComponentRecord>();
    for (const component of components) {
      for (const key of [component.serialNumber, component.code, component.id])
        byIdentifier.set(key, component);
      if (component.alternativeIdentifier) byAlternative.set(component.alternativeIdentifier, component);
      for (const { id } of component.testRuns) byTestRun.set(id, component);
    }
    return {
      projects,
      institutions: this.#institutions,
      components,
      find: (identifier) => byIdentifier.get(identifier),
      findAlternative: (identifier) => byAlternative.get(identifier),
      findTested: (testRun) => byTestRun.get(testRun),
    };
  }

  #addFamily(size: number): void {
    const kind = this.#random.next();
    const isRoomForStave = size - this.#components.length > 140;
    if (kind < 0.01 && isRoomForStave) this.#stave();
    else if (kind < 0.55) this.#stripModule(this.#random.pick(['BARREL_LS_MODULE', 'BARREL_SS_MODULE']));
    else this.#pixelModule();
  }

  #stave(): ComponentRecord {
    const typeCode = this.#random.pick(['LS-A', 'SS-A']);
    const moduleType = typeCode === 'LS-A' ? 'BARREL_LS_MODULE' : 'BARREL_SS_MODULE';
    const site = this.#site(['BNL', 'QMUL', 'CERN']);
    const modules = Array.from({ length: 28 }, () => this.#stripModule(moduleType, site));
    return this.#add(STAVE, typeCode, site, this.#random.integer(1, 4), modules);
  }

  #stripModule(typeCode: string, finishedAt?: Institution): ComponentRecord {
    const site = finishedAt ?? this.#site();
    const stage = finishedAt === undefined ? this.#random.integer(0, 5) : 5;
    const isShort = typeCode === 'BARREL_SS_MODULE';
    // A sensor gets its hybrids and its powerboard when it is glued.
    const isGlued = stage >= 1;
    const parts: (ComponentRecord | [ComponentType, string])[] = [
      this.#add(SENSOR, isShort ? 'ATLAS18SS' : 'ATLAS18LS', site, 3),
      isGlued ? this.#add(HYBRID, 'X', site, 4) : [HYBRID, 'X'],
      ...(isShort
        ? [isGlued ? this.#add(HYBRID, 'Y', site, 4) : ([HYBRID, 'Y'] as [ComponentType, string])]
        : []),
      isGlued ? this.#add(POWERBOARD, 'B3', site, 3) : [POWERBOARD, 'B3'],
    ];
    return this.#add(STRIP_MODULE, typeCode, site, stage, parts);
  }

  #pixelModule(): ComponentRecord {
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
    parts: readonly (ComponentRecord | [ComponentType, string])[] = [],
  ): ComponentRecord {
    const random = this.#random;
    const serialNumber = this.#serialNumber(type, typeCode);
    const registered = FIRST_DAY + random.integer(0, 600) * DAY + random.integer(0, 8 * 3600) * 1000;
    const slots = parts.map((part, order) => {
      const child = Array.isArray(part) ? undefined : part;
      const [slotType, slotTypeCode] = Array.isArray(part) ? part : [part.type, part.typeCode];
      return { id: random.hex(24), order, type: slotType, typeCode: slotTypeCode, child };
    });
    const record: ComponentRecord = {
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
      testRuns: this.#testRuns(type, stage, registered, location),
      parent: undefined,
    };
    for (const slot of slots) if (slot.child !== undefined) slot.child.parent = record;
    this.#components.push(record);
    return record;
  }

  /** Every test of every stage that the component has been through; one in twelve fails at first and is repeated. */
  #testRuns(
    type: ComponentType,
    stage: number,
    registered: number,
    institution: Institution,
  ): TestRunRecord[] {
    return type.stages.slice(0, stage + 1).flatMap(({ code }, index) =>
      (type.tests[code] ?? []).flatMap((test) => {
        const outcomes = this.#random.chance(1 / 12) ? [false, this.#random.chance(0.7)] : [true];
        return outcomes.map((passed, run) => ({
          id: this.#random.hex(24),
          test,
          stage: index,
          runNumber: String(run + 1),
          passed,
          date: new Date(registered + (index * 7 + run) * DAY).toISOString(),
          institution,
        }));
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
