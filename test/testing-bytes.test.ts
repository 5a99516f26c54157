import { spawn } from 'node:child_process';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import fc from 'fast-check';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { encodeMultipart } from '../src/http/body/multipart.js';
import { BadRequest, type SessionResponse } from '../src/index.js';
import type { ComponentRecord, TestRunRecord } from '../src/testing/index.js';
import { parseForm } from '../src/testing/multipart.js';
import { startDatabase } from './helpers/database.js';
import { failure } from './helpers/failure.js';

const { pdb, newSession } = await startDatabase({ components: 600 });
const session = newSession();

beforeEach(() => pdb.restore());
afterAll(() => session.close());

// biome-ignore lint/suspicious/noExplicitAny: the results of many commands
type Result = any;

const read = async (command: string, data: object): Promise<Result> =>
  (await session.get<Result>(command, { data })).data;
const write = async (command: string, data: object): Promise<Result> =>
  (await session.post<Result>(command, data)).data;
const download = (command: string, data: object, headers = {}): Promise<SessionResponse<Buffer>> =>
  session.get(command, { data, headers, responseType: 'arraybuffer', validateStatus: null, cache: false });

const component = pdb.dataset.components[0] as ComponentRecord;
const { serialNumber } = component;

function formOf(fields: Readonly<Record<string, string>>, file?: Blob, filename?: string): FormData {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) form.set(name, value);
  if (file !== undefined) form.set('data', file, filename);
  return form;
}

const attach = (file: Blob, filename: string): Promise<Result> =>
  write(
    'createComponentAttachment',
    formOf({ component: serialNumber, title: 't', description: '', type: 'file' }, file, filename),
  );

