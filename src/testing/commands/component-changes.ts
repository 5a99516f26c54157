import type { ComponentRecord } from '../data/records.js';
import { COMPONENT_PROPERTIES, FLAGS, isValueOf } from '../data/test-types.js';
import { propertiesOf, stageHistoryOf, viewComponent } from '../data/views.js';
import type { Command, CommandContext } from './command.js';
import { invalidKeys, refusal } from './command-error.js';
import { componentOf, isTrue, stageOf, textOf } from './input.js';

/** Sets the stage. Each request adds an entry to the history. */
export const setComponentStage: Command = (input, context) => {
  const component = componentOf(input['component'], context);
  const stage = stageOf(component.type, input['stage'], context);
  const entry = {
    stage,
    dateTime: Date.now(),
    comment: textOf(input['comment']),
    rework: isTrue(input['rework']),
    user: context.user,
  };
  return update(component, context, { stage, stageHistory: [...stageHistoryOf(component), entry] });
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
  const { code, value } = input;
  const property = COMPONENT_PROPERTIES.find((known) => known.code === code);
  if (property === undefined) {
    throw refusal(context.command, 'propertyDoesNotExist', 'Property does not exist.', { code });
  }
  if (value !== null && !isValueOf(property, value)) {
    throw invalidKeys(context.command, 'invalidTypeKeyMap', {
      '$.value': `Value must be of type ${property.dataType}.`,
    });
  }
  return update(component, context, { properties: { ...propertiesOf(component), [property.code]: value } });
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

/** Requests the deletion. The component stays readable. */
export const deleteComponent: Command = (input, context) =>
  update(componentOf(input['component'], context), context, {
    state: 'requestedToDelete',
    stateChanged: Date.now(),
  });

/** Approves the deletion, or refuses it. */
export const approveDeleteComponent: Command = (input, context) =>
  update(componentOf(input['component'], context), context, {
    state: isTrue(input['approve']) ? 'deleted' : 'ready',
    stateChanged: Date.now(),
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

/** Changes a component, and returns it with references as ids. */
function update(
  component: ComponentRecord,
  { store, quirks }: CommandContext,
  changes: Partial<ComponentRecord>,
): Record<string, unknown> {
  store.updateComponent(component, changes);
  return { component: viewComponent(component, { view: 'object', quirks }) };
}
