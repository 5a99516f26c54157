import { Agent, type ServerResponse } from 'node:http';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import { Aborted, ServerError } from '../../src/index.js';
import { CacheWorld, numbered, numberIn, startHeld } from '../helpers/cache-world.js';
import { failure } from '../helpers/failure.js';
import { keepLogs } from '../helpers/logs.js';
import { json } from '../helpers/origin.js';

describe('equal reads at the same time', () => {
  it('share one request, and each caller gets a copy of the data', async () => {
    const { world, held, arrived } = await startHeld();
    await using _ = world;
    const session = world.session();
    const answers = Promise.all(Array.from({ length: 20 }, () => session.get<{ list: number[] }>('x')));
    await arrived(1);
    json(held[0] as ServerResponse, { list: [1] });
    const [first, ...others] = await answers;
    first?.data.list.push(2);
    if (first !== undefined) first.headers['x-mine'] = 'y';
    expect(
      others.every(({ data, headers }) => data.list.length === 1 && headers['x-mine'] === undefined),
    ).toBe(true);
    expect(world.count).toBe(1);
  });

  it('are separate requests if a header, the body or an option differs', async () => {
    const { world, held, arrived } = await startHeld();
    await using _ = world;
    const session = world.session();
    const answers = [
      session.get('x'),
      session.get('x', { headers: { Accept: 'text/csv' } }),
      session.get('x', { timeout: 1000 }),
      session.get('x', { data: { a: 1 } }),
      session.get('x', { cache: 'reload' }),
      session.get('x', { retry: {} }),
      session.get('x', { retry: { tries: 2 } }),
      session.get('x', { httpAgent: new Agent() }),
      session.get('x', { lookup: (_host, _options, done) => done(null, '127.0.0.1', 4) }),
      session.get('x', { family: 4 }),
      session.get('x', { maxBodyLength: 1000 }),
    ];
    await arrived(11);
    for (const response of held) json(response, {});
    await Promise.all(answers);
  });

  it('are not affected by a validateStatus of another caller that throws', async () => {
    const { world, held, arrived } = await startHeld();
    await using _ = world;
    const session = world.session();
    const validateStatus = (): never => {
      throw new Error('mine');
    };
    const mine = failure(session.get('x', { validateStatus }), Error);
    const yours = failure(session.get('x'), ServerError);
    await arrived(1);
    json(held[0] as ServerResponse, {}, 500);
    expect((await mine).message).toBe('mine');
    await yours;
  });

  it('all get an exception that lists the attempts', async () => {
    await using world = await CacheWorld.start((_, response) => response.writeHead(503).end());
    const session = world.session({ retry: { tries: 2, baseDelay: 1 } });
    const both = await Promise.all([1, 2].map(() => failure(session.get('x'), ServerError)));
    for (const { message } of both) expect(message).toContain('Gave up after 2 tries:');
    expect(world.count).toBe(2);
  });

  it('with different options are shared separately', async () => {
    const { world, held, arrived } = await startHeld();
    await using _ = world;
    const session = world.session();
    const one = session.get('x');
    const others = [session.get('x', { timeout: 1000 })];
    await arrived(2);
    const [first] = held.splice(0, 1);
    json(first as ServerResponse, {});
    await one;
    others.push(session.get('x', { timeout: 1000 }));
    json(held[0] as ServerResponse, {});
    await Promise.all(others);
    expect(world.count).toBe(2);
  });

  it('get the same failure', async () => {
    const { world, held, arrived } = await startHeld();
    await using _ = world;
    const session = world.session();
    const failures = [failure(session.get('x'), ServerError), failure(session.get('x'), ServerError)];
    await arrived(1);
    json(held[0] as ServerResponse, {}, 500);
    const [first, second] = await Promise.all(failures);
    expect(first).not.toBe(second);
    expect(world.count).toBe(1);
  });

  it('go on when the signal of the first caller is aborted', async () => {
    const { world, held, arrived } = await startHeld();
    await using _ = world;
    const session = world.session();
    const controller = new AbortController();
    const first = failure(session.get('x', { signal: controller.signal }), Aborted);
    const second = session.get('x');
    await arrived(1);
    controller.abort(new Error('enough'));
    expect((await first).message).toMatch(/^GET http.*\/x was aborted: enough$/);
    json(held[0] as ServerResponse, { number: 1 });
    expect(numberIn(await second)).toBe(1);
    expect(world.count).toBe(1);
  });

  it('are aborted when the signals of all callers are aborted', async () => {
    const { world, held, arrived } = await startHeld();
    await using _ = world;
    const session = world.session();
    const controller = new AbortController();
    const { signal } = controller;
    const failures = [session.get('x', { signal }), session.get('x', { signal })].map((answer) =>
      failure(answer, Aborted),
    );
    await arrived(1);
    const closed = new Promise((resolve) => held[0]?.once('close', resolve));
    controller.abort();
    await Promise.all(failures);
    await closed;
    const next = session.get('x');
    await arrived(2);
    json(held[1] as ServerResponse, {});
    await next;
  });

  it('do not share a request that was sent before a write', async () => {
    const { world, held, arrived } = await startHeld();
    await using _ = world;
    const session = world.session();
    const before = session.get('x');
    await arrived(1);
    const write = session.post('y', {});
    await arrived(2);
    json(held[1] as ServerResponse, {});
    await write;
    const after = session.get('x');
    await arrived(3);
    json(held[0] as ServerResponse, { number: 1 });
    json(held[2] as ServerResponse, { number: 2 });
    expect([numberIn(await before), numberIn(await after)]).toEqual([1, 2]);
  });

  it('are rejected when the session is closed', async () => {
    const { world, arrived } = await startHeld();
    await using _ = world;
    const session = world.session();
    const failures = [failure(session.get('x'), Aborted), failure(session.get('x'), Aborted)];
    await arrived(1);
    await session.close();
    expect((await failures[1])?.message).toMatch(/the session was closed/);
    await failures[0];
  });
});

