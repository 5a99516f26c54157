import type { Shipment, ShipmentItem, ShipmentStatus } from '../../commands/shapes.js';
import { isRecord } from '../../util/guards.js';
import type { ResourceContext } from '../resources/resource.js';
import type { Step } from '../writes/steps.js';
import { readShipment } from './read.js';

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

/** Returns the items of a shipment; none where they are not known. */
export function itemsOf({ shipmentItems }: Shipment): readonly ShipmentItem[] {
  return Array.isArray(shipmentItems) ? shipmentItems : [];
}

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
      const items = itemsOf(before).map((item) => ({ code: item.code, delivered: isDelivered(item) }));
      const input = {
        ...{ shipment: before.id, status },
        ...(items.length > 0 && { shipmentItems: items }),
      };
      const answer: unknown = await client.post('setShipmentStatus', input, call);
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
