import { Agent } from 'node:http';
import { Readable } from 'node:stream';
import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import {
  Aborted,
  BadRequest,
  InvalidInvocation,
  InvalidResponse,
  type RequestConfig,
  Session,
  Timeout,
  TooLarge,
} from '../../src/index.js';
import { failure } from '../helpers/failure.js';
import { MockUser } from '../helpers/mock-user.js';
import { json, Origin } from '../helpers/origin.js';
import { withOrigin } from '../helpers/with-origin.js';

describe('a write', () => {
  it('that was done is not sent again when reading its result is refused', async () => {
    let reads = 0;
    await using world = await withOrigin((request, response) => {
      if (request.method === 'POST') response.writeHead(303, { Location: '/result' }).end();
      else json(response, {}, reads++ === 0 ? 401 : 200);
    });
    await expect(world.session.post('create', {})).resolves.toMatchObject({ status: 200 });
    expect(world.origin.requests.map(({ method }) => method)).toEqual(['POST', 'GET', 'GET']);
  });

  it('has the Content-Type of the session', async () => {
    const headers = { 'Content-Type': 'application/vnd.pdb+json' };
    await using world = await withOrigin(undefined, { headers });
    await world.session.post('x', { a: 1 });
    await world.session.put('x', 'text');
    expect(world.origin.requests.map((request) => request.headers['content-type'])).toEqual([
      'application/vnd.pdb+json',
      'application/vnd.pdb+json',
    ]);
  });

  it('whose form is longer than it was said to be is refused', async () => {
    await using world = await withOrigin();
    const stream = Object.assign(Readable.from([Buffer.alloc(100)]), {
      getHeaders: () => ({ 'content-type': 'multipart/form-data; boundary=x' }),
      getBoundary: () => 'x',
      hasKnownLength: () => true,
      getLengthSync: () => 5,
    });
    const { message } = await failure(world.session.post('x', stream), InvalidInvocation);
    expect(message).toContain('was said to have 5');
  });

  it('that is answered before its body was read leaves no upload behind', async () => {
    await using world = await withOrigin();
    await using origin = await Origin.startRaw((request, response) => {
      response.writeHead(413).end();
      request.on('error', () => {});
    });
    const body = new Readable({ read() {} });
    body.push('first');
    await failure(world.session.post(origin.url, body), TooLarge);
    await expect.poll(() => body.destroyed).toBe(true);
  });

  it('that waits in the queue and is aborted has never reached the server', async () => {
    await using world = await withOrigin((_, response) => void setTimeout(() => response.end(), 200), {
      maxConcurrency: 1,
    });
    const first = world.session.post('a', {});
    const exception = await failure(
      world.session.post('b', {}, { signal: AbortSignal.timeout(20) }),
      Aborted,
    );
    expect(exception.neverReached).toBe(true);
    await first;
  });
});

describe('a stream that is not sent', () => {
  it.each<[string, RequestConfig, string]>([
    ['because of its URL', {}, 'foo:bar'],
    ['because its signal was aborted', { signal: AbortSignal.abort() }, 'x'],
  ])('%s is destroyed', async (_, config, url) => {
    await using world = await withOrigin();
    const body = Readable.from(['x']);
    await world.session.post(url, body, config).catch(() => {});
    expect(body.destroyed).toBe(true);
    const prepared = Readable.from(['x']);
    await world.session.prepareRequest({ method: 'POST', url, data: prepared, ...config }).catch(() => {});
    expect(prepared.destroyed).toBe(true);
  });

  it('because the session is closed is destroyed', async () => {
    await using world = await withOrigin();
    await world.session.close();
    const body = Readable.from(['x']);
    await failure(world.session.post('x', body), InvalidInvocation);
    expect(body.destroyed).toBe(true);
  });
});

describe('an agent that has no socket for a request', () => {
  const mute = (): Agent => {
    const agent = new Agent();
    agent.createConnection = () => undefined as never;
    return agent;
  };

  it('lets an AbortSignal end the request', async () => {
    await using session = new Session({
      user: new MockUser(),
      prefixUrl: 'http://127.0.0.1:1/',
      cache: false,
    });
    const options = { httpAgent: mute(), signal: AbortSignal.timeout(20), retry: false } as const;
    expect(await failure(session.post('x', {}, options), Aborted)).toMatchObject({ neverReached: true });
  });

  it('lets `timeout` end the request', async () => {
    await using session = new Session({
      user: new MockUser(),
      prefixUrl: 'http://127.0.0.1:1/',
      cache: false,
    });
    const options = { httpAgent: mute(), timeout: 20, retry: false } as const;
    expect(await failure(session.post('x', {}, options), Timeout)).toMatchObject({ neverReached: true });
  });
});

