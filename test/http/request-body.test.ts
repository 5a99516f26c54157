import { once } from 'node:events';
import { createReadStream, openAsBlob } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { request as httpRequest } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Readable, Writable } from 'node:stream';
import { buffer, text } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { toFormData } from 'axios';
import { describe, expect, it, vi } from 'vitest';
import { InvalidInvocation } from '../../src/exceptions/base.js';
import { isOneShot, lengthOf, openBody, serializeBody } from '../../src/http/body/request-body.js';
import type { RequestBody } from '../../src/http/request.js';
import { failure } from '../helpers/failure.js';
import { Origin } from '../helpers/origin.js';
import { withOrigin } from '../helpers/with-origin.js';

const URLENCODED = 'application/x-www-form-urlencoded';

/** The bytes of a body, as they would be sent. */
async function bytesOf(body: RequestBody | undefined): Promise<Buffer> {
  const opened = openBody(body) ?? '';
  return typeof opened === 'string' ? Buffer.from(opened) : Buffer.isBuffer(opened) ? opened : buffer(opened);
}

async function textOf(body: RequestBody | undefined): Promise<string> {
  return (await bytesOf(body)).toString();
}

function refusal(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    expect(error).toBeInstanceOf(InvalidInvocation);
    return (error as Error).message;
  }
  return expect.unreachable('nothing was thrown');
}

/** A form as the platform itself encodes it, with the given boundary. */
async function encodedByPlatform(form: FormData, boundary: string): Promise<string> {
  const response = new Response(form);
  const [, own = ''] = /boundary=(.*)$/.exec(response.headers.get('content-type') ?? '') ?? [];
  return (await response.text()).replaceAll(own, boundary);
}

function boundaryOf(contentType: string | undefined): string {
  return /boundary=(.*)$/.exec(contentType ?? '')?.[1] ?? '';
}

describe('serializeBody', () => {
  class Dto {
    x = 1;
  }

  it.each<[string, unknown, string, string | undefined]>([
    ['an object', { hello: 'wörld' }, '{"hello":"wörld"}', 'application/json'],
    ['an empty object', {}, '{}', 'application/json'],
    ['an empty list', [], '[]', 'application/json'],
    ['null', null, '', undefined],
    ['undefined', undefined, '', undefined],
    ['a number', 7, '7', 'application/json'],
    ['a boolean', false, 'false', 'application/json'],
    ['an instance of a class', new Dto(), '{"x":1}', 'application/json'],
    ['a string', 'text', 'text', undefined],
    ['a Buffer', Buffer.from('bytes'), 'bytes', undefined],
    ['an ArrayBuffer', new TextEncoder().encode('bytes').buffer, 'bytes', undefined],
    ['an empty view', new Uint8Array(0), '', undefined],
    ['URLSearchParams', new URLSearchParams({ a: 'b c' }), 'a=b+c', URLENCODED],
    ['a Blob with a type', new Blob(['abc'], { type: 'image/png' }), 'abc', 'image/png'],
    ['a Blob without a type', new Blob(['abc']), 'abc', undefined],
  ])('sends %s with the right Content-Type and length', async (_, data, sent, contentType) => {
    const serialized = serializeBody(data, undefined);
    expect(await textOf(serialized.body)).toBe(sent);
    expect(serialized).toMatchObject({ contentType, isForced: false });
    expect(lengthOf(serialized.body)).toBe(Buffer.byteLength(sent));
    expect(isOneShot(serialized.body)).toBe(false);
  });

  it('sends only the bytes of the view, not of its whole buffer', async () => {
    const { buffer: memory } = new TextEncoder().encode('secret visible secret');
    expect(await textOf(serializeBody(new Uint8Array(memory, 7, 7), undefined).body)).toBe('visible');
    expect(await textOf(serializeBody(new DataView(memory, 7, 7), undefined).body)).toBe('visible');
  });

  it('leaves a string as it is, whatever Content-Type the caller gives', () => {
    expect(serializeBody(' not quoted ', 'application/json').body).toBe(' not quoted ');
  });

  it('serialises an object at once, so that later changes make no difference', async () => {
    const data = { a: 1 };
    const form = new FormData();
    form.set('a', '1');
    const { body } = serializeBody(data, undefined);
    const { body: formBody } = serializeBody(form, undefined);
    data.a = 2;
    form.set('a', '2');
    expect(await textOf(body)).toBe('{"a":1}');
    expect(await textOf(formBody)).toContain('\r\n\r\n1\r\n');
  });

  it('names what a getter or toJSON of the caller threw', () => {
    const data = {
      get a(): never {
        throw new Error('no value yet');
      },
    };
    expect(refusal(() => serializeBody(data, undefined))).toBe(
      'the request body cannot be written: no value yet',
    );
  });
});

