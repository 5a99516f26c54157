import { describe, expect, it, vi } from 'vitest';
import { throttle } from '../../src/http/interceptors/throttle.js';
import {
  DEFAULT_REQUEST_OPTIONS,
  type HttpRequest,
  type RequestContext,
  type Send,
} from '../../src/http/request.js';
import {
  Aborted,
  type RetryOptions,
  ServerError,
  Session,
  UnhandledResponse,
  User,
} from '../../src/index.js';
import { startPdb } from '../../src/testing/index.js';
import { failure } from '../helpers/failure.js';
import { keepLogs } from '../helpers/logs.js';
import { json, type Respond } from '../helpers/origin.js';
import { drop, QUICK, scripted, stall } from '../helpers/scripted.js';

const busy =
  (retryAfter: string, headers: Readonly<Record<string, string>> = {}): Respond =>
  (_, response) =>
    response.writeHead(429, { 'retry-after': retryAfter, ...headers }).end();

describe('the wait before a retry', () => {
  /** The waits that a session reports, with `Math.random` fixed. */
  async function delays(random: number, retry: RetryOptions, script: readonly (number | Respond)[] = [503]) {
    vi.spyOn(Math, 'random').mockReturnValue(random);
    await using world = await scripted(script, { retry });
    await world.session.get('x').catch(() => {});
    return world.events.map(({ delay }) => delay);
  }

  it('is a random part of `baseDelay`, which doubles up to `maxDelay`', async () => {
    expect(await delays(0.5, { baseDelay: 4, maxDelay: 10, tries: 5 })).toEqual([2, 4, 5, 5]);
    expect(await delays(0, { baseDelay: 1000, tries: 3 })).toEqual([0, 0]);
  });

  it('is at least Retry-After, in seconds or as a date', async () => {
    expect(await delays(0, { tries: 2 }, [busy('1'), 200])).toEqual([1000]);
    const date = 'Wed, 25 Nov 2026 07:00:00 GMT';
    const later = busy('Wed, 25 Nov 2026 07:00:01 GMT', { date });
    expect(await delays(0, { tries: 2 }, [later, 200])).toEqual([1000]);
    expect(await delays(0, { tries: 2 }, [busy('soon'), 200])).toEqual([0]);
  });

  it('is not made for a Retry-After longer than `maxRetryAfter`: there is no retry', async () => {
    await using world = await scripted([busy('61')]);
    const { message } = await failure(world.session.get('x'), UnhandledResponse);
    expect(message).toContain(
      'Gave up after 1 try, as the server asks to wait 61 s, longer than 60 s:\n1. 429 Too Many Requests',
    );
    expect(world.tries).toBe(1);
    await using patient = await scripted([busy('1')], { retry: { maxRetryAfter: 500 } });
    await failure(patient.session.get('x'), UnhandledResponse);
    expect(patient.tries).toBe(1);
  });

  it('is not made if `within` would be over: there is no retry', async () => {
    vi.spyOn(Math, 'random').mockReturnValue(1);
    await using world = await scripted([503], { retry: { within: 1500, baseDelay: 800, tries: 10 } });
    const { message } = await failure(world.session.get('x'), ServerError);
    expect(message).toContain('as 1.5 s would be over before the next:');
    expect(world.tries).toBe(2);
  });

  it('is followed by an attempt whose timeout is at most the rest of `within`', async () => {
    await using world = await scripted([503, stall], { timeout: 60_000, retry: { ...QUICK, within: 300 } });
    const begun = performance.now();
    await expect(world.session.get('x')).rejects.toThrow('the other side was silent');
    expect(performance.now() - begun).toBeLessThan(10_000);
  });

  it('ends at once when the signal is aborted', async () => {
    await using world = await scripted([busy('30')], { retry: {} });
    const controller = new AbortController();
    const request = failure(world.session.get('x', { signal: controller.signal }), Aborted);
    await expect.poll(() => world.events.length).toBe(1);
    controller.abort(new Error('changed my mind'));
    expect((await request).message).toContain('changed my mind');
    expect(world.tries).toBe(1);
  });

  it('ends at once when the session is closed', async () => {
    await using world = await scripted([busy('30')], { retry: {} });
    const request = failure(world.session.get('x'), Aborted);
    await expect.poll(() => world.events.length).toBe(1);
    await world.session.close();
    await request;
  });
});

