import type { ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { Session } from '../../src/index.js';
import { CacheWorld, numbered, numberIn, startHeld } from '../helpers/cache-world.js';
import { json } from '../helpers/origin.js';

/** A store that takes its time to read. */
class SlowStore {
  readonly #values = new Map<string, unknown>();
  delay = 0;

  async get(key: string): Promise<unknown> {
    const value = this.#values.get(key);
    await sleep(this.delay);
    return value;
  }

  set(key: string, value: unknown): void {
    this.#values.set(key, value);
  }

  delete(key: string): boolean {
    return this.#values.delete(key);
  }

  clear(): void {
    this.#values.clear();
  }
}

describe('an older response', () => {
  const fresh = { 'Cache-Control': 'max-age=100' };
  /** A session with an empty memory, whose slow store has the answer to `x`. */
  async function startSlow() {
    const world = await CacheWorld.start(numbered(fresh));
    const cache = new SlowStore();
    const before = world.session({ cache });
    await before.get('x');
    await before.close();
    const session = world.session({ cache });
    await session.get('other');
    cache.delay = 200;
    return { world, session };
  }

  it('from a slow store does not replace a newer one', async () => {
    const { world, session } = await startSlow();
    await using _ = world;
    const slow = session.get('x');
    await sleep(20);
    const reloaded = await session.get('x', { cache: 'reload' });
    await slow;
    expect(numberIn(await session.get('x'))).toBe(numberIn(reloaded));
  });

  it('from a slow store is not used after clear()', async () => {
    const { world, session } = await startSlow();
    await using _ = world;
    const slow = session.get('x');
    await sleep(20);
    await session.cache.clear();
    await slow;
    const { fromCache, data } = await session.get('x');
    expect([fromCache, data]).not.toMatchObject([true, { number: 1 }]);
  });

  it.each<[string, (session: Session) => Promise<unknown>]>([
    ['clear', (session) => session.cache.clear()],
    ['delete', (session) => session.cache.delete('x')],
  ])(
    'that was requested before %s() is not shared with later reads, and is not stored',
    async (_, forget) => {
      const { world, held, arrived } = await startHeld(fresh);
      await using _world = world;
      const session = world.session();
      const before = session.get('x');
      await arrived(1);
      await forget(session);
      const after = session.get('x');
      await arrived(2);
      json(held[1] as ServerResponse, { number: 2 });
      await after;
      json(held[0] as ServerResponse, { number: 1 });
      await before;
      expect(numberIn(await session.get('x'))).toBe(2);
      expect(world.count).toBe(2);
    },
  );

  it('that was requested before clear() is not stored, also if there is no later read', async () => {
    const { world, held, arrived } = await startHeld(fresh);
    await using _ = world;
    const session = world.session();
    const before = session.get('x');
    await arrived(1);
    await session.cache.clear();
    json(held[0] as ServerResponse, { number: 1 });
    await before;
    expect((await session.cache.size()).entries).toBe(0);
  });

  it('that arrives late does not replace a newer one', async () => {
    const { world, held, arrived } = await startHeld(fresh);
    await using _ = world;
    const session = world.session();
    const before = session.get('x');
    await arrived(1);
    await sleep(5);
    const after = session.get('x', { cache: 'reload' });
    await arrived(2);
    json(held[1] as ServerResponse, { number: 2 });
    await after;
    json(held[0] as ServerResponse, { number: 1 });
    await before;
    expect(numberIn(await session.get('x'))).toBe(2);
  });
});
