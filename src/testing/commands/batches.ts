import { isRecord } from '../../util/guards.js';
import { BATCH_TYPES } from '../data/catalogue.js';
import type { BatchRecord, ComponentRecord } from '../data/records.js';
import { listOrNull, viewComponent } from '../data/views.js';
import { viewBatch } from './batch-view.js';
import type { Command, CommandContext, DtoIn } from './command.js';
import { refusal } from './command-error.js';
import { isWanted } from './filters.js';
import { batchOf, componentOf, institutionOf, page, presentComponentOf, projectOf, toList } from './input.js';

/** Lists the batches that a filter matches. */
export const listBatches: Command = (input, context) => {
  const filter = input['filterMap'] as DtoIn;
  for (const project of toList(filter['project'])) projectOf(project, context, '$.filterMap.project');
  const batches = context.store.batches.filter(
    ({ project, batchType, state }) =>
      isWanted(filter['project'], project) &&
      isWanted(filter['batchType'], batchType.code) &&
      isWanted(filter['state'], state),
  );
  const asObject = input['outputType'] === 'object';
  return page('itemList', batches, input, (batch) => viewBatch(batch, { quirks: context.quirks, asObject }));
};

/** Returns a batch with its components. */
export const getBatchByNumber: Command = (input, context) => {
  const { command, store, quirks } = context;
  const { number } = input;
  const type = batchTypeOf(input, context);
  const batch = store.batches.find((one) => one.batchType === type && one.number === number);
  if (batch === undefined)
    throw refusal(command, 'batchDoesNotExist', 'Batch does not exist.', { batchType: type.code, number });
  const components = batch.components.map((component) => viewComponent(component, { view: 'full', quirks }));
  return { ...viewBatch(batch, { quirks }), components: listOrNull(components, quirks) };
};

export const listBatchesByComponent: Command = (input, context) => {
  const { batches } = componentOf(input['component'], context);
  return page('itemList', batches, input, (batch) => viewBatch(batch, context));
};

/** Creates a batch without components. */
export const createBatch: Command = (input, context) => {
  const { command, store, user, quirks } = context;
  const batchType = batchTypeOf(input, context);
  const number = String(input['number']);
  if (store.batches.some((one) => one.batchType === batchType && one.number === number))
    throw refusal(command, 'batchNumberDuplicity', 'The number is already used.', { number });
  const now = Date.now();
  const batch: BatchRecord = {
    id: store.newId(),
    number,
    batchType,
    project: batchType.project,
    ownerInstituteList: toList(input['ownerInstituteList']).map((code) => institutionOf(code, context)),
    properties: {},
    components: [],
    comments: [],
    attachments: [],
    state: 'ready',
    cts: now,
    user,
    rev: 1,
    mts: now,
  };
  store.addBatch(batch);
  return { batch: viewBatch(batch, { quirks, asObject: true }) };
};

export const addBatchComponent: Command = (input, context) => {
  const batch = batchOf(input['id'], context);
  const component = presentComponentOf(input['component'], context);
  if (component.componentType.project !== batch.project) {
    const message = 'The component is not in the project of the batch.';
    throw refusal(context.command, 'componentInDifferentProject', message, { component: component.code });
  }
  addToBatches(component, [batch], context);
  return { batch: viewBatch(batch, { quirks: context.quirks, asObject: true }) };
};

/** Sets a property. Which properties a batch can have is not known here: each code is taken. */
export const setBatchProperty: Command = (input, context) => {
  const batch = batchOf(input['id'], context);
  const properties = { ...batch.properties, [String(input['code'])]: input['value'] };
  context.store.update(batch, { properties });
  return { batch: viewBatch(batch, { quirks: context.quirks, asObject: true }) };
};

/** Adds a component to batches. In a batch where it is already, nothing changes. */
export function addToBatches(
  component: ComponentRecord,
  batches: readonly BatchRecord[],
  { store }: CommandContext,
): void {
  for (const batch of batches) {
    if (batch.components.includes(component)) continue;
    store.update(batch, { components: [...batch.components, component] });
    store.updateComponent(component, { batches: [...component.batches, batch] });
  }
}

/**
 * Returns the batches that `batches` of `registerComponent` names: their numbers by their types.
 *
 * @throws CommandError where there is no such batch in the project
 */
export function batchesOf(
  batches: unknown,
  project: string,
  { command, store }: CommandContext,
): BatchRecord[] {
  return Object.entries(isRecord(batches) ? batches : {}).map(([batchType, number]) => {
    const batch = store.batches.find(
      (one) => one.project === project && one.batchType.code === batchType && one.number === String(number),
    );
    if (batch !== undefined) return batch;
    throw refusal(command, 'batchDoesNotExist', 'Batch does not exist.', { batchType, number });
  });
}

function batchTypeOf(input: DtoIn, context: CommandContext): (typeof BATCH_TYPES)[number] {
  const project = projectOf(input['project'], context);
  const { batchType } = input;
  const type = BATCH_TYPES.find((one) => one.project === project && one.code === batchType);
  if (type !== undefined) return type;
  throw refusal(context.command, 'batchTypeDoesNotExist', 'Batch type does not exist.', {
    project,
    batchType,
  });
}
