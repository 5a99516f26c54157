import { describe, expect, it, vi } from 'vitest';
import { decode, type ResponseEntry } from '../../src/cache/entry.js';
import { HttpCache } from '../../src/cache/http-cache.js';
import type { Store } from '../../src/cache/store.js';
import type { HttpRequest, HttpResponse, RequestContext, Token } from '../../src/http/request.js';
import { keepLogs } from '../helpers/logs.js';

const FRESH = { 'cache-control': 'max-age=3600' };

/** A store in memory that can say that it is empty. */
function memory() {
  const values = new Map<string, Buffer>();
  const store = {
    isEmpty: true,
    read: vi.fn(async (key: string) => values.get(key)),
    write: async (key: string, parts: readonly Buffer[]) => void values.set(key, Buffer.concat(parts)),
    used: () => {},
    delete: async (key: string) => values.delete(key),
    clear: async () => values.clear(),
    size: async () => ({ entries: values.size, bytes: 0 }),
    close: async () => {},
  } satisfies Store;
  return { store, values };
}

function open(store: Store): HttpCache {
  const covers = (): boolean => true;
  const rest = { expiresAfter: undefined, maxSize: 1e9, invalidateOnWrite: true, covers };
  return new HttpCache(store, { logger: keepLogs(), ...rest });
}

const tokenOf = (owner: string): Token => ({ value: `token-of-${owner}`, owner, obtainedAt: 0 });
const get: HttpRequest = {
  ...{ method: 'GET', url: 'http://a.example/x', headers: {}, body: undefined, usesToken: true },
};
const context = {
  options: { decompress: true, isStream: false, maxContentLength: -1 },
  signal: new AbortController().signal,
  supersede: () => {},
  token: tokenOf('a'),
} as unknown as RequestContext;

function respond(headers: Record<string, string>, more: Partial<HttpResponse> & { sentAt?: number } = {}) {
  return vi.fn(async (request: HttpRequest): Promise<HttpResponse> => {
    const body = Buffer.from('x');
    return { status: 200, statusText: 'OK', headers, body, request, token: tokenOf('a'), ...more };
  });
}

describe('an empty cache', () => {
  it('is not read before a response is stored', async () => {
    const { store } = memory();
    const cache = open(store);
    const next = respond({});
    for (let time = 0; time < 3; time++) await cache.intercept(get, context, next);
    expect(store.read).not.toHaveBeenCalled();
    await cache.intercept(get, context, respond(FRESH));
    expect(await cache.intercept(get, context, next)).toMatchObject({ fromCache: true });
    expect(next).toHaveBeenCalledTimes(3);
    await cache.close();
  });

  it('writes no invalidation before a response is stored', async () => {
    const { store, values } = memory();
    const cache = open(store);
    await cache.intercept({ ...get, method: 'POST' }, context, respond({}));
    await cache.store.size();
    expect(values.size).toBe(0);
    await cache.intercept(get, context, respond(FRESH));
    await cache.close();
    expect([...values.keys()].filter((key) => key.startsWith('i'))).toHaveLength(2);
  });
});

describe('a stored response', () => {
  it('has the time of its last attempt', async () => {
    const { store, values } = memory();
    const cache = open(store);
    const sentAt = Date.now() - 50_000;
    await cache.intercept(get, context, respond(FRESH, { sentAt }));
    await cache.close();
    const [[key, bytes] = ['', Buffer.alloc(0)]] = values;
    expect((decode(bytes, key) as ResponseEntry).requestedAt).toBe(sentAt);
  });

  it.each<[string, Token | undefined]>([
    ['the token of another user', tokenOf('b')],
    ['no token', undefined],
  ])('is not made of a request that was sent with %s', async (_, token) => {
    const { store, values } = memory();
    const cache = open(store);
    const { fromCache } = await cache.intercept(get, context, respond(FRESH, { token }));
    await cache.close();
    expect([fromCache, values.size]).toEqual([undefined, 0]);
  });

  it('is removed by its retract(), and no other response is', async () => {
    const cache = open(memory().store);
    const other = { ...get, url: 'http://a.example/y' };
    const { retract } = await cache.intercept(get, context, respond(FRESH));
    await cache.intercept(other, context, respond(FRESH));
    expect(await retract?.()).toBe(true);
    const next = respond(FRESH);
    expect((await cache.intercept(get, context, next)).fromCache).toBeUndefined();
    expect((await cache.intercept(other, context, next)).fromCache).toBe(true);
    await cache.close();
  });
});
