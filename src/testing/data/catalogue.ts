/**
 * What kinds of parts there are: a small share of the real catalogue, with its codes. Institutions carry codes of real
 * ones; people, numbers and addresses are made up.
 */

/** What has a code and a name. */
export interface Named {
  /** Such as `MODULE`. */
  readonly code: string;
  /** Such as `Module`. */
  readonly name: string;
}

/** Returns 24 hexadecimal digits that are the same for the same text. */
export function idOf(text: string): string {
  let hash = 0x811c9dc5;
  for (const character of text) hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 0x01000193) >>> 0;
  return hash.toString(16).padStart(8, '0').repeat(3);
}

export const PROJECTS: readonly Named[] = [
  { code: 'S', name: 'Strips' },
  { code: 'P', name: 'Pixels' },
  { code: 'CE', name: 'Common electronics' },
  { code: 'CM', name: 'Common mechanics' },
];

export const SUBPROJECTS: Readonly<Record<string, string>> = {
  SB: 'Strip barrel',
  SE: 'Strip end-cap',
  SG: 'Strips general',
  PI: 'Pixel inner system',
  PB: 'Pixel outer barrel',
  PG: 'Pixels general',
  CE: 'Common electronics',
  CM: 'Common mechanics',
};

/** A stage of a component type. */
export interface Stage extends Named {
  /** From 1. */
  readonly order: number;
  /** Whether new components are in this stage. */
  readonly initial: boolean;
  /** Whether a component stays in it: the last stage, or one such as `FAILED`. */
  readonly final: boolean;
  /** Whether it is beside the usual order, such as `FAILED`. */
  readonly alternative: boolean;
}

/** A type of a component type, such as `BARREL_LS_MODULE` of `MODULE`. */
export interface TypeVariant extends Named {
  /** The code of the sub-project. */
  readonly subproject: string;
  /** The two characters after the sub-project in serial numbers. */
  readonly block: string;
}

/** A component type, with the stages that its components go through. */
export interface ComponentType extends Named {
  /** 24 hexadecimal digits. */
  readonly id: string;
  /** The code of the project. */
  readonly project: string;
  /** The types that its components can have. */
  readonly types: readonly TypeVariant[];
  /** In their order. */
  readonly stages: readonly Stage[];
  /** Tests by the stage in which they are done. */
  readonly tests: Readonly<Record<string, readonly Named[]>>;
  /** Type code → the parts that its components have slots for. @defaultValue no slots */
  readonly parts?: Readonly<Record<string, readonly Part[]>>;
  /** Tests that are not done any more. @defaultValue none */
  readonly inactiveTests?: readonly Named[];
  /** Whether a serial number must be given, because the database does not make one. @defaultValue `false` */
  readonly needsSerialNumber?: boolean;
}

/** A component type and one of its types. */
export type Part = readonly [componentType: ComponentType, type: TypeVariant];

/** Returns the type with a code. */
export function typeOf({ types }: ComponentType, code: string): TypeVariant {
  const type = types.find((one) => one.code === code);
  if (type === undefined) throw new RangeError(`there is no type ${code}`);
  return type;
}

