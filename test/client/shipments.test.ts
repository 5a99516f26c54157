import { Keyv } from 'keyv';
import { beforeEach, describe, expect, it } from 'vitest';
import { type Client, IncompleteWrite, InvalidInvocation, ServerError } from '../../src/index.js';
import type { Fault, ShipmentRecord } from '../../src/testing/index.js';
import { startDatabase } from '../helpers/database.js';
import { failure } from '../helpers/failure.js';

const { pdb, newClient } = await startDatabase({
  components: 600,
  users: [
    {
      ...{ accessCode1: 'first-code', accessCode2: 'second-code', name: 'Kim Example' },
      ...{ identity: '1234-567-1', institution: 'UT' },
    },
  ],
});
beforeEach(() => pdb.restore());

/** Serial numbers of components at the site of the user that can be sent. */
const loose = pdb.dataset.components
  .filter(
    ({ currentLocation, parent, state }) => currentLocation.code === 'UT' && !parent && state === 'ready',
  )
  .map(({ serialNumber }) => serialNumber);
expect(loose.length).toBeGreaterThan(5);
const [one = '', two = '', three = ''] = loose;
const elsewhere = pdb.dataset.components.find(
  ({ currentLocation, parent }) => currentLocation.code !== 'UT' && !parent,
);
const away = elsewhere?.serialNumber ?? '';

const placeOf = (serialNumber: string): string | undefined =>
  pdb.dataset.find(serialNumber)?.currentLocation.code;
const writes = (): (string | undefined)[] =>
  pdb.requests
    .filter(({ method, server }) => method === 'POST' && server === 'api')
    .map(({ command }) => command);

const to = { to: 'DESYHH', type: 'continental' } as const;

