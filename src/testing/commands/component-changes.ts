import type { ComponentRecord, Institution } from '../data/records.js';
import type { Store } from '../data/store.js';
import { COMPONENT_PROPERTIES, FLAGS } from '../data/test-types.js';
import { locationsOf, propertiesOf, stagesOf, viewComponent } from '../data/views.js';
import type { Command, CommandContext } from './command.js';
import { invalidKeys, refusal } from './command-error.js';
import { componentOf, institutionOf, isTrue, stageOf, textOf } from './input.js';
import { checkValue } from './values.js';

/**
 * Sets the stage. Each request adds an entry to the history. With `history: false` the entry replaces the last one: that rule
 * is a guess.
 */
export const setComponentStage: Command = (input, context) => {
  const component = componentOf(input['component'], context);
  const stage = stageOf(component.componentType, input['stage'], context);
  const { history = true } = input;
  const entry = {
    stage,
    dateTime: Date.now(),
    comment: textOf(input['comment']),
    rework: isTrue(input['rework']),
    user: context.user,
  };
  const before = isTrue(history) ? stagesOf(component) : stagesOf(component).slice(0, -1);
  return update(component, context, { currentStage: stage, stages: [...before, entry] });
};

/** Changes the serial number. */
export const updateComponentSN: Command = (input, context) => {
  const component = componentOf(input['component'], context);
  const serialNumber = String(input['serialNumber']);
  checkSerialNumber(serialNumber, component, context);
  return update(component, context, { serialNumber });
};

/** Sets a property. */
export const setComponentProperty: Command = (input, context) => {
  const component = componentOf(input['component'], context);
  const changed = checkValue(COMPONENT_PROPERTIES, input, 'propertyDoesNotExist', context);
  return update(component, context, { properties: { ...propertiesOf(component), ...changed } });
};

/** Replaces the flags, unless the component has changed since it was read. */
export const setComponentFlags: Command = (input, context) => {
  const component = componentOf(input['component'], context);
  const { revision } = input;
  if (revision !== component.rev) {
    const message = 'The component was changed meanwhile.';
    throw refusal(context.command, 'revisionDoesNotMatch', message, { revision });
  }
  const flags = [...new Set(input['flags'] as string[])];
  for (const flag of flags) checkFlag(flag, context);
  return update(component, context, { flags });
};

export const addComponentFlag: Command = (input, context) => {
  const component = componentOf(input['component'], context);
  const flag = String(input['flag']);
  checkFlag(flag, context);
  return update(component, context, { flags: [...new Set([...component.flags, flag])] });
};

export const deleteComponentFlag: Command = (input, context) => {
  const component = componentOf(input['component'], context);
  return update(component, context, { flags: component.flags.filter((flag) => flag !== input['flag']) });
};

export const setComponentTrashed: Command = (input, context) =>
  update(componentOf(input['component'], context), context, { trashed: isTrue(input['trashed']) });

export const setComponentCompleted: Command = (input, context) =>
  update(componentOf(input['component'], context), context, { completed: isTrue(input['completed']) });

/** Marks several components as completed, or none if one does not exist. */
export const setComponentCompletedBulk: Command = (input, context) => {
  const completed = isTrue(input['completed']);
  const components = (input['components'] as string[]).map((one) => componentOf(one, context, 'components'));
  return { itemList: components.map((one) => update(one, context, { completed })['component']) };
};

export const setComponentGrade: Command = (input, context) => {
  const component = componentOf(input['component'], context);
  const grade = {
    grade: String(input['grade']),
    comment: textOf(input['comment']),
    dateTime: Date.now(),
    user: context.user,
  };
  return update(component, context, { grade });
};

/** Sets the location of a component and of all that is in it. */
export const setComponentLocation: Command = (input, context) => {
  const component = componentOf(input['component'], context);
  moveComponent(component, institutionOf(input['location'], context), context.store);
  return changedComponent(component, context);
};

/** Keeps how far a script is. The real database has not been seen to show it anywhere. */
export const setScriptState: Command = (input, context) => {
  const component = componentOf(input['component'], context);
  const scriptStates = { ...component.scriptStates, [String(input['type'])]: String(input['state']) };
  return update(component, context, { scriptStates });
};

/** Moves a component with all that is in it. */
export function moveComponent(component: ComponentRecord, location: Institution, store: Store): void {
  const locations = [...locationsOf(component), { institution: location, dateTime: Date.now() }];
  store.updateComponent(component, { currentLocation: location, locations });
  for (const slot of component.children)
    if (slot.component !== undefined) moveComponent(slot.component, location, store);
}

/** Requests the deletion. The component stays readable. */
export const deleteComponent: Command = (input, context) =>
  update(componentOf(input['component'], context), context, {
    state: 'requestedToDelete',
    stateTs: Date.now(),
  });

/** Approves the deletion, or refuses it. */
export const approveDeleteComponent: Command = (input, context) =>
  update(componentOf(input['component'], context), context, {
    state: isTrue(input['approve']) ? 'deleted' : 'ready',
    stateTs: Date.now(),
  });

/** @throws CommandError where a serial number has a wrong form, or another component has it */
export function checkSerialNumber(
  serialNumber: string,
  owner: ComponentRecord | undefined,
  { command, store }: CommandContext,
): void {
  if (!/^20U[A-Z]{2}[A-Za-z0-9]{2}[A-Z0-9]{7}$/.test(serialNumber)) {
    throw invalidKeys(command, 'invalidValueKeyMap', {
      '$.serialNumber': 'The serial number has a wrong form.',
    });
  }
  const other = store.find(serialNumber);
  if (other === undefined || other === owner) return;
  throw refusal(command, 'serialNumberDuplicity', 'The serial number is already used.', { serialNumber });
}

/** @throws CommandError where there is no such flag */
export function checkFlag(flag: string, { command }: CommandContext): void {
  if (FLAGS.some(({ code }) => code === flag)) return;
  throw refusal(command, 'flagDoesNotExist', 'Flag does not exist.', { flag });
}

/** Returns what the commands return that change a component. */
export function changedComponent(
  component: ComponentRecord,
  { quirks }: CommandContext,
): Record<string, unknown> {
  return { component: viewComponent(component, { view: 'object', quirks }) };
}

/** Changes a component, and returns it with references as ids. */
function update(
  component: ComponentRecord,
  context: CommandContext,
  changes: Partial<ComponentRecord>,
): Record<string, unknown> {
  context.store.updateComponent(component, changes);
  return changedComponent(component, context);
}
