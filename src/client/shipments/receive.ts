import type { Shipment, ShipmentItem, ShipmentStatus } from '../../commands/shapes.js';
import { ANYTHING, BOOLEAN } from '../../config/check-options.js';
import { InvalidInvocation } from '../../exceptions/base.js';
import { asList } from '../../util/lists.js';
import { suggest } from '../../util/similar.js';
import { type ComponentName, namesOf } from '../components/component-name.js';
import { idOf } from '../identifiers.js';
import type { ResourceContext } from '../resources/resource.js';
import { checkWrite, refuseProblems, type WriteOptions } from '../writes/checks.js';
import { changeStatus, readShipment, type ShipmentName, type StatusChange } from './status.js';

/** Options of `shipments.receive`. */
export interface ReceiveShipmentOptions extends WriteOptions {
  /** The components that did not arrive. @defaultValue none */
  missing?: Iterable<ComponentName> | undefined;
  /** Whether something arrived damaged. @defaultValue `false` */
  damaged?: boolean | undefined;
}

const SUBJECT = 'client.shipments.receive';

/** See `client.shipments.receive`. */
export async function receiveShipment(
  client: ResourceContext['client'],
  name: ShipmentName,
  options: ReceiveShipmentOptions,
): Promise<Shipment> {
  const id = idOf(SUBJECT, 'shipment', name);
  const own = { missing: ANYTHING, damaged: BOOLEAN };
  const { missing = [], damaged = false, ...call } = checkWrite(SUBJECT, options, '{ missing: [] }', own);
  const names = namesOf(SUBJECT, 'missing', missing);
  const shipment: Shipment = await readShipment(client, id, call);
  const absent = asList(shipment.shipmentItems).filter((item) => names.some((name) => isNamed(item, name)));
  // Only a plan has a shipment of which the items are not known.
  if (Array.isArray(shipment.shipmentItems)) refuseWrongNames(shipment, names, absent);
  const change = deliveryOf(shipment, absent, damaged);
  return changeStatus(SUBJECT, client, shipment, change, call);
}

/** @throws InvalidInvocation where a name is not that of an item, or an item arrived before */
function refuseWrongNames(
  shipment: Shipment,
  names: readonly string[],
  absent: readonly ShipmentItem[],
): void {
  const items = asList(shipment.shipmentItems);
  const known = items.map(({ component }) => component.serialNumber ?? component.code);
  const problems = names
    .filter((name) => !items.some((item) => isNamed(item, name)))
    .map((name) => `${name} is not in the shipment${suggest(name, known)}`);
  for (const { component, delivered } of absent) {
    if (!shipment.status.startsWith('delivered') || delivered !== true) continue;
    problems.push(`${component.serialNumber ?? component.code} arrived before: it cannot be missing now`);
  }
  refuseProblems(SUBJECT, problems);
}

function deliveryOf(shipment: Shipment, absent: readonly ShipmentItem[], damaged: boolean): StatusChange {
  const items = asList(shipment.shipmentItems);
  const isNothingThere = items.length > 0 && absent.length === items.length;
  if (isNothingThere && damaged)
    throw new InvalidInvocation(`${SUBJECT}: \`damaged\` is for what arrived, and everything is missing`);
  const arrived: ShipmentStatus = damaged ? 'deliveredWithDamage' : 'delivered';
  const status = isNothingThere ? 'undelivered' : arrived;
  const codes = new Set(absent.map(({ code }) => code));
  const isDelivered = ({ code }: ShipmentItem): boolean => !codes.has(code);
  return {
    status,
    isDelivered,
    isDone: (now) =>
      now.status === status &&
      asList(now.shipmentItems).every((item) => item.delivered === isDelivered(item)),
  };
}

function isNamed({ component }: ShipmentItem, name: string): boolean {
  const { id, code, serialNumber, alternativeIdentifier } = component as typeof component & {
    alternativeIdentifier?: string | null;
  };
  return [id, code, serialNumber, alternativeIdentifier].some(
    (own) => own?.toLowerCase() === name.toLowerCase(),
  );
}
