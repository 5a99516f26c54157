import { type AddressInfo, createServer } from 'node:net';
import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { Attempts } from '../../src/http/attempts.js';
import { type RetryPolicy, resolveRetry } from '../../src/http/retry-policy.js';
import {
  BadRequest,
  ConnectionRefused,
  ConnectionReset,
  HostNotFound,
  InvalidInvocation,
  ServerError,
  Session,
  type SessionOptions,
  TlsFailure,
  User,
} from '../../src/index.js';
import { failure } from '../helpers/failure.js';
import { MockUser } from '../helpers/mock-user.js';
import { json, type Respond, type SeenRequest } from '../helpers/origin.js';
import { drop, QUICK, scripted, stall } from '../helpers/scripted.js';

const NOWHERE = 'http://127.0.0.1:1/';

const breakOff: Respond = (_, response) => {
  response.writeHead(200, { 'content-length': 100 }).write('{"a":', () => response.destroy());
};

describe('a read', () => {
  it.each([408, 429, 500, 502, 503, 504])('that is answered %i is retried', async (status) => {
    await using world = await scripted([status, status, 200]);
    await expect(world.session.get('x')).resolves.toMatchObject({ status: 200 });
    expect(world.tries).toBe(3);
  });

  it.each<[string, Respond]>([
    ['whose connection is closed before the response', drop],
    ['whose response body breaks off', breakOff],
    ['that times out', stall],
  ])('%s is retried', async (_, respond) => {
    await using world = await scripted([respond, 200], { timeout: 300 });
    await expect(world.session.get('x')).resolves.toMatchObject({ status: 200 });
    expect(world.tries).toBe(2);
  });

  it.each(['HEAD', 'OPTIONS'])('that is answered 503 is retried: %s', async (method) => {
    await using world = await scripted([503, 200]);
    await expect(world.session.request(method, 'x')).resolves.toMatchObject({ status: 200 });
  });

  it('is sent again with the same headers and JSON body', async () => {
    await using world = await scripted([503, drop, 200]);
    await world.session.get('x', {
      data: { component: '20U' },
      params: { a: 1 },
      headers: { 'X-Mine': 'yes' },
    });
    const shape = ({ method, url, body, headers }: SeenRequest) => [
      ...[method, url, body, headers['x-mine'], headers['content-type'], headers.authorization],
    ];
    const [first, ...others] = world.origin.requests.map(shape);
    expect(others).toEqual([first, first]);
    expect(first).toEqual([
      ...['GET', '/x?a=1', '{"component":"20U"}', 'yes', 'application/json'],
      'Bearer mock-bearer-of-a-test',
    ]);
  });

  it.each([400, 401, 403, 404, 405, 409, 413, 415, 422, 451, 501, 505])(
    'that is answered %i is not retried',
    async (status) => {
      await using world = await scripted([status], { user: { authenticate: () => true, bearer: 'x' } });
      await expect(world.session.get('x', { auth: false })).rejects.toMatchObject({ status });
      expect(world.tries).toBe(1);
      expect(world.events).toEqual([]);
    },
  );

  it('without a server ends after four attempts, and the exception lists them', async () => {
    await using world = await scripted([]);
    const exception = await failure(world.session.get(`${NOWHERE}x`), ConnectionRefused);
    expect(exception.message.split('\n\n')[1]?.split('\n')).toEqual([
      'Gave up after 4 tries:',
      ...[1, 2, 3, 4].map((number) => `${number}. connect ECONNREFUSED 127.0.0.1:1`),
    ]);
    expect(exception.stack).toContain('Gave up after 4 tries:');
    expect(exception.neverReached).toBe(true);
  });

  it('has neverReached false if one of its attempts may have reached the server', () => {
    const attempts = new Attempts(resolveRetry({ idempotent: true }) as RetryPolicy);
    attempts.begin(0);
    const failed = { reason: 'refused', isTransient: true, mayRepeat: true, retryAfter: undefined };
    const refused = new ConnectionRefused('nobody', { neverReached: true });
    attempts.next({ ...failed, mayHaveArrived: false });
    expect(attempts.explain(refused).neverReached).toBe(true);
    attempts.next({ ...failed, mayHaveArrived: true });
    attempts.next({ ...failed, mayHaveArrived: false });
    expect(attempts.explain(refused).neverReached).toBe(false);
    // It may be for others too.
    expect(refused).toMatchObject({ message: 'nobody', neverReached: true });
  });

  it('whose host name does not resolve is retried', async () => {
    await using world = await scripted([]);
    await failure(world.session.get('http://no-such-host.invalid/'), HostNotFound);
    expect(world.events).toHaveLength(3);
  });

  it('over https to a server without TLS is not retried', async () => {
    await using world = await scripted([]);
    await failure(world.session.get(world.origin.url.replace('http:', 'https:')), TlsFailure);
    expect(world.events).toEqual([]);
  });

  it('as a stream is retried until the head arrives; a later failure is an error of the stream', async () => {
    await using world = await scripted([503, drop, breakOff, 200]);
    const { data } = await world.session.get<Readable>('x', { responseType: 'stream' });
    await failure(data.toArray(), ConnectionReset);
    expect(world.tries).toBe(3);
  });

  it('that is retried leaves no connection of its failed attempts open', async () => {
    await using world = await scripted([
      (_, response) => response.writeHead(503).end(Buffer.alloc(5_000_000)),
      200,
    ]);
    const { data } = await world.session.get<Readable>('x', { responseType: 'stream' });
    expect(await data.toArray()).toHaveLength(1);
    await expect(world.session.get('x')).resolves.toMatchObject({ status: 200 });
  });
});