describe('client.shipments.create', () => {
  it('creates a shipment from the site of the user', async () => {
    await using client = newClient();
    const component = await client.get('getComponent', { data: { component: two } });
    const created = await client.shipments.create([one, component, one], {
      ...to,
      name: 'two modules',
      comment: 'in one box',
      trackingNumber: 'A1',
      shippingService: 'Carrier',
    });
    expect(created).toMatchObject({ status: 'prepared', name: 'two modules' });
    const read = await client.shipments.get(created);
    expect(read).toMatchObject({
      ...{ sender: { code: 'UT' }, recipient: { code: 'DESYHH' }, type: 'continental' },
      ...{ trackingNumber: 'A1', shippingService: 'Carrier', comments: [{ comment: 'in one box' }] },
    });
    const items = await client.shipments.items(created.id).toArray();
    expect(items.map(({ component }) => component.serialNumber)).toEqual([one, two]);
  });

  it('sends it at once with `send`, in two writes', async () => {
    await using client = newClient();
    const { id, status } = await client.shipments.create([one], { ...to, send: true });
    expect(status).toBe('inTransit');
    expect(writes()).toEqual(['createShipment', 'setShipmentStatus']);
    await expect(client.shipments.get(id)).resolves.toMatchObject({
      status: 'inTransit',
      sentTs: expect.any(String),
    });
  });

  it('reads the components with one request', async () => {
    await using client = newClient();
    await client.shipments.create(loose.slice(0, 6), to);
    expect(pdb.count('getComponentBulk')).toBe(1);
    expect(pdb.count('getComponent')).toBe(0);
  });

  it('names every problem at once, and writes nothing', async () => {
    await using client = newClient();
    const other = await client.shipments.create([two], { ...to, name: 'earlier' });
    await client.post('deleteComponent', { component: three });
    const before = writes().length;
    const error = await failure(
      client.shipments.create([one, two, three, away, '20USBML0000000'], {
        to: 'DESYH',
        type: 'continental',
      }),
      InvalidInvocation,
    );
    expect(error.message.split('\n')).toEqual([
      'client.shipments.create: there are 5 problems, so nothing was written',
      expect.stringMatching(/^- `to`: there is no institution DESYH; is it DESY/),
      '- there is no component 20USBML0000000',
      `- ${three} is not ready: its state is requestedToDelete`,
      `- ${away} is at ${placeOf(away)}, not at UT`,
      `- ${two} is in a shipment that is prepared: earlier (id ${other.id})`,
    ]);
    expect(writes()).toHaveLength(before);
  });

  it('refuses a component that is under way, but not one whose shipment was deleted or has arrived', async () => {
    await using client = newClient();
    const shipment = await client.shipments.create([one], { ...to, send: true });
    await expect(client.shipments.create([one], to)).rejects.toThrow('is in a shipment that is inTransit');
    pdb.answer('listShipmentsByComponent', { itemList: [{ ...shipment, state: 'deleted' }] });
    await expect(client.shipments.create([one], to)).resolves.toMatchObject({ status: 'prepared' });
    pdb.answer('listShipmentsByComponent', { itemList: [{ ...shipment, status: 'delivered' }] });
    await expect(client.shipments.create([one], to)).resolves.toMatchObject({ status: 'prepared' });
  });

  it('looks for the shipments of each component, as many at a time as `maxConcurrency` says', async () => {
    await using client = newClient({ maxConcurrency: 2 });
    await client.shipments.create([three], to);
    await expect(client.shipments.create([one, two, three], to)).rejects.toThrow(
      `${three} is in a shipment that is prepared`,
    );
  });

  it('takes a component once that is given by several names', async () => {
    await using client = newClient();
    const code = pdb.dataset.find(one)?.code ?? '';
    const { shipmentItems } = await client.shipments.create([one, code], to);
    expect(shipmentItems).toHaveLength(1);
  });

  it('never checks with what the cache has', async () => {
    await using client = newClient({ cache: new Keyv(), expiresAfter: { hours: 1 } });
    const options = { from: placeOf(away) ?? '', to: 'UT', type: 'continental' } as const;
    await expect(client.shipments.create([away], { ...to, from: 'UT' })).rejects.toThrow('not at UT');
    await using other = newClient();
    const { id } = await other.shipments.create([away], options);
    await client.shipments.get(id);
    await other.shipments.send(id);
    await expect(client.shipments.send(id)).resolves.toMatchObject({ status: 'inTransit' });
    expect(writes()).toEqual(['createShipment', 'setShipmentStatus']);
    await other.shipments.receive(id);
    await expect(client.shipments.create([away], { ...to, from: 'UT' })).resolves.toMatchObject({
      status: 'prepared',
    });
  });

  it('takes the institution of `from` for the sender', async () => {
    await using client = newClient();
    const from = placeOf(away) ?? '';
    const created = await client.shipments.create([away], { ...to, from, to: 'UT' });
    expect(created.sender.code).toBe(from);
    await expect(client.shipments.create([one], { ...to, from })).rejects.toThrow(
      `${one} is at UT, not at ${from}`,
    );
  });

  it('refuses a recipient that is the sender', async () => {
    await using client = newClient();
    await expect(client.shipments.create([one], { ...to, to: 'UT' })).rejects.toThrow(
      '`to` is the institution that sends it, UT; `from` names another one',
    );
  });

  it('asks for `from` where the user has no institution', async () => {
    await using client = newClient();
    pdb.answer('getUser', { userIdentity: '1234-567-1', institutions: null });
    await expect(client.shipments.create([one], to)).rejects.toThrow('`from` is missing');
  });

  it.for([
    ['no items', [], to, '`items` is empty'],
    ['a text in place of a list', one, to, '`items` must be a list of components'],
    ['an item without a name', [one, {}], to, 'number 1 has no code, serial number or id'],
    [
      'no recipient and no type',
      [one],
      {},
      "`to` is missing: the code of the institution that receives the shipment; `type` is missing: 'domestic' or",
    ],
    [
      'a wrong type',
      [one],
      { ...to, type: 'far' },
      "`type` must be 'domestic', 'intraContinental' or 'continental'",
    ],
    ['a misspelt option', [one], { ...to, coment: 'x' }, 'there is no option `coment`; is it `comment`?'],
    ['an option of the cache', [one], { ...to, fresh: true }, 'there is no option `fresh`'],
  ] as const)('refuses %s', async ([, items, options, message]) => {
    await using client = newClient();
    await expect(client.shipments.create(items as never, options as never)).rejects.toThrow(message);
    expect(pdb.requests).toHaveLength(0);
  });

  it('passes options of a request on to each request', async () => {
    await using client = newClient();
    await client.shipments.create([one], { ...to, headers: { 'X-Mine': 'yes' }, send: true });
    const api = pdb.requests.filter(({ server }) => server === 'api');
    expect(api.length).toBeGreaterThan(5);
    expect(api.map(({ headers }) => headers.get('X-Mine'))).toEqual(api.map(() => 'yes'));
  });

  it('shows its writes in a plan', async () => {
    await using client = newClient();
    const { requests } = await client.plan(async (c) => {
      const shipment = await c.shipments.create([one], { ...to, send: true });
      await c.shipments.receive(shipment, { missing: [one] });
    });
    expect(requests).toMatchObject([
      { command: 'createShipment', input: { sender: 'UT', recipient: 'DESYHH' } },
      { command: 'setShipmentStatus', input: { shipment: '<id of step 1>', status: 'inTransit' } },
      { command: 'setShipmentStatus', input: { shipment: '<id of step 1>', status: 'delivered' } },
    ]);
    expect(writes()).toEqual([]);
  });

  it('plans to send a component that the plan registers', async () => {
    await using client = newClient();
    const { requests } = await client.plan(async (c) => {
      const { component } = await c.post('registerComponent', {
        ...{ project: 'S', subproject: 'SB', institution: 'CERN', componentType: 'MODULE', properties: {} },
      });
      await c.shipments.create([component], to);
    });
    expect(requests[1]).toMatchObject({
      command: 'createShipment',
      input: { shipmentItems: ['<code of step 1>'] },
    });
  });
});

