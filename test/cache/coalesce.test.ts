import type { ServerResponse } from 'node:http';
import { describe, expect, it } from 'vitest';
import { Aborted, ConnectionRefused, type RequestConfig, ServerError } from '../../src/index.js';
import { type CacheWorld, numberIn, startHeld } from '../helpers/cache-world.js';
import { failure } from '../helpers/failure.js';
import { MockUser } from '../helpers/mock-user.js';
import { json } from '../helpers/origin.js';

/** Two sessions, of which the second makes a write while the first reads. */
async function whileReading(act: (world: CacheWorld, held: ServerResponse[]) => Promise<unknown>) {
  const { world, held, arrived } = await startHeld();
  await using _ = world;
  const session = world.session({ cache: false });
  const before = session.get('x');
  await arrived(1);
  await act(world, held);
  const { length } = held;
  const after = session.get('x');
  // It joins the first one, or arrives.
  await Promise.race([
    arrived(length + 1).catch(() => {}),
    new Promise((resolve) => setTimeout(resolve, 300)),
  ]);
  for (const [index, response] of held.entries())
    if (!response.writableEnded) json(response, { number: index });
  return numberIn(await before) === numberIn(await after) ? 'joined' : 'requested';
}

describe('equal reads at the same time', () => {
  it('share one request in a session with `cache: false`', async () => {
    const { world, held, arrived } = await startHeld();
    await using _ = world;
    const session = world.session({ cache: false });
    const responses = Promise.all(Array.from({ length: 5 }, () => session.get<{ list: number[] }>('x')));
    await arrived(1);
    json(held[0] as ServerResponse, { list: [1] });
    const [first, second] = await responses;
    first?.data.list.push(2);
    expect(second?.data.list).toEqual([1]);
    expect(world.count).toBe(1);
  });

  it.each<[string, RequestConfig]>([
    ['cache: false', { cache: false }],
    ["cache: 'reload'", { cache: 'reload' }],
    ['Cache-Control: no-cache', { headers: { 'Cache-Control': 'no-cache' } }],
    ['Pragma: no-cache', { headers: { Pragma: 'no-cache' } }],
    ['a stream', { responseType: 'stream' }],
    ['a progress callback', { onDownloadProgress: () => {} }],
    ['credentials of its own', { auth: { username: 'u', password: 'p' } }],
    ['an API key', { headers: { 'X-Api-Key': 'k' } }],
    ['a cookie', { headers: { Cookie: 'a=1' } }],
  ])('are separate requests if each has %s', async (_, config) => {
    const { world, held, arrived } = await startHeld();
    await using __ = world;
    const session = world.session({ cache: false });
    const responses = [session.get('x', config), session.get('x', config)];
    await arrived(2);
    for (const response of held) json(response, {});
    await Promise.all(responses);
  });

  it('are separate requests for two users', async () => {
    const { world, held, arrived } = await startHeld();
    await using _ = world;
    const tokens = ['token-of-a', 'token-of-b'];
    const user = Object.assign(new MockUser(), { token: async () => tokens.shift() as string });
    const session = world.session({ cache: false, user });
    const responses = [session.get('x'), session.get('x')];
    await arrived(2);
    for (const response of held) json(response, {});
    await Promise.all(responses);
  });
});

describe('a request that two callers share', () => {
  it.each([
    ['the first caller, if both have a signal', true, true, 0],
    ['the first caller, if the other has no signal', true, false, 0],
    ['the second caller, if both have a signal', true, true, 1],
    ['the second caller, if the other has no signal', false, true, 1],
  ])(
    'goes on for the other when it is aborted by %s',
    async (_, firstHasSignal, secondHasSignal, leaving) => {
      const { world, held, arrived } = await startHeld();
      await using __ = world;
      const session = world.session({ cache: false });
      const controllers = [new AbortController(), new AbortController()];
      const configs = [firstHasSignal, secondHasSignal].map((hasSignal, index) =>
        hasSignal ? { signal: controllers[index]?.signal } : {},
      );
      const responses = configs.map((config) => session.get('x', config));
      await arrived(1);
      const left = failure(responses[leaving] as Promise<unknown>, Aborted);
      controllers[leaving]?.abort();
      await left;
      json(held[0] as ServerResponse, { is: 'whole' });
      expect((await responses[1 - leaving])?.data).toEqual({ is: 'whole' });
      expect(world.count).toBe(1);
    },
  );

  it.each([
    ['both have a signal', [true, true]],
    ['only the first has a signal', [true, false]],
    ['only the second has a signal', [false, true]],
    ['none has a signal', [false, false]],
  ])('is aborted when the session is closed: %s', async (_, haveSignals) => {
    const { world, arrived } = await startHeld();
    await using __ = world;
    const session = world.session({ cache: false });
    const responses = haveSignals.map((hasSignal) =>
      session.get('x', hasSignal ? { signal: new AbortController().signal } : {}),
    );
    await arrived(1);
    const failures = responses.map((response) => failure(response, Aborted));
    await session.close();
    await Promise.all(failures);
  });
});

describe('a write', () => {
  it('of another session in the process: a later read does not share an earlier request', async () => {
    const write = async (world: CacheWorld, held: ServerResponse[]): Promise<void> => {
      const written = world.session({ cache: false }).post('y', {});
      await expect.poll(() => held.length, { timeout: 10_000 }).toBe(2);
      json(held[1] as ServerResponse, {});
      await written;
    };
    expect(await whileReading(write)).toBe('requested');
  });

  it('that failed: a later read does not share an earlier request', async () => {
    const write = async (world: CacheWorld, held: ServerResponse[]): Promise<void> => {
      const failed = failure(world.session().post('y', {}), ServerError);
      await expect.poll(() => held.length, { timeout: 10_000 }).toBe(2);
      json(held[1] as ServerResponse, {}, 500);
      await failed;
    };
    expect(await whileReading(write)).toBe('requested');
  });

  it('to another origin: a later read may share an earlier request', async () => {
    const write = (world: CacheWorld) =>
      failure(world.session({ prefixUrl: 'http://127.0.0.1:1/' }).post('y', {}), ConnectionRefused);
    expect(await whileReading(write)).toBe('joined');
  });
});
