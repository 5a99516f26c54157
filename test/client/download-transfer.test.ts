import { createHash } from 'node:crypto';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  Aborted,
  BadJSON,
  type BinaryFile,
  Client,
  type ClientOptions,
  ConcurrencyLimit,
  ConnectionReset,
  InvalidInvocation,
  InvalidResponse,
  type RetryEvent,
  Timeout,
  ZipFile,
} from '../../src/index.js';
import { failure } from '../helpers/failure.js';
import { MockUser } from '../helpers/mock-user.js';
import { Origin, type Respond, type SeenRequest } from '../helpers/origin.js';
import { QUICK } from '../helpers/scripted.js';

const DATA = { component: '20USBML1234567', code: '9d8c7b6a5f4e3d2c1b0a998877665544' };
const BYTES = Buffer.from(Array.from({ length: 3_000_000 }, (_, index) => (index * 7) % 251));
const ETAG = '"one"';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'itkdb-transfer-'));
  vi.stubEnv('TMPDIR', folder);
});
afterEach(async () => {
  vi.unstubAllEnvs();
  expect(await readdir(folder)).toEqual([]);
  await rm(folder, { recursive: true });
});

/** A server whose answers are scripted, the last one for ever, and a client of it. */
async function world(
  script: readonly Respond[],
  options: ClientOptions = {},
): Promise<
  AsyncDisposable & { client: Client; origin: Origin; get: (data?: object) => Promise<BinaryFile> }
> {
  let at = 0;
  const origin = await Origin.start((request, response) =>
    (script[Math.min(at++, script.length - 1)] as Respond)(request, response),
  );
  const client = new Client({
    ...{ user: new MockUser(), prefixUrl: origin.url, cache: false, retry: QUICK },
    ...options,
  });
  return {
    client,
    origin,
    get: (more) => client.get('getComponentAttachment', { data: DATA, ...more }),
    async [Symbol.asyncDispose]() {
      await client.close();
      await origin[Symbol.asyncDispose]();
    },
  };
}

type Fields = Record<string, string | number | undefined>;

function sendHead(response: ServerResponse, status: number, fields: Fields): void {
  response.writeHead(status, {
    'Content-Type': 'application/x-tar',
    ...Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)),
  } as Record<string, string>);
}

/** Sends the first bytes of the whole file, and drops the connection. */
const cut =
  (length: number, fields: Fields = { ETag: ETAG }): Respond =>
  (_, response) => {
    sendHead(response, 200, { 'Content-Length': BYTES.length, ...fields });
    response.write(BYTES.subarray(0, length), () => setTimeout(() => response.destroy(), 20));
  };

/** Sends the whole file. */
const whole =
  (fields: Fields = { ETag: ETAG }): Respond =>
  (_, response) => {
    sendHead(response, 200, { 'Content-Length': BYTES.length, ...fields });
    response.end(BYTES);
  };

/** Sends the part that is asked for, up to a length. */
const part =
  (length = Number.POSITIVE_INFINITY, fields: Fields = {}): Respond =>
  ({ headers }, response) => {
    const start = Number(/^bytes=(\d+)-$/.exec(headers.range ?? '')?.[1]);
    sendHead(response, 206, {
      'Content-Length': BYTES.length - start,
      'Content-Range': `bytes ${start}-${BYTES.length - 1}/${BYTES.length}`,
      ETag: ETAG,
      ...fields,
    });
    if (start + length >= BYTES.length) response.end(BYTES.subarray(start));
    else
      response.write(BYTES.subarray(start, start + length), () => setTimeout(() => response.destroy(), 20));
  };

const rangesOf = (requests: readonly SeenRequest[]): unknown[] =>
  requests.map(({ headers }) => headers.range !== undefined);

