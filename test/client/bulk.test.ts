import { getEventListeners } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it, vi } from 'vitest';
import {
  Aborted,
  BadRequest,
  type BulkComponent,
  Client,
  type ClientOptions,
  Forbidden,
  InvalidInvocation,
  PartFailed,
  type Progress,
  type ResponseException,
  ServerError,
  User,
  type Warning,
} from '../../src/index.js';
import type { RecordedRequest } from '../../src/testing/index.js';
import { startDatabase } from '../helpers/database.js';
import { failure } from '../helpers/failure.js';

const { pdb } = await startDatabase({ components: 800 });

const newClient = (options: ClientOptions = {}): Client =>
  new Client({
    ...{ user: new User(pdb.userOptions), prefixUrl: pdb.apiUrl, cache: false },
    ...{ retry: { tries: 2, baseDelay: 1, maxDelay: 1 } },
    ...options,
  });

const components = pdb.dataset.components;
const idsOf = (items: readonly { readonly id: string }[]): string[] => items.map(({ id }) => id);
const numbersOf = (count: number): string[] =>
  components.slice(0, count).map(({ serialNumber }) => serialNumber as string);
const runIds = (count: number): string[] =>
  components
    .flatMap(({ testRuns }) => testRuns ?? [])
    .slice(0, count)
    .map(({ id }) => id);

/** The ids that a bulk command was asked for. */
const askedFor = ({ input }: RecordedRequest): string[] => (input.component ?? input.testRun) as string[];
const bulkRequests = (command = 'getComponentBulk'): RecordedRequest[] =>
  pdb.requests.filter((request) => request.command === command);
const sizes = (command?: string): number[] =>
  bulkRequests(command).map((request) => askedFor(request).length);

/** Refuses each request of a command that asks for one of the ids, without a word on which. */
const refuse = (
  ids: readonly string[],
  { command = 'getComponentBulk', status = 400, reason = 'isRotten' } = {},
): unknown =>
  pdb.fault({
    on: (request) => request.command === command && askedFor(request).some((id) => ids.includes(id)),
    times: Infinity,
    status,
    body: { uuAppErrorMap: { [`cern-itkpd-main/${command}/${reason}`]: { type: 'error', message: 'No.' } } },
  });

/** Lets the server ignore `force`, as long as it is not known that the real one does not. */
const ignoreForce = (): void => {
  const known = new Set(components.flatMap(({ id, code, serialNumber }) => [id, code, serialNumber]));
  pdb.fault({
    on: (request) => request.command === 'getComponentBulk' && askedFor(request).some((id) => !known.has(id)),
    times: Infinity,
    respond: (request, response) => {
      const component = askedFor(request).find((id) => !known.has(id));
      const key = 'ucl-itkpd-main/getComponentBulk/componentDoesNotExist';
      const error = { type: 'error', message: 'Component does not exist.', paramMap: { component } };
      response.writeHead(400, { 'Content-Type': 'application/json' });
      response.end(JSON.stringify({ uuAppErrorMap: { [key]: error } }));
    },
  });
};

const noSuch = (index: number): string => `20USXX${String(9_000_000 + index).padStart(8, '0')}`;

