import { beforeEach, describe, expect, it } from 'vitest';
import {
  BadRequest,
  Client,
  Component,
  InvalidInvocation,
  PartFailed,
  parseSerialNumber,
  ServerError,
  User,
} from '../../src/index.js';
import { type ComponentRecord, startPdb } from '../../src/testing/index.js';
import { startDatabase } from '../helpers/database.js';

const { pdb, newClient } = await startDatabase({ components: 800 });
beforeEach(() => pdb.restore());

/** Copies what the tests need: a write changes the record. */
const family = (component: ComponentRecord | undefined) => {
  const { id, code, serialNumber, alternativeIdentifier, children } = component as ComponentRecord;
  const childIds = children.flatMap((slot) => slot.component?.id ?? []);
  return { id, code, serialNumber, alternativeIdentifier, childIds };
};
const named = family(
  pdb.dataset.components.find(({ alternativeIdentifier }) => alternativeIdentifier !== undefined),
);
const inStave = pdb.dataset.components.find(
  ({ componentType, parent }) =>
    componentType.code === 'SENSOR' && parent?.parent?.componentType.code === 'STAVE',
);
const [sensor, module, stave] = [family(inStave), family(inStave?.parent), family(inStave?.parent?.parent)];
const NO_SUCH = '20USBML9999999';

describe('client.components.get and find', () => {
  it('read a component by serial number, code and id with one request', async () => {
    await using client = newClient();
    for (const identifier of [named.serialNumber, named.code, named.id]) {
      expect((await client.components.get(identifier)).id).toBe(named.id);
      expect((await client.components.find(identifier))?.properties).toBeInstanceOf(Array);
    }
    expect(pdb.count('getComponent')).toBe(6);
  });

  it('read a component by its alternative identifier, one with the form of a serial number too', async () => {
    await using client = newClient();
    const identifier = named.alternativeIdentifier as string;
    expect((await client.components.get(identifier)).id).toBe(named.id);
    expect(pdb.count('getComponent')).toBe(1);
    expect(pdb.requests.at(-1)?.input).toMatchObject({ component: identifier, alternativeIdentifier: true });
    pdb.fault({
      on: ({ input }) => input['alternativeIdentifier'] === true,
      status: 200,
      body: { id: named.id, alternativeIdentifier: NO_SUCH, uuAppErrorMap: {} },
    });
    expect((await client.components.find(NO_SUCH))?.id).toBe(named.id);
  });

  it('throw BadRequest that says what was looked for, and give undefined, where there is no such component', async () => {
    await using client = newClient();
    const cases = [
      [NO_SUCH, 2, `there is no component with the serial number or the alternative identifier ${NO_SUCH}`],
      ['LIV 0123', 2, 'there is no component with the alternative identifier or the serial number LIV 0123'],
      ['0'.repeat(24), 1, `there is no component with the id ${'0'.repeat(24)}`],
      ['0'.repeat(32), 1, `there is no component with the code ${'0'.repeat(32)}`],
    ] as const;
    for (const [identifier, requests, sentence] of cases) {
      const before = pdb.count('getComponent');
      const error = await client.components.get(identifier).catch((thrown) => thrown);
      expect(error).toBeInstanceOf(BadRequest);
      expect(error.summary).toBe(`getComponent: ${sentence} (400)`);
      expect(error.hasAppError('componentDoesNotExist')).toBe(true);
      expect(pdb.count('getComponent') - before).toBe(requests);
      expect(await client.components.find(identifier)).toBeUndefined();
    }
  });

  it('do not take another failure for a component that does not exist', async () => {
    await using client = newClient();
    pdb.fault({ on: 'getComponent', status: 500, times: 2 });
    await expect(client.components.find(named.serialNumber)).rejects.toBeInstanceOf(ServerError);
    await expect(client.components.get(named.serialNumber)).rejects.toBeInstanceOf(ServerError);
    expect(pdb.count('getComponent')).toBe(2);
  });

  it('pass on outputType and noEosToken, and refuse what they do not know by name', async () => {
    await using client = newClient();
    const component = await client.components.get(named.serialNumber, {
      outputType: 'object',
      noEosToken: true,
    });
    expect(component.project).toBe('S');
    expect(pdb.requests.at(-1)?.input).toMatchObject({ outputType: 'object', noEosToken: true });
    await expect(client.components.get(named.id, { outputTyp: 'full' } as never)).rejects.toThrow(
      'client.components.get: there is no option `outputTyp`; is it `outputType`?',
    );
    await expect(client.components.find('')).rejects.toThrow('client.components.find: `identifier` must be');
  });
});