describe('a form', () => {
  const text = fc.string({ unit: 'binary' }).filter((value) => !/[\0\uFFFD\r\n]|^\[object/.test(value));
  const name = fc.string({ unit: 'grapheme-ascii' }).filter((value) => !/["\\]/.test(value));
  const chunk = fc.oneof(
    fc.uint8Array(),
    fc.constantFrom('\r\n', '--', '\r\n--', '\r\n\r\n').map(Buffer.from),
  );
  const file = fc.record({
    filename: name.filter((value) => value !== ''),
    contentType: fc.constantFrom('image/png', 'text/plain'),
    bytes: fc.array(chunk).map((chunks) => Buffer.concat(chunks)),
  });

  it('that a session encoded is parsed with all its texts and files', async () => {
    const property = fc.asyncProperty(fc.dictionary(name, fc.oneof(text, file)), async (fields) => {
      const form = new FormData();
      for (const [key, value] of Object.entries(fields)) {
        if (typeof value === 'string') form.set(key, value);
        else
          form.set(key, new Blob([new Uint8Array(value.bytes)], { type: value.contentType }), value.filename);
      }
      const { contentType, open } = encodeMultipart(form);
      const body = await buffer(open());
      expect(parseForm(body, contentType)).toEqual(fields);
    });
    await fc.assert(property);
  });

  const part = (head: string, value: string): string => `--b\r\n${head}\r\n\r\n${value}\r\n`;
  const textPart = part('Content-Disposition: form-data; name="a"', '1');

  it.each<[string, string, object]>([
    ['with a preamble', `hello\r\n${textPart}--b--`, { a: '1' }],
    ['with text behind its end', `${textPart}--b--\r\n${textPart.replace('1', '2')}`, { a: '1' }],
    ['with white space behind a delimiter', `${textPart.replace('--b', '--b \t')}--b--`, { a: '1' }],
    ['with an unquoted name', `${part('content-disposition: form-data;name=a', '1')}--b--`, { a: '1' }],
    [
      'with text that starts like its delimiter',
      `${textPart.replace('1', '1\r\n--bc\r\n')}--b--`,
      { a: '1\r\n--bc\r\n' },
    ],
    [
      'with a file that has no type',
      `${part('Content-Disposition: form-data; filename="x"; name="a"', '1')}--b--`,
      { a: { filename: 'x', contentType: 'application/octet-stream', bytes: Buffer.from('1') } },
    ],
    [
      'with an empty file, as the Python package sends a link',
      `${part('Content-Disposition: form-data; name="data"; filename="https://x/y"\r\nContent-Type: text/x-uri', '')}--b--`,
      { data: { filename: 'https://x/y', contentType: 'text/x-uri', bytes: Buffer.alloc(0) } },
    ],
    ['without its end', textPart, {}],
    ['that is empty', '--b--', {}],
  ])('%s is read', (_, body, expected) => {
    for (const type of ['multipart/form-data; boundary=b', 'Multipart/Form-Data;charset=utf-8; boundary="b"'])
      expect(parseForm(Buffer.from(body), type)).toEqual(expected);
  });

  it('is not parsed if the Content-Type is not that of a form', () => {
    for (const type of ['', 'application/json; boundary=b', 'multipart/form-data'])
      expect(parseForm(Buffer.from(`${textPart}--b--`), type)).toBeUndefined();
  });
});

const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** Runs a script that imports the source, in a process of its own. Returns what it prints. */
async function runOfSource(script: string): Promise<string> {
  const { outputFiles } = await build({
    stdin: { contents: script, loader: 'ts', resolveDir: ROOT },
    ...{
      bundle: true,
      packages: 'external',
      platform: 'node',
      format: 'esm',
      target: 'node20',
      write: false,
    },
  });
  const child = spawn(process.execPath, ['--input-type=module', '-'], {
    cwd: ROOT,
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  child.stdin.end(outputFiles[0]?.text);
  return String(Buffer.concat(await child.stdout.toArray()));
}

describe('an uploaded file', () => {
  it('is kept once: the attachment is a part of the recorded body', async () => {
    const { code } = await attach(new Blob([Buffer.alloc(1_000_000)]), 'a.dat');
    const stored = component.attachments.find((one) => one.code === code);
    const { rawBody } = pdb.requests.at(-1) ?? {};
    expect(stored?.bytes.buffer).toBe(rawBody?.buffer);
    // The fields and the headers of the parts are less than a kilobyte.
    expect(rawBody?.buffer.byteLength).toBeLessThan(1_001_000);
  });

  it('of 200 MB takes less than 400 MB of memory', async () => {
    const script = `
      import { startPdb } from './src/testing/index.js';
      import { request } from 'node:http';
      import { once } from 'node:events';
      const pdb = await startPdb({ components: 1, bearers: ['token'] });
      const size = 200_000_000;
      const field = (name, value) => '--b\\r\\nContent-Disposition: form-data; name="' + name + '"\\r\\n\\r\\n' + value + '\\r\\n';
      const start = Buffer.from(
        field('component', pdb.dataset.components[0].serialNumber) + field('title', 't') + field('description', 'd') +
          field('type', 'file') + '--b\\r\\nContent-Disposition: form-data; name="data"; filename="x"\\r\\n\\r\\n');
      const end = Buffer.from('\\r\\n--b--');
      const before = process.resourceUsage().maxRSS;
      const headers = {
        authorization: 'Bearer token',
        'content-type': 'multipart/form-data; boundary=b',
        'content-length': start.length + size + end.length,
      };
      const upload = request(pdb.apiUrl + 'createComponentAttachment', { method: 'POST', headers });
      const write = async (bytes) => { if (!upload.write(bytes)) await once(upload, 'drain'); };
      await write(start);
      const chunk = Buffer.alloc(100_000);
      for (let sent = 0; sent < size; sent += chunk.length) await write(chunk);
      upload.end(end);
      const [response] = await once(upload, 'response');
      const megabytes = Math.round((process.resourceUsage().maxRSS - before) / 1000);
      console.log(JSON.stringify({ status: response.statusCode, megabytes, size: pdb.dataset.components[0].attachments[0].bytes.length }));
      process.exit();`;
    const { status, megabytes, size } = JSON.parse(await runOfSource(script));
    expect([status, size]).toEqual([200, 200_000_000]);
    // A part of it is memory that was not yet collected.
    expect(megabytes).toBeGreaterThan(190);
    expect(megabytes).toBeLessThan(350);
  });

  it('can be read by getBinaryData too, until it is deleted', async () => {
    const { code } = await attach(new Blob(['text'], { type: 'text/plain' }), 'ä"b.txt');
    const { status, data, headers } = await download('uu-app-binarystore/getBinaryData', { code });
    expect([status, String(data)]).toEqual([200, 'text']);
    expect(headers).toMatchObject({
      'content-type': 'text/plain',
      'content-disposition': `inline; filename="?%22b.txt"; filename*=UTF-8''%C3%A4%2522b.txt`,
    });
    await write('deleteComponentAttachment', { component: serialNumber, code });
    const error = await failure(
      session.get('uu-app-binarystore/getBinaryData', { data: { code } }),
      BadRequest,
    );
    expect(error.hasAppError('binaryDoesNotExist')).toBe(true);
  });

  it.each([
    ['with a quotation mark, as curl sends it', 'filename="a\\"b.txt"', 'a"b.txt'],
    ['with a quotation mark, as browsers send it', 'filename="a%22b.txt"', 'a%22b.txt'],
    ['in UTF-8', 'filename="naïve ✓.txt"', 'naïve ✓.txt'],
    ['of RFC 8187', "filename*=utf-8''na%C3%AFve%20%2B.txt", 'naïve +.txt'],
    ['that is wrongly encoded', "filename*=utf-8''100%.txt", '100%.txt'],
    ['that is empty', 'filename=""', ''],
  ])('keeps a name %s', async (_, parameter, filename) => {
    const body = [
      ...Object.entries({ component: serialNumber, title: 't', description: 'd', type: 'file' }).map(
        ([name, value]) => `--b\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`,
      ),
      `--b\r\nContent-Disposition: form-data; name="data"; ${parameter}\r\nContent-Type: t\u0001xt\r\n\r\n\r\n--b--`,
    ].join('');
    const headers = { 'Content-Type': 'multipart/form-data; boundary=b' };
    const { data: result } = await session.post<Result>('createComponentAttachment', body, { headers });
    expect(result).toMatchObject({ filename, contentType: 'application/octet-stream' });
    const response = await download('getComponentAttachment', { component: serialNumber, code: result.code });
    expect([response.status, response.data.length]).toEqual([200, 0]);
    // RFC 8187 has no quotation mark in a name.
    const encoded = encodeURIComponent(filename);
    const name = filename.replaceAll(/["ï✓]/g, (character) => (character === '"' ? '_' : '?'));
    const expected = name === filename ? '' : `; filename*=UTF-8''${encoded}`;
    expect(response.headers['content-disposition']).toBe(`inline; filename="${name}"${expected}`);
  });

  it('whose client hangs up in the middle is not attached', async () => {
    const controller = new AbortController();
    const chunks = async function* (): AsyncGenerator<Buffer> {
      yield Buffer.from('--b\r\n');
      controller.abort();
      await new Promise(() => {});
    };
    const headers = { 'Content-Type': 'multipart/form-data; boundary=b' };
    const { signal } = controller;
    const upload = session.post<unknown>('createComponentAttachment', Readable.from(chunks()), {
      headers,
      signal,
    });
    await expect(upload).rejects.toThrow();
    await attach(new Blob(['text']), 'a.txt');
    expect(component.attachments).toHaveLength(1);
  });

  it('is there again, or no more, after restore', async () => {
    const { code } = await attach(new Blob(['first']), 'a.txt');
    const input = { component: serialNumber, code };
    const snapshot = pdb.snapshot();
    await write('deleteComponentAttachment', input);
    const second = await attach(new Blob(['second']), 'a.txt');
    pdb.restore(snapshot);
    expect(String((await download('getComponentAttachment', input)).data)).toBe('first');
    expect(String((await download('uu-app-binarystore/getBinaryData', { code })).data)).toBe('first');
    expect((await download('uu-app-binarystore/getBinaryData', { code: second.code })).status).toBe(400);
  });
});

describe('a download with Range', () => {
  it.each([
    ['bytes=0-2', 206, 'abc', 'bytes 0-2/10'],
    ['Bytes=0-2', 206, 'abc', 'bytes 0-2/10'],
    ['bytes=7-', 206, 'hij', 'bytes 7-9/10'],
    ['bytes=-2', 206, 'ij', 'bytes 8-9/10'],
    ['bytes=-99', 206, 'abcdefghij', 'bytes 0-9/10'],
    ['bytes=8-99', 206, 'ij', 'bytes 8-9/10'],
    ['bytes=10-', 416, '', 'bytes */10'],
    ['bytes=-0', 416, '', 'bytes */10'],
    ['bytes=5-3', 200, 'abcdefghij', undefined],
    ['bytes=0-1,3-4', 200, 'abcdefghij', undefined],
    ['bytes=-', 200, 'abcdefghij', undefined],
    ['lines=1-2', 200, 'abcdefghij', undefined],
  ])('%s has the status %d and the bytes %s', async (range, status, text, contentRange) => {
    const { code } = await attach(new Blob(['abcdefghij'], { type: 'text/plain' }), 'a.txt');
    const input = { component: serialNumber, code };
    const response = await download('getComponentAttachment', input, { Range: range });
    expect([response.status, String(response.data)]).toEqual([status, text]);
    expect(response.headers['content-range']).toBe(contentRange);
    expect(response.headers).toMatchObject({ 'accept-ranges': 'bytes', 'content-type': 'text/plain' });
  });

  it('gets the whole file with If-Range, because an attachment has no validator', async () => {
    const { code } = await attach(new Blob(['abc']), 'a.txt');
    const headers = { Range: 'bytes=1-', 'If-Range': '"x"' };
    const input = { component: serialNumber, code };
    expect((await download('getComponentAttachment', input, headers)).status).toBe(200);
  });
});

describe('createBinaryTestRunParameter', () => {
  const isImage = ({ testType }: TestRunRecord): boolean => testType.code.includes('VISUAL_INSPECTION');
  const runs = pdb.dataset.components.flatMap(({ testRuns }) => testRuns);
  const testRun = runs.find(isImage)?.id ?? '';
  const other = runs.find((run) => !isImage(run))?.id ?? '';
  const image = new Blob([Buffer.from([137, 80, 78, 71])], { type: 'image/png' });
  const imageOf = async (id: string): Promise<unknown> =>
    (await read('getTestRun', { testRun: id })).results.find(({ code }: Result) => code === 'IMAGE')?.value;

  it('makes the code of a file the value of a result, and getBinaryData returns the file', async () => {
    const before = await read('getTestRun', { testRun });
    expect(await imageOf(testRun)).toBeUndefined();
    await write('createBinaryTestRunParameter', formOf({ testRun, parameter: 'IMAGE' }, image, 'top.png'));
    const after = await read('getTestRun', { testRun });
    expect(after.sys.rev).toBe(before.sys.rev + 1);
    expect(after.results).toEqual([...before.results, expect.objectContaining({ code: 'IMAGE' })]);
    const code = await imageOf(testRun);
    expect(code).toMatch(/^[0-9a-f]{32}$/);
    const { data, headers } = await download('uu-app-binarystore/getBinaryData', { code });
    expect(data).toEqual(Buffer.from([137, 80, 78, 71]));
    expect(headers).toMatchObject({
      'content-type': 'image/png',
      'content-disposition': 'inline; filename="top.png"',
    });
    pdb.restore();
    expect(await imageOf(testRun)).toBeUndefined();
    expect((await download('uu-app-binarystore/getBinaryData', { code })).status).toBe(400);
  });

  it.each<[string, Record<string, string>, Blob | undefined, string]>([
    ['testRunDaoGetFailed', { testRun: 'none', parameter: 'IMAGE' }, image, 'none'],
    ['invalidDtoIn', { testRun, parameter: 'TEMPERATURE' }, image, '$.parameter'],
    ['invalidDtoIn', { testRun, parameter: 'none' }, image, '$.parameter'],
    ['invalidDtoIn', { testRun: other, parameter: 'IMAGE' }, image, '$.parameter'],
    ['invalidDtoIn', { testRun }, image, '$.parameter'],
    ['invalidDtoIn', { testRun, parameter: 'IMAGE' }, undefined, '$.data'],
    ['invalidDtoIn', { testRun, parameter: 'IMAGE', data: 'text' }, undefined, '$.data'],
  ])('is refused with %s for %j', async (reason, fields, file, text) => {
    const error = await failure(write('createBinaryTestRunParameter', formOf(fields, file, 'x')), BadRequest);
    expect(error.hasAppError(reason)).toBe(true);
    expect(error.message).toContain(text);
  });
});
