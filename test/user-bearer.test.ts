import { AsyncLocalStorage } from 'node:async_hooks';
import { resolve } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { InvalidInvocation, Session, UserBearer, type UserBearerOptions } from '../src/index.js';
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

  it.each<[string, UserBearerOptions, string]>([
    [
      'no bearer',
      {},
      `there is no bearer: give one to new UserBearer, or set ITKDB_AUDREYTWO_API_KEY in the environment or in ${resolve('.env')}`,
    ],
    [
      'an empty bearer',
      { bearer: '' },
      '`bearer` of new UserBearer is empty: give a token, or leave `bearer` out to use ITKDB_AUDREYTWO_API_KEY',
    ],
    [
      "a function that returns ''",
      { bearer: () => '' },
      'the function `bearer` of new UserBearer must return a token, or a Promise of one; it returned an empty string',
    ],
    [
      'a function that returns undefined',
      { bearer: async () => undefined as unknown as string },
      'the function `bearer` of new UserBearer must return a token, or a Promise of one; it returned a value of type undefined',
    ],
  ])('refuses %s when it is used, and says what to do', async (_, options, message) => {
    const user = new UserBearer(options);
    expect(await failure(user.authenticate(), InvalidInvocation)).toMatchObject({ message });
    expect(await failure(user.token(), InvalidInvocation)).toMatchObject({ message });
  });

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
