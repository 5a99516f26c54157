import { isRecord } from '../../util/guards.js';
import type { ComponentRecord, Slot } from '../data/records.js';
import type { Command, CommandContext, DtoIn } from './command.js';
import { refusal } from './command-error.js';
import { changedComponent } from './component-changes.js';
import { componentOf, presentComponentOf } from './input.js';

/** Puts a component into the first free slot of another that takes it. */
export const assembleComponent: Command = (input, context) => {
  const { parent, child } = pairOf(input, context, presentComponentOf);
  checkPair(parent, child, context);
  const slot = parent.children.find((one) => one.component === undefined && takes(one, child));
  if (slot === undefined) {
    const reason = 'slotDoesNotExist';
    throw refusal(context.command, reason, 'The parent has no free slot for the child.', {
      child: input['child'],
    });
  }
  return assemble(parent, slot, child, input, context);
};

/** Puts a component into one slot of another. */
export const assembleComponentBySlot: Command = (input, context) => {
  const { parent, child } = pairOf(input, context, presentComponentOf);
  const slot = slotOf(parent, input['slot'], context);
  checkPair(parent, child, context);
  if (slot.component !== undefined) {
    throw refusal(context.command, 'slotAlreadyOccupied', 'The slot is occupied.', { slot: slot.id });
  }
  if (!takes(slot, child)) {
    const message = 'The slot is for components of another type.';
    throw refusal(context.command, 'childComponentTypeDoesNotMatch', message, { slot: slot.id });
  }
  return assemble(parent, slot, child, input, context);
};

/** Takes a component out of another. It is trashed, unless the input says `trashed: false`. */
export const disassembleComponent: Command = (input, context) => {
  const { parent, child } = pairOf(input, context, componentOf);
  const slot = parent.children.find((one) => one.component === child);
  if (slot === undefined) {
    const message = 'The child is not in the parent.';
    throw refusal(context.command, 'childComponentNotAssembled', message, { child: input['child'] });
  }
  const { trashed = true } = input;
  changeSlot(parent, slot, { component: undefined, properties: {} }, context);
  context.store.updateComponent(child, {
    parent: undefined,
    formerParents: [...child.formerParents, parent],
    ...(trashed !== false && trashed !== 'false' && { trashed: true }),
  });
  return changedComponent(parent, context);
};

/** Sets a property of a slot. */
export const setParentChildRelationPropertyBySlot: Command = (input, context) => {
  const component = componentOf(input['component'], context);
  const slot = slotOf(component, input['slot'], context);
  const properties = { ...slot.properties, [String(input['property'])]: input['value'] };
  changeSlot(component, slot, { properties }, context);
  return changedComponent(component, context);
};

function pairOf(
  input: DtoIn,
  context: CommandContext,
  find: typeof componentOf,
): { readonly parent: ComponentRecord; readonly child: ComponentRecord } {
  return {
    parent: find(input['parent'], context, 'parent'),
    child: find(input['child'], context, 'child'),
  };
}

function checkPair(parent: ComponentRecord, child: ComponentRecord, { command }: CommandContext): void {
  if (child.parent !== undefined) {
    const message = 'The child is already in a component.';
    throw refusal(command, 'childComponentAlreadyAssembled', message, { child: child.code });
  }
  if (parent.currentLocation !== child.currentLocation) {
    const message = 'Parent and child are at different locations.';
    throw refusal(command, 'componentAtDifferentLocation', message, {
      parent: parent.currentLocation.code,
      child: child.currentLocation.code,
    });
  }
}

function slotOf({ children }: ComponentRecord, id: unknown, { command }: CommandContext): Slot {
  const slot = children.find((one) => one.id === id);
  if (slot === undefined) throw refusal(command, 'slotDoesNotExist', 'Slot does not exist.', { slot: id });
  return slot;
}

function takes(slot: Slot, child: ComponentRecord): boolean {
  return slot.componentType === child.componentType && slot.type === child.type;
}

function assemble(
  parent: ComponentRecord,
  slot: Slot,
  child: ComponentRecord,
  input: DtoIn,
  context: CommandContext,
): Record<string, unknown> {
  const properties = isRecord(input['properties']) ? input['properties'] : {};
  changeSlot(parent, slot, { component: child, properties }, context);
  context.store.updateComponent(child, { parent });
  return changedComponent(parent, context);
}

function changeSlot(
  component: ComponentRecord,
  slot: Slot,
  changes: Partial<Slot>,
  { store }: CommandContext,
): void {
  const children = component.children.map((one) => (one === slot ? { ...one, ...changes } : one));
  store.updateComponent(component, { children });
}
