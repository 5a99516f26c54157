import { describe, expect, it } from 'vitest';
import {
  Aborted,
  BadJSON,
  BadRequest,
  ConnectionRefused,
  Forbidden,
  type RequestConfig,
  ServerError,
  UnhandledResponse,
} from '../../src/index.js';
import { startDatabase } from '../helpers/database.js';
import { failure } from '../helpers/failure.js';
import { json } from '../helpers/origin.js';
import { withOrigin } from '../helpers/with-origin.js';

const LATIN_1 = Buffer.from('{"a":"zürich"}', 'latin1');
const { pdb, newSession } = await startDatabase({ components: 10 });

describe('a failure', () => {
  it('is the exception of the database, with its reasons', async () => {
    await using session = newSession();
    const exception = await failure(
      session.get('getComponent', { data: { component: '20USBML0000000' } }),
      BadRequest,
    );
    expect(exception.hasAppError('getComponent/componentDoesNotExist')).toBe(true);
    expect(exception.message).toMatch(
      /^getComponent: Component does not exist: component 20USBML0000000 \(400\)\n\nreceived 400 HTTP response for following request\nHost: 127\.0\.0\.1:\d+\r\nGET \/getComponent HTTP\/1\.1\r\n/,
    );
    expect(exception.message).toMatch(/\r\nAuthorization: Bearer <TOKEN>\r\n/);
    expect(exception.message).toMatch(
      /\r\n\r\n\{"component":"20USBML0000000"\}\n\nThe following details may help:\nuuidentity: 1234-567-1\niat: \d+\nexp: \d+\n\{\n {2}"uuAppErrorMap": \{\n/,
    );
    expect(session.lastResponse).toMatchObject({ status: 400, data: { uuAppErrorMap: {} } });
  });

  it('that came from no server is the last response too', async () => {
    await using session = newSession();
    await failure(session.get('listProjects', { cache: 'only-if-cached' }), ServerError);
    expect(session.lastResponse).toMatchObject({ status: 504, data: expect.stringContaining('cache') });
  });

  it('has a summary of one line', async () => {
    await using session = newSession({ retry: { tries: 2, baseDelay: 1 } });
    const data = { component: 'fake' };
    const refused = await failure(session.get('getComponent', { data }), BadRequest);
    expect(refused.summary).toBe('getComponent: Component does not exist: component fake (400)');
    pdb.fault({ on: 'listProjects', html: `<h1>\n${'x'.repeat(9000)}`, status: 503, times: 2 });
    const { summary } = await failure(session.get('listProjects'), ServerError);
    expect(summary).toBe('listProjects: Service Unavailable (503)');
    const unheard = await failure(session.get('http://127.0.0.1:1/'), ConnectionRefused);
    expect(unheard.summary).toMatch(/^GET http:\/\/127\.0\.0\.1:1\/ failed: nothing listens there.*\)$/);
  });

  it('of a mock user or a bearer has no lines about a token', async () => {
    await using world = await withOrigin((_, response) => json(response, { a: 1 }, 400));
    const exception = await failure(world.session.get('x'), BadRequest);
    expect(exception.message).toMatch(/details may help:\n\{\n {2}"a": 1\n\}$/);
  });

  it('for want of a token says that none was sent, and why', async () => {
    await using session = newSession();
    const url = `${pdb.apiUrl.replace('127.0.0.1', 'localhost')}listProjects`;
    const foreign = await failure(session.get(url), Forbidden);
    expect(foreign.message).toContain(
      ` (401)\nNo token was sent: it goes only to URLs under ${pdb.apiUrl}.\n`,
    );
    const own = await failure(session.get('listProjects', { auth: false }), Forbidden);
    expect(own.message).toContain(' (401)\nNo token was sent, because the request has `auth: false`.\n');
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

  it.each<[string, string, Buffer, unknown]>([
    ['JSON in Latin-1, not declared', 'application/json', LATIN_1, 'application/json: <14 bytes>'],
    ['a page in Latin-1, not declared', 'text/html', LATIN_1, 'text/html: <14 bytes>'],
    ['a page in Latin-1, declared', 'text/html; charset=iso-8859-1', LATIN_1, { a: 'zürich' }],
    ['an image', 'image/png', Buffer.from([0x89, 0x50]), 'image/png: <2 bytes>'],
  ])('shows %s by type and length, unless it is text in its charset', async (_, type, body, data) => {
    await using world = await withOrigin((request, response) => {
      response.writeHead(Number(request.url.slice(1)), { 'content-type': type }).end(body);
    });
    for (const config of [{}, { responseType: 'stream' }] as const) {
      const exception = await failure(world.session.get('500', config), ServerError);
      expect(exception.response.data).toEqual(data);
      expect(world.session.lastResponse?.data).toEqual(data);
      if (typeof data === 'string') expect(exception.message.endsWith(`help:\n${data}`)).toBe(true);
    }
  });

  it('of a body that is not JSON shows bytes that are not text by type and length', async () => {
    await using world = await withOrigin((_, response) => {
      response.writeHead(200, { 'content-type': 'application/json' }).end(Buffer.from([0xff, 0xfe, 0xfd]));
    });
    const { response, message } = await failure(world.session.get('x'), BadJSON);
    expect(response.data).toBe('application/json: <3 bytes>');
    expect(message).toMatch(/help:\napplication\/json: <3 bytes>$/);
  });

  it('with more bytes than a person can read is told by their number', async () => {
    await using world = await withOrigin((_, response) => {
      response.writeHead(400, { 'content-type': 'image/png' }).end(Buffer.alloc(9_000_000, 0xff));
    });
    expect((await failure(world.session.get('x'), BadRequest)).message).toMatch(/<9000000 bytes>$/);
  });

  it('is a ServerError, even if its body is an endless stream', async () => {
    await using world = await withOrigin((_, response) => {
      response.writeHead(500, { 'content-type': 'text/plain' });
      const timer = setInterval(() => response.write('x'.repeat(50_000)), 1);
      response.on('close', () => clearInterval(timer));
    });
    const exception = await failure(world.session.get('x', { responseType: 'stream' }), ServerError);
    expect(exception.message).toMatch(/more characters\)$/);
  });

  it.each([
    ['a header', { headers: { 'X-Api-Key': 'key-of-mine-1' } }],
    ['the body', { method: 'POST', data: { accessCode1: 'key-of-mine-1' } }],
  ])('of a request that was aborted before it was sent repeats no secret of %s', async (_, config) => {
    await using session = newSession();
    const signal = AbortSignal.abort(new Error('gave up key-of-mine-1'));
    const exception = await failure(session.request({ url: 'x', ...config, signal }), Aborted);
    expect(exception.message).toContain('was aborted: gave up <');
    expect(`${exception.message}${JSON.stringify(exception)}`).not.toContain('key-of-mine-1');
  });
});
