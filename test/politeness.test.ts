import { getEventListeners } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it, vi } from 'vitest';
import { Aborted, ConcurrencyLimit, InvalidInvocation, Session, type SessionOptions } from '../src/index.js';
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

/** Holds responses back until the given number of requests has arrived; answers later requests after a moment. */
function heldUntil(count: number): Respond {
  const held: (() => void)[] = [];
  return (_, response) => {
    if (held.length >= count) return void setTimeout(() => response.end('{}'), 10);
    held.push(() => response.end('{}'));
    if (held.length === count) for (const release of held) release();
  };
}

const many = (session: Session, count: number) =>
  Promise.all(Array.from({ length: count }, (_, index) => session.get(`${index}`)));

describe('maxConcurrency', () => {
  it('is 16 by default, for any number of requests started at once', async () => {
    await using world = await crowded({}, heldUntil(16));
    const answers = await many(world.session, 500);
    expect(answers).toHaveLength(500);
    expect(world.seen.most).toBe(16);
  });

  it.each([1, 5])(
    'of %i is the largest number of requests at a time, sent in the order of the calls',
    async (maxConcurrency) => {
      await using world = await crowded({ maxConcurrency }, heldUntil(maxConcurrency));
      await many(world.session, 60);
      expect(world.seen.most).toBe(maxConcurrency);
      if (maxConcurrency === 1) expect(world.seen.started).toEqual([...Array(60).keys()].map((i) => `/${i}`));
    },
  );

  it('of Infinity sends all requests at the same time', async () => {
    await using world = await crowded({ maxConcurrency: Number.POSITIVE_INFINITY }, heldUntil(100));
    await many(world.session, 100);
    expect(world.seen.most).toBe(100);
  });

  it('limits the requests to each server separately', async () => {
    await using busy = await crowded({ maxConcurrency: 1 }, () => {});
    await using other = await crowded();
    const stuck = failure(busy.session.get('x'), Aborted);
    await expect(busy.session.get(`${other.origin.url}y`)).resolves.toMatchObject({ status: 200 });
    await busy.session.close();
    await stuck;
  });

  it('gives the slot of a failed request to the next', async () => {
    await using world = await crowded({ maxConcurrency: 2 }, (_, response) => response.destroy());
    const requests = Array.from({ length: 20 }, (_, index) => world.session.get(`${index}`));
    const outcomes = await Promise.allSettled(requests);
    expect(outcomes.map(({ status }) => status)).toEqual(Array(20).fill('rejected'));
    expect(world.seen.started).toHaveLength(20);
  });

  it('a request in the queue can be aborted, and the others are still sent', async () => {
    let release = (): void => {};
    const respond: Respond = ({ url }, response) => {
      if (url === '/0') release = () => response.end('{}');
      else response.end('{}');
    };
    await using world = await crowded({ maxConcurrency: 1 }, respond);
    const controller = new AbortController();
    const first = world.session.get('0');
    const second = failure(world.session.get('1', { signal: controller.signal }), Aborted);
    const third = world.session.get('2');
    await expect.poll(() => world.seen.started.length).toBe(1);
    controller.abort(new Error('changed my mind'));
    expect((await second).message).toContain(`GET ${world.origin.url}1 was aborted: changed my mind`);
    release();
    await Promise.all([first, third]);
    expect(world.seen.started).toEqual(['/0', '/2']);
  });

  it('close() aborts the requests in the queue', async () => {
    await using world = await crowded({ maxConcurrency: 1 }, () => {});
    const requests = Array.from({ length: 50 }, (_, index) =>
      failure(world.session.get(`${index}`), Aborted),
    );
    await expect.poll(() => world.seen.started.length).toBe(1);
    await world.session.close();
    await Promise.all(requests);
    expect(world.seen.started).toHaveLength(1);
  });

  it.each([0, -1, 1.5, '16', Number.NaN])(
    'of %j is an InvalidInvocation that names the option',
    (maxConcurrency) => {
      const create = () => new Session({ user: new MockUser(), maxConcurrency: maxConcurrency as number });
      expect(create).toThrow(InvalidInvocation);
      expect(create).toThrow('`maxConcurrency` must be');
    },
  );
});

describe('an AbortSignal of many requests', () => {
  it('has one listener for all of them, and none after they ended', async () => {
    await using world = await crowded();
    const { signal } = new AbortController();
    const added = vi.spyOn(signal, 'addEventListener');
    await Promise.all(Array.from({ length: 50 }, (_, index) => world.session.get(`${index}`, { signal })));
    expect(added).toHaveBeenCalledTimes(1);
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });

  it('aborts all of them', async () => {
    await using world = await crowded({}, () => {});
    const controller = new AbortController();
    const { signal } = controller;
    const requests = Array.from({ length: 50 }, (_, index) =>
      failure(world.session.get(`${index}`, { signal }), Aborted),
    );
    await expect.poll(() => world.seen.started.length).toBe(16);
    controller.abort();
    await Promise.all(requests);
  });
});

