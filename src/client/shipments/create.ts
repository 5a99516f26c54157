import { refCode } from '../../commands/references.js';
import type { BulkComponent, Shipment, ShipmentType } from '../../commands/shapes.js';
import { BOOLEAN, FILLED_STRING, must, type OptionTable, STRING } from '../../config/check-options.js';
import { InvalidInvocation } from '../../exceptions/base.js';
import { type ComponentName, namesOf, titleOf } from '../components/component-name.js';
import { readComponents } from '../components/read-component.js';
import type { Components } from '../resources/components.js';
import type { Institutions } from '../resources/institutions.js';
import type { ResourceContext } from '../resources/resource.js';
import { checkWrite, refuseProblems, reload, type WriteOptions } from '../writes/checks.js';
import { isPlaceholder } from '../writes/plan.js';
import { answerOf, runSteps, type Step } from '../writes/steps.js';
import { readShipment, SENDING, toStep } from './status.js';

/** Options of `shipments.create`. */
export interface CreateShipmentOptions extends WriteOptions {
  /** The code of the institution that sends it, the `sender` of the shipment. @defaultValue the first of `client.institutions.mine()` */
  from?: string | undefined;
  /** The code of the institution that receives it, the `recipient` of the shipment. */
  to: string;
  /** How far it goes: `'domestic'`, `'intraContinental'` or `'continental'`. It is not guessed from the institutions. */
  type: ShipmentType;
  /** @defaultValue what the database makes of it */
  name?: string | undefined;
  /** @defaultValue none */
  comment?: string | undefined;
  /** The number that the carrier gave it. @defaultValue none */
  trackingNumber?: string | undefined;
  /** The carrier. @defaultValue none */
  shippingService?: string | undefined;
  /** Whether its status is set to `inTransit` at once. @defaultValue `false` */
  send?: boolean | undefined;
}

/** What the methods of shipments work with. */
export interface ShipmentContext {
  readonly client: ResourceContext['client'];
  readonly maxInFlight: number;
  readonly components: Pick<Components, 'getMany'>;
  readonly institutions: Pick<Institutions, 'get' | 'mine'>;
}

const SUBJECT = 'client.shipments.create';
const EXAMPLE = "{ to: 'DESYHH', type: 'continental' }";
const TYPES: readonly unknown[] = ['domestic', 'intraContinental', 'continental'];
const OWN: OptionTable = {
  from: FILLED_STRING,
  to: FILLED_STRING,
  type: must((type) => TYPES.includes(type), "'domestic', 'intraContinental' or 'continental'"),
  name: STRING,
  comment: STRING,
  trackingNumber: STRING,
  shippingService: STRING,
  send: BOOLEAN,
};

/** See `client.shipments.create`. */
export async function createShipment(
  context: ShipmentContext,
  items: Iterable<ComponentName>,
  options: CreateShipmentOptions,
): Promise<Shipment> {
  const { client } = context;
  const names = namesOf(SUBJECT, 'items', items);
  const { from, to, type, name, comment, trackingNumber, shippingService, send, ...call } = checkWrite(
    SUBJECT,
    options,
    EXAMPLE,
    OWN,
  );
  refuseGaps({ to, type }, names);
  const sender = from ?? (await siteOf(context, call));
  const components = await checkItems(context, { names, sender, to, call });
  const input = {
    ...{ sender, recipient: to, type, shipmentItems: components.map(({ code }) => code) },
    ...(name !== undefined && { name }),
    ...(comment !== undefined && { comments: [comment] }),
    ...(trackingNumber !== undefined && { trackingNumber }),
    ...(shippingService !== undefined && { shippingService }),
  };
  let shipment = {} as Shipment;
  const step: Step = {
    name: `create the shipment from ${sender} to ${to}`,
    write: async (sending) => {
      const created = answerOf(await client.post('createShipment', input, sending));
      answerOf(created.id);
      shipment = created;
    },
    isDone: async (reading) => {
      const created = await findCreated(client, { components, sender, to }, reading);
      if (created !== undefined) shipment = created;
      return created !== undefined;
    },
  };
  const marking = toStep(client, {
    name: 'mark it as sent',
    shipment: () => shipment,
    change: SENDING,
    set: (sent) => {
      shipment = sent;
    },
  });
  return runSteps(SUBJECT, send ? [step, marking] : [step], call, () => shipment);
}