describe('serializeBody of an object with the Content-Type of a form', () => {
  const form = { stages: ['BONDED', 'TESTED'], child: { slot: 1 } };

  it.each([
    [undefined, 'stages[]=BONDED&stages[]=TESTED&child[slot]=1'],
    [{ indexes: null, dots: true }, 'stages=BONDED&stages=TESTED&child.slot=1'],
  ])('writes an object as URL-encoded form with formSerializer %j', async (formSerializer, sent) => {
    const { body, isForced } = serializeBody(form, `${URLENCODED}; charset=utf-8`, formSerializer);
    expect(decodeURIComponent(await textOf(body))).toBe(sent);
    expect(isForced).toBe(false);
  });

  it('writes bytes in a URL-encoded form as base64, of a view only its own', async () => {
    const view = new Uint8Array([0, 255, 254, 0]).subarray(1, 3);
    expect(await textOf(serializeBody({ a: view, b: Buffer.from('bytes') }, URLENCODED).body)).toBe(
      'a=%2F%2F4%3D&b=Ynl0ZXM%3D',
    );
  });

  it('writes an object as multipart with its own boundary', async () => {
    const data = { file: Buffer.from([0, 255, 1]), child: { slot: 1 } };
    const { body, contentType, isForced } = serializeBody(data, 'multipart/form-data');
    expect(isForced).toBe(true);
    const bytes = await bytesOf(body);
    expect(lengthOf(body)).toBe(bytes.length);
    const received = await new Response(bytes, { headers: { 'Content-Type': contentType ?? '' } }).formData();
    expect(received.get('child[slot]')).toBe('1');
    const file = received.get('file') as File;
    expect(Buffer.from(await file.arrayBuffer())).toEqual(data.file);
  });

  it('does not write bytes in a form as JSON first', () => {
    const toJSON = vi.fn();
    serializeBody({ file: Object.assign(Buffer.from('bytes'), { toJSON }) }, 'multipart/form-data');
    expect(toJSON).not.toHaveBeenCalled();
  });

  it('sends an object with a stream as a multipart stream', async () => {
    const data = { title: 'A title', file: Readable.from(['a', 'b']) };
    const { body, contentType } = serializeBody(data, 'multipart/form-data');
    expect(isOneShot(body)).toBe(true);
    const bytes = await bytesOf(body);
    expect(bytes.toString()).toContain(`--${boundaryOf(contentType)}`);
    expect(bytes.toString()).toContain('\r\n\r\nab\r\n');
  });

  it.each<[string, unknown, string]>([
    ['a number', 7, URLENCODED],
    ['a Map', new Map([['a', 1]]), 'multipart/form-data'],
    ['a member that is a Map', { a: new Map([['a', 1]]) }, 'multipart/form-data'],
    ['a member that is a stream', { a: Readable.from(['x']) }, URLENCODED],
  ])('refuses %s as a form', (_, data, contentType) => {
    expect(refusal(() => serializeBody(data, contentType))).toMatch(/form/);
  });

  it('names what keeps an object from being a form', () => {
    const data: Record<string, unknown> = { b: {} };
    data['b'] = { self: data };
    expect(refusal(() => serializeBody(data, 'multipart/form-data'))).toBe(
      'the request body cannot be written: Circular reference detected in b.self',
    );
  });
});

