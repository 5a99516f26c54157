import { createReadStream } from 'node:fs';
import { PassThrough, Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import type { AxiosHeaders } from 'axios';
import { describe, expect, it, vi } from 'vitest';
import { InvalidInvocation, ITkDBException } from '../../src/index.js';
import { failure } from '../helpers/failure.js';
import { withOrigin } from '../helpers/with-origin.js';

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
    ['a form', new URLSearchParams({ a: 'b' }), 'a=b', 'application/x-www-form-urlencoded'],
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

  it('that is a form by the headers of the session is one', async () => {
    const headers = { 'Content-Type': 'application/x-www-form-urlencoded' };
    await using world = await withOrigin(undefined, { headers });
    await world.session.post('x', { a: 1, b: 2 });
    expect(world.origin.requests[0]?.body).toBe('a=1&b=2');
  });

  it('that is a form is not written as JSON before: that of bytes takes long', async () => {
    await using world = await withOrigin();
    const toJSON = vi.fn();
    const file = Object.assign(Buffer.from('bytes'), { toJSON });
    await world.session.post('x', { file }, { headers: { 'Content-Type': 'multipart/form-data' } });
    expect(world.origin.requests[0]?.body).toContain('bytes');
    expect(toJSON).not.toHaveBeenCalled();
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

  it('that is a stream of objects is refused, and one of text is sent', async () => {
    await using world = await withOrigin();
    await world.session.post('x', Readable.from(['a', Buffer.from('b')]));
    expect(world.origin.requests[0]?.body).toBe('ab');
    const { message } = await failure(world.session.post('x', Readable.from([{ a: 1 }])), InvalidInvocation);
    expect(message).toContain('`data` is a stream of objects; it must be one of text or bytes');
  });

  it('that is a stream can be sent once', async () => {
    await using world = await withOrigin();
    const stream = Readable.from(['a']);
    await world.session.post('x', stream);
    const { message } = await failure(world.session.post('x', stream), InvalidInvocation);
    expect(message).toBe('`data` is a stream that has been read or destroyed; make a new one');
    expect(world.origin.requests).toHaveLength(1);
  });

  it('that is a file which is not there does not end the program, also before anything is loaded', async () => {
    const bearer = 'any';
    const authenticate = (): Promise<void> => sleep(30);
    await using world = await withOrigin(undefined, { user: { authenticate, bearer } });
    const { message } = await failure(
      world.session.post('x', createReadStream('/nowhere')),
      InvalidInvocation,
    );
    expect(message).toContain('ENOENT');
    expect(world.origin.requests).toEqual([]);
  });

  it.each([0, 1, 2, 3])(
    'that is a stream which is destroyed %i turns later ends in an exception',
    async (turns) => {
      await using world = await withOrigin();
      await world.session.get('x');
      const stream = new Readable({ read: () => {} });
      const request = world.session.post('x', stream).catch((error: unknown) => error);
      for (let turn = 0; turn < turns; turn++) await new Promise(setImmediate);
      stream.destroy();
      expect(await request).toBeInstanceOf(ITkDBException);
    },
  );

  it('that is a stream is not sent a second time from a prepared request', async () => {
    await using world = await withOrigin();
    const stream = new PassThrough();
    const prepared = await world.session.prepareRequest({ method: 'POST', url: 'x', data: stream });
    const first = world.session.send(prepared);
    await failure(world.session.send(prepared), InvalidInvocation);
    stream.end('ab');
    await first;
    await failure(world.session.send(prepared), InvalidInvocation);
    expect(world.origin.requests.map(({ body }) => body)).toEqual(['ab']);
  });

  it('that is a file which is not there is the fault of whoever sends it', async () => {
    await using world = await withOrigin();
    const { message } = await failure(
      world.session.post('x', createReadStream('/nowhere')),
      InvalidInvocation,
    );
    expect(message).toContain('ENOENT');
  });

  it('that JSON cannot hold is refused by name, and nothing is sent', async () => {
    await using world = await withOrigin();
    const data = { results: { CURRENT: [1, Number.NaN] } };
    const exception = await failure(world.session.post('x', data), InvalidInvocation);
    expect(exception.message).toBe(
      'the request body cannot be written as JSON: `results.CURRENT.1` is NaN; send null or leave it out',
    );
    expect(world.origin.requests).toEqual([]);
  });
});
