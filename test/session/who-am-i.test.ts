import { describe, expect, it } from 'vitest';
import { AuthenticationFailed, InvalidInvocation, Session, User, UserBearer } from '../../src/index.js';
import { startDatabase } from '../helpers/database.js';
import { failure } from '../helpers/failure.js';
import { withOrigin } from '../helpers/with-origin.js';

const { pdb, newSession } = await startDatabase({ components: 10 });

describe('session.whoAmI()', () => {
  it('signs in, and returns the identity and the name of the user', async () => {
    const session = newSession();
    expect(session.user.bearer).toBe('');
    expect(await session.whoAmI()).toEqual({ identity: session.user.identity, name: session.user.name });
    expect(session.user.identity).not.toBe('');
    expect(session.user.name).not.toBe('');
  });

  it('throws what signing in throws', async () => {
    const user = new User({ ...pdb.userOptions, accessCode1: 'wrong', retry: false });
    await using session = new Session({ user, prefixUrl: pdb.apiUrl, cache: false });
    await failure(session.whoAmI(), AuthenticationFailed);
  });

  it('throws an InvalidInvocation where the user has no identity', async () => {
    await using world = await withOrigin();
    const user = new UserBearer({ bearer: 'the-key-of-a-service' });
    await using session = new Session({ user, prefixUrl: world.origin.url, cache: false });
    const error = await failure(session.whoAmI(), InvalidInvocation);
    expect(error.message).toContain('the user has no identity');
    await failure(world.session.whoAmI(), InvalidInvocation);
    expect(world.user.authentications).toBe(1);
    expect(world.origin.requests).toEqual([]);
  });

  it('leaves out a name that the user does not have', async () => {
    const user = { authenticate: () => true, bearer: 'a-token', identity: '1-1' };
    await using session = new Session({ user, cache: false });
    expect(await session.whoAmI()).toEqual({ identity: '1-1', name: '' });
  });

  it('throws an InvalidInvocation after `close()`', async () => {
    await using world = await withOrigin();
    await world.session.close();
    await failure(world.session.whoAmI(), InvalidInvocation);
  });
});