describe('client.shipments.send and receive', () => {
  const prepare = async (client: Client): Promise<string> =>
    (await client.shipments.create([one, two], to)).id;

  it('sends a shipment once', async () => {
    await using client = newClient();
    const id = await prepare(client);
    const sent = await client.shipments.send(id);
    expect(sent).toMatchObject({ status: 'inTransit', sentTs: expect.any(String) });
    await client.shipments.send(sent);
    expect(writes()).toEqual(['createShipment', 'setShipmentStatus']);
    await expect(client.shipments.get(id)).resolves.toMatchObject({ status: 'inTransit' });
  });

  it('does not send a shipment that was delivered', async () => {
    await using client = newClient();
    const id = await prepare(client);
    await client.shipments.receive(id);
    await expect(client.shipments.send(id)).rejects.toThrow(`the shipment ${id} was delivered already`);
  });

  it('moves what arrived to the recipient', async () => {
    await using client = newClient();
    const id = await prepare(client);
    await client.shipments.send(id);
    const received = await client.shipments.receive(id, { missing: [two.toLowerCase()] });
    expect(received.status).toBe('delivered');
    const items = await client.shipments.items(id).toArray();
    expect(items.map(({ component, delivered }) => [component.serialNumber, delivered])).toEqual([
      [one, true],
      [two, false],
    ]);
    expect([placeOf(one), placeOf(two)]).toEqual(['DESYHH', 'UT']);
  });

  it('takes what was missing and arrived later, and writes nothing the third time', async () => {
    await using client = newClient();
    const id = await prepare(client);
    const items = await client.shipments.items(id).toArray();
    await client.shipments.receive(id, { missing: items.slice(1) });
    await client.shipments.receive(id, { missing: items.slice(1), damaged: true });
    await client.shipments.receive(id, { missing: items.slice(1) });
    await client.shipments.receive(id);
    expect(placeOf(two)).toBe('DESYHH');
    await client.shipments.receive(id);
    expect(writes()).toEqual(['createShipment', ...Array.from({ length: 4 }, () => 'setShipmentStatus')]);
  });

  it('sets deliveredWithDamage, or undelivered if everything is missing', async () => {
    await using client = newClient();
    const id = await prepare(client);
    await expect(client.shipments.receive(id, { missing: [one, two] })).resolves.toMatchObject({
      status: 'undelivered',
    });
    expect(placeOf(one)).toBe('UT');
    await expect(client.shipments.receive(id, { damaged: true })).resolves.toMatchObject({
      status: 'deliveredWithDamage',
    });
    expect(placeOf(one)).toBe('DESYHH');
  });

  it('refuses components that are not in the shipment or arrived before, all at once', async () => {
    await using client = newClient();
    const id = await prepare(client);
    await client.shipments.receive(id, { missing: [two] });
    const typo = `${two.slice(0, -1)}X`;
    const error = await failure(
      client.shipments.receive(id, { missing: [one, three, typo] }),
      InvalidInvocation,
    );
    expect(error.message).toContain('there are 3 problems, so nothing was written');
    expect(error.message).toContain(`- ${three} is not in the shipment`);
    expect(error.message).toMatch(new RegExp(`- ${typo} is not in the shipment; is it .*${two}`));
    expect(error.message).toContain(`- ${one} arrived before: it cannot be missing now`);
  });

  it('refuses `damaged` where everything is missing, wrong arguments and misspelt options', async () => {
    await using client = newClient();
    const id = await prepare(client);
    const { shipments } = client;
    await expect(shipments.receive(id, { missing: [one, two], damaged: true })).rejects.toThrow(
      '`damaged` is for what arrived',
    );
    await expect(shipments.receive(id, { mising: [] } as never)).rejects.toThrow('is it `missing`?');
    await expect(shipments.receive(id, { missing: one as never })).rejects.toThrow('must be a list');
    await expect(shipments.receive({} as never)).rejects.toThrow('must be the id of a shipment');
    await expect(shipments.send('')).rejects.toThrow('must be the id of a shipment');
    expect(writes()).toEqual(['createShipment']);
  });

  it('reads the items from the list where getShipment has none', async () => {
    await using client = newClient();
    const id = await prepare(client);
    const shipment = await client.get('getShipment', { data: { shipment: id } });
    pdb.answer('getShipment', { ...shipment, shipmentItems: null });
    await client.shipments.receive(id, { missing: [two] });
    expect([placeOf(one), placeOf(two)]).toEqual(['DESYHH', 'UT']);
  });
});