describe('client.components.getMany', () => {
  it('sends nothing before it is used, and anew with each iteration', async () => {
    await using client = newClient();
    const many = client.components.getMany(numbersOf(10));
    await client.get('getComponent', { data: { component: numbersOf(1)[0] as string } });
    expect(pdb.count('getComponentBulk')).toBe(0);
    for (const count of [1, 2]) {
      const items: BulkComponent[] = [];
      for await (const item of many) items.push(item);
      expect(items.map(({ serialNumber }) => serialNumber)).toEqual(numbersOf(10));
      expect(pdb.count('getComponentBulk')).toBe(count);
    }
    const [first, second] = await Promise.all([many, many]);
    expect(first).toBe(second);
    expect(pdb.count('getComponentBulk')).toBe(3);
  });

  it('gives the items in the order of the ids, however the server sorts them, in chunks of 100', async () => {
    await using client = newClient();
    const ids = numbersOf(430).reverse();
    pdb.answer(
      'getComponentBulk',
      ({ input }) => ({
        itemList: components
          .filter(({ serialNumber }) =>
            askedFor({ input } as RecordedRequest).includes(serialNumber as string),
          )
          .map(({ id, code, serialNumber }) => ({ id, code, serialNumber })),
      }),
      { times: Infinity },
    );
    const { items, missing, failed } = await client.components.getMany(ids);
    expect(items.map(({ serialNumber }) => serialNumber)).toEqual(ids);
    expect({ missing, failed }).toEqual({ missing: [], failed: [] });
    const asked = bulkRequests().map(askedFor);
    expect(asked.sort((a, b) => ids.indexOf(a[0] ?? '') - ids.indexOf(b[0] ?? ''))).toEqual(
      [0, 100, 200, 300, 400].map((start) => ids.slice(start, start + 100)),
    );
  });

  it('reads an id that is given twice once', async () => {
    await using client = newClient();
    const ids = numbersOf(50);
    const { items } = await client.components.getMany([...ids, ...ids, ...ids]);
    expect(items.map(({ serialNumber }) => serialNumber)).toEqual(ids);
    expect(sizes()).toEqual([50]);
  });

  it('reads a mixture of ids, codes, serial numbers and alternative identifiers, each kind in requests of its own', async () => {
    await using client = newClient();
    const named = components.filter(({ alternativeIdentifier }) => alternativeIdentifier).slice(0, 2);
    expect(named).toHaveLength(2);
    const plain = components.filter(({ alternativeIdentifier }) => !alternativeIdentifier).slice(0, 30);
    const ids = plain.map(
      ({ id, code, serialNumber }, index) => [id, code, serialNumber][index % 3] as string,
    );
    ids.splice(7, 0, named[0]?.alternativeIdentifier as string);
    ids.push(named[1]?.alternativeIdentifier as string, 'nobody has this');
    const expected = [...plain.slice(0, 7), named[0], ...plain.slice(7), named[1]] as typeof plain;
    const { items, missing } = await client.components.getMany(ids);
    expect(idsOf(items)).toEqual(idsOf(expected));
    expect(missing).toEqual(['nobody has this']);
    const inputs = bulkRequests().map(({ input }) => [
      input.identifierType,
      askedFor({ input } as never).length,
    ]);
    expect(inputs).toEqual(
      expect.arrayContaining([
        ['id', 10],
        [undefined, 20],
      ]),
    );
    expect(inputs).toHaveLength(2);
    expect(pdb.count('getComponent')).toBe(3);
  });

  it.each([
    ['an id', 'abcdef0123456789abcdef01'],
    ['a code', 'abcdef0123456789abcdef0123456789'],
    ['a serial number', '20USBXX1234567'],
  ])(
    'finds an alternative identifier that looks like %s, and reads only what is missing twice',
    async (_, name) => {
      await using client = newClient();
      const [named, ...others] = components.slice(0, 30) as [(typeof components)[number]];
      pdb.answer('getComponent', ({ input }) =>
        input.component === name && input.alternativeIdentifier === true
          ? { id: named.id, code: named.code, alternativeIdentifier: null }
          : undefined,
      );
      const ids = [name, ...others.map(({ serialNumber }) => serialNumber as string)];
      const { items, missing } = await client.components.getMany(ids);
      expect(idsOf(items)).toEqual(idsOf([named, ...others]));
      expect(missing).toEqual([]);
      expect(pdb.count('getComponent')).toBe(1);
    },
  );

  it('does not report an alternative identifier as missing whose component has `alternativeIdentifier: null`', async () => {
    await using client = newClient();
    const [named] = components as [(typeof components)[number]];
    pdb.answer('getComponent', () => ({ id: named.id, alternativeIdentifier: null }));
    const { items, missing } = await client.components.getMany(['LAB X 17']);
    expect([idsOf(items), missing]).toEqual([[named.id], []]);
  });

  it('reports an alternative identifier as failed that is answered 404, and reads all others', async () => {
    await using client = newClient();
    pdb.fault({ on: 'getComponent', status: 404 });
    const ids = [...numbersOf(10), 'LAB X 17'];
    const { items, failed } = await client.components.getMany(ids, { errors: 'collect' });
    expect([items.length, failed.map(({ id }) => id)]).toEqual([10, ['LAB X 17']]);
    pdb.fault({ on: 'getComponent', status: 400 });
    await expect(client.components.getMany(ids, { errors: 'stop' })).rejects.toMatchObject({ status: 400 });
    pdb.fault({ on: 'getComponent', status: 403 });
    await expect(client.components.getMany(ids, { errors: 'collect' })).rejects.toThrow(Forbidden);
  });

  it('reads whole components, or as much as `outputType` says', async () => {
    await using client = newClient();
    const [whole] = (await client.components.getMany(numbersOf(1))).items;
    expect(whole?.componentType).toHaveProperty('code');
    expect(whole?.stages).not.toBeNull();
    const [object] = (await client.components.getMany(numbersOf(1), { outputType: 'object' })).items;
    expect(object?.componentType).toBeTypeOf('string');
    expect(bulkRequests().map(({ input }) => input.outputType)).toEqual(['full', 'object']);
  });

  it('is empty without a request for no ids', async () => {
    await using client = newClient();
    await expect(client.components.getMany([])).resolves.toEqual({ items: [], missing: [], failed: [] });
    expect(pdb.count()).toBe(0);
  });

  it.each([
    ['a text in place of a list', '20USBML1234567'],
    ['an id that is empty', ['']],
    ['an id that is not a text', [undefined]],
    ['no ids', undefined],
  ])('refuses %s', async (_, ids) => {
    await using client = newClient();
    expect(() => client.components.getMany(ids as never)).toThrow(InvalidInvocation);
  });

  it('refuses options that do not exist, and wrong ones', async () => {
    await using client = newClient();
    expect(() => client.components.getMany([], { chunkSize: 0 })).toThrow('`chunkSize`');
    expect(() => client.components.getMany([], { errors: 'ignore' as never })).toThrow("'collect'");
    for (const [call, subject] of [
      [() => client.components.getMany([], { chunksize: 3 } as never), 'client.components.getMany'],
      [() => client.testRuns.getMany([], { chunksize: 3 } as never), 'client.testRuns.getMany'],
    ] as const)
      expect(call).toThrow(`${subject}: there is no option \`chunksize\`; is it \`chunkSize\`?`);
    expect(() => client.testRuns.getMany([], { outputType: 'full' } as never)).toThrow('`outputType`');
    expect(() => client.components.getMany([], { limit: 5 } as never)).toThrow('no option `limit`');
    expect(() => client.components.getMany([], { data: {} } as never)).toThrow('no option `data`');
    expect(() => client.components.getMany([], { fresh: true, cache: false })).toThrow(
      "client.components.getMany: `fresh` is `cache: 'reload'`",
    );
  });

  it('passes the options of a request on to each request', async () => {
    await using client = newClient();
    const get = vi.spyOn(client, 'get');
    const options = { headers: { 'X-Mine': 'yes' }, timeout: 5000, fresh: true } as const;
    await client.components.getMany(numbersOf(30), { chunkSize: 10, ...options });
    expect(get).toHaveBeenCalledTimes(3);
    for (const [, given] of get.mock.calls) expect(given).toMatchObject(options);
  });

  it('sends everything through client.get, so that one mock serves a unit test', async () => {
    await using client = newClient();
    const item = { id: 'f'.repeat(24), code: 'f'.repeat(32), serialNumber: noSuch(1) };
    const get = vi.spyOn(client, 'get').mockResolvedValue([item] as never);
    await expect(client.components.getMany([noSuch(1), noSuch(2)])).resolves.toEqual({
      ...{ items: [item], missing: [noSuch(2)], failed: [] },
    });
    expect(get.mock.calls.map(([command]) => command)).toEqual(['getComponentBulk', 'getComponent']);
    expect(pdb.count()).toBe(0);
  });

  it('is served from the cache where a job that broke off runs again', async () => {
    await using client = newClient({ cache: true, expiresAfter: { hours: 1 } });
    const ids = numbersOf(300);
    const broken = pdb.fault({
      on: (request) => request.command === 'getComponentBulk' && askedFor(request).includes(ids[250] ?? ''),
      times: Infinity,
      status: 403,
    });
    await expect(client.components.getMany(ids)).rejects.toThrow(Forbidden);
    broken.remove();
    const before = pdb.count('getComponentBulk');
    await client.components.getMany(ids);
    expect(pdb.count('getComponentBulk')).toBe(before + 1);
  });
});

