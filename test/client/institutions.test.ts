import { describe, expect, it } from 'vitest';
import {
  Client,
  type Institution,
  InvalidInvocation,
  makeInstitution,
  toRows,
  User,
} from '../../src/index.js';
import { startPdb } from '../../src/testing/index.js';

describe('makeInstitution', () => {
  it('makes a record of each institution of listInstitutions', async () => {
    await using pdb = await startPdb({ components: 10 });
    await using client = new Client({ user: new User(pdb.userOptions), prefixUrl: pdb.apiUrl, cache: false });
    const list: Institution[] = await client.list('listInstitutions').toArray();
    const records = list.map(makeInstitution);
    expect(records).toHaveLength(pdb.dataset.institutions.length);
    expect(records.find(({ code }) => code === 'CERN')).toMatchObject({
      id: expect.stringMatching(/^[0-9a-f]{24}$/),
      address: { city: 'Geneva' },
      latitude: expect.any(Number),
      componentTypes: expect.any(Array),
    });
    expect(toRows(records)[0]).toHaveProperty('address.city');
  });

  it('has all keys, with null for what is missing or null', () => {
    const record = {
      ...{ id: null, code: null, name: null, supervisor: null, latitude: null, longitude: null },
      address: { building: null, street: null, city: null, state: null, zip: null },
      contacts: { email: null, phone: null, web: null },
      componentTypes: [],
    };
    expect(makeInstitution({})).toEqual(record);
    expect(makeInstitution({ address: null, contacts: null, componentType: null, unknown: 1 })).toEqual(
      record,
    );
  });

  it.each(['zip', 'zipCode'])('reads the postal code from `%s`', (key) => {
    expect(makeInstitution({ address: { [key]: '1211' } }).address.zip).toBe('1211');
    expect(makeInstitution({ address: { [key]: 1211 } }).address.zip).toBe('1211');
  });

  it.each(['componentTypes', 'componentType'])('reads the component types from `%s`', (key) => {
    const types = [
      { code: 'S', name: 'Strips', itemList: [{ id: '1', code: 'MODULE', name: 'Module' }, null] },
    ];
    expect(makeInstitution({ [key]: types }).componentTypes).toEqual([
      { code: 'S', name: 'Strips', itemList: [{ id: '1', code: 'MODULE', name: 'Module' }] },
    ]);
    expect(makeInstitution({ [key]: [{ code: 'S' }] }).componentTypes).toEqual([
      { code: 'S', name: null, itemList: [] },
    ]);
  });

  it('reads numbers that are texts', () => {
    expect(makeInstitution({ latitude: '46.2', longitude: '' })).toMatchObject({
      latitude: 46.2,
      longitude: null,
    });
  });

  it('refuses what is not an object', () => {
    for (const data of [undefined, null, 'CERN', [{}]])
      expect(() => makeInstitution(data as never)).toThrow(InvalidInvocation);
  });
});
