import { describe, expect, it } from 'vitest';
import { BadRequest, type UserLike } from '../src/index.js';
import { failure } from './helpers/failure.js';
import { withOrigin } from './helpers/with-origin.js';

/** Stands for two people by turns; `bearer`, `identity` and `idToken` are those of the first one. */
function newUser(): UserLike {
  let calls = 0;
  return {
    authenticate: () => true,
    token: async () => (calls++ % 2 === 0 ? 'of-alex' : 'of-bo'),
    bearer: 'of-alex',
    identity: '1-1-1',
    idToken: { uuidentity: '1-1-1', iat: 1, exp: 2 },
  };
}

describe('a user that stands for several people', () => {
  it('gives no one a stored response of another person', async () => {
    await using world = await withOrigin(
      ({ headers }, response) => {
        response.setHeader('Cache-Control', 'max-age=60').end(headers.authorization);
      },
      { user: newUser(), cache: new Map() as never },
    );
    const bodies: unknown[] = [];
    for (let i = 0; i < 4; i++) bodies.push((await world.session.get('x', { responseType: 'text' })).data);
    expect(bodies).toEqual(['Bearer of-alex', 'Bearer of-bo', 'Bearer of-alex', 'Bearer of-bo']);
    expect(world.origin.requests).toHaveLength(2);
  });

  it('has its claims in the message of a 400 only where the request was sent with their token', async () => {
    await using world = await withOrigin((_, response) => response.writeHead(400).end(), { user: newUser() });
    expect((await failure(world.session.get('x'), BadRequest)).message).toContain('uuidentity: 1-1-1');
    expect((await failure(world.session.get('x'), BadRequest)).message).not.toContain('uuidentity');
  });
});
