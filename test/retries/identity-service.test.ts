import { once } from 'node:events';
import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { Aborted, AuthenticationFailed, Session, User } from '../../src/index.js';
import { startPdb } from '../../src/testing/index.js';
import { failure } from '../helpers/failure.js';
import { keepLogs } from '../helpers/logs.js';
import { QUICK } from '../helpers/scripted.js';

describe('a request to the identity service', () => {
  it('is retried after a 503 or a closed connection', async () => {
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

  it('is not retried if the access codes are wrong', async () => {
    await using pdb = await startPdb({ components: 1 });
    const user = new User({ ...pdb.userOptions, accessCode2: 'wrong-code', retry: QUICK });
    await failure(user.authenticate(), AuthenticationFailed);
    expect(pdb.count('grantToken')).toBe(1);
  });

  it('that fails four times is an AuthenticationFailed that lists the attempts and shows no access code', async () => {
    await using pdb = await startPdb({ components: 1 });
    pdb.fault({ on: 'grantToken', status: 502, times: 4 });
    const user = new User({ ...pdb.userOptions, retry: QUICK });
    const { message } = await failure(user.authenticate(), AuthenticationFailed);
    expect(message).toContain('Gave up after 4 tries:\n1. 502 Bad Gateway\n');
    expect(message).not.toContain(pdb.user.accessCode1);
  });

  it('is not retried for a caller whose signal is aborted', async () => {
    await using pdb = await startPdb({ components: 1 });
    pdb.fault({ on: 'grantToken', status: 503, times: 4 });
    const retry = { baseDelay: 1e9, maxDelay: 1e9, within: 1e12 };
    const waitsForRetry = new EventTarget();
    const retrying = once(waitsForRetry, 'retry');
    const onRetry = (): void => void waitsForRetry.dispatchEvent(new Event('retry'));
    const user = new User({ ...pdb.userOptions, retry, onRetry });
    const controller = new AbortController();
    const waiting = failure(user.authenticate({ signal: controller.signal }), Aborted);
    const timers = (): number => process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length;
    await retrying;
    await turn();
    const before = timers();
    controller.abort();
    await waiting;
    await turn();
    expect(timers()).toBeLessThan(before);
  });

  it('is not sent while the token is valid', async () => {
    await using pdb = await startPdb({ components: 1 });
    await using session = new Session({ user: new User(pdb.userOptions), prefixUrl: pdb.apiUrl });
    await session.get('listProjects');
    const down = pdb.fault({ on: ({ server }) => server === 'identity', drop: 'before-headers', times: 99 });
    await session.get('listProjects');
    expect(down.hits).toBe(0);
  });
});