describe('an interrupted file', () => {
  it('goes on where it was, with `Range` and `If-Range`', async () => {
    await using server = await world([cut(2_000_000), part(500_000), part()]);
    await using file = await server.get();
    expect((await file.bytes()).equals(BYTES)).toBe(true);
    const [first, second, third] = server.origin.requests;
    expect(first?.headers).not.toHaveProperty('range');
    expect(second?.headers).toMatchObject({ range: 'bytes=2000000-', 'if-range': ETAG });
    expect(third?.headers).toMatchObject({ range: 'bytes=2500000-', 'if-range': ETAG });
    expect(new Set(server.origin.requests.map(({ body }) => body))).toEqual(new Set([JSON.stringify(DATA)]));
  });

  it('goes on with `Last-Modified` if that is old enough', async () => {
    const dates = { Date: 'Sat, 01 Nov 2025 10:00:00 GMT', 'Last-Modified': 'Fri, 31 Oct 2025 10:00:00 GMT' };
    await using server = await world([cut(2_000_000, dates), part()]);
    await using file = await server.get();
    expect((await file.bytes()).equals(BYTES)).toBe(true);
    expect(server.origin.requests[1]?.headers['if-range']).toBe(dates['Last-Modified']);
  });

  it.each([202, 204, 206])('takes no response with the status %d for the file', async (status) => {
    const answer: Respond = (_, response) => {
      sendHead(response, status, { 'Content-Range': status === 206 ? 'bytes 0-2/3000000' : undefined });
      response.end(status === 204 ? undefined : 'abc');
    };
    await using server = await world([answer]);
    const error = await failure(server.get(), InvalidResponse);
    expect(error.message).toContain(`the status ${status}, so it is not the whole file`);
    expect(server.origin.requests).toHaveLength(1);
    if (status !== 206) return;
    await using file = await server.get({ headers: { Range: 'bytes=0-2' } });
    expect(await file.bytes()).toEqual(Buffer.from('abc'));
  });

  it.each<[string, Fields]>([
    ['no validator', {}],
    ['a weak validator', { ETag: 'W/"one"' }],
    [
      'a `Last-Modified` of the same second',
      { Date: 'Sat, 01 Nov 2025 10:00:00 GMT', 'Last-Modified': 'Sat, 01 Nov 2025 10:00:00 GMT' },
    ],
  ])('starts over with %s', async (_, fields) => {
    await using server = await world([cut(2_000_000, fields), whole(fields)]);
    await using file = await server.get();
    expect((await file.bytes()).equals(BYTES)).toBe(true);
    expect(rangesOf(server.origin.requests)).toEqual([false, false]);
  });

  it.each<[string, Respond]>([
    ['the file has changed', whole({ ETag: '"two"' })],
    ['the part starts elsewhere', part(undefined, { 'Content-Range': `bytes 0-2999999/3000000` })],
    [
      'the part is of a file of another length',
      part(undefined, { 'Content-Range': `bytes 2000000-2999999/9` }),
    ],
    ['the part is of another version', part(undefined, { ETag: '"two"' })],
    ['there is no such part', (_, response) => sendHead(response, 416, {}) ?? response.end()],
  ])('starts over if %s', async (_, second) => {
    await using server = await world([cut(2_000_000), second, whole()]);
    await using file = await server.get();
    expect((await file.bytes()).equals(BYTES)).toBe(true);
  });

  it('of less than 1 MiB goes on too', async () => {
    await using server = await world([cut(1000), part()]);
    await using file = await server.get();
    expect((await file.bytes()).equals(BYTES)).toBe(true);
  });

  it('ends with the exception after the usual number of attempts, which it lists', async () => {
    const events: RetryEvent[] = [];
    const options = { retry: { ...QUICK, tries: 3 }, onRetry: (event: RetryEvent) => events.push(event) };
    await using server = await world([cut(1000, {})], options);
    const error = await failure(server.get(), ConnectionReset);
    expect(error.message).toContain('Gave up after 3 tries:');
    expect(server.origin.requests).toHaveLength(3);
    expect(events).toMatchObject([
      { method: 'GET', url: `${server.origin.url}getComponentAttachment`, failedTries: 1 },
      { failedTries: 2 },
    ]);
  });

  it('is retried for longer while each attempt brings 1 MiB', async () => {
    const script = [cut(1_000_000), part(1_100_000), part(800_000), part()];
    await using server = await world(script, { retry: { ...QUICK, tries: 2 } });
    await failure(server.get(), ConnectionReset);
    const steady = [cut(1_000), part(1_100_000), part(1_100_000), part()];
    await using other = await world(steady, { retry: { ...QUICK, tries: 2 } });
    await using file = await other.get();
    expect((await file.bytes()).equals(BYTES)).toBe(true);
  });

  it('is not retried with `retry: false`', async () => {
    await using server = await world([cut(2_000_000)], { retry: false });
    await failure(server.get(), ConnectionReset);
    await using other = await world([cut(2_000_000)]);
    await failure(other.get({ retry: false }), ConnectionReset);
    expect([server.origin.requests.length, other.origin.requests.length]).toEqual([1, 1]);
  });

  it('is a `Timeout` if no more bytes arrive, and goes on', async () => {
    const stall: Respond = (_, response) => {
      sendHead(response, 200, { 'Content-Length': BYTES.length, ETag: ETAG });
      response.write(BYTES.subarray(0, 2_000_000));
    };
    await using server = await world([stall, part()], { timeout: 500 });
    await using file = await server.get();
    expect((await file.bytes()).equals(BYTES)).toBe(true);
    await using other = await world([stall], { timeout: 500, retry: { timeouts: false } });
    await failure(other.get(), Timeout);
  });

  it('ends with `Aborted`, and is removed, if its signal is aborted', async () => {
    const controller = new AbortController();
    const stall: Respond = (_, response) => {
      sendHead(response, 200, { 'Content-Length': BYTES.length });
      response.write(BYTES.subarray(0, 2_000_000), () => setTimeout(() => controller.abort(), 50));
    };
    await using server = await world([stall]);
    await failure(server.get({ signal: controller.signal }), Aborted);
    await failure(server.get({ signal: AbortSignal.abort() }), Aborted);
  });

  it('ends with `Aborted` if the client is closed', async () => {
    await using server = await world([(_, response) => void response.writeHead(200).write('x')]);
    const pending = failure(server.get(), Aborted);
    await expect.poll(() => server.origin.requests.length).toBe(1);
    await server.client.close();
    await pending;
  });
});

