import { readdir } from 'node:fs/promises';
import { Agent, type ServerResponse } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { Readable } from 'node:stream';
import { inspect } from 'node:util';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { eosOptions } from '../../src/client/eos/request.js';
import {
  type AddAttachmentOptions,
  type AddedAttachment,
  BadRequest,
  ConnectionRefused,
  Forbidden,
  IncompleteWrite,
  InvalidInvocation,
  Redirect,
  ServerError,
  Timeout,
  TooManyRedirects,
  UnhandledResponse,
} from '../../src/index.js';
import type { FaultKind, RecordedRequest } from '../../src/testing/index.js';
import { startDatabase } from '../helpers/database.js';
import { failure } from '../helpers/failure.js';
import { keepLogs } from '../helpers/logs.js';
import { Origin } from '../helpers/origin.js';

const { pdb, newClient } = await startDatabase({ components: 60 });
const client = newClient();
const { serialNumber: component = '', testRuns = [] } =
  pdb.dataset.components.find(({ parent, testRuns }) => parent === undefined && testRuns.length > 0) ?? {};
const PNG = Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex');

beforeEach(() => pdb.restore());
afterAll(() => client.close());

const add = (options: AddAttachmentOptions = {}, by = client): Promise<AddedAttachment> =>
  by.attachments.add({ component }, PNG, { filename: 'scan.png', title: 'Scan', ...options });
// biome-ignore lint/suspicious/noExplicitAny: attachments with tokens
const attachments = async (): Promise<any[]> =>
  // biome-ignore lint/suspicious/noExplicitAny: as above
  (await client.get<any>('getComponent' as string, { data: { component, noEosToken: false } })).attachments ??
  [];
/** The bytes of the only attachment. */
const stored = async (): Promise<Buffer> => {
  const [{ url }] = await attachments();
  return (await client.session.get<Buffer>(url, { responseType: 'arraybuffer' })).data;
};
const sent = (): string[] =>
  pdb.requests.filter(({ method }) => method !== 'GET').map(({ command }) => command);
/** The PUT that EOS redirected, which stores the file. */
const store = ({ server, method, url }: RecordedRequest): boolean =>
  server === 'eos' && method === 'PUT' && url.startsWith('/storage/');
/** What the exception says of each step. */
const outcomes = ({ steps }: IncompleteWrite): string[] => steps.map(({ outcome }) => outcome);

