import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { Aborted, AuthenticationFailed, Session, User } from '../../src/index.js';
import { startPdb } from '../../src/testing/index.js';
import { failure } from '../helpers/failure.js';
import { keepLogs } from '../helpers/logs.js';
import { QUICK } from '../helpers/scripted.js';

describe('the identity service', () => {
  it('is asked again for a token where that may help', async () => {
    await using pdb = await startPdb({ components: 1 });
    pdb.fault({ on: 'grantToken', status: 503 });
    pdb.fault({ on: 'listKeys', drop: 'before-headers' });
    const logger = keepLogs();
    await using session = new Session({
      user: new User({ ...pdb.userOptions, retry: QUICK, logger }),
      prefixUrl: pdb.apiUrl,
    });
    await session.get('listProjects');
    expect([pdb.count('grantToken'), pdb.count('listKeys')]).toEqual([2, 2]);
    expect(logger.at('warn')).toHaveLength(2);
  });

  it('is not where the access codes are wrong, and all that wait share one failure', async () => {
    await using pdb = await startPdb({ components: 1 });
    const user = new User({ ...pdb.userOptions, accessCode2: 'wrong-code', retry: QUICK });
    await failure(user.authenticate(), AuthenticationFailed);
    expect(pdb.count('grantToken')).toBe(1);
  });

  it('that stays down is told with its tries, and with no access code', async () => {
    await using pdb = await startPdb({ components: 1 });
    pdb.fault({ on: 'grantToken', status: 502, times: 4 });
    const user = new User({ ...pdb.userOptions, retry: QUICK });
    const { message } = await failure(user.authenticate(), AuthenticationFailed);
    expect(message).toContain('Gave up after 4 tries:\n1. 502 Bad Gateway\n');
    expect(message).not.toContain(pdb.user.accessCode1);
  });

  it('is not waited for any longer than somebody wants a token', async () => {
    await using pdb = await startPdb({ components: 1 });
    pdb.fault({ on: 'grantToken', status: 503, times: 4 });
    const user = new User({ ...pdb.userOptions, retry: { baseDelay: 1e6, maxDelay: 1e6, within: 1e9 } });
    const controller = new AbortController();
    const waiting = failure(user.authenticate({ signal: controller.signal }), Aborted);
    const timers = () => process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length;
    await expect.poll(() => pdb.count('grantToken')).toBe(1);
    await sleep(50);
    const before = timers();
    controller.abort();
    await waiting;
    await expect.poll(timers).toBeLessThan(before);
  });

  it('that is down does no harm while the token is good', async () => {
    await using pdb = await startPdb({ components: 1 });
    await using session = new Session({ user: new User(pdb.userOptions), prefixUrl: pdb.apiUrl });
    await session.get('listProjects');
    const down = pdb.fault({ on: ({ server }) => server === 'identity', drop: 'before-headers', times: 99 });
    await session.get('listProjects');
    expect(down.hits).toBe(0);
  });
});