describe('a write', () => {
  it.each(['POST', 'PUT', 'PATCH', 'DELETE'])(
    '(%s) that may have reached the server is not retried',
    async (method) => {
      for (const step of [500, 503, 429, drop, breakOff, stall]) {
        await using world = await scripted([step, 200], { timeout: 300 });
        await expect(world.session.request(method, 'x', { data: { a: 1 } })).rejects.toThrow();
        expect(world.tries).toBe(1);
      }
    },
  );

  it('that never reached the server is retried', async () => {
    // Free for now; something listens there only later.
    const probe = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => probe.once('listening', resolve));
    const { port } = probe.address() as AddressInfo;
    await new Promise((resolve) => probe.close(resolve));
    const bodies: string[] = [];
    const late = createServer((socket) =>
      socket.once('data', (bytes) => {
        bodies.push(String(bytes).split('\r\n\r\n')[1] ?? '');
        socket.end('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n');
      }),
    );
    await using world = await scripted([], { onRetry: () => late.listen(port, '127.0.0.1') });
    await world.session.post(`http://127.0.0.1:${port}/x`, { a: 1 }, { retry: { baseDelay: 50 } });
    expect(bodies).toEqual(['{"a":1}']);
    late.close();
  });

  it('is retried with `idempotent: true`', async () => {
    await using world = await scripted([503, drop, 200]);
    await world.session.post('x', { a: 1 }, { retry: { idempotent: true } });
    expect(world.origin.requests.map(({ body }) => body)).toEqual(['{"a":1}', '{"a":1}', '{"a":1}']);
  });

  it('whose body is a stream is never retried', async () => {
    await using world = await scripted([503]);
    const data = Readable.from(['one']);
    await failure(world.session.post('x', data, { retry: { idempotent: true } }), ServerError);
    await failure(world.session.post(`${NOWHERE}x`, Readable.from(['one'])), ConnectionRefused);
    expect(world.tries).toBe(1);
    expect(world.events).toEqual([]);
  });
});

describe('a failed attempt before a failure that is not retried', () => {
  it('is in the message, and the JSON of the server is at the end', async () => {
    const refuse: Respond = (_, response) => json(response, { uuAppErrorMap: {} }, 400);
    await using world = await scripted([503, refuse]);
    const { message } = await failure(world.session.get('x'), BadRequest);
    expect(message).toMatch(
      /Gave up after 2 tries:\n1\. 503 Service Unavailable\n2\. 400 Bad Request\n\nThe following details may help:\n\{\n {2}"uuAppErrorMap": \{\}\n\}$/,
    );
  });
});

describe('the option retry', () => {
  it.each<[string, SessionOptions['retry'], SessionOptions['retry'], number]>([
    ['false of the session', false, undefined, 1],
    ['false of the request', QUICK, false, 1],
    ['an object of the request, and false of the session', false, { ...QUICK, tries: 2 }, 2],
    ['an object of the request, and one of the session', { ...QUICK, tries: 3 }, { tries: 2 }, 2],
    ['an undefined member', { ...QUICK, tries: undefined }, undefined, 4],
    ['one attempt', { tries: 1 }, undefined, 1],
    ['other statuses', { ...QUICK, statuses: [418] }, undefined, 1],
  ])('can be %s', async (_, ofSession, ofRequest, tries) => {
    await using world = await scripted([503], { retry: ofSession });
    await failure(world.session.get('x', { retry: ofRequest }), ServerError);
    expect(world.tries).toBe(tries);
  });

  it.each<[unknown, string]>([
    [true, '`retry` must be false, or an object such as { tries: 4 }'],
    [3, '`retry` must be false, or an object such as { tries: 4 }'],
    [{ tries: 0 }, '`retry.tries` must be a whole number, at least 1'],
    [{ tries: 1.5 }, '`retry.tries` must be a whole number'],
    [{ within: '2 min' }, '`retry.within` must be a number of milliseconds'],
    [{ baseDelay: -1 }, '`retry.baseDelay` must be a number of milliseconds, at least 0'],
    [{ statuses: 503 }, '`retry.statuses` must be a list of statuses'],
    [{ statuses: [200] }, '`retry.statuses.0` must be a status of a failure'],
    [{ idempotent: 'yes' }, '`retry.idempotent` must be true or false'],
    [{ retries: 3 }, 'there is no option `retries`'],
  ])('with a wrong value is an InvalidInvocation that names it: %j', async (retry, message) => {
    expect(() => new Session({ user: new MockUser(), retry: retry as never })).toThrow(message);
    expect(() => new User({ retry: retry as never })).toThrow(message);
    await using world = await scripted([200]);
    const exception = await failure(world.session.get('x', { retry: retry as never }), InvalidInvocation);
    expect(exception.message).toContain(message);
  });
});
