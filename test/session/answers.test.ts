import { createRequire } from 'node:module';
import { inspect } from 'node:util';
import type { AxiosStatic } from 'axios';
import { describe, expect, it } from 'vitest';
import { BadJSON, BadRequest, NotFound, type RequestConfig, Session } from '../../src/index.js';
import { startDatabase } from '../helpers/database.js';
import { failure } from '../helpers/failure.js';
import type { Respond } from '../helpers/origin.js';
import { withOrigin } from '../helpers/with-origin.js';

/** The axios of CommonJS, which is the one that the package loads. */
const axios = createRequire(import.meta.url)('axios') as AxiosStatic;
const { pdb, newSession } = await startDatabase({ components: 10 });

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
    ['text/html', undefined, { é: 1 }],
    ['text/html', 'text', body],
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

  it('that is a page is no answer of a command, unless a page is asked for', async () => {
    const page = '<h1>Maintenance</h1>';
    await using world = await withOrigin((request, response) =>
      response
        .writeHead(request.url === '/404' ? 404 : 200, { 'Content-Type': 'text/html; charset=utf-8' })
        .end(page),
    );
    const { session, origin } = world;
    for (const config of [{}, { method: 'POST', data: {} }, { responseType: 'json' }] as const) {
      const exception = await failure(session.request({ url: 'x', ...config }), BadJSON);
      expect(exception.message).toMatch(
        /^(?:x|POST \/x): the body is an HTML page, .* \(200\)\nCheck the URL\. `responseType: 'text'`/,
      );
      expect(exception.response.data).toBe(page);
    }
    const elsewhere = origin.url.replace('127.0.0.1', 'localhost');
    for (const request of [
      session.get('x', { responseType: 'text' }),
      session.get(elsewhere),
      session.get('404', { validateStatus: null }),
      session.get('x', { transformResponse: (data: unknown) => data }),
    ])
      expect((await request).data).toBe(page);
    expect((await session.head('x')).data).toBe('');
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
    expect(exception.summary).toMatch(/^x: the body is not JSON: Unexpected token.* \(200\)$/);
    expect(exception.message).toMatch(/details may help:\n<html>gateway<\/html>$/);
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
    expect(response.headers).toBeInstanceOf(axios.AxiosHeaders);
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
