import { execFile } from 'node:child_process';
import { Agent as HttpsAgent } from 'node:https';
import { inspect, promisify } from 'node:util';
import axios, { AxiosHeaders, type AxiosResponse } from 'axios';
import { afterAll, beforeAll, beforeEach, describe, expect, expectTypeOf, it, vi } from 'vitest';
import {
  BadJSON,
  BadRequest,
  Forbidden,
  InvalidInvocation,
  NotFound,
  PreparedRequest,
  type RequestConfig,
  ServerError,
  Session,
  type SessionOptions,
  type SessionResponse,
  UnhandledResponse,
  User,
  UserBearer,
  VERSION,
} from '../src/index.js';
import { createLogger } from '../src/logger.js';
import { type EmbeddedPdb, startPdb } from '../src/testing/index.js';
import { failure } from './helpers/failure.js';
import { keepLogs } from './helpers/logs.js';
import { MockUser } from './helpers/mock-user.js';
import { json, Origin, type Respond } from './helpers/origin.js';

let pdb: EmbeddedPdb;

beforeAll(async () => {
  pdb = await startPdb({ components: 300, bearers: ['key-of-a-service'] });
});

afterAll(() => pdb.close());

beforeEach(() => {
  pdb.reset();
  pdb.identity.tokenLifetime = 7200;
});

const newSession = (options: SessionOptions = {}): Session =>
  new Session({ user: new User(pdb.userOptions), prefixUrl: pdb.apiUrl, retry: false, ...options });

/** An origin, and a session with a mock user whose prefix it is. */
async function withOrigin(respond?: Respond, options: SessionOptions = {}) {
  const origin = await Origin.start(respond);
  const user = new MockUser();
  const session = new Session({ user, prefixUrl: origin.url, retry: false, ...options });
  return {
    origin,
    user,
    session,
    async [Symbol.asyncDispose]() {
      await session.close();
      await origin[Symbol.asyncDispose]();
    },
  };
}

describe('a session', () => {
  it('authenticates itself and reads from the database', async () => {
    await using session = newSession();
    const { data, status, fromCache } = await session.get<{ name: string }[]>('listProjects');
    expect(data).toMatchObject({ itemList: [{ code: 'S', name: 'Strips' }, {}, {}, {}], uuAppErrorMap: {} });
    expect(status).toBe(200);
    expect(fromCache).toBe(false);
    expect(pdb.requests.map(({ command }) => command)).toEqual(['grantToken', 'listKeys', 'listProjects']);
    expect(pdb.requests[2]?.headers.authorization).toBe(`Bearer ${session.user.bearer}`);
  });

  it('makes a user of its own from the settings, and reads its prefix there', async () => {
    for (const [name, value] of Object.entries(pdb.env)) vi.stubEnv(name, value);
    await using session = new Session();
    expect(session.prefixUrl).toBe(pdb.apiUrl);
    await session.get('listProjects');
    expect(session.user).toMatchObject({ name: 'Alex Example' });
  });

  it('takes any object with authenticate() and bearer for a user', async () => {
    const origin = await Origin.start();
    await using _ = origin;
    await using session = new Session({
      user: { authenticate: () => true, bearer: 'two-line-user' },
      prefixUrl: origin.url,
    });
    await session.get('x');
    expect(origin.requests[0]?.headers.authorization).toBe('Bearer two-line-user');
  });

  it('takes a bearer that is there already', async () => {
    await using session = newSession({ user: new UserBearer({ bearer: 'key-of-a-service' }) });
    await expect(session.get('listProjects')).resolves.toMatchObject({ status: 200 });
    expect(pdb.count('grantToken')).toBe(0);
  });

  it('serves a thousand requests on an expired token with one grant', async () => {
    const user = new User({ ...pdb.userOptions, authExpiryThreshold: 15 });
    await using session = newSession({ user, cache: false });
    pdb.identity.tokenLifetime = 10;
    await session.get('listProjects');
    pdb.identity.tokenLifetime = 7200;
    pdb.reset();
    const answers = await Promise.all(Array.from({ length: 1000 }, () => session.get('listProjects')));
    expect(answers.every(({ status }) => status === 200)).toBe(true);
    expect(pdb.count('grantToken')).toBe(1);
    expect(pdb.count('listProjects')).toBe(1000);
  });
});

