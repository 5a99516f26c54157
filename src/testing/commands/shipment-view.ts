import type { Institution, ShipmentItem, ShipmentRecord } from '../data/records.js';
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

/** How a result shows a shipment. */
export interface ShipmentViewOptions {
  /** Whether the quirks of the real database are shown. */
  readonly quirks: boolean;
  /** Whether references are ids in place of objects, if there are quirks. @defaultValue `false` */
  readonly asObject?: boolean;
}

/** A shipment as `getShipment` shows it. */
export function viewShipment(
  shipment: ShipmentRecord,
  options: ShipmentViewOptions,
): Record<string, unknown> {
  return {
    ...viewListedShipment(shipment, options),
    shipmentItems: listOrNull(shipment.shipmentItems.map(viewShipmentItem), options.quirks),
  };
}

/** A shipment as lists show it: without its items. */
export function viewListedShipment(
  shipment: ShipmentRecord,
  { quirks, asObject = false }: ShipmentViewOptions,
): Record<string, unknown> {
  const { id, name, sender, recipient, type, status, trackingNumber, shippingService, history } = shipment;
  const reached = (wanted: RegExp): string | null => {
    const entry = history.find((one) => wanted.test(one.status));
    return entry === undefined ? null : iso(entry.dateTime);
  };
  const place = (site: Institution): unknown => (asObject && quirks ? site.id : viewInstitutionLink(site));
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
