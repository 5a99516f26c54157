import { isRecord } from '../../util/guards.js';
import type { ComponentRecord, ShipmentItem, ShipmentRecord } from '../data/records.js';
import type { Store } from '../data/store.js';
import { locationHistoryOf } from '../data/views.js';
import type { Command, CommandContext, DtoIn } from './command.js';
import { refusal } from './command-error.js';
import { newComments } from './comments.js';
import { componentOf, institutionOf, page, shipmentOf, textOf, toList } from './input.js';
import { viewShipment, viewShipmentItem } from './shipment-view.js';

/** Creates a shipment of components that are at the sender. */
export const createShipment: Command = (input, context) => {
  const { command, store, user, quirks } = context;
  const sender = institutionOf(input['sender'], context);
  const recipient = institutionOf(input['recipient'], context);
  const components = toList(input['shipmentItems']).map((item) => componentOf(item, context));
  const elsewhere = components.find(({ location }) => location !== sender);
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
    items: components.map((component) => ({ code: store.newId(), component, delivered: undefined })),
    history: [{ status: 'prepared', dateTime: now, user }],
    comments: newComments(input, context),
    attachments: [],
    created: now,
    user,
    rev: 1,
    changed: now,
  };
  store.addShipment(shipment);
  return viewShipment(shipment, quirks);
};

/** Changes a shipment. Its delivery moves all of its components. */
export const updateShipment: Command = (input, context) => {
  const shipment = shipmentOf(input['shipment'], context);
  const changes = {
    recipient: institutionOf(input['recipient'], context),
    type: String(input['type']),
    name: textOf(input['name']) ?? shipment.name,
    trackingNumber: textOf(input['trackingNumber']) ?? shipment.trackingNumber,
    shippingService: textOf(input['shippingService']) ?? shipment.shippingService,
  };
  return setStatus(shipment, String(input['status']), shipment.items, changes, context);
};

/** Sets the status of a shipment, and says which of its items were delivered. */
export const setShipmentStatus: Command = (input, context) => {
  const shipment = shipmentOf(input['shipment'], context);
  const told = new Map(
    toList(input['shipmentItems'])
      .filter(isRecord)
      .map(({ code, delivered }) => [code, delivered === true]),
  );
  const items = shipment.items.map((item) => ({ ...item, delivered: told.get(item.code) ?? item.delivered }));
  return setStatus(shipment, String(input['status']), items, {}, context);
};

export const getShipment: Command = (input, context) =>
  viewShipment(shipmentOf(input['shipment'], context), context.quirks);

export const listShipmentItems: Command = (input, context) =>
  page('itemList', shipmentOf(input['shipment'], context).items, input, viewShipmentItem);

export const listShipmentsByComponent: Command = (input, context) => {
  const component = componentOf(input['component'], context);
  const shipments = context.store.shipments.filter(
    ({ items, status }) =>
      items.some((item) => item.component === component) && isWanted(input['status'], status),
  );
  return page('itemList', shipments, input, (shipment) => viewShipment(shipment, context.quirks));
};

/** Lists the shipments of a sender, of a recipient, or of an institution that is one of the two. */
export const listShipmentsByInstitution: Command = (input, { store, quirks }) => {
  const filterMap = isRecord(input['filterMap']) ? input['filterMap'] : undefined;
  const filter: DtoIn = filterMap ?? input;
  const shipments = store.shipments.filter(
    ({ sender, recipient, status }) =>
      (isWanted(filter['code'], sender.code) || isWanted(filter['code'], recipient.code)) &&
      isWanted(filter['sender'], sender.code) &&
      isWanted(filter['recipient'], recipient.code) &&
      isWanted(filter['status'], status) &&
      isWanted(filter['state'], 'ready'),
  );
  return page('itemList', shipments, input, (shipment) => viewShipment(shipment, quirks));
};

function isWanted(wanted: unknown, value: string): boolean {
  return wanted === undefined || wanted === null || toList(wanted).includes(value);
}

function setStatus(
  shipment: ShipmentRecord,
  status: string,
  items: readonly ShipmentItem[],
  changes: Partial<ShipmentRecord>,
  { store, user, quirks }: CommandContext,
): Record<string, unknown> {
  const isDelivered = status.startsWith('delivered');
  const wasDelivered = shipment.status.startsWith('delivered');
  store.update(shipment, {
    ...changes,
    status,
    items: isDelivered ? items.map((item) => ({ ...item, delivered: item.delivered ?? true })) : items,
    history: [...shipment.history, { status, dateTime: Date.now(), user }],
  });
  if (isDelivered && !wasDelivered) {
    for (const { component, delivered } of shipment.items)
      if (delivered) move(component, shipment.recipient, store);
  }
  return viewShipment(shipment, quirks);
}

/** Moves a component with all that is in it. */
function move(component: ComponentRecord, location: ComponentRecord['location'], store: Store): void {
  const entry = { institution: location, dateTime: Date.now() };
  store.updateComponent(component, {
    location,
    locationHistory: [...locationHistoryOf(component), entry],
  });
  for (const { child } of component.slots) if (child !== undefined) move(child, location, store);
}