describe('what does not exist, in the ids of getMany,', () => {
  const ids = numbersOf(230);
  const withHoles = ids.flatMap((id, index) => (index % 11 === 3 ? [noSuch(index), id] : [id]));
  const holes = withHoles.filter((id) => !ids.includes(id));

  it('is in `missing`, in the order of the ids', async () => {
    await using client = newClient();
    const { items, missing, failed } = await client.components.getMany(withHoles);
    expect(items.map(({ serialNumber }) => serialNumber)).toEqual(ids);
    expect(missing).toEqual(holes);
    expect(failed).toEqual([]);
    expect(sizes()).toHaveLength(3);
  });

  it('is in `missing` where the server ignores `force` and names one at a time', async () => {
    ignoreForce();
    await using client = newClient();
    const { items, missing, failed } = await client.components.getMany(withHoles);
    expect(items.map(({ serialNumber }) => serialNumber)).toEqual(ids);
    expect(missing).toEqual(holes);
    expect(failed).toEqual([]);
    expect(sizes()).toHaveLength(3 + holes.length);
  });

  it('is in `missing` where the server ignores `force` and names nothing', async () => {
    refuse(holes, { reason: 'componentDoesNotExist' });
    await using client = newClient();
    const { items, missing, failed } = await client.components.getMany(withHoles);
    expect(items.map(({ serialNumber }) => serialNumber)).toEqual(ids);
    expect(missing).toEqual(holes);
    expect(failed).toEqual([]);
    expect(sizes().length).toBeLessThanOrEqual(withHoles.length + 3 * 2);
  });

  it('is everything where nothing exists, in at most n + 2 requests', async () => {
    const none = ids.slice(0, 100).map((_, index) => noSuch(index));
    for (const plan of [ignoreForce, () => refuse(none, { reason: 'componentDoesNotExist' })]) {
      pdb.reset();
      plan();
      await using client = newClient();
      expect((await client.components.getMany(none)).missing).toEqual(none);
      expect(sizes().length).toBeLessThanOrEqual(102);
    }
  });

  it('is left out where the items are iterated over, and has an outcome without item and error', async () => {
    await using client = newClient();
    const many = client.components.getMany([ids[0] ?? '', noSuch(1), ids[1] ?? '']);
    const items: unknown[] = [];
    for await (const { serialNumber } of many) items.push(serialNumber);
    expect(items).toEqual([ids[0], ids[1]]);
    const outcomes: unknown[] = [];
    for await (const { id, item, error } of many.outcomes()) outcomes.push([id, item?.serialNumber, error]);
    expect(outcomes).toEqual([
      [ids[0], ids[0], undefined],
      [noSuch(1), undefined, undefined],
      [ids[1], ids[1], undefined],
    ]);
  });
});

