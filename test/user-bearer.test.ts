import { AsyncLocalStorage } from 'node:async_hooks';
import { resolve } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { InvalidInvocation, Session, UserBearer } from '../src/index.js';
import { failure } from './helpers/failure.js';
import { Origin } from './helpers/origin.js';

describe('UserBearer', () => {
  it('has the bearer that it is given', async () => {
    const user = new UserBearer({ bearer: 'opaque-bearer' });
    expect(user.bearer).toBe('opaque-bearer');
    await expect(user.authenticate()).resolves.toBe(true);
    expect(user.bearer).toBe('opaque-bearer');
  });

  it('asks a function every time', async () => {
    let calls = 0;
    const user = new UserBearer({ bearer: async () => `bearer-${++calls}` });
    expect(user.bearer).toBe('');
    await user.authenticate();
    await user.authenticate();
    expect(user.bearer).toBe('bearer-2');
  });

  it.each(['', () => '', async () => undefined as unknown as string])(
    'refuses an empty bearer when it is used: %s',
    async (bearer) => {
      const user = new UserBearer({ bearer });
      const exception = await failure(user.authenticate(), InvalidInvocation);
      expect(exception.message).toBe(
        `the bearer is empty: give one to new UserBearer, or set ITKDB_AUDREYTWO_API_KEY in the environment or in ${resolve('.env')}`,
      );
    },
  );

  it('returns to each call of token() what the function returned for that call', async () => {
    const person = new AsyncLocalStorage<string>();
    const bearer = async (): Promise<string> => {
      await turn();
      return person.getStore() as string;
    };
    const user = new UserBearer({ bearer });
    const people = Array.from({ length: 50 }, (_, index) => `bearer-of-${index}`);
    const tokens = people.map((name) => person.run(name, () => user.token()));
    expect(await Promise.all(tokens)).toEqual(people);
  });

  it('sends concurrent requests of several people each with the token of its own call', async () => {
    await using origin = await Origin.start((request, response) =>
      response.end(request.headers.authorization),
    );
    const person = new AsyncLocalStorage<string>();
    const user = new UserBearer({ bearer: () => person.getStore() as string });
    await using session = new Session({ user, prefixUrl: origin.url, cache: false });
    const people = Array.from({ length: 50 }, (_, index) => `bearer-of-${index}`);
    const responses = await Promise.all(people.map((name) => person.run(name, () => session.get('me'))));
    expect(responses.map(({ data }) => data)).toEqual(people.map((name) => `Bearer ${name}`));
  });

  it('is refused where an option is wrong', () => {
    expect(() => new UserBearer({ bearer: 5 as never })).toThrow(
      '`bearer` must be a string, or a function that returns one',
    );
    expect(() => new UserBearer('opaque' as never)).toThrow('new UserBearer: must be given an object');
  });

  it('shows no secret', () => {
    const user = new UserBearer({ bearer: 'opaque-bearer' });
    for (const text of [String(user), inspect(user, { showHidden: true }), JSON.stringify(user)]) {
      expect(text).toContain('<TOKEN>');
      expect(text).not.toContain('opaque-bearer');
    }
  });
});