describe('client.shipments.list', () => {
  it('lists by sender, recipient, site and status: the ready ones', async () => {
    await using client = newClient();
    const first = await client.shipments.create([one], { ...to, send: true });
    const second = await client.shipments.create([two], { ...to, to: 'DESYZ' });
    const idsOf = async (...args: Parameters<Client['shipments']['list']>): Promise<string[]> =>
      (await client.shipments.list(...args).toArray()).map(({ id }) => id);
    await expect(idsOf()).resolves.toEqual([first.id, second.id]);
    await expect(idsOf({ sender: 'UT' })).resolves.toEqual([first.id, second.id]);
    await expect(idsOf({ recipient: ['DESYZ'] })).resolves.toEqual([second.id]);
    await expect(idsOf({ site: 'DESYHH' })).resolves.toEqual([first.id]);
    await expect(idsOf({ status: 'inTransit' })).resolves.toEqual([first.id]);
    await expect(idsOf({ state: 'deleted' })).resolves.toEqual([]);
    await expect(idsOf({}, { limit: 1 })).resolves.toEqual([first.id]);
  });

  it('refuses a key that is not one of the filter', async () => {
    await using client = newClient();
    expect(() => client.shipments.list({ reciever: 'CERN' } as never)).toThrow(
      'there is no option `reciever`',
    );
  });
});

const BEFORE = { status: 503 } as const;
const LOST_BEFORE = { drop: 'before-headers' } as const;
const EMPTY = { status: 200 } as const;
const LOST_AFTER = { drop: 'after-headers' } as const;

