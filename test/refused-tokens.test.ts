import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Refusals } from '../src/auth/refusals.js';
import { Forbidden } from '../src/index.js';
import { startDatabase } from './helpers/database.js';
import { failure } from './helpers/failure.js';
import { keepLogs } from './helpers/logs.js';
import { withOrigin } from './helpers/with-origin.js';

const { pdb, newSession, newUser } = await startDatabase({ components: 10 });

/** Gets a token that replaces the refused one. */
function replace(refusals: Refusals): void {
  expect(refusals.refused()).toBe('replace');
  refusals.granted();
}

describe('Refusals', () => {
  beforeEach(() => vi.useFakeTimers({ toFake: ['performance'] }));
  afterEach(() => vi.useRealTimers());

  it('begin a pause after two new tokens in a row, and double it up to ten minutes', () => {
    const refusals = new Refusals();
    refusals.granted();
    replace(refusals);
    const minutes: number[] = [];
    for (let round = 0; round < 6; round++) {
      expect(refusals.refused()).toBe('pause');
      minutes.push(refusals.pause / 60_000);
      vi.advanceTimersByTime(refusals.pause - 1);
      expect(refusals.refused()).toBe('paused');
      vi.advanceTimersByTime(1);
      replace(refusals);
    }
    expect(minutes).toEqual([1, 2, 4, 8, 10, 10]);
  });

  it('are counted from zero again after a success', () => {
    const refusals = new Refusals();
    refusals.granted();
    replace(refusals);
    expect(refusals.refused()).toBe('pause');
    refusals.succeeded();
    expect(refusals.pause).toBe(0);
    vi.advanceTimersByTime(60_000);
    refusals.refused();
    replace(refusals);
    replace(refusals);
    expect(refusals.refused()).toBe('pause');
    expect(refusals.pause).toBe(60_000);
  });

  it('replace a token that has succeeded, the first time', () => {
    const refusals = new Refusals();
    refusals.granted();
    refusals.succeeded();
    replace(refusals);
  });

  it('keep a replacement that has succeeded for a minute', () => {
    const refusals = new Refusals();
    refusals.granted();
    replace(refusals);
    refusals.succeeded();
    for (let i = 0; i < 3; i++) expect(refusals.refused()).toBe('keep');
    vi.advanceTimersByTime(60_000);
    replace(refusals);
  });

  it('replace the token that was granted after a kept one', () => {
    const refusals = new Refusals();
    refusals.granted();
    replace(refusals);
    refusals.succeeded();
    expect(refusals.refused()).toBe('keep');
    // The kept one has expired.
    refusals.granted();
    refusals.succeeded();
    replace(refusals);
  });

  it('keep it for ten minutes while there are successes between the refusals', () => {
    const refusals = new Refusals();
    refusals.granted();
    replace(refusals);
    for (let i = 0; i < 10; i++) {
      refusals.succeeded();
      expect(refusals.refused()).toBe('keep');
      vi.advanceTimersByTime(59_999);
    }
    refusals.succeeded();
    vi.advanceTimersByTime(10);
    replace(refusals);
  });
});

describe('a database that refuses every token', () => {
  it('costs two grants, and the log says so', async () => {
    const logger = keepLogs();
    const user = newUser({ logger });
    await using session = newSession({ user });
    pdb.fault({ on: 'listProjects', status: 401, times: 100 });
    await Promise.allSettled(Array.from({ length: 10 }, () => session.get('listProjects')));
    for (let i = 0; i < 5; i++) await failure(session.get('listProjects'), Forbidden);
    expect(pdb.count('grantToken')).toBe(2);
    expect(user.isAuthenticated()).toBe(true);
    expect(logger.at('warn').filter((line) => line.includes('refuses new tokens'))).toEqual([
      'warn: The database refuses new tokens too. No other one is requested for 60 s; requests are sent with the last one.',
    ]);
  });

  it('is sent the token held, and used again as soon as it accepts it', async () => {
    await using session = newSession();
    pdb.fault({ on: 'listProjects', status: 401, times: 4 });
    for (let i = 0; i < 2; i++) await failure(session.get('listProjects'), Forbidden);
    await expect(session.get('listProjects')).resolves.toMatchObject({ status: 200 });
    pdb.identity.revokeTokens();
    await failure(session.get('listProjects'), Forbidden);
    expect(pdb.count('grantToken')).toBe(2);
  });
});

describe('a user', () => {
  it('keeps its token where another one is refused', async () => {
    const user = newUser();
    const token = await user.token();
    user.invalidate('another token');
    expect(await user.token()).toBe(token);
    expect(pdb.count('grantToken')).toBe(1);
  });

  it('does not count the success of a former token, whose response was late', async () => {
    const logger = keepLogs();
    const user = newUser({ logger });
    const former = await user.token();
    user.invalidate(former);
    const token = await user.token();
    user.accepted(former);
    user.invalidate(token);
    expect(logger.at('warn')).toEqual([expect.stringContaining('refuses new tokens too')]);
  });
});

describe('a request that waits for its retry while its token is refused', () => {
  it('is sent with the new one', async () => {
    let token = 'first';
    const user = {
      authenticate: () => true,
      get bearer() {
        return token;
      },
      invalidate() {
        token = 'second';
      },
    };
    let refused: Promise<unknown> = Promise.resolve();
    await using world = await withOrigin(
      async ({ url, headers }, response) => {
        if (url === '/refused') response.statusCode = headers.authorization === 'Bearer first' ? 401 : 200;
        else if (headers.authorization === 'Bearer first') {
          await refused;
          response.statusCode = 503;
        }
        response.end();
      },
      { user, retry: { tries: 2, baseDelay: 1 } },
    );
    const { session, origin } = world;
    refused = session.get('refused');
    await session.get('waits');
    const sent = origin.requests.filter(({ url }) => url === '/waits');
    expect(sent.map(({ headers }) => headers.authorization)).toEqual(['Bearer first', 'Bearer second']);
  });
});

describe('a command that is answered 401 while others succeed', () => {
  it('costs one grant', async () => {
    const logger = keepLogs();
    await using session = newSession({ user: newUser({ logger }) });
    pdb.fault({ on: 'listInstitutions', status: 401, times: 100 });
    for (let i = 0; i < 5; i++) {
      await session.get('listProjects');
      await failure(session.get('listInstitutions'), Forbidden);
    }
    expect(pdb.count('grantToken')).toBe(2);
    expect(logger.at('warn')).toContain(
      'warn: The database refused a token that it accepts for other requests. The token is kept.',
    );
  });
});