describe('attachments.add sends to EOS', () => {
  it.each<[string, Buffer, boolean]>([
    ['an image', PNG, true],
    ['a file of ROOT', Buffer.from('root\0\0'), true],
    ['a file of 64,001 bytes', Buffer.alloc(64_001, 'x'), true],
    ['a file of 64,000 bytes', Buffer.alloc(64_000, 'x'), false],
    ['a text', Buffer.from('some words'), false],
  ])('%s, or does not', async (_, bytes, isOnEos) => {
    const added = await client.attachments.add({ component }, bytes, { filename: 'a' });
    expect(added.type).toBe(isOnEos ? 'eos' : 'file');
    expect(await attachments()).toMatchObject([
      { type: added.type, code: added.code, filesize: bytes.length },
    ]);
    if (isOnEos) expect(await stored()).toEqual(bytes);
  });

  it('what the option eos of the call says, and else that of the client', async () => {
    await using never = newClient({ eos: false });
    await using always = newClient({ eos: true });
    expect((await add({}, never)).type).toBe('file');
    expect((await add({ eos: 'auto' }, never)).type).toBe('eos');
    const text = { filename: 'a.txt' };
    expect((await always.attachments.add({ component }, Buffer.from('a'), text)).type).toBe('eos');
    expect((await client.attachments.add({ component }, Buffer.from('a'), { ...text, eos: true })).type).toBe(
      'eos',
    );
    const [run] = testRuns;
    expect((await always.attachments.add({ testRun: run?.id ?? '' }, Buffer.from(''), text)).filesize).toBe(
      0,
    );
  });

  it('the token to its host only, and gives it to nobody', async () => {
    const logger = keepLogs();
    await using logged = newClient({ logger });
    const added = await add({}, logged);
    expect(added).toEqual({
      ...{ code: expect.stringMatching(/^[0-9a-f]{32}$/), type: 'eos', title: 'Scan', description: '' },
      ...{ filename: 'Scan', contentType: 'application/octet-stream', filesize: PNG.length },
      url: expect.stringMatching(`^${pdb.eosUrl}eos/[^?]*$`),
    });
    const [first, second] = pdb.requests.filter(({ command }) => command === 'eosPut');
    expect(first?.headers.get('authorization')).toMatch(/^Bearer zteos64:/);
    expect(second?.headers.get('content-type')).toBe('image/png');
    expect(second?.rawBody).toEqual(PNG);
    for (const { server, headers } of pdb.requests)
      if (server !== 'eos') expect(String(headers.get('authorization'))).not.toContain('zteos64');
    expect(logger.lines.length).toBeGreaterThan(0);
    const { lastResponse } = logged.session;
    const shown = logger.lines.join('\n') + inspect([added, logged, lastResponse], { depth: 9 });
    expect(shown).not.toContain('zteos64:');
  });

  it.each([301, 302, 307, 308])(
    'a file again where a PUT is redirected with the status %d',
    async (status) => {
      await using storage = await Origin.start((_, response) => response.writeHead(201).end());
      pdb.fault({ on: 'eosPut', redirect: `${storage.url}there?authz=zteos64:another`, status });
      const added = await add();
      expect(storage.requests).toMatchObject([
        { method: 'PUT', url: '/there?authz=zteos64:another', body: PNG.toString() },
      ]);
      expect(storage.requests[0]?.headers.authorization).toBeUndefined();
      expect(added.url).not.toContain('authz');
    },
  );

  it('the token again where a PUT is redirected within the host', async () => {
    pdb.fault({ on: 'eosPut', redirect: '/storage/again', status: 307 });
    await failure(add(), IncompleteWrite);
    const [, again] = pdb.requests.filter(({ command }) => command === 'eosPut');
    expect(again?.headers.get('authorization')).toMatch(/^Bearer zteos64:/);
  });

  it('its own token, also where EOS is at the URL of the database', async () => {
    pdb.answer('requestUploadEosFile', { code: 'c0de', token: 'zteos64:t', url: `${pdb.apiUrl}file` });
    await failure(add(), IncompleteWrite);
    const puts = pdb.requests.filter(({ method }) => method === 'PUT');
    expect(puts.map(({ headers }) => headers.get('authorization'))).toEqual(['Bearer zteos64:t']);
  });

  it('to the URL of the database, and returns it without its query', async () => {
    await using eos = await Origin.start((_, response) => response.writeHead(201).end());
    const url = `${eos.url}file`;
    pdb.answer('requestUploadEosFile', { code: 'c0de', token: 'zteos64:t', url: `${url}?authz=zteos64:t` });
    expect((await add()).url).toBe(url);
    expect(eos.requests[0]?.url).toBe('/file?authz=zteos64:t');
  });

  it('for as long as bytes are sent, unless within says otherwise', () => {
    expect(eosOptions({}, undefined).retry).toEqual({ within: 86_400_000, idempotent: true });
    expect(eosOptions({}, { within: 5, tries: 2 }).retry).toMatchObject({ within: 5, tries: 2 });
    expect(eosOptions({ retry: { within: 7 } }, { within: 5 }).retry).toMatchObject({ within: 7 });
    expect(eosOptions({}, false).retry).toBe(false);
    expect(eosOptions({ retry: { tries: 2 } }, false).retry).toMatchObject({ tries: 2 });
  });

  it('with the options of the network, and without the headers for the database', async () => {
    pdb.fault({ on: 'eosPut', redirect: '/elsewhere', status: 307, times: Number.POSITIVE_INFINITY });
    const error = await failure(add({ maxRedirects: 2, headers: { 'X-Note': 'mine' } }), IncompleteWrite);
    expect(error.cause).toBeInstanceOf(TooManyRedirects);
    const puts = pdb.requests.filter(({ command }) => command === 'eosPut');
    expect(puts).toHaveLength(3);
    for (const { headers } of puts) expect(headers.get('x-note')).toBeNull();
    expect(await attachments()).toEqual([]);
  });

  it('and tells of its progress', async () => {
    const events: unknown[] = [];
    const large = Buffer.alloc(3_000_000, 'x');
    const onProgress = (event: unknown): void => void events.push(event);
    await client.attachments.add({ component }, large, { filename: 'large', onProgress });
    expect(events.at(-1)).toEqual({ done: large.length, total: large.length });
  });

  it('a large file only to the server that wants it', async () => {
    await using storage = await Origin.start((_, response) => response.writeHead(201).end());
    let received = 0;
    let expected: string | undefined;
    await using manager = await Origin.startRaw((request, response) => {
      request.on('data', (chunk: Buffer) => {
        received += chunk.length;
      });
      response.writeHead(307, { location: storage.url, connection: 'close' }).end();
    });
    manager.onExpect((request, response) => {
      expected = request.headers.expect;
      response.writeHead(307, { location: storage.url, connection: 'close' }).end();
    });
    pdb.answer('requestUploadEosFile', { code: 'c0de', token: 'zteos64:t', url: `${manager.url}file` });
    const large = Buffer.alloc(3_000_000, 'x');
    await client.attachments.add({ component }, large, { filename: 'large' });
    expect([expected, received]).toEqual(['100-continue', 0]);
    expect(storage.requests[0]?.body).toHaveLength(large.length);
  });

  it('a file again from its start, where EOS failed for a while', async () => {
    await using patient = newClient({ retry: { baseDelay: 1 } });
    pdb.fault({ on: store, status: 503 });
    pdb.fault({ on: store, drop: 'before-headers' });
    let opened = 0;
    const source = (): Readable => {
      opened += 1;
      return Readable.from([PNG.subarray(0, 5), PNG.subarray(5)]);
    };
    const options = { filename: 'scan.png', size: PNG.length };
    await patient.attachments.add({ component }, source, options);
    expect(await stored()).toEqual(PNG);
    expect(pdb.requests.filter(store).map(({ rawBody }) => rawBody)).toEqual([PNG, PNG, PNG]);
    expect(opened).toBe(5);
    expect(sent().filter((command) => command === 'requestUploadEosFile')).toHaveLength(1);
  });
});

