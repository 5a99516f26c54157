import { getEventListeners } from 'node:events';
import { describe, expect, it, vi } from 'vitest';
import {
  Aborted,
  BadRequest,
  InvalidInvocation,
  ListChanged,
  Page,
  ServerError,
  Timeout,
  type Warning,
} from '../../src/index.js';
import { failure } from '../helpers/failure.js';
import { type Item, ListServer } from '../helpers/list-server.js';
import { MockUser } from '../helpers/mock-user.js';
import { json } from '../helpers/origin.js';

const idsOf = (items: readonly Item[]): number[] => items.map(({ id }) => Number(id));
const upTo = (length: number): number[] => Array.from({ length }, (_, index) => index);

/** Answers with an exception's status; returns that it did. */
const fail = (status: number, response: Parameters<typeof json>[0]): true => {
  json(response, { uuAppErrorMap: {} }, status);
  return true;
};

describe('client.list', () => {
  it('sends nothing before it is used, and anew with each iteration', async () => {
    await using world = await ListServer.start(3);
    const list = world.client.list<Item>('listThings', { colour: 'red' });
    await world.client.get('getThing', { data: { is: 'another request' } });
    expect(world.server.inputs).toEqual([{ is: 'another request' }]);
    world.server.inputs.length = 0;
    for (const _ of [1, 2]) {
      const items: Item[] = [];
      for await (const item of list) items.push(item);
      expect(idsOf(items)).toEqual([0, 1, 2]);
    }
    expect(world.server.inputs).toEqual([
      { colour: 'red', pageInfo: { pageIndex: 0, pageSize: 100 } },
      { colour: 'red', pageInfo: { pageIndex: 0, pageSize: 100 } },
    ]);
  });

  it('is a promise of the first page, which is read once', async () => {
    await using world = await ListServer.start(250);
    const list = world.client.list<Item>('listThings', {});
    const [page, again] = await Promise.all([list, list.then((first) => first)]);
    expect(page).toBe(again);
    expect(page).toBeInstanceOf(Page);
    expect(page).toMatchObject({ total: 250, pageIndex: 0, pageSize: 100 });
    expect(idsOf(page.data)).toEqual(upTo(100));
    expect(page.hasNextPage()).toBe(true);
    expect(world.server.segments).toEqual(['0+100']);
  });

  it('can be caught and has a `finally`, as any promise', async () => {
    await using world = await ListServer.start(1, { respond: (_, response) => fail(400, response) });
    const end = vi.fn();
    const list = world.client.list('listThings', {});
    await expect(list.catch(() => 'caught').finally(end)).resolves.toBe('caught');
    expect(end).toHaveBeenCalledOnce();
  });

  it('gives the next pages one by one with nextPage()', async () => {
    await using world = await ListServer.start(25);
    const first = await world.client.list<Item>('listThings', {}, { pageSize: 10 });
    const second = await first.nextPage();
    const third = await second?.nextPage();
    expect([second, third].map((page) => idsOf(page?.data ?? []))).toEqual([
      upTo(20).slice(10),
      upTo(25).slice(20),
    ]);
    expect(third?.hasNextPage()).toBe(false);
    await expect(third?.nextPage()).resolves.toBeUndefined();
    expect(world.server.segments).toEqual(['0+10', '10+10', '20+10']);
  });

  it('iterates from a page over itself and all later ones', async () => {
    await using world = await ListServer.start(35);
    const first = await world.client.list<Item>('listThings', {}, { pageSize: 10 });
    const second = (await first.nextPage()) as Page<Item>;
    expect(idsOf(await second.toArray())).toEqual(upTo(35).slice(10));
    const sizes: number[] = [];
    for await (const page of second.pages()) sizes.push(page.data.length);
    expect(sizes).toEqual([10, 10, 5]);
  });

  it('starts where `pageInfo` of the input says', async () => {
    await using world = await ListServer.start(25);
    const input = { pageInfo: { pageIndex: 2, pageSize: 5 } };
    expect(idsOf(await world.client.list<Item>('listThings', input).toArray())).toEqual(upTo(25).slice(10));
    expect(idsOf(await world.client.list<Item>('listThings', input, { limit: 7 }).toArray())).toEqual(
      upTo(17).slice(10),
    );
  });

  it.each(['itemList', 'pageItemList'] as const)(
    'gives every item once, for each total, page size and limit, with `%s`',
    async (key) => {
      await using world = await ListServer.start(0, { key });
      const onChange = 'throw';
      for (const pageSize of [1, 7, 97, 100]) {
        for (const total of new Set([0, 1, pageSize - 1, pageSize, pageSize + 1])) {
          world.server.items = upTo(total).map((id) => ({ id: String(id) }));
          for (const limit of [undefined, ...upTo(total + 1).map((before) => before + 1)]) {
            const { length } = world.server.asked;
            const items = await world.client
              .list<Item>('listThings', {}, { pageSize, limit, onChange })
              .toArray();
            const expected = Math.min(limit ?? total, total);
            if (items.length !== expected) expect([pageSize, total, limit, items.length]).toBe(expected);
            expect(idsOf(items)).toEqual(upTo(expected));
            expect(world.server.asked.length - length).toBe(Math.max(1, Math.ceil(expected / pageSize)));
          }
        }
      }
    },
    60_000,
  );

  it('asks for no more on the last page than the limit needs, at a page size that divides its offset', async () => {
    await using world = await ListServer.start(300);
    await world.client.list('listThings', {}, { limit: 230 }).toArray();
    expect(world.server.segments).toEqual(['0+100', '100+100', '200+40']);
  });

  it.each([
    ['a text', 'text', '`pageInfo` must be an object'],
    ['a page size of 0', { pageSize: 0 }, 'with whole numbers'],
    ['a page size that is a text', { pageSize: '50' }, 'with whole numbers'],
    ['a page before the first one', { pageIndex: -1 }, 'with whole numbers'],
    ['another page size than the options', { pageIndex: 2, pageSize: 5 }, '100 in the options and 5'],
  ])('refuses %s in `pageInfo` of the input', async (_, pageInfo, message) => {
    await using world = await ListServer.start(25);
    expect(() => world.client.list('listThings', { pageInfo }, { pageSize: 100 })).toThrow(message);
  });

  it('refuses an input and options that are no objects', async () => {
    await using world = await ListServer.start(1);
    for (const input of ['{"filterMap":{}}', [1], null])
      expect(() => world.client.list('listThings', input as never)).toThrow('the input must be an object');
    for (const options of [null, 3])
      expect(() => world.client.list('listThings', {}, options as never)).toThrow(
        'the options must be an object',
      );
    const text = { data: '{"filterMap":{}}' } as never;
    await expect(world.client.get('listComponents', text)).rejects.toThrow('must be an object');
    expect(world.server.asked).toHaveLength(0);
  });

  it('refuses a limit of 0, and says what gives the number of items', async () => {
    await using world = await ListServer.start(1);
    expect(() => world.client.list('listThings', {}, { limit: 0 })).toThrow('`total` of the first page');
  });

  it('refuses options among the input and input among the options', async () => {
    await using world = await ListServer.start(1);
    expect(() => world.client.list('listThings', {}, { data: {} } as never)).toThrow('the second argument');
    expect(() => world.client.list('listThings', { data: {} })).toThrow('the second argument');
    expect(() => world.client.list('listThings', { json: {} })).toThrow('the second argument');
  });

  it.each([
    ['limit', 'limit'],
    ['page_size', 'pageSize'],
    ['pageSize', 'pageSize'],
    ['pageInfo', 'pageInfo'],
    ['output_type', 'outputType'],
  ])('refuses `%s` in `filterMap` before it sends anything', async (name, option) => {
    await using world = await ListServer.start(1);
    const input = { filterMap: { project: 'S', [name]: 5 } };
    expect(() => world.client.list('listThings', input)).toThrow(InvalidInvocation);
    expect(() => world.client.list('listThings', input)).toThrow(
      `listThings: \`${name}\` is in the filter, where the database ignores it; \`${option}\` is not a key of a filter`,
    );
    const call = world.client.get('listComponents', { data: input } as never);
    await expect(call).rejects.toThrow(InvalidInvocation);
    expect(world.server.asked).toHaveLength(0);
  });

  it('sends other keys of `filterMap` that it does not know', async () => {
    await using world = await ListServer.start(1);
    await world.client.list('listThings', { filterMap: { colour: 'red', some_key: 1 } });
    expect(world.server.inputs[0]).toMatchObject({ filterMap: { colour: 'red', some_key: 1 } });
  });

  it('reports a warning that the server repeats with each page once, and has it on each page', async () => {
    const onWarning = vi.fn();
    const uuAppErrorMap = {
      'x/unsupportedKeys': { type: 'warning', message: 'No.', paramMap: { keys: ['a'] } },
    };
    const change = (body: object): object => ({ ...body, uuAppErrorMap });
    await using world = await ListServer.start(25, { change }, { onWarning });
    const list = world.client.list('listThings', {}, { pageSize: 10 });
    const seen: number[] = [];
    for await (const { warnings } of list.pages()) seen.push(warnings.length);
    expect(seen).toEqual([1, 1, 1]);
    expect(onWarning).toHaveBeenCalledOnce();
    // Another list, also one that is only known to be one by its response.
    await world.client.list('listThings', {}, { pageSize: 10 }).toArray();
    expect(onWarning).toHaveBeenCalledTimes(2);
    const page = await world.client.get<Page<Item>>('listThings', { data: { pageInfo: { pageSize: 10 } } });
    expect(await page.toArray()).toHaveLength(25);
    expect(onWarning).toHaveBeenCalledTimes(3);
  });

  it('reports different warnings of its pages, each of them', async () => {
    const onWarning = vi.fn();
    const change = (body: object, { pageIndex }: { pageIndex: number }): object => ({
      ...body,
      uuAppErrorMap: { 'x/odd': { type: 'warning', message: `Page ${pageIndex}.` } },
    });
    await using world = await ListServer.start(25, { change }, { onWarning });
    await world.client.list('listThings', {}, { pageSize: 10 }).toArray();
    expect(onWarning).toHaveBeenCalledTimes(3);
  });

  it('has the page size of the client also where a command is named by its URL', async () => {
    await using world = await ListServer.start(250);
    const url = new URL('listComponents', world.client.session.prefixUrl);
    const page = await world.client.get<Page<Item>>(url);
    expect(page.pageSize).toBe(100);
    expect(await page.toArray()).toHaveLength(250);
    expect(world.server.segments).toEqual(['0+100', '100+100', '200+100']);
  });

  it('passes the options of a request on to every page', async () => {
    await using world = await ListServer.start(25);
    const sent = vi.spyOn(world.client.session, 'request');
    const options = { headers: { 'X-Mine': 'yes' }, timeout: 5000, cache: false } as const;
    await world.client.list('listThings', {}, { pageSize: 10, ...options }).toArray();
    expect(sent).toHaveBeenCalledTimes(3);
    for (const [, , config] of sent.mock.calls as unknown as [string, string, object][])
      expect(config).toMatchObject(options);
  });

  it('asks the user for a token for each page', async () => {
    const user = new MockUser();
    await using world = await ListServer.start(25, {}, { user });
    await world.client.list('listThings', {}, { pageSize: 10 }).toArray();
    expect(user.authentications).toBe(3);
  });

  it('needs no input, also where the command is not known', async () => {
    await using world = await ListServer.start(1500);
    const page = await world.client.get<Page<Item>>('listThings');
    expect(idsOf(await page.toArray())).toEqual(upTo(1500));
    expect(world.server.inputs).toEqual([{}, { pageInfo: { pageIndex: 1, pageSize: 1000 } }]);
  });

  it('makes `cache: reload` of `fresh`', async () => {
    await using world = await ListServer.start(1);
    const sent = vi.spyOn(world.client.session, 'request');
    await world.client.list('listThings', {}, { fresh: true }).toArray();
    expect(sent.mock.calls[0]).toMatchObject([{}, {}, { cache: 'reload' }]);
  });
});