describe('client.components.parents and ancestors', () => {
  it('say on which module and on which stave a sensor is, from the inside out', async () => {
    await using client = newClient();
    const ancestors = await client.components.ancestors(sensor.serialNumber);
    expect(ancestors.slice(0, 2).map(({ id }) => id)).toEqual([module.id, stave.id]);
    expect(ancestors.find(({ componentType }) => componentType.code === 'STAVE')?.id).toBe(stave.id);
    expect((await client.components.parents(sensor)).map(({ id }) => id)).toEqual([module.id]);
    expect(await client.components.parents(stave)).toEqual([]);
  });

  it('follow parents that the bulk command shows as ids', async () => {
    await using other = await startPdb({ components: 800, bulkReferences: 'id' });
    await using client = new Client({
      user: new User(other.userOptions),
      prefixUrl: other.apiUrl,
      cache: false,
    });
    const ancestors = await client.components.ancestors(sensor.serialNumber);
    expect(ancestors.map(({ id }) => id)).toEqual([module.id, stave.id]);
    expect(typeof ancestors[0]?.parents?.[0]?.component).toBe('string');
  });

  it('leave out the parents that a component was taken out of', async () => {
    await using client = newClient();
    await client.post('disassembleComponent', { parent: module.id, child: sensor.id, trashed: false });
    const component = await client.components.get(sensor.id);
    expect(component.parents).toMatchObject([{ component: null }]);
    expect(await client.components.parents(component)).toEqual([]);
    expect(await client.components.ancestors(sensor.id)).toEqual([]);
    pdb.answer('getComponent', {
      ...component,
      parents: [{ componentType: { code: 'MODULE' }, component: { id: module.id }, state: 'deleted' }],
    });
    expect(await client.components.parents(sensor.id)).toEqual([]);
  });

  it('end where the parents form a circle', async () => {
    await using client = newClient();
    const [one, other] = ['a'.repeat(24), 'b'.repeat(24)];
    const component = (id: string, parent: string): object => ({
      ...{ id, serialNumber: null, state: 'ready' },
      parents: [{ componentType: { code: 'X' }, component: { id: parent }, state: 'ready' }],
    });
    pdb.answer('getComponent', component(one, other), { times: Infinity });
    pdb.answer(
      'getComponentBulk',
      ({ input }) => ({
        itemList: (input['component'] as string[]).map((id) => component(id, id === one ? other : one)),
      }),
      { times: Infinity },
    );
    const ancestors = await client.components.ancestors(one);
    expect(ancestors.map(({ id }) => id)).toEqual([other]);
  });

  it('read a parent by itself that the bulk command leaves out or shows without its parents', async () => {
    await using client = newClient();
    pdb.answer('getComponentBulk', { itemList: [] });
    expect((await client.components.parents(sensor)).map(({ id }) => id)).toEqual([module.id]);
    pdb.answer('getComponentBulk', { itemList: [{ id: module.id, code: module.code }] });
    const [, grandparent] = await client.components.ancestors(sensor);
    expect(grandparent?.id).toBe(stave.id);
    pdb.fault({ on: 'getComponentBulk', status: 500, times: 2 });
    await expect(client.components.parents(sensor)).rejects.toBeInstanceOf(PartFailed);
  });
});

describe('client.components.tree', () => {
  it('reads a component with all that is in it, one request for each level', async () => {
    await using client = newClient();
    const tree = await client.components.tree(stave.serialNumber);
    expect(tree).toBeInstanceOf(Component);
    expect(tree.children.map(({ id }) => id)).toEqual(stave.childIds);
    const child = tree.children.find(({ id }) => id === module.id) as Component;
    expect(child.children.map(({ id }) => id)).toEqual(module.childIds);
    expect(child.children.every(({ data }) => data.componentType !== undefined)).toBe(true);
    const requests = pdb.requests.length;
    expect(child.children[0]?.children).toEqual([]);
    expect(pdb.requests.length).toBe(requests);
    expect(pdb.count('getComponent')).toBe(1);
    expect(pdb.count('getComponentBulk')).toBe(3);
  });

  it('says which children could not be read, or gives them with their error', async () => {
    await using client = newClient();
    const { id } = module;
    pdb.fault({
      on: ({ command, input }) =>
        /^getComponent/.test(command ?? '') && [input['component']].flat().includes(id),
      status: 500,
      times: Infinity,
    });
    await expect(client.components.tree(stave)).rejects.toBeInstanceOf(PartFailed);
    const tree = await client.components.tree(stave, { errors: 'collect' });
    expect(tree.children.find((child) => child.id === id)?.error).toBeInstanceOf(ServerError);
    await expect(client.components.tree(stave, { recurse: false } as never)).rejects.toThrow(
      'client.components.tree: there is no option `recurse`',
    );
  });
});

describe('parseSerialNumber', () => {
  it('reads the parts of a serial number', () => {
    expect(parseSerialNumber('20USBML1234567')).toEqual({
      ...{
        serialNumber: '20USBML1234567',
        project: 'S',
        subproject: 'SB',
        component: 'ML',
        number: '1234567',
      },
    });
    expect(parseSerialNumber('20UPGFC0083098')).toMatchObject({
      project: 'P',
      subproject: 'PG',
      number: '0083098',
    });
    expect(parseSerialNumber('20UCMXX000000A')).toMatchObject({ project: 'CM', number: '000000A' });
  });

  it('takes what a scanner sends: spaces, line ends, control characters, lower case', () => {
    for (const text of [
      '20usbml1234567\r\n',
      ' 20U SB ML 1234567 ',
      '\u000220USBML1234567\u0003',
      '\ufeff20UsbML1234567',
    ])
      expect(parseSerialNumber(text).serialNumber).toBe('20USBML1234567');
    expect(parseSerialNumber('20UPBOb1234567').serialNumber).toBe('20UPBOb1234567');
  });

  it('says what is wrong', () => {
    const cases = [
      ['', 'it is empty'],
      ['20USBML123456', 'it has 13 characters; there must be 14'],
      ['20USBML12345678', 'it has 15 characters; there must be 14'],
      ['21USBML1234567', 'it must start with 20U'],
      ['20UXBML1234567', 'there is no subproject XB'],
      ['20USBML123-567', 'it has the character "-"'],
    ] as const;
    for (const [text, fault] of cases) {
      expect(() => parseSerialNumber(text)).toThrow(InvalidInvocation);
      expect(() => parseSerialNumber(text)).toThrow(fault);
    }
    expect(() => parseSerialNumber(20 as never)).toThrow('a serial number must be a text');
  });
});
