import { AxiosHeaders } from 'axios';
import { describe, expect, it } from 'vitest';
import {
  Aborted,
  ConnectionRefused,
  Forbidden,
  InvalidInvocation,
  Session,
  Timeout,
} from '../../src/index.js';
import { failure } from '../helpers/failure.js';
import { keepLogs } from '../helpers/logs.js';
import { MockUser } from '../helpers/mock-user.js';
import { withOrigin } from '../helpers/with-origin.js';

describe('what a caller sees', () => {
  it('of a failure far below is the line that asked', async () => {
    await using session = new Session({
      user: new MockUser(),
      prefixUrl: 'http://127.0.0.1:9/',
      retry: false,
    });
    const askFromMyScript = async (): Promise<void> => {
      await session.get('x');
    };
    for (const _ of ['cold', 'warm'])
      expect((await failure(askFromMyScript(), ConnectionRefused)).stack).toContain('askFromMyScript');
  });

  it('of a failure that others share is his alone, however many they are', async () => {
    const shared = new Timeout('silent');
    const authenticate = (): never => {
      throw shared;
    };
    await using session = new Session({
      user: { authenticate, bearer: 'any' },
      prefixUrl: 'http://127.0.0.1:9/',
    });
    const alice = (): Promise<Timeout> => failure(session.get('a'), Timeout);
    const bob = (): Promise<Timeout> => failure(session.get('b'), Timeout);
    const all = await Promise.all([alice(), bob(), ...Array.from({ length: 20 }, alice)]);
    expect(new Set(all).size).toBe(22);
    expect(all[1]?.stack).not.toContain('alice');
    for (const { message } of all) expect(message.length).toBeLessThan(500);
  });

  it('of a failure of a class of his own is all that is in it', async () => {
    class Mine extends Timeout {
      readonly institute: string;

      constructor({ institute }: { institute: string }) {
        super(`silence at ${institute}`);
        this.institute = institute;
      }
    }
    const authenticate = (): never => {
      throw Object.freeze(new Mine({ institute: 'CERN' }));
    };
    await using session = new Session({
      user: { authenticate, bearer: 'any' },
      prefixUrl: 'http://127.0.0.1:9/',
    });
    const exception = await failure(session.get('x', { retry: false }), Mine);
    expect(exception).toMatchObject({ code: 'ERR_TIMEOUT', institute: 'CERN', message: 'silence at CERN' });
  });

  it('of a failure in a program with its own stacks is that failure', async () => {
    const { prepareStackTrace } = Error;
    await using session = new Session({
      user: new MockUser(),
      prefixUrl: 'http://127.0.0.1:9/',
      retry: false,
    });
    try {
      Error.prepareStackTrace = (_, sites) => sites;
      await failure(session.get('x'), ConnectionRefused);
    } finally {
      Error.prepareStackTrace = prepareStackTrace as never;
    }
  });

  it('of a request that was given up because of another one is that it was given up', async () => {
    await using world = await withOrigin((_, response) => response.writeHead(503).end());
    const other = new ConnectionRefused('another request failed');
    const controller = new AbortController();
    setTimeout(() => controller.abort(other), 50);
    const options = { cache: false, retry: { baseDelay: 1e6, maxDelay: 1e6, within: 1e9 } } as const;
    const exception = await failure(
      world.session.get('x', { signal: controller.signal, ...options }),
      Aborted,
    );
    expect(exception).toMatchObject({ cause: other });
    expect(exception.message).toContain('another request failed');
  });

  it('of the headers of a prepared request stays as it was, however often it is sent', async () => {
    await using world = await withOrigin();
    const prepared = await world.session.prepareRequest({ method: 'POST', url: 'x', data: { a: 1 } });
    const before = { ...prepared.headers };
    await world.session.send(prepared);
    await world.session.send(prepared);
    expect({ ...prepared.headers }).toEqual(before);
  });

  it('of a body that he transformed is that it is transformed once', async () => {
    await using world = await withOrigin((request, response) => response.end(request.body));
    const transformRequest = (data: unknown): string => `<${String(data)}>`;
    const request = { method: 'POST', url: 'x', data: 'a', transformRequest };
    const prepared = await world.session.prepareRequest(request);
    expect((await world.session.send(prepared)).data).toBe('<a>');
    expect((await world.session.request(request)).data).toBe('<a>');
  });

  it('of the last response is its data, also where transformResponse fails', async () => {
    await using world = await withOrigin((_, response) => response.end('text'));
    const transformResponse = (): never => {
      throw new Error('no such page');
    };
    await failure(world.session.get('x', { transformResponse }), Error);
    expect(world.session.lastResponse?.data).toBe('text');
  });

  it('of a 401 to his own auth is that it was sent', async () => {
    await using world = await withOrigin((_, response) => response.writeHead(401).end());
    const auth = { username: 'u', password: 'p-of-mine' };
    const { message } = await failure(world.session.get('x', { auth }), Forbidden);
    expect(message).toContain('Your `auth` was sent in place of the token.');
    expect(message).not.toContain('p-of-mine');
  });
});

