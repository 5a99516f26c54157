import { describe, expect, it } from 'vitest';
import { BadRequest, InvalidInvocation, Session, Timeout, User } from '../src/index.js';
import { type EmbeddedPdb, type LatencyModel, type PdbOptions, startPdb } from '../src/testing/index.js';
import { Latency } from '../src/testing/latency.js';
import { failure } from './helpers/failure.js';

const NOT_GONE = new AbortController().signal;

/** Returns the milliseconds that a command takes. Nothing is waited for. */
async function timeOf(latency: number | LatencyModel, result: object, input = {}): Promise<number> {
  let time = 0;
  const model = new Latency(latency, async (milliseconds) => {
    time += milliseconds;
  });
  await model.serve(async () => result, input, NOT_GONE);
  return time;
}

const list = (key: string, length: number): object => ({ [key]: Array.from({ length }, () => ({})) });

async function start(options: PdbOptions): Promise<{ pdb: EmbeddedPdb; session: Session }> {
  const pdb = await startPdb({ components: 20, bearers: ['token'], ...options });
  const user = { authenticate: () => true, bearer: 'token' };
  return { pdb, session: new Session({ user, prefixUrl: pdb.apiUrl, retry: false, cache: false }) };
}

const filterMap = { project: ['S', 'P'] };
const full = (pageSize: number) => ({
  data: { filterMap, outputType: 'full' as const, pageInfo: { pageSize } },
});

describe('the time of a command', () => {
  const model = { perRequest: 1000, perItem: 10 };

  it.each<[string, number | LatencyModel, object, number]>([
    ['is none without a model', {}, list('itemList', 3), 0],
    ['is the number of milliseconds that latency is', 1300, list('itemList', 3), 1300],
    ['is perRequest where the response has no list', model, { children: [{}, {}] }, 1000],
    ['is perRequest and perItem for each item of itemList', model, list('itemList', 3), 1030],
    ['is perRequest and perItem for each item of pageItemList', model, list('pageItemList', 2), 1020],
    ['is perRequest for an empty list', model, list('itemList', 0), 1000],
    ['is perRequest for a file', model, Buffer.alloc(50), 1000],
    ['is perItem alone where there is nothing else', { perItem: 7 }, list('itemList', 3), 21],
    ['is no longer than a timer can be', { perItem: 2 ** 31 - 1 }, list('itemList', 3), 2 ** 31 - 1],
  ])('%s', async (_, latency, result, expected) => {
    expect(await timeOf(latency, result)).toBe(expected);
  });

  it('is perRequest for an error', async () => {
    let time = 0;
    const latency = new Latency({ perRequest: 5 }, async (milliseconds) => {
      time += milliseconds;
    });
    const served = latency.serve(() => Promise.reject(new RangeError('no')), {}, NOT_GONE);
    await failure(served, RangeError);
    expect(time).toBe(5);
  });
});