describe('what getMany cannot read', () => {
  const ids = numbersOf(100);

  it.each([0, 1, 13, 50, 98, 99])(
    'is found alone among 100, at place %i, in far fewer than 102 requests',
    async (place) => {
      const culprit = ids[place] as string;
      refuse([culprit]);
      await using client = newClient();
      const { items, failed, missing } = await client.components.getMany(ids, { errors: 'collect' });
      expect(items.map(({ serialNumber }) => serialNumber)).toEqual(ids.filter((id) => id !== culprit));
      expect(missing).toEqual([]);
      expect(failed).toEqual([{ id: culprit, error: expect.objectContaining({ code: 'ERR_BAD_REQUEST' }) }]);
      expect(sizes().length).toBeLessThanOrEqual(place < 4 ? 102 : 30);
    },
  );

  it('is found in at most 31 requests where the server fails because of it, without a reason', async () => {
    await using client = newClient();
    const ids = numbersOf(100);
    refuse([ids[5] as string], { status: 500 });
    const { failed } = await client.components.getMany(ids, { errors: 'collect' });
    expect(failed.map(({ id }) => id)).toEqual([ids[5]]);
    expect(sizes().length).toBeLessThanOrEqual(31);
  });

  it.each([2, 20, 50, 100])('is found where it is %i of 100, in at most 102 requests', async (count) => {
    const culprits = ids.filter((_, index) => index % (100 / count) === Math.floor(100 / count) - 1);
    expect(culprits).toHaveLength(count);
    refuse(culprits);
    await using client = newClient();
    const { items, failed } = await client.components.getMany(ids, { errors: 'collect' });
    expect(failed.map(({ id }) => id)).toEqual(culprits);
    expect(items).toHaveLength(100 - count);
    expect(sizes().length).toBeLessThanOrEqual(102);
  });

  it('is left out at once where the refusal names it', async () => {
    const culprit = ids[42] as string;
    pdb.fault({
      on: (request) => request.command === 'getComponentBulk' && askedFor(request).includes(culprit),
      ...{ times: Infinity, status: 400 },
      body: {
        uuAppErrorMap: {
          'x/y/notReadable': { type: 'error', message: 'No.', paramMap: { list: [culprit] } },
        },
      },
    });
    await using client = newClient();
    const { items, failed } = await client.components.getMany(ids, { errors: 'collect' });
    expect([items.length, failed.map(({ id }) => id)]).toEqual([99, [culprit]]);
    expect(sizes()).toEqual([100, 99]);
  });

  it('is found where the refusal repeats all ids', async () => {
    const culprit = noSuch(1);
    pdb.fault({
      on: (request) => request.command === 'getComponentBulk' && askedFor(request).includes(culprit),
      times: Infinity,
      respond: (request, response) => {
        const error = { type: 'error', message: 'No.', paramMap: { component: askedFor(request) } };
        response.writeHead(400, { 'Content-Type': 'application/json' });
        response.end(JSON.stringify({ uuAppErrorMap: { 'x/y/componentDoesNotExist': error } }));
      },
    });
    await using client = newClient();
    const { items, missing } = await client.components.getMany([
      ...ids.slice(0, 42),
      culprit,
      ...ids.slice(43),
    ]);
    expect([items.length, missing]).toEqual([99, [culprit]]);
  });

  it('is one exception after all others were read, with items, missing and failed', async () => {
    const all = [...numbersOf(250), noSuch(1)];
    refuse([ids[3] as string, ids[7] as string]);
    await using client = newClient();
    const error = await client.components.getMany(all).catch((thrown: unknown) => thrown as PartFailed);
    expect(error).toBeInstanceOf(PartFailed);
    const { items, missing, failed, summary, cause } = error as PartFailed;
    expect(items).toHaveLength(248);
    expect(missing).toEqual([noSuch(1)]);
    expect(failed.map(({ id }) => id)).toEqual([ids[3], ids[7]]);
    expect(cause).toBe(failed[0]?.error);
    expect(summary).toMatch(/^2 of 251 components could not be read, 1 more do not exist: .*No/);
    expect(Object.keys(error)).toEqual(['code']);
  });

  it('is thrown after the last item where the items are iterated over', async () => {
    refuse([ids[3] as string]);
    await using client = newClient();
    let count = 0;
    const read = async (): Promise<void> => {
      for await (const _ of client.components.getMany(numbersOf(150))) count += 1;
    };
    await expect(read()).rejects.toMatchObject({ code: 'ERR_PART_FAILED', failed: [{ id: ids[3] }] });
    expect(count).toBe(149);
  });

  it("ends the reading with the exception itself where `errors` is 'stop'", async () => {
    refuse([ids[3] as string]);
    await using client = newClient({ maxConcurrency: 1 });
    await expect(client.components.getMany(numbersOf(500), { errors: 'stop' })).rejects.toMatchObject({
      code: 'ERR_BAD_REQUEST',
    });
    expect(bulkRequests().flatMap(askedFor)).not.toContain(numbersOf(500)[100]);
  });

  it.each([
    [401, 'ERR_FORBIDDEN'],
    [403, 'ERR_FORBIDDEN'],
  ])(
    'ends the reading where every request would be answered %i, with the items so far',
    async (status, code) => {
      await using client = newClient({ maxConcurrency: 1 });
      pdb.fault({ on: 'getComponentBulk', after: 2, times: Infinity, status });
      const error = await client.components
        .getMany(numbersOf(800), { errors: 'collect' })
        .catch((thrown: unknown) => thrown as { items: unknown[] });
      expect(error).toMatchObject({ code });
      expect((error as { items: unknown[] }).items).toHaveLength(200);
      expect(sizes().every((size) => size === 100)).toBe(true);
      expect(sizes().length).toBeLessThanOrEqual(4);
    },
  );

  it.each([404, 408, 429])('is a whole chunk where one request is answered %i', async (status) => {
    await using client = newClient({ retry: false });
    pdb.fault({ on: 'getComponentBulk', after: 1, status });
    const { items, missing, failed } = await client.components.getMany(numbersOf(800), { errors: 'collect' });
    expect([items.length, missing.length, failed.length]).toEqual([700, 0, 100]);
    expect(failed.every(({ error }) => (error as ResponseException).status === status)).toBe(true);
    expect(sizes()).toEqual(Array(8).fill(100));
  });

  it.each<[string, { drop: 'before-headers' } | { status: number }, number]>([
    ['breaks every connection', { drop: 'before-headers' }, 4],
    ['answers everything with 404', { status: 404 }, 4],
    // A chunk that is answered 503 is asked for in parts first: it may be too large.
    ['answers everything with 503', { status: 503 }, 12],
  ])('is everything that was not read when the server %s, after a few requests', async (_, fault, most) => {
    await using client = newClient({ retry: false, maxConcurrency: 1 });
    pdb.fault({ on: 'getComponentBulk', after: 2, times: Infinity, ...fault });
    const ids = numbersOf(800);
    const { items, missing, failed } = await client.components.getMany(ids, { errors: 'collect' });
    expect(items.map(({ serialNumber }) => serialNumber)).toEqual(ids.slice(0, 200));
    expect(missing).toEqual([]);
    expect(failed.map(({ id }) => id)).toEqual(ids.slice(200));
    expect(sizes().length - 2).toBeLessThanOrEqual(most);
    await expect(client.components.getMany(ids)).rejects.toThrow(PartFailed);
  });

  it('is read where the server is back before four requests failed', async () => {
    await using client = newClient({ retry: false, maxConcurrency: 1 });
    const failing = [2, 3, 4, 6, 7, 8];
    let count = 0;
    pdb.fault({
      on: ({ command }) => command === 'getComponentBulk' && failing.includes(++count),
      times: Infinity,
      drop: 'before-headers',
    });
    const options = { errors: 'collect', chunkSize: 80 } as const;
    const { items, failed } = await client.components.getMany(numbersOf(800), options);
    expect([items.length, failed.length]).toEqual([320, 480]);
  });

  it('is a whole chunk where the connection breaks', async () => {
    await using client = newClient({ retry: false });
    pdb.fault({ on: 'getComponentBulk', drop: 'before-headers' });
    const { items, failed } = await client.components.getMany(numbersOf(200), {
      errors: 'collect',
      chunkSize: 50,
    });
    expect([items.length, failed.length]).toEqual([150, 50]);
    expect(sizes()).toHaveLength(4);
  });
});

