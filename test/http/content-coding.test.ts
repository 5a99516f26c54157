import { PassThrough, type Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { InvalidResponse } from '../../src/exceptions/transport.js';
import { decodeContent, decodeStream } from '../../src/http/transport/content-coding.js';
import { failure } from '../helpers/failure.js';
import type { Respond } from '../helpers/origin.js';
import { withOrigin } from '../helpers/with-origin.js';

const TEXT = 'a component, '.repeat(2000);
const BYTES = Buffer.from(TEXT);
const HALVES = [BYTES.subarray(0, 7000), BYTES.subarray(7000)].map((half) => gzipSync(half));

const headersOf = (coding: string, body: Buffer): Record<string, string> => ({
  'content-type': 'text/plain',
  'content-encoding': coding,
  'content-length': String(body.length),
});

/** A stream of chunks, each of the given length. */
function streamOf(body: Buffer, length = 16 * 1024): Readable {
  const stream = new PassThrough();
  for (let start = 0; start < body.length; start += length)
    stream.write(body.subarray(start, start + length));
  stream.end();
  return stream;
}

const decoded = async (coding: string, body: Buffer): Promise<Buffer> =>
  (await decodeContent(body, headersOf(coding, body), -1)).body;

const streamed = async (coding: string, body: Buffer, length?: number): Promise<Buffer> =>
  buffer(decodeStream(streamOf(body, length), headersOf(coding, body)).body);

describe.each([
  ['decodeContent', decoded],
  ['decodeStream', streamed],
  ['decodeStream byte by byte', (coding: string, body: Buffer) => streamed(coding, body, 1)],
])('%s', (_, decode) => {
  it.each<[string, Buffer, string]>([
    ['gzip', gzipSync(BYTES), 'gzip'],
    ['gzip in capitals', gzipSync(BYTES), 'GZIP'],
    ['x-gzip', gzipSync(BYTES), 'x-gzip'],
    ['gzip of several members', Buffer.concat(HALVES), 'gzip'],
    ['gzip with zeros after it', Buffer.concat([gzipSync(BYTES), Buffer.alloc(40)]), 'gzip'],
    [
      'deflate with other bytes after it',
      Buffer.concat([deflateSync(BYTES), Buffer.from('rest')]),
      'deflate',
    ],
    ['deflate with the zlib wrapper', deflateSync(BYTES), 'deflate'],
    ['deflate with the zlib wrapper and a small window', deflateSync(BYTES, { windowBits: 9 }), 'deflate'],
    ['deflate without the zlib wrapper', deflateRawSync(BYTES), 'deflate'],
    ['deflate without the zlib wrapper, stored', deflateRawSync(BYTES, { level: 0 }), 'deflate'],
    ['br', brotliCompressSync(BYTES), 'br'],
    ['two codings', brotliCompressSync(gzipSync(BYTES)), 'gzip, br'],
    ['raw deflate inside gzip', gzipSync(deflateRawSync(BYTES)), 'deflate, gzip'],
    ['identity beside a coding', gzipSync(BYTES), 'identity, gzip, '],
    ['five codings', [1, 2, 3, 4, 5].reduce((body) => gzipSync(body), BYTES), Array(5).fill('gzip').join()],
  ])('undoes %s', async (_title, body, coding) => {
    expect((await decode(coding, body)).equals(BYTES)).toBe(true);
  });

  it.each(['gzip', 'deflate', 'br', 'gzip, br'])(
    'returns an empty body for an empty body with %s',
    async (coding) => {
      expect(await decode(coding, Buffer.alloc(0))).toHaveLength(0);
    },
  );

  it.each(['identity', '', ', ', 'zstd', 'gzip, unknown', 'constructor', '__proto__'])(
    'leaves a body with %j as it is',
    async (coding) => {
      expect((await decode(coding, BYTES)).equals(BYTES)).toBe(true);
    },
  );

  it.each([6, 1500])('refuses a chain of %i codings', async (count) => {
    await expect(decode(Array(count).fill('gzip').join(', '), BYTES)).rejects.toMatchObject({
      code: 'ERR_CONTENT_CODING',
    });
  });

  it.each<[string, Buffer]>([
    ['gzip', gzipSync(BYTES)],
    ['gzip', Buffer.concat([HALVES[0] as Buffer, (HALVES[1] as Buffer).subarray(0, -1)])],
    ['deflate', deflateSync(BYTES)],
    ['deflate', deflateRawSync(BYTES)],
    ['br', brotliCompressSync(BYTES)],
  ])('rejects a truncated body of %s', async (coding, body) => {
    for (const length of [1, Math.ceil(body.length / 2), body.length - 1])
      await expect(decode(coding, body.subarray(0, length))).rejects.toMatchObject({ code: 'Z_BUF_ERROR' });
  });

  it('rejects gzip with bytes after it that are not gzip', async () => {
    const body = Buffer.concat([gzipSync(BYTES), Buffer.from('rest')]);
    await expect(decode('gzip', body)).rejects.toMatchObject({ code: 'Z_DATA_ERROR' });
  });

  it.each(['gzip', 'deflate', 'br'])('rejects a body that is not of %s', async (coding) => {
    await expect(decode(coding, Buffer.from('<html>gateway</html>'))).rejects.toMatchObject({
      code: expect.stringMatching(/^(?:Z_|ERR_+BROTLI|ERR__)/),
    });
  });
});

describe('decodeContent', () => {
  it('returns headers without those of the coded body, and leaves the given ones as they are', async () => {
    const body = gzipSync(BYTES);
    const headers = Object.freeze(headersOf('gzip', body));
    const result = await decodeContent(body, headers, -1);
    expect(result.headers).toEqual({ 'content-type': 'text/plain' });
    expect(headers).toHaveProperty('content-encoding');
  });

  it.each([{ 'content-length': '26000' }, { 'content-encoding': 'zstd', 'content-length': '26000' }])(
    'returns body and headers as they are, without a promise, for %j',
    (headers) => {
      const result = decodeContent(BYTES, headers, -1) as { body: Buffer; headers: object };
      expect(result.body).toBe(BYTES);
      expect(result.headers).toBe(headers);
    },
  );

  it.each(['gzip', 'gzip, gzip'])('limits the decoded length of %s', async (coding) => {
    const compressed = coding.split(',').reduce((body) => gzipSync(body), BYTES);
    const decode = async (limit: number): Promise<{ body: Buffer }> =>
      decodeContent(compressed, headersOf(coding, compressed), limit);
    expect((await decode(BYTES.length)).body).toHaveLength(BYTES.length);
    await expect(decode(BYTES.length - 1)).rejects.toThrow(
      `maxContentLength size of ${BYTES.length - 1} exceeded`,
    );
  });

  it('limits the decoded length to 0 bytes', async () => {
    const body = gzipSync('x');
    await expect(decodeContent(body, headersOf('gzip', body), 0)).rejects.toThrow(
      'maxContentLength size of 0',
    );
  });
});

describe('decodeStream', () => {
  it('returns headers without those of the coded body', () => {
    const body = gzipSync(BYTES);
    const result = decodeStream(streamOf(body), Object.freeze(headersOf('gzip', body)));
    expect(result.headers).toEqual({ 'content-type': 'text/plain' });
  });

  it('returns a stream without a coding as it is', () => {
    const [stream, headers] = [streamOf(BYTES), {}];
    const result = decodeStream(stream, headers);
    expect(result.body).toBe(stream);
    expect(result.headers).toBe(headers);
  });

  it.each(['gzip', 'deflate', 'gzip, br'])('destroys the %s source when it is destroyed', async (coding) => {
    const source = new PassThrough();
    const result = decodeStream(source, { 'content-encoding': coding });
    const closed = new Promise((resolve) => source.once('close', resolve));
    result.body.destroy();
    await closed;
  });

  it('destroys the source when it is destroyed in the middle of the body', async () => {
    const source = new PassThrough();
    source.write(gzipSync(BYTES).subarray(0, 40));
    const result = decodeStream(source, { 'content-encoding': 'gzip' });
    const closed = new Promise((resolve) => source.once('close', resolve));
    for await (const chunk of result.body) {
      expect(BYTES.includes(chunk)).toBe(true);
      break;
    }
    await closed;
  });

  it('destroys its source when it has too many codings', () => {
    const source = new PassThrough();
    const headers = { 'content-encoding': 'br, br, br, br, br, br' };
    expect(() => decodeStream(source, headers)).toThrow('6 content codings');
    expect(source.destroyed).toBe(true);
  });

  it('fails with the error of its source', async () => {
    const source = new PassThrough();
    source.write(gzipSync(BYTES).subarray(0, 40));
    const result = decodeStream(source, { 'content-encoding': 'gzip' });
    const read = buffer(result.body);
    source.destroy(new Error('the connection broke off'));
    await expect(read).rejects.toThrow('the connection broke off');
  });

  it('decodes no further than its reader reads', async () => {
    const body = gzipSync(Buffer.alloc(50_000_000));
    const result = decodeStream(streamOf(body), { 'content-encoding': 'gzip' });
    const stream = result.body;
    await new Promise((resolve) => stream.once('readable', resolve));
    for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate);
    expect(stream.readableLength).toBeLessThan(1_000_000);
    expect(await buffer(stream)).toHaveLength(50_000_000);
  });

  it('ends its source when bytes follow the end of the coded data', async () => {
    const source = streamOf(Buffer.concat([gzipSync(BYTES), Buffer.alloc(200_000)]));
    const result = decodeStream(source, { 'content-encoding': 'gzip' });
    const closed = new Promise((resolve) => source.once('close', resolve));
    expect(await buffer(result.body)).toHaveLength(BYTES.length);
    await closed;
    expect(source.readableEnded).toBe(true);
  });
});

