import { getEventListeners } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it, vi } from 'vitest';
import { Limiter } from '../src/http/interceptors/concurrency.js';
import { Aborted, InvalidInvocation, Session, type SessionOptions } from '../src/index.js';
import { failure } from './helpers/failure.js';
import { MockUser } from './helpers/mock-user.js';
import { Origin, type Respond } from './helpers/origin.js';

/** An origin that counts how many requests it has at a time, and a session for it. */
async function crowded(options: SessionOptions = {}, respond?: Respond) {
  let now = 0;
  const seen = { most: 0, started: [] as string[], startedAt: [] as number[] };
  const origin = await Origin.start((request, response) => {
    now += 1;
    seen.most = Math.max(seen.most, now);
    seen.started.push(request.url);
    seen.startedAt.push(performance.now());
    response.once('close', () => {
      now -= 1;
    });
    if (respond) respond(request, response);
    else setTimeout(() => response.end('{}'), 10);
  });
  const session = new Session({
    user: new MockUser(),
    prefixUrl: origin.url,
    retry: false,
    cache: false,
    ...options,
  });
  return {
    origin,
    session,
    seen,
    async [Symbol.asyncDispose]() {
      await session.close();
      await origin[Symbol.asyncDispose]();
    },
  };
}

const many = (session: Session, count: number) =>
  Promise.all(Array.from({ length: count }, (_, index) => session.get(`${index}`)));

describe('maxConcurrency', () => {
  it('is 16 by default, for as many requests as you like at once', async () => {
    await using world = await crowded();
    const answers = await many(world.session, 500);
    expect(answers).toHaveLength(500);
    expect(world.seen.most).toBe(16);
  });

  it.each([1, 5])(
    'can be %i, and keeps the order in which the requests were made',
    async (maxConcurrency) => {
      await using world = await crowded({ maxConcurrency });
      await many(world.session, 60);
      expect(world.seen.most).toBe(maxConcurrency);
      if (maxConcurrency === 1) expect(world.seen.started).toEqual([...Array(60).keys()].map((i) => `/${i}`));
    },
  );

  it('can be without end', async () => {
    await using world = await crowded({ maxConcurrency: Number.POSITIVE_INFINITY });
    await many(world.session, 100);
    expect(world.seen.most).toBeGreaterThan(32);
  });

  it('counts for each server by itself', async () => {
    await using busy = await crowded({ maxConcurrency: 1 }, () => {});
    await using other = await crowded();
    const stuck = failure(busy.session.get('x'), Aborted);
    await expect(busy.session.get(`${other.origin.url}y`)).resolves.toMatchObject({ status: 200 });
    await busy.session.close();
    await stuck;
  });

  it('counts failed requests only while they last', async () => {
    await using world = await crowded({ maxConcurrency: 2 }, (_, response) => response.destroy());
    const outcomes = await Promise.allSettled(Array.from({ length: 20 }, () => world.session.get('x')));
    expect(outcomes.map(({ status }) => status)).toEqual(Array(20).fill('rejected'));
    expect(world.seen.started).toHaveLength(20);
  });

  it('lets a request that waits be aborted, and the others go on', async () => {
    const slow: Respond = (_, response) => void setTimeout(() => response.end('{}'), 100);
    await using world = await crowded({ maxConcurrency: 1 }, slow);
    const controller = new AbortController();
    const first = world.session.get('0');
    const second = failure(world.session.get('1', { signal: controller.signal }), Aborted);
    const third = world.session.get('2');
    await expect.poll(() => world.seen.started.length).toBe(1);
    controller.abort(new Error('changed my mind'));
    expect((await second).message).toContain(`GET ${world.origin.url}1 was aborted: changed my mind`);
    await Promise.all([first, third]);
    expect(world.seen.started).toEqual(['/0', '/2']);
  });

  it('lets close() end all that wait', async () => {
    await using world = await crowded({ maxConcurrency: 1 }, () => {});
    const requests = Array.from({ length: 50 }, () => failure(world.session.get('x'), Aborted));
    await expect.poll(() => world.seen.started.length).toBe(1);
    await world.session.close();
    await Promise.all(requests);
    expect(world.seen.started).toHaveLength(1);
  });

  it.each([0, -1, 1.5, '16', Number.NaN])('is refused by name where it is %j', (maxConcurrency) => {
    const create = () => new Session({ user: new MockUser(), maxConcurrency: maxConcurrency as number });
    expect(create).toThrow(InvalidInvocation);
    expect(create).toThrow('`maxConcurrency` must be');
  });
});

describe('a signal that many requests share', () => {
  it('has one listener for all of them, and none when they are over', async () => {
    await using world = await crowded();
    const { signal } = new AbortController();
    const added = vi.spyOn(signal, 'addEventListener');
    await Promise.all(Array.from({ length: 50 }, () => world.session.get('x', { signal })));
    expect(added).toHaveBeenCalledTimes(1);
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });

  it('ends them all', async () => {
    await using world = await crowded({}, () => {});
    const controller = new AbortController();
    const { signal } = controller;
    const requests = Array.from({ length: 50 }, () => failure(world.session.get('x', { signal }), Aborted));
    await expect.poll(() => world.seen.started.length).toBe(16);
    controller.abort();
    await Promise.all(requests);
  });
});