describe('the Retry-After of a 429 or 503', () => {
  it.each([
    [10_000, '10'],
    [60_000, '60'],
    [60_000, '61'],
    [60_000, '86400'],
  ])('delays the next request for %i ms if it is %s s', async (pause, retryAfter) => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
    try {
      const request: HttpRequest = {
        ...{ method: 'GET', url: 'http://127.0.0.1/', headers: {}, body: undefined, usesToken: false },
      };
      const { signal } = new AbortController();
      const context: RequestContext = { signal, options: DEFAULT_REQUEST_OPTIONS, supersede: () => {} };
      const send = vi.fn<Send>(async () => ({
        ...{
          status: 503,
          statusText: '',
          headers: { 'retry-after': retryAfter },
          body: Buffer.alloc(0),
          request,
        },
      }));
      const intercept = throttle(0);
      await intercept(request, context, send);
      const next = intercept(request, context, send);
      await vi.advanceTimersByTimeAsync(pause - 1);
      expect(send).toHaveBeenCalledTimes(1);
      await vi.advanceTimersByTimeAsync(2);
      expect(send).toHaveBeenCalledTimes(2);
      await next;
    } finally {
      vi.useRealTimers();
    }
  });
});

describe('a retry', () => {
  it('is reported to the logger and to onRetry, without credentials', async () => {
    const logger = keepLogs();
    vi.spyOn(Math, 'random').mockReturnValue(1);
    await using world = await scripted([503, drop, 200], { logger });
    await world.session.get('x?token=secret-of-mine');
    const url = `${world.origin.url}x?token=<TOKEN>`;
    expect(world.events).toEqual([
      { method: 'GET', url, failedTries: 1, reason: '503 Service Unavailable', delay: 1 },
      { method: 'GET', url, failedTries: 2, reason: 'socket hang up', delay: 2 },
    ]);
    expect(logger.at('warn')).toEqual([
      `warn: Try 1 of GET ${url} failed (503 Service Unavailable), the next in 1 ms`,
      `warn: Try 2 of GET ${url} failed (socket hang up), the next in 2 ms`,
    ]);
  });

  it.each<[string, () => void]>([
    [
      'throws',
      () => {
        throw new Error('broken');
      },
    ],
    ['rejects', async () => Promise.reject(new Error('broken'))],
  ])('is made although onRetry %s', async (_, onRetry) => {
    const logger = keepLogs();
    await using world = await scripted([503, 200], { onRetry, logger });
    await expect(world.session.get('x')).resolves.toMatchObject({ status: 200 });
    expect(logger.at('warn').at(-1)).toBe('warn: onRetry failed: broken');
  });

  it('is sent with the token that is current then', async () => {
    await using pdb = await startPdb({ components: 1 });
    const session = new Session({
      user: new User({ ...pdb.userOptions, authExpiryThreshold: 0 }),
      prefixUrl: pdb.apiUrl,
      retry: { baseDelay: 0 },
    });
    await session.get('listProjects');
    const first = session.user.bearer;
    pdb.fault({ on: 'listProjects', status: 503, headers: { 'retry-after': '2' } });
    pdb.identity.tokenLifetime = 60;
    const answer = session.get('listProjects');
    await expect.poll(() => pdb.count('listProjects')).toBe(2);
    session.user.invalidate?.(first);
    await answer;
    const sent = pdb.requests.filter(({ command }) => command === 'listProjects');
    expect(sent.map(({ headers }) => headers.get('authorization'))).toEqual([
      `Bearer ${first}`,
      `Bearer ${first}`,
      `Bearer ${session.user.bearer}`,
    ]);
    expect(session.user.bearer).not.toBe(first);
    await session.close();
  });

  it('counts together with retries after a redirect', async () => {
    const redirect: Respond = ({ url }, response) => {
      if (url === '/x') response.writeHead(302, { location: '/y' }).end();
      else json(response, {}, 503);
    };
    await using world = await scripted([503, 503, redirect]);
    const exception = await failure(world.session.get('x'), ServerError);
    expect(exception.message).toContain('Gave up after 4 tries:');
    // Two that failed, the redirect, and two at its target.
    expect(world.tries).toBe(5);
  });
});
