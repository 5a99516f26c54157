import { inspect } from 'node:util';
import { afterAll, describe, expect, it } from 'vitest';
import {
  Aborted,
  BadRequest,
  Client,
  type ClientOptions,
  Component,
  type ComponentData,
  Forbidden,
  InvalidInvocation,
  NotFound,
  PartFailed,
  User,
  type WalkOptions,
} from '../../src/index.js';
import { type EmbeddedPdb, startPdb } from '../../src/testing/index.js';
import { failure } from '../helpers/failure.js';
import { MockUser } from '../helpers/mock-user.js';
import { json, Origin } from '../helpers/origin.js';

const pdb = await startPdb({ components: 3000, seed: 1 });
const withIds = await startPdb({ components: 300, seed: 1, bulkReferences: 'id' });
afterAll(() => Promise.all([pdb.close(), withIds.close()]));

const newClient = (database: EmbeddedPdb = pdb, options: ClientOptions = {}): Client =>
  new Client({
    ...{ user: new User(database.userOptions), prefixUrl: database.apiUrl, cache: false, retry: false },
    ...options,
  });

/** Reads the first component of a type. */
async function readFirst(client: Client, componentType: string, project = 'P'): Promise<Component> {
  const page = await client.get('listComponents', {
    data: { filterMap: { project, componentType }, pageInfo: { pageSize: 1 } },
  });
  const { id } = page.data[0] as { id: string };
  return new Component(client, await client.get('getComponent', { data: { component: id } }));
}

const collect = async (component: Component, options?: WalkOptions): Promise<Component[]> => {
  const found: Component[] = [];
  for await (const child of component.walk(options)) found.push(child);
  return found;
};

const idsOf = (components: readonly Component[]): string[] => components.map(({ id }) => id);

/** Reads a tree one by one, as slowly as possible: depth first, in the order of the slots. */
async function readOneByOne(client: Client, component: string): Promise<string[]> {
  const { children } = await client.get('getComponent', { data: { component } });
  const ids: string[] = [];
  for (const { component: child } of children ?? [])
    if (child !== null) ids.push(child.id, ...(await readOneByOne(client, child.id)));
  return ids;
}

/** A database of a few components, by id, of which a test decides everything. */
async function startTree(
  tree: Readonly<Record<string, object | number>>,
  options: { readonly bulk?: (ids: readonly string[]) => readonly object[] | number } = {},
): Promise<AsyncDisposable & { client: Client; asked: string[][] }> {
  const asked: string[][] = [];
  const origin = await Origin.start((request, response) => {
    const { component } = JSON.parse(request.body) as { component: string | string[] };
    const ids = [component].flat();
    asked.push(ids);
    const found = ids.map((id) => tree[id]).filter((one) => typeof one === 'object');
    const answer = Array.isArray(component) ? (options.bulk?.(ids) ?? found) : (tree[component] ?? 400);
    if (typeof answer === 'number') return json(response, { uuAppErrorMap: {} }, answer);
    json(response, { ...(Array.isArray(answer) ? { itemList: answer } : answer), uuAppErrorMap: {} });
  });
  const client = new Client({
    ...{ user: new MockUser(), prefixUrl: origin.url, cache: false, retry: false as const },
  });
  return {
    client,
    asked,
    async [Symbol.asyncDispose]() {
      await client.close();
      await origin[Symbol.asyncDispose]();
    },
  };
}

const id = (digit: number): string => String(digit).repeat(24);

/** A component with children: ids or objects, null for a free slot. */
function node(digit: number, children: readonly (string | object | null)[], type = 'MODULE'): ComponentData {
  return {
    id: id(digit),
    serialNumber: `SN${digit}`,
    componentType: { id: id(9), code: type, name: type },
    children: children.map((component, order) => ({
      ...{ id: `${digit}${order}`.repeat(12), order, type: null, history: null, component },
      componentType: { code: type, name: type },
      properties: [{ code: 'POSITION', value: order }],
    })),
  } as unknown as ComponentData;
}