describe('attachments.add, where the registration for EOS fails', () => {
  const on = 'requestUploadEosFile';

  it('throws what the database answers', async () => {
    pdb.fault({ on, status: 400 });
    await failure(add(), BadRequest);
    expect(await attachments()).toEqual([]);
  });

  it.each<[string, FaultKind]>([
    ['an error of the server', { status: 503 }],
    ['a closed connection', { drop: 'before-headers' }],
  ])('says after %s that it is unknown, and resume() adds the file once', async (_, fault) => {
    pdb.fault({ on, ...fault });
    const error = await failure(add(), IncompleteWrite);
    expect([error.outcome, ...outcomes(error)]).toEqual(['unknown', 'unknown', 'not done']);
    expect(sent()).not.toContain('eosPut');
    expect(await error.resume()).toMatchObject({ type: 'eos' });
    expect(await attachments()).toHaveLength(1);
    expect(await stored()).toEqual(PNG);
  });

  it.each<[string, FaultKind]>([
    ['lost', { drop: 'after-headers' }],
    ['cut off', { truncate: 9 }],
  ])('deletes what was registered, where the response with the token was %s', async (_, fault) => {
    pdb.fault({ on, ...fault });
    const error = await failure(add(), IncompleteWrite);
    expect([error.outcome, ...outcomes(error)]).toEqual(['not done', 'done', 'not done', 'done']);
    expect(await attachments()).toEqual([]);
    expect(await error.resume()).toMatchObject({ type: 'eos' });
    expect(await attachments()).toHaveLength(1);
  });

  it.each([null, {}, []])('deletes what was registered, where the response is %j', async (answer) => {
    await using mocked = newClient();
    const { post } = mocked;
    mocked.post = (async (command: 'requestUploadEosFile', ...more: [never]) => {
      const result = await post.call(mocked, command, ...more);
      return command === on ? answer : result;
    }) as never;
    const error = await failure(add({}, mocked), IncompleteWrite);
    expect([error.outcome, ...outcomes(error)]).toEqual(['not done', 'done', 'not done', 'done']);
    expect(await attachments()).toEqual([]);
  });

  it('registers nothing in resume(), as long as it cannot look for what was registered', async () => {
    pdb.fault({ on, drop: 'after-headers' });
    pdb.fault({ on: 'getComponent', status: 500, after: 1, times: 2 });
    const error = await failure(add(), IncompleteWrite);
    const again = await failure(error.resume(), IncompleteWrite);
    expect([again.outcome, ...outcomes(again)]).toEqual(['unknown', 'unknown', 'not done']);
    expect(await attachments()).toHaveLength(1);
    await again.resume();
    expect(await attachments()).toHaveLength(1);
    expect(await stored()).toEqual(PNG);
  });

  it('deletes what was registered in resume(), where it was not found before', async () => {
    pdb.fault({ on, drop: 'after-headers' });
    pdb.fault({ on: 'getComponent', status: 500, after: 1 });
    const error = await failure(add(), IncompleteWrite);
    expect(outcomes(error)).toEqual(['unknown', 'not done']);
    expect(await attachments()).toHaveLength(1);
    await error.resume();
    expect(await attachments()).toHaveLength(1);
    expect(await stored()).toEqual(PNG);
  });
});

