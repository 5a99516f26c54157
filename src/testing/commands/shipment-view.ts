import type { Institution, ShipmentItem, ShipmentRecord } from '../data/records.js';
import {
  AWID,
  iso,
  listOrNull,
  type RecordViewOptions,
  viewAttachment,
  viewComment,
  viewLink,
  viewNamed,
  viewPerson,
} from '../data/views.js';

/** A shipment as `getShipment` shows it. */
export function viewShipment(shipment: ShipmentRecord, options: RecordViewOptions): Record<string, unknown> {
  return {
    ...viewListedShipment(shipment, options),
    shipmentItems: listOrNull(shipment.shipmentItems.map(viewShipmentItem), options.quirks),
  };
}

/** A shipment as lists show it: without its items. */
export function viewListedShipment(
  shipment: ShipmentRecord,
  { quirks, asObject = false }: RecordViewOptions,
): Record<string, unknown> {
  const { id, name, sender, recipient, type, status, trackingNumber, shippingService, history } = shipment;
  const reached = (wanted: RegExp): string | null => {
    const entry = history.find((one) => wanted.test(one.status));
    return entry === undefined ? null : iso(entry.dateTime);
  };
  const place = (site: Institution): unknown => (asObject && quirks ? site.id : viewNamed(site));
  return {
    id,
    name,
    sender: place(sender),
    recipient: place(recipient),
    type,
    status,
    state: 'ready',
    trackingNumber: trackingNumber ?? null,
    shippingService: shippingService ?? null,
    sentTs: reached(/^inTransit$/),
    receivedTs: reached(/^delivered/),
    cts: iso(shipment.cts),
    history: history.map((entry) => ({
      status: entry.status,
      dateTime: iso(entry.dateTime),
      user: viewPerson(entry.user),
    })),
    comments: listOrNull(shipment.comments.map(viewComment), quirks),
    attachments: listOrNull(shipment.attachments.map(viewAttachment), quirks),
    user: viewPerson(shipment.user),
    awid: AWID,
    sys: { cts: iso(shipment.cts), mts: iso(shipment.mts), rev: shipment.rev },
  };
}

/** A component in a shipment. */
export function viewShipmentItem({ code, component, delivered }: ShipmentItem): Record<string, unknown> {
  const { code: typeCode, name } = component.componentType;
  return {
    code,
    component: { ...viewLink(component), componentType: { code: typeCode, name } },
    ...(delivered !== undefined && { delivered }),
  };
}