describe('a function of the caller', () => {
  it.each(['onDownloadProgress', 'onUploadProgress'] as const)('%s that fails is a warning', async (name) => {
    const logger = keepLogs();
    await using world = await withOrigin(undefined, { logger });
    const fail = (): never => {
      throw new Error('not mine');
    };
    await world.session.post('x', 'text', { [name]: fail });
    await expect.poll(() => logger.at('warn')[0]).toBe(`warn: ${name} failed: not mine`);
  });

  it('that calls its listeners without an event is a signal all the same', async () => {
    await using world = await withOrigin(() => {});
    const signal = new EventTarget() as EventTarget & { aborted: boolean; abort?: () => void };
    signal.aborted = false;
    signal.addEventListener = (_: string, listener: unknown) => {
      signal.abort = listener as () => void;
    };
    const request = failure(world.session.get('x', { signal }), Aborted);
    await expect.poll(() => world.origin.requests.length).toBe(1);
    signal.aborted = true;
    signal.abort?.();
    await request;
  });

  it('that throws a frozen exception is shown as it is', async () => {
    const exception = Object.freeze(new InvalidInvocation('not today'));
    const authenticate = (): never => {
      throw exception;
    };
    await using session = new Session({
      user: { authenticate, bearer: 'any' },
      prefixUrl: 'http://127.0.0.1:9/',
    });
    expect(await failure(session.get('x'), InvalidInvocation)).toBe(exception);
  });
});

describe('what a caller does later', () => {
  it('to his options makes no difference', async () => {
    await using world = await withOrigin();
    const headers = { 'X-Institute': 'CERN' };
    const { origin, user } = world;
    await using session = new Session({ user, prefixUrl: origin.url, headers });
    headers['X-Institute'] = 'DESY';
    await session.get('x');
    expect(origin.requests[0]?.headers).toMatchObject({ 'x-institute': 'CERN' });
  });

  it('to the URL, the parameters, the headers and the body of a request neither', async () => {
    await using world = await withOrigin();
    const url = new URL(`${world.origin.url}x`);
    const [params, data] = [{ i: 0 }, { i: 0, list: [0] }];
    const headers = new AxiosHeaders();
    const requests = [1, 2, 3].map((i) => {
      url.searchParams.set('u', String(i));
      params.i = i;
      data.i = i;
      data.list[0] = i;
      headers.set('X-I', String(i));
      return world.session.request({ method: 'POST', url, params, headers, data });
    });
    await Promise.all(requests);
    const sent = world.origin.requests.map(({ url, headers, body }) => [url, headers['x-i'], body]).sort();
    expect(sent).toEqual([1, 2, 3].map((i) => [`/x?u=${i}&i=${i}`, `${i}`, `{"i":${i},"list":[${i}]}`]));
  });

  it('makes prepareRequest() throw Aborted, if the signal is aborted already', async () => {
    await using world = await withOrigin();
    await failure(world.session.prepareRequest({ url: 'x', signal: AbortSignal.abort() }), Aborted);
  });
});

describe('a body', () => {
  it.each<[string, (session: Session) => Promise<unknown>]>([
    ['in `json`', (session) => session.post('x', { json: { a: 1 } })],
    ['in `data`', (session) => session.post('x', { data: { a: 1 }, timeout: 5 })],
    ['in the options', (session) => session.put('x', undefined, { data: { a: 1 } })],
  ])('%s, as elsewhere, is refused', async (_, send) => {
    await using world = await withOrigin();
    const { message } = await failure(send(world.session), InvalidInvocation);
    expect(message).toMatch(
      /^(p(?:os|u)t)\('x'\): the second argument must be the body itself, .*\nWrite \1\('x', \{ a \}\)\. If the body really/,
    );
    expect(world.origin.requests).toEqual([]);
  });

  it.each([{ data: 1, url: 'x', mine: true }, { url: 'x' }, { json: 1, a: 2 }])(
    'that only looks a little like that is sent: %j',
    async (body) => {
      await using world = await withOrigin();
      await world.session.post('x', body);
      await world.session.request('POST', 'x', { data: { data: body } });
      expect(world.origin.requests.map((request) => JSON.parse(request.body))).toEqual([
        body,
        { data: body },
      ]);
    },
  );
});