const part = (componentType: ComponentType, type: string): Part => [
  componentType,
  typeOf(componentType, type),
];
const define = (type: Omit<ComponentType, 'id'>): ComponentType => ({
  id: idOf(`${type.project}/${type.code}`),
  ...type,
});
/** The stages in their usual order, and then those in which a component ends that does not go through all of them. */
const stages = (usual: readonly string[], alternative: readonly string[] = []): Stage[] =>
  [...usual, ...alternative].map((code, index) => ({
    code,
    name: title(code.replace(/^(?:MODULE|PCB)\//, '')),
    order: index + 1,
    initial: index === 0,
    final: index >= usual.length - 1,
    alternative: index >= usual.length,
  }));
const tests = (...codes: string[]): Named[] => codes.map((code) => ({ code, name: title(code) }));

/** A name for a code, such as `HV tab attached` for `HV_TAB_ATTACHED`. */
function title(code: string): string {
  const words = code
    .replace('BAREMODULE', 'BARE_MODULE_')
    .replace('TESTONWAFER', 'TEST_ON_WAFER')
    .replace('SENS_TEST_STAGE', 'SENSOR_TESTS')
    .split('_')
    .map((word) => (ABBREVIATIONS.has(word) ? word : word.toLowerCase()));
  const [first = '', ...rest] = words;
  return [first.charAt(0).toUpperCase() + first.slice(1), ...rest].join(' ');
}

const ABBREVIATIONS: ReadonlySet<string> = new Set(
  'AMAC ASIC ATLAS18 AVS CERN CV DCDC FE HV IV LV NO PCB PPA PS QC V1 VIS'.split(' '),
);

export const SENSOR: ComponentType = define({
  code: 'SENSOR',
  name: 'Sensor',
  project: 'S',
  types: [
    { code: 'ATLAS18LS', name: 'ATLAS18 long strip', subproject: 'SB', block: 'SL' },
    { code: 'ATLAS18SS', name: 'ATLAS18 short strip', subproject: 'SB', block: 'SS' },
  ],
  stages: stages(
    ['REGISTERED', 'SENS_TEST_STAGE', 'BLESSING', 'READY_FOR_MODULE'],
    ['UNHAPPY', 'DAMAGED', 'PHANTOM', 'SPECIAL_USE', 'RETURNED'],
  ),
  tests: {
    SENS_TEST_STAGE: tests('ATLAS18_IV_TEST_V1', 'ATLAS18_CV_TEST_V1', 'ATLAS18_CURRENT_STABILITY_V1'),
  },
  inactiveTests: tests('ATLAS18_VIS_INSPECTION_V1'),
  needsSerialNumber: true,
});

export const HYBRID: ComponentType = define({
  code: 'HYBRID_ASSEMBLY',
  name: 'Hybrid assembly',
  project: 'S',
  types: [
    { code: 'X', name: 'Hybrid X', subproject: 'SB', block: 'HX' },
    { code: 'Y', name: 'Hybrid Y', subproject: 'SB', block: 'HY' },
  ],
  stages: stages(['ASIC_ATTACHMENT', 'WIRE_BONDING', 'BURN_IN', 'FINISHED_HYBRID', 'ON_MODULE'], ['FAILED']),
  tests: {
    ASIC_ATTACHMENT: tests('ASIC_GLUE_WEIGHT', 'ASIC_METROLOGY'),
    WIRE_BONDING: tests('WIRE_BONDING', 'NO_PPA'),
  },
});

export const POWERBOARD: ComponentType = define({
  code: 'PWB',
  name: 'Powerboard',
  project: 'S',
  types: [{ code: 'B3', name: 'Barrel powerboard v3', subproject: 'SB', block: 'P0' }],
  stages: stages(['BONDED', 'TESTED', 'READY_FOR_MODULE', 'ON_MODULE']),
  tests: { BONDED: tests('VISUAL_INSPECTION'), TESTED: tests('HV_LEAKAGE', 'DCDC_EFFICIENCY') },
});

export const STRIP_MODULE: ComponentType = define({
  code: 'MODULE',
  name: 'Module',
  project: 'S',
  types: [
    { code: 'BARREL_LS_MODULE', name: 'Barrel long-strip module', subproject: 'SB', block: 'ML' },
    { code: 'BARREL_SS_MODULE', name: 'Barrel short-strip module', subproject: 'SB', block: 'MS' },
  ],
  stages: stages(['HV_TAB_ATTACHED', 'GLUED', 'STITCH_BONDING', 'BONDED', 'TESTED', 'FINISHED'], ['FAILED']),
  tests: {
    HV_TAB_ATTACHED: tests('VISUAL_INSPECTION', 'MODULE_IV_PS_V1'),
    GLUED: tests('GLUE_WEIGHT', 'MODULE_METROLOGY', 'MODULE_BOW'),
    BONDED: tests('MODULE_WIRE_BONDING', 'MODULE_IV_AMAC'),
    TESTED: tests('PEDESTAL_TRIM', 'STROBE_DELAY', 'RESPONSE_CURVE'),
  },
  parts: {
    BARREL_LS_MODULE: [part(SENSOR, 'ATLAS18LS'), part(HYBRID, 'X'), part(POWERBOARD, 'B3')],
    BARREL_SS_MODULE: [
      part(SENSOR, 'ATLAS18SS'),
      part(HYBRID, 'X'),
      part(HYBRID, 'Y'),
      part(POWERBOARD, 'B3'),
    ],
  },
});

export const STAVE: ComponentType = define({
  code: 'STAVE',
  name: 'Stave',
  project: 'S',
  types: [
    { code: 'LS-A', name: 'Long-strip stave, side A', subproject: 'SB', block: 'LA' },
    { code: 'SS-A', name: 'Short-strip stave, side A', subproject: 'SB', block: 'LC' },
  ],
  stages: stages(
    ['RECEPTION', 'MODULE_LOADING', 'POST-ASSEMBLY', 'STAVE_SHIPPED', 'RECEIVED_AT_CERN'],
    ['FAILED'],
  ),
  tests: {
    RECEPTION: tests('RECEPTION_VISUAL_INSPECTION'),
    MODULE_LOADING: tests('MODULE_PLACEMENT_ACCURACY_STAVE'),
  },
  parts: {
    'LS-A': Array.from({ length: 28 }, () => part(STRIP_MODULE, 'BARREL_LS_MODULE')),
    'SS-A': Array.from({ length: 28 }, () => part(STRIP_MODULE, 'BARREL_SS_MODULE')),
  },
});

export const FE_CHIP: ComponentType = define({
  code: 'FE_CHIP',
  name: 'FE chip',
  project: 'P',
  types: [{ code: 'ITKPIX_V2', name: 'ITkPix V2', subproject: 'PG', block: 'FC' }],
  stages: stages(['TESTONWAFER', 'HYBRIDISATION', 'BAREMODULEASSEMBLY', 'BAREMODULERECEPTION'], ['UNUSABLE']),
  tests: { TESTONWAFER: tests('FECHIP_TEST') },
  needsSerialNumber: true,
});

export const SENSOR_TILE: ComponentType = define({
  code: 'SENSOR_TILE',
  name: 'Sensor tile',
  project: 'P',
  types: [{ code: 'OUTER_SENSOR_TILE', name: 'Outer sensor tile', subproject: 'PG', block: 'S4' }],
  stages: stages(['SENSOR_MANUFACTURER', 'WAFER_PROCESSING', 'BAREMODULEASSEMBLY', 'BAREMODULERECEPTION']),
  tests: { BAREMODULERECEPTION: tests('IV_MEASURE') },
  needsSerialNumber: true,
});

export const BARE_MODULE: ComponentType = define({
  code: 'BARE_MODULE',
  name: 'Bare module',
  project: 'P',
  types: [{ code: 'QUAD_BARE_MODULE', name: 'Quad bare module', subproject: 'PG', block: 'B4' }],
  stages: stages(['BAREMODULEASSEMBLY', 'BAREMODULERECEPTION'], ['UNHAPPY', 'NOT_USED']),
  tests: {
    BAREMODULERECEPTION: tests('VISUAL_INSPECTION', 'MASS_MEASUREMENT', 'FLATNESS', 'BARE_MODULE_SENSOR_IV'),
  },
  parts: {
    QUAD_BARE_MODULE: [
      part(SENSOR_TILE, 'OUTER_SENSOR_TILE'),
      ...Array.from({ length: 4 }, () => part(FE_CHIP, 'ITKPIX_V2')),
    ],
  },
});

export const PCB: ComponentType = define({
  code: 'PCB',
  name: 'PCB',
  project: 'P',
  types: [{ code: 'QUAD_PCB', name: 'Quad PCB', subproject: 'PG', block: 'PQ' }],
  stages: stages(
    ['PCB_RECEPTION', 'PCB_POPULATION', 'PCB_CUTTING', 'PCB_QC', 'PCB_RECEPTION_MODULE_SITE'],
    ['UNHAPPY', 'PCB/GRAVEYARD'],
  ),
  tests: { PCB_RECEPTION: tests('VISUAL_INSPECTION', 'METROLOGY'), PCB_QC: tests('HV_LV_TEST') },
});

export const PIXEL_MODULE: ComponentType = define({
  code: 'MODULE',
  name: 'Module',
  project: 'P',
  types: [
    { code: 'OUTER_SYSTEM_QUAD_MODULE', name: 'Outer system quad module', subproject: 'PG', block: 'M2' },
  ],
  stages: stages(
    [
      'MODULE/ASSEMBLY',
      'MODULE/WIREBONDING',
      'MODULE/INITIAL_WARM',
      'MODULE/INITIAL_COLD',
      'MODULE/THERMAL_CYCLES',
      'MODULE/FINAL_WARM',
      'MODULE/COMPLETE',
    ],
    ['MODULE/UNHAPPY'],
  ),
  tests: {
    'MODULE/ASSEMBLY': tests('MASS_MEASUREMENT', 'QUAD_MODULE_METROLOGY', 'VISUAL_INSPECTION'),
    'MODULE/WIREBONDING': tests('WIREBONDING', 'WIREBOND_PULL_TEST'),
    'MODULE/INITIAL_WARM': tests('E_SUMMARY', 'IV_MEASURE'),
    'MODULE/FINAL_WARM': tests('E_SUMMARY', 'IV_MEASURE'),
  },
  parts: {
    OUTER_SYSTEM_QUAD_MODULE: [part(BARE_MODULE, 'QUAD_BARE_MODULE'), part(PCB, 'QUAD_PCB')],
  },
});

/** All types of component. */
export const COMPONENT_TYPES: readonly ComponentType[] = [
  SENSOR,
  HYBRID,
  POWERBOARD,
  STRIP_MODULE,
  STAVE,
  FE_CHIP,
  SENSOR_TILE,
  BARE_MODULE,
  PCB,
  PIXEL_MODULE,
];

/** The types of batches, each with the code of its project. */
export const BATCH_TYPES: readonly (Named & { readonly project: string })[] = [
  { code: 'SENSORS_PROD_BATCH', name: 'Sensors production batch', project: 'S' },
  { code: 'MODULE_BATCH', name: 'Module batch', project: 'S' },
  { code: 'HYBRID_BATCH', name: 'Hybrid batch', project: 'S' },
  { code: 'PIXEL_POPULATED_PCB_BATCH', name: 'Pixel populated PCB batch', project: 'P' },
];

/** Code, name, city, latitude, longitude. */
export const SITES: readonly (readonly [string, string, string, number, number])[] = [
  ['ANL', 'Argonne National Laboratory', 'Lemont', 41.7, -88.0],
  ['AVS', 'AVS', 'Elgoibar', 43.2, -2.4],
  ['BNL', 'Brookhaven National Laboratory', 'Upton', 40.9, -72.9],
  ['CAM', 'University of Cambridge', 'Cambridge', 52.2, 0.1],
  ['CERN', 'CERN', 'Geneva', 46.2, 6.1],
  ['CU', 'Carleton University', 'Ottawa', 45.4, -75.7],
  ['DESYHH', 'DESY Hamburg', 'Hamburg', 53.6, 9.9],
  ['DESYZ', 'DESY Zeuthen', 'Zeuthen', 52.3, 13.6],
  ['EDI', 'University of Edinburgh', 'Edinburgh', 55.9, -3.2],
  ['FZU', 'Institute of Physics of the Czech Academy of Sciences', 'Prague', 50.1, 14.5],
  ['GL', 'University of Glasgow', 'Glasgow', 55.9, -4.3],
  ['GOETTINGEN', 'Georg-August-Universität Göttingen', 'Göttingen', 51.5, 9.9],
  ['IFIC', 'IFIC Valencia', 'Valencia', 39.5, -0.4],
  ['IHEP', 'Institute of High Energy Physics', 'Beijing', 39.9, 116.2],
  ['INFN_LECCE', 'INFN Lecce', 'Lecce', 40.4, 18.2],
  ['KEK', 'KEK', 'Tsukuba', 36.1, 140.1],
  ['LBL', 'Lawrence Berkeley National Laboratory', 'Berkeley', 37.9, -122.2],
  ['OKLAHOMA', 'University of Oklahoma', 'Norman', 35.2, -97.4],
  ['OSU', 'Oklahoma State University', 'Stillwater', 36.1, -97.1],
  ['PUC', 'Pontificia Universidad Católica de Chile', 'Santiago', -33.4, -70.6],
  ['QMUL', 'Queen Mary University of London', 'London', 51.5, 0.0],
  ['SFU', 'Simon Fraser University', 'Burnaby', 49.3, -122.9],
  ['SIEGEN', 'Universität Siegen', 'Siegen', 50.9, 8.0],
  ['TRIUMF', 'TRIUMF', 'Vancouver', 49.2, -123.2],
  ['TUDO', 'TU Dortmund', 'Dortmund', 51.5, 7.4],
  ['UBC', 'University of British Columbia', 'Vancouver', 49.3, -123.2],
  ['UCSC', 'University of California, Santa Cruz', 'Santa Cruz', 37.0, -122.1],
  ['UNIFREIBURG', 'Universität Freiburg', 'Freiburg', 48.0, 7.8],
  ['UT', 'University of Toronto', 'Toronto', 43.7, -79.4],
];