describe('the verbs', () => {
  it.each([
    ['get', 'GET'],
    ['head', 'HEAD'],
    ['options', 'OPTIONS'],
    ['delete', 'DELETE'],
  ] as const)('%s(url, config) sends a %s', async (verb, method) => {
    await using world = await withOrigin();
    const response = await world.session[verb]('x?a=1', { params: { b: 2 }, data: { c: 3 } });
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
    await world.session[verb]('x', { c: 3 }, { headers: { 'X-Mine': 'y' } });
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
    expectTypeOf<Session['get']>().returns.resolves.toExtend<AxiosResponse<unknown>>();
    expectTypeOf<SessionResponse<string>['data']>().toEqualTypeOf<string>();
    expectTypeOf<SessionResponse['fromCache']>().toEqualTypeOf<boolean>();
    const get = () => newSession().get('x');
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
});

describe('a request body', () => {
  it.each<[string, unknown, string, string | undefined]>([
    ['an object', { hello: 'wörld' }, '{"hello":"wörld"}', 'application/json'],
    ['an empty object', {}, '{}', 'application/json'],
    ['an empty list', [], '[]', 'application/json'],
    ['null', null, '', undefined],
    ['nothing', undefined, '', undefined],
    ['a number', 7, '7', 'application/json'],
    ['a string', 'text', 'text', undefined],
    ['bytes', Buffer.from('bytes'), 'bytes', undefined],
    [
      'a view of bytes',
      new Uint8Array(Buffer.from('abcdef').buffer, Buffer.from('abcdef').byteOffset, 0),
      '',
      undefined,
    ],
    ['a form', new URLSearchParams({ a: 'b' }), 'a=b', 'application/x-www-form-urlencoded;charset=utf-8'],
    [
      'an object with a null',
      { a: null, d: new Date(0) },
      '{"a":null,"d":"1970-01-01T00:00:00.000Z"}',
      'application/json',
    ],
    [
      'an instance of a class',
      new (class Dto {
        x = 1;
      })(),
      '{"x":1}',
      'application/json',
    ],
  ])('that is %s', async (_, data, body, contentType) => {
    await using world = await withOrigin();
    await world.session.post('x', data);
    expect(world.origin.requests[0]?.body).toBe(body);
    expect(world.origin.requests[0]?.headers['content-type']).toBe(contentType);
  });

  it('that is a view sends only what is in view', async () => {
    await using world = await withOrigin();
    await world.session.post(
      'x',
      new Uint8Array(new TextEncoder().encode('secret visible secret').buffer, 7, 7),
    );
    expect(world.origin.requests[0]?.body).toBe('visible');
  });

  it('that is form data goes as multipart', async () => {
    await using world = await withOrigin();
    const form = new FormData();
    form.set('title', 'A title');
    form.set('data', new Blob(['content'], { type: 'text/plain' }), 'a.txt');
    await world.session.post('createComponentAttachment', form);
    const [request] = world.origin.requests;
    expect(request?.headers['content-type']).toMatch(/^multipart\/form-data; boundary=/);
    expect(request?.body).toContain('name="data"; filename="a.txt"');
  });

  it('that is a form is written as formSerializer says', async () => {
    await using world = await withOrigin();
    const headers = { 'Content-Type': 'application/x-www-form-urlencoded' };
    const form = { stages: ['BONDED', 'TESTED'], child: { slot: 1 } };
    await world.session.post('x', form, { headers });
    await world.session.post('x', form, { headers, formSerializer: { indexes: null, dots: true } });
    expect(world.origin.requests.map(({ body }) => decodeURIComponent(body))).toEqual([
      'stages[]=BONDED&stages[]=TESTED&child[slot]=1',
      'stages=BONDED&stages=TESTED&child.slot=1',
    ]);
  });

  it('goes through the transformRequest of the caller, one after the other', async () => {
    await using world = await withOrigin();
    const transformRequest = [
      (data: unknown) => ({ data }),
      (data: unknown, headers: AxiosHeaders) => {
        headers.set('X-Wrapped', 'yes');
        return JSON.stringify(data);
      },
    ];
    await world.session.post('x', [1], { transformRequest });
    const [request] = world.origin.requests;
    expect(request).toMatchObject({ body: '{"data":[1]}', headers: { 'x-wrapped': 'yes' } });
  });

  it.each<[unknown, string]>([
    [{ results: { CURRENT: [1, Number.NaN] } }, '`results.CURRENT.1` is NaN; send null or leave it out'],
    [{ a: Number.POSITIVE_INFINITY }, '`a` is Infinity; send null or leave it out'],
    [Number.NaN, '`data` is NaN; send null or leave it out'],
    [{ a: { b: 10n } }, '`a.b` is a bigint; send a number or a string'],
    [{ a: new Float64Array([1]) }, '`a` is a Float64Array; send Array.from(it)'],
    [{ a: Buffer.from('x') }, '`a` is a Buffer; send Array.from(it)'],
    [{ a: new Set([1]) }, '`a` is a Set; send Array.from(it)'],
    [{ a: new Map([[1, 2]]) }, '`a` is a Map; send Object.fromEntries(it)'],
    [{ a: Promise.resolve(1) }, '`a` is a Promise; is an `await` missing?'],
    [{ a: new Error('x') }, '`a` is an Error'],
    [{ a: [1, undefined] }, '`a.1` is undefined; send null'],
    [{ a: Symbol('x') }, '`a` is a symbol'],
    [{ date: new Date('x') }, '`date` is an invalid Date; send null or leave it out'],
    [
      (() => {
        const a: Record<string, unknown> = {};
        a['self'] = { a };
        return a;
      })(),
      '`self.a` holds itself',
    ],
    [() => 1, '`data` is a function'],
    // Boxed, made by toJSON, and behind a value of the same name.
    [{ a: new Number(Number.NaN) }, '`a` is NaN; send null or leave it out'],
    [{ a: { toJSON: () => ({ b: Number.NaN }) } }, '`a.b` is NaN; send null or leave it out'],
    [{ a: { a: [1, { a: 2 }] }, b: [[], [1n]] }, '`b.1.0` is a bigint; send a number or a string'],
  ])('that JSON cannot hold is refused by name', async (data, message) => {
    await using world = await withOrigin();
    const exception = await failure(world.session.post('x', data), InvalidInvocation);
    expect(exception.message).toBe(`the request body cannot be written as JSON: ${message}`);
    expect(world.origin.requests).toEqual([]);
  });
});

describe('an answer', () => {
  const body = '{"é":1}';
  const respond: Respond = ({ url }, response) => {
    const [, type = '', charset = 'utf8'] = decodeURIComponent(url).split('!');
    if (type) response.setHeader('content-type', type);
    response.end(Buffer.from(body, charset as BufferEncoding));
  };

  it.each<[string, RequestConfig['responseType'], unknown]>([
    ['application/json', undefined, { é: 1 }],
    ['application/problem+json; charset=utf-8', undefined, { é: 1 }],
    ['Application/JSON', undefined, { é: 1 }],
    ['application/json; charset=nonsense', undefined, { é: 1 }],
    ['text/plain', undefined, body],
    ['text/html', undefined, body],
    ['application/xml', undefined, body],
    ['', undefined, body],
    ['image/jpeg', undefined, Buffer.from(body)],
    ['application/zip', undefined, Buffer.from(body)],
    ['text/plain', 'json', { é: 1 }],
    ['application/json', 'text', body],
    ['application/json', 'arraybuffer', Buffer.from(body)],
  ])('of type %j for responseType %s is decoded', async (type, responseType, data) => {
    await using world = await withOrigin(respond);
    const config: RequestConfig = responseType === undefined ? {} : { responseType };
    expect((await world.session.get(`x!${encodeURIComponent(type)}`, config)).data).toEqual(data);
  });

  it('in another charset is decoded', async () => {
    await using world = await withOrigin(respond);
    expect((await world.session.get('x!text%2Fplain;charset="latin1"!latin1')).data).toBe(body);
  });

  it('of which the headers say JSON but which is none is BadJSON', async () => {
    await using world = await withOrigin((_, response) => {
      response.writeHead(200, { 'content-type': 'application/json' }).end('<html>gateway</html>');
    });
    const exception = await failure(world.session.get('x'), BadJSON);
    expect(exception).toMatchObject({ status: 200, code: 'ERR_BAD_JSON', cause: expect.any(SyntaxError) });
    expect(exception.message).toMatch(
      /details may help:\nThe body is not the JSON that it should be: Unexpected token.*\n<html>gateway<\/html>$/,
    );
    expect(world.session.lastResponse?.status).toBe(200);
  });

  it('that is no JSON is not quoted by the cause: what is there may be secret', async () => {
    await using world = await withOrigin((_, response) => {
      response.writeHead(200, { 'content-type': 'application/json' }).end('hunter2');
    });
    const { cause } = await failure(world.session.get('x'), BadJSON);
    expect((cause as Error).message).toMatch(/^Unexpected token .* is not valid JSON$/);
    expect((cause as Error).stack).not.toContain('hunter2');
  });

  it.each([204, 200])('without a body is an empty string: %i', async (status) => {
    await using world = await withOrigin((_, response) =>
      response.writeHead(status, { 'content-type': 'application/json' }).end(),
    );
    expect((await world.session.get('x')).data).toBe('');
  });

  it('that is a stream is read as it comes', async () => {
    await using session = newSession();
    const { data } = await session.get<AsyncIterable<Buffer>>('listProjects', { responseType: 'stream' });
    const chunks: Buffer[] = [];
    for await (const chunk of data) chunks.push(chunk);
    expect(JSON.parse(Buffer.concat(chunks).toString())).toHaveProperty('itemList');
  });

  it('passes through the transformResponse of the caller, as text', async () => {
    await using world = await withOrigin(respond);
    const transformResponse = (text: unknown) => ({ wrapped: text });
    expect((await world.session.get('x!application%2Fjson', { transformResponse })).data).toEqual({
      wrapped: body,
    });
  });

  it('that is a failure is shown as it came, whatever transformResponse there is', async () => {
    await using world = await withOrigin((_, response) => response.writeHead(404).end('{"a":1}'));
    const transformResponse = () => 'transformed';
    const { response } = await failure(world.session.get('x', { transformResponse }), NotFound);
    expect(response.data).toEqual({ a: 1 });
    expect(Object.keys(response)).toEqual(['status', 'statusText', 'headers', 'data', 'request']);
  });

  it('holds no credential, wherever one looks', async () => {
    await using session = newSession({ headers: { 'X-Api-Key': 'key-of-mine' } });
    const response = await session.get('listProjects?authz=token-in-the-url');
    await session.get('listProjects');
    const secrets = [session.user.bearer, 'key-of-mine', 'token-in-the-url', 'uuapp.example'];
    for (const shown of [response, session.lastResponse, session]) {
      const text = inspect(shown, { showHidden: true, depth: 20, maxStringLength: null });
      for (const secret of secrets) expect(text).not.toContain(secret);
    }
    expect(response.headers['set-cookie']).toEqual([
      'uu.app.bpl=<COOKIE>; Path=/',
      'uu.app.cbu=<COOKIE>; Path=/',
    ]);
    expect(response.config.headers.get('authorization')).toBe('Bearer <TOKEN>');
    expect(response.request.res.responseUrl).toBe(`${pdb.apiUrl}listProjects?authz=<TOKEN>`);
    expect(response.headers).toBeInstanceOf(AxiosHeaders);
  });
});

/** status → what the caller gets. Section 2.3 of the original's behaviour. */
describe('a status', () => {
  const outcomes: [number, string | undefined][] = [
    ...[200, 201, 202, 203, 204, 206, 299].map((status): [number, undefined] => [status, undefined]),
    ...[300, 301, 303, 304, 305, 306, 307, 308].map((status): [number, undefined] => [status, undefined]),
    [302, 'Redirect'],
    [400, 'BadRequest'],
    [401, 'Forbidden'],
    [403, 'Forbidden'],
    [404, 'NotFound'],
    [409, 'Conflict'],
    [413, 'TooLarge'],
    [415, 'SpecialError'],
    [451, 'UnavailableForLegalReasons'],
    ...[500, 502, 503, 504].map((status): [number, string] => [status, 'ServerError']),
    ...[402, 405, 406, 408, 410, 418, 422, 428, 429, 431, 501, 505, 507].map((status): [number, string] => [
      status,
      'UnhandledResponse',
    ]),
  ];

  it.each(outcomes)('%i: %s', async (status, name) => {
    await using world = await withOrigin((_, response) => response.writeHead(status).end());
    const outcome = await world.session.get('x', { maxRedirects: 0 }).catch((error: Error) => error);
    expect(outcome).toMatchObject(name === undefined ? { status } : { name, status });
    expect(world.session.lastResponse?.status).toBe(status);
  });

  it('is judged by validateStatus where the caller gives it', async () => {
    await using world = await withOrigin((_, response) => response.writeHead(404).end('gone'));
    await expect(
      world.session.get('x', { validateStatus: (status) => status === 404 }),
    ).resolves.toMatchObject({ status: 404, data: 'gone' });
    await expect(world.session.get('x', { validateStatus: null })).resolves.toMatchObject({ status: 404 });
    await failure(world.session.get('x', { validateStatus: () => false }), NotFound);
    await failure(world.session.get('x', { validateStatus: undefined }), NotFound);
  });

  it('of a failure is told from its table', () => {
    expect(Session.STATUS_EXCEPTIONS[400]).toBe(BadRequest);
    expect(Object.keys(Session.STATUS_EXCEPTIONS)).toHaveLength(13);
    expect([...Session.SUCCESS_STATUSES]).toEqual([200, 201]);
  });
});

describe('a failure', () => {
  it('is the exception of the database, with its reasons', async () => {
    await using session = newSession();
    const exception = await failure(
      session.get('getComponent', { data: { component: '20USBML0000000' } }),
      BadRequest,
    );
    expect(exception.hasAppError('getComponent/componentDoesNotExist')).toBe(true);
    expect(exception.message).toMatch(
      /^received 400 HTTP response for following request\nHost: 127\.0\.0\.1:\d+\r\nGET \/getComponent HTTP\/1\.1\r\n/,
    );
    expect(exception.message).toMatch(/\r\nAuthorization: Bearer <TOKEN>\r\n/);
    expect(exception.message).toMatch(
      /\r\n\r\n\{"component":"20USBML0000000"\}\n\nThe following details may help:\nuuidentity: 1234-567-1\niat: \d+\nexp: \d+\n\{\n {2}"uuAppErrorMap": \{\n/,
    );
    expect(session.lastResponse).toMatchObject({ status: 400, data: { uuAppErrorMap: {} } });
  });

  it('of a mock user or a bearer has no lines about a token', async () => {
    await using world = await withOrigin((_, response) => json(response, { a: 1 }, 400));
    const exception = await failure(world.session.get('x'), BadRequest);
    expect(exception.message).toMatch(/details may help:\n\{\n {2}"a": 1\n\}$/);
  });

  it('for want of a token says that none was sent, and why', async () => {
    await using session = newSession();
    const url = `${pdb.apiUrl.replace('127.0.0.1', 'localhost')}listProjects`;
    for (const config of [{ url }, { url: 'listProjects', auth: false as const }]) {
      const exception = await failure(session.request(config), Forbidden);
      expect(exception.message).toContain(
        `The following details may help:\nNo token was sent: it goes only to URLs under ${pdb.apiUrl}, unless \`auth\``,
      );
    }
  });

  it.each<[string, Buffer | string, string]>([
    ['JSON', '{"a":1}', 'application/json'],
    ['JSON that is cut off', '{"a":', 'application/json'],
    ['JSON that is a list', '[]', 'application/json'],
    ['JSON that is null', 'null', 'application/json'],
    ['HTML', '<h1>503</h1>', 'text/html'],
    ['text', 'down', 'text/plain'],
    ['nothing', '', 'application/json'],
    ['bytes that are no UTF-8', Buffer.from([0xff, 0xfe]), 'application/json'],
    ['an image', Buffer.from([0xff, 0xd8]), 'image/jpeg'],
  ])('with %s for a body is typed, also for a stream', async (_, body, type) => {
    await using world = await withOrigin((request, response) => {
      response.writeHead(Number(request.url.slice(1)), { 'content-type': type }).end(body);
    });
    for (const responseType of [undefined, 'stream', 'arraybuffer', 'text', 'json'] as const) {
      const config: RequestConfig = responseType === undefined ? {} : { responseType };
      await failure(world.session.get('400', config), BadRequest);
      await failure(world.session.get('403', config), Forbidden);
      await failure(world.session.get('503', config), ServerError);
      await failure(world.session.get('429', config), UnhandledResponse);
    }
  });

  it.each<[string, string, RegExp]>([
    [
      'application/json',
      JSON.stringify([...Array(900_000).keys()]).padEnd(9_000_000),
      /^\[0,1,2,.* more characters\)$/s,
    ],
    ['text/html', `<p>${'é'.repeat(5_000_000)}`, /^<p>é+… \(\d+ more characters\)$/],
  ])('with more of %s than a person can read shows the start as text', async (type, body, start) => {
    await using world = await withOrigin((_, response) => {
      response.writeHead(400, { 'content-type': type }).end(body);
    });
    const { response, message } = await failure(world.session.get('x'), BadRequest);
    expect(response.data).toMatch(start);
    expect(message.length).toBeLessThan(40_000);
    expect(world.session.lastResponse?.data).toBe(response.data);
  });

  it('with more bytes than a person can read is told by their number', async () => {
    await using world = await withOrigin((_, response) => {
      response.writeHead(400, { 'content-type': 'image/png' }).end(Buffer.alloc(9_000_000, 0xff));
    });
    expect((await failure(world.session.get('x'), BadRequest)).message).toMatch(/<9000000 bytes>$/);
  });

  it('whose body is an endless stream is typed all the same', async () => {
    await using world = await withOrigin((_, response) => {
      response.writeHead(500, { 'content-type': 'text/plain' });
      const timer = setInterval(() => response.write('x'.repeat(50_000)), 1);
      response.on('close', () => clearInterval(timer));
    });
    const exception = await failure(world.session.get('x', { responseType: 'stream' }), ServerError);
    expect(exception.message).toMatch(/more characters\)$/);
  });
});

describe('the bearer', () => {
  it('is asked for before every request under the prefix', async () => {
    await using world = await withOrigin();
    await world.session.get('a');
    await world.session.get(`${world.origin.url}b`);
    await world.session.post('c');
    expect(world.user.authentications).toBe(3);
    for (const { headers } of world.origin.requests)
      expect(headers.authorization).toBe(`Bearer ${world.user.bearer}`);
  });

  it('is neither asked for nor sent elsewhere', async () => {
    await using world = await withOrigin();
    await using elsewhere = await Origin.start();
    const { port } = new URL(world.origin.url);
    await world.session.get(elsewhere.url);
    await world.session.get(`http://user:pass@127.0.0.1:${port}/x`);
    await world.session.get(`http://localhost:${port}/x`).catch(() => {});
    expect(world.user.authentications).toBe(0);
    expect(elsewhere.requests[0]?.headers.authorization).toBeUndefined();
    expect(world.origin.requests[0]?.headers.authorization).toBe(`Basic ${btoa('user:pass')}`);
  });

  it('is not sent above the path of the prefix', async () => {
    await using world = await withOrigin();
    await using session = new Session({ user: world.user, prefixUrl: `${world.origin.url}api/v1` });
    for (const url of ['x', '../x', '/x', '/api/v10/x', 'a/..%2f..%2fx']) await session.get(url);
    expect(
      world.origin.requests.map(({ url, headers }) => [url, headers.authorization !== undefined]),
    ).toEqual([
      ['/api/v1/x', true],
      ['/api/x', false],
      ['/x', false],
      ['/api/v10/x', false],
      ['/api/v1/a/..%2f..%2fx', false],
    ]);
  });

  it('gives way to the credentials of the caller, or to none', async () => {
    await using world = await withOrigin();
    await world.session.get('x', { auth: { username: 'u', password: 'p' } });
    await world.session.get('x', { auth: false });
    await world.session.get('x', { auth: false, headers: { Authorization: 'Bearer of-the-caller' } });
    expect(world.user.authentications).toBe(0);
    expect(world.origin.requests.map(({ headers }) => headers.authorization)).toEqual([
      `Basic ${btoa('u:p')}`,
      undefined,
      'Bearer of-the-caller',
    ]);
  });

  it('takes the place of a header of the caller', async () => {
    await using world = await withOrigin();
    await world.session.get('x', { headers: { authorization: 'Bearer of-the-caller' } });
    expect(world.origin.requests[0]?.headers.authorization).toBe(`Bearer ${world.user.bearer}`);
  });

  it.each(['', 'two words', 'line\r\nX-Injected: 1', 'ünïcode', undefined, 5])(
    'that is %j is refused',
    async (bearer) => {
      await using world = await withOrigin();
      const user = { authenticate: () => true, bearer: bearer as string };
      await using session = new Session({ user, prefixUrl: world.origin.url });
      const exception = await failure(session.get('x'), InvalidInvocation);
      expect(exception.message).toMatch(/^the user's `bearer` must be a token of printable characters/);
      expect(world.origin.requests).toEqual([]);
    },
  );

  it('that cannot be had fails the request with the reason of the user, before anything is sent', async () => {
    await using world = await withOrigin();
    const reason = new Error('no bearer today');
    for (const authenticate of [
      () => Promise.reject(reason),
      () => {
        throw reason;
      },
    ]) {
      await using session = new Session({ user: { authenticate, bearer: '' }, prefixUrl: world.origin.url });
      await expect(session.get('x')).rejects.toBe(reason);
    }
    expect(world.origin.requests).toEqual([]);
  });
});

describe('a 401 for a token that seemed good', () => {
  it('is answered by one more authentication and one more try', async () => {
    await using session = newSession();
    await session.get('listProjects');
    pdb.identity.revokeTokens();
    await expect(session.get('listProjects', { data: { pageInfo: { pageSize: 1 } } })).resolves.toMatchObject(
      { status: 200 },
    );
    expect(pdb.requests.map(({ command }) => command).slice(3)).toEqual([
      'listProjects',
      'grantToken',
      'listProjects',
    ]);
    expect(pdb.requests.at(-1)?.body).toBe(pdb.requests.at(-3)?.body);
  });

  it('is Forbidden the second time', async () => {
    await using session = newSession();
    pdb.fault({ on: 'listProjects', status: 401, times: 2 });
    await failure(session.get('listProjects'), Forbidden);
    expect(pdb.count('listProjects')).toBe(2);
    expect(pdb.count('grantToken')).toBe(2);
  });

  it('costs one grant for a hundred requests at once', async () => {
    await using session = newSession();
    await session.get('listProjects');
    pdb.identity.revokeTokens();
    pdb.reset();
    await Promise.all(Array.from({ length: 100 }, () => session.get('listProjects')));
    expect(pdb.count('grantToken')).toBe(1);
    // Those that had to wait for their turn were sent with the new token.
    expect(pdb.count('listProjects')).toBeLessThan(200);
  });

  it('sends a write again, for it was refused, with the same body', async () => {
    let answers = 0;
    await using world = await withOrigin((_, response) =>
      response.writeHead(++answers === 1 ? 401 : 200).end(),
    );
    const form = new FormData();
    form.set('title', 'x');
    await world.session.post('x', form);
    expect(world.origin.requests.map(({ body }) => body.replace(/axios-.*/g, ''))).toHaveLength(2);
    expect(world.origin.requests[1]?.body).toContain('name="title"');
    expect(world.user.authentications).toBe(2);
  });

  it('does not repeat what cannot be sent twice, nor what had no token', async () => {
    await using world = await withOrigin((_, response) => response.writeHead(401).end());
    const { Readable } = await import('node:stream');
    await failure(world.session.post('x', Readable.from(['a', 'b'])), Forbidden);
    await failure(world.session.get('x', { auth: false }), Forbidden);
    expect(world.origin.requests).toHaveLength(2);
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

describe('an option of a session that is wrong', () => {
  it.each<[unknown, string]>([
    [{ prefix: 'x' }, 'new Session: there is no option `prefix`; is it `prefixUrl`?'],
    [{ usr: 1 }, 'new Session: there is no option `usr`; there are `user`, `prefixUrl`, '],
    [{ user: {} }, '`user` must be a user: an object with authenticate() and bearer'],
    [{ user: null }, '`user` must be a user'],
    [{ prefixUrl: 'nowhere' }, 'new Session: `prefixUrl` must be an http(s) URL'],
    [{ prefix_url: 'x' }, 'new Session: there is no option `prefix_url`; is it `prefixUrl`?'],
    [{ accessCode1: 'x' }, 'it is one of new User, for `user: new User({ accessCode1 })`'],
    [new MockUser(), 'new Session: must be given an object of options, such as { user }'],
    [{ user: new MockUser(), saveAuth: 'x' }, '`saveAuth` belongs to new User({ saveAuth })'],
    [
      { user: new MockUser(), authExpiryThreshold: 1 },
      '`authExpiryThreshold` belongs to new User({ authExpiryThreshold })',
    ],
    [{ prefixUrl: 5 }, '`prefixUrl` must be an http(s) URL'],
    [{ timeout: -1 }, '`timeout` must be a number of milliseconds, at least 0'],
    [{ timeout: '5' }, '`timeout` must be a number of milliseconds'],
    [{ maxRedirects: -1 }, '`maxRedirects` must be a whole number, at least 0'],
    [{ cache: 5 }, '`cache` must be true, false, a path or a store'],
    [{ expiresAfter: { day: 1 } }, 'in `expiresAfter` there is no option `day`; is it `days`?'],
    [{ expiresAfter: 5 }, '`expiresAfter` must be an object such as { days: 1 }'],
    [{ expiresAfter: { days: 'one' } }, '`expiresAfter.days` must be a number'],
    [{ headers: 5 }, '`headers` must be an object of header fields'],
    [{ headers: { a: 5 } }, '`headers.a` must be a string'],
    [{ logger: { debug: 5 } }, '`logger` must be a logger'],
    [{ httpsAgent: 5 }, '`httpsAgent` must be an https.Agent'],
    [5, 'new Session: must be given an object of options'],
  ])('%j is refused by name', (options, message) => {
    expect(() => new Session(options as SessionOptions)).toThrow(InvalidInvocation);
    expect(() => new Session(options as SessionOptions)).toThrow(message);
  });

  it('those for the cache are accepted', () => {
    for (const cache of [true, false, 'folder', new Map()])
      newSession({ cache, expiresAfter: { days: 1, hours: 0.5 } });
  });
});

describe('an option of a request that is wrong', () => {
  it.each<[unknown, string]>([
    [{ json: {} }, 'a request: there is no option `json`; pass the body as `data`'],
    [{ baseURL: 'http://evil.example' }, 'a request: there is no option `baseURL`; it is `prefixUrl`'],
    [{ adapter: () => {} }, 'a request: there is no option `adapter`'],
    [{ transport: {} }, 'a request: there is no option `transport`'],
    [{ socketPath: '/x' }, 'a request: there is no option `socketPath`'],
    [{ allowAbsoluteUrls: false }, 'a request: there is no option `allowAbsoluteUrls`'],
    [{ beforeRedirect: () => {} }, 'a request: there is no option `beforeRedirect`'],
    [{ constructor: 1 }, 'a request: there is no option `constructor`'],
    [JSON.parse('{"__proto__":{"adapter":1}}'), 'a request: there is no option `__proto__`'],
    [{ authorize: true }, 'a request: there is no option `authorize`'],
    [{ target: () => 'http://evil.example' }, 'a request: there is no option `target`'],
    [{ timeout: '5' }, '`timeout` must be a number, at least 0'],
    [{ timeout: Number.NaN }, '`timeout` must be a number, at least 0'],
    [{ maxRedirects: -1 }, '`maxRedirects` must be a whole number, at least 0'],
    [{ maxContentLength: null }, '`maxContentLength` must be a number, at least -1'],
    [{ responseType: 'blob' }, "`responseType` must be 'json', 'text', 'arraybuffer' or 'stream'"],
    [{ auth: null }, '`auth` must be { username, password }, or false for none'],
    [{ auth: ['u', 'p'] }, '`auth` must be { username, password }, or false for none'],
    [{ max_redirects: 0 }, 'a request: there is no option `max_redirects`; is it `maxRedirects`?'],
    [
      { component: 'x' },
      'a request: there is no option `component`; the input of a command goes into `data`',
    ],
    [{ signal: {} }, '`signal` must be an AbortSignal'],
    [{ signal: null }, '`signal` must be an AbortSignal'],
    [{ signal: { addEventListener: () => {} } }, '`signal` must be an AbortSignal'],
    [{ validateStatus: 5 }, '`validateStatus` must be a function, or null'],
    [{ transformResponse: [5] }, '`transformResponse` must be a function, or a list of them'],
    [{ httpAgent: {} }, '`httpAgent` must be an agent'],
    [{ headers: { 'X-Mine': 'a\r\nX-Injected: b' } }, '`headers` must be an object of header fields'],
    [{ headers: { 'X-Mine': '\u010d' } }, '`headers` must be an object of header fields'],
    [{ headers: JSON.parse('{"__proto__":["x"]}') }, '`headers` must be an object of header fields'],
  ])('%j is refused by name', async (config, message) => {
    await using world = await withOrigin();
    const exception = await failure(world.session.get('x', config as RequestConfig), InvalidInvocation);
    expect(exception.message).toContain(message);
    expect(world.origin.requests).toEqual([]);
  });

  it.each<[unknown, string]>([
    [{ method: 'GET /x', url: 'x' }, '`method` must be the name of a method'],
    [{ method: 5, url: 'x' }, '`method` must be the name of a method'],
    [{ url: 5 }, '`url` must be a string or a URL'],
    [5, 'a request must be an object'],
    [null, 'a request must be an object'],
    [{ url: 'foo:bar' }, 'the URL `foo:bar` must be relative, or start with http:// or https://'],
  ])('%j is refused by name', async (config, message) => {
    await using session = newSession();
    const exception = await failure(session.request(config as RequestConfig), InvalidInvocation);
    expect(exception.message).toContain(message);
  });

  it('that axios would refuse is refused by the same exception', async () => {
    await using world = await withOrigin();
    const config: RequestConfig = { paramsSerializer: { encode: 5 as never }, params: { a: 1 } };
    expect((await failure(world.session.get('x', config), InvalidInvocation)).message).toMatch(
      /^`params` cannot be written/,
    );
    const circular: Record<string, unknown> = {};
    circular['self'] = circular;
    await failure(world.session.get('x', { params: circular }), InvalidInvocation);
  });

  it('getters that throw are refused', async () => {
    await using world = await withOrigin();
    const config = Object.defineProperty({}, 'data', { enumerable: true, get: () => BigInt('x') });
    expect((await failure(world.session.get('x', config), InvalidInvocation)).message).toMatch(
      /^a request: its options cannot be read: /,
    );
  });

  it('a body whose toJSON throws is refused, and so is a request that is none', async () => {
    await using world = await withOrigin();
    const data = { toJSON: () => BigInt('x') };
    expect((await failure(world.session.post('x', data), InvalidInvocation)).message).toMatch(
      /^the request body cannot be written: /,
    );
    expect((await failure(world.session.send({} as PreparedRequest), InvalidInvocation)).message).toContain(
      'prepareRequest()',
    );
    expect(world.origin.requests).toEqual([]);
  });

  it.each([Infinity, Number.MAX_VALUE, 2 ** 31])('a timeout of %d is as good as none', async (timeout) => {
    await using world = await withOrigin((_, response) => setTimeout(() => response.end('ok'), 50));
    await expect(world.session.get('x', { timeout })).resolves.toMatchObject({ data: 'ok' });
  });

  it('header values cannot inject header lines', async () => {
    await using world = await withOrigin();
    await world.session.get('x', { headers: { 'X-Mine': 'a\r\nX-Injected: b' } }).catch(() => {});
    for (const { headers } of world.origin.requests) expect(headers).not.toHaveProperty('x-injected');
  });
});

describe('the log', () => {
  it('has a line for each answer, without credentials', async () => {
    const logger = keepLogs();
    await using session = newSession({ logger });
    await session.get('listProjects?token=in-the-url');
    await session.get('nothing').catch(() => {});
    expect(logger.at('debug')).toEqual([
      expect.stringMatching(/^debug: Request: GET http:\/\/127\.0\.0\.1:\d+\/listProjects\?token=<TOKEN>$/),
      expect.stringMatching(
        /^debug: Response: 200 \(\d+ bytes\) GET http:\/\/127\.0\.0\.1:\d+\/listProjects\?token=<TOKEN>$/,
      ),
      expect.stringMatching(/^debug: Request: GET/),
      expect.stringMatching(/^debug: Response: 404 \(\d+ bytes\) GET http:\/\/127\.0\.0\.1:\d+\/nothing$/),
    ]);
  });

  it('goes to stderr where NODE_DEBUG names itkdb', async () => {
    const script =
      "import { Session } from 'itkdb'; const s = new Session(); await s.get('listProjects?token=in-the-url'); await s.close();";
    const env = { ...process.env, ...pdb.env, NODE_DEBUG: 'itkdb' };
    const { stdout, stderr } = await promisify(execFile)(
      process.execPath,
      ['--input-type=module', '-e', script],
      { env },
    );
    expect(stdout).toBe('');
    expect(stderr).toMatch(
      /^ITKDB \d+: Asking .* for a token\nITKDB \d+: Signed in as Alex Example for \d+ s\nITKDB \d+: Request: GET .*\nITKDB \d+: Response: 200 \(\d+ bytes\) GET http:.*\/listProjects\?token=<TOKEN>\n$/,
    );
  });

  it('at every level has no credentials', () => {
    const target = keepLogs();
    const logger = createLogger(target);
    for (const level of ['debug', 'info', 'warn', 'error'] as const) logger[level]('Bearer opaque-bearer');
    expect(target.lines).toEqual(
      ['debug', 'info', 'warn', 'error'].map((level) => `${level}: Bearer <TOKEN>`),
    );
  });

  it('is silent unless NODE_DEBUG or a logger asks for it', async () => {
    const writes = [vi.spyOn(process.stdout, 'write'), vi.spyOn(process.stderr, 'write')];
    await using session = newSession();
    await session.get('listProjects');
    for (const write of writes) expect(write).not.toHaveBeenCalled();
  });
});

describe('each answer of a server', () => {
  it('is a line of the log, that of a redirect and of a refused token too', async () => {
    const logger = keepLogs();
    const answers = [401, 302, 200];
    const respond: Respond = (_, response) =>
      response.writeHead(answers.shift() ?? 500, { location: '/y' }).end();
    await using world = await withOrigin(respond, { logger });
    await world.session.get('x');
    const lines = logger.at('debug').filter((line) => line.includes('Response:'));
    const url = world.origin.url;
    expect(lines).toEqual([
      `debug: Response: 401 (0 bytes) GET ${url}x`,
      `debug: Response: 302 (0 bytes) GET ${url}x`,
      `debug: Response: 200 (0 bytes) GET ${url}y`,
    ]);
  });

  it('is the last response, even where what follows fails', async () => {
    const respond: Respond = (_, response) => json(response, { bearer: 'mock-bearer-of-a-test', a: 1 }, 401);
    await using world = await withOrigin(respond);
    const { user } = world;
    vi.spyOn(user, 'authenticate').mockImplementation(() => {
      if (world.origin.requests.length > 0) throw new InvalidInvocation('no more tokens');
      return true;
    });
    await failure(world.session.get('x'), InvalidInvocation);
    expect(world.session.lastResponse).toMatchObject({ status: 401, data: { bearer: '<TOKEN>', a: 1 } });
  });
});

describe('what others have set', () => {
  it('as defaults of axios reaches no session', async () => {
    await using foreign = await Origin.start();
    const { common } = axios.defaults.headers;
    common['Authorization'] = 'Bearer of-another-service';
    Object.assign(axios.defaults, { baseURL: foreign.url, allowAbsoluteUrls: false, params: { a: 1 } });
    try {
      await using world = await withOrigin();
      await world.session.get('x');
      await world.session.get(`${foreign.url}y`, { auth: false });
      expect(world.origin.requests.map(({ url }) => url)).toEqual(['/x']);
      expect(foreign.requests.map(({ url, headers }) => [url, headers.authorization])).toEqual([
        ['/y', undefined],
      ]);
    } finally {
      delete common['Authorization'];
      for (const name of ['baseURL', 'allowAbsoluteUrls', 'params'] as const) delete axios.defaults[name];
    }
  });

  it('in transformRequest takes no token elsewhere', async () => {
    await using foreign = await Origin.start();
    await using world = await withOrigin();
    const transformRequest = function (this: { url?: string }) {
      this.url = foreign.url;
    };
    const exception = await failure(world.session.get('x', { transformRequest }), InvalidInvocation);
    expect(exception.message).toContain('`transformRequest` must not change the URL');
    expect(foreign.requests).toEqual([]);
  });
});

describe('a session that is printed', () => {
  it('shows its prefix', () => {
    const session = newSession();
    expect(inspect(session)).toBe(`Session(prefixUrl=${pdb.apiUrl})`);
    expect(JSON.stringify(session)).toBe(`{"prefixUrl":"${pdb.apiUrl}"}`);
  });
});

describe('the agents', () => {
  it('of the caller are used', async () => {
    await using world = await withOrigin();
    const httpsAgent = new HttpsAgent();
    await using session = new Session({ user: world.user, prefixUrl: world.origin.url, httpsAgent });
    await session.get('x');
    expect(world.origin.requests).toHaveLength(1);
  });

  it('leave the defaults of axios as they are', () => {
    const before = inspect(axios.defaults, { depth: 9 });
    newSession();
    expect(inspect(axios.defaults, { depth: 9 })).toBe(before);
  });
});