describe('serializeBody of a FormData', () => {
  it.each([
    ['plain', 'name', 'value'],
    ['empty', '', ''],
    ['with quotes and line breaks', 'a"b\nc\rd\r\ne', 'a"b\nc\rd\r\ne\n\r'],
    ['outside ASCII', 'nåme ✓ 😀', 'välue ✓ 😀'],
    ['with percent signs and backslashes', '100%0A\\"', '%22\\'],
  ])('encodes names, filenames and values that are %s as the platform does', async (_, name, value) => {
    const form = new FormData();
    form.append(name, value);
    // The platform leaves out an empty filename, unlike the standard.
    form.append(name, new File([value], name || 'empty', { type: 'text/plain' }));
    form.append(name, new Blob([value]));
    const { body, contentType, isForced } = serializeBody(
      form,
      'multipart/form-data; boundary=of-the-caller',
    );
    const bytes = await bytesOf(body);
    expect(bytes.toString()).toBe(await encodedByPlatform(form, boundaryOf(contentType)));
    expect(lengthOf(body)).toBe(bytes.length);
    expect(isForced).toBe(true);
  });

  it('sends a FormData as multipart also where the caller sets Content-Type to application/json', () => {
    const form = new FormData();
    form.set('file', new Blob(['abc']));
    const { contentType, isForced } = serializeBody(form, 'application/json');
    expect(contentType).toMatch(/^multipart\/form-data; boundary=/);
    expect(isForced).toBe(true);
  });

  it('encodes a form without fields as the platform does', async () => {
    const form = new FormData();
    const { body, contentType } = serializeBody(form, undefined);
    expect(await textOf(body)).toBe(await encodedByPlatform(form, boundaryOf(contentType)));
  });

  it('makes a new boundary for each FormData body', () => {
    const contentTypes = [1, 2].map(() => serializeBody(new FormData(), undefined).contentType);
    expect(new Set(contentTypes).size).toBe(2);
  });

  it('makes a FormData body that can be sent again', async () => {
    const form = new FormData();
    form.set('file', new Blob(['content']), 'a.txt');
    const { body } = serializeBody(form, undefined);
    expect(isOneShot(body)).toBe(false);
    expect(await textOf(body)).toBe(await textOf(body));
  });

  it('reads a large file of a FormData piece by piece', async () => {
    const bytes = Buffer.alloc(2_000_000, 'abcdefg');
    const form = new FormData();
    form.set('file', new Blob([bytes]));
    const { body } = serializeBody(form, undefined);
    const lengths: number[] = [];
    const chunks: Buffer[] = [];
    for await (const chunk of openBody(body) as Readable) {
      lengths.push(chunk.length);
      chunks.push(chunk);
    }
    expect(Math.max(...lengths)).toBeLessThanOrEqual(256 * 1024);
    expect(Buffer.concat(chunks).includes(bytes)).toBe(true);
  });

  it.each<[string, unknown]>([
    ['a Buffer', Buffer.from([0x89, 0x50, 0x4e, 0x47, 0xff])],
    ['a Buffer with NUL', Buffer.from('a\0b')],
    ['a Node stream', Readable.from(['x'])],
    ['a web stream', new ReadableStream()],
    ['an ArrayBuffer', new ArrayBuffer(3)],
    ['an object', { a: 1 }],
    ['a Promise', Promise.resolve('x')],
  ])('refuses a FormData field that was %s and says how to send it', (_, value) => {
    const form = new FormData();
    form.set('title', 'A title');
    form.set('data', value as string);
    const message = refusal(() => serializeBody(form, undefined));
    expect(message).toContain('the form field `data` ');
    expect(message).toContain(
      "form.set('data', new Blob([bytes]), 'a filename'), or for a file await openAsBlob(path) of node:fs",
    );
  });

  it('refuses a FormData text with U+FFFD, offers new Blob([text]), and takes that', async () => {
    const form = new FormData();
    form.set('data', 'a \uFFFD b');
    expect(refusal(() => serializeBody(form, undefined))).toContain('new Blob([text])');
    form.set('data', new Blob(['a \uFFFD b']));
    expect(await textOf(serializeBody(form, undefined).body)).toContain('a \uFFFD b');
  });

  it.each(['[1, 2]', '[object]', 'see [object Object] there', 'wörld', '[object Object] '])(
    'takes a FormData field with the text %j',
    async (value) => {
      const form = new FormData();
      form.set('a', value);
      expect(await textOf(serializeBody(form, undefined).body)).toContain(value);
    },
  );

  it('refuses URLSearchParams with a value that was an object', () => {
    const form = new URLSearchParams({ a: {} as string });
    expect(refusal(() => serializeBody(form, undefined))).toContain('`a` is the text [object Object]');
  });

  it('fails with InvalidInvocation where a file changes after openAsBlob()', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'itkdb-body-'));
    try {
      const path = join(folder, 'results.json');
      await writeFile(path, 'before');
      const file = await openAsBlob(path);
      await writeFile(path, 'afterwards');
      const form = new FormData();
      form.set('file', file);
      for (const data of [form, file]) {
        const { body } = serializeBody(data, undefined);
        const { message } = await failure(bytesOf(body), InvalidInvocation);
        expect(message).toMatch(/^the request body cannot be read: /);
      }
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it('sends a FormData whole over HTTP with its Content-Length', async () => {
    await using origin = await Origin.start();
    const form = new FormData();
    form.set('title', 'A title');
    form.set('data', new Blob(['content'], { type: 'text/plain' }), 'a.txt');
    const { body, contentType = '' } = serializeBody(form, undefined);
    const headers = { 'Content-Type': contentType, 'Content-Length': lengthOf(body) };
    const request = httpRequest(origin.url, { method: 'POST', headers });
    const answered = new Promise((resolve, reject) => request.on('response', resolve).on('error', reject));
    await pipeline(openBody(body) as Readable, request);
    await answered;
    const [seen] = origin.requests;
    const received = await new Response(seen?.body ?? '', {
      headers: { 'Content-Type': contentType },
    }).formData();
    expect(received.get('title')).toBe('A title');
    const file = received.get('data') as File;
    expect([file.name, file.type, await file.text()]).toEqual(['a.txt', 'text/plain', 'content']);
  });
});