describe('a change that the caller makes to a response', () => {
  it.each(['arraybuffer', 'json', undefined] as const)(
    'of responseType %s does not change the next response',
    async (responseType) => {
      await using world = await CacheWorld.start((_, response) => {
        response.setHeader('Cache-Control', 'max-age=60');
        response.setHeader('Content-Type', 'application/octet-stream');
        response.end('{"a":1}');
      });
      const session = world.session();
      for (let round = 0; round < 3; round++) {
        const { data: bytes, headers } = await session.get('x', { responseType });
        expect(responseType === 'json' ? JSON.stringify(bytes) : String(bytes)).toBe('{"a":1}');
        if (Buffer.isBuffer(bytes)) bytes.fill(0);
        else (bytes as { a: number }).a = 2;
        headers['content-type'] = 'text/html';
      }
      expect(world.count).toBe(1);
    },
  );
});

describe('a streamed response', () => {
  it('is neither stored nor read from the cache', async () => {
    await using world = await CacheWorld.start(numbered({ 'Cache-Control': 'max-age=60' }));
    const session = world.session();
    for (const number of [1, 2]) {
      const { data, fromCache } = await session.get<Readable>('x', { responseType: 'stream' });
      expect([fromCache, JSON.parse(await text(data)).number]).toEqual([false, number]);
    }
    expect(numberIn(await session.get('x'))).toBe(3);
    expect((await session.get('x')).fromCache).toBe(true);
    const { fromCache } = await session.get<Readable>('x', { responseType: 'stream' });
    expect(fromCache).toBe(false);
  });
});

describe('session.close()', () => {
  it('writes pending entries to the cache, and aborts revalidation in the background', async () => {
    await using world = await CacheWorld.start(numbered({ 'Cache-Control': 'max-age=60' }));
    const session = world.session({ logger: keepLogs() });
    await Promise.all(Array.from({ length: 50 }, (_, index) => session.get(`x${index}`)));
    await session.close();
    expect(await world.session().cache.size()).toMatchObject({ entries: 50 });
  });
});