function refuseGaps({ to, type }: { to: unknown; type: unknown }, names: readonly string[]): void {
  const gaps = [
    ...(names.length === 0 ? ['`items` is empty'] : []),
    ...(to === undefined ? ['`to` is missing: the code of the institution that receives the shipment'] : []),
    ...(type === undefined ? [`\`type\` is missing: ${TYPES.map((one) => `'${one}'`).join(' or ')}`] : []),
  ];
  if (gaps.length > 0) throw new InvalidInvocation(`${SUBJECT}: ${gaps.join('; ')}`);
}

async function siteOf({ institutions }: ShipmentContext, call: WriteOptions): Promise<string> {
  const [site] = await institutions.mine(call);
  if (site !== undefined) return site.code;
  throw new InvalidInvocation(
    `${SUBJECT}: \`from\` is missing: the database says of no institution that it is yours`,
  );
}

/**
 * Returns the components of a shipment.
 *
 * @throws InvalidInvocation with every reason not to send them
 */
async function checkItems(
  { client, components, institutions, maxInFlight }: ShipmentContext,
  { names, sender, to, call }: { names: string[]; sender: string; to: string; call: WriteOptions },
): Promise<readonly BulkComponent[]> {
  const [found, unknown] = await Promise.all([
    readComponents(components, names, call),
    sender === to
      ? `\`to\` is the institution that sends it, ${sender}; \`from\` names another one`
      : whyUnknown(institutions, to, call),
  ]);
  const problems = [...(unknown === undefined ? [] : [unknown]), ...found.problems];
  for (const component of found.components) {
    if (isPlaceholder(component.state)) continue;
    const place = refCode(component.currentLocation);
    if (place !== sender) problems.push(`${titleOf(component)} is at ${place}, not at ${sender}`);
  }
  for (let start = 0; start < found.components.length; start += maxInFlight) {
    const group = found.components.slice(start, start + maxInFlight);
    const open = await Promise.all(group.map(({ code }) => openShipments(client, code, call)));
    for (const [index, [shipment]] of open.entries()) {
      if (shipment === undefined) continue;
      const title = titleOf(group[index] as BulkComponent);
      problems.push(
        `${title} is in a shipment that is ${shipment.status}: ${shipment.name} (id ${shipment.id})`,
      );
    }
  }
  refuseProblems(SUBJECT, problems);
  return found.components;
}

async function whyUnknown(
  institutions: ShipmentContext['institutions'],
  to: string,
  call: WriteOptions,
): Promise<string | undefined> {
  try {
    await institutions.get(to, call);
    return undefined;
  } catch (error) {
    if (!(error instanceof InvalidInvocation)) throw error;
    return `\`to\`: ${error.message.replace('client.institutions.get: ', '')}`;
  }
}

/** Returns the shipments of a component that were prepared or sent, and did not arrive yet. */
async function openShipments(
  client: ShipmentContext['client'],
  component: string,
  call: WriteOptions,
): Promise<Shipment[]> {
  const all = await client.list('listShipmentsByComponent', { component }, reload(call)).toArray();
  return all.filter(
    ({ state, status }) => state === 'ready' && (status === 'prepared' || status === 'inTransit'),
  );
}

/** Finds a shipment that was created without a response: none of its components was in an open one before. */
async function findCreated(
  client: ShipmentContext['client'],
  { components, sender, to }: { components: readonly BulkComponent[]; sender: string; to: string },
  call: WriteOptions,
): Promise<Shipment | undefined> {
  const [first] = components as readonly [BulkComponent];
  const ids = components.map(({ id }) => id).sort();
  for (const { id, ...open } of await openShipments(client, first.code, call)) {
    if (refCode(open.sender) !== sender || refCode(open.recipient) !== to) continue;
    const shipment = await readShipment(client, id, call);
    const own = shipment.shipmentItems.map(({ component }) => component.id).sort();
    if (own.join() === ids.join()) return shipment;
  }
  return undefined;
}