describe('a limiter', () => {
  it('hands on the place of each that leaves to the one that has waited longest', async () => {
    const limiter = new Limiter(2);
    expect([limiter.tryEnter(), limiter.tryEnter(), limiter.tryEnter()]).toEqual([true, true, false]);
    const order: string[] = [];
    const waiting = ['a', 'b', 'c'].map((name) => limiter.enter().then(() => order.push(name)));
    limiter.leave();
    await sleep(0);
    expect(order).toEqual(['a']);
    // Whoever comes now does not overtake those who wait.
    expect(limiter.tryEnter()).toBe(false);
    limiter.leave();
    limiter.leave();
    await Promise.all(waiting);
    expect(order).toEqual(['a', 'b', 'c']);
    for (let i = 0; i < 2; i++) limiter.leave();
    expect(limiter.tryEnter()).toBe(true);
  });

  it('serves a hundred thousand', async () => {
    const limiter = new Limiter(1);
    limiter.tryEnter();
    const waiting = Array.from({ length: 100_000 }, () => limiter.enter().then(() => limiter.leave()));
    limiter.leave();
    await Promise.all(waiting);
    expect(limiter.tryEnter()).toBe(true);
  });

  it('keeps no listener on a signal of long life', async () => {
    const limiter = new Limiter(1);
    const { signal } = new AbortController();
    const added = vi.spyOn(signal, 'addEventListener');
    const removed = vi.spyOn(signal, 'removeEventListener');
    limiter.tryEnter();
    const waits = limiter.enter(signal);
    limiter.leave();
    await waits;
    expect(removed.mock.calls.map(([, listener]) => listener)).toEqual(
      added.mock.calls.map(([, listener]) => listener),
    );
  });
});

describe('minInterval', () => {
  const gaps = (times: readonly number[]): number[] =>
    times.slice(1).map((time, i) => time - (times[i] ?? 0));

  it('spaces out the starts, in order', async () => {
    await using world = await crowded({ minInterval: 25 });
    await many(world.session, 6);
    // From the first to the last, for on a busy machine the server sees two at once that were sent one after the other.
    expect(gaps(world.seen.startedAt).reduce((sum, gap) => sum + gap)).toBeGreaterThan(5 * 25 - 25);
    expect(world.seen.started).toEqual([...Array(6).keys()].map((i) => `/${i}`));
  });

  it('spaces out further tries too', async () => {
    const fail: Respond = (_, response) => response.writeHead(503).end();
    await using world = await crowded({ minInterval: 50, retry: { baseDelay: 0 } }, fail);
    await expect(world.session.get('x')).rejects.toThrow('Gave up after 4 tries');
    expect(gaps(world.seen.startedAt).reduce((sum, gap) => sum + gap)).toBeGreaterThan(3 * 50 - 50);
  });

  it('lets a request that waits be aborted at once, and the others keep their turn', async () => {
    await using world = await crowded({ minInterval: 60_000 });
    await world.session.get('0');
    const controller = new AbortController();
    const request = failure(world.session.get('1', { signal: controller.signal }), Aborted);
    const behind = failure(world.session.get('2'), Aborted);
    await sleep(20);
    controller.abort(new Error('changed my mind'));
    expect((await request).message).toContain(`GET ${world.origin.url}1 was aborted: changed my mind`);
    await world.session.close();
    await behind;
    expect(world.seen.started).toEqual(['/0']);
  });
});

describe('a server that asks to be left alone', () => {
  it('is, whatever request it said so to, and whether that is tried again or not', async () => {
    const respond: Respond = ({ method }, response) =>
      method === 'POST' ? response.writeHead(503, { 'retry-after': '1' }).end() : response.end('{}');
    await using world = await crowded({}, respond);
    await world.session.post('0').catch(() => {});
    await world.session.get('1');
    const [asked = 0, next = 0] = world.seen.startedAt;
    expect(next - asked).toBeGreaterThan(950);
  });

  it('is, by the requests that have not started yet too', async () => {
    let answers = 0;
    const respond: Respond = (_, response) => {
      if (++answers === 1) response.writeHead(429, { 'retry-after': '1' }).end();
      else response.end('{}');
    };
    await using world = await crowded({ maxConcurrency: 2, retry: { baseDelay: 0 } }, respond);
    const first = world.session.get('0');
    await expect.poll(() => answers).toBe(1);
    await sleep(50);
    await Promise.all([first, many(world.session, 5)]);
    const [asked = 0, ...others] = world.seen.startedAt;
    for (const time of others) expect(time - asked).toBeGreaterThan(950);
  });
});
