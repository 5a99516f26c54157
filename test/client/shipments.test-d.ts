import { describe, expectTypeOf, it } from 'vitest';
import type {
  AddedToBatch,
  Batch,
  BatchWithComponents,
  Client,
  Institution,
  PagePromise,
  Shipment,
  ShipmentItem,
  UserInstitution,
  UserRecord,
} from '../../src/index.js';

declare const client: Client;

describe('the types of shipments, batches, institutions and users', () => {
  it('give lists and objects', () => {
    const { shipments, batches, institutions, users } = client;
    expectTypeOf(
      shipments.list({ recipient: ['CERN'] as const, status: ['prepared', 'inTransit'] as const }),
    ).toEqualTypeOf<PagePromise<Shipment>>();
    expectTypeOf(shipments.items('x')).toEqualTypeOf<PagePromise<ShipmentItem>>();
    expectTypeOf(batches.list()).toEqualTypeOf<PagePromise<Batch>>();
    const name = { project: 'S', batchType: 'MODULE_BATCH', number: 'X' };
    expectTypeOf(batches.find(name)).resolves.toEqualTypeOf<BatchWithComponents | undefined>();
    expectTypeOf(batches.add(name, ['x'])).resolves.toEqualTypeOf<AddedToBatch>();
    expectTypeOf(institutions.list()).toEqualTypeOf<PagePromise<Institution>>();
    expectTypeOf(institutions.mine()).resolves.toEqualTypeOf<UserInstitution[]>();
    expectTypeOf(users.me()).resolves.toEqualTypeOf<UserRecord>();
  });

  it('take identifiers, components and items of shipments', async () => {
    const { shipments } = client;
    const component = await client.get('getComponent', { data: { component: 'x' } });
    const [item] = (await shipments.items('x')).data as [ShipmentItem];
    expectTypeOf(
      shipments.create(['x', component, item], { to: 'CERN', type: 'domestic', send: true }),
    ).resolves.toEqualTypeOf<Shipment>();
    expectTypeOf(shipments.receive({ id: 'x' }, { missing: [item] })).resolves.toEqualTypeOf<Shipment>();
  });

  it('refuse what is wrong', () => {
    const { shipments, batches } = client;
    // @ts-expect-error: `type` is required
    shipments.create(['x'], { to: 'CERN' });
    // @ts-expect-error: a shipment has another type
    shipments.create(['x'], { to: 'CERN', type: 'far' });
    // @ts-expect-error: it never comes from the cache
    shipments.send('x', { fresh: true });
    // @ts-expect-error: there is no such status
    shipments.list({ status: 'sent' });
    // @ts-expect-error: the number is a text
    batches.find({ project: 'S', batchType: 'MODULE_BATCH', number: 7 });
  });
});
