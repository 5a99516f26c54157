import { Readable } from 'node:stream';
import { inspect } from 'node:util';
import type { AxiosResponse } from 'axios';
import { describe, expect, expectTypeOf, it } from 'vitest';
import {
  InvalidInvocation,
  PreparedRequest,
  type RequestConfig,
  Session,
  type SessionResponse,
  VERSION,
} from '../../src/index.js';
import { startDatabase } from '../helpers/database.js';
import { failure } from '../helpers/failure.js';
import type { Respond } from '../helpers/origin.js';
import { stopClock } from '../helpers/stopped-clock.js';
import { withOrigin } from '../helpers/with-origin.js';

const { newSession } = await startDatabase({ components: 10 });

describe('responseType', () => {
  const isOfType = {
    arraybuffer: Buffer.isBuffer,
    stream: (data: unknown) => data instanceof Readable,
    text: (data: unknown) => typeof data === 'string',
  };

  it.each(['arraybuffer', 'stream', 'text'] as const)(
    '%s gives data of the type that it has in TypeScript, whatever the response',
    async (responseType) => {
      const respond: Respond = ({ url }, response) => {
        if (url === '/empty') response.writeHead(204).end();
        else if (url === '/page') response.setHeader('content-type', 'text/html').end('<p>page</p>');
        else
          response
            .writeHead(200, { 'content-type': 'application/json', 'cache-control': 'max-age=60' })
            .end('{"a":1}');
      };
      await using world = await withOrigin(respond, { cache: new Map() });
      const { session } = world;
      const responses = [
        await session.get('empty', { responseType }),
        await session.get('page', { responseType }),
        await session.get('json', { responseType }),
        await session.get('json', { responseType }),
        await session.head('json', { responseType }),
        await session.post('json', {}, { responseType }),
        await session.request('GET', 'other', { responseType }),
      ];
      expect(responses.map(({ data }) => isOfType[responseType](data))).toEqual(responses.map(() => true));
      for (const { data } of responses) if (data instanceof Readable) await data.toArray();
    },
  );
});

describe('the verbs', () => {
  it.each([
    ['get', 'GET'],
    ['head', 'HEAD'],
    ['options', 'OPTIONS'],
    ['delete', 'DELETE'],
  ] as const)('%s(url, config) sends a %s', async (verb, method) => {
    await using world = await withOrigin();
    type Send = (url: string, config: RequestConfig) => Promise<SessionResponse>;
    const session: Record<typeof verb, Send> = world.session;
    const response = await session[verb]('x?a=1', { params: { b: 2 }, data: { c: 3 } });
    expect(response.status).toBe(200);
    expect(world.origin.requests).toEqual([
      expect.objectContaining({
        method,
        url: '/x?a=1&b=2',
        body: '{"c":3}',
        headers: expect.objectContaining({ 'content-type': 'application/json' }),
      }),
    ]);
  });

  it.each([
    ['post', 'POST'],
    ['put', 'PUT'],
    ['patch', 'PATCH'],
  ] as const)('%s(url, data, config) sends a %s', async (verb, method) => {
    await using world = await withOrigin();
    type Send = (url: string, data: object, config: RequestConfig) => Promise<SessionResponse>;
    const session: Record<typeof verb, Send> = world.session;
    await session[verb]('x', { c: 3 }, { headers: { 'X-Mine': 'y' } });
    expect(world.origin.requests).toMatchObject([
      { method, url: '/x', body: '{"c":3}', headers: { 'x-mine': 'y' } },
    ]);
  });

  it('request(config) and request(method, url, config) are the same', async () => {
    await using world = await withOrigin();
    await world.session.request({ method: 'patch', url: 'x', data: [1] });
    await world.session.request('patch', new URL('x', world.origin.url), { data: [1] });
    const [first, second] = world.origin.requests;
    expect(first).toMatchObject({ method: 'PATCH', url: '/x', body: '[1]' });
    expect(second).toEqual(first);
  });

  it('answer with an axios response', () => {
    expectTypeOf<SessionResponse<string>['data']>().toEqualTypeOf<string>();
    expectTypeOf<SessionResponse['fromCache']>().toEqualTypeOf<boolean>();
    const get = () => newSession().get('x');
    expectTypeOf(get).returns.resolves.toExtend<AxiosResponse<unknown>>();
    expectTypeOf<Awaited<ReturnType<typeof get>>['data']>().toEqualTypeOf<unknown>();
  });
});