describe('a list whose server keeps to other rules', () => {
  it('is one page where `pageInfo` is missing', async () => {
    await using world = await ListServer.start(3, { change: ({ pageInfo, ...body }) => body });
    const page = await world.client.list<Item>('listThings', {}, { onChange: 'throw' });
    expect(page.total).toBe(3);
    expect(page.hasNextPage()).toBe(false);
    expect(idsOf(await page.toArray())).toEqual([0, 1, 2]);
  });

  it('is followed where the server has smaller pages of its own', async () => {
    await using world = await ListServer.start(25, {
      change: (body, { pageSize }) => {
        if (pageSize <= 10) return body;
        const itemList = (body['itemList'] as Item[]).slice(0, 10);
        return { ...body, itemList, pageInfo: { ...body.pageInfo, pageSize: 10 } };
      },
    });
    const items = await world.client.list<Item>('listThings', {}, { onChange: 'throw' }).toArray();
    expect(idsOf(items)).toEqual(upTo(25));
    expect(world.server.segments).toEqual(['0+100', '10+10', '20+10']);
  });

  it.each([10, 250, 399, 401, 1000])(
    'is followed where the server has larger pages of its own, with a limit of %i too',
    async (limit) => {
      await using world = await ListServer.start(1000, {
        respond: ({ pageIndex }, response) => {
          const itemList = world.server.items.slice(pageIndex * 200, (pageIndex + 1) * 200);
          json(response, { itemList, pageInfo: { pageIndex, pageSize: 200, total: 1000 } });
          return true;
        },
      });
      const list = world.client.list<Item>('listThings', {}, { limit, onChange: 'throw' });
      expect(idsOf(await list.toArray())).toEqual(upTo(limit));
    },
  );

  it('is read to its end where `pageInfo` is missing on a later page, or on parts of one', async () => {
    await using world = await ListServer.start(500, {
      respond: ({ pageSize }, response, count) => pageSize === 100 && count > 3 && fail(504, response),
      change: ({ pageInfo, ...body }, { pageIndex }) => (pageIndex === 0 ? { ...body, pageInfo } : body),
    });
    const sizes: number[] = [];
    let page: Page<Item> | undefined = await world.client.list<Item>('listThings', {});
    for (; page !== undefined; page = await page.nextPage()) sizes.push(page.data.length);
    expect(sizes).toEqual([100, 100, 100, 100, 50, 50]);
    const list = world.client.list<Item>('listThings', {}, { onChange: 'throw' });
    expect(await list.toArray()).toHaveLength(500);
  });

  it('gives every item once where the server ignores `pageInfo` and sends all', async () => {
    const change = (body: Record<string, unknown>): object => ({
      ...body,
      itemList: upTo(25).map((id) => ({ id: String(id) })),
      pageInfo: { pageIndex: 0, pageSize: 1000, total: 25 },
    });
    await using world = await ListServer.start(25, { change });
    const items = await world.client
      .list<Item>('listThings', {}, { pageSize: 10, onChange: 'throw' })
      .toArray();
    expect(idsOf(items)).toEqual(upTo(25));
    expect(world.server.asked).toHaveLength(1);
  });

  it('ends, with a warning, where the server repeats its first page', async () => {
    const onWarning = vi.fn();
    const first = upTo(10).map((id) => ({ id: String(id) }));
    const change = (body: Record<string, unknown>): object => ({ ...body, itemList: first });
    await using world = await ListServer.start(25, { change }, { onWarning });
    const list = world.client.list<Item>('listThings', {}, { pageSize: 10 });
    expect(idsOf(await list.toArray())).toEqual(upTo(10));
    let pages = 0;
    for await (const _ of list.pages()) pages += 1;
    expect(pages).toBe(1);
    expect(onWarning).toHaveBeenCalledExactlyOnceWith(expect.objectContaining({ key: 'listChanged' }));
  });

  it('gives items without an id as they come', async () => {
    const change = (body: Record<string, unknown>): object => ({
      ...body,
      itemList: ['same', 'same', 'same'],
    });
    await using world = await ListServer.start(3, { change });
    expect(await world.client.list('listThings', {}, { onChange: 'throw' }).toArray()).toEqual(
      Array(3).fill('same'),
    );
  });

  it('is read to its end where the numbers of `pageInfo` are texts', async () => {
    const change = ({ pageInfo, ...body }: { pageInfo?: object }): object => ({
      ...body,
      pageInfo: Object.fromEntries(
        Object.entries(pageInfo ?? {}).map(([key, value]) => [key, String(value)]),
      ),
    });
    await using world = await ListServer.start(25, { change });
    const list = world.client.list<Item>('listThings', {}, { pageSize: 10, onChange: 'throw' });
    expect(idsOf(await list.toArray())).toEqual(upTo(25));
  });

  it.each([
    ['null', { total: null }],
    ['negative', { total: -1 }],
  ])('is one page, with a warning, where the total is %s', async (_, more) => {
    const onWarning = vi.fn();
    const change = (body: { pageInfo?: object }): object => ({
      ...body,
      pageInfo: { ...body.pageInfo, ...more },
    });
    await using world = await ListServer.start(25, { change }, { onWarning });
    expect(await world.client.list('listThings', {}, { pageSize: 10 }).toArray()).toHaveLength(10);
    expect(onWarning).toHaveBeenCalledExactlyOnceWith(expect.objectContaining({ key: 'unknownLength' }));
  });

  it('is empty where the list is null', async () => {
    await using world = await ListServer.start(0, { change: (body) => ({ ...body, itemList: null }) });
    expect(await world.client.list('listThings', {}).toArray()).toEqual([]);
  });

  it('is refused where the answer has no list', async () => {
    await using world = await ListServer.start(0, { change: () => ({ name: 'x' }) });
    await expect(world.client.list('getThing', {}).toArray()).rejects.toThrow('use client.get');
  });
});