describe('a shipment whose response is lost', () => {
  const shipments = (): readonly ShipmentRecord[] => pdb.dataset.shipments;
  const create = (client: Client, send: boolean): Promise<unknown> =>
    client.shipments.create([one, two], { ...to, send });

  it.for([BEFORE, LOST_BEFORE, EMPTY])(
    'is not created: the outcome is unknown, and resume() creates it (%j)',
    async (fault: object) => {
      await using client = newClient();
      pdb.fault({ on: 'createShipment', ...fault } as Fault);
      const error = await failure(create(client, true), IncompleteWrite);
      expect(error.outcome).toBe('unknown');
      expect(error.steps).toEqual([
        { name: 'create the shipment from UT to DESYHH', outcome: 'unknown' },
        { name: 'mark it as sent', outcome: 'not done' },
      ]);
      expect(shipments()).toHaveLength(0);
      await expect(error.resume()).resolves.toMatchObject({ status: 'inTransit' });
      expect(shipments()).toMatchObject([{ status: 'inTransit' }]);
    },
  );

  it('is created once where it was created without a response', async () => {
    await using client = newClient();
    pdb.fault({ on: 'createShipment', ...LOST_AFTER });
    await expect(create(client, true)).resolves.toMatchObject({ status: 'inTransit' });
    expect(shipments()).toMatchObject([{ status: 'inTransit' }]);
    expect(writes()).toEqual(['createShipment', 'setShipmentStatus']);
  });

  it.for([
    ['other components', { shipmentItems: [one], recipient: 'DESYHH' }],
    ['another recipient', { shipmentItems: [one, two], recipient: 'DESYZ' }],
  ] as const)('is not mistaken for one with %s', async ([, { shipmentItems, recipient }]) => {
    await using client = newClient();
    await using other = newClient();
    pdb.fault({
      on: 'createShipment',
      respond: (_, response) => {
        const input = {
          sender: 'UT',
          recipient,
          type: 'domestic',
          shipmentItems: [...shipmentItems],
        } as const;
        void other.post('createShipment', input).then(() => response.destroy());
      },
    });
    const error = await failure(create(client, false), IncompleteWrite);
    expect(error.outcome).toBe('unknown');
    expect(shipments()).toHaveLength(1);
  });

  it.for([BEFORE, LOST_BEFORE, EMPTY])(
    'is created but not sent: resume() only sends it (%j)',
    async (fault: object) => {
      await using client = newClient();
      pdb.fault({ on: 'setShipmentStatus', ...fault } as Fault);
      const error = await failure(create(client, true), IncompleteWrite);
      expect(error.steps.map(({ outcome }) => outcome)).toEqual(['done', 'unknown']);
      expect(shipments()).toMatchObject([{ status: 'prepared' }]);
      await expect(error.resume()).resolves.toMatchObject({ status: 'inTransit' });
      expect(writes()).toEqual(['createShipment', 'setShipmentStatus', 'setShipmentStatus']);
      expect(shipments()).toMatchObject([{ status: 'inTransit' }]);
    },
  );

  it('says which step was refused', async () => {
    await using client = newClient();
    pdb.fault({ on: 'setShipmentStatus', status: 403 });
    const error = await failure(create(client, true), IncompleteWrite);
    expect(error.steps.map(({ outcome }) => outcome)).toEqual(['done', 'not done']);
    await error.resume();
    expect(shipments()).toMatchObject([{ status: 'inTransit' }]);
  });

  it('is sent once where it was sent without a response', async () => {
    await using client = newClient();
    pdb.fault({ on: 'setShipmentStatus', ...LOST_AFTER });
    await expect(create(client, true)).resolves.toMatchObject({ status: 'inTransit' });
    expect(shipments()[0]?.history.map(({ status }) => status)).toEqual(['prepared', 'inTransit']);
  });

  it.for([BEFORE, LOST_BEFORE, EMPTY])(
    'is not received: resume() receives it (%j)',
    async (fault: object) => {
      await using client = newClient();
      const { id } = await client.shipments.create([one, two], to);
      pdb.fault({ on: 'setShipmentStatus', ...fault } as Fault);
      const error = await failure(client.shipments.receive(id, { missing: [two] }), IncompleteWrite);
      expect(error.steps.map(({ outcome }) => outcome)).toEqual(['unknown']);
      expect(placeOf(one)).toBe('UT');
      await error.resume();
      expect([placeOf(one), placeOf(two)]).toEqual(['DESYHH', 'UT']);
    },
  );

  it('is received once where it was received without a response', async () => {
    await using client = newClient();
    const { id } = await client.shipments.create([one, two], to);
    pdb.fault({ on: 'setShipmentStatus', ...LOST_AFTER });
    await expect(client.shipments.receive(id, { missing: [two] })).resolves.toMatchObject({
      status: 'delivered',
    });
    expect(shipments()[0]?.history.map(({ status }) => status)).toEqual(['prepared', 'delivered']);
  });

  it('throws the exception of the request where the first write was refused', async () => {
    await using client = newClient();
    const fault = pdb.fault({ on: 'listShipmentsByComponent', status: 503, times: Infinity });
    await failure(create(client, true), ServerError);
    fault.remove();
    pdb.fault({ on: 'createShipment', status: 403 });
    await expect(create(client, true)).rejects.toMatchObject({ code: 'ERR_FORBIDDEN' });
    expect(shipments()).toHaveLength(0);
  });
});
