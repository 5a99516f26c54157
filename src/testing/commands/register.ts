import type { ComponentType, TypeVariant } from '../data/catalogue.js';
import type { BatchRecord, ComponentRecord, Institution, Slot } from '../data/records.js';
import type { Store } from '../data/store.js';
import { COMPONENT_PROPERTIES } from '../data/test-types.js';
import { addToBatches, batchesOf } from './batches.js';
import type { Command, CommandContext, DtoIn } from './command.js';
import { missingKeys, refusal } from './command-error.js';
import { newComments } from './comments.js';
import { changedComponent, checkFlag, checkSerialNumber } from './component-changes.js';
import { componentOf, componentTypeOf, institutionOf, stageOf, textOf } from './input.js';
import { checkValues } from './values.js';

/** Registers a component, in its first stage or in the one that the input names, at its institution. */
export const registerComponent: Command = (input, context) => {
  const { store } = context;
  const componentType = componentTypeOf(input['project'], input['componentType'], context);
  const type = variantOf(componentType, input, context);
  const institution = institutionOf(input['institution'], context);
  const given = textOf(input['serialNumber']);
  if (given === undefined && componentType.needsSerialNumber)
    throw missingKeys(context.command, ['$.serialNumber']);
  if (given !== undefined) checkSerialNumber(given, undefined, context);
  const code = textOf(input['stage']);
  const currentStage = code === undefined ? undefined : stageOf(componentType, code, context);
  const batches: readonly BatchRecord[] = batchesOf(input['batches'], componentType.project, context);
  const flag = textOf(input['flag']);
  if (flag !== undefined) checkFlag(flag, context);
  const properties = checkValues('properties', COMPONENT_PROPERTIES, input, context);
  const component = newComponent(componentType, type, institution, context, {
    ...(given !== undefined && { serialNumber: given }),
    ...(currentStage !== undefined && { currentStage }),
    flags: flag === undefined ? [] : [flag],
    properties,
    comments: newComments(input, context),
  });
  store.addComponent(component);
  addToBatches(component, batches, context);
  return changedComponent(component, context);
};

/** Fills the free slots of a component with new components that are marked as dummies. */
export const createDummyChildren: Command = (input, context) => {
  const { store } = context;
  const parent = componentOf(input['component'], context);
  const children = parent.children.map((slot) => {
    if (slot.component !== undefined) return slot;
    const { currentLocation } = parent;
    const dummy = newComponent(slot.componentType, slot.type, currentLocation, context, {
      dummy: true,
      parent,
    });
    store.addComponent(dummy);
    return { ...slot, component: dummy };
  });
  store.updateComponent(parent, { children });
  return changedComponent(parent, context);
};

function newComponent(
  componentType: ComponentType,
  type: TypeVariant,
  institution: Institution,
  { store, user }: CommandContext,
  given: Partial<ComponentRecord>,
): ComponentRecord {
  const now = Date.now();
  const currentStage = given.currentStage ?? firstStageOf(componentType);
  return {
    id: store.newId(),
    code: store.newId(32),
    serialNumber: given.serialNumber ?? newSerialNumber(type, store),
    alternativeIdentifier: undefined,
    componentType,
    type,
    institution,
    currentLocation: institution,
    currentStage,
    cts: now,
    children: slotsFor(componentType, type, store),
    testRuns: [],
    parent: undefined,
    formerParents: [],
    state: 'ready',
    stateTs: now,
    trashed: false,
    completed: false,
    dummy: false,
    grade: undefined,
    flags: [],
    properties: {},
    stages: [{ stage: currentStage, dateTime: now, comment: undefined, rework: false, user }],
    locations: undefined,
    comments: [],
    attachments: [],
    batches: [],
    scriptStates: {},
    user,
    rev: 1,
    mts: now,
    position: store.components.length,
    ...given,
  };
}

function firstStageOf({ stages }: ComponentType): ComponentType['stages'][number] {
  return stages[0] as ComponentType['stages'][number];
}

function variantOf({ types }: ComponentType, input: DtoIn, { command }: CommandContext): TypeVariant {
  const code = textOf(input['type']);
  if (code === undefined) throw missingKeys(command, ['$.type']);
  const type = types.find((one) => one.code === code);
  if (type === undefined) throw refusal(command, 'typeDoesNotExist', 'Type does not exist.', { type: code });
  if (type.subproject !== input['subproject']) {
    const { subproject } = input;
    throw refusal(command, 'subprojectDoesNotExist', 'The type is not in this sub-project.', { subproject });
  }
  return type;
}

function slotsFor({ parts }: ComponentType, type: TypeVariant, store: Store): Slot[] {
  return (parts?.[type.code] ?? []).map(([partType, variant], order) => ({
    id: store.newId(),
    order,
    componentType: partType,
    type: variant,
    component: undefined,
    properties: {},
  }));
}

/** Returns the first free serial number above those of the generated components. */
function newSerialNumber({ subproject, block }: TypeVariant, store: Store): string {
  const prefix = `20U${subproject}${block}`;
  for (let number = 9_000_000; ; number += 1)
    if (store.find(`${prefix}${number}`) === undefined) return `${prefix}${number}`;
}