describe('a chunk of getMany that is too much for the server', () => {
  /** Fails requests for more than a number of ids. */
  const stall = (most: number, fault: { status: number } | { delay: number }): unknown =>
    pdb.fault({
      on: (request) => request.command === 'getComponentBulk' && askedFor(request).length > most,
      ...{ times: Infinity, ...fault },
    });

  it.each([
    ['times out', { delay: Infinity }],
    ['is answered 504', { status: 504 }],
  ])('is asked for in smaller parts where it %s, and the next chunks too', async (_, fault) => {
    await using client = newClient({ timeout: 2000, maxConcurrency: 1 });
    stall(40, fault);
    const ids = numbersOf(300);
    const { items } = await client.components.getMany(ids);
    expect(items.map(({ serialNumber }) => serialNumber)).toEqual(ids);
    expect(sizes().filter((size) => size > 50)).toEqual([100]);
  });

  it('halves the number of requests that are under way', async () => {
    const [first = '', rotten = ''] = numbersOf(2);
    await using client = newClient({ retry: false });
    let answered = 0;
    const held: (() => void)[] = [];
    const answeredAtArrival: number[] = [];
    pdb.fault({
      on: (request) => request.command === 'getComponentBulk',
      times: Infinity,
      respond: async (request, response) => {
        const asked = askedFor(request);
        // The first chunk is too heavy, and then its second id is refused: one request of it is answered well.
        if (asked.includes(first) || asked.includes(rotten)) {
          const status = asked.length > 1 ? 504 : asked[0] === rotten ? 400 : 200;
          response.writeHead(status, { 'Content-Type': 'application/json' });
          response.end(JSON.stringify({ itemList: [{ serialNumber: first }], uuAppErrorMap: {} }));
          return;
        }
        answeredAtArrival.push(answered);
        await new Promise<void>((resolve) => held.push(resolve));
        answered += 1;
        response.writeHead(200, { 'Content-Type': 'application/json' });
        response.end(JSON.stringify({ itemList: asked.map((serialNumber) => ({ serialNumber })) }));
      },
    });
    const told: Progress[] = [];
    const onProgress = (progress: Progress): void => void told.push(progress);
    const options = { chunkSize: 2, errors: 'collect', onProgress } as const;
    const many = client.components.getMany(numbersOf(16), options).then((read) => read);
    // The first chunk is done, and three wait: with half of four, no other one is sent.
    await expect.poll(() => [told.at(-1)?.done, held.length]).toEqual([2, 3]);
    await client.get('getComponent', { data: { component: first } });
    for (let next = 0; next < 7; next += 1) {
      await expect.poll(() => held.length).toBeGreaterThan(next);
      held[next]?.();
    }
    expect((await many).items).toHaveLength(15);
    expect(answeredAtArrival.slice(0, 3)).toEqual([0, 0, 0]);
    expect(answeredAtArrival[3]).toBeGreaterThan(0);
  });

  it('is asked for one by one at most, in n + 2 requests, where an unnamed culprit is among the first ids', async () => {
    const ids = numbersOf(100);
    for (const [place, status] of [
      [0, 500],
      [3, 500],
      [2, 400],
    ] as const) {
      pdb.reset();
      refuse([ids[place] as string], { status });
      await using client = newClient({ retry: { tries: 1, baseDelay: 1 } });
      const { failed } = await client.components.getMany(ids, { errors: 'collect' });
      expect(failed.map(({ id }) => id)).toEqual([ids[place]]);
      // The second try of the whole chunk is not counted.
      expect(sizes().length - (status === 500 ? 1 : 0)).toBeLessThanOrEqual(102);
    }
  });

  it('is retried once where it is answered 500', async () => {
    await using client = newClient();
    pdb.fault({ on: 'getComponentBulk', status: 500 });
    const { items } = await client.components.getMany(numbersOf(100));
    expect(items).toHaveLength(100);
    expect(sizes()).toEqual([100, 100]);
  });

  it('is asked for in parts where it is answered 500 again, until the culprit is alone', async () => {
    await using client = newClient();
    const culprit = numbersOf(20)[11] as string;
    refuse([culprit], { status: 500 });
    const { items, failed } = await client.components.getMany(numbersOf(20), { errors: 'collect' });
    expect(items).toHaveLength(19);
    expect(failed).toEqual([{ id: culprit, error: expect.any(ServerError) }]);
  }, 20_000);
});