describe('new Component', () => {
  it('gives the id, the serial number and the children of what getComponent returned', async () => {
    await using client = newClient();
    const module = await readFirst(client, 'MODULE');
    expect(module.id).toMatch(/^[0-9a-f]{24}$/);
    expect(module.serialNumber).toMatch(/^20UP/);
    const references = module.data.children?.map(({ component }) => component);
    expect(module.children.map(({ serialNumber }) => ({ serialNumber }))).toMatchObject(
      references?.map((reference) => ({
        serialNumber: (reference as { serialNumber: string }).serialNumber,
      })) ?? [],
    );
    expect(module.children[0]?.parent).toBe(module);
    expect(module.children[0]?.slot).toBe(module.data.children?.[0]);
  });

  it('gives an empty text where there is no serial number', () => {
    const component = new Component({} as Client, { id: id(1), serialNumber: null });
    expect(component.serialNumber).toBe('');
  });

  it('leaves free slots out of `children`', () => {
    expect(new Component({} as Client, node(1, [null, id(2), null])).children.map(({ id }) => id)).toEqual([
      id(2),
    ]);
  });

  it('refuses to show children that are not known', async () => {
    await using client = newClient();
    const { data } = await client.list('listComponents', {
      filterMap: { project: 'P', componentType: 'MODULE' },
    });
    const listed = new Component(client, data[0] as ComponentData);
    expect(() => listed.children).toThrow(/the children of 20UP\w+ are not known yet: walk\(\) reads them/);
  });

  it('refuses what is not a component', () => {
    for (const data of [undefined, null, 'a', {}, { id: 3 }, []])
      expect(() => new Component({} as Client, data as never)).toThrow(InvalidInvocation);
  });

  it('is its data in JSON, and a short text when it is printed', async () => {
    await using client = newClient();
    const module = await readFirst(client, 'MODULE');
    await collect(module);
    expect(JSON.parse(JSON.stringify(module))).toEqual(JSON.parse(JSON.stringify(module.data)));
    expect(inspect(module)).toBe(`Component(${module.serialNumber})`);
    expect(String(new Component(client, { id: id(1) }))).toBe(`Component(${id(1)})`);
  });
});