describe('a ConcurrencyLimit', () => {
  const slow: Respond = (_, response) => void setTimeout(() => response.end('{}'), 10);

  it('limits all sessions that share it together, first in first out', async () => {
    const maxConcurrency = new ConcurrencyLimit(1);
    await using world = await crowded({ maxConcurrency }, slow);
    const options = { user: new MockUser(), prefixUrl: world.origin.url, cache: false, maxConcurrency };
    await using other = new Session(options);
    const names = [...Array(20).keys()];
    await Promise.all(names.map((name) => (name % 2 === 0 ? world.session : other).get(`${name}`)));
    expect(world.seen.most).toBe(1);
    expect(world.seen.started).toEqual(names.map((name) => `/${name}`));
  });

  it('loses only the queued requests of a session that is closed', async () => {
    const maxConcurrency = new ConcurrencyLimit(1);
    let release = (): void => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    await using world = await crowded(
      { maxConcurrency },
      (_, response) => void held.then(() => response.end('{}')),
    );
    const options = { user: new MockUser(), prefixUrl: world.origin.url, cache: false, maxConcurrency };
    const closing = new Session(options);
    await using staying = new Session(options);
    const first = staying.get('0');
    const lost = [1, 2, 3].map((name) => failure(closing.get(`${name}`), Aborted));
    const last = staying.get('4');
    await expect.poll(() => world.seen.started.length).toBe(1);
    await closing.close();
    release();
    await Promise.all([first, last, ...lost]);
    expect(world.seen.started).toEqual(['/0', '/4']);
  });

  it('queues ten thousand requests', async () => {
    await using world = await crowded({ maxConcurrency: 1 }, () => {});
    const requests = Array.from({ length: 10_000 }, (_, index) =>
      failure(world.session.get(`${index}`), Aborted),
    );
    await expect.poll(() => world.seen.started.length).toBe(1);
    await world.session.close();
    await Promise.all(requests);
    expect(world.seen.started).toHaveLength(1);
  });

  it.each([0, -1, 1.5, '16', Number.NaN])('of %j is an InvalidInvocation', (max) => {
    expect(() => new ConcurrencyLimit(max as number)).toThrow(InvalidInvocation);
  });
});

describe('minInterval', () => {
  const gaps = (times: readonly number[]): number[] =>
    times.slice(1).map((time, i) => time - (times[i] ?? 0));

  it('delays the start of each request after the one before, in order', async () => {
    await using world = await crowded({ minInterval: 25 });
    await many(world.session, 6);
    // From the first to the last, for on a busy machine the server sees two at once that were sent one after the other.
    expect(gaps(world.seen.startedAt).reduce((sum, gap) => sum + gap)).toBeGreaterThan(5 * 25 - 25);
    expect(world.seen.started).toEqual([...Array(6).keys()].map((i) => `/${i}`));
  });

  it('delays retries, too', async () => {
    const fail: Respond = (_, response) => response.writeHead(503).end();
    await using world = await crowded({ minInterval: 50, retry: { baseDelay: 0 } }, fail);
    await expect(world.session.get('x')).rejects.toThrow('Gave up after 4 tries');
    expect(gaps(world.seen.startedAt).reduce((sum, gap) => sum + gap)).toBeGreaterThan(3 * 50 - 50);
  });

  it('a request that is delayed can be aborted at once, and the others keep their order', async () => {
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

describe('Retry-After of a server', () => {
  it('also delays the next request if the failed one is not retried', async () => {
    const respond: Respond = ({ method }, response) =>
      method === 'POST' ? response.writeHead(503, { 'retry-after': '1' }).end() : response.end('{}');
    await using world = await crowded({}, respond);
    await world.session.post('0').catch(() => {});
    await world.session.get('1');
    const [asked = 0, next = 0] = world.seen.startedAt;
    expect(next - asked).toBeGreaterThan(950);
  });

  it('also delays requests that have not started yet', async () => {
    let answers = 0;
    const respond: Respond = (_, response) => {
      if (++answers === 1) response.writeHead(429, { 'retry-after': '1' }).end();
      else response.end('{}');
    };
    let isHeldBack = false;
    const onRetry = (): void => {
      isHeldBack = true;
    };
    await using world = await crowded({ maxConcurrency: 2, retry: { baseDelay: 0 }, onRetry }, respond);
    const first = world.session.get('0');
    await expect.poll(() => isHeldBack).toBe(true);
    await Promise.all([first, many(world.session, 5)]);
    const [asked = 0, ...others] = world.seen.startedAt;
    for (const time of others) expect(time - asked).toBeGreaterThan(950);
  });
});
