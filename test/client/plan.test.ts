import { expect, it } from 'vitest';
import { type Client, InvalidInvocation } from '../../src/index.js';
import { startDatabase } from '../helpers/database.js';

const { pdb, newClient } = await startDatabase({ components: 30 });

/** The writes that reached the database. */
const writes = (): number => pdb.requests.filter(({ method }) => method !== 'GET').length;

it('a plan sends the reads and records the writes', async () => {
  await using client = newClient();
  const [module] = await client
    .list('listComponents', { filterMap: { project: 'S' } }, { limit: 1 })
    .toArray();
  const component = module?.code ?? '';
  const before = await client.get('getComponent', { data: { component } });
  const sent = writes();
  const { requests } = await client.plan(async (c) => {
    const { code } = await c.get('getComponent', { data: { component } });
    await c.post('createComponentComment', { component: code, comments: ['a remark'] });
  });
  expect(requests).toEqual([
    { method: 'POST', command: 'createComponentComment', input: { component, comments: ['a remark'] } },
  ]);
  expect(writes()).toBe(sent);
  await expect(client.get('getComponent', { data: { component }, fresh: true })).resolves.toEqual(before);
});

it('a plan shows ids that are to come by the number of their step', async () => {
  await using client = newClient();
  const { requests } = await client.plan(async (c) => {
    await c.post('createComponentComment', { component: 'x', comments: ['first'] });
    const { component } = await c.post('registerComponent', {
      ...{ project: 'S', subproject: 'SB', institution: 'CERN', componentType: 'MODULE', properties: {} },
    });
    const read = await c.get('getComponent', { data: { component: component.code } });
    const runs = await c.list('listTestRunsByComponent', { filterMap: { code: read.code } }).toArray();
    expect(runs).toEqual([]);
    const { data } = await c
      .post('setComponentStage', { component: read.code, stage: 'GLUED' })
      .withResponse();
    expect(data).toBeDefined();
  });
  expect(requests.map(({ command }) => command)).toEqual([
    'createComponentComment',
    'registerComponent',
    'setComponentStage',
  ]);
  expect(requests[2]?.input).toEqual({ component: '<code of step 2>', stage: 'GLUED' });
});

it('a plan gives the result of the function', async () => {
  await using client = newClient();
  const { requests, result } = await client.plan(async (c) => {
    const { component } = await c.post('createComponentComment', { component: 'x', comments: ['first'] });
    return { id: component.id, projects: (await c.list('listProjects')).total };
  });
  expect(requests).toHaveLength(1);
  expect(result).toEqual({ id: '<id of step 1>', projects: (await client.list('listProjects')).total });
  expect((await client.plan(() => 5)).result).toBe(5);
});

it('a plan refuses a function that does not wait for its requests, and a write after it', async () => {
  await using client = newClient();
  const { serialNumber = '' } = pdb.dataset.components[0] ?? {};
  let late: Promise<unknown> = Promise.resolve();
  const plan = client.plan((c) => {
    late = c.components.comment(serialNumber, 'x').catch((error: unknown) => error);
  });
  await expect(plan).rejects.toThrow(
    'client.plan: the function returned while 1 of its requests were under way, so the plan may not be complete',
  );
  expect(String(await late)).toContain(
    'createComponentComment was called after the function had returned, so it is not in the plan, and it is not sent',
  );
  let leaked: Client | undefined;
  await client.plan((c) => {
    leaked = c;
  });
  await expect(leaked?.post('deleteComponent', { component: 'x' })).rejects.toThrow(InvalidInvocation);
  expect(pdb.count('createComponentComment') + pdb.count('deleteComponent')).toBe(0);
});

it('a plan shows the files of a form by name and size', async () => {
  await using client = newClient();
  const form = new FormData();
  form.set('title', 'a photo');
  form.set('data', new Blob(['1234']), 'photo.jpg');
  const { requests } = await client.plan((c) => c.post('createComponentAttachment', form));
  expect(requests[0]?.input).toEqual({ title: 'a photo', data: '<photo.jpg, 4 bytes>' });
});

it('a plan refuses wrong options as the call itself does, and anything but a function', async () => {
  await using client = newClient();
  const misspelt = { timeOut: 1 } as object;
  await expect(client.plan((c) => c.post('deleteComponent', { component: 'x' }, misspelt))).rejects.toThrow(
    InvalidInvocation,
  );
  await expect(client.plan('setComponentStage' as never)).rejects.toThrow('must be a function');
});

it('the client can be used after a plan that closed its own', async () => {
  await using client = newClient();
  await client.plan((c) => c.close());
  await expect(client.get('listProjects')).resolves.toBeDefined();
});