describe('a list that changes while it is read', () => {
  const insertAtFront = (items: Item[]): Item[] => [{ id: '1000' }, ...items];

  it('gives no item twice, and warns', async () => {
    const warnings: Warning[] = [];
    await using world = await ListServer.start(
      250,
      {},
      { maxConcurrency: 1, onWarning: (it) => void warnings.push(it) },
    );
    const items: Item[] = [];
    for await (const item of world.client.list<Item>('listThings', {})) {
      if (items.push(item) === 50) world.server.items = insertAtFront(world.server.items);
    }
    expect(new Set(idsOf(items)).size).toBe(items.length);
    expect(warnings).toEqual([expect.objectContaining({ command: 'listThings', key: 'listChanged' })]);
  });

  it('ends with ListChanged where `onChange` is `throw`, after all items', async () => {
    await using world = await ListServer.start(250, {}, { maxConcurrency: 1 });
    let count = 0;
    const read = async (): Promise<void> => {
      for await (const _ of world.client.list('listThings', {}, { onChange: 'throw' })) {
        count += 1;
        if (count === 50) world.server.items = insertAtFront(world.server.items);
      }
    };
    await expect(read()).rejects.toThrow(ListChanged);
    expect(count).toBe(250);
  });

  it('goes on to the end where it grows, and warns', async () => {
    const onWarning = vi.fn();
    await using world = await ListServer.start(150, {}, { maxConcurrency: 1, onWarning });
    const items: Item[] = [];
    for await (const item of world.client.list<Item>('listThings', {})) {
      if (items.push(item) === 1) for (const id of upTo(100)) world.server.items.push({ id: `new ${id}` });
    }
    expect(items).toHaveLength(250);
    expect(onWarning).toHaveBeenCalledExactlyOnceWith(expect.objectContaining({ key: 'listChanged' }));
  });
});