describe('client.components.getMany under way', () => {
  it('has 4 requests under way at first and never more than 16', async () => {
    let open = 0;
    const opened: number[] = [];
    pdb.answer(
      'getComponentBulk',
      async ({ input }) => {
        open += 1;
        opened.push(open);
        await sleep(10);
        open -= 1;
        return {
          itemList: askedFor({ input } as RecordedRequest).map((serialNumber) => ({
            id: serialNumber,
            serialNumber,
          })),
        };
      },
      { times: Infinity },
    );
    await using client = newClient();
    await client.components.getMany(numbersOf(800), { chunkSize: 5 });
    expect(Math.max(...opened.slice(0, 5))).toBeLessThanOrEqual(4);
    expect(Math.max(...opened)).toBeLessThanOrEqual(16);
    expect(opened).toHaveLength(160);
  });

  it('has 4 requests for alternative identifiers under way at first, and never more than 16', async () => {
    let open = 0;
    const opened: number[] = [];
    pdb.answer(
      'getComponent',
      async ({ input }) => {
        open += 1;
        opened.push(open);
        await sleep(10);
        open -= 1;
        return { id: input.component };
      },
      { times: Infinity },
    );
    await using client = newClient();
    const names = Array.from({ length: 150 }, (_, index) => `LAB X ${index}`);
    const { items } = await client.components.getMany(names);
    expect(idsOf(items)).toEqual(names);
    expect(Math.max(...opened.slice(0, 5))).toBeLessThanOrEqual(4);
    expect(Math.max(...opened)).toBeLessThanOrEqual(16);
  });

  it('has 8 requests for alternative identifiers under way once 4 were answered', async () => {
    const held: (() => void)[] = [];
    const answers = pdb.answer(
      'getComponent',
      async ({ input }) => {
        await new Promise<void>((resolve) => held.push(resolve));
        return { id: input.component };
      },
      { times: Infinity },
    );
    await using client = newClient();
    const names = Array.from({ length: 30 }, (_, index) => `LAB X ${index}`);
    const controller = new AbortController();
    const { signal } = controller;
    const many = client.components.getMany(names, { signal }).catch((error: unknown) => error);
    await expect.poll(() => held.length).toBe(4);
    for (const answer of held) answer();
    await expect.poll(() => held.length).toBe(4 + 8);
    answers.remove();
    for (const answer of held) answer();
    controller.abort();
    expect(await many).toBeInstanceOf(Aborted);
  });

  it('keeps to `maxConcurrency` of the session', async () => {
    let open = 0;
    let most = 0;
    const held: (() => void)[] = [];
    pdb.answer(
      'getComponentBulk',
      async () => {
        open += 1;
        most = Math.max(most, open);
        // The answers go out in pairs.
        await new Promise<void>((resolve) => held.push(resolve));
        open -= 1;
        return { itemList: [] };
      },
      { times: Infinity },
    );
    await using client = newClient({ maxConcurrency: 2 });
    const many = client.components.getMany(numbersOf(200), { chunkSize: 10 }).then((read) => read);
    for (let answered = 0; answered < 20; answered += 2) {
      await expect.poll(() => held.length).toBe(answered + 2);
      for (const answer of held.slice(answered)) answer();
    }
    await many;
    expect(most).toBe(2);
  });

  it('stays a few chunks ahead of a slow consumer', async () => {
    await using client = newClient();
    const items = client.components.getMany(numbersOf(800), { chunkSize: 5 })[Symbol.asyncIterator]();
    for (let read = 0; read < 100; read += 1) {
      await items.next();
      const chunk = Math.floor(read / 5) + 1;
      await expect.poll(() => sizes().length, { interval: 1 }).toBeGreaterThanOrEqual(chunk + 4);
      expect(sizes().length).toBeLessThanOrEqual(chunk + 16 + 2);
    }
    await items.return?.();
    await client.get('getComponent', { data: { component: numbersOf(1)[0] as string } });
    expect(sizes().length).toBeLessThanOrEqual(20 + 16 + 2);
  });

  it('is aborted where the consumer breaks off', async () => {
    const closed: number[] = [];
    const ids = numbersOf(800);
    pdb.fault({
      on: (request) =>
        request.command === 'getComponentBulk' && !askedFor(request).includes(ids[0] as string),
      times: Infinity,
      respond: (_, response) => void response.once('close', () => closed.push(1)),
    });
    await using client = newClient();
    for await (const _ of client.components.getMany(ids, { chunkSize: 10 })) {
      await vi.waitFor(() => expect(sizes().length).toBeGreaterThan(3), { timeout: 10_000 });
      break;
    }
    await vi.waitFor(() => expect(closed).toHaveLength(sizes().length - 1), { timeout: 10_000 });
  });

  it('ends with Aborted where the signal of the caller fires, with the items so far', async () => {
    const controller = new AbortController();
    await using client = newClient();
    const onProgress = ({ done }: Progress): void => {
      if (done >= 200) controller.abort();
    };
    const { signal } = controller;
    const many = client.components.getMany(numbersOf(800), {
      errors: 'collect',
      chunkSize: 10,
      signal,
      onProgress,
    });
    const error = await many.catch((thrown: unknown) => thrown as { items: unknown[] });
    expect(error).toBeInstanceOf(Aborted);
    expect((error as { items: unknown[] }).items.length).toBeLessThan(800);
    expect(sizes().length).toBeLessThan(80);
  });

  it('ends with Aborted, also where only alternative identifiers are left to look up', async () => {
    await using client = newClient();
    const names = Array.from({ length: 30 }, (_, index) => `LAB X ${index}`);
    await failure(client.components.getMany(names, { signal: AbortSignal.abort() }), Aborted);
    expect(pdb.count()).toBe(0);
    const controller = new AbortController();
    const onProgress = (): void => controller.abort();
    await failure(client.components.getMany(names, { signal: controller.signal, onProgress }), Aborted);
    expect(pdb.count('getComponent')).toBeLessThanOrEqual(4);
  });

  it.each([undefined, 'rotten'])(
    'tells of its progress up to the total, also where some fail: %s',
    async (rotten) => {
      const ids = numbersOf(250);
      if (rotten !== undefined) refuse([ids[42] as string]);
      await using client = newClient();
      const told: Progress[] = [];
      await client.components.getMany([...ids, noSuch(1)], {
        errors: 'collect',
        onProgress: (it) => void told.push(it),
      });
      await vi.waitFor(() => expect(told.at(-1)?.done).toBe(251));
      expect(told.every(({ total }) => total === 251)).toBe(true);
      expect(told.map(({ done }) => done)).toEqual(told.map(({ done }) => done).sort((a, b) => a - b));
      expect(told.at(-1)?.failed).toBe(rotten === undefined ? 0 : 1);
    },
  );

  it('does not end the process where it fails and its promise was dropped', async () => {
    refuse(numbersOf(1));
    await using client = newClient();
    const onUnhandled = vi.fn();
    process.on('unhandledRejection', onUnhandled);
    client.components.getMany(numbersOf(1));
    client.components.getMany(numbersOf(1)).outcomes();
    await client.get('getComponent', { data: { component: numbersOf(1)[0] as string } });
    expect(sizes()).toEqual([]);
    process.off('unhandledRejection', onUnhandled);
    expect(onUnhandled).not.toHaveBeenCalled();
  });
});

describe('client.testRuns.getMany', () => {
  it('gives test runs with their results in the order of the ids, in chunks of 50', async () => {
    await using client = newClient();
    const ids = runIds(120).reverse();
    const { items, missing } = await client.testRuns.getMany([...ids, ...ids]);
    expect(idsOf(items)).toEqual(ids);
    expect(missing).toEqual([]);
    expect(items.some(({ results }) => results !== null && results.length > 0)).toBe(true);
    expect(sizes('getTestRunBulk').sort()).toEqual([20, 50, 50]);
    expect(bulkRequests('getTestRunBulk')[0]?.input).not.toHaveProperty('force');
  });

  it('leaves out what the server names as missing', async () => {
    await using client = newClient();
    const ids = runIds(60);
    const none = ['0'.repeat(24), '1'.repeat(24)];
    const { items, missing, failed } = await client.testRuns.getMany([...none, ...ids]);
    expect(idsOf(items)).toEqual(ids);
    expect([missing, failed]).toEqual([none, []]);
    expect(sizes('getTestRunBulk')).toHaveLength(4);
  });
});

describe.each(['id', 'object'] as const)('with `bulkReferences: %s`', (bulkReferences) => {
  it('reads the same components and test runs', async () => {
    const { pdb: other } = await startOther(bulkReferences);
    try {
      await using client = new Client({
        user: new User(other.userOptions),
        prefixUrl: other.apiUrl,
        cache: false,
      });
      const whole = other.dataset.components.filter(({ testRuns }) => (testRuns?.length ?? 0) > 0);
      const components = await client.components.getMany(whole.map(({ code }) => code));
      expect(idsOf(components.items)).toEqual(idsOf(whole));
      const ids = whole.flatMap(({ testRuns }) => idsOf(testRuns ?? []));
      expect(idsOf((await client.testRuns.getMany(ids)).items)).toEqual(ids);
    } finally {
      await other.close();
    }
  });
});

async function startOther(bulkReferences: 'id' | 'object'): Promise<{ pdb: typeof pdb }> {
  const { startPdb } = await import('../../src/testing/index.js');
  return { pdb: await startPdb({ components: 60, bulkReferences }) };
}

