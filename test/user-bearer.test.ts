import { resolve } from 'node:path';
import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { InvalidInvocation, UserBearer } from '../src/index.js';
import { failure } from './helpers/failure.js';

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