describe('a Session', () => {
  const JSON_TEXT = '{"serialNumber":"20USBML1234567"}';
  const BODIES: Readonly<Record<string, readonly [string, Buffer]>> = {
    gzip: ['gzip', gzipSync(JSON_TEXT)],
    br: ['br', brotliCompressSync(JSON_TEXT)],
    zlib: ['deflate', deflateSync(JSON_TEXT)],
    raw: ['deflate', deflateRawSync(JSON_TEXT)],
    cut: ['gzip', gzipSync(JSON_TEXT).subarray(0, -1)],
    chain: [Array(1500).fill('gzip').join(), Buffer.from(JSON_TEXT)],
    empty: ['gzip', Buffer.alloc(0)],
  };
  const respond: Respond = ({ url }, response) => {
    const [coding, body] = BODIES[url.slice(1)] ?? ['identity', Buffer.from(JSON_TEXT)];
    // Chunked, so that no Content-Length tells where the body ends.
    response.writeHead(200, { 'Content-Type': 'application/json', 'Content-Encoding': coding }).write(body);
    response.end();
  };

  it.each(['gzip', 'br', 'zlib', 'raw', 'plain'])(
    'decodes a response of %s, also as a stream',
    async (name) => {
      await using world = await withOrigin(respond);
      const { data, headers } = await world.session.get(name);
      expect(data).toEqual(JSON.parse(JSON_TEXT));
      expect(headers.has('content-encoding')).toBe(name === 'plain');
      const { data: stream } = await world.session.get<Readable>(name, { responseType: 'stream' });
      expect((await buffer(stream)).toString()).toBe(JSON_TEXT);
      expect(world.origin.requests[0]?.headers['accept-encoding']).toBe('gzip, br');
    },
  );

  it('returns an empty body that is said to be gzip', async () => {
    await using world = await withOrigin(respond);
    expect((await world.session.get('empty')).data).toBe('');
    const { data: stream } = await world.session.get<Readable>('empty', { responseType: 'stream' });
    expect(await buffer(stream)).toHaveLength(0);
  });

  it.each(['cut', 'chain'])('throws InvalidResponse for a coding that is broken: %s', async (name) => {
    await using world = await withOrigin(respond);
    await failure(world.session.get(name), InvalidResponse);
    const streamed = world.session
      .get<Readable>(name, { responseType: 'stream' })
      .then(({ data }) => buffer(data));
    await failure(streamed, InvalidResponse);
  });
});