describe('an embedded database with latency', () => {
  it('responds after the time of the model, and signs in at once', async () => {
    await using pdb = await startPdb({ components: 20, latency: { perRequest: 60, perItem: 20 } });
    await using session = new Session({ user: new User(pdb.userOptions), prefixUrl: pdb.apiUrl });
    await session.user.authenticate();
    const before = performance.now();
    const { data } = await session.get('listComponents', full(5));
    // A timer may be early by a millisecond.
    expect(performance.now() - before).toBeGreaterThanOrEqual(158);
    expect(data.itemList).toHaveLength(5);
  });

  it('serves no more than `parallel` requests at once, the others in the order in which they came', async () => {
    const { pdb, session } = await start({ latency: { parallel: 2 } });
    const served: string[] = [];
    const release: (() => void)[] = [];
    const answer = async ({ input }: { input: Readonly<Record<string, unknown>> }): Promise<object> => {
      served.push(String(input['component']));
      await new Promise<void>((resolve) => release.push(resolve));
      return {};
    };
    pdb.answer('getComponent', answer, { times: Number.POSITIVE_INFINITY });
    const reads: Promise<unknown>[] = [];
    for (const component of ['a', 'b', 'c', 'd']) {
      reads.push(session.get<object>('getComponent', { data: { component } }));
      await expect.poll(() => pdb.count('getComponent')).toBe(reads.length);
    }
    expect(served).toEqual(['a', 'b']);
    release[1]?.();
    await expect.poll(() => served).toEqual(['a', 'b', 'c']);
    release[0]?.();
    await expect.poll(() => served).toEqual(['a', 'b', 'c', 'd']);
    for (const end of release) end();
    await Promise.all(reads);
    await session.close();
    await pdb.close();
  });

  it('gives the place of a request whose client gave up to the next one', async () => {
    const { pdb, session } = await start({ latency: { parallel: 1, stallAbove: 4 } });
    const controller = new AbortController();
    const { signal } = controller;
    const first = session.get('listComponents', { ...full(5), signal }).catch(() => 'aborted');
    await expect.poll(() => pdb.count('listComponents')).toBe(1);
    const queued = session.get('listProjects', { signal }).catch(() => 'aborted');
    await expect.poll(() => pdb.count('listProjects')).toBe(1);
    const last = session.get('listInstitutions');
    await expect.poll(() => pdb.count('listInstitutions')).toBe(1);
    controller.abort();
    expect(await Promise.all([first, queued])).toEqual(['aborted', 'aborted']);
    expect((await last).status).toBe(200);
    await session.close();
    await pdb.close();
  });

  it('never responds to a page with more than `stallAbove` full items', async () => {
    const { pdb, session } = await start({ latency: { stallAbove: 4, parallel: 1 } });
    await failure(session.get('listComponents', { ...full(5), timeout: 200 }), Timeout);
    // The place of the page is free again.
    expect((await session.get('listComponents', full(4))).data.itemList).toHaveLength(4);
    const { data } = await session.get('listComponents', { data: { filterMap, pageInfo: { pageSize: 5 } } });
    expect(data.itemList).toHaveLength(5);
    const component = data.itemList.map(({ code }) => code);
    const bulk = await session.get('getComponentBulk', { data: { component, outputType: 'full' } });
    expect(bulk.data.itemList).toHaveLength(5);
    await session.close();
    await pdb.close();
  });

  it('closes while requests are served and queued', async () => {
    const { pdb, session } = await start({ latency: { perRequest: 2 ** 31 - 1, parallel: 1 } });
    const requests = [session.get('listProjects'), session.get('listInstitutions')].map((request) =>
      request.catch(() => 'failed'),
    );
    await expect.poll(() => pdb.count()).toBe(2);
    await pdb.close();
    expect(await Promise.all(requests)).toEqual(['failed', 'failed']);
    await session.close();
  });

  it('takes the time of a request for a refusal', async () => {
    const { pdb, session } = await start({ latency: 60 });
    const before = performance.now();
    await failure(session.get('getComponent', { data: { component: 'none' } }), BadRequest);
    expect(performance.now() - before).toBeGreaterThanOrEqual(58);
    await session.close();
    await pdb.close();
  });
});

describe('the option latency', () => {
  it.each<[unknown, string]>([
    [-1, '`latency` must be a number of milliseconds from 0 to 2147483647'],
    [Number.NaN, '`latency` must be a number of milliseconds'],
    ['1s', '`latency` must be a number of milliseconds, or an object such as'],
    [{ perrequest: 5 }, 'in `latency` there is no option `perrequest`; is it `perRequest`?'],
    [{ perRequest: Number.POSITIVE_INFINITY }, '`latency.perRequest` must be a number of milliseconds'],
    [{ perItem: '5' }, '`latency.perItem` must be a number of milliseconds'],
    [{ parallel: 0 }, '`latency.parallel` must be a number of requests, at least 1'],
    [{ stallAbove: 1.5 }, '`latency.stallAbove` must be a number of items'],
  ])('%j is refused by name', async (latency, message) => {
    const error = await failure(startPdb({ latency } as never), InvalidInvocation);
    expect(error.message).toContain(message);
  });
});