describe('attachments.add, where EOS fails', () => {
  it.each<[string, FaultKind, abstract new (...args: never[]) => Error]>([
    ['500', { status: 500 }, ServerError],
    ['401', { status: 401 }, Forbidden],
    ['403', { status: 403 }, Forbidden],
    ['200', { status: 200 }, UnhandledResponse],
    ['204', { status: 204 }, UnhandledResponse],
    ['303', { redirect: '/', status: 303 }, Redirect],
    ['307 without a URL', { status: 307 }, UnhandledResponse],
    ['307 with a URL that is none', { redirect: 'ftp://a.example/', status: 307 }, UnhandledResponse],
  ])('deletes the attachment again after the status %s, and says so', async (_, fault, type) => {
    for (const on of ['eosPut', store]) {
      pdb.fault({ on, ...fault });
      const error = await failure(add(), IncompleteWrite);
      expect([error.outcome, ...outcomes(error)]).toEqual(['not done', 'done', 'not done', 'done']);
      expect(error.cause).toBeInstanceOf(type);
      expect(error.message).toContain('EOS does not have the file');
      expect(inspect(error, { depth: 9, showHidden: true })).not.toContain('zteos64:');
      expect(await attachments()).toEqual([]);
      await error.resume();
      expect(await attachments()).toHaveLength(1);
      expect(await stored()).toEqual(PNG);
      pdb.restore();
    }
  });

  it('says that 200 is not 201', async () => {
    pdb.fault({ on: store, status: 200 });
    expect((await failure(add(), IncompleteWrite)).message).toContain(
      'EOS answers a PUT that was done with 201, not with 200',
    );
  });

  it('keeps the attachment with keep: true, and resume() sends its file', async () => {
    pdb.fault({ on: store, status: 500 });
    const error = await failure(add({ keep: true }), IncompleteWrite);
    const [{ code }] = await attachments();
    expect(outcomes(error)).toEqual(['done', 'not done']);
    expect(error.message).toContain(`The attachment ${code} is in the database, without its file`);
    expect(await error.resume()).toMatchObject({ code });
    expect(await attachments()).toHaveLength(1);
    expect(await stored()).toEqual(PNG);
  });

  it('has added the file, where only the response of EOS was lost', async () => {
    const respond = async ({ url, rawBody }: RecordedRequest, response: ServerResponse): Promise<void> => {
      await fetch(new URL(url, pdb.eosUrl), { method: 'PUT', body: new Uint8Array(rawBody) });
      response.socket?.destroy();
    };
    pdb.fault({ on: store, respond: (request, response) => void respond(request, response) });
    const added = await add();
    expect(await attachments()).toMatchObject([{ code: added.code }]);
    expect(await stored()).toEqual(PNG);
  });

  it.each<[string, FaultKind | undefined]>([
    ['no file', undefined],
    ['a part of the file', { status: 200, headers: { 'Content-Length': '3' } }],
  ])('deletes the attachment again, where the connection was closed and EOS has %s', async (_, head) => {
    pdb.fault({ on: store, drop: 'before-headers' });
    if (head) pdb.fault({ on: 'eosHead', ...head });
    const error = await failure(add(), IncompleteWrite);
    expect(inspect(error, { depth: 9, showHidden: true })).not.toContain('zteos64:');
    expect(outcomes(error)).toEqual(['done', 'not done', 'done']);
    expect(await attachments()).toEqual([]);
  });

  it.each<[string, string | ((request: RecordedRequest) => boolean)]>([
    ['EOS', 'eosHead'],
    ['the database', ({ input }) => input['noEosToken'] === false],
  ])(
    'keeps the attachment, where %s does not say what EOS has, and resume() sends the file',
    async (_, on) => {
      pdb.fault({ on: store, drop: 'before-headers' });
      // A response to HEAD need not say how long the file is.
      const silent = (_request: unknown, response: ServerResponse): void =>
        void response.writeHead(200).end();
      pdb.fault(on === 'eosHead' ? { on, respond: silent } : { on, status: 503 });
      const error = await failure(add(), IncompleteWrite);
      expect([error.outcome, ...outcomes(error)]).toEqual(['unknown', 'done', 'unknown']);
      expect(error.message).toContain('it is unknown whether EOS has the file');
      const [{ code }] = await attachments();
      expect(await error.resume()).toMatchObject({ code });
      expect(await attachments()).toHaveLength(1);
      expect(await stored()).toEqual(PNG);
    },
  );

  it('deletes the attachment again after a timeout, also if the caller aborts the call', async () => {
    pdb.fault({ on: store, delay: Number.POSITIVE_INFINITY, times: 2 });
    const error = await failure(add({ timeout: 300 }), IncompleteWrite);
    expect(error.cause).toBeInstanceOf(Timeout);
    expect(await attachments()).toEqual([]);
    const controller = new AbortController();
    const adding = failure(add({ signal: controller.signal }), IncompleteWrite);
    await expect.poll(() => pdb.requests.filter(store)).toHaveLength(2);
    controller.abort();
    const aborted = await adding;
    expect(aborted.cause).toMatchObject({ code: 'ERR_ABORTED' });
    expect(await attachments()).toEqual([]);
    await aborted.resume();
    expect(await stored()).toEqual(PNG);
  });

  it('deletes the attachment without asking EOS, where EOS cannot be reached', async () => {
    const closed = await Origin.start();
    const port = Number(new URL(closed.url).port);
    await closed[Symbol.asyncDispose]();
    const httpAgent = new Agent();
    const eosPort = Number(new URL(pdb.eosUrl).port);
    httpAgent.createConnection = (options) =>
      connect(options.port === eosPort ? port : Number(options.port), '127.0.0.1');
    await using cut = newClient({ httpAgent });
    const error = await failure(add({}, cut), IncompleteWrite);
    expect(error.cause).toBeInstanceOf(ConnectionRefused);
    expect(outcomes(error)).toEqual(['done', 'not done', 'done']);
    expect(await attachments()).toEqual([]);
    httpAgent.destroy();
  });

  it('says in the same exception that the attachment could not be deleted, and resume() sends its file', async () => {
    pdb.fault({ on: store, status: 500 });
    pdb.fault({ on: 'deleteComponentAttachment', status: 403 });
    const error = await failure(add(), IncompleteWrite);
    expect(outcomes(error)).toEqual(['done', 'not done', 'not done']);
    expect(error.cause).toBeInstanceOf(ServerError);
    expect(error.message).toContain('It could not be deleted');
    const [{ code }] = await attachments();
    expect(await error.resume()).toMatchObject({ code });
    expect(await stored()).toEqual(PNG);
  });

  it('registers the file again in resume(), where it is unknown whether the attachment was deleted', async () => {
    pdb.fault({ on: store, status: 500 });
    pdb.fault({ on: 'deleteComponentAttachment', drop: 'after-headers' });
    pdb.fault({ on: 'getComponent', status: 500, after: 1 });
    const error = await failure(add(), IncompleteWrite);
    expect(outcomes(error)).toEqual(['done', 'not done', 'unknown', 'not done']);
    expect(await attachments()).toEqual([]);
    await error.resume();
    expect(await attachments()).toHaveLength(1);
    expect(await stored()).toEqual(PNG);
  });

  it('says in the same exception that a part of the file could be left on EOS', async () => {
    pdb.fault({ on: store, status: 500 });
    pdb.fault({ on: 'eosDelete', status: 403 });
    const error = await failure(add(), IncompleteWrite);
    expect(outcomes(error)).toEqual(['done', 'not done', 'done', 'not done']);
    expect(error.steps.at(-1)?.name).toBe('delete its file on EOS');
    expect(await attachments()).toEqual([]);
    await error.resume();
    expect(await attachments()).toHaveLength(1);
  });

  it('keeps a stream until resume() has sent it', async () => {
    const large = Buffer.alloc(2_000_000, 'x');
    for (const on of [store, 'requestUploadEosFile']) {
      pdb.fault({ on, status: 503, times: 2 });
      const source = Readable.from([large.subarray(0, 9), large.subarray(9)]);
      const first = await failure(
        client.attachments.add({ component }, source, { filename: 'large' }),
        IncompleteWrite,
      );
      const second = await failure(first.resume(), IncompleteWrite);
      expect(outcomes(second)).toEqual(outcomes(first));
      await second.resume();
      const left = (await readdir(tmpdir())).filter((name) => name.includes(`-${process.pid}-`));
      expect(left.filter((name) => name.endsWith('.part'))).toEqual([]);
      expect((await stored()).equals(large)).toBe(true);
      pdb.restore();
    }
  });

  it('says that the database gave no token', async () => {
    pdb.answer('requestUploadEosFile', { code: 'c0de' });
    const error = await failure(add(), IncompleteWrite);
    expect(error.message).toContain('gave no URL or no token of EOS');
    expect(outcomes(error)).toEqual(['done', 'not done', 'not done']);
  });

  it('stores no part of a function that gives fewer bytes than size says', async () => {
    const source = (): Readable => Readable.from([PNG]);
    const options = { filename: 'scan.png', size: PNG.length + 1 };
    const error = await failure(client.attachments.add({ component }, source, options), IncompleteWrite);
    expect(error.cause).toBeInstanceOf(InvalidInvocation);
    expect(await attachments()).toEqual([]);
  });
});

