import type { Shipment, ShipmentItem } from '../../commands/shapes.js';
import { InvalidInvocation } from '../../exceptions/base.js';
import { isFilledString, isRecord } from '../../util/guards.js';
import type { ResourceContext } from '../resources/resource.js';
import { reload, type WriteOptions } from '../writes/write-options.js';

/** How a shipment is named: by its id, or as an object that has one. */
export type ShipmentName = string | { readonly id: string };

/** A shipment with its items. */
export interface ShipmentWithItems extends Shipment {
  shipmentItems: ShipmentItem[];
}

/** @throws InvalidInvocation where it has no id */
export function idOf(subject: string, shipment: ShipmentName): string {
  const id = isRecord(shipment) ? shipment.id : shipment;
  if (isFilledString(id)) return id;
  throw new InvalidInvocation(
    `${subject}: the first argument must be the id of a shipment, or an object that has an \`id\``,
  );
}

/** Reads a shipment as it is now. */
export async function readShipment(
  client: ResourceContext['client'],
  id: string,
  call: WriteOptions,
): Promise<ShipmentWithItems> {
  const shipment = await client.get('getShipment', { ...reload(call), data: { shipment: id } });
  if (shipment.shipmentItems) return shipment as ShipmentWithItems;
  const items = await client.list('listShipmentItems', { shipment: id }, reload(call)).toArray();
  return { ...shipment, shipmentItems: items };
}