describe('client.components.list', () => {
  it('lists the ready ones, unless the filter says otherwise', async () => {
    await using client = newClient();
    const filter = { project: 'S', componentType: 'MODULE' };
    const ready = await client.components.list(filter).toArray();
    await client.components.list({ ...filter, state: ['deleted'] }).toArray();
    const inputs = pdb.requests
      .filter(({ command }) => command === 'listComponents')
      .map(({ input }) => input)
      .filter(({ pageInfo }) => (pageInfo as { pageIndex: number }).pageIndex === 0);
    expect(inputs.map(({ filterMap }) => filterMap)).toEqual([
      { ...filter, state: ['ready'] },
      { ...filter, state: ['deleted'] },
    ]);
    expect(ready.length).toBeGreaterThan(0);
    expect((await client.components.list(filter)).total).toBe(ready.length);
  });

  it('passes `outputType` and the options of a list on', async () => {
    await using client = newClient();
    const [first] = await client.components
      .list({ project: 'S' }, { outputType: 'full', limit: 1 })
      .toArray();
    expect(first?.stages).not.toBeNull();
  });

  it('merges what a site owns and what is there, each once', async () => {
    await using client = newClient();
    const site =
      components.find((one) => one.institution.code !== one.currentLocation.code)?.currentLocation.code ?? '';
    const isThere = (one: (typeof components)[number]): boolean =>
      one.institution.code === site || one.currentLocation.code === site;
    const expected = idsOf(components.filter((one) => isThere(one) && one.state === 'ready'));
    const list = client.components.list({ site });
    const items = await list.toArray();
    expect(idsOf(items).sort()).toEqual([...expected].sort());
    expect(list).not.toHaveProperty('total');
    const told: Progress[] = [];
    const onProgress = (it: Progress): void => void told.push(it);
    const few = await client.components.list({ site }, { limit: 3, onProgress }).toArray();
    expect(idsOf(few)).toEqual(idsOf(items).slice(0, 3));
    await vi.waitFor(() => expect(told).toEqual([{ done: 3, total: undefined, failed: 0 }]));
  });
});

describe('a code that does not exist', () => {
  const listed = async (filter: object, options: ClientOptions = {}): Promise<Warning[]> => {
    const warnings: Warning[] = [];
    await using client = newClient({ ...options, onWarning: (warning) => void warnings.push(warning) });
    expect(await client.components.list(filter).toArray()).toEqual([]);
    return warnings;
  };
  const messages = async (filter: object): Promise<string[]> =>
    (await listed(filter)).map(({ message }) => message);
  /** Nothing has it. */
  const serialNumber = '20USBXX0000000';

  it('is the warning `unknownCode` of client.components.list, with similar codes, after an empty list', async () => {
    expect(await listed({ site: ['CERN', 'CERM'], serialNumber })).toEqual([
      {
        ...{ command: 'listComponents', key: 'unknownCode' },
        message: 'there is no institution with the code CERM; is it CERN?',
        paramMap: { site: 'CERM', similar: ['CERN'] },
      },
    ]);
    expect(await messages({ site: 'nothing like it' })).toEqual([
      'there is no institution with the code nothing like it',
    ]);
    expect(await listed({ componentType: 'MODUL' })).toEqual([
      {
        ...{ command: 'listComponents', key: 'unknownCode' },
        message: 'there is no component type MODUL; is it MODULE?',
        paramMap: { componentType: 'MODUL', similar: ['MODULE'] },
      },
    ]);
  });

  it.each<[object, string[]]>([
    [{ currentLocation: 'CERM' }, ['there is no institution with the code CERM; is it CERN?']],
    [{ institute: ['CERM'] }, ['there is no institution with the code CERM; is it CERN?']],
    [
      { project: 'S', componentType: ['MODUL', 'STAV'], site: 'CERM' },
      [
        'there is no institution with the code CERM; is it CERN?',
        'there is no component type MODUL in the project S; is it MODULE?',
        'there is no component type STAV in the project S; is it STAVE?',
      ],
    ],
    [
      { project: 'S', componentType: 'MODULE', currentStage: 'GLUDE', type: 'BARREL_LS_MODUL' },
      [
        'there is no MODULE of the type BARREL_LS_MODUL; is it BARREL_LS_MODULE?',
        'there is no stage GLUDE of a MODULE; is it GLUED?',
      ],
    ],
    [{ currentStage: 'GLUDE' }, ['there is no stage GLUDE of a component type; is it GLUED?']],
  ])('is told for %j', async (filter, expected) => {
    expect(await messages(filter)).toEqual(expected);
  });

  it('is told for a project where the database takes any', async () => {
    pdb.answer('listComponents', { itemList: [], pageInfo: { pageIndex: 0, pageSize: 100, total: 0 } });
    expect(await messages({ project: 's', componentType: 'MODUL' })).toEqual([
      'there is no project s; is it S?',
    ]);
    expect(pdb.count('listComponentTypes')).toBe(0);
  });

  it('is told once, however the list is read', async () => {
    const onWarning = vi.fn();
    await using client = newClient({ onWarning });
    const list = client.components.list({ project: 'S', componentType: 'MODUL' });
    expect((await list).total).toBe(0);
    expect(await list.toArray()).toEqual([]);
    for await (const _ of await list);
    expect(onWarning).toHaveBeenCalledOnce();
  });

  it('is the only reason for a warning: a list may be empty', async () => {
    const filter = { project: 'S', componentType: 'MODULE', currentStage: 'GLUED', site: 'CERN' };
    expect(await listed({ ...filter, serialNumber })).toEqual([]);
    expect([
      pdb.count('listInstitutions'),
      pdb.count('listProjects'),
      pdb.count('listComponentTypes'),
    ]).toEqual([1, 1, 1]);
    expect(await listed({ serialNumber })).toEqual([]);
    expect(pdb.count('listProjects')).toBe(1);
  });

  it('costs no request where the list has an item', async () => {
    await using client = newClient();
    const filter = { project: 'S', componentType: ['MODULE', 'MODUL'] };
    const lists = [
      client.components.list(filter),
      client.components.list({ ...filter, site: ['CERN', 'CERM'] }),
    ];
    for (const list of lists) expect((await list.toArray()).length).toBeGreaterThan(0);
    const sent = pdb.requests.filter(({ server }) => server === 'api');
    expect([...new Set(sent.map(({ command }) => command))]).toEqual(['listComponents']);
  });

  it('is no exception where the institutions or the component types cannot be read', async () => {
    for (const on of ['listInstitutions', 'listComponentTypes'])
      pdb.fault({ on, status: 403, times: Infinity });
    expect(await listed({ site: 'CERM', componentType: 'MODUL' }, { retry: false })).toEqual([]);
  });
});