describe('a file', () => {
  const digest = (algorithm: string, bytes: Buffer): string =>
    createHash(algorithm).update(bytes).digest('base64');

  it.each<[string, (bytes: Buffer) => string]>([
    ['Repr-Digest', (bytes) => `sha-256=:${digest('sha256', bytes)}:, x=:AA==:`],
    ['Digest', (bytes) => `unixsum=1,SHA-256=${digest('sha256', bytes)}`],
    ['Content-MD5', (bytes) => digest('md5', bytes)],
  ])('is checked with `%s`, also over two attempts', async (name, fieldOf) => {
    const right = { [name]: fieldOf(BYTES) };
    const wrong = { [name]: fieldOf(BYTES.subarray(1)) };
    await using server = await world([cut(2_000_000, { ETag: ETAG, ...right }), part()]);
    await (await server.get()).dispose();
    await using damaged = await world([whole(wrong), whole(right)]);
    await (await damaged.get()).dispose();
    expect(damaged.origin.requests).toHaveLength(2);
    await using hopeless = await world([whole(wrong)], { retry: false });
    const error = await failure(hopeless.get(), InvalidResponse);
    expect(error.summary).toMatch(/^GET \S+getComponentAttachment failed: the checksum is wrong$/);
  });

  it('is asked for without a content coding, and decoded where there is one all the same', async () => {
    const { gzipSync } = await import('node:zlib');
    const gzip: Respond = (_, response) =>
      response.writeHead(200, { 'Content-Encoding': 'gzip' }).end(gzipSync('text'));
    await using server = await world([gzip]);
    expect(await (await server.get()).text()).toBe('text');
    expect(server.origin.requests[0]?.headers['accept-encoding']).toBe('identity');
  });

  it('can be part of one, if the call asks for that', async () => {
    await using server = await world([part()]);
    const file = await server.get({ headers: { Range: 'bytes=2999990-' } });
    expect(await file.bytes()).toEqual(BYTES.subarray(2_999_990));
  });

  it('tells of its progress, attempts included', async () => {
    const events: [number, number | undefined][] = [];
    await using server = await world([cut(2_000_000), part()]);
    const onDownloadProgress = ({ loaded, total }: { loaded: number; total?: number }): void => {
      events.push([loaded, total]);
      throw new Error('mine');
    };
    await (await server.get({ onDownloadProgress })).dispose();
    expect(events.at(-1)).toEqual([3_000_000, 3_000_000]);
  });

  it('is beside its response with `.withResponse()`', async () => {
    await using server = await world([whole()]);
    const { data, response } = await server.client
      .get('getComponentAttachment', { data: DATA })
      .withResponse();
    expect(response.status).toBe(200);
    expect(response.data).toBe(data);
    await data.dispose();
  });

  it('is a ZipFile, whatever the parameters of its type', async () => {
    const type = 'application/ZIP; charset=binary';
    await using server = await world([whole({ 'Content-Type': type })]);
    await using file = await server.get();
    expect(file).toBeInstanceOf(ZipFile);
  });

  it('is refused if it is a page of HTML without a name', async () => {
    const page: Respond = (_, response) =>
      response
        .writeHead(200, { 'Content-Type': 'text/html; charset=utf-8' })
        .end('<html>Please sign in</html>');
    await using server = await world([page]);
    const error = await failure(server.get(), BadJSON);
    expect(error.summary).toBe('getComponentAttachment: a page of HTML came in place of a file (200)');
    expect(error.message).toContain('Please sign in');
    const named: Respond = (_, response) =>
      response
        .writeHead(200, {
          'Content-Type': 'text/html',
          'Content-Disposition': 'inline; filename=report.html',
        })
        .end('<html></html>');
    await using other = await world([named]);
    expect(await (await other.get()).text()).toBe('<html></html>');
  });

  it('from EOS has the type of its contents, if EOS says nothing about it', async () => {
    const png = Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex');
    const answer: Respond = (_, response) =>
      response.writeHead(200, { 'Content-Type': 'application/octet-stream' }).end(png);
    await using server = await world([answer]);
    const url = `${server.origin.url}eos/x?authz=zteos64:secret`;
    const file = await server.client.get<BinaryFile>(url);
    expect(file.contentType).toBe('image/png');
    expect(file.constructor.name).toBe('ImageFile');
    expect(inspect(file, { depth: 9, showHidden: true })).not.toContain('secret');
    expect((await server.get()).contentType).toBe('application/octet-stream');
  });

  it('is made in `directory`, whose permissions and errors are those of the caller', async () => {
    await using server = await world([whole()]);
    const own = await mkdtemp(join(folder, 'own-'));
    const file = await server.get({ directory: own });
    expect(await readdir(own)).toHaveLength(1);
    await file.dispose();
    expect(await readdir(own)).toEqual([]);
    await rm(own, { recursive: true });
    const error = await failure(server.get({ directory: own }), InvalidInvocation);
    expect(error.message).toMatch(/^client\.get\('getComponentAttachment'\): \S+ cannot be written: ENOENT/);
    const call = server.client.get('getComponent', { data: { component: 'x' }, directory: own });
    await expect(call).rejects.toThrow('`directory` is for commands that give a file');
  });

  it('is not received where the input cannot be sent, or a function of the caller fails', async () => {
    await using server = await world([whole()]);
    const data = { component: 'x', code: () => 'y' };
    await failure(server.get({ data }), InvalidInvocation);
    const mine = new Error('mine');
    const transformRequest = (): never => {
      throw mine;
    };
    await expect(server.get({ transformRequest })).rejects.toBe(mine);
    expect(server.origin.requests).toEqual([]);
  });

  it('waits for a slot: only so many are received at a time, also by several clients', async () => {
    let [open, most] = [0, 0];
    const slow: Respond = (_, response) => {
      most = Math.max(most, ++open);
      response.writeHead(200).write('x');
      setTimeout(() => {
        open--;
        response.end('y');
      }, 20);
    };
    const maxConcurrency = new ConcurrencyLimit(2);
    await using server = await world([slow], { maxConcurrency });
    await using second = new Client({
      ...{ user: new MockUser(), prefixUrl: server.origin.url, cache: false, maxConcurrency },
    });
    const calls = Array.from({ length: 10 }, (_, index) =>
      (index % 2 ? second : server.client).get('getComponentAttachment', { data: DATA }),
    );
    for (const file of await Promise.all(calls)) expect(await file.text()).toBe('xy');
    expect(most).toBe(2);
  });
});
