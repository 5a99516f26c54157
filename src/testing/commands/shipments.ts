import { isRecord } from '../../util/guards.js';
import type { ComponentRecord, Institution, ShipmentItem, ShipmentRecord } from '../data/records.js';
import type { Command, CommandContext, DtoIn } from './command.js';
import { invalidKeys, refusal } from './command-error.js';
import { newComments } from './comments.js';
import { moveComponent } from './component-changes.js';
import { isWanted } from './filters.js';
import { componentOf, institutionOf, page, presentComponentOf, shipmentOf, textOf, toList } from './input.js';
import { viewListedShipment, viewShipment, viewShipmentItem } from './shipment-view.js';

/** Creates a shipment of components that are at the sender. */
export const createShipment: Command = (input, context) => {
  const { command, store, user } = context;
  const sender = institutionOf(input['sender'], context);
  const recipient = institutionOf(input['recipient'], context);
  checkRecipient(recipient, sender, context);
  const components = toList(input['shipmentItems']).map((item) => presentComponentOf(item, context));
  checkItems(components, context);
  const elsewhere = components.find(({ currentLocation }) => currentLocation !== sender);
  if (elsewhere !== undefined) {
    const message = 'The component is not at the sender.';
    throw refusal(command, 'componentAtDifferentLocation', message, { component: elsewhere.code });
  }
  const now = Date.now();
  const shipment: ShipmentRecord = {
    id: store.newId(),
    name: textOf(input['name']) ?? `${sender.code} to ${recipient.code}`,
    sender,
    recipient,
    type: String(input['type']),
    status: 'prepared',
    trackingNumber: textOf(input['trackingNumber']),
    shippingService: textOf(input['shippingService']),
    shipmentItems: components.map((component) => ({ code: store.newId(), component, delivered: undefined })),
    history: [{ status: 'prepared', dateTime: now, user }],
    comments: newComments(input, context),
    attachments: [],
    cts: now,
    user,
    rev: 1,
    mts: now,
  };
  store.addShipment(shipment);
  return viewShipment(shipment, context);
};

/** @throws CommandError where a component is twice in a shipment, or is built into another one */
function checkItems(components: readonly ComponentRecord[], { command }: CommandContext): void {
  const again = components.findIndex((component, index) => components.indexOf(component) !== index);
  if (again !== -1) {
    const reason = 'The component is twice in the list.';
    throw invalidKeys(command, 'invalidValueKeyMap', { [`$.shipmentItems[${again}]`]: reason });
  }
  const assembled = components.find(({ parent }) => parent !== undefined);
  if (assembled === undefined) return;
  const message = 'The component is in another one.';
  throw refusal(command, 'componentIsAssembled', message, { component: assembled.code });
}

/** @throws CommandError where a shipment would go to where it comes from */
function checkRecipient(recipient: Institution, sender: Institution, { command }: CommandContext): void {
  if (recipient !== sender) return;
  const reason = 'The recipient must not be the sender.';
  throw invalidKeys(command, 'invalidValueKeyMap', { '$.recipient': reason });
}

/** Changes a shipment. Its delivery moves all of its components. */
export const updateShipment: Command = (input, context) => {
  const shipment = shipmentOf(input['shipment'], context);
  const recipient = institutionOf(input['recipient'], context);
  checkRecipient(recipient, shipment.sender, context);
  const changes = {
    recipient,
    type: String(input['type']),
    name: textOf(input['name']) ?? shipment.name,
    trackingNumber: textOf(input['trackingNumber']) ?? shipment.trackingNumber,
    shippingService: textOf(input['shippingService']) ?? shipment.shippingService,
  };
  return setStatus(shipment, String(input['status']), shipment.shipmentItems, changes, context);
};

/** Sets the status of a shipment, and says which of its items were delivered. */
export const setShipmentStatus: Command = (input, context) => {
  const shipment = shipmentOf(input['shipment'], context);
  const told = deliveriesOf(shipment, input, context);
  const items = shipment.shipmentItems.map((item) => ({
    ...item,
    delivered: told.get(item.code) ?? item.delivered,
  }));
  return setStatus(shipment, String(input['status']), items, {}, context);
};

export const getShipment: Command = (input, context) =>
  viewShipment(shipmentOf(input['shipment'], context), context);

export const listShipmentItems: Command = (input, context) =>
  page('itemList', shipmentOf(input['shipment'], context).shipmentItems, input, viewShipmentItem);

export const listShipmentsByComponent: Command = (input, context) => {
  const component = componentOf(input['component'], context);
  const shipments = context.store.shipments.filter(
    ({ shipmentItems, status }) =>
      shipmentItems.some((item) => item.component === component) && isWanted(input['status'], status),
  );
  return page('itemList', shipments, input, (shipment) => viewListedShipment(shipment, context));
};

/** Lists the shipments of a sender, of a recipient, or of an institution that is one of the two. */
export const listShipmentsByInstitution: Command = (input, context) => {
  const filterMap = isRecord(input['filterMap']) ? input['filterMap'] : undefined;
  const filter: DtoIn = filterMap ?? input;
  const shipments = context.store.shipments.filter(
    ({ sender, recipient, status }) =>
      (isWanted(filter['code'], sender.code) || isWanted(filter['code'], recipient.code)) &&
      isWanted(filter['sender'], sender.code) &&
      isWanted(filter['recipient'], recipient.code) &&
      isWanted(filter['status'], status) &&
      isWanted(filter['state'], 'ready'),
  );
  const asObject = input['outputType'] === 'object';
  return page(filterMap ? 'itemList' : 'pageItemList', shipments, input, (shipment) =>
    viewListedShipment(shipment, { quirks: context.quirks, asObject }),
  );
};

/**
 * Returns which items an input says to be delivered or not.
 *
 * @throws CommandError where one has no code, or is not in the shipment
 */
function deliveriesOf(
  { shipmentItems }: ShipmentRecord,
  input: DtoIn,
  { command }: CommandContext,
): ReadonlyMap<string, boolean> {
  const told = (input['shipmentItems'] ?? []) as readonly DtoIn[];
  return new Map(
    told.map(({ code, delivered }, index) => {
      const path = `$.shipmentItems[${index}]`;
      if (typeof code !== 'string' || typeof delivered !== 'boolean')
        throw invalidKeys(command, 'invalidTypeKeyMap', {
          [path]: 'An item has a code, and says whether it was delivered.',
        });
      if (!shipmentItems.some((item) => item.code === code))
        throw refusal(command, 'shipmentItemDoesNotExist', 'There is no such item.', { code });
      return [code, delivered] as const;
    }),
  );
}

function setStatus(
  shipment: ShipmentRecord,
  status: string,
  items: readonly ShipmentItem[],
  changes: Partial<ShipmentRecord>,
  context: CommandContext,
): Record<string, unknown> {
  const { store, user } = context;
  const isDelivered = status.startsWith('delivered');
  const earlier = shipment.status.startsWith('delivered') ? shipment.shipmentItems : [];
  const arrived = new Set(earlier.filter(({ delivered }) => delivered).map(({ code }) => code));
  store.update(shipment, {
    ...changes,
    status,
    shipmentItems: isDelivered
      ? items.map((item) => ({ ...item, delivered: item.delivered ?? true }))
      : items,
    history: [...shipment.history, { status, dateTime: Date.now(), user }],
  });
  if (isDelivered) {
    for (const { code, component, delivered } of shipment.shipmentItems)
      if (delivered && !arrived.has(code)) moveComponent(component, shipment.recipient, store);
  }
  return viewShipment(shipment, context);
}
