import type { Shipment, ShipmentItem, ShipmentStatus } from '../../commands/shapes.js';
import { ANYTHING, checkOptions } from '../../config/check-options.js';
import type { ComponentName } from '../components/component-name.js';
import { idOf } from '../identifiers.js';
import type { ListOptions, ReadOptions } from '../options.js';
import type { PagePromise } from '../pages/page-promise.js';
import { type CreateShipmentOptions, createShipment } from '../shipments/create.js';
import { type ReceiveShipmentOptions, receiveShipment } from '../shipments/receive.js';
import { type ShipmentName, sendShipment } from '../shipments/status.js';
import type { WriteOptions } from '../writes/checks.js';
import type { Components } from './components.js';
import type { Institutions } from './institutions.js';
import type { ResourceContext } from './resource.js';

/** Which shipments are wanted. Each key takes one value or a list. */
export interface ShipmentFilter {
  /** The code of the institution that sends them. @defaultValue all */
  readonly sender?: string | readonly string[] | undefined;
  /** The code of the institution that receives them. @defaultValue all */
  readonly recipient?: string | readonly string[] | undefined;
  /** The code of an institution that sends or receives them. @defaultValue all */
  readonly site?: string | readonly string[] | undefined;
  /** @defaultValue all */
  readonly status?: ShipmentStatus | readonly ShipmentStatus[] | undefined;
  /** @defaultValue `'ready'`: deleted ones are left out */
  readonly state?: string | readonly string[] | undefined;
}

const FILTER = {
  expectation: "a filter, such as { recipient: 'CERN' }",
  table: { sender: ANYTHING, recipient: ANYTHING, site: ANYTHING, status: ANYTHING, state: ANYTHING },
};

/** The shipments: `client.shipments`. */
export class Shipments {
  readonly #context: ResourceContext;
  readonly #components: Components;
  readonly #institutions: Institutions;

  /** @internal */
  constructor(context: ResourceContext, components: Components, institutions: Institutions) {
    this.#context = context;
    this.#components = components;
    this.#institutions = institutions;
  }

  /**
   * Reads a shipment.
   *
   * @param shipment - its id
   * @throws BadRequest if there is none with this id
   * @throws what `client.get` throws
   */
  async get(shipment: ShipmentName, options: ReadOptions = {}): Promise<Shipment> {
    const id = idOf('client.shipments.get', 'shipment', shipment);
    return this.#context.client.get('getShipment', { ...options, data: { shipment: id } });
  }

  /**
   * Lists shipments, without their items: the ready ones, unless the filter has a `state`. Nothing is sent before the list
   * is used.
   *
   * ```ts
   * for await (const shipment of client.shipments.list({ recipient: 'CERN', status: 'inTransit' }))
   *   console.log(shipment.name, shipment.sentTs);
   * ```
   *
   * @throws what `client.list` throws
   */
  list(filter: ShipmentFilter = {}, options: ListOptions = {}): PagePromise<Shipment> {
    const subject = 'client.shipments.list';
    const { site, state = 'ready', ...others } = checkOptions(subject, filter, FILTER);
    const filterMap = { ...others, state: [state].flat(), ...(site !== undefined && { code: site }) };
    return this.#context.client.list('listShipmentsByInstitution', { filterMap }, options);
  }

  /**
   * Lists the components in a shipment. Nothing is sent before the list is used.
   *
   * ```ts
   * for await (const { component } of client.shipments.items(shipment)) console.log(component.serialNumber);
   * ```
   *
   * @param shipment - its id, or an object that has one
   * @throws what `client.list` throws
   */
  items(shipment: ShipmentName, options: ListOptions = {}): PagePromise<ShipmentItem> {
    const id = idOf('client.shipments.items', 'shipment', shipment);
    return this.#context.client.list('listShipmentItems', { shipment: id }, options);
  }

  /**
   * Creates a shipment, and marks it as sent if `send` is true. First it is checked that all components are ready, are
   * at the sender, and are not in another shipment that is prepared or under way.
   *
   * ```ts
   * const shipment = await client.shipments.create(serialNumbers, { to: 'DESYHH', type: 'continental', send: true });
   * ```
   *
   * @param items - the components: serial numbers, codes, ids, alternative identifiers, or objects that have one. One that
   * is given twice is once in the shipment
   * @throws InvalidInvocation with every problem at once; then nothing was written
   * @throws IncompleteWrite if the shipment was created but not marked as sent, or if one of the two is unknown
   * @throws what `client.post` throws, if nothing was written
   */
  create(items: Iterable<ComponentName>, options: CreateShipmentOptions): Promise<Shipment> {
    const { client, maxInFlight } = this.#context;
    const context = { client, maxInFlight, components: this.#components, institutions: this.#institutions };
    return createShipment(context, items, options);
  }

  /**
   * Marks a shipment as sent: sets its status to `inTransit`. Nothing is written if it is under way already.
   *
   * ```ts
   * await client.shipments.send(shipment);
   * ```
   *
   * @param shipment - its id, or an object that has one
   * @throws InvalidInvocation if it was delivered already
   * @throws IncompleteWrite if it is unknown whether this was done
   * @throws what `client.post` throws, if nothing was written
   */
  send(shipment: ShipmentName, options: WriteOptions = {}): Promise<Shipment> {
    return sendShipment(this.#context.client, shipment, options);
  }

  /**
   * Says that a shipment arrived: sets its status to `delivered`, or to `deliveredWithDamage`, or to `undelivered` if
   * everything is missing. The database moves what arrived to the recipient. Nothing is written if the database has all
   * of this already. If something that was missing arrives later, call it again.
   *
   * ```ts
   * await client.shipments.receive(shipment, { missing: ['20USBML1234567'] });
   * ```
   *
   * @param shipment - its id, or an object that has one
   * @throws InvalidInvocation if a missing component is not in the shipment, or arrived before; with every such problem
   * @throws IncompleteWrite if it is unknown whether this was done
   * @throws what `client.post` throws, if nothing was written
   */
  receive(shipment: ShipmentName, options: ReceiveShipmentOptions = {}): Promise<Shipment> {
    return receiveShipment(this.#context.client, shipment, options);
  }
}