describe('query parameters', () => {
  it('repeat for a list, leave out what is undefined or null, and add to a query', async () => {
    await using world = await withOrigin();
    await world.session.get('x?a=1', {
      params: { list: ['p', 'q'], none: undefined, nothing: null, text: 'ü &' },
    });
    expect(world.origin.requests[0]?.url).toBe('/x?a=1&list=p&list=q&text=%C3%BC+%26');
  });

  it.each<[unknown, string]>([
    [
      [
        ['a', 1],
        ['b', ['x', 'y']],
        ['none', null],
        ['a', '2 3'],
      ],
      'a=1&b=x&b=y&a=2+3',
    ],
    ['a=1&b=x y&c={d}', 'a=1&b=x%20y&c=%7Bd%7D'],
    ['a=#1', 'a=%231'],
    [
      new URLSearchParams([
        ['a', '1'],
        ['a', '2'],
      ]),
      'a=1&a=2',
    ],
    [{ a: `:,$[]'()*!~ ` }, 'a=%3A%2C%24%5B%5D%27%28%29%2A%21~+'],
  ])('%j as `params` are sent as %s', async (params, query) => {
    await using world = await withOrigin();
    await world.session.get('x', { params });
    await world.session.get('x?#fragment', { params });
    await world.session.get('x?z=0#fragment', { params });
    const urls = world.origin.requests.map(({ url }) => url);
    expect(urls).toEqual([`/x?${query}`, `/x?${query}`, `/x?z=0&${query}`]);
  });

  it.each<[string, unknown]>([
    ['a Promise', Promise.resolve({ a: 1 })],
    ['an object with a Promise', { a: Promise.resolve(1) }],
    ['a pair with a Promise', [['a', Promise.resolve(1)]]],
    ['a Map', new Map([['a', 1]])],
  ])('refuses %s as `params`, of which nothing would be sent', async (_, params) => {
    await using world = await withOrigin();
    await failure(world.session.get('x', { params }), InvalidInvocation);
    expect(world.origin.requests).toEqual([]);
  });

  it('refuses a list of `params` that has no pairs', async () => {
    await using world = await withOrigin();
    const error = await failure(world.session.get('x', { params: ['a', 'b'] }), InvalidInvocation);
    expect(error.message).toBe('a list of `params` must have pairs: [[name, value], …]');
  });
});

describe('headers', () => {
  it('name the package, unless the caller names something else', async () => {
    await using world = await withOrigin();
    await world.session.get('x');
    await world.session.get('x', { headers: { 'user-agent': 'mine/1' } });
    expect(world.origin.requests.map(({ headers }) => headers['user-agent'])).toEqual([
      `itkdb/${VERSION}`,
      'mine/1',
    ]);
  });

  it('of the session go with every request', async () => {
    await using world = await withOrigin(undefined, { headers: { 'User-Agent': 'ours/1', 'X-Ours': 'yes' } });
    await world.session.get('x');
    expect(world.origin.requests[0]?.headers).toMatchObject({ 'user-agent': 'ours/1', 'x-ours': 'yes' });
  });

  it.each(['Authorization', 'cookie', 'Proxy-Authorization'])(
    'of the session cannot be %s, which would go everywhere',
    (name) => {
      expect(() => newSession({ headers: { [name]: 'x' } })).toThrow(InvalidInvocation);
      expect(() => newSession({ headers: { [name]: 'x' } })).toThrow(`\`headers.${name}\``);
    },
  );
});

