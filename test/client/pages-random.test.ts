import { expect, it } from 'vitest';
import type { Page, PagePromise } from '../../src/index.js';
import { type Item, ListServer } from '../helpers/list-server.js';
import { json } from '../helpers/origin.js';

/** How a list is read. */
type Way = (list: PagePromise<Item>) => Promise<Item[]>;

const WAYS: readonly Way[] = [
  (list) => list.toArray(),
  async (list) => (await list).toArray(),
  async (list) => {
    const items: Item[] = [];
    for await (const page of list.pages()) items.push(...page.data);
    return items;
  },
  async (list) => {
    const items: Item[] = [];
    for (let page: Page<Item> | undefined = await list; page; page = await page.nextPage())
      items.push(...page.data);
    return items;
  },
  async (list) => {
    const [items, again] = await Promise.all([list.toArray(), list.toArray()]);
    expect(items).toEqual(again);
    return items;
  },
];

/** The same numbers between 0 and 1 for the same seed. */
function randomOf(seed: number): () => number {
  let state = seed * 7919;
  return () => {
    state = (state * 1664525 + 1013904223) % 2 ** 32;
    return state / 2 ** 32;
  };
}

it.each(Array.from({ length: 40 }, (_, index) => index + 1))(
  'client.list gives every item once, in order: random list %i',
  async (seed) => {
    const random = randomOf(seed);
    const between = (least: number, most: number): number =>
      least + Math.floor(random() * (most - least + 1));
    const total = between(0, 260);
    const pageSize = between(1, 120);
    const start = random() < 0.3 ? between(0, 4) : 0;
    const limit = random() < 0.5 ? between(1, total + 10) : undefined;
    const status = [500, 502, 503, 504][between(0, 3)] as number;
    const isText = random() < 0.2;
    const [cap, most] =
      random() < 0.3 && start === 0 ? [between(1, 120), 1000] : [1000, between(1, pageSize)];
    const isHeavy = new Map<string, boolean>();
    await using world = await ListServer.start(total, {
      respond: (asked, response) => {
        const key = `${asked.pageIndex} ${asked.pageSize}`;
        if (!isHeavy.has(key)) isHeavy.set(key, asked.pageSize > most && random() < 0.5);
        if (isHeavy.get(key)) {
          json(response, { uuAppErrorMap: {} }, status);
          return true;
        }
        const size = Math.min(asked.pageSize, cap);
        const pageInfo = { pageIndex: asked.pageIndex, pageSize: size, total };
        const first = asked.pageIndex * size;
        const body = {
          itemList: world.server.items.slice(first, first + size),
          pageInfo: isText ? JSON.parse(JSON.stringify(pageInfo).replace(/\d+/g, '"$&"')) : pageInfo,
        };
        setTimeout(() => json(response, body), random() * 3);
        return true;
      },
    });
    const list = world.client.list<Item>(
      'listThings',
      { pageInfo: { pageIndex: start, pageSize } },
      { limit, onChange: 'throw', retry: false },
    );
    const items = await (WAYS[seed % WAYS.length] as Way)(list);
    const offset = start * pageSize;
    expect(items).toEqual(world.server.items.slice(offset, offset + (limit ?? total)));
  },
);