describe('client.list, which reads pages ahead,', () => {
  const slow = { respond: () => false };

  it('asks for at most 16 pages beyond the first where the consumer stops after one item', async () => {
    await using world = await ListServer.start(10_000, slow);
    for await (const _ of world.client.list('listThings', {})) break;
    const { length } = world.server.asked;
    expect(length).toBeLessThanOrEqual(17);
    await world.client.get('getThing');
    expect(world.server.asked.length).toBeLessThanOrEqual(18);
  });

  it('is always 16 pages ahead of a slow consumer, and never more', async () => {
    await using world = await ListServer.start(10_000, slow);
    const pages = world.client.list('listThings', {}).pages();
    for (const read of upTo(20)) {
      await pages.next();
      await expect.poll(() => world.server.asked.length).toBe(read + 1 + 16);
    }
    await pages.return?.();
  });

  it('has as many requests under way as the session allows', async () => {
    const held: (() => void)[] = [];
    await using world = await ListServer.start(
      41,
      {
        respond: (page, response) => {
          if (page.pageIndex === 0) return false;
          const body = { itemList: [{ id: String(page.pageIndex) }], pageInfo: { ...page, total: 41 } };
          held.push(() => json(response, body));
          return true;
        },
      },
      { maxConcurrency: 5 },
    );
    const items = world.client.list('listThings', {}, { pageSize: 1 }).toArray();
    for (let answered = 0; answered < 40; answered += 5) {
      await expect.poll(() => held.length).toBe(answered + 5);
      for (const answer of held.slice(answered)) answer();
    }
    await items;
    expect(world.server.mostOpen).toBe(5);
  });

  it('reads ahead from a page too, when it is iterated', async () => {
    const held: (() => void)[] = [];
    await using world = await ListServer.start(40, {
      respond: (page, response, count) => {
        const body = { itemList: [{ id: String(page.pageIndex) }], pageInfo: { ...page, total: 40 } };
        held.push(() => json(response, body));
        // The first page, and all others once ten of them are under way.
        if (count === 1 || count > 10) for (const answer of held.splice(0)) answer();
        return true;
      },
    });
    const list = world.client.list<Item>('listThings', {}, { pageSize: 1 });
    const page = await list;
    expect(world.server.asked).toHaveLength(1);
    expect(idsOf(await page.toArray())).toEqual(upTo(40));
    expect(world.server.mostOpen).toBeGreaterThanOrEqual(10);
  });

  it('gives the items in order, whichever page arrives first', async () => {
    const held: (() => void)[] = [];
    await using world = await ListServer.start(100, {
      respond: (page, response, count) => {
        if (page.pageIndex === 0) return false;
        const items = upTo(10).map((index) => ({ id: String(page.pageIndex * 10 + index) }));
        const body = { itemList: items, pageInfo: { ...page, total: 100 } };
        held.push(() => json(response, body));
        // The last one first.
        if (count === 10) for (const answer of held.reverse()) answer();
        return true;
      },
    });
    expect(idsOf(await world.client.list<Item>('listThings', {}, { pageSize: 10 }).toArray())).toEqual(
      upTo(100),
    );
  });

  it('aborts what is under way when the consumer breaks off', async () => {
    let closed = 0;
    await using world = await ListServer.start(1000, {
      respond: (page, response) => {
        if (page.pageIndex === 0) return false;
        response.once('close', () => {
          closed += 1;
        });
        return true;
      },
    });
    for await (const _ of world.client.list('listThings', {})) {
      await vi.waitFor(() => expect(world.server.asked).toHaveLength(10), { timeout: 10_000 });
      break;
    }
    await vi.waitFor(() => expect(closed).toBe(9), { timeout: 10_000 });
  });

  it('ends with Aborted when the signal of the caller fires', async () => {
    const { signal, abort } = ((controller) => ({
      signal: controller.signal,
      abort: () => controller.abort(),
    }))(new AbortController());
    await using world = await ListServer.start(1000, { respond: ({ pageIndex }) => pageIndex > 0 });
    const read = async (): Promise<void> => {
      for await (const _ of world.client.list('listThings', {}, { signal })) abort();
    };
    await expect(read()).rejects.toThrow(Aborted);
  });

  it('ends quietly for a next() that waits when return() is called', async () => {
    const onWarning = vi.fn();
    const respond = ({ pageIndex }: { pageIndex: number }): boolean => pageIndex > 0;
    await using world = await ListServer.start(1000, { respond }, { onWarning });
    const pages = world.client.list('listThings', {}).pages();
    await pages.next();
    const waiting = pages.next();
    await vi.waitFor(() => expect(world.server.asked.length).toBeGreaterThan(1), { timeout: 10_000 });
    await pages.return?.();
    await expect(waiting).resolves.toEqual({ done: true, value: undefined });
    await expect(pages.next()).resolves.toEqual({ done: true, value: undefined });
    expect(onWarning).not.toHaveBeenCalled();
  });

  it('leaves nothing behind on a signal of the caller, neither listeners nor signals that depend on it', async () => {
    const { signal } = new AbortController();
    await using world = await ListServer.start(200);
    const any = vi.spyOn(AbortSignal, 'any');
    await world.client.list('listThings', {}, { pageSize: 10, signal }).toArray();
    expect(getEventListeners(signal, 'abort')).toHaveLength(0);
    // On Node 20 it keeps each signal that it made of a long-lived one.
    expect(any).not.toHaveBeenCalled();
  });

  it('gives the pages in turn to calls of next() that do not wait', async () => {
    await using world = await ListServer.start(30);
    const items = world.client.list<Item>('listThings', {}, { pageSize: 10 })[Symbol.asyncIterator]();
    const results = await Promise.all(upTo(31).map(() => items.next()));
    expect(results.map(({ value }) => Number(value?.id))).toEqual([...upTo(30), Number.NaN]);
    expect(results.at(-1)?.done).toBe(true);
  });

  it('tells of its progress after each page', async () => {
    await using world = await ListServer.start(25);
    const onProgress = vi.fn();
    await world.client.list('listThings', {}, { pageSize: 10, limit: 22, onProgress }).toArray();
    expect(onProgress.mock.calls.flat()).toEqual([
      { done: 10, total: 22, failed: 0 },
      { done: 20, total: 22, failed: 0 },
      { done: 22, total: 22, failed: 0 },
    ]);
  });
});

