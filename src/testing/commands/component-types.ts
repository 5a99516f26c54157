import { COMPONENT_TYPES, type ComponentType, type Part } from '../data/catalogue.js';
import type { TestType } from '../data/test-types.js';
import { COMPONENT_PROPERTIES, FLAGS } from '../data/test-types.js';
import { AWID, iso, listOrNull, viewNamed } from '../data/views.js';
import type { Command, CommandContext } from './command.js';
import { componentTypeOf, componentTypeWithId, isTrue, page, projectOf } from './input.js';

/** When the component types were made. */
const CREATED = Date.UTC(2023, 5, 1);

/** Lists the component types of a project. */
export const listComponentTypes: Command = (input, context) =>
  page('pageItemList', typesOf(input['project'], context), input, (type) => viewComponentType(type, context));

/** Returns a component type by its id. */
export const getComponentType: Command = (input, context) =>
  viewComponentType(componentTypeWithId(input['id'], context, 'id'), context, isTrue(input['fullTree']));

/** Returns a component type by its code. */
export const getComponentTypeByCode: Command = (input, context) =>
  viewComponentType(componentTypeOf(input['project'], input['code'], context), context);

/** Lists the component types whose name or code contains a text. */
export const searchComponentTypeByName: Command = (input, context) => {
  const text = String(input['componentType']).toLowerCase();
  const types = typesOf(input['project'], context).filter((type) =>
    [type.name, type.code].some((name) => name.toLowerCase().includes(text)),
  );
  return { itemList: types.map((type) => viewComponentType(type, context)) };
};

function typesOf(project: unknown, context: CommandContext): ComponentType[] {
  const code = projectOf(project, context);
  return COMPONENT_TYPES.filter((type) => type.project === code);
}

function viewComponentType(
  type: ComponentType,
  { store, quirks }: CommandContext,
  fullTree = false,
): Record<string, unknown> {
  const testTypes = store.testTypesOf(type);
  return {
    id: type.id,
    code: type.code,
    name: type.name,
    state: 'active',
    project: type.project,
    subprojects: [...new Set(type.types.map(({ subproject }) => subproject))],
    category: type.parts === undefined ? 'item' : 'assembly',
    snRequired: true,
    snAutomatically: !type.needsSerialNumber,
    snComponentIdentifier: '',
    properties: COMPONENT_PROPERTIES.map((property, index) => ({
      code: property.code,
      name: property.name,
      description: null,
      dataType: property.dataType,
      order: index + 1,
      required: property.required,
      default: false,
      unique: false,
      snPosition: null,
      codeTable: null,
    })),
    types: type.types.map(({ code, name, subproject, block }) => ({
      code,
      name,
      version: null,
      subprojects: [subproject],
      snComponentIdentifier: block,
      existing: true,
      cddNumber: null,
    })),
    stages: type.stages.map((stage) => ({
      ...stage,
      testTypes: listOrNull(
        testTypes.filter(({ stages }) => stages.includes(stage.code)).map(viewStageTest),
        quirks,
      ),
    })),
    flags: FLAGS,
    parents: null,
    children: viewChildTypes(type, quirks, fullTree),
    testTypes: listOrNull(
      testTypes.map(({ id }) => id),
      quirks,
    ),
    awid: AWID,
    sys: { cts: iso(CREATED), mts: iso(CREATED), rev: 1 },
  };
}

function viewStageTest(testType: TestType, index: number): Record<string, unknown> {
  return { testType: viewNamed(testType), order: index + 1 };
}

/** The kinds of children by the code of the type, each once with its number; null if there are none. */
function viewChildTypes({ parts = {} }: ComponentType, quirks: boolean, fullTree: boolean): unknown {
  const entries = Object.entries(parts).map(([code, all]) => {
    const kinds = new Map<string, Part[]>();
    for (const part of all) {
      const key = `${part[0].id} ${part[1].code}`;
      kinds.set(key, [...(kinds.get(key) ?? []), part]);
    }
    return [code, [...kinds.values()].map((kind) => viewChildType(kind, quirks, fullTree))];
  });
  return entries.length === 0 && quirks ? null : Object.fromEntries(entries);
}

function viewChildType(parts: readonly Part[], quirks: boolean, fullTree: boolean): Record<string, unknown> {
  const [[componentType, type]] = parts as readonly [Part];
  const counted = { quantity: parts.length, properties: listOrNull([], quirks) };
  // Ids and codes in place of objects are a quirk.
  if (quirks && !fullTree) return { child: componentType.id, childType: type.code, ...counted };
  return { ...viewNamed(componentType), type: { code: type.code, name: type.name }, ...counted };
}