describe('a stream as body', () => {
  it('sends a stream once, as it is and without a length', async () => {
    const stream = Readable.from([Buffer.from('a'), Buffer.from('b')], { objectMode: false });
    const { body, contentType, isForced } = serializeBody(stream, undefined);
    expect([contentType, isForced, lengthOf(body), isOneShot(body)]).toEqual([
      undefined,
      false,
      undefined,
      true,
    ]);
    expect(await textOf(body)).toBe('ab');
    expect(refusal(() => openBody(stream))).toBe(
      '`data` is a stream that has been read or destroyed; make a new one',
    );
  });

  it('refuses a stream that is being sent', () => {
    const stream = new PassThrough();
    openBody(stream);
    expect(refusal(() => openBody(stream))).toBe('`data` is a stream that has been sent; make a new one');
  });

  it('sends a web stream, and refuses one that is locked', async () => {
    const stream = new Blob(['abc']).stream();
    const { body } = serializeBody(stream, undefined);
    expect(isOneShot(body)).toBe(true);
    expect(await textOf(body)).toBe('abc');
    expect(refusal(() => serializeBody(stream, undefined))).toContain('has been read');
  });

  it('sends an object-mode stream of text and bytes', async () => {
    expect(await textOf(serializeBody(Readable.from(['a', Buffer.from('b')]), undefined).body)).toBe('ab');
  });

  it('refuses a stream of objects', async () => {
    const { body } = serializeBody(Readable.from([{ a: 1 }]), undefined);
    const { message } = await failure(bytesOf(body), InvalidInvocation);
    expect(message).toBe('`data` is a stream of objects; it must be one of text or bytes');
  });

  it('does not read a stream before openBody()', async () => {
    const read = vi.fn();
    serializeBody(new Readable({ read, objectMode: true }), undefined);
    await new Promise(setImmediate);
    expect(read).not.toHaveBeenCalled();
  });

  it('refuses a stream that was read, in serializeBody()', async () => {
    const stream = Readable.from(['a']);
    await text(stream);
    expect(refusal(() => serializeBody(stream, undefined))).toContain('has been read');
  });

  it('refuses a stream that is destroyed before openBody()', () => {
    const stream = new PassThrough();
    const { body } = serializeBody(stream, undefined);
    stream.destroy();
    expect(refusal(() => openBody(body))).toContain('has been read or destroyed');
  });

  it('throws the error of a stream that fails before openBody(), and does not end the program', async () => {
    const stream = createReadStream('/nowhere');
    const { body } = serializeBody(stream, undefined);
    await once(stream, 'error');
    expect(() => openBody(body)).toThrow('ENOENT');
  });

  it('refuses a stream that can only be written', () => {
    const stream = new Writable({ write: () => {} });
    expect(refusal(() => serializeBody(stream, undefined))).toBe('`data` is a stream that cannot be read');
  });
});