describe('cookies', () => {
  const respond: Respond = ({ url }, response) => {
    if (url === '/set')
      response.setHeader('set-cookie', [
        'a=1; Path=/',
        'b=2; Path=/deep',
        'c=3; Max-Age=0',
        '=;;',
        'd=4; Domain=elsewhere.example',
      ]);
    response.end();
  };

  it('are kept for the session', async () => {
    await using world = await withOrigin(respond);
    await world.session.get('set');
    await world.session.get('x');
    await world.session.get('deep/x');
    await world.session.get('x', { headers: { Cookie: 'mine=1' } });
    expect(world.origin.requests.map(({ headers }) => headers.cookie)).toEqual([
      undefined,
      'a=1',
      'b=2; a=1',
      'mine=1',
    ]);
  });

  it('are kept from other sessions and from other origins, ports of the same host included', async () => {
    await using world = await withOrigin(respond);
    await using elsewhere = await withOrigin();
    await world.session.get('set');
    await world.session.get(`${elsewhere.origin.url}x`);
    await using other = new Session({ user: world.user, prefixUrl: world.origin.url });
    await other.get('x');
    expect(elsewhere.origin.requests[0]?.headers.cookie).toBeUndefined();
    expect(world.origin.requests.at(-1)?.headers.cookie).toBeUndefined();
  });
});

describe('prepareRequest(), authorize() and send()', () => {
  it('do in steps what request() does at once', async () => {
    stopClock();
    await using world = await withOrigin();
    const config: RequestConfig = { method: 'POST', url: 'x', params: { q: 1 }, data: { a: 1 } };
    const prepared = await world.session.prepareRequest(config);
    expect(world.origin.requests).toEqual([]);
    expect(prepared).toBeInstanceOf(PreparedRequest);
    expect(prepared.method).toBe('POST');
    expect(prepared.url).toBe(`${world.origin.url}x?q=1`);
    expect(prepared.body).toBe('{"a":1}');
    expect(prepared.headers.get('Authorization')).toBe(`Bearer ${world.user.bearer}`);
    prepared.headers.set('X-Added', 'later');
    await expect(world.session.send(prepared)).resolves.toMatchObject({ status: 200, data: 'ok' });
    await world.session.send(prepared);
    expect(world.origin.requests).toHaveLength(2);
    expect(world.origin.requests[0]).toMatchObject({
      url: '/x?q=1',
      body: '{"a":1}',
      headers: { 'x-added': 'later', 'content-type': 'application/json' },
    });
    expect(world.user.authentications).toBe(1);
    expect(await world.session.authorize(prepared)).toBe(prepared);
    expect(world.user.authentications).toBe(2);
  });

  it('put no bearer into a request to elsewhere', async () => {
    await using world = await withOrigin();
    const prepared = await world.session.prepareRequest({ url: 'https://other.example/' });
    await world.session.authorize(prepared);
    expect(prepared.headers.has('Authorization')).toBe(false);
    expect(world.user.authentications).toBe(0);
  });

  it('of a read with a body keep it', async () => {
    await using session = newSession();
    const prepared = await session.prepareRequest({
      url: 'listProjects',
      data: { pageInfo: { pageSize: 1 } },
    });
    expect((await session.send(prepared)).data).toMatchObject({ itemList: [{}] });
  });

  it('show no secret', async () => {
    await using world = await withOrigin();
    const prepared = await world.session.prepareRequest({
      url: 'x?token=in-the-url',
      data: { accessCode1: 'in-the-body' },
    });
    for (const text of [
      inspect(prepared, { showHidden: true, depth: 9 }),
      JSON.stringify(prepared),
      String(prepared),
    ]) {
      expect(text).toContain('<TOKEN>');
      for (const secret of [world.user.bearer, 'in-the-url', 'in-the-body'])
        expect(text).not.toContain(secret);
    }
  });
});