describe('client.testRuns.list', () => {
  const component = components.find(
    ({ testRuns }) => (testRuns?.length ?? 0) > 3,
  ) as (typeof components)[number];

  it('lists the ready test runs of a component by code, serial number or object', async () => {
    await using client = newClient();
    const expected = idsOf((component.testRuns ?? []).filter(({ state }) => state === 'ready'));
    for (const which of [component.code, component.serialNumber as string, component]) {
      const runs = await client.testRuns.list(which).toArray();
      expect(idsOf(runs)).toEqual(expected);
    }
    const filters = pdb.requests
      .filter(({ command }) => command === 'listTestRunsByComponent')
      .map(({ input }) => input.filterMap);
    const { code, serialNumber } = component;
    const state = ['ready'];
    expect(filters).toEqual([
      { code, state },
      { serialNumber, state },
      { code, state },
    ]);
  });

  it('takes a test type, a stage and a state', async () => {
    await using client = newClient();
    const testType = component.testRuns?.[0]?.testType.code;
    const runs = await client.testRuns.list(component, { testType, state: ['ready', 'deleted'] }).toArray();
    expect(runs.length).toBeGreaterThan(0);
    expect(runs.every((run) => run.testType.code === testType)).toBe(true);
  });

  it('reads the component where it is named by its id or its alternative identifier', async () => {
    await using client = newClient();
    const named = components.find((one) => one.testRuns.length > 3 && one.alternativeIdentifier);
    const { id, alternativeIdentifier, testRuns } = named as (typeof components)[number];
    const expected = idsOf(testRuns.filter(({ state }) => state === 'ready'));
    for (const which of [id, { id }, alternativeIdentifier as string]) {
      const list = client.testRuns.list(which, { pageSize: 2 });
      expect(idsOf(await list.toArray())).toEqual(expected);
      expect((await list).total).toBe(expected.length);
    }
    expect(pdb.count('getComponent')).toBe(3);
  });

  it('throws BadRequest where there is no such component, and can be used again', async () => {
    await using client = newClient();
    const list = client.testRuns.list(component.id);
    pdb.fault({ on: 'getComponent', status: 504, times: 2 });
    await failure(list.toArray(), ServerError);
    expect(pdb.count('getComponent')).toBe(2);
    expect((await list.toArray()).length).toBeGreaterThan(3);
    const error = await failure(client.testRuns.list('no such component').toArray(), BadRequest);
    expect(error.summary).toContain('there is no component with the alternative identifier');
  });

  it('warns of a test type that does not exist with `unknownCode`, after an empty list', async () => {
    const warnings: Warning[] = [];
    await using client = newClient({ onWarning: (warning) => void warnings.push(warning) });
    const known = component.testRuns?.[0]?.testType.code as string;
    const misspelt = `${known}_`;
    for (const which of [component, component.id]) {
      expect(await client.testRuns.list(which, { testType: [misspelt] }).toArray()).toEqual([]);
      const type = component.componentType.code;
      expect(warnings).toEqual([
        {
          ...{ command: 'listTestRunsByComponent', key: 'unknownCode' },
          message: `${misspelt} is not a test type of ${type}; is it ${known}?`,
          paramMap: { testType: misspelt, similar: [known] },
        },
      ]);
      warnings.length = 0;
    }
    const none = { testType: known, state: 'nothing' };
    expect(await client.testRuns.list(component, none).toArray()).toEqual([]);
    pdb.fault({ on: 'listTestTypes', status: 403, times: Infinity });
    expect(await client.testRuns.list(component, { testType: 'NONE' }).toArray()).toEqual([]);
    expect(warnings).toEqual([]);
  });
});

describe('client.components and client.testRuns', () => {
  it('refuse wrong options and filters by name', async () => {
    await using client = newClient();
    const { components: parts, testRuns } = client;
    const calls: [() => unknown, string][] = [
      [() => parts.getMany(['x'], { outputType: 'x' as never }), "`outputType` must be 'full' or 'object'"],
      [() => parts.getMany(['x'], { signal: 3 as never }), '`signal` must be an AbortSignal'],
      [() => parts.list('S' as never), 'client.components.list: the filter must be an object'],
      [() => parts.list({}, null as never), 'client.components.list: must be given an object of options'],
      [
        () => parts.list({}, { pagesize: 5 } as never),
        'client.components.list: there is no option `pagesize`',
      ],
      [() => parts.list({}, { outputType: 'x' as never }), "`outputType` must be 'full' or 'object'"],
      [() => parts.list({ limit: 5 } as never), '`limit` is in the filter, where the database ignores it'],
      [() => parts.list({ page_size: 5 } as never), '`pageSize` is not a key of a filter, but an option'],
      [() => parts.list({ component_type: 'X' } as never), 'no key `component_type`; it is `componentType`'],
      [() => parts.list({ site: [] }), '`site` must be the code of an institution'],
      [() => parts.list({ site: 'CERN', institute: 'X' } as never), 'give `site`, or `institute`'],
      [() => testRuns.list('20USBML1234567', null as never), 'client.testRuns.list: must be given an object'],
      [() => testRuns.list('20USBML1234567', { testtype: 'X' } as never), 'is it `testType`?'],
      [() => testRuns.list('20USBML1234567', { stage: 3 as never }), '`stage` must be a code'],
    ];
    for (const [call, message] of calls) expect(call).toThrow(message);
  });

  it('leave no listeners on a signal of the caller', async () => {
    await using client = newClient();
    const { signal } = new AbortController();
    const any = vi.spyOn(AbortSignal, 'any');
    await client.components.getMany(numbersOf(300), { signal });
    for await (const _ of client.components.getMany(numbersOf(300), { signal })) break;
    expect(getEventListeners(signal, 'abort')).toHaveLength(0);
    expect(any).not.toHaveBeenCalled();
  });

  it('ask for no smaller chunks after one that timed out, where many had worked', async () => {
    await using client = newClient({ maxConcurrency: 1 });
    const ids = numbersOf(800);
    await client.components.getMany(ids, { chunkSize: 50 });
    pdb.fault({ on: 'getComponentBulk', status: 504 });
    await client.components.getMany(ids, { chunkSize: 50 });
    const before = sizes().length;
    await client.components.getMany(ids, { chunkSize: 50 });
    expect(sizes().slice(before)).toEqual(Array(16).fill(50));
  });
});