describe('a form of the npm package form-data', () => {
  // axios brings it, and makes one by default.
  const legacyForm = (data: object): unknown => toFormData(data);

  it('sends a form-data instance once, with its boundary', async () => {
    const form = legacyForm({ title: 'A title', file: Buffer.from('bytes') });
    const { body, contentType, isForced } = serializeBody(form, 'application/json');
    expect(isForced).toBe(true);
    expect(isOneShot(body)).toBe(true);
    const length = lengthOf(body);
    const sent = await bytesOf(body);
    expect(length).toBe(sent.length);
    const received = await new Response(sent, { headers: { 'Content-Type': contentType ?? '' } }).formData();
    expect(received.get('title')).toBe('A title');
    expect(refusal(() => openBody(body))).toContain('has been sent');
  });

  it('sends a form-data instance with a stream without a length', async () => {
    const { body } = serializeBody(legacyForm({ file: Readable.from(['ab']) }), undefined);
    expect(lengthOf(body)).toBeUndefined();
    expect(await textOf(body)).toContain('\r\n\r\nab\r\n');
  });

  it('fails with the error of a missing file in a form-data instance', async () => {
    const { body } = serializeBody(legacyForm({ file: createReadStream('/nowhere') }), undefined);
    await expect(bytesOf(body)).rejects.toThrow('ENOENT');
  });
});

describe('a Session', () => {
  it('sends each kind of body with its Content-Type and framing', async () => {
    await using world = await withOrigin();
    const form = new FormData();
    form.set('data', new Blob(['content']), 'a.txt');
    const multipart = expect.stringMatching(/^multipart\/form-data; boundary=itkdb-/);
    const contentLength = expect.stringMatching(/^\d+$/);
    for (const data of [
      { a: 1 },
      form,
      new Blob(['x'], { type: 'image/png' }),
      new URLSearchParams({ a: 'b' }),
      'text',
      Readable.from(['a', 'b']),
      new Blob(['ab']).stream(),
    ])
      await world.session.post('x', data);
    const seen = world.origin.requests.map(({ headers }) => [
      headers['content-type'],
      headers['content-length'],
      headers['transfer-encoding'],
    ]);
    expect(seen).toEqual([
      ['application/json', '7', undefined],
      [multipart, contentLength, undefined],
      ['image/png', '1', undefined],
      [URLENCODED, '3', undefined],
      [undefined, '4', undefined],
      [undefined, undefined, 'chunked'],
      [undefined, undefined, 'chunked'],
    ]);
  });

  it('sends a FormData again after a 307', async () => {
    await using world = await withOrigin(({ url }, response) =>
      response.writeHead(url === '/again' ? 200 : 307, { Location: 'again' }).end(),
    );
    const form = new FormData();
    form.set('data', new Blob(['content']), 'a.txt');
    await world.session.post('x', form);
    const [first, second] = world.origin.requests;
    expect(first?.body).toContain('content');
    expect(second).toMatchObject({ url: '/again', body: first?.body });
  });

  it('sends nothing where a FormData holds bytes that became text', async () => {
    await using world = await withOrigin();
    const form = new FormData();
    form.set('data', Buffer.from([0x89, 0xff]) as unknown as string);
    await failure(world.session.post('x', form), InvalidInvocation);
    expect(world.origin.requests).toEqual([]);
  });
});