describe('client.list after an exception', () => {
  it('goes on, with the same iterator, with the page that failed', async () => {
    let isBroken = true;
    await using world = await ListServer.start(50, {
      respond: ({ pageIndex }, response) => {
        if (pageIndex !== 2 || !isBroken) return false;
        return fail(400, response);
      },
    });
    const items = world.client
      .list<Item>('listThings', {}, { pageSize: 10, onChange: 'throw' })
      [Symbol.asyncIterator]();
    const read: number[] = [];
    const readOn = async (): Promise<void> => {
      for (let next = await items.next(); !next.done; next = await items.next())
        read.push(Number(next.value.id));
    };
    await expect(readOn()).rejects.toMatchObject({ pageInfo: { pageIndex: 2, pageSize: 10 } });
    await expect(readOn()).rejects.toMatchObject({ code: 'ERR_BAD_REQUEST' });
    isBroken = false;
    await readOn();
    expect(read).toEqual(upTo(50));
  });

  it('has the items so far in `items` of the exception of toArray(), and does not print them', async () => {
    await using world = await ListServer.start(50, {
      respond: ({ pageIndex }, response) => pageIndex === 2 && fail(400, response),
    });
    const error = await world.client
      .list<Item>('listThings', {}, { pageSize: 10 })
      .toArray()
      .catch((thrown: unknown) => thrown as { items: Item[] });
    expect(idsOf((error as { items: Item[] }).items)).toEqual(upTo(20));
    expect(Object.keys(error)).not.toContain('items');
  });

  it('does not end the process where its promise was dropped', async () => {
    await using world = await ListServer.start(1, { respond: (_, response) => fail(400, response) });
    const onUnhandled = vi.fn();
    process.on('unhandledRejection', onUnhandled);
    world.client.list('listThings', {});
    world.client.list('listThings', {}).pages();
    await failure(world.client.get('getThing'), BadRequest);
    expect(world.server.asked).toHaveLength(1);
    process.off('unhandledRejection', onUnhandled);
    expect(onUnhandled).not.toHaveBeenCalled();
  });
});

