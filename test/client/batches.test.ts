import { beforeEach, describe, expect, it } from 'vitest';
import { BadRequest, type Client, IncompleteWrite, InvalidInvocation } from '../../src/index.js';
import type { Fault } from '../../src/testing/index.js';
import { startDatabase } from '../helpers/database.js';
import { failure } from '../helpers/failure.js';

const { pdb, newClient } = await startDatabase({ components: 120 });
beforeEach(() => pdb.restore());

const batch = { project: 'S', batchType: 'MODULE_BATCH', number: 'MINE' } as const;
const [one = '', two = '', three = ''] = pdb.dataset.components
  .filter(({ componentType, state }) => componentType.project === 'S' && state === 'ready')
  .map(({ serialNumber }) => serialNumber);
const pixel =
  pdb.dataset.components.find(({ componentType }) => componentType.project === 'P')?.serialNumber ?? '';

const writes = (): (string | undefined)[] =>
  pdb.requests
    .filter(({ method, server }) => method === 'POST' && server === 'api')
    .map(({ command }) => command);

/** The serial numbers of the components in the batch. */
const contents = async (client: Client): Promise<(string | null)[] | undefined> =>
  (await client.batches.find(batch, { fresh: true }))?.components?.map(({ serialNumber }) => serialNumber);

/** Creates the batch, and returns its id. */
const create = async (client: Client): Promise<string> => {
  await client.post('createBatch', batch);
  const found = await client.batches.find(batch);
  pdb.reset();
  return found?.id ?? '';
};

describe('client.batches.find', () => {
  it('finds a batch with its components', async () => {
    await using client = newClient();
    const [known] = pdb.dataset.batches;
    const found = await client.batches.find({
      project: known?.project ?? '',
      batchType: known?.batchType.code ?? '',
      number: known?.number ?? '',
    });
    expect(found?.id).toBe(known?.id);
    expect(found?.components).toHaveLength(known?.components.length ?? 0);
  });

  it('gives undefined where there is no batch with the number', async () => {
    await using client = newClient();
    await expect(client.batches.find(batch)).resolves.toBeUndefined();
  });

  it('throws where the batch type does not exist', async () => {
    await using client = newClient();
    await failure(client.batches.find({ ...batch, batchType: 'MODUL_BATCH' }), BadRequest);
  });

  it('throws where an argument is missing', async () => {
    await using client = newClient();
    const { find } = client.batches;
    await expect(client.batches.find({ project: 'S', batchType: 'MODULE_BATCH' } as never)).rejects.toThrow(
      '`number` must be a string that is not empty',
    );
    await expect(find.call(client.batches, 'MINE' as never)).rejects.toThrow(
      'with project, batchType and number',
    );
    expect(pdb.requests).toHaveLength(0);
  });
});

describe('client.batches.list', () => {
  it('lists the ready batches of a project and a type', async () => {
    await using client = newClient();
    const all = await client.batches.list({ project: 'S', batchType: ['MODULE_BATCH'] }).toArray();
    const expected = pdb.dataset.batches.filter(({ batchType }) => batchType.code === 'MODULE_BATCH');
    expect(all.map(({ id }) => id)).toEqual(expected.map(({ id }) => id));
    await expect(client.batches.list({ state: 'deleted' }).toArray()).resolves.toEqual([]);
    expect(() => client.batches.list({ type: 'MODULE_BATCH' } as never)).toThrow('there is no option `type`');
  });
});