describe('a request that was refused with 401', () => {
  it('has reached the server, also where the new token does not come in time', async () => {
    let asked = 0;
    const user = { bearer: 'token', authenticate: () => asked++ === 0 || new Promise<true>(() => {}) };
    await using world = await withOrigin((_, response) => json(response, {}, 401), { user });
    const refused = failure(world.session.get('x', { timeout: 100 }), Timeout);
    expect(await refused).toMatchObject({ neverReached: false });
    expect(asked).toBe(2);
  });
});

describe('a reserved header', () => {
  it.each(['Transfer-Encoding', 'Content-Length', 'Connection', 'Expect', 'Proxy-Authorization'])(
    '%s cannot be set by transformRequest or in a prepared request',
    async (name) => {
      await using world = await withOrigin();
      const transformRequest: RequestConfig['transformRequest'] = (_, headers) => {
        headers.set(name, '5');
        return 'body';
      };
      const refused = await failure(world.session.post('x', {}, { transformRequest }), InvalidInvocation);
      expect(refused.message).toContain(`\`${name.toLowerCase()}\` must be left out`);
      const prepared = await world.session.prepareRequest({ method: 'POST', url: 'x', data: {} });
      prepared.headers.set(name, '5');
      await failure(world.session.send(prepared), InvalidInvocation);
      expect(world.origin.requests).toEqual([]);
    },
  );
});

describe('credentials', () => {
  it('in the headers of a session stay with the database', async () => {
    const headers = { 'X-Api-Key': 'key', 'X-Plain': 'plain' };
    await using world = await withOrigin(undefined, { headers });
    await using elsewhere = await Origin.start();
    await world.session.get('x');
    await world.session.get(elsewhere.url);
    expect(world.origin.requests[0]?.headers).toMatchObject({ 'x-api-key': 'key', 'x-plain': 'plain' });
    expect(elsewhere.requests[0]?.headers).toMatchObject({ 'x-plain': 'plain' });
    expect(elsewhere.requests[0]?.headers).not.toHaveProperty('x-api-key');
  });

  it('of `auth` that the server repeats are shown nowhere', async () => {
    await using world = await withOrigin((_, response) =>
      json(response, { you: 'sent hunter2hunter2' }, 400),
    );
    const auth = { username: 'u', password: 'hunter2hunter2' };
    const exception = await failure(world.session.get('x', { auth }), BadRequest);
    for (const shown of [exception, world.session.lastResponse, JSON.stringify(exception)])
      expect(inspect(shown, { depth: 20 })).not.toContain('hunter2hunter2');
  });

  it('in a URL are kept within its origin', async () => {
    await using world = await withOrigin(({ url }, response) =>
      url === '/a' ? response.writeHead(302, { Location: '/b' }).end() : response.end(),
    );
    await world.session.get(world.origin.url.replace('http://', 'http://u:p@').concat('a'));
    expect(world.origin.requests.map(({ headers }) => headers.authorization)).toEqual([
      `Basic ${btoa('u:p')}`,
      `Basic ${btoa('u:p')}`,
    ]);
  });

  it('of a session for another server are not sent with a prepared request', async () => {
    await using one = await withOrigin((_, response) => json(response, {}, 401));
    await using other = await withOrigin();
    const prepared = await one.session.prepareRequest({ url: 'x' });
    const session = new Session({ user: new MockUser('of-another-server'), prefixUrl: other.origin.url });
    await session.send(prepared).catch(() => {});
    await session.close();
    expect(one.origin.requests.map(({ headers }) => headers.authorization)).toEqual([
      `Bearer ${one.user.bearer}`,
    ]);
  });
});

describe('a prepared request', () => {
  it('is sent without headers that were taken out of it', async () => {
    await using world = await withOrigin();
    const prepared = await world.session.prepareRequest({ url: 'x' });
    prepared.headers.delete('User-Agent');
    await world.session.send(prepared);
    expect(world.origin.requests[0]?.headers).not.toHaveProperty('user-agent');
  });
});

describe('a function of the caller that is async', () => {
  it.each<[string, RequestConfig]>([
    ['validateStatus', { validateStatus: (async () => true) as never }],
    ['transformResponse', { transformResponse: (async () => Promise.reject(new Error('late'))) as never }],
  ])('is refused as `%s`', async (name, config) => {
    await using world = await withOrigin();
    const { message } = await failure(world.session.get('x', config), InvalidInvocation);
    expect(message).toBe(`\`${name}\` must not be async: it is not waited for`);
  });
});

it('a streamed response that breaks while its first cookie is stored is an exception of its reader', async () => {
  await using world = await withOrigin((_, response) =>
    response.writeHead(200, { 'Set-Cookie': 'a=b', 'Content-Encoding': 'gzip' }).end('not gzip'),
  );
  const reading = world.session
    .get<Readable>('x', { responseType: 'stream' })
    .then(({ data }) => data.toArray());
  await failure(reading, InvalidResponse);
});
