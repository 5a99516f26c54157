import type { ShipmentItem, ShipmentRecord } from '../data/records.js';
import {
  AWID,
  iso,
  listOrNull,
  viewAttachment,
  viewComment,
  viewInstitutionLink,
  viewLink,
  viewPerson,
} from '../data/views.js';

/** A shipment as `getShipment` shows it. */
export function viewShipment(shipment: ShipmentRecord, quirks: boolean): Record<string, unknown> {
  const { id, name, sender, recipient, type, status, trackingNumber, shippingService, history } = shipment;
  const reached = (wanted: RegExp): string | null => {
    const entry = history.find((one) => wanted.test(one.status));
    return entry === undefined ? null : iso(entry.dateTime);
  };
  return {
    id,
    name,
    sender: viewInstitutionLink(sender),
    recipient: viewInstitutionLink(recipient),
    type,
    status,
    state: 'ready',
    trackingNumber: trackingNumber ?? null,
    shippingService: shippingService ?? null,
    sentTs: reached(/^inTransit$/),
    receivedTs: reached(/^delivered/),
    cts: iso(shipment.created),
    history: history.map((entry) => ({
      status: entry.status,
      dateTime: iso(entry.dateTime),
      user: viewPerson(entry.user),
    })),
    shipmentItems: shipment.items.map(viewShipmentItem),
    comments: listOrNull(shipment.comments.map(viewComment), quirks),
    attachments: listOrNull(shipment.attachments.map(viewAttachment), quirks),
    user: viewPerson(shipment.user),
    awid: AWID,
    sys: { cts: iso(shipment.created), mts: iso(shipment.changed), rev: shipment.rev },
  };
}

/** A component in a shipment. */
export function viewShipmentItem({ code, component, delivered }: ShipmentItem): Record<string, unknown> {
  const { code: typeCode, name } = component.type;
  return {
    code,
    component: { ...viewLink(component), componentType: { code: typeCode, name } },
    ...(delivered !== undefined && { delivered }),
  };
}
