import type { Shipment, ShipmentItem, ShipmentStatus } from '../../commands/shapes.js';
import { InvalidInvocation } from '../../exceptions/base.js';
import { isRecord } from '../../util/guards.js';
import { asList } from '../../util/lists.js';
import { idOf } from '../identifiers.js';
import type { ResourceContext } from '../resources/resource.js';
import { checkWrite, reload, type WriteOptions } from '../writes/checks.js';
import { confirmed, runSteps, type Step } from '../writes/steps.js';

/** How a shipment is named: by its id, or as an object that has one. */
export type ShipmentName = string | { readonly id: string };

/** A shipment with its items. */
export interface ShipmentWithItems extends Shipment {
  shipmentItems: ShipmentItem[];
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

/** What a shipment becomes. */
export interface StatusChange {
  readonly status: ShipmentStatus;
  /** Whether an item arrived. */
  readonly isDelivered: (item: ShipmentItem) => boolean;
  /** Whether a shipment is like this already. */
  readonly isDone: (shipment: Shipment) => boolean;
}

/** The change of a shipment that is sent. */
export const SENDING: StatusChange = {
  status: 'inTransit',
  // Public scripts send each item as delivered here. Without the items it is not known whether the command is taken.
  isDelivered: () => true,
  isDone: ({ status }) => status === 'inTransit',
};

/** Returns the step that changes the status of a shipment. */
export function toStep(
  client: ResourceContext['client'],
  {
    name,
    shipment,
    set,
    change: { status, isDelivered, isDone },
  }: {
    readonly name: string;
    /** Returns the shipment, when the step begins. */
    readonly shipment: () => Shipment;
    /** Gets the shipment, after the step. */
    readonly set: (shipment: Shipment) => void;
    readonly change: StatusChange;
  },
): Step {
  return {
    name,
    write: async (call) => {
      const before = shipment();
      const items = asList(before.shipmentItems).map((item) => ({
        code: item.code,
        delivered: isDelivered(item),
      }));
      const input = {
        ...{ shipment: before.id, status },
        ...(items.length > 0 && { shipmentItems: items }),
      };
      const answer: unknown = await confirmed(client.post('setShipmentStatus', input, call));
      // It is not confirmed that the response is the shipment.
      const isShipment = isRecord(answer) && answer['id'] === before.id;
      set(isShipment ? (answer as unknown as Shipment) : { ...before, id: before.id, status });
    },
    isDone: async (call) => {
      const now = await readShipment(client, shipment().id, call);
      if (isDone(now)) set(now);
      return isDone(now);
    },
  };
}

/** See `client.shipments.send`. */
export async function sendShipment(
  client: ResourceContext['client'],
  name: ShipmentName,
  options: WriteOptions,
): Promise<Shipment> {
  const subject = 'client.shipments.send';
  const id = idOf(subject, 'shipment', name);
  const call = checkWrite(subject, options);
  const shipment = await readShipment(client, id, call);
  if (shipment.status.startsWith('delivered'))
    throw new InvalidInvocation(`${subject}: the shipment ${id} was delivered already`);
  return changeStatus(subject, client, shipment, SENDING, call);
}

/** Changes the status of a shipment, unless it is as it will be. */
export async function changeStatus(
  subject: string,
  client: ResourceContext['client'],
  shipment: Shipment,
  change: StatusChange,
  call: WriteOptions,
): Promise<Shipment> {
  if (change.isDone(shipment)) return shipment;
  let current = shipment;
  const step = toStep(client, {
    name: `set the status of the shipment ${shipment.id} to ${change.status}`,
    shipment: () => current,
    change,
    set: (changed) => {
      current = changed;
    },
  });
  return runSteps(subject, [step], call, () => current);
}
