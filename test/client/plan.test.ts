import { expect, it } from 'vitest';
import { Client, InvalidInvocation, User } from '../../src/index.js';
import { startDatabase } from '../helpers/database.js';

const { pdb } = await startDatabase({ components: 30 });

const newClient = (): Client =>
  new Client({ user: new User(pdb.userOptions), prefixUrl: pdb.apiUrl, retry: false });

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