describe('a page of client.list that is too heavy', () => {
  const tooHeavyFrom = (most: number, status: number): Parameters<typeof ListServer.start>[1] => ({
    respond: ({ pageSize }, response) => pageSize > most && fail(status, response),
  });

  it.each([504, 500, 502, 503])(
    'is asked for in parts after a %s, and the items are all there',
    async (status) => {
      await using world = await ListServer.start(250, tooHeavyFrom(50, status));
      const list = world.client.list<Item>(
        'listThings',
        { outputType: 'full' },
        { pageSize: 100, onChange: 'throw' },
      );
      expect(idsOf(await list.toArray())).toEqual(upTo(250));
      expect(world.server.segments.filter((segment) => segment.endsWith('+50'))).toHaveLength(5);
    },
  );

  it('is split at once after 504, and after a second try after 500', async () => {
    for (const [status, tries] of [
      [504, 1],
      [500, 2],
    ] as const) {
      await using world = await ListServer.start(100, tooHeavyFrom(50, status));
      await world.client.list('listThings', {}).toArray();
      expect(world.server.segments).toEqual([...Array(tries).fill('0+100'), '0+50', '50+50']);
    }
  });

  it('is split without a second try where the caller wants no retries', async () => {
    await using world = await ListServer.start(100, tooHeavyFrom(50, 500));
    await world.client.list('listThings', {}, { retry: false }).toArray();
    expect(world.server.segments).toEqual(['0+100', '0+50', '50+50']);
  });

  it('is split after one timeout, and the whole page is not requested again', async () => {
    await using world = await ListServer.start(100, { respond: ({ pageSize }) => pageSize > 50 });
    await world.client.list('listThings', {}, { timeout: 1000 }).toArray();
    expect(world.server.segments).toEqual(['0+100', '0+50', '50+50']);
  });

  it('is split by its smallest prime factor, so that the parts are pages', async () => {
    await using world = await ListServer.start(100, tooHeavyFrom(5, 504));
    const items = await world.client.list<Item>('listThings', {}, { pageSize: 25 }).toArray();
    expect(idsOf(items)).toEqual(upTo(100));
    expect(world.server.segments.slice(0, 6)).toEqual(['0+25', '0+5', '5+5', '10+5', '15+5', '20+5']);
  });

  it('teaches the size for later lists of the same command and output type', async () => {
    await using world = await ListServer.start(100, tooHeavyFrom(50, 504));
    const input = { outputType: 'full' };
    await world.client.list('listThings', input, { pageSize: 100 }).toArray();
    world.server.asked.length = 0;
    await world.client.list('listThings', input, { pageSize: 100 }).toArray();
    expect(world.server.segments).toEqual(['0+50', '50+50']);
  });

  it('teaches the size that worked at last, also the same list and nextPage()', async () => {
    await using world = await ListServer.start(100, tooHeavyFrom(25, 504));
    const list = world.client.list<Item>('listThings', {});
    const page = await list;
    world.server.asked.length = 0;
    expect(idsOf(await list.toArray())).toEqual(upTo(100));
    expect(world.server.segments).toEqual(['0+25', '25+25', '50+25', '75+25']);
    expect(page.hasNextPage()).toBe(false);
    await using other = await ListServer.start(300, tooHeavyFrom(50, 504));
    await (await other.client.list('listThings', {})).nextPage();
    expect(other.server.segments).toEqual(['0+100', '0+50', '50+50', '100+50']);
  });

  it('teaches no size where many pages of the same size worked', async () => {
    await using world = await ListServer.start(
      3000,
      { respond: (_, response, count) => [12, 24].includes(count) && fail(504, response) },
      { maxConcurrency: 1 },
    );
    const items = await world.client.list<Item>('listThings', {}).toArray();
    expect(idsOf(items)).toEqual(upTo(3000));
    expect(world.server.segments.filter((segment) => segment.endsWith('+100'))).toHaveLength(30);
    expect(world.server.asked).toHaveLength(34);
  });

  it('teaches its size where only a few pages of the same size worked since the last one', async () => {
    await using world = await ListServer.start(
      3000,
      { respond: (_, response, count) => [12, 16].includes(count) && fail(504, response) },
      { maxConcurrency: 1 },
    );
    await world.client.list<Item>('listThings', {}).toArray();
    const whole = world.server.segments.filter((segment) => segment.endsWith('+100'));
    // 11 worked, one failed, one worked, one failed.
    expect(whole).toHaveLength(14);
  });

  it('is asked for in no part that is behind the end of the list', async () => {
    await using world = await ListServer.start(30, tooHeavyFrom(50, 504));
    expect(await world.client.list('listThings', {}).toArray()).toHaveLength(30);
    expect(world.server.segments).toEqual(['0+100', '0+50']);
  });

  it('is not asked for again where the method is POST', async () => {
    await using world = await ListServer.start(100, tooHeavyFrom(0, 500));
    const call = world.client.request('POST', 'listComponents', { data: { filterMap: {} } });
    await expect(call).rejects.toMatchObject({ status: 500 });
    expect(world.server.segments).toEqual(['0+100']);
  });

  it('is not asked for again in a size that was too heavy before', async () => {
    await using world = await ListServer.start(300, tooHeavyFrom(10, 504));
    await world.client.list('listThings', {}, { pageSize: 100 }).toArray();
    const tooHeavy = world.server.segments.filter((segment) => Number(segment.split('+')[1]) > 10);
    expect(tooHeavy).toEqual(['0+100', '0+50', '0+25']);
  });

  it('is an exception where one item alone is too heavy', async () => {
    await using world = await ListServer.start(4, tooHeavyFrom(0, 504), { retry: false });
    await expect(world.client.list('listThings', {}, { pageSize: 4 })).rejects.toThrow(ServerError);
    await using hanging = await ListServer.start(4, { respond: () => true }, { retry: false });
    await expect(hanging.client.list('listThings', {}, { pageSize: 2, timeout: 50 })).rejects.toThrow(
      Timeout,
    );
  });

  it('is not split after other failures', async () => {
    for (const status of [400, 401, 403]) {
      await using world = await ListServer.start(100, tooHeavyFrom(0, status));
      await expect(world.client.list('listThings', {})).rejects.toMatchObject({ status });
      expect(new Set(world.server.segments)).toEqual(new Set(['0+100']));
    }
  });

  it('waits where the server says when to come back', async () => {
    await using world = await ListServer.start(100, {
      respond: (_, response, count) => {
        if (count > 1) return false;
        response.writeHead(503, { 'Retry-After': '0' }).end();
        return true;
      },
    });
    await world.client.list('listThings', {}).toArray();
    expect(world.server.segments).toEqual(['0+100', '0+100']);
  });
});
