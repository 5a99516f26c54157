import { expect, it } from 'vitest';
import { BadRequest, Client, InvalidInvocation, User } from '../../src/index.js';
import { startDatabase } from '../helpers/database.js';

const { pdb, newClient } = await startDatabase({ components: 30 });

it('client.users.me reads the user of the session', async () => {
  await using client = newClient();
  await expect(client.users.me()).resolves.toMatchObject({
    userIdentity: '1234-567-1',
    institutions: [{ code: 'CERN' }],
  });
});

it('client.users.get reads a user, and throws where there is none', async () => {
  await using client = newClient();
  await expect(client.users.get('1234-567-1')).resolves.toMatchObject({ lastName: 'Example' });
  await expect(client.users.get('9-9-1')).rejects.toThrow(BadRequest);
  await expect(client.users.get('')).rejects.toThrow('`identity` must be a string that is not empty');
});

it('client.institutions.list lists all institutions', async () => {
  await using client = newClient();
  const codes = (await client.institutions.list().toArray()).map(({ code }) => code);
  expect(codes).toEqual(pdb.dataset.institutions.map(({ code }) => code));
});

it('client.institutions.get reads an institution by its code', async () => {
  await using client = newClient();
  await expect(client.institutions.get('CERN')).resolves.toMatchObject({ address: { city: 'Geneva' } });
});

it('client.institutions.get says which code may be meant', async () => {
  await using client = newClient();
  const error: unknown = await client.institutions.get('CREN').catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(InvalidInvocation);
  expect(error).toMatchObject({
    message: 'client.institutions.get: there is no institution CREN; is it CERN?',
    cause: expect.any(BadRequest),
  });
  await expect(client.institutions.get('NOWHERE_AT_ALL')).rejects.toThrow(/there is no institution \w+$/);
});

it('client.institutions.get leaves other failures as they are', async () => {
  await using client = newClient();
  pdb.fault({ on: 'getInstitutionByCode', status: 403 });
  await expect(client.institutions.get('CERN')).rejects.toMatchObject({ code: 'ERR_FORBIDDEN' });
});

it('client.institutions.mine gives the default institution first', async () => {
  await using client = newClient();
  const mine = ['CERN', 'DESYHH', 'UT'].map((code) => ({ code, default: code === 'DESYHH' }));
  pdb.answer('getUser', { userIdentity: '1234-567-1', institutions: mine });
  const institutions = await client.institutions.mine();
  expect(institutions.map(({ code }) => code)).toEqual(['DESYHH', 'CERN', 'UT']);
});

it('client.institutions.mine gives the institutions in their order where none is the default, or an empty list', async () => {
  await using client = newClient();
  pdb.answer('getUser', { institutions: [{ code: 'UT' }, { code: 'CERN' }] });
  const institutions = await client.institutions.mine();
  expect(institutions.map(({ code }) => code)).toEqual(['UT', 'CERN']);
  pdb.answer('getUser', { institutions: null });
  await expect(client.institutions.mine({ fresh: true })).resolves.toEqual([]);
});

it('client.shipments.create uses what a subclass of Client overrides', async () => {
  const sent: string[] = [];
  class Recording extends Client {
    override post(command: unknown): never {
      sent.push(String(command));
      return Promise.resolve({ id: 'x' }) as never;
    }
    override list(command: unknown): never {
      sent.push(String(command));
      return { toArray: async () => [] } as never;
    }
    override get(command: unknown): never {
      sent.push(String(command));
      const component = {
        id: '1',
        code: 'a',
        serialNumber: 's',
        state: 'ready',
        currentLocation: { code: 'CERN' },
      };
      const result = command === 'getUser' ? { institutions: [{ code: 'CERN' }] } : {};
      return Promise.resolve(command === 'getComponent' ? component : result) as never;
    }
    override whoAmI(): Promise<{ identity: string; name: string }> {
      return Promise.resolve({ identity: '1', name: 'x' });
    }
  }
  await using client = new Recording({ user: new User(pdb.userOptions), prefixUrl: pdb.apiUrl });
  await expect(client.shipments.create(['s'], { to: 'UT', type: 'domestic' })).resolves.toEqual({ id: 'x' });
  expect(sent).toEqual([
    'getUser',
    'getInstitutionByCode',
    'getComponent',
    'listShipmentsByComponent',
    'createShipment',
  ]);
  expect(pdb.requests).toHaveLength(0);
});