describe('component.walk', () => {
  it.each([
    ['objects', pdb],
    ['ids', withIds],
  ])('goes depth first in the order of the slots, with references that are %s', async (_, database) => {
    await using client = newClient(database);
    const module = await readFirst(client, 'MODULE');
    const found = await collect(module);
    expect(idsOf(found)).toEqual(await readOneByOne(client, module.id));
    expect(found.length).toBeGreaterThan(5);
    expect(found.every(({ data }) => Array.isArray(data.properties))).toBe(true);
    const depths = found.map((component) => {
      let depth = 0;
      for (let one = component.parent; one !== undefined; one = one.parent) depth += 1;
      return depth;
    });
    expect(Math.max(...depths)).toBe(2);
  });

  it('reads a whole level with one request', async () => {
    await using client = newClient();
    const stave = await readFirst(client, 'STAVE', 'S');
    pdb.reset();
    const found = await collect(stave);
    expect(found.length).toBeGreaterThan(100);
    expect(pdb.count('getComponent')).toBe(0);
    // 28 modules, and their parts: 84 of long-strip modules, 112 of short-strip modules.
    expect(pdb.count('getComponentBulk')).toBe(1 + Math.ceil((found.length - 28) / 100));
  });

  it('sends nothing before it is iterated over, and reads no more levels than are used', async () => {
    await using client = newClient();
    const module = await readFirst(client, 'MODULE');
    pdb.reset();
    const walk = module.walk();
    expect(pdb.count()).toBe(0);
    for await (const _ of walk) break;
    expect(pdb.count()).toBe(1);
  });

  it('stays with the children of the component with `recurse: false`', async () => {
    await using client = newClient();
    const module = await readFirst(client, 'MODULE');
    const found = await collect(module, { recurse: false });
    expect(idsOf(found)).toEqual(idsOf(module.children));
    expect(module.children[0]).toBe(found[0]);
    expect(found.every(({ parent }) => parent === module)).toBe(true);
    // Their children are known by reference.
    expect(found[0]?.children.every(({ data }) => data.properties === undefined)).toBe(true);
  });

  it('hands out the component types that are asked for, and walks through the others', async () => {
    await using client = newClient();
    const module = await readFirst(client, 'MODULE');
    const chips = await collect(module, { componentType: 'FE_CHIP' });
    expect(chips).toHaveLength(4);
    expect(chips.every(({ parent }) => parent?.data.componentType?.code === 'BARE_MODULE')).toBe(true);
    const both = await collect(module, { componentType: ['FE_CHIP', 'PCB'] });
    expect(both.map(({ data }) => data.componentType?.code)).toEqual([...Array(4).fill('FE_CHIP'), 'PCB']);
    expect(await collect(module, { componentType: 'STAVE' })).toEqual([]);
  });

  it('can be repeated, with the same result', async () => {
    await using client = newClient();
    const module = await readFirst(client, 'MODULE');
    const first = await collect(module);
    expect(idsOf(await collect(module))).toEqual(idsOf(first));
    const children = await collect(module, { recurse: false });
    expect(idsOf(await collect(module, { recurse: false }))).toEqual(idsOf(children));
    expect(module.children).toHaveLength(children.length);
  });

  it('ends where a component contains itself, and hands out each component once', async () => {
    await using tree = await startTree({
      [id(1)]: node(1, [id(2), id(3)]),
      [id(2)]: node(2, [id(1), id(3), id(2)]),
      [id(3)]: node(3, []),
    });
    const found = await collect(new Component(tree.client, node(1, [id(2), id(3)])));
    expect(idsOf(found)).toEqual([id(2), id(3)]);
  });

  it('takes a component that is referred to by its id and by its code as one', async () => {
    const code = 'c'.repeat(32);
    const child = { ...node(2, []), code };
    await using tree = await startTree({ [id(2)]: child, [code]: child });
    const found = await collect(new Component(tree.client, node(1, [{ code, serialNumber: 'SN2' }, id(2)])));
    expect(idsOf(found)).toEqual([id(2)]);
  });

  it('skips free slots, and gives the slot of each child', async () => {
    await using tree = await startTree({ [id(2)]: node(2, []) });
    const data = node(1, [null, id(2)]);
    Object.assign(data.children?.[0] as object, { component: undefined });
    const [child, ...others] = await collect(new Component(tree.client, data));
    expect(others).toEqual([]);
    expect(child?.slot).toMatchObject({ order: 1, properties: [{ code: 'POSITION', value: 1 }] });
  });

  it('reads a child by getComponent where getComponentBulk shows it without `children`', async () => {
    const { children: _, ...partial } = node(2, []);
    await using tree = await startTree(
      { [id(2)]: node(2, [id(3)]), [id(3)]: node(3, []) },
      { bulk: (ids) => ids.map((one) => (one === id(2) ? partial : node(3, []))) },
    );
    const found = await collect(new Component(tree.client, node(1, [id(2)])));
    expect(idsOf(found)).toEqual([id(2), id(3)]);
    expect(tree.asked).toEqual([[id(2)], [id(2)], [id(3)]]);
  });

  it('reads the component itself where it comes from a list', async () => {
    await using client = newClient();
    const { data } = await client.list('listComponents', {
      filterMap: { project: 'P', componentType: 'MODULE' },
    });
    const listed = new Component(client, data[0] as ComponentData);
    expect(idsOf(await collect(listed))).toEqual(await readOneByOne(client, listed.id));
    expect(listed.data.properties).toHaveLength(2);
  });

  it.each([
    [400, BadRequest],
    [404, NotFound],
  ])(
    'shows a child that is answered %i with its `error`, and throws PartFailed at the end',
    async (status, type) => {
      await using tree = await startTree({ [id(2)]: status, [id(3)]: node(3, []) });
      const component = new Component(
        tree.client,
        node(1, [{ id: id(2), code: 'x', serialNumber: 'SN2' }, id(3)]),
      );
      const found: Component[] = [];
      const walking = async (): Promise<void> => {
        for await (const child of component.walk()) found.push(child);
      };
      const error = await failure(walking(), PartFailed);
      expect(idsOf(found)).toEqual([id(2), id(3)]);
      expect(found[0]?.error).toBeInstanceOf(type);
      expect(found[0]?.serialNumber).toBe('SN2');
      expect(found[1]?.error).toBeUndefined();
      expect(error).toMatchObject({ failed: [{ id: id(2), error: found[0]?.error }] });
      expect(error.message).toContain('1 of 2 components could not be read');
    },
  );

  it("shows children with an `error` and does not throw with `errors: 'collect'`", async () => {
    await using tree = await startTree({ [id(3)]: node(3, [], 'SENSOR') });
    const component = new Component(tree.client, node(1, [id(2), id(3)], 'SENSOR'));
    const found = await collect(component, { errors: 'collect', componentType: 'SENSOR' });
    expect(found.map(({ error }) => error?.code)).toEqual(['ERR_BAD_REQUEST', undefined]);
    expect(() => found[0]?.children).toThrow('not known yet');
  });

  it('throws what every further request would meet', async () => {
    await using client = newClient();
    const module = await readFirst(client, 'MODULE');
    const controller = new AbortController();
    controller.abort();
    await failure(collect(module, { signal: controller.signal }), Aborted);
    pdb.fault({ on: 'getComponentBulk', status: 403 });
    await failure(collect(module), Forbidden);
    expect((await collect(module)).length).toBeGreaterThan(5);
  });

  it('refuses wrong options by name', async () => {
    const component = new Component({} as Client, node(1, []));
    const refused = async (options: unknown): Promise<string> =>
      (await failure(collect(component, options as never), InvalidInvocation)).message;
    expect(await refused(false)).toBe(
      'component.walk: must be given an object of options, such as { recurse: false }',
    );
    expect(await refused({ recurse: 'no' })).toContain('`recurse` must be true or false');
    expect(await refused({ errors: 'stop' })).toContain("`errors` must be 'throw' or 'collect'");
    expect(await refused({ componentType: [3] })).toContain('`componentType` must be');
  });
});