describe('attachments.delete', () => {
  it('deletes an attachment by its code, its title or itself', async () => {
    const options = { filename: 'a.txt', title: 'Words' };
    for (const whichOf of [
      ({ code }: AddedAttachment) => code,
      () => 'Words',
      (one: AddedAttachment) => one,
    ]) {
      const added = await client.attachments.add({ component }, Buffer.from('a'), options);
      await client.attachments.delete({ component }, whichOf(added));
      expect(await attachments()).toEqual([]);
    }
    expect(sent()).not.toContain('eosDelete');
  });

  it('deletes the file on EOS too, with the token for that', async () => {
    const { code } = await add();
    const [{ url }] = await attachments();
    await client.attachments.delete({ component }, code);
    expect(await attachments()).toEqual([]);
    expect((await client.session.get(url, { validateStatus: null })).status).toBe(404);
    const request = pdb.requests.find(({ command }) => command === 'eosDelete');
    expect(request?.headers.get('authorization')).toMatch(/^Bearer zteos64:/);
  });

  it('is done where the file was not on EOS any longer', async () => {
    await add();
    pdb.fault({ on: 'eosDelete', status: 404 });
    await client.attachments.delete({ component }, 'Scan');
    expect(await attachments()).toEqual([]);
  });

  it.each([200, 403, 500])('says after the status %d of EOS that only the file is left', async (status) => {
    const { code } = await add();
    pdb.fault({ on: 'eosDelete', status });
    const error = await failure(client.attachments.delete({ component }, code), IncompleteWrite);
    expect(error.steps[0]).toEqual({
      name: `delete the attachment ${code} of component ${component}`,
      outcome: 'done',
    });
    expect(error.steps[1]).toMatchObject({ name: 'delete its file on EOS' });
    expect(error.steps[1]?.outcome).not.toBe('done');
    expect(inspect(error, { depth: 9 })).not.toContain('zteos64:');
    expect(await attachments()).toEqual([]);
    await error.resume();
    expect(sent().at(-1)).toBe('eosDelete');
  });

  it.each(['before', 'after'])(
    'deletes the file in resume(), where the connection was closed %s it was deleted',
    async (when) => {
      await add();
      const [{ url }] = await attachments();
      const respond = async (
        { url: path, headers }: RecordedRequest,
        response: ServerResponse,
      ): Promise<void> => {
        const authorization = headers.get('authorization') ?? '';
        await fetch(new URL(path, pdb.eosUrl), { method: 'DELETE', headers: { authorization } });
        response.socket?.destroy();
      };
      if (when === 'before') pdb.fault({ on: 'eosDelete', drop: 'before-headers' });
      else pdb.fault({ on: 'eosDelete', respond: (request, response) => void respond(request, response) });
      const error = await failure(client.attachments.delete({ component }, 'Scan'), IncompleteWrite);
      expect([error.outcome, ...outcomes(error)]).toEqual(['unknown', 'done', 'unknown']);
      await error.resume();
      expect((await client.session.get(url, { validateStatus: null })).status).toBe(404);
      expect(sent().filter((command) => command === 'deleteComponentAttachment')).toHaveLength(1);
    },
  );

  it('says that the file is left, where the response with the token was lost', async () => {
    await add();
    pdb.fault({ on: 'deleteComponentAttachment', drop: 'after-headers' });
    const error = await failure(client.attachments.delete({ component }, 'Scan'), IncompleteWrite);
    expect(outcomes(error)).toEqual(['done', 'not done']);
    expect(error.message).toContain('is left on EOS');
    expect(await attachments()).toEqual([]);
  });

  it('throws what the database answers, and deletes once where that is unknown', async () => {
    const { code } = await add();
    const on = 'deleteComponentAttachment';
    pdb.fault({ on, status: 403 });
    await failure(client.attachments.delete({ component }, code), Forbidden);
    let error: IncompleteWrite | undefined;
    for (const status of [503, 200]) {
      pdb.fault({ on, status });
      error = await failure(client.attachments.delete({ component }, code), IncompleteWrite);
      expect(outcomes(error)).toEqual(['unknown', 'not done']);
    }
    await error?.resume();
    expect(await attachments()).toEqual([]);
    expect(sent().at(-1)).toBe('eosDelete');
  });

  it('refuses what there is not, and what has several names', async () => {
    await add();
    await add();
    for (const which of ['Scan', 'none', '', 5 as never, {} as never])
      await failure(client.attachments.delete({ component }, which), InvalidInvocation);
    expect(await attachments()).toHaveLength(2);
  });

  it('shows in a plan what it would delete', async () => {
    const { code } = await add();
    const { requests } = await client.plan(async (c) => {
      await c.attachments.delete({ component }, 'Scan');
      const added = await c.attachments.add({ component }, Buffer.from('a'), { filename: 'a' });
      await c.attachments.delete({ component }, added);
    });
    expect(requests).toMatchObject([
      { command: 'deleteComponentAttachment', input: { component, code } },
      { method: 'DELETE' },
      { command: 'createComponentAttachment' },
      { command: 'deleteComponentAttachment', input: { component, code: '<code of step 3>' } },
    ]);
    expect(await attachments()).toHaveLength(1);
  });
});
