import { isRecord } from '../../util/guards.js';
import { COMPONENT_TYPES, type ComponentType, PROJECTS } from '../data/catalogue.js';
import type { ComponentRecord, Slot } from '../data/records.js';
import type { Store } from '../data/store.js';
import { COMPONENT_PROPERTIES } from '../data/test-types.js';
import { viewComponent } from '../data/views.js';
import type { Command, CommandContext, DtoIn } from './command.js';
import { missingKeys, refusal } from './command-error.js';
import { newComments } from './comments.js';
import { checkFlag, checkSerialNumber } from './component-changes.js';
import { institutionOf, textOf } from './input.js';
import { checkValues } from './values.js';

/** Registers a component, in its first stage, at its institution. */
export const registerComponent: Command = (input, context) => {
  const { store, user, quirks } = context;
  const type = componentTypeOf(input, context);
  const typeCode = typeCodeOf(type, input, context);
  const institution = institutionOf(input['institution'], context);
  const given = textOf(input['serialNumber']);
  if (given === undefined && type.needsSerialNumber) throw missingKeys(context.command, ['$.serialNumber']);
  if (given !== undefined) checkSerialNumber(given, undefined, context);
  const batches = Object.keys(isRecord(input['batches']) ? input['batches'] : {});
  // The embedded database has no batches.
  if (batches.length > 0)
    throw refusal(context.command, 'batchDoesNotExist', 'Batch does not exist.', { batchType: batches[0] });
  const flag = textOf(input['flag']);
  if (flag !== undefined) checkFlag(flag, context);
  const properties = checkValues('properties', COMPONENT_PROPERTIES, input, context);
  const now = Date.now();
  const component: ComponentRecord = {
    id: store.newId(),
    code: store.newId(32),
    serialNumber: given ?? newSerialNumber(type, typeCode, store),
    alternativeIdentifier: undefined,
    type,
    typeCode,
    institution,
    location: institution,
    stage: 0,
    registered: now,
    slots: slotsFor(type, typeCode, store),
    testRuns: [],
    parent: undefined,
    formerParents: [],
    state: 'ready',
    stateChanged: now,
    trashed: false,
    completed: false,
    grade: null,
    flags: flag === undefined ? [] : [flag],
    properties,
    stageHistory: [{ stage: 0, dateTime: now, comment: undefined, rework: false, user }],
    locationHistory: undefined,
    comments: newComments(input, context),
    attachments: [],
    user,
    rev: 1,
    changed: now,
    position: store.components.length,
  };
  store.addComponent(component);
  return { component: viewComponent(component, { view: 'object', quirks }) };
};

function componentTypeOf(input: DtoIn, { command }: CommandContext): ComponentType {
  const { project, componentType } = input;
  if (!PROJECTS.some(({ code }) => code === project))
    throw refusal(command, 'projectDoesNotExist', 'Project does not exist.', { project });
  const type = COMPONENT_TYPES.find((known) => known.project === project && known.code === componentType);
  if (type !== undefined) return type;
  const reason = 'componentTypeDaoGetByCodeFailed';
  throw refusal(command, reason, 'Component type does not exist.', { project, componentType });
}

function typeCodeOf(type: ComponentType, input: DtoIn, { command }: CommandContext): string {
  const code = textOf(input['type']);
  if (code === undefined) throw missingKeys(command, ['$.type']);
  const variant = Object.hasOwn(type.types, code) ? type.types[code] : undefined;
  if (variant === undefined)
    throw refusal(command, 'typeDoesNotExist', 'Type does not exist.', { type: code });
  if (variant.subproject !== input['subproject']) {
    const { subproject } = input;
    throw refusal(command, 'subprojectDoesNotExist', 'The type is not in this sub-project.', { subproject });
  }
  return code;
}

function slotsFor(type: ComponentType, typeCode: string, store: Store): Slot[] {
  return (type.parts?.[typeCode] ?? []).map(([partType, partCode], order) => ({
    id: store.newId(),
    order,
    type: partType,
    typeCode: partCode,
    child: undefined,
    properties: {},
  }));
}

/** Returns the first free serial number above those of the generated components. */
function newSerialNumber(type: ComponentType, typeCode: string, store: Store): string {
  const variant = type.types[typeCode];
  const prefix = `20U${variant?.subproject}${variant?.block}`;
  for (let number = 9_000_000; ; number += 1)
    if (store.find(`${prefix}${number}`) === undefined) return `${prefix}${number}`;
}