describe('client.batches.add', () => {
  it('adds one component by the number of the batch', async () => {
    await using client = newClient();
    await create(client);
    const { added, present } = await client.batches.add(batch, one);
    expect([added.map(({ serialNumber }) => serialNumber), present]).toEqual([[one], []]);
    await expect(contents(client)).resolves.toEqual([one]);
  });

  it('adds several, and leaves those that are in it', async () => {
    await using client = newClient();
    const id = await create(client);
    await client.batches.add(id, { serialNumber: one });
    const { added, present } = await client.batches.add({ id }, [one, two, three, two]);
    expect(added.map(({ serialNumber }) => serialNumber)).toEqual([two, three]);
    expect(present.map(({ serialNumber }) => serialNumber)).toEqual([one]);
    expect(writes()).toEqual(['addBatchComponent', 'addBatchComponent', 'addBatchComponent']);
    await expect(contents(client)).resolves.toEqual([one, two, three]);
  });

  it('names every problem at once, and writes nothing', async () => {
    await using client = newClient();
    await create(client);
    await client.post('deleteComponent', { component: two });
    const error = await failure(
      client.batches.add(batch, [one, two, pixel, '20USBML0000000']),
      InvalidInvocation,
    );
    expect(error.message.split('\n')).toEqual([
      'client.batches.add: there are 3 problems, so nothing was written',
      '- there is no component 20USBML0000000',
      `- ${two} is not ready: its state is requestedToDelete`,
      `- ${pixel} is not in the project S of the batch`,
    ]);
    expect(writes()).toEqual(['deleteComponent']);
  });

  it('says that there is no such batch', async () => {
    await using client = newClient();
    await expect(client.batches.add(batch, one)).rejects.toThrow(
      'client.batches.add: there is no batch MINE of the type MODULE_BATCH in the project S',
    );
  });

  it('refuses wrong arguments and options before a request', async () => {
    await using client = newClient();
    await expect(client.batches.add({ number: 'MINE' } as never, one)).rejects.toThrow('the id of a batch');
    await expect(client.batches.add(batch, [''])).rejects.toThrow('number 0 has no code');
    await expect(client.batches.add(batch, one, { fresh: true } as never)).rejects.toThrow(
      'no option `fresh`',
    );
    expect(pdb.requests).toHaveLength(0);
  });

  it('shows its writes in a plan, also for a component that the plan registers', async () => {
    await using client = newClient();
    const id = await create(client);
    const { requests } = await client.plan(async (c) => {
      const { component } = await c.post('registerComponent', {
        ...{ project: 'S', subproject: 'SB', institution: 'CERN', componentType: 'MODULE', properties: {} },
      });
      await c.batches.add(batch, [component, one]);
    });
    expect(requests.slice(1).map(({ input }) => input)).toEqual([
      { id, component: '<code of step 1>' },
      { id, component: pdb.dataset.find(one)?.code },
    ]);
  });

  it.for([{ status: 503 }, { status: 200 }, { drop: 'before-headers' }])(
    'reports what was added where a write fails before it is done, and resume() adds the rest (%j)',
    async (fault: object) => {
      await using client = newClient();
      await create(client);
      pdb.fault({ on: 'addBatchComponent', after: 1, ...fault } as Fault);
      const error = await failure(client.batches.add(batch, [one, two, three]), IncompleteWrite);
      expect(error.steps).toEqual([
        { name: `add ${one} to the batch`, outcome: 'done' },
        { name: `add ${two} to the batch`, outcome: 'unknown' },
        { name: `add ${three} to the batch`, outcome: 'not done' },
      ]);
      await expect(contents(client)).resolves.toEqual([one]);
      const result = (await error.resume()) as Awaited<ReturnType<Client['batches']['add']>>;
      expect(result.added.map(({ serialNumber }) => serialNumber)).toEqual([one, two, three]);
      await expect(contents(client)).resolves.toEqual([one, two, three]);
    },
  );

  it('adds once where the response is lost', async () => {
    await using client = newClient();
    await create(client);
    pdb.fault({ on: 'addBatchComponent', drop: 'after-headers' });
    await client.batches.add(batch, [one, two]);
    expect(writes()).toEqual(['addBatchComponent', 'addBatchComponent']);
    await expect(contents(client)).resolves.toEqual([one, two]);
  });
});
